#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists of memory operations: ops-run must come to what real kernels came to, at each
# step. Lists and what came of them are below tests/golden/ops; those below
# tests/golden/calls were run by a program that makes more calls, each on the release
# (and, numa: with three nodes) that its result is named for.
#
#	test_ops.sh [LIST...]
set -eu
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
needs xz
golden=$here/tests/golden/ops
if [ $# = 0 ]; then
	cd "$golden"
	set -- [0-9][0-9]-* ../calls/*
	cd "$OLDPWD"
fi

# RELEASE LIST [FLAG VAR]
run_list()
{
	if ! "$build/tests/ops-run" ${3:-} -m "$golden/$1.machine" "$golden/$2/ops.txt" \
			>"$tmp/ours" 2>"$tmp/err"; then
		echo "$1 $2: ops-run failed"
		cat "$tmp/err"
		failed=1
	fi
	xz -dc "$golden/$2/$1.out.xz" >"$tmp/real"
	if ! awk ${4:-} -f "$here/tests/ops-compare.awk" "$tmp/real" "$tmp/ours" \
			>"$tmp/diff"; then
		cat "$tmp/diff"
		failed=1
	fi
	printf '%s %s: %s\n' "$1" "${2#../calls/}" "$(tail -n 1 "$tmp/diff")"
}

for release in 6.18 6.1 6.1-failure 6.1-i386 6.1-i386pae 6.18-numa 6.1-numa; do
	for list; do
		[ -f "$golden/$list/$release.out.xz" ] || continue
		case $list in
		../calls/*) run_list "$release" "$list" -s -vstill=1 ;;
		*) run_list "$release" "$list" ;;
		esac
	done
done
[ $failed -eq 0 ]
