#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kmm-enter: what is inside, what gets out (nothing), what it says when it cannot.
. "$KMM_SRCDIR/tests/mount/lib.sh"
enter=$KMM_BUILDDIR/kmm-enter

inside() {
	timeout 20 "$enter" "$mnt" "$@"
}

# prints TEXT COMMAND...: inside, that and nothing else.
prints() {
	wanted=$1
	shift
	got=$(inside "$@" 2>&1)
	[ "$got" = "$wanted" ] || { echo "it printed: $got"; return 1; }
}

# Before there is a machine.
mkdir "$work/empty"
expect "no machine" says 'no machine is mounted there; start one: kmmfs' "$enter" "$work/empty"
expect "no machine's status" exits 1 "$enter" "$work/empty"
expect "no directory" says 'No such file' "$enter" "$work/none"
expect "no argument" exits 2 "$enter"
expect "a wrong option" exits 2 "$enter" --nonsense "$work/empty"
expect "help" says 'MOUNTPOINT .COMMAND' "$enter" --help

start
if ! inside true 2>"$work/refused"; then
	# A container, perhaps. It has to say what to do.
	expect "refused with advice" grep -q 'run it as root, or let users have\|enter from outside it' \
		"$work/refused"
	[ "$failed" = 0 ] || cat "$work/refused"
	stop
	[ "$failed" = 0 ] || exit 1
	skip_entering "$work/refused"
fi

# The machine's files, under their own names.
expect "meminfo" prints "$(cat "$mnt/proc/meminfo")" cat /proc/meminfo
expect "node" prints "$(cat "$mnt/sys/devices/system/node/node1/meminfo")" \
	cat /sys/devices/system/node/node1/meminfo
expect "host's name" prints "$(cat "$mnt/proc/sys/kernel/hostname")" uname -n
expect "where" prints "$mnt" sh -c 'echo "$KMM_MOUNT"'
expect "same directory" prints "$PWD" pwd
expect "same user" prints "$(id -u):$(id -g)" sh -c 'echo $(id -u):$(id -g)'
expect "not twice" says 'leave this one first' inside "$enter" "$mnt" true
# Standing in the host's /proc, one comes to stand in the machine's.
in_host_proc() {
	(cd /proc/sys && "$enter" "$mnt" sh -c 'cat ../meminfo') | cmp -s - "$mnt/proc/meminfo"
}
expect "the host's /proc is not the directory" in_host_proc

# Pids: far away from simulated ones, and the host's are not there.
expect "high pid" inside sh -c '[ $$ -gt 1000 ]'
expect "self" inside sh -c 'read -r pid rest </proc/self/stat; [ "$pid" = $$ ]'
expect "self's status" inside sh -c 'n=0; while read -r name id rest; do
	case $name in Tgid: | Pid:) [ "$id" = $$ ] || exit 1; n=$((n + 1)) ;; esac
done </proc/self/status; [ $n = 2 ]'
expect "own group" inside sh -c 'setsid sleep 9 & sleep 0.2; kill -TERM -$!; wait $!; [ $? = 143 ]'
expect "own child" inside sh -c 'sleep 9 & kill -0 $! && kill $!; wait $!; [ $? = 143 ]'
expect "the host's pid is not there" inside sh -c '! kill -0 "$1" 2>/dev/null' sh "$$"
expect "no other visitor is listed" inside sh -c \
	'[ "$(ls -d /proc/[0-9]* | wc -l)" = "$(ls -d "$KMM_MOUNT"/proc/[0-9]* | wc -l)" ]'

# kill(2) to a simulated pid is the machine's.
echo fork as victim >"$mnt/proc/1/ctl"
victim=$(cat "$mnt/sim/as/victim/status" | sed -n 's/^Pid:[^0-9]*//p')
expect "simulated pid" inside kill -0 "$victim"
expect "no such pid" not inside kill -0 1000 2>/dev/null
expect "TERM" inside kill "$victim"
expect "it is dead" grep -q '^State:.Z' "$mnt/proc/$victim/status"
expect "by init" grep -q "^proc/1/ctl: kill $victim \(15\|TERM\|SIGTERM\)" "$mnt/sim/log"
expect "init stays" inside kill -9 1
expect "init is there" grep -q '^State:.[RS]' "$mnt/proc/1/status"

# What it started ends with it; what it returns is returned.
expect "status" exits 7 inside sh -c 'exit 7'
expect "signal" exits 137 inside sh -c 'kill -9 $$'
expect "no command" env PATH=/usr/bin:/bin sh -c '"$0" "$1" no-such-command 2>/dev/null
	[ $? = 127 ]' "$enter" "$mnt"
