#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Slabs: how objects of one size share pages.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

# Column of a cache's line in slabinfo.
column() {
	awk -v cache="$1" -v column="$2" '$1 == cache { print $column }' proc/slabinfo
}

step 'A cache of our own: 600 bytes an object, not to be merged with another.'
call kmem_cache_create mine 600 0 SLAB_NO_MERGE
grep -E '^# name|^mine ' proc/slabinfo
per_slab=$(column mine 5)
pages=$(column mine 6)
printf '%s objects fit into the %s pages of a slab\n' "$per_slab" "$pages"

step 'The first object needs a slab: all its objects are there at once.'
call kmem_cache_alloc mine as first
expect 'objects' "$(column mine 3)" "$per_slab"

step 'Its neighbours cost no page any more.'
slab_kb=$(value proc/meminfo Slab)
n=1
while [ "$n" -lt "$per_slab" ]; do
	call kmem_cache_alloc mine as "object$n" > /dev/null
	n=$((n + 1))
done
expect 'Slab (kB)' "$(value proc/meminfo Slab)" "$slab_kb"

step 'One more than fits opens the second slab.'
call kmem_cache_alloc mine as last
expect 'slabs' "$(column mine 15)" 2

step 'A cache with objects cannot be destroyed.'
if call kmem_cache_destroy mine; then exit 1; fi

step 'Empty, shrunk, destroyed.'
call kmem_cache_free mine @first > /dev/null
call kmem_cache_free mine @last > /dev/null
n=1
while [ "$n" -lt "$per_slab" ]; do
	call kmem_cache_free mine "@object$n" > /dev/null
	n=$((n + 1))
done
call kmem_cache_shrink mine
call kmem_cache_destroy mine
expect 'lines in slabinfo' "$(grep -c '^mine ' proc/slabinfo || true)" 0

step 'kmalloc takes the smallest class that holds the size.'
call kmalloc 100 as small
cat sim/as/small 2>/dev/null | head -n 3 || true
call kfree @small

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
