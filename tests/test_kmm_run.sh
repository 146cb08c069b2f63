#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kmm-run from outside: exit status, messages, headings, replies, standard input.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
run=$build/kmm-run
passed=0

# expect NAME STATUS OUTPUT ERRORS: of the last run
expect() {
	out=$(cat "$tmp/out") err=$(cat "$tmp/err")
	if [ "$status" = "$2" ] && [ "$out" = "$3" ] && [ "$err" = "$4" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s: status %s\n--- output\n%s\n--- errors\n%s\n' \
			"$1" "$status" "$out" "$err"
	fi
}

run() {
	"$run" -m tiny "$@" > "$tmp/out" 2> "$tmp/err"
	status=$?
}

cd "$tmp" || exit 99
printf '# comment\ntick\n\nnonsense 5\ntick x\n' > bad.kmm
printf 'alloc_pages 0 as x\nfree_pages @x = 0\nfree_pages @x = -1 EINVAL\n' > good.kmm

run good.kmm
expect "a script that succeeds" 0 "" ""

run bad.kmm
sed -i 's/: the nearest is [a-z]*, / (/' err
expect "it stops at the first failure" 1 "" \
	"bad.kmm:4: 'nonsense' is not a call (sim/help has them all (ENOSYS)"

run -k bad.kmm
[ "$(wc -l < err)" -eq 2 ] && grep -q '^bad.kmm:4: ' err && grep -q "^bad.kmm:5: 'x'" err
[ $? -eq 0 ] && echo "both" > err
expect "-k goes on" 1 "" "both"

run -c 'tick 5ms' -c 'nonsense' -c 'tick'
sed -i 's/ is not a call.*//' err
expect "-c is numbered" 1 "" "-c:2: 'nonsense'"

run -v -c 'alloc_pages 99 = -1 EINVAL' -c tick
expect "-v prints replies" 0 "-1 EINVAL (order 99 is beyond 10, the largest block)
0" ""

run -c 'cat sim/result' -c tick -c 'cat sim/result' -c 'cat /sim/result'
expect "headings between several cats" 0 "==> sim/result <==

==> sim/result <==
0

==> /sim/result <==
0" ""

run -c tick -c 'cat sim/result'
expect "one cat has none" 0 "0" ""

printf 'tick\ncat sim/result' | "$run" -m tiny - > out 2> err
status=$?
expect "standard input, last line without newline" 0 "0" ""

printf 'tick\ntick y' | "$run" -m tiny > out 2> err
status=$?
sed -i 's/ is not a time.*//' err
expect "its errors" 1 "" "-:2: 'y'"

run good.kmm -c 'cat sim/log'
expect "-c comes behind SCRIPT" 0 "# machine tiny
sim/ctl: alloc_pages 0 as x = $(sed -n 's/.*as x = //p' out)
sim/ctl: free_pages @x = 0" ""

cp out again.kmm
run again.kmm -c 'cat sim/digest'
mv out first
run good.kmm -c 'cat sim/digest'
cmp -s first out && echo same > out
expect "a log is a script that ends in the same digest" 0 "same" ""

run -c 'cat no/such'
expect "a file that is not there" 1 "" "-c:1: 'no/such': No such file or directory (ENOENT)"

for usage in --nonsense "one two" "--set x=y -c tick" /no/such/script; do
	# shellcheck disable=SC2086
	run $usage
	: > out
	[ -s err ] && : > err || echo "no message" > err
	expect "usage: $usage" 2 "" ""
done
"$run" -m /no/such/machine -c tick > out 2> err
status=$?
[ -s err ] && : > err
expect "no such machine" 2 "" ""

"$run" --list > out 2> err
status=$?
grep -q '^tiny ' out && : > out
expect "--list" 0 "" ""

# A long script with a failure deep inside: the line is found.
seq 30000 | sed 's/.*/tick 1ns/' > long.kmm
echo 'nonsense' >> long.kmm
seq 30000 | sed 's/.*/tick 1ns/' >> long.kmm
run long.kmm
sed -i 's/ is not.*//' err
expect "line 30001" 1 "" "long.kmm:30001: 'nonsense'"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
