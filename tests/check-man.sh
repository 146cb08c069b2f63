#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each program's manual page has the options that its --help has, and no others. The
# pages of the tree and of the verbs are printed from the tables themselves. README.md
# names every page, shipped machine and experiment.
set -eu
src=${KMM_SRCDIR:-.} build=${KMM_BUILDDIR:-.}

status=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Words that are options, one a line.
options() {
	grep -oE -- '(^|[ ,])--?[A-Za-z][A-Za-z-]*' | tr -d ' ,' | LC_ALL=C sort -u
}

# The tags of the OPTIONS section: the line behind each .TP.
tags() {
	sed -n '/^\.SH OPTIONS/,/^\.SH/p' "$1" | sed -n '/^\.TP/{n;p;}' |
		sed 's/^\.[A-Z]* //; s/\\-/-/g; s/"//g'
}

for program in kmmfs kmm-run kmm-ctl kmm-capture kmm-compare kmm-enter kmm-record kmm-replay; do
	"$build/$program" --help | sed -n 's/^ *\(-.*\)$/\1/p' | sed 's/  .*//' |
		options >"$tmp/help"
	tags "$src/doc/$program.1" | options >"$tmp/man"
	if [ ! -s "$tmp/help" ] || ! diff "$tmp/help" "$tmp/man" >"$tmp/diff"; then
		echo "$program: < only in --help, > only in doc/$program.1" >&2
		grep '^[<>]' "$tmp/diff" >&2
		status=1
	fi
	grep -q "^\.BR $program (1)" "$src/doc/kmmfs.1" || [ "$program" = kmmfs ] || {
		echo "doc/kmmfs.1 does not point to $program" >&2
		status=1
	}
done

for page in "$build/doc/kmmfs-tree.7" "$build/doc/kmmfs-verbs.7" "$src"/doc/*.[138]; do
	command -v groff >/dev/null || break
	groff -man -Tutf8 -ww -Wbreak -z "$page" 2>"$tmp/warnings"
	[ ! -s "$tmp/warnings" ] || { cat "$tmp/warnings" >&2; status=1; }
done

# named WORD...: README.md has them.
named() {
	for word; do
		grep -qF -e "$word" "$src/README.md" || {
			echo "README.md does not name $word" >&2
			status=1
		}
	done
}

for page in "$src"/doc/*.[138]; do
	name=$(basename "$page")
	named "${name%.*}(${name##*.})"
done
for example in "$src"/examples/[!m]*.sh "$src"/examples/m[!a]*.sh; do
	named "\`$(basename "$example")\`"
done
sed -n '/kmmfs --list /s/.*# /, /p' "$src/README.md" | tr -d '\n' >"$tmp/readme"
"$build/kmmfs" --list | sed 's/ .*//; s/^/, /' | tr -d '\n' >"$tmp/list"
cmp -s "$tmp/list" "$tmp/readme" || {
	echo "README.md: the machines are not$(cat "$tmp/readme")" >&2
	status=1
}

[ "$status" = 0 ] && echo "the manual pages have the programs' options"
exit "$status"
