#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Machines that are kept: -o state=DIR. KMM_STATE_KILLS: how often the daemon is killed.
. "$KMM_SRCDIR/tests/mount/lib.sh"
state=$work/state
kept() {
	timeout 20 "$kmmfs" --pidfile "$work/pid" -o state="$state" "$@" || return 1
	daemon=$(cat "$work/pid")
}
digest() {
	cat "$mnt/sim/digest"
}
killed() {
	kill -9 "$daemon"
	eventually "$prober" errno ENOTCONN stat "$mnt/none"
}

new_mount
expect "a new one" kept tiny "$mnt"
expect "it says where" says "^directory: $state\$" cat "$mnt/sim/journal"
echo 'alloc_pages 3 as block' >"$mnt/sim/ctl"
echo 40 >"$mnt/proc/sys/vm/swappiness"
mkdir "$mnt/sys/fs/cgroup/group"
printf 'fork as kid' >"$mnt/proc/1/ctl"
before=$(digest)
expect "the journal can be read" grep -q 'sim/ctl: alloc_pages 3 as block = 0x' "$state/journal"
expect "killed" killed
expect "the same command" kept tiny "$mnt"
expect "the same machine" test "$(digest)" = "$before"
expect "names too" sh -c "echo free_pages @block 3 >$mnt/sim/ctl"
expect "undo" sh -c "echo undo 1 >$mnt/sim/ctl"
expect "undone" test "$(digest)" = "$before"
expect "undo what never was" not sh -c "echo undo 100 2>/dev/null >$mnt/sim/ctl"
expect "it says so" says 'only 4 lines ran since the boot' cat "$mnt/sim/last"
expect "killed again" killed
expect "without a name" kept "$mnt"
expect "undone for good" test "$(digest)" = "$before"

other=$(mktemp -d "$work/other.XXXXXX")
mounts="$mounts $other"
expect "one daemon alone" says "another process keeps its machine there" \
	"$kmmfs" -o state="$state" "$other"
expect "stop" stop
expect "another machine" says "keeps another machine" "$kmmfs" -o state="$state" pc "$mnt"
expect "changed by --set" says "keeps another machine" \
	"$kmmfs" -o state="$state" --set seed=7 tiny "$mnt"
expect "a state without a name" says "state='': a machine is kept in a directory" "$kmmfs" -o state= tiny "$mnt"
expect "not inside the mount" says "inside the mount" "$kmmfs" -o state="$mnt/state" tiny "$mnt"
rmdir "$mnt/state" 2>/dev/null

printf 'x' | dd of="$state/journal" bs=1 conv=notrunc \
	seek=$(($(wc -c <"$state/journal") - 30)) 2>/dev/null
expect "damaged" says 'damaged: its record 7, at byte [0-9]*, .*comes back with the 5 lines' \
	kept "$mnt"
daemon=$(cat "$work/pid")
expect "the rest is kept aside" test -s "$state/journal.damaged.1"
expect "stop that" stop

# Killed at any moment.
lives=$(mktemp -d "${KMM_STATE_ROOM:-$work}/lives.XXXXXX")
if [ -x "$KMM_BUILDDIR/tests/mount/killer" ]; then
	expect "killed at any moment" env KMMFS="$kmmfs" "$KMM_BUILDDIR/tests/mount/killer" \
		"$mnt" "$lives" "${KMM_STATE_KILLS:-30}"
fi
eventually stop
rm -rf "$lives"
finish
