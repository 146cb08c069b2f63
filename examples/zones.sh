#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes and zones: who is near whom, what is held back, and what a sysctl moves.
set -eu
. "$(dirname "$0")/machine.sh"
machine numa4 "${1-}"
cd "$MNT"

step 'How far each node is from each.'
for node in sys/devices/system/node/node[0-9]*; do
	printf '%s: %s (cpus %s)\n' "${node##*/}" "$(cat "$node/distance")" "$(cat "$node/cpulist")"
done

step 'So an allocation that finds no room goes on in this order.'
grep 'Fallback order' sim/dmesg

step 'Each zone has marks: below low, kswapd wakes; below min, callers reclaim themselves.'
awk '/^Node/ { zone = $2 " " $4 } $1 == "managed" && $2 { print "node " zone ": " marks }
     $1 == "pages" { marks = "" }
     $1 ~ /^(min|low|high|promo)$/ { marks = marks " " $1 " " $2 }' proc/zoneinfo

step 'Twice the min_free_kbytes, twice the min marks (rounded).'
sum_of_min() {
	awk '$1 == "min" { min = $2 } $1 == "managed" && $2 { sum += min } END { print sum }' proc/zoneinfo
}
kbytes=$(cat proc/sys/vm/min_free_kbytes)
# The boot computed the marks before it had freed its own memory; a write, after.
echo "$kbytes" > proc/sys/vm/min_free_kbytes
before=$(sum_of_min)
echo $((kbytes * 2)) > proc/sys/vm/min_free_kbytes
after=$(sum_of_min)
printf 'sum of min: %s pages, then %s\n' "$before" "$after"
expect 'within rounding' "$((after - 2 * before <= 16 && 2 * before - after <= 16))" 1
echo "$kbytes" > proc/sys/vm/min_free_kbytes
expect 'and back' "$(sum_of_min)" "$before"

step 'A page for node 2, asked for on CPU 0, counts there as one hit, whatever its order.'
hit=$(awk '$1 == "numa_hit" { print $2 }' sys/devices/system/node/node2/numastat)
call alloc_pages 4 GFP_KERNEL 2 as far
expect numa_hit "$(awk '$1 == "numa_hit" { print $2 }' sys/devices/system/node/node2/numastat)" \
	$((hit + 1))
call free_pages @far

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
