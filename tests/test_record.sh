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
# files, because they were written a moment ago, maps them whole: that is said.
as_recorded() {
	"$build/kmm-record" -o "$name.kmm" "$@" > "$name.stdout" 2> "$name.stderr" < /dev/null
	"$build/kmm-run" -m pc "$name.kmm" > "$name.out" 2>&1 || return 1
	wanted=$(grep -c real_figures "$name.kmm")
	near=$(sed -n "s/^processes: $wanted, \([0-9]*\) of them.*/\1/p" "$name.out")
	large=$(grep -c 'large folios of files, mapped whole' "$name.out") || true
	[ "$wanted" = $((near + large)) ]
}
# recorded NAME COMMAND...: its files are in memory, for it ran before. A fault maps the pages
# around it as well, but for those that another process is mapping just then, which have a
# fault of their own later: that is seldom, and what parts once has to part again.
recorded() {
	name=$1
	shift
	"$@" > "$name.stdout" 2> "$name.stderr" < /dev/null || true
	as_recorded "$@" || { cat "$name.out" && as_recorded "$@"; } || fail "$name: $(cat "$name.out")"
	echo "$name: $(grep -c ' = ' "$name.kmm") results, $wanted processes as recorded"
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
# Who may not see what the kernel faults.
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 777 . && umask 0
	nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
	if $nobody "$build/kmm-record" -o user.kmm true 2> user.err; then
		# shellcheck disable=SC2086,SC2016
		$nobody "$build/kmm-record" -o user.kmm sh -c 'echo $(ls /usr | sort)' > user.stdout
		"$build/kmm-run" -m pc user.kmm > user.out || fail "a user's: not as recorded"
		grep -q "^processes: 4, 4 of them" user.out || fail "a user's: $(cat user.out)"
		echo "a user's: 4 processes as recorded"
	fi
fi
! command -v python3 > /dev/null || recorded python python3 -c 'x = bytearray(20 << 20)'
