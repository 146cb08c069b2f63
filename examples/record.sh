#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Would this program swap on 64 MB? A real sort of 20 MB is recorded, and replayed on machines
# that we need not have.
#
#   sh examples/record.sh                 record it here, or take the recording that is shipped
#   sh examples/record.sh COMMAND...      the same question of another program
set -eu
# shellcheck source=examples/machine.sh
. "$(dirname "$0")/machine.sh"
golden=$(cd "${KMM_SRCDIR:-$(dirname "$0")/..}" && pwd)/tests/golden/record/sort.kmm.xz
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

step 'Record: its files, its calls with their results, each access that faulted.'
if [ $# -gt 0 ]; then
	"$build/kmm-record" -o recording "$@"
else
	awk 'BEGIN { for (i = 0; i < 530000; i++) printf "%037d\n", i * 7919 % 530003 }' > large.txt
	"$build/kmm-record" -o recording sort -o sorted.txt large.txt || {
		echo '(not here: the recording that is shipped)'
		xz -dc "$golden" > recording
	}
fi
grep -E '^# [0-9]+ processes' recording
sed -n '/execve/,$p' recording | grep -m 6 'ctl: '

# on MACHINE [OPTION...]: what sim/real says there of the pages.
on() {
	"$build/kmm-run" -m "$@" recording > "$dir/table" || status=$?
	cat "$dir/table"
	swapped=$(sed -n 's/^pages: \([0-9]*\) swapped out.*/\1/p' "$dir/table")
}

step 'On 4 GiB: every address and result is the real one, and so are memory and faults.'
on pc
expect 'swapped out' "$swapped" 0

step 'On 64 MiB with a disk to swap to.'
on tiny --set 'swap 0.size=256M'
echo "would it swap on 64 MB? $([ "$swapped" = 0 ] && echo no || echo "yes, $swapped pages")"

step 'On 24 MiB: all calls still give what they gave; there is only less memory behind them.'
on small
[ $# -gt 0 ] || expect 'does it swap' "$([ "$swapped" -gt 1000 ] && echo yes || echo no)" yes
