#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lines through the mount: as shells write them, split, in huge writes, interrupted.
. "$KMM_SRCDIR/tests/mount/lib.sh"
start
[ -e "$mnt/sim/ctl" ] || skip "this machine has no sim/ctl"
ctl=$mnt/sim/ctl

digest() {
	cat "$mnt/sim/digest"
}

expect "a line" "$prober" errno OK write "$ctl" 'alloc_pages 0
'
expect "a line without its end" "$prober" errno OK write "$ctl" 'alloc_pages 0'
expect ">>" "$prober" errno OK append "$ctl" 'alloc_pages 0
'
expect "a line that cannot be read" "$prober" errno EBADMSG write "$ctl" 'alloc_pages (((
'
expect "an unknown call" "$prober" errno ENOSYS write "$ctl" 'no_such_call
'
expect "sim/last" says no_such_call cat "$mnt/sim/last"
expect "the shell sees it" not sh -c "echo no_such_call 2>/dev/null >$ctl"
expect "a reply on the same file" says '^[0-9a-fx]' sh -c \
	"exec 3<>$ctl; echo alloc_pages 1 >&3; read -r reply <&3; echo \"\$reply\""
expect "an empty queue is the end" test -z \
	"$(exec 3<>"$ctl"; echo alloc_pages 0 >&3; read -r _ <&3; timeout 5 cat <&3)"
# Who waits for pressure is woken by what others write.
sim=$mnt/sim
echo "fork as eat" > "$mnt/proc/1/ctl"
"$prober" trigger "$mnt/proc/pressure/memory" "some 20000 1000000
" > "$work/trigger" 2>&1 &
helpers="$helpers $!"
waiter=$!
i=0
while [ ! -s "$work/trigger" ] && [ $((i += 1)) -lt 100 ]; do
	sleep 0.1
done
expect "it waits" says '^waits' cat "$work/trigger"
groups=$mnt/sys/fs/cgroup
echo +memory > "$groups/cgroup.subtree_control"
mkdir "$groups/g"
echo 1M > "$groups/g/memory.high"
awk '/^Pid:/ { print $2 }' "$sim/as/eat/status" > "$groups/g/cgroup.procs"
echo "mmap 0x10000000 8M rw private,anon,fixed" > "$sim/as/eat/ctl"
echo "store 0x10000000 8M" > "$sim/as/eat/ctl"
mkdir "$groups/threads"
echo threaded > "$groups/threads/cgroup.type"
expect "processes of a threaded group" "$prober" errno EOPNOTSUPP read "$groups/threads/cgroup.procs"
expect "they are written" "$prober" errno OK write-both "$groups/threads/cgroup.procs" "$(
	awk '/^Pid:/ { print $2 }' "$sim/as/init/status")"
expect "the group waits" says 'total=[1-9]' cat "$groups/g/memory.pressure"
echo "tick 1s" > "$ctl"
wait "$waiter"
expect "it was woken" says '^woken' cat "$work/trigger"
expect "check" says '^clean' cat "$mnt/sim/check"
expect "stop" stop

# The same lines give the same machine, wherever a write cuts them.
i=0
while [ "$i" -lt 2500 ]; do
	echo "alloc_pages $((i % 4)) as block"
	echo "# a comment that makes the next line begin somewhere else: $i"
	echo "free_pages @block $((i % 4))"
	echo "alloc_pages 0"
	i=$((i + 1))
done >"$work/script"
first=''
for size in 4096 4097 65536 100000 1048576 3000000; do
	start tiny
	expect "pieces of $size" timeout 60 "$prober" chunks "$size" "$work/script" \
		"$mnt/sim/ctl"
	now=$(digest)
	: "${first:=$now}"
	expect "digest by pieces of $size" test "$now" = "$first"
	stop
done
start tiny
expect "by cat" sh -c "cat $work/script >$mnt/sim/ctl"
expect "digest by cat" test "$(digest)" = "$first"
stop

# A writer that is killed leaves each line done or not begun.
start tiny
expect "killed writers" timeout 300 "$prober" killed "${KMM_KILLS:-100}" "$mnt/sim/ctl" \
	'alloc_pages 0 as one
free_pages @one 0
alloc_pages 3 as more
free_pages @more 3
'
expect "killed: they wrote" test "$(grep -c free_pages "$mnt/sim/log")" -ge "${KMM_KILLS:-100}"
expect "killed: check" says '^clean' cat "$mnt/sim/check"
before=$(digest)
grep -v '^#' "$mnt/sim/log" >"$work/log" || :
if [ -x "$KMM_BUILDDIR/kmm-run" ] && [ -s "$work/log" ]; then
	echo "cat sim/digest" >>"$work/log"
	expect "killed: the journal is the state" says "$before" \
		"$KMM_BUILDDIR/kmm-run" -k -m tiny "$work/log"
fi
stop

# A file that has nothing to say of a success: slabs that remain are no error.
start tiny
for cache in vm_area_struct task_struct kmalloc-64; do
	expect "shrink $cache" sh -c "echo 1 >$mnt/sys/kernel/slab/$cache/shrink"
	expect "shrink $cache: result" says 'result: 0' cat "$mnt/sim/last"
done
stop
finish
