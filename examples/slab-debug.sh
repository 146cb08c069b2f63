#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Slab debugging: who wrote where he may not, who freed twice, who forgot to free.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

# What the log has said since the last time.
said=0
log() {
	tail -n +$((said + 1)) sim/dmesg | sed 's/^<[0-9]*>\[[^]]*\] //' | grep -E "$1" || true
	said=$(wc -l < sim/dmesg)
}
said=$(wc -l < sim/dmesg)

step 'A cache with red zones, poison, checks, and records of its users.'
call kmem_cache_create mine 64 0 'SLAB_RED_ZONE|SLAB_POISON|SLAB_STORE_USER|SLAB_CONSISTENCY_CHECKS'
for file in object_size slab_size red_zone poison store_user sanity_checks; do
	printf '%s %s\n' "$file" "$(cat "sys/kernel/slab/mine/$file")"
done
expect 'the object' "$(cat sys/kernel/slab/mine/object_size)" 64

step 'A byte behind the object: the red zone has it.'
call kmem_cache_alloc mine as o > /dev/null
call kmem_cache_poke mine @o 64 0x12
call kmem_cache_validate mine
expect 'errors found and mended' "$(cat sim/result)" 2
log 'BUG|overwritten|Allocated|^Redzone|FIX'
call kmem_cache_validate mine
expect 'what is left to find' "$(cat sim/result)" 0

step 'Used after it was freed: the poison is not what it was.'
call kmem_cache_free mine @o > /dev/null
call kmem_cache_poke mine @o 8 0x41
call kmem_cache_validate mine > /dev/null
log 'overwritten|Freed|^Object|FIX'

step 'Freed twice: the kernel says who did it first, and frees nothing.'
call kmem_cache_free mine @o > /dev/null
expect 'reports' "$(log 'Slab has 0 allocated|Object already free' | wc -l)" 1

step 'Who has allocated, and who has freed what was there before.'
call kmem_cache_alloc mine as p > /dev/null
call kmem_cache_alloc mine as q > /dev/null
head -n 3 sys/kernel/debug/slab/mine/alloc_traces
head -n 3 sys/kernel/debug/slab/mine/free_traces

step 'Destroyed while objects are left: the kernel lists them.'
if call kmem_cache_destroy mine; then exit 1; fi
log 'Objects remaining|^Object 0x|^Allocated|still has objects'
call kmem_cache_free mine @p > /dev/null
call kmem_cache_free mine @q > /dev/null
call kmem_cache_destroy mine

step 'kmalloc has no memory, because we say so.'
echo N > sys/kernel/debug/failslab/ignore-gfp-wait
echo 1 > sys/kernel/debug/failslab/verbose
echo 100 > sys/kernel/debug/failslab/probability
if call kmalloc 100; then exit 1; fi
log 'FAULT_INJECTION|^name'
call kmalloc 100 as object
call kfree @object > /dev/null

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
