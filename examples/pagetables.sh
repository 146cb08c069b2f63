#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Page tables are pages, too.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

does init fork as a
tables() {
	value sim/as/a/status VmPTE
}
free_pages() {
	drain
	awk '$1 == "nr_free_pages" { print $2 }' proc/vmstat
}

step 'One page in each of four regions of 1 GiB: four ways through the tables.'
before=$(tables)
for gb in 1 2 3 4; do
	does a mmap 0x${gb}0000000000 4K rw private,anon,fixed
	does a store 0x${gb}0000000000
done
printf 'VmPTE: %s kB, then %s kB\n' "$before" "$(tables)"
expect 'tables for each: pte, pmd, pud' $((($(tables) - before) / 4)) 12

step 'Each table is a page of the machine.'
cat sim/as/a/pagetable
pfn=$(awk '$1 == "pte" { print $3; exit }' sim/as/a/pagetable)
sed -n '/^type/p; /^state/p' "sim/page/$pfn"
expect type "$(value "sim/page/$pfn" type)" table

step 'munmap gives the tables back that serve nothing else.'
does a munmap 0x10000000000 4K
does a munmap 0x20000000000 4K
does a munmap 0x30000000000 4K
does a munmap 0x40000000000 4K
expect VmPTE "$(tables)" "$before"

does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
