#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Real machines ran out of memory with swap: anonymous memory that was written, a file of shared
# memory, or one of a disk, which was written by calls, or through a mapping; then it was given back, and swap switched off (a disk's, or a compressed one's). tests/golden/reclaim/swap-*
# have what each was, and what moved there. Simulated machines do the same: sums that must
# hold, hold for both; what moved there moves here, and by about as much.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"

step() {
	echo "cat proc/vmstat"
	echo "cat proc/meminfo"
	case $path in
	*zram*) echo "cat sys/block/zram0/mm_stat" ;;
	esac
	steps="$steps $1"
}

# scenario KEY=VALUE...: of the first line
scenario() {
	arch=x86_64 rounds=1 swappiness=60 path=/dev/nvme0n1
	release='' memory='' cpus='' swap='' anon='' shm='' write='' map='' steps=''
	for word; do
		eval "$word"
	done
	cat > "$tmp/machine" <<-END
	[machine]
	arch = $arch
	release = $release
	cmdline = transparent_hugepage=never
	[node 0]
	cpus = $cpus
	memory = $memory
	[swap 0]
	path = $path
	size = $swap
	END
	[ -z "$map" ] || printf '[file /root/f]\nsize = %s\n' "$map" >> "$tmp/machine"
	{
		step before
		echo "proc/sys/vm/swappiness: $swappiness"
		echo "proc/1/ctl: fork as eat"
		if [ "$shm" ]; then
			echo "sim/as/eat/ctl: open /dev/shm/f rdwr,creat as f"
			echo "sim/as/eat/ctl: pwrite64 @f $shm 0"
		elif [ "$write" ]; then
			echo "sim/as/eat/ctl: open /root/f rdwr,creat as f"
			echo "sim/as/eat/ctl: pwrite64 @f $write 0"
		elif [ "$map" ]; then
			echo "sim/as/eat/ctl: open /root/f rdwr as f"
			echo "sim/as/eat/ctl: mmap 0x10000000 $map rw shared,fixed @f as m"
			echo "sim/as/eat/ctl: store @m $map"
		else
			echo "sim/as/eat/ctl: mmap 0x10000000 $anon rw private,anon,fixed,noreserve"
			echo "sim/as/eat/ctl: store 0x10000000 $anon"
		fi
		while [ $((rounds -= 1)) -gt 0 ]; do
			echo "sim/as/eat/ctl: load 0x10000000 $anon"
		done
		step touched
		[ -z "$shm" ] || echo "sim/as/eat/ctl: unlink /dev/shm/f"
		echo "proc/1/ctl: kill @eat KILL"
		echo "proc/1/ctl: wait4 -1 0"
		echo "tick 1s"
		step killed
		echo "proc/1/ctl: swapoff $path"
		step off
		echo "cat sim/check"
	} > "$tmp/script"
	# Where the area is too small, somebody is killed.
	"$build/kmm-run" -k -m "$tmp/machine" "$tmp/script" > "$tmp/out" 2> "$tmp/err"
	grep -q '^clean' "$tmp/out" || { grep -A 9 '^broken' "$tmp/out"; cat "$tmp/err"; return 1; }
}

