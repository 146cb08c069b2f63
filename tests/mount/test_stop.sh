#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The end of a mount: by --stop, by signal, by umount, idle or busy.
. "$KMM_SRCDIR/tests/mount/lib.sh"

quiet_stop() {
	stop 2>"$work/holders"
}

start
expect "idle" takes_at_most 1000 stop
expect "idle: gone" eventually gone "$daemon"
expect "idle: unmounted" not mounted "$mnt"

# A shell stands in it, a file is open: it ends all the same, and says who.
start
in_background sh -c "cd $mnt/proc && exec sleep 60"
inside=$helper
in_background sh -c "exec sleep 60 <$mnt/README"
holder=$helper
eventually test "$(readlink "/proc/$inside/cwd")" = "$mnt/proc"
eventually test "$(readlink "/proc/$holder/fd/0")" = "$mnt/README"
expect "busy" takes_at_most 1000 quiet_stop
expect "busy: who stands in it" grep -q "(pid $inside): current directory" "$work/holders"
expect "busy: who has a file open" grep -q "(pid $holder): open file" "$work/holders"
expect "busy: nobody else" test "$(grep -c 'in use by' "$work/holders")" = 2
expect "busy: gone" eventually gone "$daemon"
expect "busy: unmounted" not mounted "$mnt"
expect "busy: who stands there" "$prober" errno ENOTCONN stat "/proc/$inside/cwd/none"

# The same by signal, with one thread and with several.
for threads in '' -s; do
	for signal in TERM INT HUP; do
		start $threads
		kill -"$signal" "$daemon"
		expect "$signal $threads: gone" takes_at_most 1000 eventually gone "$daemon"
		expect "$signal $threads: unmounted" not mounted "$mnt"
		expect "$signal $threads: pid file" test ! -e "$work/pid"
	done

	start $threads
	in_background sh -c "exec sleep 60 <$mnt/README"
	in_background sh -c "cd $mnt && exec sleep 60"
	eventually test "$(readlink "/proc/$helper/cwd")" = "$mnt"
	kill -TERM "$daemon"
	expect "TERM, open $threads: gone" takes_at_most 1000 eventually gone "$daemon"
	expect "TERM, open $threads: unmounted" not mounted "$mnt"

	start $threads
	in_background sh -c "while cat $mnt/README; do :; done >/dev/null 2>&1"
	in_background sh -c "while ls -R $mnt; do :; done >/dev/null 2>&1"
	sleep 0.1
	kill -TERM "$daemon"
	expect "TERM, busy $threads: gone" takes_at_most 2500 eventually gone "$daemon"
	expect "TERM, busy $threads: unmounted" not mounted "$mnt"
done

# Unmounted from outside: the daemon ends by itself.
unmount() {
	if is_root; then umount "$@"; else fusermount3 -u "$@"; fi
}
start
expect "umount" unmount "$mnt"
expect "umount: gone" takes_at_most 1000 eventually gone "$daemon"

# In the foreground the exit status is that of an orderly end.
new_mount
in_background "$kmmfs" -f "$mnt"
eventually test -e "$mnt/README"
kill -TERM "$helper"
expect "TERM ends with 0" wait "$helper"

# A daemon that is stuck does not keep its mount.
start
kill -STOP "$daemon"
expect "stuck" takes_at_most 1500 quiet_stop
expect "stuck: unmounted" not mounted "$mnt"
kill -KILL "$daemon"
finish
