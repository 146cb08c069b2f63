#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The working set: what was reclaimed leaves a shadow, which tells whether it should have stayed.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}" --set=machine.release=6.1
cd "$MNT"

step 'A file of 20 MiB that is read twice: its pages are active.'
does init fork as user
does user file_make /set 20M
does user open /set O_RDWR
does user pread64 0 20M 0
does user pread64 0 20M 0
does user file_make /stream 400M
does user open /stream O_RDWR
figures nr_active_file nr_inactive_file
active=$(count nr_active_file)

step 'A stream of 100 MiB, read once, goes by: inactive pages make room for it, active ones stay.'
does user pread64 1 100M 0
figures nr_active_file nr_inactive_file pgsteal_file workingset_nodes
read=$(count pgpgin)
does user pread64 0 20M 0
printf '%s kB of the set had to be read again\n' "$(($(count pgpgin) - read))"
expect 'that is less than a quarter of it' "$(($(count pgpgin) - read < 5120))" 1
expect 'most of the set was active' "$((active > 4000))" 1

step 'Another set of 30 MiB is read again and again. There is no room for both, and the old one is not used any more.'
does user file_make /other 30M
does user open /other O_RDWR
for turn in 1 2 3 4 5 6; do
	read=$(count pgpgin)
	does user pread64 2 30M 0
	printf 'turn %s: %s kB read, %s refaults, %s of them active at once\n' "$turn" \
		"$(($(count pgpgin) - read))" "$(count workingset_refault_file)" "$(count workingset_activate_file)"
done
expect 'pages came back that had a shadow' "$(($(count workingset_refault_file) > 0))" 1
expect 'some so soon that they are active' "$(($(count workingset_activate_file) > 0))" 1
expect 'in the end the new set is in memory' "$(($(count pgpgin) - read))" 0
grep 'workingset_refault' sim/why | tail -n 1

step 'The same with plain LRU: the stream drives everything out.'
call reclaim_policy lru
cat sim/reclaim_policy
does user pread64 2 30M 0
does user pread64 1 100M 100M
read=$(count pgpgin)
does user pread64 2 30M 0
expect 'kB of the set that had to be read again' "$(($(count pgpgin) - read))" 30720
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
