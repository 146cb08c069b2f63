#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The page cache and reading ahead: how much of a file is read, and when.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}" --set=disk.read_latency=5000000
cd "$MNT"

cached() {
	value proc/vmstat nr_file_pages
}
ms() {
	sed -n 's/now: \([0-9]*\)\.\([0-9]\{3\}\).*/\1\2/p;q' sim/clock | sed 's/^0*\(.\)/\1/'
}
# reads BYTES AT: how many pages came, and how long that took
reads() {
	pages=$(cached)
	then=$(ms)
	does reader pread64 0 "$1" "$2"
	printf '%s at %s: %s pages, %s ms\n' "$1" "$2" "$(($(cached) - pages))" "$(($(ms) - then))"
}

step 'A file of 8 MiB, of which nothing is in memory.'
does init fork as reader
does reader file_make /file 8M
does reader open /file O_RDWR
before=$(cached)

step 'The first page of it: the window begins with 4 pages. The disk takes 5 ms, and the program waits.'
reads 4096 0
expect 'pages' "$(($(cached) - before))" 4

step 'The second page has the mark: the next window, twice as large, is on its way while the program goes on.'
reads 4096 4096
expect 'pages' "$(($(cached) - before))" 12

step 'Windows double up to 128 kB, 32 pages.'
for at in 8192 12288 16384 24576 32768 49152 65536 98304; do
	reads "$((at / 2))" "$at"
done

step 'Once more, when all has come: it takes no time.'
call tick 100ms
then=$(ms)
does reader pread64 0 144K 0
expect 'milliseconds' "$(($(ms) - then))" 0

step 'Somewhere else in the file: only what is asked for, as long as it looks like chance.'
before=$(cached)
reads 4096 4M
expect 'pages' "$(($(cached) - before))" 1

step 'Who says that there will be no order gets no more than he wants; who says that there is, twice as much.'
does reader fadvise64 0 0 0 random
before=$(cached)
reads 4096 5M
reads 4096 5246976
expect 'pages' "$(($(cached) - before))" 2
does reader fadvise64 0 0 0 sequential
does reader pread64 0 512K 6M
before=$(cached)
does reader fadvise64 0 7M 256K willneed
expect 'pages that will be needed' "$(($(cached) - before > 63))" 1

step 'A mapping: a fault reads around the page, half before and half behind, and maps what is there, 16 pages.'
does reader fadvise64 0 0 0 normal
echo 1 > proc/sys/vm/drop_caches
before=$(cached)
does reader mmap 0 8M r private 0 0 as map
does reader load @map+1M
expect 'pages that were read' "$(($(cached) - before))" 32
rss=$(value sim/as/reader/status RssFile)
faults=$(value proc/vmstat pgmajfault)
does reader load @map+1M 64K
expect 'major faults for 64 kB from there on' "$(($(value proc/vmstat pgmajfault) - faults))" 0
printf 'RssFile %s kB, before %s kB\n' "$(value sim/as/reader/status RssFile)" "$rss"
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
