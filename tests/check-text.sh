#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts and spelling, as far as shellcheck and codespell are installed; where
# neither is, this is skipped.
set -eu
cd "${KMM_SRCDIR:-.}"

status=0
ran=no

if command -v shellcheck >/dev/null; then
	ran=yes
	find examples tests -name '*.sh' -exec shellcheck -x -S warning quickstart {} + ||
		status=1
fi

# Words of the kernel that look like mistakes.
kernel_words=inflight,damon,filp,fro,iput,uptodate
if command -v codespell >/dev/null; then
	ran=yes
	codespell -q 3 -L "$kernel_words" README.md NEWS CONTRIBUTING.md quickstart doc examples \
		src tests/*.[ch] tests/*.sh tests/mount tools || status=1
fi

if grep -rnwE 'TO''DO|FIX''ME|XX''X' src tools tests/*.[ch] tests/*.sh doc; then
	echo "unfinished" >&2
	status=1
fi

[ "$status" = 0 ] || exit 1
[ "$ran" = yes ] || exit 77
echo "scripts and spelling are fine"
