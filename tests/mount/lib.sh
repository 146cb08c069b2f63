# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of the mount: each sources this, mounts with `start`, states what it
# expects with `expect`, and ends with `finish`. Everything that was mounted or
# started is taken down when the test ends, however it ends.
# shellcheck shell=sh

: "${KMM_BUILDDIR:?run this with make check}"
: "${KMM_SRCDIR:?}"
kmmfs=$KMM_BUILDDIR/kmmfs
# shellcheck disable=SC2034  # for the tests
prober=$KMM_BUILDDIR/tests/mount/prober

# Nothing here may hang: the whole test has a limit, and so has each step that could.
if [ -z "${KMM_TIMED-}" ]; then
	KMM_TIMED=1 exec timeout -k 10 "${KMM_TEST_LIMIT:-120}" sh "$0" "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/kmm-test.XXXXXX")
work=$(cd "$work" && pwd -P)
mounts=''
helpers=''
failed=0
passed=0

cleanup() {
	status=$?
	trap '' INT TERM
	for pid in $helpers; do
		kill -9 "$pid" 2>/dev/null
	done
	cd /
	for mount in $mounts; do
		if mounted "$mount"; then
			timeout 5 "$kmmfs" --stop "$mount" 2>/dev/null
		fi
		if mounted "$mount"; then
			umount -l "$mount" 2>/dev/null || fusermount3 -uzq "$mount"
		fi
	done
	[ -n "${KMM_KEEP-}" ] || rm -rf --one-file-system "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# kmm-enter said why not, in a file. In a chroot nobody can enter, in CI or elsewhere.
skip_entering() {
	if grep -q '/ is no mount point' "$1"; then
		echo "skipped: $(cat "$1")"
		exit 77
	fi
	skip "no namespaces here: $(cat "$1")"
}

skip() {
	echo "skipped: $*"
	if [ "${CI-}" = true ]; then
		echo "CI must be able to run this test"
		exit 1
	fi
	exit 77
}

# What this build cannot be asked.
not_for() {
	echo "skipped: $*"
	exit 77
}

# Anybody may leave out what this machine cannot do; CI has to do the rest.
leave_out() {
	echo "left out: $*"
}

mounted() {
	grep -q " $1 " /proc/self/mountinfo
}

# expect TEXT COMMAND...: the command succeeds.
expect() {
	text=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $text: $*"
	fi
}

not() {
	! "$@"
}

# says 'PATTERN' COMMAND...: its output, of both kinds, has a line that matches.
says() {
	pattern=$1
	shift
	said=$("$@" 2>&1)
	printf '%s\n' "$said" | grep -Eq -e "$pattern" ||
		{ echo "it said: $said"; return 1; }
}

# exits STATUS COMMAND...
exits() {
	wanted=$1
	shift
	"$@" >"$work/out" 2>&1
	got=$?
	[ "$got" = "$wanted" ] || { echo "exit $got, not $wanted:"; cat "$work/out"; return 1; }
}

# eventually COMMAND...: true within two seconds.
eventually() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		sleep 0.02
	done
}

gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:	Z' "/proc/$1/status" 2>/dev/null
}

new_mount() {
	mnt=$(mktemp -d "$work/mnt.XXXXXX")
	mounts="$mounts $mnt"
}

# start [OPTIONS]: a fresh mount on $mnt, its daemon in $daemon.
start() {
	new_mount
	if ! timeout 20 "$kmmfs" --pidfile "$work/pid" "$@" "$mnt" 2>>"$work/stderr"; then
		cat "$work/stderr"
		echo "the mount failed"
		exit 1
	fi
	# shellcheck disable=SC2034  # for the tests
	daemon=$(cat "$work/pid")
}

stop() {
	timeout 5 "$kmmfs" --stop "$mnt"
}

# in_background COMMAND...: runs until the end of the test; its pid in $helper.
in_background() {
	"$@" &
	helper=$!
	helpers="$helpers $helper"
}

now_ms() {
	date +%s%3N
}

# takes_at_most MS COMMAND...
takes_at_most() {
	limit=$1
	shift
	began=$(now_ms)
	"$@" || return 1
	took=$(($(now_ms) - began))
	[ "$took" -le "$limit" ] || { echo "$took ms, not $limit"; return 1; }
}

sanitized() {
	grep -qa __asan_init "$kmmfs"
}

is_root() {
	[ "$(id -u)" = 0 ]
}

# by_a_user: the whole test once more, as an ordinary user, who mounts by fusermount3.
# Where the device is not for everybody, one that is takes its place, in a mount
# namespace of this test alone. Programs and tests are copied to where a user can look.
by_a_user() {
	is_root || return 0
	if ! { command -v setpriv && command -v fusermount3; } >/dev/null ||
	   [ ! -u "$(command -v fusermount3)" ] || ! timeout 5 unshare -m true 2>/dev/null; then
		leave_out "an ordinary user: needs setpriv, unshare and a set-uid fusermount3"
		return 0
	fi
	chmod 755 "$work"
	mkdir -p "$work/user/src/tests" "$work/user/build/tests/mount" "$work/user/dev"
	cp -r "$KMM_SRCDIR/tests/mount" "$work/user/src/tests"
	cp "$kmmfs" "$KMM_BUILDDIR/kmm-enter" "$KMM_BUILDDIR/kmm-ctl" "$work/user/build"
	cp "$prober" "$work/user/build/tests/mount"
	chown -R 65534 "$work/user"
	cat >"$work/user/start" <<-'EOF'
		set -e
		mount --make-rprivate /
		mount -t tmpfs none "$1/dev"
		mknod -m 666 "$1/dev/fuse" c 10 229
		mount --bind "$1/dev/fuse" /dev/fuse
		cd "$1"
		exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$1" TMPDIR="$1" \
			KMM_SRCDIR="$1/src" KMM_BUILDDIR="$1/build" KMM_TIMED=1 sh "$1/src/tests/mount/$2"
	EOF
	unshare -m sh "$work/user/start" "$work/user" "$(basename "$0")" >"$work/by-user" 2>&1
	status=$?
	sed 's/^/as a user: /' "$work/by-user"
	expect "by an ordinary user" test "$status" = 0
}

finish() {
	# What the daemons reported: broken invariants, the sanitizers.
	if [ -s "$work/stderr" ]; then
		failed=$((failed + 1))
		cat "$work/stderr"
	fi
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}

[ -e /dev/fuse ] || skip "no /dev/fuse"
if ! is_root; then
	[ -r /dev/fuse ] || skip "/dev/fuse is not for this user"
	command -v fusermount3 >/dev/null || skip "no fusermount3"
fi
