#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine belongs to who mounted it. As root this also plays an ordinary user, who
# mounts by fusermount3.
. "$KMM_SRCDIR/tests/mount/lib.sh"

start
expect "owner" test "$(stat -c %u "$mnt/README")" = "$(id -u)"
expect "group" test "$(stat -c %g "$mnt/README")" = "$(id -g)"
is_root || { expect "stop" stop; finish; }

command -v setpriv >/dev/null || skip "no setpriv"
as_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
}
chmod 755 "$work"
cp "$prober" "$kmmfs" "$work"
prober=$work/prober
kmmfs=$work/kmmfs

for path in README proc proc/meminfo sim/ctl; do
	expect "second user: $path" as_user "$prober" errno EACCES open "$mnt/$path"
done
expect "second user: root" as_user "$prober" errno EACCES stat "$mnt/."
expect "second user: stop" not as_user "$kmmfs" --stop "$mnt" 2>/dev/null
expect "second user did not stop it" mounted "$mnt"
expect "stop" stop

# Shown to all, a file's mode still counts.
start -o allow_other
expect "allow_other: read" as_user "$prober" errno OK open "$mnt/README"
[ ! -e "$mnt/sim/ctl" ] ||
	expect "allow_other: ctl" as_user "$prober" errno EACCES write "$mnt/sim/ctl" x
expect "stop" stop

# An ordinary user. Where the device is not for everybody, one that is takes its
# place, in a mount namespace of this test alone.
command -v fusermount3 >/dev/null || skip "no fusermount3"
mkdir "$work/user"
chown 65534 "$work/user"
cat >"$work/play" <<'EOF'
set -e
cd /
mkdir "$HOME/mnt"
"$1/kmmfs" --pidfile "$HOME/pid" "$HOME/mnt"
cat "$HOME/mnt/README" >/dev/null
test "$(stat -c %u "$HOME/mnt/README")" = 65534
grep -q "$HOME/mnt .*nosuid,nodev.* - fuse.kmmfs kmmfs .*user_id=65534" /proc/self/mountinfo
(cd "$HOME/mnt" && exec sleep 20) &
sleep 0.2
"$1/kmmfs" --stop "$HOME/mnt" 2>"$HOME/holders"
grep -q 'in use by sleep' "$HOME/holders"
if grep -q "$HOME/mnt" /proc/self/mountinfo; then exit 1; fi
"$1/kmmfs" --pidfile "$HOME/pid" "$HOME/mnt"
kill -9 "$(cat "$HOME/pid")"
sleep 0.2
"$1/kmmfs" --pidfile "$HOME/pid" "$HOME/mnt"
kill -TERM "$(cat "$HOME/pid")"
if unshare -Urm true; then
	mkdir "$HOME/own"
	unshare -Urm sh -ec '"$1/kmmfs" "$2"; cat "$2/README"; "$1/kmmfs" --stop "$2"' \
		sh "$1" "$HOME/own" >/dev/null
fi
for i in 1 2 3 4 5 6 7 8 9 10; do
	grep -q "$HOME/mnt" /proc/self/mountinfo || exit 0
	sleep 0.1
done
exit 1
EOF
cat >"$work/device" <<'EOF'
set -e
mount --make-rprivate /
mount -t tmpfs none "$1/user-dev"
mknod -m 666 "$1/user-dev/fuse" c 10 229
mount --bind "$1/user-dev/fuse" /dev/fuse
exec setpriv --reuid 65534 --regid 65534 --clear-groups \
	env HOME="$1/user" sh -x "$1/play" "$1"
EOF
mkdir "$work/user-dev"
if timeout 5 unshare -m true 2>/dev/null && [ -u "$(command -v fusermount3)" ]; then
	timeout 60 unshare -m sh "$work/device" "$work" >"$work/played" 2>&1
	status=$?
	[ "$status" = 0 ] || cat "$work/played"
	expect "an ordinary user mounts and stops" test "$status" = 0
else
	leave_out "an ordinary user: needs unshare and a set-uid fusermount3"
fi
finish
