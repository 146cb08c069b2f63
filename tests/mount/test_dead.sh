#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# After kill -9: the mount answers ENOTCONN; a new start or --stop takes it off.
. "$KMM_SRCDIR/tests/mount/lib.sh"
start

remount() {
	kill -9 "$daemon"
	eventually "$prober" errno ENOTCONN stat "$mnt/none" || return 1
	timeout 20 "$kmmfs" --pidfile "$work/pid" "$mnt" || return 1
	daemon=$(cat "$work/pid")
	cat "$mnt/README" >/dev/null || return 1
	[ "$(grep -c " $mnt " /proc/self/mountinfo)" = 1 ]
}
for i in 1 2 3 4 5 6 7 8 9 10; do
	expect "kill and mount again, $i" remount
done

# With somebody in the old mount, who does not get the new one.
in_background sh -c "cd $mnt && exec sleep 60"
eventually test "$(readlink "/proc/$helper/cwd")" = "$mnt"
expect "kill and mount again, busy" remount
kill -9 "$daemon"
eventually "$prober" errno ENOTCONN stat "$mnt/none"
expect "compare what is dead" says 'the machine there has died' "$KMM_BUILDDIR/kmm-compare" "$mnt"
expect "stop what is dead" takes_at_most 1000 stop
expect "stop what is dead: unmounted" not mounted "$mnt"

if is_root; then
	start
	mkdir "$work/bind"
	mounts="$mounts $work/bind"
	mount --bind "$mnt/proc" "$work/bind"
	said=$(stop 2>&1)
	expect "bind mounts are told" says "bind mount of it is left: umount $work/bind" \
		echo "$said"
	umount "$work/bind"
else
	leave_out "bind mounts: need root"
fi
finish
