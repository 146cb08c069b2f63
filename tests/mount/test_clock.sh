#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# clock = real: one tick a second, in the journal; without it time stands still.
. "$KMM_SRCDIR/tests/mount/lib.sh"

start --set clock=real
[ -e "$mnt/sim/log" ] || skip "this machine has no sim/log"
ticks() {
	[ "$(grep -c 'tick 1s' "$mnt/sim/log")" -ge 2 ]
}
ticks_soon() {
	for _ in 1 2 3 4 5 6 7 8; do
		ticks && return 0
		sleep 0.5
	done
	return 1
}
expect "ticks" ticks_soon
expect "stop does not wait for the next" takes_at_most 700 stop

start
sleep 1.2
expect "no ticks" not grep -q 'tick 1s' "$mnt/sim/log"
stop
finish
