# SPDX-License-Identifier: GPL-2.0-or-later
dist_man_MANS += doc/kmm-capture.1 doc/kmm-ctl.1 doc/kmm-enter.1 doc/kmm-replay.1 doc/kmm-run.1 doc/kmmfs.1 doc/strace2kmm.1
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
