#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Huge pages: one entry for 2 MiB. Who gets them, what splits them, what makes them later.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

thp=sys/kernel/mm/transparent_hugepage
huge_kb() {	# AnonHugePages: what huge entries map, a shared page once
	value proc/meminfo AnonHugePages
}
vmstat() {
	value proc/vmstat "$1"
}

does init fork as a
step 'This machine gives huge pages to who asks for them (madvise).'
expect enabled "$(cat $thp/enabled)" 'always [madvise] never'
does a mmap 0 8M rw private,anon as buf
does a store @buf
expect 'AnonHugePages of who did not ask' "$(huge_kb)" 0

step 'Who asks gets 2 MiB with the first store: one fault, one entry.'
does a madvise @buf 8M hugepage
faults=$(awk '{ print $10 }' sim/as/a/stat)
does a store @buf+2M 4M
expect 'faults for 4 MiB' $(($(awk '{ print $10 }' sim/as/a/stat) - faults)) 2
expect AnonHugePages "$(huge_kb)" 4096
expect thp_fault_alloc "$(vmstat thp_fault_alloc)" 2

step 'A read finds the huge page of zeroes: no memory of its own.'
does a load @buf+6M
expect thp_zero_page_alloc "$(vmstat thp_zero_page_alloc)" 1
expect AnonHugePages "$(huge_kb)" 4096

step 'Giving back a part of it splits the entry; the page itself waits to be split.'
does a madvise @buf+2M 4K dontneed
expect thp_split_pmd "$(vmstat thp_split_pmd)" 1
expect thp_deferred_split_page "$(vmstat thp_deferred_split_page)" 1
expect thp_split_page "$(vmstat thp_split_page)" 0
expect AnonHugePages "$(huge_kb)" 2048

step 'khugepaged wakes every 10 s and makes whole what lies there in small pages.'
expect 'collapsed so far' "$(cat $thp/khugepaged/pages_collapsed)" 0
echo 'tick 11s' > sim/ctl
printf 'pages_collapsed is %s: the block of the first store, and the one that was split\n' \
	"$(cat $thp/khugepaged/pages_collapsed)"
expect collapsed "$(cat $thp/khugepaged/pages_collapsed)" 2
expect AnonHugePages "$(huge_kb)" 6144

step 'A child shares them; a store copies one page, and splits the entry for it.'
does a fork as b
does b store @buf+4M
expect thp_split_pmd "$(vmstat thp_split_pmd)" 2
expect 'AnonHugePages: the parent has them all' "$(huge_kb)" 6144
does b exit_group
does a wait4

step 'Debugfs splits all of them at once.'
echo 1 > sys/kernel/debug/split_huge_pages
expect AnonHugePages "$(huge_kb)" 0

step 'MADV_COLLAPSE makes them again now, and says if it cannot.'
does a madvise @buf 6M collapse
expect AnonHugePages "$(huge_kb)" 6144

step 'Shared memory has its own switch, which is off: but who collapses it need not ask.'
shmem=$(sed 's/.*\[\(.*\)\].*/\1/' $thp/shmem_enabled)
expect shmem_enabled "$shmem" never
does a mmap 0 2M rw shared,anon as shared
does a store @shared 2M
does a madvise @shared 2M collapse
expect ShmemHugePages "$(value proc/meminfo ShmemHugePages)" 2048
expect ShmemPmdMapped "$(value proc/meminfo ShmemPmdMapped)" 2048

step 'A child maps it by a fault of its own; a hole in it splits entry and page.'
does a fork as c
c_faults=$(awk '{ print $10 }' sim/as/c/stat)
does c load @shared 2M
expect 'faults for 2 MiB' $(($(awk '{ print $10 }' sim/as/c/stat) - c_faults)) 1
does a madvise @shared+1M 4K remove
expect ShmemHugePages "$(value proc/meminfo ShmemHugePages)" 0
printf 'RssShmem of both: %s, %s\n' "$(value sim/as/a/status RssShmem)" \
	"$(value sim/as/c/status RssShmem)"
does a load @shared
printf 'and after one load: %s (what is left of it are halves: 1 MiB, 512 KiB, ...)\n' \
	"$(value sim/as/a/status RssShmem)"

does c exit_group
does a wait4
does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
