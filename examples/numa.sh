#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# NUMA policy: where pages come from, how they move, and what is counted on the way.
set -eu
. "$(dirname "$0")/machine.sh"
machine numa4 "${1-}"
cd "$MNT"

# The line of the mapping at @buf: its policy, and N0= to N3=.
line() {
	grep "^${addr#0x} " sim/as/a/numa_maps
}
pages() {
	line | tr ' ' '\n' | sed -n "s/^N$1=//p"
}
stat() {
	awk -v item="$2" '$1 == item { print $2 }' "sys/devices/system/node/node$1/numastat"
}

does init fork as a
does a mmap 0 256K rw private,anon as buf
addr=$(result a)

step 'Without a policy pages are local: the task runs on node 0.'
does a store @buf 256K
line
expect 'pages on node 0' "$(pages 0)" 64

step 'On a CPU of node 2, what is touched next comes from there.'
does a madvise @buf 128K dontneed
does a sched_setaffinity 0 4-5
does a store @buf 128K
expect 'pages on node 2' "$(pages 2)" 32
does a sched_setaffinity 0 0

step 'Interleaved: page by page over all nodes, and each is a hit where it was meant to be.'
hits=$(stat 3 interleave_hit)
does a mbind @buf 256K interleave 0-3
does a madvise @buf 256K dontneed
does a store @buf 256K
line
for node in 0 1 2 3; do
	expect "pages on node $node" "$(pages $node)" 16
done
expect 'interleave_hit of node 3' $(($(stat 3 interleave_hit) - hits)) 16

step 'A half is bound to node 1: one VMA becomes two, and its pages move there.'
moved=$(awk '$1 == "pgmigrate_success" { print $2 }' proc/vmstat)
vmas=$(wc -l < sim/as/a/maps)
does a mbind @buf 128K bind 1 move
line
expect 'pages on node 1' "$(pages 1)" 32
expect VMAs "$(wc -l < sim/as/a/maps)" $((vmas + 1))
expect 'pages that moved' \
	$(($(awk '$1 == "pgmigrate_success" { print $2 }' proc/vmstat) - moved)) 24

step 'What they hold is what they held; who asks where a page is, is told.'
does a load @buf 256K
does a get_mempolicy @buf addr,node
expect 'node of the first page' "$(result a)" 1

step 'A bind that does not hold is an error only for who asks.'
does a mbind @buf 128K bind 3
line
refused=0
does a mbind @buf 128K bind 2 strict || refused=1
expect 'strict mbind refused' "$refused" 1

step 'All of the process moves from node 1 to node 3.'
does a migrate_pages 0 1 3
line
expect 'pages on node 3' "$(pages 3)" 32

step 'Weighted: node 0 gets three pages for each of node 1.'
echo 3 > sys/kernel/mm/mempolicy/weighted_interleave/node0
does a mbind @buf 256K weighted 0-1
does a madvise @buf 256K dontneed
does a store @buf 256K
line
expect 'pages on node 0' "$(pages 0)" 48

step 'Shared memory keeps its policy: a child finds it.'
does a mmap 0 64K rw shared,anon as shm
does a mbind @shm 64K bind 2
does a fork as child
does child store @shm 64K
addr=$(sed -n 's/^\([0-9a-f]*\) bind:2.*/\1/p' sim/as/a/numa_maps)
expect 'pages of the child on node 2' \
	"$(sed -n "s/^$addr .* N2=\([0-9]*\).*/\1/p" sim/as/child/numa_maps)" 16

does child exit_group
does a wait4
does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
