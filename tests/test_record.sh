#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of this machine, recorded and replayed: one process and many, threads, children of
# fork, vfork and execve, pipes, files that are written, a signal. Each process is within 2 %
# of what it was. Another kernel than 6.18, or one that forbids to trace, is another test.
set -eu
build=$(cd "${KMM_BUILDDIR:-.}" && pwd)

skip() {
	echo "skipped: $*" >&2
	exit 77
}
fail() {
	echo "$*" >&2
	exit 1
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# What is wrong is said, by the status, too.
status=0
"$build/kmm-record" -o x true 2> x.err || status=$?
[ "$status" != 125 ] || skip "$(cat x.err)"
rm x
status=0
"$build/kmm-record" -o x ./no-such-command 2> x.err || status=$?
[ "$status" = 127 ] || fail "no command: status $status"
grep -q 'no-such-command: there is no such program' x.err || fail "no command: $(cat x.err)"
status=0
"$build/kmm-record" -o x /dev/null 2> x.err || status=$?
[ "$status" = 126 ] || fail "no program: status $status"
grep -q '/dev/null: this is no program' x.err || fail "no program: $(cat x.err)"
[ ! -e x ] || fail "nothing ran, and left a recording"
"$build/kmm-record" 2> x.err && fail "nothing to record" || [ $? = 2 ]
grep -q 'there is no command to record' x.err || fail "nothing to record: $(cat x.err)"
status=0
"$build/kmm-record" -o x sh -c 'exit 7' || status=$?
[ "$status" = 7 ] || fail "exit 7: status $status"
status=0
"$build/kmm-record" -o x sh -c 'kill -9 $$' || status=$?
[ "$status" = 137 ] || fail "killed: status $status"
case $(uname -r -m) in
6.18*x86_64) ;;
*) skip "the host runs $(uname -r), not a 6.18 for x86-64" ;;
esac

# as_recorded COMMAND...: $name.out says what differs. A host whose cache has large folios of the
# files, because they were written a moment ago, maps them whole: that is said. Who it runs for
# is said by $as.
as=
as_recorded() {
	$as "$build/kmm-record" -o "$name.kmm" "$@" > "$name.stdout" 2> "$name.stderr" < /dev/null
	"$build/kmm-run" -m pc "$name.kmm" > "$name.out" 2>&1 || return 1
	wanted=$(grep -c real_figures "$name.kmm")
	near=$(sed -n "s/^processes: $wanted, \([0-9]*\) of them.*/\1/p" "$name.out")
	large=$(grep -c 'large folios of files, mapped whole' "$name.out") || true
	[ "$wanted" = $((near + large)) ]
}
# recorded NAME COMMAND...: its files are in memory, for it ran before. A fault maps the pages
# around it as well, but for those that another process is mapping just then, which have a
# fault of their own later, and a host may take its cache back at any time: that is seldom, and
# what parts has to part three times.
recorded() {
	name=$1
	shift
	$as "$@" > "$name.stdout" 2> "$name.stderr" < /dev/null || true
	for try in 1 2 3; do
		if as_recorded "$@"; then
			echo "$name: $(grep -c ' = ' "$name.kmm") results, $wanted processes as recorded"
			return
		fi
		echo "$name, $try: $(cat "$name.out")"
	done
	fail "$name: not as recorded"
}
recorded true true
# Another kernel is said to be one, before anything else.
for other in '-m i386' '--set release=6.1'; do
	# shellcheck disable=SC2086
	if "$build/kmm-run" $other true.kmm > other.out 2>&1; then
		fail "$other: replayed"
	fi
	grep -q '^true.kmm:3: this was recorded on Linux 6.18 of 64 bits' other.out || fail "$other: $(cat other.out)"
done
recorded ls ls -R /usr/share/doc
# shellcheck disable=SC2016
recorded shell sh -c 'for i in 1 2 3; do echo $i | cat | wc -c; done; x=$(date); : > file; cat file'
seq 200000 > numbers
recorded sort sort --parallel=2 -r -o sorted numbers
# Ours may have sanitizers, and who is traced is not searched for leaks.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
# What reads and then writes runs beside what is stopped again and again.
for who in '' thread; do
	for turn in 1 2 3 4 5 6 7 8; do
		"$build/kmm-record" -o apart.kmm "$build/tests/reads_writes" $who
		loads=$(grep -c 'ctl: load' apart.kmm)
		[ "$loads" -ge 200 ] || fail "apart $who, turn $turn: $loads reads, some were taken for writes"
	done
	recorded "apart$who" "$build/tests/reads_writes" $who
done
recorded killed sh -c '(kill -9 $$) & wait'
# Who may not see what the kernel faults, nor what is cached of a file that is not his.
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 777 . && umask 0
	as="setpriv --reuid 65534 --regid 65534 --clear-groups"
	if $as "$build/kmm-record" -o user.kmm true 2> user.err; then
		# shellcheck disable=SC2016
		recorded user sh -c 'echo $(ls /usr | sort)'
		name=cold
		cp "$(command -v sort)" cold && chmod 755 cold
		for try in 1 2 3; do
			dd of=cold oflag=nocache conv=notrunc,fdatasync count=0 2> /dev/null
			! as_recorded ./cold --help || break
			[ "$try" != 3 ] || fail "cold: $(cat cold.out)"
		done
		grep -q 'real_figures([0-9]*, [0-9]*, [0-9]*, [01], ' cold.kmm || fail "cold: files were not read in"
	fi
	as=
fi
! command -v python3 > /dev/null || recorded python python3 -c 'x = bytearray(20 << 20)'
# Memory that no call reads, kmm-record's neither.
cat > secret.py <<'END'
import ctypes, os
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
fd = libc.syscall(447, 0)
assert fd >= 0
os.ftruncate(fd, 65536)
ctypes.memset(libc.mmap(None, 65536, 3, 1, fd, 0), 7, 20000)
END
if command -v python3 > /dev/null && python3 secret.py 2> secret.err; then
	recorded secret python3 secret.py
	grep -q 'memfd_secret(0) = ' secret.kmm || fail "secret: the call was left out"
fi
