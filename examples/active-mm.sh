#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Threads share an mm; threads of the kernel borrow one.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

step 'A process, and a second thread in it: one mm_struct, two users.'
does init fork as a
does a clone vm,fs,files,sighand,thread as t
grep -E '^(mm_users|mm_count):' sim/as/a/mm_struct
expect mm_users "$(value sim/as/a/mm_struct mm_users)" 2
expect mm_count "$(value sim/as/a/mm_struct mm_count)" 1
expect threads "$(ls sim/as/a/task | wc -l)" 2

step 'What one maps, the other sees.'
does a mmap 0 16K rw private,anon as buf
does t store @buf 16K
grep -E '^VmRSS|^Threads' sim/as/a/status

step 'The CPU that made the last call has the task on it, and its tables loaded.'
cpu=$(awk '{ print $39 }' sim/as/t/stat)
cat "sim/cpu/$cpu/current"
expect 'who runs' "$(value "sim/cpu/$cpu/current" pid)" "$(result a > /dev/null; basename "$(readlink sim/as/t)")"

step 'When the thread exits, the CPU goes idle: its own mm is none, the active one is borrowed.'
does t exit
cat "sim/cpu/$cpu/current"
expect mm "$(value "sim/cpu/$cpu/current" mm)" none
expect lazy_tlb "$(value "sim/cpu/$cpu/current" lazy_tlb)" 1

step 'A borrowed mm_struct cannot be freed: mm_count says so. Its mappings can.'
grep -E '^(mm_users|mm_count):' sim/as/a/mm_struct
does a exit_group
does init wait4

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
