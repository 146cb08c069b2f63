#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists of memory operations: ops-run must come to what real kernels came to, at each
# step. Lists and what came of them are below tests/golden/ops.
#
#	test_ops.sh [LIST...]
set -eu
src=${KMM_SRCDIR:-.}
build=${KMM_BUILDDIR:-build}
golden=$src/tests/golden/ops
if [ $# = 0 ]; then
	cd "$golden"
	set -- [0-9][0-9]-*
	cd "$OLDPWD"
fi

command -v xz >/dev/null || { echo "there is no xz"; exit 77; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/kmm-ops.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
status=0

for release in 6.18 6.1 6.1-i386 6.1-i386pae; do
	for list; do
		xz -dc "$golden/$list/$release.out.xz" >"$tmp/real"
		if ! "$build/tests/ops-run" -m "$golden/$release.machine" \
				"$golden/$list/ops.txt" >"$tmp/ours" 2>"$tmp/err"; then
			echo "$release $list: ops-run failed"
			cat "$tmp/err"
			status=1
		fi
		if ! awk -f "$src/tests/ops-compare.awk" "$tmp/real" "$tmp/ours" \
				>"$tmp/diff"; then
			cat "$tmp/diff"
			status=1
		fi
		printf '%s %s: %s\n' "$release" "$list" "$(tail -n 1 "$tmp/diff")"
	done
done
exit "$status"
