#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What happened on real machines happens again: each scenario of scenarios.tar.xz is a
# series of snapshots of a real kernel. The machine of the first is booted, what came
# between the snapshots is done, and what any machine of the shape would show is equal.
#
#   tests/test_scenarios.sh [RELEASE/NAME | DIR]...
#
# Differences are printed as diff prints them: < the real kernel, > the simulated one.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
needs tar xz awk diff

steps() {
	(cd "$dir" && ls -d [0-9]*)
}

# The machine file of the first snapshot, and its release.
machine_of() {
	rm -rf "$tmp/capture"
	cp -r "$dir/$(steps | head -1)" "$tmp/capture"
	cp "$dir/final/dmesg" "$tmp/capture/dmesg"
	"$build/kmm-capture" --from "$tmp/capture" -o "$tmp/machine" || return 1
	release=$(sed -n 's/^release = //p' "$tmp/machine")
	: > "$tmp/script"
	: > "$tmp/shown"
}

# To the script that will be run: a line; the files of a step.
do_line() {
	echo "$*" >> "$tmp/script"
}
show() {
	step=$1
	shift
	for path; do
		echo "$step $path" >> "$tmp/shown"
		do_line "cat $path"
	done
}

# Every line must do what it says. $tmp/simulated: the files, each behind its step.
run() {
	"$build/kmm-run" -k -m "$tmp/machine" "$tmp/script" > "$tmp/out" 2> "$tmp/errors" ||
		complain "$(head -5 "$tmp/errors")"
	awk -v shown="$tmp/shown" '
		/^==> .* <==$/ { getline line < shown; print "==> " line; next }
		{ print }' "$tmp/out" > "$tmp/simulated"
}

# The same files of the real kernel.
real() {
	while read -r step path; do
		echo "==> $step $path"
		cat "$dir/$step/$path"
		echo
	done < "$tmp/shown" > "$tmp/real"
}

# compare GREEDY-STEPS
compare() {
	for kind in real simulated; do
		awk -v release="$release" -v all_there_is="$1" \
			-f "$here/tests/scenario-facts.awk" "$tmp/$kind" > "$tmp/$kind.facts"
	done
	[ "$(wc -l < "$tmp/real.facts")" -ge 20 ] || complain 'too few facts'
	diff "$tmp/real.facts" "$tmp/simulated.facts" > "$tmp/diff" && return
	complain "$(grep -c '^[<>]' "$tmp/diff") lines differ:"
	sed 's/^/    /' "$tmp/diff" | head -40
}

# "NAME <- VALUE rc=N" in `what` of each step: a name in proc/sys/vm, or a path.
sysctls() {
	greedy=
	for step in $(steps); do
		[ -f "$dir/$step/proc/zoneinfo" ] || continue
		if [ -f "$dir/$step/what" ]; then
			# To show all files took a guest seconds: daemons sleep again.
			do_line 'sim/ctl: tick 1s'
			what=$(cat "$dir/$step/what")
			name=${what%% *}
			value=${what#* <- }
			value=${value% rc=*}
			result='-1 EINVAL'
			[ "$what" = "${what%rc=0}" ] || result=0
			case $name in
			/*) do_line "${name#/}: $value = $result" ;;
			*) do_line "proc/sys/vm/$name: $value = $result" ;;
			esac
			[ "${name##*/}" != nr_hugepages ] ||
				grep -q "^HugePages_Total: *$value$" "$dir/$step/proc/meminfo" ||
				greedy="$greedy $step"
		fi
		# In this order: to read lowmem_reserve_ratio is to apply it.
		# shellcheck disable=SC2046
		show "$step" proc/zoneinfo proc/meminfo \
			$(cd "$dir/$step" && find proc/sys sys -type f 2>/dev/null | sort)
	done
	run
	real
	compare "$greedy"
}

