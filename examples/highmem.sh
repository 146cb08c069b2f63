#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that the kernel of a 32-bit machine cannot see all at once.
set -eu
. "$(dirname "$0")/machine.sh"
machine i386 "${1-}"
cd "$MNT"

result() {
	cat sim/result
}

step 'Programs have 3 GiB of the addresses, the kernel one; 875 MiB of it are the direct map.'
cat sim/layout
grep -E '^(HighTotal|LowTotal)' proc/meminfo

step 'Low memory has one address, and back: __va adds PAGE_OFFSET, __pa takes it off.'
call __va 0x1000000
expect __va "$(result)" 0xc1000000
call __pa 0xc1000000
expect __pa "$(result)" 0x1000000

step 'A page of HighMem has a frame and no address.'
call alloc_pages 0 GFP_HIGHUSER as page
call page_address @page
expect address "$(result)" 0
call __va "$(printf '0x%x' $(($(readlink sim/as/page | sed 's/.*0x/0x/') << 12)))" || true

step 'kmap gives it one of 1024, which all CPUs see. A second user gets the same.'
call kmap @page as addr
first=$(result)
call kmap @page
expect 'the same address' "$(result)" "$first"
grep '^pkmap ' sim/pkmap

step 'Without users it keeps the address: nothing needs to be flushed yet.'
call kunmap @page
call kunmap @page
grep '^pkmap ' sim/pkmap
call page_address @page
expect address "$(result)" "$first"

step 'Only when the turn comes to the first address again, one flush frees all of these.'
i=0
while [ $i -lt 1024 ]; do
	echo "alloc_pages 0 GFP_HIGHUSER as p$i
kmap @p$i
kunmap @p$i"
	i=$((i + 1))
done > "${TMPDIR:-/tmp}/highmem.$$"
cat "${TMPDIR:-/tmp}/highmem.$$" > sim/ctl
rm "${TMPDIR:-/tmp}/highmem.$$"
sed 4q sim/pkmap
expect flushes "$(value sim/pkmap flushes)" 1
call page_address @page
expect address "$(result)" 0

step 'For a moment, and for one CPU: its next fixmap slot. They go in the opposite order.'
call kmap_local_page @page as first
call kmap_local_page @p7 as second
grep '^cpu' sim/pkmap
call kunmap_local @first || true
call kunmap_local @second
call kunmap_local @first

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
