#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Options, the fork, readiness, what the mount table shows.
. "$KMM_SRCDIR/tests/mount/lib.sh"

expect "version" says '^kmmfs [0-9.]+ .*libfuse' "$kmmfs" -V
expect "help" says 'MOUNTPOINT' "$kmmfs" -h
expect "list" says '^pc +' "$kmmfs" --list
expect "no mount point" exits 2 "$kmmfs"
expect "three words" exits 2 "$kmmfs" pc a b
expect "unknown option" exits 2 "$kmmfs" --frobnicate x
expect "unknown -o" says "'frobnicate' is not an option" "$kmmfs" -o frobnicate "$work"

new_mount
expect "unknown machine" exits 1 "$kmmfs" no-such-machine "$mnt"
expect "unknown key" exits 1 "$kmmfs" --set no.such=1 "$mnt"
expect "unknown machine: nothing is left" not mounted "$mnt"
printf 'arch = x86_64\n' >"$work/broken"
expect "broken machine file" says "$work/broken:1" "$kmmfs" "$work/broken" "$mnt"

# Served when the command returns; away from the terminal and its folder.
start
expect "README text" says 'simulated' cat "$mnt/README"
expect "daemon's folder" test "$(readlink "/proc/$daemon/cwd")" = /
expect "daemon's input" test "$(readlink "/proc/$daemon/fd/0")" = /dev/null
expect "type and source" grep -q " $mnt .* - fuse.kmmfs kmmfs " /proc/self/mountinfo
for option in nosuid nodev noatime; do
	expect "default $option" grep -q " $mnt .*$option" /proc/self/mountinfo
done
expect "default_permissions" grep -q " $mnt .*default_permissions" /proc/self/mountinfo
expect "owner only" not grep -q " $mnt .*allow_other" /proc/self/mountinfo
sanitized || {
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status")
	expect "idle memory, kB: $rss" test "$rss" -le 25600
}
expect "threads" test "$(grep -c . "/proc/$daemon/task/$daemon/comm")" = 1
expect "all threads" test "$(find "/proc/$daemon/task" -maxdepth 1 -name '[0-9]*' | wc -l)" = 6
expect "stop" stop
expect "pid file is removed" eventually not test -e "$work/pid"

# fstab and its helper: source, mount point, -o; _ is -, and fstab's own words pass.
start -oro,noexec,nofail,_netdev,x-systemd.automount,default_permissions,single_thread
expect "ro" grep -q " $mnt ro,.*noexec" /proc/self/mountinfo
expect "one thread" test "$(find "/proc/$daemon/task" -maxdepth 1 -name '[0-9]*' | wc -l)" = 3
expect "ro refuses" "$prober" errno EROFS open-write "$mnt/README"
expect "stop -s" stop

start -s -o fsname=mine
expect "fsname" grep -q " $mnt .* - fuse.kmmfs mine " /proc/self/mountinfo
expect "stop by type" stop

# As mount(8) calls it for a line of fstab.
if command -v mount.fuse3 >/dev/null; then
	new_mount
	expect "mount helper" env PATH="$KMM_BUILDDIR:$PATH" \
		mount.fuse3 tiny "$mnt" -t fuse.kmmfs -o noexec,set=seed=7
	expect "its options" grep -q " $mnt .*noexec.* - fuse.kmmfs" /proc/self/mountinfo
	expect "its machine" grep -q '^seed *= *7' "$mnt/sim/machine"
	expect "stop" stop
else
	leave_out "no mount.fuse3"
fi

# By our own helper, whose letters are mount's; and through mount(8) itself.
ln -s "$kmmfs" "$work/mount.kmmfs"
new_mount
expect "helper" "$work/mount.kmmfs" tiny "$mnt" -nv -o rw,user=somebody,noexec,set=seed=7
expect "helper's options" grep -q " $mnt .*noexec.* - fuse.kmmfs" /proc/self/mountinfo
expect "helper's machine" grep -q '^seed *= *7' "$mnt/sim/machine"
expect "stop" stop
expect "helper, fake" "$work/mount.kmmfs" none "$mnt" -f -o ro
expect "fake mounts nothing" not mounted "$mnt"
expect "helper: a wrong word" exits 2 "$work/mount.kmmfs" none "$mnt" -o bogus
expect "helper: sloppy" "$work/mount.kmmfs" none "$mnt" -sf -o bogus
expect "helper: a wrong letter" exits 2 "$work/mount.kmmfs" none "$mnt" -x
expect "helper: one word" exits 2 "$work/mount.kmmfs" none
cat >"$work/by-mount" <<'EOF'
set -e
mount --make-rprivate /
mount -t tmpfs none /usr/sbin
ln -s "$1" /usr/sbin/mount.kmmfs
ln -s "$1" /usr/sbin/mount.fuse.kmmfs
for type in kmmfs fuse.kmmfs; do
	echo "tiny $2 $type noauto,nofail,ro,set=seed=9 0 0" >"$3/fstab"
	mount -T "$3/fstab" "$2"
	grep -q " $2 ro,.* - fuse.kmmfs kmmfs " /proc/self/mountinfo
	grep -q '^seed *= *9' "$2/sim/machine"
	umount "$2"
done
EOF
if is_root && [ "$(readlink -f /sbin)" = /usr/sbin ] && timeout 5 unshare -m true 2>/dev/null; then
	expect "a line of fstab" timeout 20 unshare -m sh "$work/by-mount" "$kmmfs" "$mnt" "$work"
else
	leave_out "mount(8): needs root"
fi

# Foreground, and the message to a service manager.
new_mount
"$prober" notified "$work/notify" >"$work/ready" &
waiter=$!
eventually test -S "$work/notify"
NOTIFY_SOCKET=$work/notify in_background "$kmmfs" -f "$mnt"
wait "$waiter"
expect "READY=1" grep -q '^READY=1' "$work/ready"
expect "MAINPID" grep -q "^MAINPID=$helper\$" "$work/ready"
expect "serves" test -r "$mnt/README"
expect "stop -f" stop
expect "-f ends with 0" wait "$helper"

new_mount
in_background "$kmmfs" -d "$mnt" 2>"$work/debug"
eventually mounted "$mnt"
cat "$mnt/README" >"$work/out"
expect "stop -d" stop
expect "-d shows requests" grep -q 'LOOKUP' "$work/debug"

expect "pid file inside" says 'inside the mount' "$kmmfs" --pidfile "$mnt/pid" "$mnt"

# The command returns when it serves; how soon that is, `make bench` says.
for _ in 1 2 3 4 5; do
	new_mount
	expect "ready" "$kmmfs" "$mnt"
	expect "serving" grep -q . "$mnt/README"
	stop
done
finish
