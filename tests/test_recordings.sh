#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings of real programs, made by kmm-record on a 6.18 and replayed: each result is the
# real one, and each process is within 2 % of what it was. Where memory is short the calls
# give the same. A recording that was falsified fails.
set -eu
golden=$(cd "${KMM_SRCDIR:-.}" && pwd)/tests/golden/record
build=$(cd "${KMM_BUILDDIR:-.}" && pwd)
command -v xz > /dev/null || { echo "skipped: there is no xz" >&2; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
	echo "$*" >&2
	exit 1
}

for file in "$golden"/*.kmm.xz; do
	name=$(basename "$file" .kmm.xz)
	xz -dc "$file" > "$name.kmm"
	"$build/kmm-run" -m pc "$name.kmm" > "$name.out" || fail "$name: not as recorded"
	# No line that was let pass: all within 2 %, and no machine so large swaps.
	wanted=$(grep -c 'real_figures' "$name.kmm")
	grep -q "^processes: $wanted, $wanted of them" "$name.out" || fail "$name: $(cat "$name.out")"
	grep -q '^pages: 0 swapped out' "$name.out" || fail "$name swaps"
	echo "$name: $(grep -c ' = ' "$name.kmm") results, $wanted processes as recorded"
done

"$build/kmm-run" -m small sort.kmm > small.out || fail "sort on 24 MiB: other results"
swapped=$(sed -n 's/^pages: \([0-9]*\) swapped.*/\1/p' small.out)
[ "$swapped" -gt 1000 ] || fail "sort does not swap on 24 MiB: $(cat small.out)"
grep -q 'parts of it are in swap$' small.out || fail "no cause: $(cat small.out)"
echo "sort on 24 MiB: $swapped pages swapped out"

# wrong NAME SED: a change that must be found, by a line that fails.
wrong() {
	sed "$2" ls.kmm > wrong.kmm
	! cmp -s ls.kmm wrong.kmm || fail "$1: nothing changed"
	if "$build/kmm-run" -m pc wrong.kmm > /dev/null 2> wrong.err; then
		fail "$1: not found"
	fi
	grep -q "$1" wrong.err || fail "$1: $(cat wrong.err)"
}
wrong 'nothing explains' 's/real_figures([0-9]*/&9/'
wrong 'has another name' '/real_vma.*libc/s/libc/libd/'
wrong 'the mapping is' '/real_vma.*r-xp/s/r-xp/r--p/'
wrong 'as expected' '/mmap.*= 0x/s/...$/abc/'
grep -v '^sim/as/.*store' ls.kmm > wrong.kmm
if "$build/kmm-run" -m pc wrong.kmm > /dev/null 2>&1; then
	fail "accesses are missing: not found"
fi
