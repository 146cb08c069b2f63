#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that goes to swap and comes back: slots, the swap cache, reading ahead, swapoff.
set -eu
. "$(dirname "$0")/machine.sh"
machine swap "${1-}"
cd "$MNT"

used() {
	awk '$1 == "/dev/nvme0n1" { print $4 }' proc/swaps
}
event() {
	value proc/vmstat "$1"
}

step 'Two areas; the one with the higher priority is used first.'
cat proc/swaps
expect SwapTotal "$(value proc/meminfo SwapTotal)" $(((65535 + 262143) * 4))

step '256 kB of a process are paged out: 64 slots.'
does init fork as a
does a mmap 0x10000000 256K rw private,anon,fixed as buf
does a store @buf 256K
does a madvise @buf 256K pageout
expect 'slots of 4 kB in use' "$(used)" 256
expect VmSwap "$(value sim/as/a/status VmSwap)" 256
expect pswpout "$(event pswpout)" 64
sed -n '/^pte/p' sim/as/a/walk/0x10001000

step 'They are still in memory, in the swap cache: to touch one reads nothing.'
expect SwapCached "$(value proc/meminfo SwapCached)" 256
does a load 0x1000a000
expect pswpin "$(event pswpin)" 0

step 'What is written by its only owner loses its slot.'
does a store 0x10028000
expect 'slots in use' "$(used)" 252

step 'Paged out again, the rest need not be written: they go at once.'
does a load @buf 256K
does a madvise @buf 256K pageout
expect pswpout "$(event pswpout)" 65
expect SwapCached "$(value proc/meminfo SwapCached)" 4

step 'Now they have to be read: 63 pages by 9 faults, for each reads ahead in its mapping.'
before=$(event pgmajfault)
does a load @buf 256K
expect 'major faults' $(($(event pgmajfault) - before)) 9
expect pswpin "$(event pswpin)" 63
expect 'read ahead, and wanted' "$(event swap_ra) $(event swap_ra_hit)" '54 54'

step 'A child shares the slots: each has half of them.'
does a madvise @buf 256K pageout
does a fork as b
awk '/^10000000/ { found = 1 } found && /^Swap/ { print } /^VmFlags/ { found = 0 }' sim/as/b/smaps
expect SwapPss "$(awk '/^10000000/ { f = 1 } f && /^SwapPss/ { print $2; exit }' sim/as/b/smaps)" 128

step 'swapoff brings all back, for both of them.'
does a swapoff /dev/nvme0n1
expect 'areas left' "$(grep -c partition proc/swaps)" 1
expect Swap "$(awk '/^10000000/ { f = 1 } f && /^Swap:/ { print $2; exit }' sim/as/b/smaps)" 0

does b exit_group
does a wait4
does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
