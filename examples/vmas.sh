#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# VMAs: how mappings merge and split, and how find_vma finds one among many.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

does init fork as a
vmas() {
	wc -l < sim/as/a/maps
}

step 'Two neighbours that are alike are one VMA.'
before=$(vmas)
does a mmap 0x10000000 64K rw private,anon,fixed
does a mmap 0x10010000 64K rw private,anon,fixed
grep '^1000' sim/as/a/maps
expect 'new VMAs' $(($(vmas) - before)) 1

step 'A change in the middle makes three of it, and back again.'
does a mprotect 0x10008000 16K r
grep '^1000' sim/as/a/maps
expect 'new VMAs' $(($(vmas) - before)) 3
does a mprotect 0x10008000 16K rw
expect 'new VMAs' $(($(vmas) - before)) 1

step 'munmap cuts a hole.'
does a munmap 0x10004000 4K
grep '^1000' sim/as/a/maps

step 'A hundred mappings: the maple tree has more nodes now.'
i=0
while [ $i -lt 100 ]; do
	printf 'mmap 0x%x 4K rw private,anon,fixed\n' $((0x20000000 + i * 0x10000))
	i=$((i + 1))
done > "${TMPDIR:-/tmp}/kmm-vmas.$$"
cat "${TMPDIR:-/tmp}/kmm-vmas.$$" > sim/as/a/ctl
rm -f "${TMPDIR:-/tmp}/kmm-vmas.$$"
head -1 sim/as/a/mm_mt
grep -E '^(leaf|node)|^  (leaf|node)' sim/as/a/mm_mt | head -5

step 'find_vma looks at one node of each level.'
does a find_vma 0x20505000
sed -n '/find_vma/p' sim/why | tail -1
expect found "$(result a)" 0x20510000
does a find_vma_prev 0x20505000
expect 'the one before' "$(result a)" 0x20500000
does a find_vma_intersection 0x20501000 0x2050f000
expect 'none lies in the gap' "$(result a)" 0

does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
