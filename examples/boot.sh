#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The boot, step by step: how firmware ranges become zones, and zones free pages.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

step 'Each step of the boot left a file.'
ls sim/boot

step 'It begins with what the firmware says is memory ...'
grep 'BIOS-e820' sim/dmesg

step '... which zones divide, by what old devices can reach.'
grep -A 4 'Zone ranges' sim/dmesg

step 'memblock remembers who reserved what before there was an allocator.'
tail -n 5 sys/kernel/debug/memblock/reserved

step 'What was not reserved went to the buddy allocator: managed <= present <= spanned.'
awk '/^Node/ { zone = $2 " " $4 }
     $1 == "spanned" { spanned = $2 }
     $1 == "present" { present = $2 }
     $1 == "managed" && spanned {
	printf "node %s spanned %d present %d managed %d\n", zone, spanned, present, $2
	if ($2 > present || present > spanned)
		exit 1
     }' proc/zoneinfo

step 'The sum of managed is what meminfo calls MemTotal.'
managed=$(awk '$1 == "managed" { sum += $2 } END { print sum * 4 }' proc/zoneinfo)
expect 'MemTotal (kB)' "$(value proc/meminfo MemTotal)" "$managed"

step 'Memory that only the boot needed was given back.'
grep 'Freeing' sim/dmesg

step 'The first mm_struct is static: nobody allocated it.'
head -n 12 sim/init_mm
