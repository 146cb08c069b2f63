# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of tools: a machine with something to see, and a way to run a tool on it
# and to compare the figures that it prints with the machine's own files. Tools only
# read and time stands still, so that figures have to be equal, not near.
# shellcheck shell=sh

. "$KMM_SRCDIR/tests/mount/lib.sh"
enter=$KMM_BUILDDIR/kmm-enter
# Some tools are where an ordinary user does not look.
PATH=$PATH:/usr/sbin:/sbin
absent=''

# $MemTotal and its like.
read_meminfo() {
	eval "$(sed -n 's/^\([A-Za-z0-9_]*\): *\([0-9]*\).*/\1=\2/p' "$mnt/proc/meminfo")"
}

# Two nodes, swap with pages in it, huge pages, shared memory, a thread, a file's pages, a
# policy, an hour on the clock. The large process is $hog.
start_busy() {
	start --set 'swap 0.size=256M' --set disk.name=sda --set machine.cmdline=hugepages=8 "$@" pc
	echo fork as hog >"$mnt/proc/1/ctl"
	echo 'shmget 0x1234 1M 0x3b6' >"$mnt/proc/1/ctl"
	hog=$(sed -n 's/^Pid:[^0-9]*//p' "$mnt/sim/as/hog/status")
	while read -r line; do
		echo "$line" >"$mnt/sim/as/hog/ctl" || { echo "refused: $line"; exit 1; }
	done <<-'LINES'
		setsid
		mmap 0 64M rw private,anon as buf
		store @buf 48M
		madvise @buf 8M MADV_PAGEOUT
		mmap 0 8M rw private,anon,hugetlb as huge
		store @huge 4M
		mmap 0 4M rw private,anon as far
		mbind @far 4M bind 1
		store @far 4M
		openat AT_FDCWD /data O_RDWR|O_CREAT 0644 as file
		write @file 1M
		mmap 0 1M r shared 0 0 as mapped
		load @mapped 512K
		shmat 0 0 0 as attached
		store @attached 64K
		clone vm,fs,files,sighand,thread as thread
	LINES
	echo fork as small >"$mnt/proc/1/ctl"
	mkdir "$mnt/sys/fs/cgroup/group"
	echo "$hog" >"$mnt/sys/fs/cgroup/group/cgroup.procs"
	echo tick 975000 >"$mnt/sim/ctl"
	read_meminfo
}

# has TOOL...: all there. $needed: in CI they have to be, since quickstart installs them.
has() {
	for wanted_tool; do
		command -v "$wanted_tool" >/dev/null && continue
		absent="$absent $wanted_tool"
		[ "${CI-}" != true ] || [ -z "${needed-}" ] || failed=$((failed + 1))
		return 1
	done
}

# ran COMMAND...: inside; what it printed is in $out. Not silent, no complaint.
ran() {
	command="$*"
	out=$work/out
	timeout 60 "$enter" "$mnt" "$@" >"$out" 2>"$work/err" </dev/null
	status=$?
	# Who asks sensors first says that there are none.
	sed -i /sensors_init/d "$work/err"
	if [ "$status" = 0 ] && [ -s "$out" ] && ! grep -Eqi 'error|cannot|failed' "$work/err"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $*: exit $status"
		head -5 "$work/err"
	fi
}

# same TEXT FIGURE WANTED
same() {
	if [ -n "$3" ] && [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $command: $1: it says '$2', the machine '$3'"
	fi
}

# figure TEXT AWK WANTED: what the awk program finds in the output.
figure() {
	same "$1" "$(awk "$2" "$out")" "$3"
}

# near TEXT FIGURE WANTED SLACK: for what a tool rounds.
near() {
	if awk -v a="$2" -v b="$3" -v d="$4" 'BEGIN { exit !(a != "" && b != "" && a - b <= d && b - a <= d) }'; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $command: $1: it says '$2', the machine '$3'"
	fi
}

# same_lines TEXT FILE FILE: sorted, one says what the other says.
same_lines() {
	if [ -s "$2" ] && cmp -s "$2" "$3"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $command: $1: < the tool, > the machine"
		diff "$2" "$3" | head -10
	fi
}

# field FILE LABEL: the number behind it.
field() {
	awk -v label="$2" '$1 == label || $1 == label ":" { print $2; exit }' "$mnt/$1"
}

pids() {
	(cd "$mnt/proc" && printf '%s\n' [0-9]*) | sort -n
}

finish_tools() {
	[ -z "$absent" ] || leave_out "not installed:$absent"
	finish
}