expect "not a command" exits 126 inside /etc/passwd
left_behind() {
	inside sh -c "sleep 77.0$$ >/dev/null 2>&1 &"
	! pgrep -f "^sleep 77.0$$" >/dev/null
}
expect "nothing is left behind" left_behind
terminated() {
	"$enter" "$mnt" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done' \
		>"$work/ready" &
	pid=$!
	eventually grep -q ready "$work/ready" || return 1
	kill "$pid"
	wait "$pid"
	[ $? = 9 ]
}
expect "TERM goes in" terminated
killed() {
	"$enter" "$mnt" sh -c "echo ready; exec sleep 78.0$$" >"$work/ready" &
	pid=$!
	eventually grep -q ready "$work/ready" || return 1
	kill -9 "$pid"
	eventually sh -c "! pgrep -f '^sleep 78.0$$'"
}
expect "killed, all inside end" killed

# Nothing gets out.
expect "no capabilities" prints 'CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	0000000000000000
CapAmb:	0000000000000000' grep ^Cap /proc/self/status
host_swappiness=$(cat /proc/sys/vm/swappiness)
expect "sysctl changes the machine" inside sh -c 'echo 91 >/proc/sys/vm/swappiness'
expect "the machine's" grep -qx 91 "$mnt/proc/sys/vm/swappiness"
expect "not the host's" grep -qx "$host_swappiness" /proc/sys/vm/swappiness
expect "no mount" not inside mount -t tmpfs none /mnt 2>/dev/null
expect "no unmount" not inside umount -l /proc 2>/dev/null
expect "no remount by a namespace" not inside unshare -Urm umount /proc 2>/dev/null
expect "no name" not inside hostname somebody 2>/dev/null
expect "nobody to ask" prints '' ls /run
is_root && expect "few devices" prints \
	'fd full null ptmx pts random shm stderr stdin stdout tty urandom zero' sh -c 'echo $(ls /dev)'
expect "the mount is not seen outside" not grep -q ' /run .*kmmfs' /proc/self/mountinfo
readonly_inside() {
	"$enter" -r "$mnt" sh -c 'echo 92 >/proc/sys/vm/swappiness &&
		echo tick >"$KMM_MOUNT/sim/ctl" && ! touch "$0" 2>/dev/null' "$work/touched" &&
		[ ! -e "$work/touched" ] && grep -qx 92 "$mnt/proc/sys/vm/swappiness"
}
expect "read-only" readonly_inside

# sysinfo(2): busybox has no other source; of 32 bits where such a program can be made.
if command -v busybox >/dev/null; then
	total=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' "$mnt/proc/meminfo")
	expect "sysinfo" says "^Mem: +$total " inside busybox free
else
	leave_out "sysinfo: no busybox"
fi

# The same of 32 bits, where such a program can be made and run.
if ${CC:-cc} -m32 -O1 -ffreestanding -fno-stack-protector -fno-pie -nostdlib -static -o "$work/sysinfo32" \
	"$KMM_SRCDIR/tests/mount/sysinfo32.c" 2>/dev/null && "$work/sysinfo32" >/dev/null 2>&1; then
	chmod 755 "$work" "$work/sysinfo32"
	expect "sysinfo of 32 bits" prints "$(awk '$1 == "MemTotal:" { total = $2 } $1 == "MemFree:" { free = $2 }
		END { for (unit = 1; total * 1024 / unit >= 4294967296; unit *= 2);
			printf "%.0f %.0f %d", total * 1024 / unit, free * 1024 / unit, unit }' \
		"$mnt/proc/meminfo") $(sed 's|.*/||; s/ .*//' "$mnt/proc/loadavg")" "$work/sysinfo32"
else
	leave_out "sysinfo of 32 bits: needs cc -m32"
fi

# Other questions by system call.
expect "release" prints "$(cat "$mnt/proc/sys/kernel/osrelease")" uname -r
expect "CPUs" prints "$(grep -c ^processor "$mnt/proc/cpuinfo")" nproc
if command -v taskset >/dev/null; then
	expect "CPUs of a simulated process" says 'affinity list: 0-3' inside taskset -cp 2
	expect "CPUs of nobody" not inside taskset -p 1000 2>/dev/null
fi

# A shell, when nothing is said.
expect "a shell" test "$(echo 'cat /proc/sys/vm/swappiness' |
	SHELL=/bin/sh timeout 20 "$enter" "$mnt")" = 92
expect "stop" stop

# A machine that died.
start
timeout 20 "$enter" "$mnt" true
kill -9 "$daemon"
eventually not cat "$mnt/README"
expect "died, and its names are known" says 'has died; start it again' "$enter" "$mnt"
expect "died" says 'has died; start it again' "$enter" "$mnt"

by_a_user
finish
