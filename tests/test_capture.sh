#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Machines captured from real kernels: kmm-capture makes a machine file of each, it is
# booted, and what two boots of one machine share must be equal, line by line.
#
#   tests/test_capture.sh [--all | RELEASE/SHAPE... | DIR...]
#
# Without an argument: the machines of captures-RELEASE.tar.xz, which cover every kind;
# --all adds those of captures-RELEASE-more.tar.xz (their names begin with +).
# Differences are printed as diff prints them: < the real kernel, > the simulated one.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
needs tar xz awk diff

unpack() {
	for archive in "$here"/tests/golden/captures-*.tar.xz; do
		xz -dc "$archive" | tar -xf - -C "$tmp" || exit 99
	done
}

files='proc/zoneinfo proc/meminfo proc/vmstat proc/buddyinfo proc/pagetypeinfo proc/iomem
proc/slabinfo proc/vmallocinfo proc/version proc/cmdline proc/sys/vm/min_free_kbytes
proc/sys/vm/nr_hugepages proc/sys/vm/lowmem_reserve_ratio proc/stat
sys/devices/system/memory/block_size_bytes'

# paths SHAPE: what is compared, one a line, by the names of the simulated tree.
paths() {
	(
		cd "$1" || exit 1
		for f in $files; do
			[ ! -f "$f" ] || echo "$f"
		done
		find sys/devices/system/node -type f 2>/dev/null |
			sed -n '/@link$/d; /\/uevent$/d; /\/compact$/d; /\/reclaim$/d; p' | sort
		sed -n 's/^\(memory[0-9]*\) .*/sys\/devices\/system\/memory\/\1\/valid_zones/p' \
			memory-blocks.txt 2>/dev/null
		echo sim/dmesg
	)
}

# real SHAPE: the captured files, each behind its name.
real() {
	while read -r path; do
		echo "==> $path <=="
		case $path in
		sim/dmesg) cat "$1/dmesg" ;;
		*/valid_zones)
			block=${path%/valid_zones}
			awk -v block="${block##*/}" '$1 == block { print $3 }' FS='[ ]' \
				"$1/memory-blocks.txt" ;;
		*) cat "$1/$path" ;;
		esac
		echo
	done
}

# simulated MACHINE: the same files of the booted machine.
simulated() {
	machine=$1
	set --
	while read -r path; do
		set -- "$@" -c "cat $path"
	done
	"$build/kmm-run" -k -m "$machine" "$@"
}

# check NAME DIR
check() {
	shape=$1 dir=$2
	"$build/kmm-capture" --from "$dir" -o "$tmp/machine" || return 1
	release=$(sed -n 's/^release = //p' "$tmp/machine")
	paths "$dir" | grep "${only:-.}" > "$tmp/paths"
	real "$dir" < "$tmp/paths" > "$tmp/real"
	simulated "$tmp/machine" < "$tmp/paths" > "$tmp/simulated" 2> "$tmp/errors" || {
		echo "$shape: kmm-run failed:"
		head -5 "$tmp/errors"
		status=1
	}
	for kind in real simulated; do
		awk -v release="$release" -f "$here/tests/capture-facts.awk" "$tmp/$kind" \
			> "$tmp/$kind.facts"
	done
	diff "$tmp/real.facts" "$tmp/simulated.facts" > "$tmp/diff" && return "${status:-0}"
	echo "$shape: $(grep -c '^[<>]' "$tmp/diff") lines differ:"
	sed 's/^/    /' "$tmp/diff"
	return 1
}

# A log that lost its beginning says the same of the zones.
check_torn() {
	dir=$tmp/torn
	rm -rf "$dir"
	cp -r "$tmp/$1" "$dir" || return 1
	rm -f "$dir/machine.txt"
	tail -n $(($(wc -l < "$tmp/$1/dmesg") * 6 / 10)) "$tmp/$1/dmesg" > "$dir/dmesg"
	for from in "$tmp/$1" "$dir"; do
		"$build/kmm-capture" --from "$from" | sed -n '/^\[zone/,/^$/p' > "$from.zones"
	done
	diff "$tmp/$1.zones" "$dir.zones" > "$tmp/diff" && return
	echo "$1, with the log's end only:"
	sed 's/^/    /' "$tmp/diff"
	return 1
}

