#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fragmentation and compaction: much is free, nothing is large; then pages move.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}"
cd "$MNT"
zone=sim/zone/0/DMA32

# Thousandths of free memory that are of no use for a block of this order.
unusable() {
	awk -v field=$((5 + $1)) '$4 == "DMA32" { print $field * 1000 }' \
		sys/kernel/debug/extfrag/unusable_index
}
# Free blocks of orders 9 and 10 as pageblocks.
whole() {
	awk '$4 == "DMA32" { print $14 + 2 * $15 }' proc/buddyinfo
}

step 'A program fills 16 MiB, and gives every other page back.'
does init fork as a
does a mmap 0 16M rw private,anon as buf
does a store @buf 16M
i=0
{
	while [ $i -lt 4096 ]; do
		echo "madvise @buf+$(((i + (i / 32 + 1) % 2) * 4096)) 4096 dontneed"
		i=$((i + 2))
	done
} > sim/as/a/ctl
call drain_all_pages
cat proc/buddyinfo sys/kernel/debug/extfrag/unusable_index
expect 'pages left' "$(awk '/^VmRSS/ { print ($2 >= 8192) }' sim/as/a/status)" 1
before=$(unusable 1)
blocks=$(whole)
expect 'single pages are of no use for order 1' "$((before > 100))" 1

step 'The free lists, block by block; the pageblocks with their types.'
cut -c1-78 $zone/free_area | head -4
head -5 $zone/pageblocks

step 'Compaction: pages of low pageblocks move into the holes of high ones.'
moved=$(count pgmigrate_success)
echo 1 > proc/sys/vm/compact_memory
call drain_all_pages
grep compact_zone sim/why | tail -1
cat proc/buddyinfo sys/kernel/debug/extfrag/unusable_index
expect 'pages have moved' "$(($(count pgmigrate_success) - moved > 500))" 1
expect 'fewer are of no use' "$(($(unusable 1) < before / 2 + 50))" 1
expect 'pageblocks came free' "$(($(whole) > blocks))" 1

step 'The program has noticed nothing: no fault was taken for what it still has.'
faults=$(awk '{ print $10 }' sim/as/a/stat)
does a load @buf 1
expect minflt "$(awk '{ print $10 }' sim/as/a/stat)" "$faults"

step 'Pages of the kernel do not move: memory full of them stays as it is.'
does a exit_group 0
does init wait4
i=0
while [ $i -lt 600 ]; do
	echo "alloc_pages 0 kernel as k$i"
	i=$((i + 1))
done > sim/ctl
i=1
while [ $i -lt 600 ]; do
	echo "free_pages @k$i"
	i=$((i + 2))
done > sim/ctl
call drain_all_pages
moved=$(count pgmigrate_success)
echo 1 > proc/sys/vm/compact_memory
expect 'nothing moved' "$(count pgmigrate_success)" "$moved"

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