# /hug N 0 and /hug N 1 map N huge pages; the second touches half of them, and stays.
hugepages() {
	nodes=$(cd "$dir/0-before" && ls sys/devices/system/node/node*/meminfo)
	pools=$(cd "$dir/3-shrunk" && ls sys/kernel/mm/hugepages/*/*)
	pool() {
		# shellcheck disable=SC2086
		show "$1" proc/meminfo $nodes $2
	}
	do_line 'proc/sys/vm/nr_hugepages: 20'
	pool 1-20 "$pools"
	do_line 'proc/1/ctl: fork as hug'
	do_line 'sim/as/hug/ctl: mmap 0 16M rw shared,anon,hugetlb as huge'
	do_line 'sim/as/hug/ctl: store @huge 8M'
	pool 2-mapped8touched4 "$pools"
	do_line 'proc/sys/vm/nr_hugepages: 2'
	pool 3-shrunk "$pools"
	do_line 'sim/as/hug/ctl: exit 0'
	do_line 'proc/1/ctl: wait4 -1 0'
	pool 4-killed "$pools"
	do_line 'proc/sys/vm/nr_hugepages: 100000'
	pool 5-max ''
	do_line 'proc/sys/vm/nr_hugepages: 0'
	pool 6-zero ''
	run
	real
	compare 5-max
}

# numa_facts FILE: what moved between two steps, in steps of 1/8 of what was asked for: who
# took the snapshots ran somewhere, too. Of each CPU 125 may not have been counted yet.
numa_facts() {
	awk '
	/^==> / { step = $2; path = $3; n = path; gsub(/[^0-9]/, "", n); next }
	path ~ /numastat$/ && NF == 2 { now[step, n, $1] = $2; nodes[n]; order[step] = ++k }
	function grown(n, item) { return now[s, n, item] - now[before, n, item] }
	function round(pages) { return int(pages / asked * 8 + 0.5) }
	END {
		split("0-before 1-cpu0 2-cpu1 3-killed 4-spill", list)
		for (i = 2; i in list; i++) {
			s = list[i]; before = list[i - 1]
			asked = s == "4-spill" ? 102400 : 25600
			for (n = 0; n in nodes; n++) {
				print s " node" n " hit " round(grown(n, "numa_hit")) \
					" miss " round(grown(n, "numa_miss")) \
					" foreign " round(grown(n, "numa_foreign")) \
					" interleaved " grown(n, "interleave_hit") \
					" other - miss " round(grown(n, "other_node") - grown(n, "numa_miss")) \
					" local + other - hit - miss " grown(n, "local_node") + \
					grown(n, "other_node") - grown(n, "numa_hit") - grown(n, "numa_miss")
			}
			gap = grown(1, "numa_miss") - grown(0, "numa_foreign")
			print s " miss of 1 is foreign of 0: " (gap * gap < 125 * 125 ? "yes" : "no")
		}
	}' "$1"
}

# Tasks of 100 MiB on each node's CPU; then one of 400 MiB on the first, which spills.
numa_local() {
	nodes=$(cd "$dir/0-before" && ls sys/devices/system/node/node*/numastat)
	eat() {
		do_line "proc/1/ctl: fork as $1"
		do_line "sim/as/$1/ctl: sched_setaffinity 0 $2"
		do_line "sim/as/$1/ctl: mmap 0 $3 rw private,anon as buf"
		do_line "sim/as/$1/ctl: store @buf $3"
	}
	killed() {
		do_line "proc/1/ctl: kill @$1 9"
		do_line 'proc/1/ctl: wait4 -1 0'
	}
	# shellcheck disable=SC2086
	{
		show 0-before $nodes
		eat a 0 100M
		show 1-cpu0 $nodes
		eat b 1 100M
		show 2-cpu1 $nodes
		killed a
		killed b
		show 3-killed $nodes
		eat c 0 400M
		show 4-spill $nodes
	}
	run
	real
	numa_facts "$tmp/real" > "$tmp/real.facts"
	numa_facts "$tmp/simulated" > "$tmp/simulated.facts"
	diff "$tmp/real.facts" "$tmp/simulated.facts" > "$tmp/diff" && return
	complain 'other nodes are asked:'
	sed 's/^/    /' "$tmp/diff"
}

# hotplug_facts FILE: the state of each memory block, and the facts of the other files.
hotplug_facts() {
	awk -v release="$release" -f "$here/tests/scenario-facts.awk" "$1"
}

