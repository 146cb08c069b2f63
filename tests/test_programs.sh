#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What all programs do alike: --help says what they take, what is wrong is quoted, and who
# cannot write what was asked for says so and fails.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
programs='kmmfs kmm-run kmm-ctl kmm-capture kmm-compare kmm-enter kmm-record kmm-replay'
cd "$tmp" || exit 99

# says STATUS PATTERN PROGRAM ARGUMENT...: one line on standard error, and nothing else.
says() {
	wanted=$1 pattern=$2 program=$3
	shift 3
	"$build/$program" "$@" > out 2> err < /dev/null
	status=$?
	[ $status = "$wanted" ] || complain "$program $*: status $status, not $wanted"
	[ ! -s out ] || complain "$program $*: prints $(head -1 out)"
	[ "$(wc -l < err)" = 1 ] && grep -q "^$program: .*$pattern" err ||
		complain "$program $*: does not say '$pattern' but: $(cat err)"
}

# takes WORDS PROGRAM: what --help says behind the options.
takes() {
	"$build/$2" --help | sed -n '/^Usage:/{n; p; q; }' | grep -qxF "  $2 [OPTION?]${1:+ }$1" ||
		complain "$2 --help: $("$build/$2" --help | sed -n 2p)"
}

takes '[MACHINE] MOUNTPOINT' kmmfs
takes '[SCRIPT|-]' kmm-run
takes 'TARGET LINE' kmm-ctl
takes '' kmm-capture
takes '[MOUNTPOINT|MACHINE]' kmm-compare
takes 'MOUNTPOINT [COMMAND...]' kmm-enter
takes 'COMMAND [ARGUMENT...]' kmm-record
takes '[TRACE|-]' kmm-replay

for program in $programs; do
	says 2 '--no-such-option.*--help' "$program" --no-such-option
done
says 2 'no command to record; see --help' kmm-record
says 2 'MOUNTPOINT is missing; see --help' kmm-enter
says 2 'TARGET and LINE are missing; see --help' kmm-ctl
says 2 'LINE is not one call; see --help' kmm-ctl -m /proc sim ''
says 2 'LINE is not one call; see --help' kmm-ctl -m /proc sim ' # a remark'
says 2 'LINE is not one call; see --help' kmm-ctl -m /proc sim 'drain
drain'
says 2 'TRACE or --zipf is missing; see --help' kmm-replay
says 2 'unexpected argument: more' kmm-capture more
says 2 'unexpected argument: more: --stop ends one mount' kmmfs --stop "$PWD" more
says 2 'no-such-machine' kmm-run -m no-such-machine
says 2 '/dev/zero: larger than 16M' kmm-run -m /dev/zero
says 2 '/: cannot be read: Is a directory' kmm-run -m /
says 2 'no-such-machine' kmm-compare no-such-machine
says 2 '/dev/zero: File too large' kmm-compare --real /dev/zero tiny
says 2 'belady is no policy' kmm-replay -z 10,20 -p lru -p belady
says 2 '1G is not a number of pages' kmm-replay -z 10,20 -c 1G
says 2 '10 is not OBJECTS,REQUESTS' kmm-replay -z 10
says 2 '10,-5 is not OBJECTS,REQUESTS' kmm-replay -z 10,-5
says 2 '10,5,nan is not OBJECTS,REQUESTS' kmm-replay -z 10,5,nan
says 2 'no-such-machine: there is no such file' kmm-replay -m no-such-machine -z 10,20
says 1 '/: Is a directory' kmm-replay /

# full PROGRAM ARGUMENT...: standard output takes nothing.
full() {
	program=$1
	shift
	if "$build/$program" "$@" > /dev/full 2> err; then
		complain "$program $*: succeeds, and prints nothing"
	fi
	grep -q "^$program: standard output: No space left" err ||
		complain "$program $*, which cannot print: says $(cat err)"
}

# refused SCRIPT SENTENCE: its first line
refused() {
	"$build/kmm-run" -m tiny "$1" > out 2> err
	status=$?
	[ $status = 1 ] && [ ! -s out ] && [ "$(cat err)" = "$1:1: $2" ] ||
		complain "kmm-run $1: status $status, $(cat out err)"
}

printf 'cat proc/uptime\0\n' > nul
head -c 3000000 /dev/zero | tr '\0' x > long
refused nul 'the line holds a NUL byte: write text (EBADMSG)'
refused /dev/zero 'the line holds a NUL byte: write text (EBADMSG)'
refused long 'a line has at most 4096 bytes (E2BIG)'

if [ -c /dev/full ]; then
	for program in $programs; do
		full "$program" --version
	done
	full kmmfs --list
	full kmm-run --list
	full kmm-run -m tiny -c 'cat proc/meminfo'
	full kmm-capture
	full kmm-compare tiny
	full kmm-replay -z 100,1000 -c 10
	says 1 '/dev/full: No space left' kmm-capture -o /dev/full
	says 1 '/dev/full: No space left' kmm-replay -z 100,1000 -w /dev/full
fi
echo "$failed wrong"
[ $failed -eq 0 ]
