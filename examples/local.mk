# SPDX-License-Identifier: GPL-2.0-or-later
# Each experiment is also a test.
EXPERIMENTS = \
	examples/active-mm.sh \
	examples/address.sh \
	examples/boot.sh \
	examples/buddy.sh \
	examples/faults.sh \
	examples/fork.sh \
	examples/fragmentation.sh \
	examples/highmem.sh \
	examples/hotplug.sh \
	examples/huge-pages.sh \
	examples/init-mm.sh \
	examples/kept.sh \
	examples/kswapd.sh \
	examples/memcg.sh \
	examples/migrate-types.sh \
	examples/mm-life.sh \
	examples/numa.sh \
	examples/oom.sh \
	examples/page-owner.sh \
	examples/pagetables.sh \
	examples/readahead.sh \
	examples/record.sh \
	examples/sharing.sh \
	examples/slab.sh \
	examples/slab-debug.sh \
	examples/swap.sh \
	examples/tlb.sh \
	examples/vmas.sh \
	examples/walks.sh \
	examples/workingset.sh \
	examples/writeback.sh \
	examples/zones.sh
dist_check_SCRIPTS += $(EXPERIMENTS)
TESTS += $(EXPERIMENTS)
EXTRA_DIST += examples/machine.sh examples/libkmm/grow.c
