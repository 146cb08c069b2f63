#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Dirty pages and writeback: when the flusher runs, and who has to wait for the disk.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}" --set=disk.bandwidth=10M
cd "$MNT"

ms() {
	sed -n 's/now: \([0-9]*\)\.\([0-9]\{3\}\).*/\1\2/p;q' sim/clock | sed 's/^0*\(.\)/\1/'
}

step 'The limits are shares of what could be dirty: free pages beyond the reserves, and those of files.'
figures nr_dirty_background_threshold nr_dirty_threshold
expect 'as the disk sees them' "$(awk '/^DirtyThresh/ { print $2 / 4 }' sys/kernel/debug/bdi/259:0/stats)" "$(count nr_dirty_threshold)"

step 'A program writes 1 MiB. Nothing goes to the disk: it took 10 us for each page.'
does init fork as writer
does writer open /data O_RDWR,O_CREAT 0644
before=$(ms)
does writer pwrite64 0 1M 0
expect 'dirty pages' "$(count nr_dirty)" 256
expect 'milliseconds' "$(($(ms) - before))" 2

step 'fsync: 1 MiB at 10 MiB in a second.'
does writer fsync 0
expect 'dirty pages' "$(count nr_dirty)" 0
expect 'a tenth of a second' "$((($(ms) - before) / 10))" 10
cat proc/diskstats

step 'Written again, and left alone: the flusher looks every 5 seconds for what is dirty for 30.'
does writer pwrite64 0 1M 0
call tick 28s
expect 'dirty pages after 28 seconds' "$(count nr_dirty)" 256
call tick 10s
expect 'dirty pages after 38 seconds' "$(count nr_dirty)" 0
grep 'wb_do_writeback' sim/why | tail -n 1

step 'More than the background limit: the flusher runs at once, and stops below it.'
does writer pwrite64 0 "$(($(count nr_dirty_background_threshold) * 4096 + 4000000))" 0
expect 'pages on their way' "$(($(count nr_writeback) > 0))" 1
call tick 2s
expect 'it has stopped' "$(count nr_writeback)" 0
expect 'dirty pages are below the limit' "$(($(count nr_dirty) <= $(count nr_dirty_background_threshold)))" 1
expect 'but most are still there' "$(($(count nr_dirty) > $(count nr_dirty_background_threshold) / 2))" 1

step 'A program that writes 200 MiB is as quick as the disk in the end: it has to wait.'
before=$(ms)
for at in 0 25 50 75 100 125 150 175; do
	does writer pwrite64 0 25M "${at}M"
done
printf '%s ms\n' "$(($(ms) - before))"
expect 'it took 10 seconds at least' "$(($(ms) - before > 10000))" 1
expect 'dirty or on their way: below the limit' "$(($(count nr_dirty) + $(count nr_writeback) <= $(count nr_dirty_threshold) * 102 / 100))" 1
grep 'balance_dirty_pages' sim/why | tail -n 1
cat sys/kernel/debug/bdi/259:0/stats

step 'drop_caches takes clean pages; dirty ones stay, and those on their way.'
before=$(($(count nr_dirty) + $(count nr_writeback)))
echo 1 > proc/sys/vm/drop_caches
expect 'pages that are to be written' "$(($(count nr_dirty) + $(count nr_writeback)))" "$before"
expect 'pages of files: no others are left' "$(($(count nr_file_pages) - before < 100))" 1

step 'sync: all of it.'
does writer sync
expect 'dirty pages' "$(count nr_dirty)" 0
expect 'pages on their way' "$(count nr_writeback)" 0
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
