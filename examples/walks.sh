#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One store, four architectures: how many tables stand between an address and its page.
# A mount on the command line is walked alone.
set -eu
. "$(dirname "$0")/machine.sh"
files=$(mktemp -d)
trap 'rm -r "$files"' EXIT

# machine_file ARCH: as small as each of them can be.
machine_file() {
	printf '[machine]\narch = %s\nrelease = 6.1\n[node 0]\ncpus = 0\nmemory = 1G\n' "$1" \
		> "$files/$1"
}

# rows LEVELS...: the lines of a walk that are tables' entries.
rows() {
	awk '$2 == "index"' "$1"
}

# walk ADDR LEVELS KB: map a page there, store to it, look at the way.
walk() {
	does init fork as a > /dev/null
	before=$(value sim/as/a/status VmPTE)
	does a mmap "$1" 4K rw private,anon,fixed
	does a store "$1"
	cat "sim/as/a/walk/$1"
	expect 'levels' "$(rows "sim/as/a/walk/$1" | wc -l)" "$2"
	expect 'kB of new tables' $(($(value sim/as/a/status VmPTE) - before)) "$3"
	pfn=$(awk '/^pte/ { print $6 }' "sim/as/a/walk/$1")
	expect 'the page is mapped at' "$(sed -n 's/^mapped: .*walk.//p' "sim/page/$pfn")" "$1"
	kernel "$1"
	does a exit_group > /dev/null
	does init wait4 > /dev/null
	expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
}

# What is above belongs to the kernel, and is the same in every process.
kernel() {
	call vmalloc 4K as area > /dev/null
	area=$(sed -n 's/^result: //p' sim/last)
	for of in a init; do
		rows "sim/as/$of/walk/$area" > "$files/$of"
	done
	cat "sim/as/a/walk/$area"
	expect "the kernel's $area in two processes" \
		"$(cmp -s "$files/a" "$files/init" && echo 'the same')" 'the same'
}

# on ARCH TEXT ADDR LEVELS KB
on() {
	step "$1: $2"
	machine_file "$1"
	(
		machine "$files/$1"
		cd "$MNT"
		walk "$3" "$4" "$5"
	)
}

if [ -n "${1-}" ]; then
	machine '' "$1"
	cd "$MNT"
	step 'This machine.'
	levels=$(rows sim/as/init/walk/0x10000 | wc -l)
	echo "walks stop after $levels level(s) where nothing is mapped"
	exit 0
fi
on i386 'two levels of 1024 entries, 4 bytes each: 10 + 10 + 12 bits.' 0x40000000 2 4
on i386-pae 'three levels; the top has 4 entries, whose tables come with the process.' \
	0x40000000 3 4
on x86_64 'four levels of 512 entries: 9 + 9 + 9 + 9 + 12 bits.' 0x10000000000 4 12
on x86_64-la57 'five; above 47 bits is only who asks for it.' 0x80000000000000 5 12
