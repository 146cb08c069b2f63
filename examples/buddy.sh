#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The buddy system: blocks of 2^n pages split and merge, and buddyinfo counts them.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

# Free blocks of an order, over all zones.
free_blocks() {
	awk -v column=$((5 + $1)) '{ sum += $column } END { print sum }' proc/buddyinfo
}

step 'Free blocks of each order, 0 to 10.'
call drain_all_pages
cat proc/buddyinfo

step 'Order 5 does not go through the per-CPU lists: MemFree falls by 32 pages, 128 kB.'
before=$(value proc/meminfo MemFree)
call alloc_pages 5 GFP_KERNEL as block
expect 'MemFree (kB)' "$(value proc/meminfo MemFree)" $((before - 128))
cat proc/buddyinfo

step 'The page frame that it begins with.'
cat sim/as/block

step 'Freed, it merges with its buddy, and that with its own: all is as before.'
call free_pages @block
expect 'MemFree (kB)' "$(value proc/meminfo MemFree)" "$before"
cat proc/buddyinfo

step 'A single page comes from a list of this CPU, filled in one go with a batch.'
before=$(value proc/vmstat nr_free_pages)
call alloc_pages 0 GFP_KERNEL as page
after=$(value proc/vmstat nr_free_pages)
printf 'nr_free_pages fell by %s for one page\n' $((before - after))

step 'The rest of the batch waits in the zone of this CPU, until it is drained.'
call free_pages @page
call drain_all_pages
expect nr_free_pages "$(value proc/vmstat nr_free_pages)" "$before"

step 'Kinds lie apart: a movable block is taken from movable pageblocks.'
call alloc_pages 9 GFP_HIGHUSER_MOVABLE as movable
grep -E "^(pageblock|block):" sim/as/movable
call free_pages @movable

step 'What cannot be freed is refused, and nothing changes.'
digest=$(cat sim/digest)
if call free_pages 1; then exit 1; fi
expect 'sim/digest' "$(cat sim/digest)" "$digest"

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
