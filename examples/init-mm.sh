#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# init_mm: the memory descriptor that is there before there is an allocator.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

step 'The first mm_struct is a variable of the kernel: its tables are swapper_pg_dir.'
grep -E '^(pgd|mm_users|mm_count|start_code|end_code|end_data|brk|map_count|total_vm):' sim/init_mm
expect pgd "$(value sim/init_mm pgd)" swapper_pg_dir
expect 'VMAs' "$(value sim/init_mm map_count)" 0

step 'It has no mappings, and is nobody'"'"'s alone: mm_users starts at 2, so that it never ends.'
expect mm_users "$(value sim/init_mm mm_users)" 2

step 'The addresses of a program'"'"'s segments are those of the kernel'"'"'s own image.'
printf 'text: %s to %s\n' "$(value sim/init_mm start_code)" "$(value sim/init_mm end_code)"

step 'Every later mm is an object of the cache mm_struct. init has one:'
grep -E '^(pgd|mm_users|mm_count|map_count|total_vm|owner):' sim/as/init/mm_struct
expect 'owner of its mm' "$(value sim/as/init/mm_struct owner)" 1

step 'Threads of the kernel have none: kthreadd'"'"'s map is empty, and it has no mm_struct.'
expect 'bytes in maps' "$(wc -c < proc/2/maps)" 0
if cat proc/2/mm_struct 2> /dev/null; then
	echo 'kthreadd has an mm_struct' >&2
	exit 1
fi

step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