# compare GOLDEN
compare() {
	alone=0
	[ "$cpus" != 0 ] || alone=1
	awk -v steps="$steps" -v file="$1" -v alone=$alone -v map="$map" '
	function wrong(text) {
		print file ": " text
		failed = 1
	}
	function sums(whose, v, k) {
		if (!((k, "pgscan_anon") in v))
			return
		for (i = 1; i <= 2; i++) {
			part = i == 1 ? "pgscan" : "pgsteal"
			if (v[k, part "_kswapd"] + v[k, part "_direct"] + v[k, part "_khugepaged"] != \
			    v[k, part "_anon"] + v[k, part "_file"])
				wrong(whose " " k ": " part " by whom is not " part " of which kind")
		}
		# Each page that reclaim wrote has a slot, and is written, or on its way. (What a real
		# machine counts comes late, by CPU.)
		slack = whose == "real" ? 32 : 0
		files = v[k, "nr_dirtied"] > 100
		if (!files && abs(v[k, "nr_vmscan_write"] - v[k, "pswpout"]) > slack ||
		    !files && abs(v[k, "nr_written"] + v[k, "nr_writeback"] - v[k, "pswpout"]) > slack)
			wrong(whose " " k ": " v[k, "pswpout"] " out, " v[k, "nr_vmscan_write"] " by " \
			      "reclaim, " v[k, "nr_written"] " written")
		if (v[k, "pgsteal_anon"] > v[k, "pgscan_anon"])
			wrong(whose " " k ": more was freed than was looked at")
		if (v[k, "swap_ra_hit"] > v[k, "swap_ra"] || v[k, "swap_ra"] > v[k, "pswpin"])
			wrong(whose " " k ": more was read ahead than was read")
		if (k == "off" && (v[k, "SwapTotal"] || v[k, "SwapFree"]))
			wrong(whose " " k ": there is swap")
	}
	function abs(n) {
		return n < 0 ? -n : n
	}
	# Within a factor; few are as good as none.
	function about(k, name, factor, few,	r, o) {
		if (!((k, name) in real))
			return
		r = real[k, name]
		o = ours[k, name]
		facts++
		if ((o > r * factor || r > o * factor) && (r > few || o > few))
			wrong(k " " name ": " r " on a real machine, " o " here")
	}
	function ratio(name,	r, o) {
		if (!(("touched", name) in real))
			return
		r = real["touched", name] / real["touched", "orig_data_size"]
		o = ours["touched", name] / ours["touched", "orig_data_size"]
		facts++
		if (abs(r - o) > r / 30)
			wrong(name " of a byte: " r " on a real machine, " o " here")
		if (name == "mem_used_total" &&
		    ours["touched", name] != 4096 * ours["touched", "nr_zspages"])
			wrong("nr_zspages and the memory of zram differ")
	}
	BEGIN { split(steps, step) }
	FNR == 1 { input++ }
	input == 1 && FNR > 1 { real[$1, $2] = $3; at[$1] }
	input == 2 && /^==> proc\/vmstat/ { now = step[++nr] }
	input == 2 && /^==> sim/ { now = "" }
	input == 2 && /^==> sys.*mm_stat/ { sizes = 1 }
	input == 2 && sizes && NF == 9 {
		ours[now, "orig_data_size"] = $1
		ours[now, "compr_data_size"] = $2
		ours[now, "mem_used_total"] = $3
		sizes = 0
		next
	}
	input == 2 && now && NF >= 2 {
		sub(":", "", $1)
		absolute = $1 ~ /^(nr_(free_pages|anon_pages|swapcached|writeback|zspages)|SwapTotal|SwapFree)$/
		if (now == "before")
			before[$1] = $2
		ours[now, $1] = absolute ? $2 : $2 - before[$1]
	}
	END {
		for (k in at) {
			sums("real", real, k)
			sums("ours", ours, k)
			# Few are those of other programs.
			about(k, "pswpout", 1.4, 0)
			about(k, "pgsteal_anon", 1.4, 0)
			about(k, "pgscan_anon", 2.2, 0)
			# Those that the flusher writes in front of kswapd: 1256 to 3774 on one guest.
			about(k, "pgrotated", map ? 4 : 1.6, 0)
			if (map)
				about(k, "pgactivate", 4, 0)
			about(k, "pgsteal_file", 1.4, 1000)
			about(k, "pgscan_file", 2.2, 1000)
			about(k, "nr_dirtied", 1.1, 100)
			about(k, "pgfault", 1.3, 0)
			about(k, "pgmajfault", 1.5, 200)
			about(k, "pswpin", 1.5, 1000)
			about(k, "swap_ra", 1.5, 1000)
			about(k, "swap_ra_hit", 1.5, 1000)
			about(k, "workingset_refault_anon", 1.5, 1000)
			about(k, "pgdeactivate", 3, 100)
			about(k, "nr_swapcached", 2, 1200)
			about(k, "pgskip_dma32", 2, 1000)
			about(k, "nr_writeback", 1.5, 1200)
			about(k, "oom_kill", 1, 0)
			about(k, "nr_vmscan_immediate_reclaim", 3, 100)
			# The last pass of kswapd leaves more where marks are boosted, as ours with zram.
			about(k, "nr_free_pages", k == "touched" ? 4 : 1.4, file ~ /zram/ ? 2600 : 800)
			about(k, "SwapTotal", 1, 0)
			about(k, "SwapFree", 1.6, 0)
		}
		about("touched", "nr_zspages", 1.4, 0)
		about("touched", "orig_data_size", 1.4, 0)
		about("touched", "compr_data_size", 1.4, 0)
		about("touched", "mem_used_total", 1.4, 0)
		# Of each page that is kept, as much is left.
		ratio("compr_data_size")
		ratio("mem_used_total")
		# Who was first is a matter of timing. One guest in runs of a minute (200 MiB on 128, two
		# CPUs): kswapd 3 to 141 turns, it freed 3085 to 33329 pages, direct reclaim 5101 to 35465;
		# 160 MiB and swappiness: 2 to 58, 2295 to 19738, 3291 to 21800; 6.18: 5 to 54, 2681 to
		# 22677, 14135 to 34251. For each page kswapd waits for the other CPU to flush its TLB: 30
		# us, or 10 ms if the host has others to run. On one CPU: 66 to 228, 21508 to 27850, 7660 to
		# 13982; with 32 MiB of swap 5 to 82, 4381 to 6211, 1707 to 3472.
		about("touched", "pgscan_direct", alone ? 3.5 : 5, 1000)
		about("touched", "pgsteal_direct", alone ? 2.5 : 5, 1000)
		about("touched", "pgscan_kswapd", alone ? 2.5 : 8, 1000)
		about("touched", "pgsteal_kswapd", alone ? 2.5 : 8, 1000)
		about("touched", "pageoutrun", 4, 50)
		exit failed || facts < 20
	}' "$1" "$tmp/out"
}

for golden in "$here"/tests/golden/reclaim/swap-*.txt; do
	# shellcheck disable=SC2046
	scenario $(head -n 1 "$golden") || failed=1
	compare "$golden" || failed=1
done
[ $failed -eq 0 ]
