#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For `make check-long`: the same random lines give one digest, whatever compiled the
# program and wherever its memory lies. Builds the engine with each compiler that is
# installed, with and without optimisation, and runs each with and without address
# space randomisation.
set -eu
src=$(cd "${KMM_SRCDIR:-.}" && pwd)
work=$(mktemp -d)
trap 'cd /; rm -rf "$work"' EXIT

# digest PROGRAM...: what it ends with.
digest() {
	"$@" -n 100000 -s 3 2> /dev/null | sed -n 's/.*digest //p'
}

wanted=''
# check NAME PROGRAM...
check() {
	name=$1
	shift
	found=$(digest "$@")
	: "${wanted:=$found}"
	printf '%s %s\n' "$found" "$name"
	[ -n "$found" ] && [ "$found" = "$wanted" ] && return
	printf '%s ends with another digest than the builds before it\n' "$name" >&2
	exit 1
}

for cc in gcc clang; do
	command -v "$cc" > /dev/null || continue
	for level in -O0 -O2; do
		mkdir "$work/$cc$level"
		cd "$work/$cc$level"
		CC=$cc "$src/configure" -q CFLAGS="$level" > /dev/null
		make -s -j"$(nproc)" tests/fuzz_lines > /dev/null 2>&1
		check "$cc $level" ./tests/fuzz_lines
		if setarch -R true 2> /dev/null; then
			check "$cc $level, no randomisation" setarch -R ./tests/fuzz_lines
		fi
	done
done
