#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a machine is not mounted.
. "$KMM_SRCDIR/tests/mount/lib.sh"

refuses() {
	why=$1
	shift
	says "$why" timeout 20 "$kmmfs" "$@" && exits 1 timeout 20 "$kmmfs" "$@"
}

new_mount
ln -s "$mnt" "$work/link"
: >"$work/file"
expect "a link" refuses 'symbolic link' "$work/link"
expect "a link with a slash" refuses 'symbolic link' "$work/link/"
expect "a file" refuses 'not a directory' "$work/file"
expect "nothing" refuses 'No such file or directory: make that' "$work/none"
expect "nothing's folder" refuses 'No such file' "$work/none/none"

mkdir "$work/full"
: >"$work/full/file"
mounts="$mounts $work/full"
expect "not empty" refuses 'not empty' "$work/full"
expect "not empty, but wanted" timeout 20 "$kmmfs" -o nonempty "$work/full"
expect "covered" test ! -e "$work/full/file"
expect "stop" timeout 5 "$kmmfs" --stop "$work/full"
expect "not empty: back" test -e "$work/full/file"

mkdir -m 0777 "$work/open"
mkdir "$work/open/mnt"
mounts="$mounts $work/open/mnt"
expect "anybody's folder" refuses 'sticky' "$work/open/mnt"
chmod 1777 "$work/open"
expect "anybody's folder, sticky" timeout 20 "$kmmfs" "$work/open/mnt"
expect "stop" timeout 5 "$kmmfs" --stop "$work/open/mnt"

if is_root; then
	mkdir "$work/theirs"
	chown 65534 "$work/theirs"
	expect "somebody else's" refuses 'belongs to' "$work/theirs"
else
	expect "somebody else's" refuses 'belongs to' /mnt
fi
in_current() {
	(cd "$mnt" && refuses 'current directory' .)
}
expect "the current directory" in_current
expect "the root" refuses '.' /

start
expect "twice" refuses 'has a machine already' "$mnt"
expect "inside a machine" refuses 'lies in a mounted machine' "$mnt/proc"
expect "still there" cat "$mnt/README" >/dev/null
expect "stop" stop
expect "not a machine" refuses 'no machine is mounted' --stop "$mnt"
expect "not there" refuses 'No such file' --stop "$work/none/none"

# The folder is what was checked, whatever takes its name meanwhile.
mkdir "$work/race" "$work/victim"
: >"$work/victim/precious"
(
	while :; do
		mkdir "$work/race/mnt" && rmdir "$work/race/mnt"
		ln -s "$work/victim" "$work/race/mnt" && rm -f "$work/race/mnt"
	done
) 2>/dev/null &
helpers="$helpers $!"
mounts="$mounts $work/race/mnt $work/victim"
times=${KMM_RACES:-60}
while [ "$times" -gt 0 ]; do
	timeout 5 "$kmmfs" "$work/race/mnt" 2>/dev/null
	mounted "$work/victim" && break
	mounted "$work/race/mnt" && timeout 5 "$kmmfs" --stop "$work/race/mnt"
	times=$((times - 1))
done
expect "a swapped link" test -e "$work/victim/precious"
expect "a swapped link's mount" not mounted "$work/victim"
kill -9 $! 2>/dev/null
finish
