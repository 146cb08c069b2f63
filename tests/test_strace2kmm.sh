#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of this machine, recorded with strace and run again in the simulation: each
# mmap and brk gives the recorded address, and the maps in the end are the recorded ones.
# What the addresses are is the host kernel's: another than 6.18 is another test. Before it,
# calls that few programs make, from a log.
set -eu
srcdir=$(cd "${KMM_SRCDIR:-.}" && pwd)
build=$(cd "${KMM_BUILDDIR:-.}" && pwd)

skip() {
	echo "skipped: $*" >&2
	exit 77
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A log of calls on descriptors, segments, other processes and userfaultfd: each gives
# what was recorded; two say nothing that could be asked again.
log=$srcdir/tests/golden/strace/calls.log
sh "$srcdir/tools/strace2kmm" "$log" > "$dir/calls.kmm"
"$build/kmm-run" -m tiny "$dir/calls.kmm" > /dev/null
[ "$(grep -c '^sim/as/p77/ctl: ' "$dir/calls.kmm")" = "$(($(grep -c '^77 [a-z]' "$log") - 2))" ]
grep -q '^# left out:.*UFFDIO_WRITEPROTECT' "$dir/calls.kmm"
echo "calls: $(grep -c ' = ' "$dir/calls.kmm") results as recorded"

# says STATUS WORDS ARGUMENT...: on standard error, and nothing else.
says() {
	wanted=$1 words=$2 status=0
	shift 2
	sh "$srcdir/tools/strace2kmm" "$@" > "$dir/out" 2> "$dir/err" || status=$?
	[ "$status" = "$wanted" ] && [ ! -s "$dir/out" ] && grep -q "^strace2kmm: $words" "$dir/err" || {
		echo "strace2kmm $*: status $status, says $(cat "$dir/err")"
		exit 1
	}
}
says 2 'Unknown option -Q; see --help' -Q
says 2 'Unknown option --nonsense; see --help' --nonsense
says 2 'one LOG at a time, not also b' a b
says 1 "$dir/none: No such file" "$dir/none"
says 1 "$dir: Is a directory" "$dir"
sh "$srcdir/tools/strace2kmm" --help | grep -q '^Usage: strace2kmm'
[ "$(sh "$srcdir/tools/strace2kmm" --version)" = "$("$build/kmm-run" --version | sed 's/^kmm-run/strace2kmm/')" ]

# What strace prints is a line as it is, but for addresses and pids.
"$build/kmm-run" "$srcdir/tests/golden/strace/as-printed.kmm" > /dev/null
echo "as printed: $(grep -c ' = ' "$srcdir/tests/golden/strace/as-printed.kmm") calls"

case $(uname -r -m) in
6.18*x86_64) ;;
*) skip "the host runs $(uname -r), not a 6.18 for x86-64" ;;
esac
command -v setarch > /dev/null || skip "there is no setarch"
cd "$dir"
setarch -R strace -f -o probe true 2> /dev/null || skip "strace may not trace here"

vsyscall=none
! grep -q vsyscall /proc/self/maps || vsyscall=xonly
record() {
	name=$1
	shift
	# How much environment there is decides how deep the stack begins: as little as can be.
	env -i PATH="$PATH" setarch -R strace -f -o "$name.log" "$@" > "$name.stdout"
	sh "$srcdir/tools/strace2kmm" "$name.log" > "$name.kmm"
	{
		printf '[config]\nLEGACY_VSYSCALL = %s\n' "$vsyscall"
		printf '[machine]\nrelease = 6.18\n[node 0]\ncpus = 0-1\nmemory = 2G\n'
		sh "$srcdir/tools/strace2kmm" -m "$name.log"
	} > "$name.machine"
	grep -Eq 'mmap.* = 0x' "$name.kmm"
}

record ls ls
record bash bash -c true
for name in ls bash; do
	"$build/kmm-run" -m "$name.machine" "$name.kmm" > /dev/null
	echo "$name: $(grep -Ec '(mmap|brk).* = 0x' "$name.kmm") addresses as recorded"
done

# What cat saw of itself; its buffer was still mapped then.
record cat cat /proc/self/maps
task=$(grep -oE 'sim/as/p[0-9]+' cat.kmm | tail -1)
last=$(grep -n 'munmap' cat.kmm | tail -1 | cut -d: -f1)
{
	sed "${last}d; /exit_group/d" cat.kmm
	echo "cat $task/maps"
} > maps.kmm
"$build/kmm-run" -m cat.machine maps.kmm > maps.out
awk '{ print $1, $2, $3, $6 }' cat.stdout > expected
awk '{ print $1, $2, $3, $6 }' maps.out > found
diff expected found
echo "cat: $(wc -l < found) mappings as recorded"
