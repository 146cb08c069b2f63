#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The life of an mm_struct: made by fork, filled, shared, emptied by exit, freed.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

objects() {
	awk -v name="$1" '$1 == name { print $2 }' proc/slabinfo
}
free_pages() {
	drain
	awk '$1 == "nr_free_pages" { print $2 }' proc/vmstat
}
check_counts() {
	expect mm_users "$(value sim/as/a/mm_struct mm_users)" "$1"
	expect mm_count "$(value sim/as/a/mm_struct mm_count)" "$2"
}

step 'Before: what the caches have in use, and how much is free.'
does init getpid
free=$(free_pages)
printf 'free pages: %s\n' "$free"

step 'fork makes one, with its own tables; users and references are one each.'
does init fork as a
check_counts 1 1
grep -E '^(ctx_id|context.ctx_id|pgd|map_count|owner):' sim/as/a/mm_struct

step 'vfork shares it, and the parent waits.'
does a vfork as b
check_counts 2 1
does a mmap 0 4K rw private,anon || echo '(as it should: the parent sleeps)'
does b exit
does a wait4
check_counts 1 1

step 'A program of its own would have another: execve replaces it.'
was=$(value sim/as/a/mm_struct context.ctx_id)
exe=$(readlink sim/as/init/exe)
does a execve "$exe"
if [ "$(value sim/as/a/mm_struct context.ctx_id)" = "$was" ]; then
	echo 'execve kept the mm' >&2
	exit 1
fi

step 'exit takes the mappings and tables down; the zombie has no mm.'
does a mmap 0 1M rw private,anon as buf
does a store @buf 1M
does a exit_group 3
expect State "$(awk '$1 == "State:" { print $2 }' sim/as/a/status)" Z
if grep VmSize sim/as/a/status; then
	echo 'a zombie with memory' >&2
	exit 1
fi

step 'wait4 takes the rest. Everything is given back.'
does init wait4
for cache in mm_struct vm_area_struct anon_vma; do
	printf '%s: %s in use\n' "$cache" "$(objects "$cache")"
done
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
