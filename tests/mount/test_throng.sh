#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Many readers and writers at once: no text of two moments, and the journal, run again,
# makes the same machine. KMM_SECONDS: how long. With the sanitizer of threads:
# make check-threads.
. "$KMM_SRCDIR/tests/mount/lib.sh"
throng=$KMM_BUILDDIR/tests/mount/throng
# Where syncing takes no time, there is more to see.
room=$(mktemp -d /dev/shm/kmm-throng.XXXXXX 2>/dev/null) || room=$work
state=$room/state

start -o state="$state" pc
expect "64 readers, 16 writers" timeout $((60 + 4 * ${KMM_SECONDS:-3})) \
	"$throng" "$mnt" 64 16 "${KMM_SECONDS:-3}"
expect "check" says '^clean' timeout 60 cat "$mnt/sim/check"
digest=$(cat "$mnt/sim/digest")
lines=$(sed -n 's/^lines: //p' "$mnt/sim/journal")
cat "$mnt/sim/log" >"$work/log"
echo "$lines lines were written"
expect "they wrote" test "$lines" -ge 100
expect "stop" stop
eventually gone "$daemon"
expect "the log makes the same machine" says "^$digest\$" \
	timeout 100 "$KMM_BUILDDIR/kmm-run" -m pc "$work/log" -c 'cat sim/digest'
expect "the journal does, too" says "^$digest\$" \
	timeout 100 "$KMM_BUILDDIR/kmm-run" --state="$state" -c 'cat sim/digest'
[ "$room" = "$work" ] || rm -rf "$room"
finish
