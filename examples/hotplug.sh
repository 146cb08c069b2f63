#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory hotplug: a block is emptied and goes, one cannot; a node comes, and goes.
set -eu
. "$(dirname "$0")/machine.sh"
machine hotplug "${1-}"
cd "$MNT"
memory=sys/devices/system/memory
nodes=sys/devices/system/node

# write FILE WORD: as echo WORD > FILE; what came of it stands in sim/last.
write() {
	status=0
	printf '%s\n' "$2" 2> /dev/null > "$1" || status=$?
	printf 'echo %s > %s%s\n' "$2" "$1" "$([ $status -eq 0 ] || sed -n 's/^reason: /: /p' sim/last)"
	return $status
}
# The zone that this page frame is in.
zone_of() {
	sed -n 's/^zone: //p' "sim/page/$1"
}
spans() {
	awk '/^Node/ { zone = $2 $4 }
	$1 == "spanned" { s = $2 } $1 == "present" && $2 { print zone, "spans", s, "has", $2 }' proc/zoneinfo
}

step 'Blocks of 128 MiB, and the zones that each is in, or could be in.'
for block in 0 1 3 4 6 7 8 11 15; do
	printf 'memory%s: %s, %s\n' $block "$(cat $memory/memory$block/state)" \
		"$(cat $memory/memory$block/valid_zones)"
done

step 'A program writes 200 MiB; much of it lies in the Movable zone.'
does init fork as a
does a mmap 0 200M rw private,anon as buf
does a store @buf 200M
drain
before=$(value proc/meminfo MemTotal)

step 'A block of it goes off line: what the program has there moves, the program sees nothing.'
faults=$(awk '{ print $10 }' sim/as/a/stat)
moved=$(value proc/vmstat pgmigrate_success)
write $memory/memory5/state offline
tail -2 sim/why
expect 'MemTotal less one block' $((before - $(value proc/meminfo MemTotal))) 131072
expect 'pages have moved' "$(($(value proc/vmstat pgmigrate_success) > moved))" 1
does a load @buf 200M
expect minflt "$(awk '{ print $10 }' sim/as/a/stat)" "$faults"
expect 'the zones that it may join' "$(cat $memory/memory5/valid_zones)" 'Movable Normal'

step 'Marks and reserves are worked out again for what is left.'
spans
cat proc/sys/vm/min_free_kbytes

step 'What the kernel has for itself does not move: its block stays, and the log says why.'
call alloc_pages 0 kernel 1 as mine
pfn=$(readlink sim/as/mine | sed 's/.*page.//')
block=$((pfn / 32768))
if write $memory/memory$block/state offline; then
	expect "memory$block" offline online
fi
tail -1 sim/why
tail -5 sim/dmesg

step 'Several zones in one block, or a hole: not even tried.'
write $memory/memory0/state offline || true
write $memory/memory15/state offline || true

step 'Back on line: into the zone that reaches over it, or the one that is asked for.'
write $memory/memory5/state online_movable
expect 'its zone' "$(cat $memory/memory5/valid_zones)" Movable

step 'A DIMM is plugged into node 2, which is possible but not there.'
expect 'nodes' "$(cat $nodes/online)" 0-1
echo offline > $memory/auto_online_blocks
call add_memory 2 4G 256M
expect 'nodes' "$(cat $nodes/online)" 0-2
expect 'nodes with memory' "$(cat $nodes/has_memory)" 0-1
grep 'System RAM' proc/iomem | tail -1
write $memory/memory32/state online_movable
write $memory/memory33/state online_movable
expect 'nodes with memory' "$(cat $nodes/has_memory)" 0-2
expect 'with memory for the kernel' "$(cat $nodes/has_normal_memory)" 0-1
spans | tail -1
tail -4 sim/dmesg

step 'The program moves there; and away again as the DIMM is pulled out.'
does a migrate_pages 0 64 0-1 2
grep -o 'N[0-9]=[0-9]*' sim/as/a/numa_maps | sort | uniq -c | tail -3
call remove_memory 4G 256M
expect 'nodes' "$(cat $nodes/online)" 0-1
does a load @buf 200M

step 'Everything still adds up.'
does a exit_group 0
does init wait4
call drain_all_pages
head -5 sim/check
expect check "$(cut -d' ' -f1 sim/check | head -1)" clean
