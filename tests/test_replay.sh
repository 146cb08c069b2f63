#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kmm-replay: a trace that is written and read again comes to the same misses; few enough
# objects are missed once each; what is wrong is quoted.
set -u
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
replay=$build/kmm-replay

# The last column is time.
figures() {
	sed 's/ *[^ ]*$//'
}

"$replay" -z 5000,20000 -c 100 -c 1000 | figures > "$tmp/made"
"$replay" -z 5000,20000 -w "$tmp/trace" || complain "cannot write a trace"
[ "$(wc -c < "$tmp/trace")" = 480000 ] || complain "a record has 24 bytes"
"$replay" -c 100 -c 1000 "$tmp/trace" | figures > "$tmp/read"
"$replay" -c 100 -c 1000 - < "$tmp/trace" | figures > "$tmp/piped"
cmp -s "$tmp/made" "$tmp/read" && cmp -s "$tmp/made" "$tmp/piped" ||
	complain "a trace that was written is another: $(diff "$tmp/made" "$tmp/read")"
[ "$(grep -c . "$tmp/made")" = 9 ] || complain "not a line for each policy and capacity"

# As many pages as objects: each is missed once, by whatever policy.
objects=$("$replay" -p lru -c 5000 "$tmp/trace" | awk 'NR == 2 { print $4 }')
"$replay" -c 5000 "$tmp/trace" |
	awk -v n="$objects" 'NR > 1 && $4 != n { print $1 " misses " $4 " of " n " objects" }' \
	> "$tmp/odd"
[ ! -s "$tmp/odd" ] || complain "$(cat "$tmp/odd")"

# refuses STATUS WORDS ARGUMENT...
refuses() {
	status=$1 words=$2
	shift 2
	"$replay" "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
	[ "$rc" = "$status" ] || complain "kmm-replay $*: exit status $rc, not $status"
	grep -qF -- "$words" "$tmp/err" || complain "kmm-replay $*: $(cat "$tmp/err")"
	[ ! -s "$tmp/out" ] || complain "kmm-replay $*: it printed $(head -n 1 "$tmp/out")"
}

head -c 100 "$tmp/trace" > "$tmp/cut"
: > "$tmp/empty"
refuses 1 "$tmp/cut is no trace" "$tmp/cut"
refuses 1 "$tmp/empty has no accesses" "$tmp/empty"
refuses 1 "$tmp/none: No such file" "$tmp/none"
refuses 2 "clok is no policy" -p clok "$tmp/trace"
refuses 2 "many is not a number of pages" -c many "$tmp/trace"
refuses 2 "-1 is not a number of pages" -c -1 "$tmp/trace"
refuses 2 "5,x is not OBJECTS" -z 5,x
[ $failed -eq 0 ]
