#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine that outlives its process: its history is on disk, and is run again.
set -eu
. "$(dirname "$0")/machine.sh"
box=$(mktemp -d)
machine tiny '' "-ostate=$box/state,pidfile=$box/pid"
# shellcheck disable=SC2154  # machine.sh has it
trap 'cd /; "$build/kmmfs" --stop "$MNT"; rm -r "$box"; rmdir "$MNT"' EXIT

step 'Lines change the machine ...'
call alloc_pages 3 as block
call vmalloc 100K as area
echo 40 > "$MNT/proc/sys/vm/swappiness"
before=$(cat "$MNT/sim/digest")

step '... and are on disk when the write returns: a checksum, a length, the line.'
cat "$box/state/journal"

step 'The daemon dies without a warning. The same command brings the machine back.'
kill -9 "$(cat "$box/pid")"
while [ -e "$MNT/README" ]; do
	sleep 0.1
done
"$build/kmmfs" -o "state=$box/state,pidfile=$box/pid" tiny "$MNT"
expect 'the digest' "$(cat "$MNT/sim/digest")" "$before"
expect 'swappiness' "$(cat "$MNT/proc/sys/vm/swappiness")" 40

step 'Names are what they were. What is undone stays undone.'
call free_pages @block 3
call undo 1
expect 'the digest' "$(cat "$MNT/sim/digest")" "$before"

step 'A journal that is damaged gives what is whole from its start.'
"$build/kmmfs" --stop "$MNT"
printf '?' | dd of="$box/state/journal" bs=1 conv=notrunc 2> /dev/null \
	seek=$(($(head -n 2 "$box/state/journal" | wc -c) + 30))
"$build/kmmfs" -o "state=$box/state,pidfile=$box/pid" tiny "$MNT"
cat "$MNT/sim/log"
expect 'lines that came back' "$(grep -c = "$MNT/sim/log")" 1
ls "$box/state"