# Memory that was plugged in before the first snapshot, off line: "NODE START SIZE" each.
dimms() {
	[ ! -f "$dir/00/iomem" ] || while IFS='- ' read -r start end rest; do
		[ $((0x$start)) -ge $((0x100000000)) ] || continue
		node=$(sed -n "s/^memory$((0x$start / 0x8000000)) .*nodes=node\\([0-9]*\\).*/\\1/p" \
			"$dir/00/blocks")
		echo "$node 0x$start $((0x$end + 1 - 0x$start))"
	done < "$dir/00/iomem"
}

plug_in() {
	grep -q 'state=offline' "$dir/00/blocks" 2>/dev/null || return 0
	do_line 'sys/devices/system/memory/auto_online_blocks: offline'
	dimms | while read -r dimm; do
		do_line "sim/ctl: add_memory $dimm = 0"
	done
}

# "FILE <- WORD rc=N ERROR" in `what` of each step; "memoryN state=S zones=Z..." in `blocks`.
# A block that the real kernel could not empty held pages that it had put there: left out.
hotplug() {
	plug_in
	for step in $(steps); do
		if [ -f "$dir/$step/what" ]; then
			what=$(cat "$dir/$step/what")
			file=${what%% *}
			value=${what#* <- }
			case $what in
			*PNP0C80:*/eject*rc=0*)
				which=${what#*PNP0C80:0}
				do_line "sim/ctl: remove_memory $(dimms |
					sed -n "$((${which%%/*} + 1))s/[0-9]* //p") = 0"
				file=
				;;
			*rc=0*) result=0 ;;
			*Invalid*) result='-1 EINVAL' ;;
			*) continue ;;
			esac
			[ -z "$file" ] || do_line "${file#/}: ${value% rc=*} = $result"
		fi
		# shellcheck disable=SC2046
		show "$step" $(cd "$dir/$step" && ls proc/zoneinfo proc/meminfo \
			sys/devices/system/node/has_* sys/devices/system/node/online sys/devices/system/node/possible \
			sys/devices/system/node/node*/meminfo 2>/dev/null) \
			$(cd "$dir/$step" && ls proc/sys/vm/*_* 2>/dev/null)
		[ ! -f "$dir/$step/blocks" ] || while read -r block state rest; do
			zones=${rest#*zones=}
			zones=${zones%% removable=*}
			b=sys/devices/system/memory/$block
			mkdir -p "$dir/$step/$b"
			echo "${state#*=}" > "$dir/$step/$b/state"
			echo "$zones" > "$dir/$step/$b/valid_zones"
			show "$step" "$b/state" "$b/valid_zones"
		done < "$dir/$step/blocks"
	done
	run
	real
	for kind in real simulated; do
		hotplug_facts "$tmp/$kind" > "$tmp/$kind.facts"
	done
	[ "$(wc -l < "$tmp/real.facts")" -ge 100 ] || complain 'too few facts'
	diff "$tmp/real.facts" "$tmp/simulated.facts" > "$tmp/diff" && return
	complain "$(grep -c '^[<>]' "$tmp/diff") lines differ:"
	sed 's/^/    /' "$tmp/diff" | head -40
}

# compact_facts FILE: what of it any machine shows; $pages were touched, every other one went.
compact_facts() {
	awk -v holes="$((pages / 2))" '
	/^==> / { step = $2; path = $3; next }
	path ~ /buddyinfo$/ && /^Node/ { single[step] += $5; largest[step] += $NF }
	path ~ /vmstat$/ { now[step, $1] = $2 }
	path ~ /zoneinfo$/ && /^Node/ { zone = $2 $4; zones[zone] }
	path ~ /zoneinfo$/ && $1 == "managed" { managed[step] += $2 }
	function grown(from, to, item) { return now[to, item] - now[from, item] }
	function say(text, yes) { print text ": " (yes ? "yes" : "no") }
	END {
		a = "6-reread"; b = "7-fragmented"; c = "8-compacted"; d = "9-killed"
		say("half of it became single pages", single[b] > holes * 3 / 4)
		say("and the largest blocks went", largest[b] < largest[a])
		moved = grown(b, c, "pgmigrate_success")
		isolated = grown(b, c, "compact_isolated")
		say("half of what was left moved", moved > holes / 4 && moved < holes * 5 / 8)
		say("one page was isolated for each", isolated > moved * 1.9 && isolated < moved * 2.2)
		say("more was seen than moved",
		    grown(b, c, "compact_migrate_scanned") > moved &&
		    grown(b, c, "compact_free_scanned") > moved)
		say("hardly any page failed", grown(b, c, "pgmigrate_fail") < moved / 8)
		say("nobody waited, no daemon ran", !grown(b, c, "compact_stall") &&
		    !grown(b, c, "compact_fail") && !grown(b, c, "compact_daemon_wake") &&
		    !grown(b, c, "compact_daemon_migrate_scanned"))
		say("few single pages are left", single[c] < single[b] / 2)
		say("large blocks came back", largest[c] > largest[b])
		change = grown(b, c, "nr_free_pages")
		say("as much is free", change * change < (now[b, "nr_free_pages"] / 8) ^ 2)
		say("the task had the rest", grown(c, d, "nr_free_pages") > holes * 7 / 8 &&
		    grown(c, d, "nr_free_pages") < holes * 9 / 8)
		say("and it was anonymous", grown(c, d, "nr_anon_pages") < -holes * 15 / 16)
		say("what moved, moved", grown(c, d, "pgmigrate_success") < moved / 100)
		say("as many pages are managed", managed[a] == managed[d])
	}' "$1"
}

# A task touches $mib MiB and gives back every other page, beginning with that of this
# number; then all memory is compacted; then the task ends.
compact_from() {
	: > "$tmp/script"
	: > "$tmp/shown"
	look() {
		show "$1" proc/buddyinfo proc/vmstat proc/zoneinfo
	}
	look 6-reread
	do_line 'proc/1/ctl: fork as eat'
	do_line "sim/as/eat/ctl: mmap 0 ${mib}M rw private,anon as buf"
	do_line "sim/as/eat/ctl: madvise @buf ${mib}M nohugepage"
	do_line "sim/as/eat/ctl: store @buf ${mib}M"
	awk -v first="$1" -v pages=$pages 'BEGIN { for (i = first; i < pages; i += 2)
		print "sim/as/eat/ctl: madvise @buf+" 4 * i "K 4K dontneed" }' >> "$tmp/script"
	look 7-fragmented
	do_line 'proc/sys/vm/compact_memory: 1'
	look 8-compacted
	do_line 'proc/1/ctl: kill @eat 9'
	do_line 'proc/1/ctl: wait4 -1 0'
	look 9-killed
	run
	compact_facts "$tmp/simulated" > "$tmp/simulated.facts"
}

# 300 MiB, or what the step says. Behind a pageblock that has nothing the free scanner looks
# at every second page, then at every fourth...: where odd page frames alone are free, here
# as on real machines, it finds none, and hardly anything moves. So it is done for both.
dropcaches_compact() {
	mib=300
	[ ! -f "$dir/7-fragmented/what" ] || mib=$(cat "$dir/7-fragmented/what")
	pages=$((mib * 256))
	compact_from 1
	grep -q 'half of what was left moved: yes' "$tmp/simulated.facts" || compact_from 0
	real
	compact_facts "$tmp/real" > "$tmp/real.facts"
	[ "$(grep -c ': yes$' "$tmp/real.facts")" -eq 14 ] || complain 'facts that never were'
	diff "$tmp/real.facts" "$tmp/simulated.facts" > "$tmp/diff" && return
	complain 'it is compacted otherwise:'
	sed 's/^/    /' "$tmp/diff"
}

for golden in scenarios hotplug; do
	xz -dc "$here/tests/golden/$golden.tar.xz" | tar -xf - -C "$tmp" || exit 99
done
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$tmp" && find . -mindepth 2 -maxdepth 2 -type d | sort | cut -c3-)
for scenario; do
	about=$scenario
	dir=$tmp/$scenario
	[ -d "$dir" ] || dir=$scenario
	machine_of || { complain 'no machine file'; continue; }
	case $scenario in
	*sysctls-*) sysctls ;;
	*hugepages-*) hugepages ;;
	*numa-local-*) numa_local ;;
	*hotplug-*) hotplug ;;
	*dropcaches-compact*) dropcaches_compact ;;
	*) complain 'nobody knows what was done' ;;
	esac
done
echo "$# scenarios, $failed differ"
[ $failed -eq 0 ]