# A host that keeps its log and its addresses to itself: zones are equal all the same.
check_closed() {
	rm -rf "$tmp/closed"
	cp -r "$tmp/$1" "$tmp/closed"
	rm -f "$tmp/closed/dmesg" "$tmp/closed/machine.txt" "$tmp/closed/proc/iomem"
	only='proc/zoneinfo\|proc/meminfo\|min_free\|node[0-9]*/[cdm]'
	check "$1 without its log" "$tmp/closed"
	code=$?
	only=
	return $code
}

# Compressed swap is that here, too, and pages come to as much.
check_zram() {
	dir=$tmp/zram
	rm -rf "$dir"
	cp -r "$tmp/$1" "$dir" || return 1
	mkdir -p "$dir/sys/block/zram0"
	printf 'Filename\tType\tSize\tUsed\tPriority\n%s\n%s\n' \
		'/dev/zram0 partition 307196 129792 100' '/dev/sda2 partition 1020 0 -2' > "$dir/proc/swaps"
	echo '134516736 35476153 36614144 0 36614144 41 0 64 64' > "$dir/sys/block/zram0/mm_stat"
	"$build/kmm-capture" --from "$dir" -o "$tmp/machine" || return 1
	printf '[swap 0]\nsize = 307200K\npriority = 100\npath = /dev/zram0\ncompressed = 1081\n' > "$tmp/expected"
	printf '\n[swap 1]\nsize = 1024K\npriority = -2\n' >> "$tmp/expected"
	sed -n '/^\[swap 0/,/^priority = -2/p' "$tmp/machine" | diff "$tmp/expected" - || return 1
	"$build/kmm-run" -k -m "$tmp/machine" -c 'cat sys/block/zram0/disksize' | grep -qx 314572800
}

# A kernel for 64 nodes shows masks of two words.
check_nodes_shift() {
	dir=$tmp/shift
	rm -rf "$dir"
	cp -r "$tmp/$1" "$dir" || return 1
	mkdir -p "$dir/proc/1"
	printf 'Name:\tinit\nMems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n' > "$dir/proc/1/status"
	"$build/kmm-capture" --from "$dir" -o "$tmp/machine" || return 1
	grep -qx 'NODES_SHIFT = 6' "$tmp/machine" || { echo "$1: NODES_SHIFT is not 6"; return 1; }
	"$build/kmm-run" -k -m "$tmp/machine" -c 'cat proc/1/status' |
		grep -qx "Mems_allowed:	00000000,00000001"
}

# What was not copied whole is no machine, and it is said where it ends.
check_cut() {
	dir=$tmp/cut
	rm -rf "$dir"
	mkdir -p "$dir/proc"
	for bytes in 0 100 500 3000 -1 -200; do
		head -c $bytes "$tmp/$1/proc/zoneinfo" > "$dir/proc/zoneinfo"
		if "$build/kmm-capture" --from "$dir" > "$tmp/machine" 2> "$tmp/errors"; then
			echo "$1, $bytes bytes of zoneinfo: taken"
			return 1
		fi
		grep -q "$dir: there is neither\|$dir/proc/zoneinfo: node [0-9], zone .* is cut short" "$tmp/errors" || {
			echo "$1, $bytes bytes of zoneinfo: $(cat "$tmp/errors")"
			return 1
		}
	done
}

# list PATTERN: names of shapes, which have no blanks.
list() {
	(cd "$tmp" && find . -mindepth 2 -maxdepth 2 -path "$1" | sort | cut -c3-)
}

closed='' torn=''
case $1 in
'' | --all)
	unpack
	pattern='./6.*/[!+]*'
	[ "$1" != --all ] || pattern='./6.*/*'
	# shellcheck disable=SC2046
	set -- $(list "$pattern")
	closed='6.1/2G-1node 6.1/16G-1node 6.1/8G-4node-dist 6.1/2G-2node-memoryless
		6.1/512M-smp8 6.18/4G-2node 6.18/2G-kernelcore512M 6.18/128M-1node'
	torn='6.1/1G-mem600M 6.1/2G-1node 6.18/2G-1node' ;;
*)
	[ -d "$1" ] || unpack ;;
esac
for shape; do
	status=0
	dir=$tmp/$shape
	[ -d "$dir" ] || dir=$shape
	check "$shape" "$dir" || failed=$((failed + 1))
done
for shape in $closed; do
	status=0
	check_closed "$shape" || failed=$((failed + 1))
done
for shape in $torn; do
	check_torn "$shape" || failed=$((failed + 1))
	check_cut "$shape" || failed=$((failed + 1))
	check_zram "$shape" || failed=$((failed + 1))
	check_nodes_shift "$shape" || failed=$((failed + 1))
done
echo "$# machines, $failed with differences"
[ $failed -eq 0 ]
