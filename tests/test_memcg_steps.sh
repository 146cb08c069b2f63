#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What memory cgroups of real machines went through (golden/memcg): programs that fill a group, that are
# killed for it, alone or with their group, that fork, and that swap. The same is done here. Sums that must
# hold, hold for both; what moved there moves here, and by about as much. The reports of the OOM killer are
# alike to the letter but for figures, and what they say twice, they say alike.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
golden=$here/tests/golden/memcg

line() {
	echo "$*" >> "$tmp/script"
}

machine() {
	cat > "$tmp/machine" <<-END
	[machine]
	release = $release
	cmdline = transparent_hugepage=madvise
	[node 0]
	cpus = 0-1
	memory = 512M
	[swap 0]
	path = /dev/nvme0n1
	size = 256M
	END
	echo 'sim/as/init/ctl: fork as eat' > "$tmp/script"
	line cat sim/as/eat/stat
	pid=$(($("$build/kmm-run" -m "$tmp/machine" "$tmp/script" | awk '/^[0-9]+ \(/ { print $1 }') - 1))
	: > "$tmp/script"
	: > "$tmp/steps"
}

group() {
	line cgroup_mkdir "$1"
	line "sys/fs/cgroup/$1/memory.max: 32M"
}

# A program that starts in the group.
starts() {
	pid=$((pid + 1))
	line "sim/as/init/ctl: fork as $1"
	line "sys/fs/cgroup/$2/cgroup.procs: $pid"
	line "sim/as/$1/ctl: execve /init"
}
eats() {
	line "sim/as/$1/ctl: mmap 0 $2 rw private,anon,noreserve as $1_memory"
	line "sim/as/$1/ctl: store @$1_memory $2 $3"
}
ends() {
	line "sim/as/$1/ctl: exit_group 0"
	reaped
}
reaped() {
	line sim/as/init/ctl: wait4 -1
	line rcu_barrier
}
step() {
	for file in memory.current memory.stat memory.events memory.swap.current memory.swap.events \
		io.pressure memory.pressure; do
		echo "$1 $file" >> "$tmp/steps"
		line "cat sys/fs/cgroup/$2/$file"
	done
}

scenario() {
	line sys/fs/cgroup/cgroup.subtree_control: +memory
	line sim/as/init/ctl: swapoff /dev/nvme0n1
	group a
	starts first a
	eats first 20M
	step a1 a
	ends first
	step a2 a
	starts second a
	eats second 64M '= -1 ENOMEM'
	reaped
	step a3 a
	group g
	line sys/fs/cgroup/g/memory.oom.group: 1
	starts small g
	eats small 4M
	starts large g
	eats large 64M '= -1 ENOMEM'
	line sim/as/init/ctl: wait4 -1
	reaped
	step g1 g
	line cgroup_mkdir k
	starts shell k
	for i in 1 2 3 4 5 6 7 8; do
		line "sim/as/shell/ctl: fork as child$i"
		pid=$((pid + 1))
	done
	step k1 k
	for i in 1 2 3 4 5 6 7 8; do
		line "sim/as/child$i/ctl: exit_group 0"
		line sim/as/shell/ctl: wait4 -1
	done
	ends shell
	step k2 k
	line sim/as/init/ctl: swapon /dev/nvme0n1
	group s
	starts large2 s
	eats large2 64M
	step s1 s
	line sys/fs/cgroup/s/memory.reclaim: 8M
	step s2 s
	ends large2
	step s3 s
	starts again s
	eats again 64M
	line sim/as/again/ctl: load @again_memory 64M
	line sim/as/again/ctl: load @again_memory 64M
	step s4 s
	ends again
	line sys/fs/cgroup/s/memory.swap.max: 16M
	starts last s
	eats last 64M '= -1 ENOMEM'
	reaped
	step s6 s
	line cat sim/check
	line cat sim/dmesg
}

# Each figure behind its step, as in the golden text.
figures() {
	awk -v steps="$tmp/steps" '
	/^==> sys\/fs\/cgroup/ { getline at < steps; split(at, part); next }
	/^==>/ { part[1] = "" }
	!part[1] || !NF { next }
	NF == 1 { print part[1], part[2], $1; next }
	/ avg10=/ { if (sub(/^some.*total=/, "")) print part[1], part[2], $0; next }
	part[2] == "memory.swap.events" { $1 = "memory.swap." $1 }
	part[2] == "memory.events" { $1 = "memory." $1 }
	{ print part[1], $0 }' "$tmp/out"
}

