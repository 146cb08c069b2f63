#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lookups leave nothing behind, threads neither. KMM_LOOKUPS sets how many.
. "$KMM_SRCDIR/tests/mount/lib.sh"
sanitized && not_for "a sanitizer keeps freed memory"
start

rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status"
}
threads() {
	find "/proc/$daemon/task" -maxdepth 1 -name '[0-9]*' | wc -l
}
walk() {
	for _ in 1 2 3 4; do
		timeout $((100 + ${KMM_LOOKUPS:-0} / 2000)) "$prober" lookups "$1" "$mnt/proc" &
		walkers="${walkers-} $!"
	done
	for pid in $walkers; do
		wait "$pid" || return 1
	done
	walkers=''
}

expect "warm up" walk 2000
timeout 60 find "$mnt" >/dev/null
before=$(rss)
nr_threads=$(threads)
expect "look up" walk "${KMM_LOOKUPS:-20000}"
for _ in 1 2 3; do
	timeout 60 find "$mnt" >/dev/null
done
after=$(rss)
expect "memory: $before kB, then $after kB" test "$after" -le "$((before + 1024))"
expect "threads" test "$(threads)" = "$nr_threads"
expect "stop" stop
finish
