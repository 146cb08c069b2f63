#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Demand paging: memory is promised by mmap and given by faults.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

does init fork as a
free_kb() {
	drain
	value proc/meminfo MemFree
}
rss() {
	awk -v at="$1" '$0 ~ "^" at { found = 1 } found && $1 == "Rss:" { print $2; exit }' sim/as/a/smaps
}

step 'mmap takes no memory.'
before=$(free_kb)
promised=$(value proc/meminfo Committed_AS)
does a mmap 0 16M rw private,anon as buf
expect 'promised, in Committed_AS' $(($(value proc/meminfo Committed_AS) - promised)) 16384
addr=$(result a | sed 's/^0x//')
expect Rss "$(rss "$addr")" 0

step 'A load of a page that nobody wrote finds the page of zeroes: a fault, but no memory.'
faults=$(awk '{ print $10 }' sim/as/a/stat)
does a load @buf
expect 'faults' $(($(awk '{ print $10 }' sim/as/a/stat) - faults)) 1
expect Rss "$(rss "$addr")" 0

step 'Stores take a page each; the tables take some, too.'
does a store @buf 16M
expect Rss "$(rss "$addr")" 16384
used=$((before - $(free_kb)))
tables=$(value sim/as/a/status VmPTE)
printf 'MemFree fell by %s kB: 16384 kB of pages and their tables (VmPTE %s kB)\n' "$used" "$tables"
expect 'pages and at least 8 tables' "$((used >= 16384 + 32 && used <= 16384 + 64))" 1

step 'Doing it again costs nothing.'
faults=$(awk '{ print $10 }' sim/as/a/stat)
does a store @buf 16M
expect 'faults' $(($(awk '{ print $10 }' sim/as/a/stat) - faults)) 0

step 'MADV_DONTNEED gives the pages back, not the promise.'
does a madvise @buf 16M dontneed
expect Rss "$(rss "$addr")" 0

does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