# compare REAL-FIGURES
compare() {
	awk -v release="$release" '
	function wrong(text) {
		print text
		failed = 1
	}
	# The sums of a step hold.
	function sums(whose, v, step,	k) {
		k = step SUBSEP
		if (v[k "slab"] != v[k "slab_reclaimable"] + v[k "slab_unreclaimable"])
			wrong(whose " " step ": slab is not its parts")
		if (v[k "pgscan"] != v[k "pgscan_kswapd"] + v[k "pgscan_direct"] + \
		    v[k "pgscan_khugepaged"] + v[k "pgscan_proactive"])
			wrong(whose " " step ": pgscan is not its parts")
		if (v[k "pgsteal"] != v[k "pgsteal_kswapd"] + v[k "pgsteal_direct"] + \
		    v[k "pgsteal_khugepaged"] + v[k "pgsteal_proactive"])
			wrong(whose " " step ": pgsteal is not its parts")
		if (v[k "pgsteal"] > v[k "pgscan"])
			wrong(whose " " step ": more was freed than was looked at")
		# A page of objects is charged as a whole, and what CPUs have in advance as well; real
		# figures of objects come late.
		if (v[k "anon"] + v[k "file"] + v[k "kernel"] > v[k "memory.current"])
			wrong(whose " " step ": anon, file and kernel are more than memory.current")
		if (v[k "kernel_stack"] + v[k "pagetables"] + v[k "slab"] + v[k "percpu"] > v[k "kernel"] + 8192)
			wrong(whose " " step ": the parts of kernel are more than it")
		if (step != "k1" && step != "k2" && v[k "memory.current"] > 33554432)
			wrong(whose " " step ": memory.current is beyond the limit")
	}
	# Within a factor; what is none there is none here.
	function about(step, name, factor,	r, o) {
		r = real[step, name]
		o = ours[step, name]
		facts++
		if (r == "" || o == "" || !r != !o || o > r * factor || r > o * factor)
			wrong(step " " name ": " r " on a real machine, " o " here")
	}
	function all(list, steps, factor,	n, names, at, i, j, s) {
		n = split(list, names)
		s = split(steps, at)
		for (i = 1; i <= n; i++)
			for (j = 1; j <= s; j++)
				about(at[j], names[i], factor)
	}
	FNR == 1 { file++ }
	file == 1 { real[$1, $2] = $3; steps[$1] }
	file == 2 { ours[$1, $2] = $3 }
	END {
		for (step in steps) {
			sums("real", real, step)
			sums("ours", ours, step)
		}
		all("memory.oom memory.oom_kill memory.oom_group_kill kernel_stack vmalloc sock file shmem",
		    set, 1)
		all("memory.current anon inactive_anon pgfault", "a1", 1.01)
		all("kernel", "a1", 1.2)
		all("slab", "a1", 1.4)
		# What CPUs keep is all that is left.
		all("anon slab_reclaimable pagetables", "a2", 1)
		all("kernel", "a2", 1)
		all("pgfault", "a3", 1.01)
		if (release == "6.1")
			all("pagetables", "a1", 1.1)
		if (set ~ /k1/) {
			all("pgfault", "g1 s1 s3 s4 s6", 1.06)
			all("slab_unreclaimable", "k1", 1.15)
			all("kernel", "k1", 1.4)
			all("anon memory.current", "s1 s2 s4", 1.13)
			all("memory.swap.current", "s1 s2 s4", 1.1)
			all("kernel", "s1 s2 s4", 1.2)
			all("pgsteal", "s1 s2 s4 s6", 1.02)
			# Folios by generations are looked at once more or less.
			all("pgscan", "s1 s2 s4 s6", release == "6.1" ? 1.06 : 1.15)
			all("memory.max", "a3", 8)
			all("memory.max", "s1 s4 s6", release == "6.1" ? 1.2 : 1.8)
			all("pgmajfault workingset_refault_anon", "s4 s6", 1.01)
			all("swapcached", "s4", 1.3)
			# In microseconds, of a disk of this machine and one of another.
			all("io.pressure", "s4", 2)
			# And of its CPU, which was emulated: some times slower than one of today.
			all("memory.pressure", "s1 s2 s4 s6", 6)
			all("memory.pressure", "a3", 20)
			if (release == "6.1")
				all("memory.swap.max memory.swap.fail", "s6", 2.5)
			if (release != "6.1") {
				all("pswpin", "s4 s6", 1.01)
				all("pswpout", "s1 s2 s4 s6", 1.2)
			}
		}
		if (facts < 20)
			wrong("only " facts " facts")
		exit failed
	}' "set=$2" "$1" "$tmp/ours" > "$tmp/wrong" || complain "$(cat "$tmp/wrong")"
}

