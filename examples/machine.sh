# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced by the experiments. Gives them $MNT, where a machine is mounted: the one
# named on the command line, or a fresh one that ends with the script.
#
#   sh examples/buddy.sh              on a fresh machine
#   sh examples/buddy.sh ~/m          on a machine that is mounted there

# Where kmmfs is: beside us in a source tree, else installed.
build=${KMM_BUILDDIR:-$(dirname "$0")/../build}
[ -x "$build/kmmfs" ] || build=$(dirname "$(command -v kmmfs)")
build=$(cd "$build" && pwd)

# machine MACHINE [MOUNT [OPTION]]: set $MNT.
machine() {
	if [ -n "${2-}" ]; then
		MNT=$2
		return
	fi
	if [ ! -w /dev/fuse ]; then
		echo "no /dev/fuse for us: this experiment needs a mount" >&2
		[ "${CI-}" = true ] && exit 1
		exit 77
	fi
	MNT=$(mktemp -d)
	trap 'cd /; "$build/kmmfs" --stop "$MNT"; rmdir "$MNT"' EXIT
	"$build/kmmfs" ${3+"$3"} "$1" "$MNT"
}

# A heading, with what to look for.
step() {
	printf '\n# %s\n' "$*"
}

# Make a call on the kernel and show it with its result, as strace would.
call() {
	status=0
	printf '%s\n' "$*" 2> /dev/null > "$MNT/sim/ctl" || status=$?
	sed -n 's/^line: //p; s/^result: /  = /p; s/^reason: /  /p' "$MNT/sim/last"
	return "$status"
}

# does TASK LINE: the same for a system call or an access of a task that was named.
does() {
	task=$1 status=0
	shift
	printf '%s\n' "$*" 2> /dev/null > "$MNT/sim/as/$task/ctl" || status=$?
	sed -n "s/^line: /$task: /p; s/^result: /  = /p; s/^reason: /  /p" "$MNT/sim/last"
	return "$status"
}

# result TASK: what its last call came to, an address or a number.
result() {
	cat "$MNT/sim/as/$1/result"
}

# Pages on the per-CPU lists and in batches go where they belong, so that sums are whole.
drain() {
	echo 1 > "$MNT/proc/sys/vm/drop_caches"
	echo drain_all_pages > "$MNT/sim/ctl"
}

# expect WHAT FOUND WANTED: an experiment that does not turn out is a failed test.
expect() {
	if [ "$2" = "$3" ]; then
		printf '%s: %s\n' "$1" "$2"
	else
		printf '%s: found %s, expected %s\n' "$1" "$2" "$3" >&2
		exit 1
	fi
}

# The value of a line "LABEL: 123 kB" or "label 123" in a file of the tree.
value() {
	awk -v label="$2" '{ name = $1; sub(/:$/, "", name) } name == label { print $2; exit }' \
		"$MNT/$1"
}

# A counter of proc/vmstat; several, a line each.
count() {
	value proc/vmstat "$1"
}
figures() {
	for name in "$@"; do
		printf '%s %s\n' "$name" "$(count "$name")"
	done
}
