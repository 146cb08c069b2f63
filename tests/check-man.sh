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

# wrong WORDS: this is not as it is written.
wrong() {
	echo "$*" >&2
	status=1
}

# doc/machine-file.md has each option of [config] with its defaults, and something asks it.
sed -n 's/^OPTION(\([A-Z0-9_]*\),[^"]*"\(.*\)",[^"]*"\(.*\)",[^"]*"\(.*\)",[^"]*".*/| `\1` | \2 | \3 | \4 |/p' \
	"$src/src/sim/boot/config_options.def" | LC_ALL=C sort >"$tmp/options"
sed -n '/^| key | 6\.1 | 6\.18 /,/^$/s/^\(| `[A-Z0-9_]*` |.*|.*|.*|\) .*|$/\1/p' \
	"$src/doc/machine-file.md" | LC_ALL=C sort >"$tmp/table"
[ -s "$tmp/table" ] && diff "$tmp/options" "$tmp/table" >"$tmp/diff" ||
	wrong "doc/machine-file.md: [config] (< is, > is written): $(cat "$tmp/diff")"
for option in $(sed 's/^| `//; s/`.*//' "$tmp/options"); do
	grep -rqF "\"$option\"" "$src/src/sim" "$src/src/fs" || wrong "nothing asks for [config] $option"
done

# Other keys of machine files, and verbs, are named where they belong.
for key in $(sed -n 's/^COST([A-Z_]*,[^"]*"\([a-z_]*\)".*/\1/p' "$src/src/sim/boot/cost.def") \
	$(sed -n 's/^	{ "\([a-z_]*\)", set_.*/\1/p' "$src/src/sim/boot/config_rows.c" \
		"$src/src/sim/boot/config_disk.c"); do
	[ "$key" = none ] || grep -qF "\`$key" "$src/doc/machine-file.md" ||
		wrong "doc/machine-file.md does not name $key"
done
"$build/kmm-run" -m tiny -c 'cat sim/help/index' | sed '1d; /^$/{2!q}; /^$/d; s/ .*//' >"$tmp/verbs"
[ "$(wc -l <"$tmp/verbs")" -gt 100 ] || wrong "sim/help/index has few verbs"
while read -r verb; do
	grep -qE "(^|[^a-z0-9_])$verb([^a-z0-9_]|$)" "$src/doc/language.md" ||
		wrong "doc/language.md does not name $verb"
done <"$tmp/verbs"

[ "$status" = 0 ] && echo "the manual pages have the programs' options"
exit "$status"
