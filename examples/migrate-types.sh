#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Migrate types: who gets which page, what is claimed, what is stolen, and why.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}"
cd "$MNT"

# Pageblocks of a type, over all zones.
blocks() {
	awk -v type="$1" '
		/^Number of blocks type/ {
			for (i = 5; i <= NF; i++)
				if ($i == type)
					column = i
			next
		}
		column && /^Node/ { sum += $column }
		END { print sum + 0 }' proc/pagetypeinfo
}

# The type of the pageblock that a named page lies in.
block_of() {
	sed -n 's/^pageblock: .*, //p' "sim/as/$1"
}

step 'At boot every pageblock is Movable but those that the kernel had to take.'
sed -n '/^Number of blocks/,$p' proc/pagetypeinfo
total=$(($(blocks Unmovable) + $(blocks Movable) + $(blocks Reclaimable)))

step 'Pages that the kernel keeps are Unmovable, those of users Movable, of caches Reclaimable.'
call alloc_pages 0 GFP_KERNEL as kernel
call alloc_pages 0 GFP_HIGHUSER_MOVABLE as user
call alloc_pages 0 'GFP_KERNEL|__GFP_RECLAIMABLE' as cache
expect 'its pageblock' "$(block_of kernel)" Unmovable
expect 'its pageblock' "$(block_of user)" Movable
expect 'its pageblock' "$(block_of cache)" Reclaimable

step 'A pageblock for the kernel: the largest block of another type is claimed, and changes it.'
before=$(blocks Unmovable)
taken=0
while [ "$(blocks Unmovable)" -eq "$before" ]; do
	call alloc_pages 9 GFP_KERNEL as "k$taken" > /dev/null
	taken=$((taken + 1))
done
expect 'the last one lies in' "$(block_of k$((taken - 1)))" Unmovable
grep 'changes from' sim/why | tail -1
expect 'pageblocks in all' \
	$(($(blocks Unmovable) + $(blocks Movable) + $(blocks Reclaimable))) "$total"

step 'A task takes what is left, page by page, but for a few, and gives back one here and there.'
does init fork as a
does a mmap 0 64M rw private,anon,noreserve as buf
free=$(awk '$1 == "nr_free_pages" { print $2 }' proc/vmstat)
min=$(awk '$1 == "min" { sum += $2 } END { print sum }' proc/zoneinfo)
pages=$((free - 2 * min - 200))
does a store @buf $((pages * 4))K
i=0
while [ $i -lt 40 ]; do
	does a madvise "@buf+$((i * 256))K" 4K dontneed > /dev/null
	i=$((i + 1))
done
call drain_all_pages
sed -n '/^Free pages count/,/^$/p' proc/pagetypeinfo | grep -E 'type|zone' | head -8

step 'The kernel needs more: full pageblocks are not claimed, single pages are stolen from them.'
# Below all marks, as who frees memory with it may go: no other type is left then.
before=$(blocks Movable)
i=0
gfp='GFP_KERNEL|__GFP_MEMALLOC'
while ! grep -q 'is stolen from' sim/why && call alloc_pages 0 "$gfp" > /dev/null; do
	i=$((i + 1))
done
grep 'is stolen from' sim/why | tail -1
printf 'that was for page %s; %s pageblocks are Movable, %s were\n' "$i" "$(blocks Movable)" \
	"$before"
stolen=''
while [ -z "$stolen" ] && call alloc_pages 0 "$gfp" as page > /dev/null; do
	[ "$(block_of page)" != Movable ] || stolen=page
done
expect 'a page of the kernel in a pageblock that stays' "$(block_of "$stolen")" Movable

step 'What the task frees merges again, but not around what was stolen.'
does a exit 0
does init wait4 -1 0
drain
cat proc/buddyinfo
grep -E '^(pageblock|state)' "sim/as/$stolen"

step 'What is asked for in vain is explained: every zone, its marks, and what kept it.'
while call alloc_pages 10 'GFP_ATOMIC|__GFP_NOWARN' > /dev/null; do :; done
tail -3 sim/why

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
