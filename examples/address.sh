#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a virtual address is: a way through tables to a page, or nowhere.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

does init fork as a
does a mmap 0 64K rw private,anon as buf
addr=$(result a)

step "Address $addr is part of a mapping, but no page is behind it yet."
cat "sim/as/a/walk/$addr"
expect 'present pages' "$(awk '/^pte/ && !/none/' "sim/as/a/walk/$addr" | wc -l)" 0

step 'The first store makes the tables on the way, and a page.'
does a store @buf
cat "sim/as/a/walk/$addr"
expect 'present pages' "$(awk '/^pte/ && /present/' "sim/as/a/walk/$addr" | wc -l)" 1

step 'The index into each table is a slice of the address: 9 bits for each of four levels.'
pfn=$(awk '/^pte/ { print $6 }' "sim/as/a/walk/$addr")
printf 'page frame %s, physical address 0x%x\n' "$pfn" $((pfn * 4096))
sed -n '/^state/p; /^refcount/p; /^mapcount/p; /^mapped/p' "sim/page/$pfn"
expect 'who maps it' "$(sed -n 's/^mapped: .*walk.//p' "sim/page/$pfn")" "$addr"

step 'The same address in init is another matter: nothing is mapped there.'
grep vma "sim/as/init/walk/$addr"

step 'An address outside of every mapping ends the program.'
does a load 0x1234 || true
grep 'segfault at' sim/dmesg | tail -1
expect State "$(awk '$1 == "State:" { print $2 }' sim/as/a/status)" Z
does init wait4

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
