#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who sees whose stores: private and shared memory, files, segments, seals.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

page() {
	awk '/^pte/ { print $6 }' "sim/as/$1/walk/$2"
}
refused() {
	if echo "$2" 2>/dev/null > "sim/as/$1/ctl"; then
		echo "not refused: $2" >&2
		exit 1
	fi
	expect "$2" "$(cat "sim/as/$1/result")" "-1 $3"
}

does init fork as a
step 'Private memory: one page until one of the two writes.'
does a mmap 0 64K rw private,anon as own
own=$(result a)
does a store @own
step 'Shared memory, of no file and of a System V segment: one page for good.'
does a mmap 0 64K rw shared,anon as both
both=$(result a)
does a shmget ipc_private 64K creat,0600 as id
does a shmat @id as seg
seg=$(result a)
does a fork as b
for addr in "$own" "$both" "$seg"; do
	does a load "$addr"
	does b store "$addr"
done
if [ "$(page a "$own")" = "$(page b "$own")" ]; then
	echo 'the private page is still shared' >&2
	exit 1
fi
expect 'page of the shared mapping' "$(page a "$both")" "$(page b "$both")"
expect 'page of the segment' "$(page a "$seg")" "$(page b "$seg")"
cat proc/sysvipc/shm

step 'The segment is removed: it lives as long as somebody has it attached.'
does a shmctl @id rmid
does a shmdt @seg
expect segments "$(wc -l < proc/sysvipc/shm)" 2
does b shmdt @seg
expect segments "$(wc -l < proc/sysvipc/shm)" 1

step 'A file in memory: what is private is copied, what is shared is the file.'
does a memfd_create data allow_sealing as fd
does a ftruncate @fd 64K
does a mmap 0 64K rw shared @fd as file
file=$(result a)
does a mmap 0 64K rw private @fd as copy
copy=$(result a)
does a store @file
does a load @copy
expect 'page of the private mapping' "$(page a "$copy")" "$(page a "$file")"
does a store @copy
if [ "$(page a "$copy")" = "$(page a "$file")" ]; then
	echo 'the file was written through a private mapping' >&2
	exit 1
fi

step 'Sealed against writing: not while somebody may write, then nobody may.'
refused a 'fcntl @fd add_seals write' EBUSY
does a munmap @file 64K
does a fcntl @fd add_seals write,shrink,grow
refused a 'mmap 0 64K rw shared @fd' EPERM
refused a 'ftruncate @fd 4K' EPERM
does a mmap 0 64K r shared @fd as view
refused a 'mprotect @view 64K rw' EACCES

step 'A sealed mapping stays as it is.'
does a mseal @view 64K
refused a 'munmap @view 64K' EPERM

step 'Another process reads what it may, as far as there is something.'
does b process_vm_readv @a @own 8K @copy 4K 0x1000 4K
expect bytes "$(result b)" 4096

does b exit_group
does a wait4
does a exit_group
does init wait4
step 'All invariants hold.'
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