# Figures become #; of the statistics of 6.1 the log has as many as go into a line of it.
form() {
	sed -E 's/^(<.>) ?(\[ *[0-9]+\.[0-9]+\] )?//; s/gfp_mask=[^ ]*, /gfp_mask=MASK, /
		s/\((init|eat)\)/(NAME)/; s/^(init|eat) /NAME /; s/ (init|eat)$/ NAME/; s/task=[a-z]+/task=NAME/
		s/ +/ /g; s/[0-9]+/#/g; /^workingset_/d' "$1"
}

# What a report has twice is equal, in pages or in kB.
twice() {
	awk -v whose="$2" '
	{ sub(/^<.> ?(\[ *[0-9.]+\] )?/, "") }
	/^memory: usage/ { usage = $3 + 0; limit = $5 + 0 }
	/^(anon|file|kernel) [0-9]/ { sum += $2 / 1024 }
	/^\[ *[0-9]+\] / { sub(/^\[ */, ""); p = $1 + 0; vm[p] = $4 * 4; rss[p] = $5 * 4
		tables[p] = (NF == 12 ? $9 : $6) / 1024 }
	/Killed process/ {
		match($0, /process [0-9]+/)
		p = substr($0, RSTART + 8, RLENGTH - 8) + 0
		n = split($0, part, /[:,]/)
		for (i = 1; i < n; i++) {
			if (part[i] ~ /total-vm$/) total = part[i + 1] + 0
			if (part[i] ~ /(anon|file|shmem)-rss$/) resident += part[i + 1]
			if (part[i] ~ /pgtables$/) pgtables = part[i + 1] + 0
		}
		# Figures of 6.1 are those of the task alone, and may lag behind.
		if (total != vm[p] || pgtables != tables[p] || resident - rss[p] > 2560 || rss[p] - resident > 2560)
			print whose ": process " p " has " total ", " resident ", " pgtables \
				" kB, the table says " vm[p] ", " rss[p] ", " tables[p]
		resident = 0
		kills++
	}
	/^Tasks state/ {
		if (usage > limit || sum > usage || usage - sum > 1024)
			print whose ": usage " usage " kB of " limit ", of which figures have " sum
		sum = 0
		reports++
	}
	END {
		if (reports != 2 || kills != 4)
			print whose ": " reports + 0 " reports, " kills + 0 " kills"
	}' "$1" > "$tmp/twice"
	[ ! -s "$tmp/twice" ] || complain "$(cat "$tmp/twice")"
}

reports() {
	awk '/invoked oom-killer/ { on = nr++ < 2 }
		!on || /> ?(\[[^]]*\] )?(CPU:|Hardware name)/ { next }
		/Call Trace/ { trace = 1 }
		!trace && !/Adding|nvme0n1/ { print }
		/<\/TASK>/ { trace = 0 }' "$tmp/out" > "$tmp/report"
	form "$tmp/report" > "$tmp/ours.form"
	form "$golden/report-$release.txt" > "$tmp/real.form"
	diff "$tmp/real.form" "$tmp/ours.form" > "$tmp/diff" ||
		complain "reports differ (< real, > ours):
$(cat "$tmp/diff")"
	twice "$golden/report-$release.txt" real
	twice "$tmp/report" ours
}

for release in 6.1 6.18; do
	about=$release
	machine
	scenario
	"$build/kmm-run" -m "$tmp/machine" "$tmp/script" > "$tmp/out" 2> "$tmp/errors" ||
		complain "$(head -5 "$tmp/errors")"
	grep -q '^clean' "$tmp/out" || complain "$(grep -A 5 '^broken' "$tmp/out")"
	figures > "$tmp/ours"
	compare "$golden/steps-$release.txt" 'a1 a2 a3 g1 k1 k2 s1 s2 s3 s4 s6'
	[ $release = 6.18 ] || compare "$golden/oom-$release.txt" 'a1 a2 a3'
	reports
done
[ $failed -eq 0 ]
