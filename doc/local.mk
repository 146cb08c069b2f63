# SPDX-License-Identifier: GPL-2.0-or-later
dist_man_MANS += doc/kmm-capture.1 doc/kmm-compare.1 doc/kmm-ctl.1 doc/kmm-enter.1 doc/kmm-record.1 doc/kmm-replay.1 doc/kmm-run.1 doc/kmmfs.1 doc/libkmm.3 doc/mount.kmmfs.8 doc/strace2kmm.1
EXTRA_DIST += CONTRIBUTING.md COPYING NEWS README.md doc/architecture.md doc/corruptions.md \
	doc/howto-add-a-counter.md doc/howto-add-a-file.md doc/howto-add-an-invariant.md \
	doc/howto-add-a-release.md doc/howto-add-a-verb.md doc/language.md doc/machine-file.md doc/mount.md

# The pages about the tree and the verbs are printed from the tables themselves.
noinst_PROGRAMS += doc/gen-man
doc_gen_man_SOURCES = doc/gen-man.c
doc_gen_man_LDADD = $(KMM_LIBS)
nodist_man_MANS = doc/kmmfs-tree.7 doc/kmmfs-verbs.7
CLEANFILES += $(nodist_man_MANS)

doc/kmmfs-tree.7 doc/kmmfs-verbs.7: doc/gen-man$(EXEEXT)
	$(AM_V_GEN)./doc/gen-man$(EXEEXT) $$(basename $@ .7) > $@.tmp && mv $@.tmp $@

# What shells complete, from what the programs say of themselves.
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
nodist_bashcomp_DATA = doc/bash/kmmfs
nodist_zshcomp_DATA = doc/zsh/_kmmfs
EXTRA_DIST += doc/gen-completion.sh
CLEANFILES += $(nodist_bashcomp_DATA) $(nodist_zshcomp_DATA)

completion_programs = kmmfs$(EXEEXT) kmm-run$(EXEEXT) kmm-ctl$(EXEEXT) kmm-capture$(EXEEXT) \
	kmm-compare$(EXEEXT) kmm-enter$(EXEEXT) kmm-record$(EXEEXT) kmm-replay$(EXEEXT)
doc/bash/kmmfs doc/zsh/_kmmfs: doc/gen-completion.sh doc/gen-man$(EXEEXT) $(completion_programs)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SHELL) $(srcdir)/doc/gen-completion.sh \
		$$(basename $(@D)) . > $@.tmp && mv $@.tmp $@

# The unit of systemd, and what mount(8) looks for.
systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = doc/kmmfs@.service
EXTRA_DIST += doc/kmmfs@.service.in
CLEANFILES += $(nodist_systemdunit_DATA)
doc/kmmfs@.service: doc/kmmfs@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's|[@]bindir@|$(bindir)|' '$(srcdir)/doc/kmmfs@.service.in' > $@.tmp && \
		mv $@.tmp $@

mount_helpers = mount.kmmfs mount.fuse.kmmfs
completed_as = kmm-run kmm-ctl kmm-capture kmm-compare kmm-enter kmm-record kmm-replay
install-exec-hook:
	$(MKDIR_P) '$(DESTDIR)$(sbindir)'
	cd '$(DESTDIR)$(sbindir)' && for helper in $(mount_helpers); do \
		rm -f $$helper && $(LN_S) '$(bindir)/kmmfs' $$helper || exit 1; done
install-data-hook:
	cd '$(DESTDIR)$(bashcompdir)' && for program in $(completed_as); do \
		rm -f $$program && $(LN_S) kmmfs $$program || exit 1; done
	$(link_libkmm)
uninstall-hook:
	-cd '$(DESTDIR)$(sbindir)' && rm -f $(mount_helpers)
	-cd '$(DESTDIR)$(libdir)' && rm -f libkmm.so $(KMM_SONAME)
	-cd '$(DESTDIR)$(bashcompdir)' && rm -f $(completed_as)
