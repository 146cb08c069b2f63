#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The README's tour, line by line: each `$ command` of its console blocks runs in a
# fresh default machine and has to print what stands below it. With --update the
# README is rewritten with what is printed now; read the difference.
set -eu
src=$(cd "${KMM_SRCDIR:-.}" && pwd)
build=$(cd "${KMM_BUILDDIR:-build}" && pwd)

if [ ! -w /dev/fuse ]; then
	[ "${CI-}" = true ] && exit 1
	exit 77
fi
work=$(mktemp -d)
mkdir "$work/mnt"
trap 'cd /; "$build/kmmfs" --stop "$work/mnt"; rm -rf "$work"' EXIT
"$build/kmmfs" "$work/mnt"

# Copies the README and runs its commands on the way, in one shell.
tour() {
	in_block=no
	while IFS= read -r line; do
		case $in_block:$line in
		no:'```console') in_block=yes; printf '%s\n' "$line" ;;
		yes:'```') in_block=no; printf '%s\n' "$line" ;;
		yes:'$ '*) printf '%s\n' "$line"
			(cd "$work/mnt" && sh -c "${line#??}" 2> /dev/null < /dev/null) || true ;;
		yes:*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

# What ./quickstart shows on this machine is taken back by its last line.
sed -n "s/^\tshow '\(.*\)'\$/\1/p" "$src/quickstart" > "$work/shown"
[ -s "$work/shown" ]
(cd "$work/mnt" && sh "$work/shown") > "$work/out" 2>&1 < /dev/null
[ "$(tail -n 1 "$work/out")" = '# machine pc' ] || { cat "$work/out"; exit 1; }

tour < "$src/README.md" > "$work/README.md"
if [ "${1-}" = --update ]; then
	cp "$work/README.md" "$src/README.md"
else
	diff -u "$src/README.md" "$work/README.md"
fi
