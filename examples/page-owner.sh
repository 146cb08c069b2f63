#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who has the memory? page_owner knows of each block who took it, when, and how.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}" '--set=cmdline=page_owner=on transparent_hugepage=never'
cd "$MNT"
owner=sys/kernel/debug/page_owner

# Blocks that a pid has, by page_owner.
blocks_of() {
	grep -c "^Page allocated .* pid $1, " $owner || true
}

step 'A program that takes more and more.'
does init fork as leaky
pid=$(basename "$(readlink sim/as/leaky)")
before=$(blocks_of "$pid")
does leaky mmap 0 4M rw private,anon as buf
does leaky store @buf 4M
expect 'blocks more' "$(($(blocks_of "$pid") - before >= 1024))" 1

step 'One of them: flags, pid, time; page frame and migrate types; and the path through the code.'
awk -v pid="pid $pid," '
	/^Page allocated/ { on = index($0, pid) } on { print } on && !NF { exit }' $owner | head -20

step 'Whose is how much? (The kernel'"'"'s own tool: page_owner_sort -P page_owner sorted.txt)'
awk '/^Page allocated/ {
	match($0, /order [0-9]+/); order = substr($0, RSTART + 6, RLENGTH - 6)
	match($0, /tgid [0-9]+ \([^)]*\)/); who = substr($0, RSTART, RLENGTH)
	pages[who] += 2 ^ order
} END { for (who in pages) print pages[who], who }' $owner | sort -rn | head -5

step 'By path: which function took the most.'
if [ -d sys/kernel/debug/page_owner_stacks ]; then
	echo 500 > sys/kernel/debug/page_owner_stacks/count_threshold
	head -12 sys/kernel/debug/page_owner_stacks/show_stacks
	expect 'a path with 1024 pages' "$(awk '/^nr_base_pages: / && $2 >= 1024 { n++ }
		END { print (n > 0) }' sys/kernel/debug/page_owner_stacks/show_stacks)" 1
fi

step 'Pageblocks in which somebody has a page of another type.'
sed -n '/^Number of mixed/,$p' proc/pagetypeinfo

step 'What moves keeps its owner, and says why it moved.'
does leaky madvise @buf 2M dontneed
echo 1 > proc/sys/vm/compact_memory
grep -c 'last migrate reason: compaction' $owner || true

step 'The program ends: what is left are pages of files that it was the first to read.'
does leaky exit_group 0
does init wait4
blocks_of "$pid"
expect 'hardly any' "$(($(blocks_of "$pid") < 32))" 1

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
