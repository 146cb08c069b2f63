#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Out of memory: who is killed, why, and what the log says of it.
set -eu
. "$(dirname "$0")/machine.sh"
machine tiny "${1-}"
cd "$MNT"

state_of() {
	sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "sim/as/$1/status"
}

step 'Three programs. Points are pages: resident, swapped, and of tables; and as the owner says.'
for name in small large precious; do
	does init fork as $name
	case $name in large) size=24M;; *) size=2M;; esac
	does $name mmap 0 $size rw private,anon,populate as ${name}_memory
done
echo -1000 > sim/as/precious/oom_score_adj
for name in small large precious; do
	echo "$name: oom_score $(cat sim/as/$name/oom_score), oom_score_adj $(cat sim/as/$name/oom_score_adj)"
done
expect 'the score of who must not die' "$(cat sim/as/precious/oom_score)" 0

step 'Memory may be promised that is not there: a mapping costs nothing. The small one takes its word for it.'
does small mmap 0 256M rw private,anon,noreserve as much
echo 'store @much 256M' 2> /dev/null > sim/as/small/ctl || sed -n 's/^reason: //p' sim/last

step 'First the large one went; it was not enough, and then the small one was the worst itself.'
grep 'Killed process' sim/dmesg
expect 'kills' "$(awk '$1 == "oom_kill" { print $2 }' proc/vmstat)" 2
expect 'large' "$(state_of large)" Z
expect 'small' "$(state_of small)" Z
expect 'precious' "$(state_of precious)" S

step 'The report of the second: who asked, by which path, what there was, who could be chosen.'
awk '/invoked oom-killer/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' sim/dmesg |
	sed -n '1,/<\/TASK>/p; /Tasks state/,$p' | cut -c 1-130

step 'Without /proc/sys/vm/oom_kill_allocating_task, that is. With it, who asks dies: no search.'
echo 1 > proc/sys/vm/oom_kill_allocating_task
does init fork as unlucky
does unlucky mmap 0 256M rw private,anon,noreserve as much
echo 'store @much 256M' 2> /dev/null > sim/as/unlucky/ctl || sed -n 's/^reason: //p' sim/last
grep 'oom_kill_allocating_task' sim/dmesg | cut -c 1-100

step 'All is given back, and all invariants hold.'
does init wait4
does init wait4
does init wait4
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
