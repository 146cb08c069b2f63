#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kswapd and watermarks: a file that is larger than the machine, and what stays of it.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}" --set=machine.release=6.1
cd "$MNT"

step 'The marks of each zone: kswapd is woken below low, and goes on until one is above high.'
awk '/^Node/ { zone = $4 } $1 == "pages" { free = $3 } $1 == "min" || $1 == "low" { mark[$1] = $2 }
     $1 == "high" && zone { printf "%s: free %d, min %d, low %d, high %d\n", zone, free, mark["min"], mark["low"], $2; zone = "" }' proc/zoneinfo

step 'A program reads a file of 256 MiB, once. Nobody is short of memory, but less and less is free.'
does init fork as reader
does reader file_make /big 256M
does reader open /big O_RDWR
does reader pread64 0 16M 0
figures nr_free_pages nr_inactive_file pageoutrun
expect 'pages that were looked at' "$(count pgscan_file)" 0

step 'The rest of it.'
does reader pread64 0 240M 16M
figures nr_free_pages nr_inactive_file pageoutrun pgscan_kswapd pgsteal_kswapd pgscan_direct pgsteal_direct allocstall_movable

step 'Why: which zone, below which mark, for which request; what kswapd made of it.'
grep 'kswapd' sim/why | tail -n 2

step 'Each page was looked at by somebody, and each was of a file: there is no swap.'
expect 'pgscan by whom' "$(($(count pgscan_kswapd) + $(count pgscan_direct)))" "$(count pgscan_file)"
expect 'pgsteal by whom' "$(($(count pgsteal_kswapd) + $(count pgsteal_direct)))" "$(count pgsteal_file)"
expect 'of anonymous memory' "$(count pgscan_anon)" 0

step 'It naps; a tenth of a second later there is still enough, and it sleeps.'
call tick 1s
figures kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly

step 'What a program uses again is active, and survives the next 256 MiB.'
does reader open /small O_RDWR,O_CREAT 0644
does reader pwrite64 1 2M 0
does reader fsync 1
does reader pread64 1 2M 0
does reader pread64 1 2M 0
does reader pread64 0 256M 0
figures nr_active_file pgactivate workingset_refault_file
faults=$(count pgpgin)
does reader pread64 1 2M 0
expect 'kB that had to be read for the small file' "$(($(count pgpgin) - faults))" 0

step 'Somebody may ask for memory, too: all of the page cache, but for what is dirty or in use.'
echo 3 > proc/sys/vm/drop_caches
figures nr_file_pages
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
