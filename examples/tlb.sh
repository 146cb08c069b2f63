#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a CPU remembers of page tables, and who must tell it that they changed.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

figure() {
	value "sim/cpu/$1/tlb" "$2"
}
# entries CPU ADDRESS: how many lines of its TLB are about pages from there on.
entries() {
	grep -c " 0x${2#0x}.* 4K " "sim/cpu/$1/tlb" || true
}

step 'Four pages, written once each: four walks through the tables, four entries.'
does init fork as a
does a sched_setaffinity 0 1
does a mmap 0x10000000 16K rw private,anon,fixed as buf
before=$(figure 1 misses)
does a store @buf 16K
sed -n '/ 0x1000[0-3]000 /p' sim/cpu/1/tlb
expect misses $(($(figure 1 misses) - before)) 4

step 'The next time the CPU needs no tables.'
before=$(figure 1 misses)
does a load @buf 16K
expect misses $(($(figure 1 misses) - before)) 0

step 'Another process runs there, and the first one again: each has an id of its own.'
does init fork as b
does b sched_setaffinity 0 1
does b getpid
grep '^asid' sim/cpu/1/tlb
before=$(figure 1 misses)
does a load @buf 16K
expect misses $(($(figure 1 misses) - before)) 0

step 'A thread on another CPU fills that TLB, too.'
does a clone vm,fs,files,sighand,thread as t
does t sched_setaffinity 0 2
does t load @buf 16K
expect 'entries of CPU 2' "$(entries 2 1000[0-3]000)" 4

step 'Who unmaps flushes its own TLB and interrupts the CPUs of mm_cpumask that run with it.'
before=$(figure 2 ipis_received)
does a madvise @buf 8K dontneed
expect 'entries of CPU 2' "$(entries 2 1000[0-3]000)" 2
expect interrupts $(($(figure 2 ipis_received) - before)) 1
tail -n 3 sim/flushes

step 'A kernel thread runs on CPU 2 and borrows the mm. Flushes can wait: no interrupt.'
ksoftirqd=$(grep -l '^ksoftirqd/2$' proc/[0-9]*/comm | sed 's|proc/\(.*\)/comm|\1|')
printf 'schedule %s\n' "$ksoftirqd" > sim/cpu/2/ctl
cat sim/cpu/2/current
expect is_lazy "$(figure 2 is_lazy)" 1
before=$(figure 2 ipis_received)
does a madvise @buf 16K dontneed
grep 'to be flushed' sim/cpu/2/tlb
expect interrupts $(($(figure 2 ipis_received) - before)) 0

step 'Back in the thread, the CPU compares generations and flushes what it missed.'
does t getpid
expect is_lazy "$(figure 2 is_lazy)" 0
expect 'entries of CPU 2' "$(entries 2 1000[0-3]000)" 0

step 'Up to 33 pages go one by one, more go all at once.'
cat sys/kernel/debug/x86/tlb_single_page_flush_ceiling
does a mmap 0x20000000 1M rw private,anon,fixed as big
does a store @big 1M
one=$(figure 1 flushes_one) all=$(figure 1 flushes_all)
does a mprotect @big 132K r
expect 'one by one' $(($(figure 1 flushes_one) - one)) 33
does a mprotect @big+132K 136K r
expect 'all at once' $(($(figure 1 flushes_all) - all)) 1

does t exit
does a exit_group
does b exit_group
does init wait4
does init wait4
step 'No entry is stale, and all other invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
