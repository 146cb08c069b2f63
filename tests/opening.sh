# SPDX-License-Identifier: GPL-2.0-or-later
# How tests that run the programs begin: each sources this. $here is the source, $build what was
# built of it, $tmp a directory that goes with the test. A test that finds something wrong says
# so with `complain`, goes on, and ends with the status of `[ $failed -eq 0 ]`.
# shellcheck shell=sh

# shellcheck disable=SC2034  # here, tmp: for the tests
here=${KMM_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
build=${KMM_BUILDDIR:-$PWD}
[ -x "$build/kmm-run" ] || {
	echo "there is no kmm-run in '$build': set KMM_BUILDDIR to where make ran"
	exit 99
}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/kmm-test.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
failed=0

# complain SENTENCE: $about, where the test says so, is what it looks at just now.
complain() {
	echo "${about:+$about: }$*"
	failed=$((failed + 1))
}

# needs TOOL...: without one of them the test is skipped.
needs() {
	for tool; do
		command -v "$tool" > /dev/null || { echo "skipped: no $tool"; exit 77; }
	done
}
