#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Ten million calls, made by the host's own kernel too: small pages, huge pages where they
# are asked for, huge pages everywhere. usage: diff-long.sh [MILLIONS [SEED]]; another seed
# each day, which is printed, as is how far it is.
millions=${1:-10}
seed=${2:-$(date +%Y%m%d)000000}
diff=${KMM_BUILDDIR:-.}/tests/diff_host

run()
{
	echo "== diff_host $*"
	"$diff" "$@"
	rc=$?
	test $rc = 77 && exit 0
	test $rc = 0 || exit 1
}

run -n $((millions * 600000)) -s "$seed"
run -H -n $((millions * 200000)) -s "$seed"
run -A -n $((millions * 200000)) -s "$seed"
