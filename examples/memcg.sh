#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory cgroups: who is charged, what a limit does, what protection is worth, and a group that dies as one.
set -eu
. "$(dirname "$0")/machine.sh"
machine pc "${1-}"
cd "$MNT"

groups=sys/fs/cgroup
pid_of() {
	sed -n 's/ .*//p;q' "sim/as/$1/stat"
}
event() {
	awk -v name="$2" '$1 == name { print $2 }' "$groups/$1/memory.events"
}
eats() {
	does "$1" mmap 0 "$2" rw private,anon as "$1_memory"
	printf 'store @%s_memory %s\n' "$1" "$2" 2> /dev/null > "sim/as/$1/ctl" ||
		sed -n 's/^reason: //p' sim/last
}

step 'A directory is a group; its parent passes the controller on. A process is put into it by its pid.'
echo +memory > $groups/cgroup.subtree_control
mkdir $groups/web $groups/batch
for name in web batch; do
	does init fork as $name
	pid_of $name > $groups/$name/cgroup.procs
done
cat "proc/$(pid_of web)/cgroup"

step 'It is charged for what it touches, and each CPU keeps up to 64 pages in advance: current is a bit more than the sum.'
eats web 20M
grep -E '^(anon|kernel|pagetables) ' $groups/web/memory.stat
echo "current: $(cat $groups/web/memory.current)"
expect 'anonymous memory' "$(awk '$1 == "anon" { print $2 }' $groups/web/memory.stat)" 20971520

step 'A limit: reclaim first, of this group alone; if nothing comes of it, somebody of the group is killed.'
echo 32M > $groups/batch/memory.max
eats batch 64M
cat $groups/batch/memory.events
grep -E 'memory: usage|oom-kill:|Memory cgroup out of memory' sim/dmesg | cut -c 1-140
expect 'kills' "$(event batch oom_kill)" 1
expect 'the neighbour lives' "$(awk '$1 == "populated" { print $2 }' $groups/web/cgroup.events)" 1
grep 'try_to_free_mem_cgroup_pages' sim/why | tail -n 1 | cut -c 1-160

step 'memory.high does not kill: who goes beyond it reclaims, and waits. The clock of the machine tells.'
does init wait4
does init fork as batch2
pid_of batch2 > $groups/batch/cgroup.procs
echo max > $groups/batch/memory.max
echo 16M > $groups/batch/memory.high
eats batch2 24M
grep 'handle_over_high' sim/why | tail -n 1 | cut -c 1-160
expect 'it has all of it' "$(($(cat $groups/batch/memory.current) >> 20))" 24

step 'memory.oom.group: the whole group goes.'
echo max > $groups/batch/memory.high
echo 1 > $groups/batch/memory.oom.group
echo 32M > $groups/batch/memory.max
does init fork as batch3
pid_of batch3 > $groups/batch/cgroup.procs
eats batch3 20M
expect 'who is left' "$(awk '$1 == "populated" { print $2 }' $groups/batch/cgroup.events)" 0

step 'A group goes when nobody is in it, and all invariants hold.'
does init wait4
does init wait4
rmdir $groups/batch
expect sim/check "$(sed 's/ .*//;q' sim/check)" clean
