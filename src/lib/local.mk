# SPDX-License-Identifier: GPL-2.0-or-later
# libkmm: the engine and its tree as a shared library for programs of others. The
# programs here go on linking them statically. Its objects are theirs, which is why all
# are position-independent; with ELF alone to serve, one link line does libtool's work.
#
# The interface's number changes with what programs can see: see libkmm.map.
KMM_SONAME = libkmm.so.0
KMM_SHARED = libkmm.so.0.1.0
kmmincludedir = $(includedir)/kmm
kmminclude_HEADERS = include/kmm/kmm.h
kmmlibdir = $(libdir)
nodist_kmmlib_DATA = $(KMM_SHARED)
pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = libkmm.pc
EXTRA_DIST += src/lib/libkmm.map src/lib/libkmm.pc.in
CLEANFILES += $(KMM_SHARED) libkmm.pc $(KMM_SONAME) libkmm.so

noinst_LIBRARIES += libkmmapi.a
libkmmapi_a_SOURCES = src/lib/kmm.c
libkmmapi_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/include

$(KMM_SHARED): libkmmapi.a libkmmtree.a libkmmsim.a $(srcdir)/src/lib/libkmm.map
	$(AM_V_CCLD)$(CC) $(CFLAGS) $(AM_CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -shared -o $@ \
		-Wl,-soname,$(KMM_SONAME) -Wl,--version-script,$(srcdir)/src/lib/libkmm.map \
		-Wl,--whole-archive libkmmapi.a -Wl,--no-whole-archive \
		libkmmtree.a libkmmsim.a $(UNWIND_LIBS) $(ELF_LIBS) $(ZLIB_LIBS) $(GLIB_LIBS) -lpthread

libkmm.pc: src/lib/libkmm.pc.in Makefile
	$(AM_V_GEN)sed -e 's|[@]prefix@|$(prefix)|' -e 's|[@]exec_prefix@|$(exec_prefix)|' \
		-e 's|[@]libdir@|$(libdir)|' -e 's|[@]includedir@|$(includedir)|' \
		-e 's|[@]version@|$(PACKAGE_VERSION)|' '$(srcdir)/src/lib/libkmm.pc.in' > $@.tmp && mv $@.tmp $@

link_libkmm = cd '$(DESTDIR)$(libdir)' && rm -f $(KMM_SONAME) libkmm.so && \
	$(LN_S) $(KMM_SHARED) $(KMM_SONAME) && $(LN_S) $(KMM_SHARED) libkmm.so

# The library alone, for a test.
install-libkmm: $(KMM_SHARED) libkmm.pc
	$(MAKE) $(AM_MAKEFLAGS) install-kmmincludeHEADERS install-nodist_kmmlibDATA install-nodist_pkgconfigDATA
	$(link_libkmm)
.PHONY: install-libkmm
