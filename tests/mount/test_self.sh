#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# proc/self and proc/thread-self lead to whoever asks.
. "$KMM_SRCDIR/tests/mount/lib.sh"
start

own_pid() {
	sh -c 'cd "$1/proc" && read -r pid rest <self/stat && [ "$pid" = "$$" ]' sh "$mnt"
}
for _ in 1 2 3 4 5; do
	expect "own stat" own_pid
done

# Two at once never see each other's link.
many_selves() {
	for _ in 1 2 3 4 5 6 7 8; do
		(for _ in 1 2 3 4 5 6 7 8 9 10; do own_pid || exit 1; done) &
		all="${all-} $!"
	done
	for pid in $all; do
		wait "$pid" || return 1
	done
}
expect "many at once" many_selves

expect "thread-self" says '/task/[0-9]+$' readlink "$mnt/proc/thread-self"
expect "status of the caller" says '^Name:.(cat|sh)' cat "$mnt/proc/self/status"
expect "thread's stat" says '\(cat\)' cat "$mnt/proc/thread-self/stat"
expect "own fd" says '^0$' ls "$mnt/proc/self/fd"
expect "mounts lead through self" says "$mnt fuse.kmmfs" cat "$mnt/proc/mounts"

# Looked up, not listed; nobody else's, and nothing that shows memory.
listed() {
	sh -c 'ls "$1/proc" | grep -qx "$$"' sh "$mnt"
}
expect "not listed" not listed
expect "another process" "$prober" errno ENOENT stat "$mnt/proc/$$/stat"
expect "memory" "$prober" errno ENOENT stat "$mnt/proc/self/mem"
expect "environment" "$prober" errno ENOENT stat "$mnt/proc/self/environ"
expect "for reading" not sh -c "echo 0 2>/dev/null >$mnt/proc/self/oom_score_adj"

# In a pid namespace of its own the caller goes by the name that it knows.
inside() {
	timeout 10 unshare "$@" -p -f sh -c '
		[ "$(readlink "$1/proc/self")" != "" ] &&
		readlink "$1/proc/self" >"$2" &&
		read -r pid rest <"$1/proc/self/stat" && echo "$$ $pid"' sh "$mnt" "$work/ns" \
		>"$work/pids" 2>"$work/ns-errors"
}
if is_root && timeout 5 unshare -p -f true 2>/dev/null; then
	expect "another pid namespace" inside
	# By its own number, or by the alias where a simulated task has that.
	expect "small pid" grep -Eqx '[1-9][0-9]?|caller' "$work/ns"
	expect "stop" stop

	# A caller that the daemon cannot see is nobody: no self, but all the rest.
	new_mount
	in_background unshare -p -f "$kmmfs" -f "$mnt"
	eventually mounted "$mnt"
	expect "unseen caller reads" grep -q simulated "$mnt/README"
	expect "unseen caller has no self" not cat "$mnt/proc/self/stat" 2>/dev/null
	expect "unseen caller lists" timeout 20 ls "$mnt/proc" >/dev/null
else
	leave_out "pid namespace: needs root"
fi
expect "stop" stop
finish
