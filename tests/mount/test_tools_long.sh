#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Tools of larger packages, or that take seconds: make check-long. What is not
# installed is named at the end.
# shellcheck disable=SC2154  # read_meminfo() sets them
. "$KMM_SRCDIR/tests/mount/tools.sh"
start_busy
timeout 20 "$enter" "$mnt" true 2>"$work/refused" || skip_entering "$work/refused"
python=/usr/bin/python3
used_swap=$((SwapTotal - SwapFree))
rss=$(field "proc/$hog/status" VmRSS)
vsz=$(field "proc/$hog/status" VmSize)
# What CPUs keep to themselves is not in it, unlike in status.
stat_rss=$(awk '{ print $24 * 4 }' "$mnt/proc/$hog/stat")

# -- memory by process -------------------------------------------------------------

if has smem; then
	ran smem -H -c "pid swap uss pss rss"
	figure processes 'END { print NR }' "$(find "$mnt"/proc/[0-9]*/maps -size 0 -prune -exec sh -c \
		'[ -n "$(cat "$1")" ]' sh {} \; -print | wc -l)"
	figure 'the large one' "\$1 == $hog { print \$2, \$3, \$4, \$5 }" \
		"$(awk '/^Swap:/ { s += $2 } /^Private_(Clean|Dirty):/ { u += $2 } /^Pss:/ { p += $2 }
			/^Rss:/ { r += $2 } END { print s, u, p, r }' "$mnt/proc/$hog/smaps")"
	ran smem -H -w
	figure 'free memory' '/^free memory/ { print $3 }' "$MemFree"
	ran smem -H -u
	ran smem -H -m
fi
if has smemstat; then
	ran smemstat -p init
	near rss "$(awk -v pid="$hog" '$1 == pid { print $8 }' "$out")" \
		"$(awk -v kb="$rss" 'BEGIN { print kb / 1024 }')" 0.1
fi
if has memstat; then
	ran memstat -p "$hog"
fi
if has pidstat; then
	ran pidstat -r -p ALL
	figure sizes "\$3 == $hog { print \$6, \$7 }" "$vsz $stat_rss"
	figure 'all with memory, and no others' 'NF == 9 && $3 ~ /^[0-9]/ && $6 { n++ } END { print n }' \
		"$(cat "$mnt"/proc/[0-9]*/statm | awk '$1 { n++ } END { print n }')"
fi

# -- sysstat -----------------------------------------------------------------------

if has sar; then
	average='$1 == "Average:" && $2 ~ /^[0-9]/'
	ran sar -r ALL 1 1
	figure memory "$average { print \$2, \$3, \$6, \$7 - \$7, \$10, \$11 }" \
		"$MemFree $MemAvailable $Buffers 0 $Active $Inactive"
	figure kernel "$average { print \$13, \$14, \$15, \$16 }" "$AnonPages $Slab $KernelStack $PageTables"
	ran sar -S 1 1
	figure swap "$average { print \$2, \$3, \$5 }" "$SwapFree $used_swap $SwapCached"
	ran sar -H 1 1
	figure 'huge pages' "$average { print \$2, \$3, \$5 }" \
		"$((HugePages_Free * 2048)) $(((HugePages_Total - HugePages_Free) * 2048)) $((HugePages_Rsvd * 2048))"
	ran sar -q MEM 1 1

	# Rates: a second of the machine's time passes, in which a process touches 4 MB and
	# has 2 MB written to swap.
	work_a_second() {
		sleep 0.6
		for line in 'mmap 0 4M rw private,anon as more' 'store @more 4M' \
			'madvise @more 2M MADV_PAGEOUT'; do
			echo "$line" >"$mnt/sim/as/small/ctl"
		done
		echo tick 250 >"$mnt/sim/ctl"
	}
	cat "$mnt/proc/vmstat" >"$work/before"
	work_a_second &
	ran sar -B -W 1 1
	wait
	cat "$mnt/proc/vmstat" >"$work/after"
	rate() {
		awk -v name="$1" '$1 == name { print (NR == FNR ? -1 : 1) * $2 }' "$work/before" "$work/after" |
			awk '{ sum += $1 } END { printf "%.2f", sum }'
	}
	same 'something happened' "$([ "$(rate pgfault)" != 0.00 ] && echo yes)" yes
	same faults "$(awk -v RS= '/fault\/s/' "$out" | awk '/^[0-9].*[0-9]$/ { print $4, $5 }' | tail -1)" \
		"$(rate pgfault) $(rate pgmajfault)"
	same 'swapped out' "$(awk -v RS= '/pswpout/' "$out" | awk '/^[0-9].*[0-9]$/ { print $3 }' | tail -1)" \
		"$(rate pswpout)"
	read_meminfo
	used_swap=$((SwapTotal - SwapFree))
fi
if has mpstat; then
	ran mpstat -P ALL 1 1
	figure CPUs '$1 == "Average:" && $2 ~ /^[0-9]/ { n++ } END { print n }' 4
	ran mpstat -N ALL 1 1
	figure nodes '$1 == "Average:" && $2 ~ /^[0-9]/ { n++ } END { print n }' 2
fi

# -- watchers ----------------------------------------------------------------------

if has atop; then
	ran atop -P MEM,SWP,PRM 1 1
	figure memory '$1 == "MEM" { print $8, $9, $11, $12 }' \
		"$((MemTotal / 4)) $((MemFree / 4)) $((Buffers / 4)) $((Slab / 4))"
	figure swap '$1 == "SWP" { print $8, $9 }' "$((SwapTotal / 4)) $((SwapFree / 4))"
	figure 'a process' "\$1 == \"PRM\" && \$7 == $hog { print \$11, \$12; exit }" "$vsz $stat_rss"
fi
if has dstat; then
	ran dstat --nocolor -m -s 1 1
	near free "$(awk 'END { print $2 + 0 }' "$out")" $((MemFree / 1024)) 1
	near 'used swap' "$(awk 'END { print $5 + 0 }' "$out")" $((used_swap / 1024)) 1
fi
if has nmon; then
	ran sh -c 'cd "$0" && nmon -F nmon.out -s 1 -c 1 &&
		for i in 1 2 3 4 5 6 7 8 9; do sleep 1; grep -q ^MEM,T0001 nmon.out && break; done; cat nmon.out' "$work"
	near total "$(awk -F, '$2 == "T0001" && $1 == "MEM" { print $3 }' "$out")" \
		"$(awk -v kb="$MemTotal" 'BEGIN { print kb / 1024 }')" 0.1
	near free "$(awk -F, '$2 == "T0001" && $1 == "MEM" { print $7 }' "$out")" \
		"$(awk -v kb="$MemFree" 'BEGIN { print kb / 1024 }')" 0.1
fi
if has earlyoom; then
	ran sh -c 'timeout 2 earlyoom --dryrun -r 1 2>&1; true'
	figure memory '/^mem total/ { print $3, $7 }' "$((MemTotal / 1024)) $((SwapTotal / 1024))"
	figure available '/^mem avail/ { print $3; exit }' $((MemAvailable / 1024))
fi
# On a terminal of its own.
on_terminal() {
	command="$*"
	echo "stty rows 50 cols 150; TERM=xterm timeout --foreground -s INT 3 $enter $mnt $*" >"$work/session"
	script -qec "sh $work/session" "$work/typescript" </dev/null >/dev/null 2>&1
	sed 's/\x1b[()][A-Z0-9]//g; s/\x1b\[[0-9;?]*[a-zA-Z]/ /g' "$work/typescript" >"$work/out"
}
if has htop script; then
	on_terminal htop -C -d 5
	expect "htop: memory" grep -Eq "/$(awk -v kb="$MemTotal" 'BEGIN { printf "%.2fG", kb / 1048576 }')" "$out"
	expect "htop: swap" grep -Eq "/$(((SwapTotal + 1023) / 1024))M" "$out"
	expect "htop: load" grep -q 'Load average:  0.00' "$out"
	expect "htop: the process" grep -Eq "(^| )$hog +(root|nobody)" "$out"
fi

# -- libraries and exporters --------------------------------------------------------

psutil_figures='
import psutil
vm, swap = psutil.virtual_memory(), psutil.swap_memory()
print("vm", vm.total // 1024, vm.free // 1024, vm.available // 1024, vm.slab // 1024)
print("swap", swap.total // 1024, swap.free // 1024, psutil.getloadavg()[0], len(psutil.pids()))
p = psutil.Process(PID)
info = p.memory_full_info()
print("process", info.rss // 1024, info.vms // 1024, info.pss // 1024, info.swap // 1024)
print("maps", len(p.memory_maps(grouped=False)), p.num_threads(), p.num_fds(), p.ppid(), p.nice())
print("cpus", psutil.cpu_count(), psutil.cpu_stats().ctx_switches)'
if $python -c 'import psutil' 2>/dev/null; then
	psutil_says() {
		figure memory '$1 == "vm" { print $2, $3, $4, $5 }' "$MemTotal $MemFree $MemAvailable $Slab"
		figure swap '$1 == "swap" { print $2, $3 }' "$SwapTotal $SwapFree"
		figure processes '$1 == "swap" { print $5 }' "$(pids | wc -l)"
		figure process '$1 == "process" { print $2, $3, $4, $5 }' "$rss $vsz $(awk '
			/^Pss:/ { p += $2 } /^Swap:/ { s += $2 } END { print p, s }' "$mnt/proc/$hog/smaps")"
		figure maps '$1 == "maps" { print $2, $3, $4, $5 }' "$(wc -l <"$mnt/proc/$hog/maps") 2 1 1"
		figure cpus '$1 == "cpus" { print $2 }' 4
	}
	echo "$psutil_figures" | sed "s/PID/$hog/" >"$work/figures.py"
	chmod 644 "$work/figures.py"
	ran $python "$work/figures.py"
	psutil_says
	# By its own option, without entering: nothing of it is asked by system call but nice.
	command="psutil.PROCFS_PATH"
	sed 's/^import psutil/&; psutil.PROCFS_PATH = "MNT"/; s/psutil.getloadavg()\[0\]/0/; s/p.nice()/0/
		s/psutil.cpu_count()/4/' "$work/figures.py" | sed "s|MNT|$mnt/proc|" >"$work/path.py"
	$python "$work/path.py" >"$work/out" 2>&1 || cat "$work/out"
	psutil_says
else
	absent="$absent psutil"
fi
if has glances; then
	ran glances --stdout mem,memswap,processcount --stop-after 1
	figure memory '/^mem:/' "$(sed -n '/^mem:/p' "$out")"
	same total "$(sed -n "/^mem:/s/.*'total': \\([0-9]*\\).*/\\1/p" "$out")" $((MemTotal * 1024))
	same available "$(sed -n "/^mem:/s/.*'available': \\([0-9]*\\).*/\\1/p" "$out")" $((MemAvailable * 1024))
	same swap "$(sed -n "/^memswap:/s/.*'free': \\([0-9]*\\).*/\\1/p" "$out")" $((SwapFree * 1024))
	same processes "$(sed -n "/^processcount:/s/.*'total': \\([0-9]*\\).*/\\1/p" "$out")" "$(pids | wc -l)"
fi
exporter_says() {
	figure memory '$1 == "node_memory_MemFree_bytes" { printf "%.0f", $2 }' $((MemFree * 1024))
	figure 'a node' '$1 == "node_memory_numa_MemFree{node=\"1\"}" { printf "%.0f", $2 }' \
		"$(awk '$3 == "MemFree:" { printf "%.0f", $4 * 1024 }' "$mnt/sys/devices/system/node/node1/meminfo")"
	figure faults '$1 == "node_vmstat_pgfault" { printf "%.0f", $2 }' "$(field proc/vmstat pgfault)"
	figure buddy '$1 == "node_buddyinfo_blocks{node=\"1\",size=\"10\",zone=\"Normal\"}" { print $2 }' \
		"$(awk '$2 == "1," && $4 == "Normal" { print $NF }' "$mnt/proc/buddyinfo")"
	figure slab '$1 == "node_slabinfo_active_objects{slab=\"vm_area_struct\"}" { print $2 }' \
		"$(awk '$1 == "vm_area_struct" { print $2 }' "$mnt/proc/slabinfo")"
	figure mark '$1 == "node_zoneinfo_min_pages{node=\"1\",zone=\"Normal\"}" { print $2 }' \
		"$(awk '/^Node 1, zone +Normal/ { here = 1 } here && $1 == "min" { print $2; exit }' "$mnt/proc/zoneinfo")"
	figure processes '/^node_processes_state/ { sum += $2 } END { print sum }' "$(pids | wc -l)"
	for collector in meminfo meminfo_numa vmstat buddyinfo zoneinfo slabinfo pressure stat loadavg \
		processes diskstats cpu filefd uname time; do
		figure "$collector" "\$1 == \"node_scrape_collector_success{collector=\\\"$collector\\\"}\" { print \$2 }" 1
	done
}
collectors='--collector.buddyinfo --collector.meminfo_numa --collector.slabinfo --collector.zoneinfo
	--collector.processes'
if has prometheus-node-exporter busybox; then
	port=$((20000 + $$ % 20000))
	scrape="prometheus-node-exporter --web.listen-address=127.0.0.1:$port $(echo $collectors)"
	fetch="tries=0; until busybox wget -qO- http://127.0.0.1:$port/metrics 2>/dev/null; do
		tries=\$((tries + 1)); [ \$tries -lt 20 ] || exit 1; sleep 0.2; done"
	ran sh -c "$scrape 2>/dev/null & $fetch"
	exporter_says
	command="node_exporter --path.procfs"
	$scrape --path.procfs="$mnt/proc" --path.sysfs="$mnt/sys" 2>/dev/null &
	helpers="$helpers $!"
	sh -c "$fetch" >"$work/out"
	kill $!
	exporter_says
fi
if has collectd; then
	cat >"$work/collectd.conf" <<-CONF
		Hostname "kmm"
		FQDNLookup false
		BaseDir "$work"
		PIDFile "$work/collectd.pid"
		TypesDB "/usr/share/collectd/types.db"
		Interval 1
		LoadPlugin memory
		LoadPlugin swap
		LoadPlugin vmem
		LoadPlugin numa
		LoadPlugin hugepages
		LoadPlugin processes
		LoadPlugin csv
		<Plugin csv>
		DataDir "stdout"
		</Plugin>
	CONF
	# It complains of threads that it cannot name, and of a file that nobody can read.
	ran sh -c "timeout -s TERM 3 collectd -f -C '$work/collectd.conf' 2>&1 | grep PUTVAL"
	value() {
		awk -v name="$1" '$2 == "kmm/" name { sub(/.*:/, "", $4); printf "%.0f", $4; exit }' "$out"
	}
	same memory "$(value memory/memory-free)" $((MemFree * 1024))
	same swap "$(value swap/swap-free)" $((SwapFree * 1024))
	same vmem "$(value vmem/vmpage_number-anon_pages)" "$(field proc/vmstat nr_anon_pages)"
	same numa "$(value numa-node0/vmpage_action-numa_hit)" \
		"$(awk '$1 == "numa_hit" { print $2 }' "$mnt/sys/devices/system/node/node0/numastat")"
fi

# Its charts, asked of its web server; a figure that it has not measured yet is none or 0.
charts='system.ram mem.available system.swap mem.kernel mem.slab mem.committed mem.slabmemory mem.hugepages'
netdata_says() {
	chart() {
		awk -F, -v chart="$1" -v name="$2" '
			$1 == "==" { here = $2 == chart; next }
			here && $1 == "time" { for (i in at) delete at[i]; for (i = 1; i <= NF; i++) at[$i] = i; next }
			here && name in at { print $at[name] }' "$out"
	}
	mib() {
		near "$1 $2" "$(chart "$1" "$2")" "$(awk -v kb="$3" 'BEGIN { printf "%.4f", kb / 1024 }')" 0.01
	}
	cached=$((Cached + SReclaimable - Shmem))
	mib system.ram free "$MemFree"
	mib system.ram cached "$cached"
	mib system.ram buffers "$Buffers"
	mib system.ram used $((MemTotal - MemFree - cached - Buffers))
	mib mem.available avail "$MemAvailable"
	mib system.swap free "$SwapFree"
	mib system.swap used "$used_swap"
	mib mem.kernel Slab "$Slab"
	mib mem.kernel KernelStack "$KernelStack"
	mib mem.kernel PageTables "$PageTables"
	mib mem.kernel VmallocUsed "$VmallocUsed"
	mib mem.kernel Percpu "$Percpu"
	mib mem.slab reclaimable "$SReclaimable"
	mib mem.slab unreclaimable "$SUnreclaim"
	mib mem.committed Committed_AS "$Committed_AS"
	mib mem.hugepages free $((HugePages_Free * 2048))
	mib mem.hugepages used $(((HugePages_Total - HugePages_Free - HugePages_Rsvd) * 2048))
}
if has netdata busybox; then
	mkdir "$work/netdata"
	port=$((20000 + $$ % 20000))
	cat >"$work/netdata/netdata.conf" <<-CONF
		[global]
		run as user = $(id -un)
		[db]
		mode = ram
		[directories]
		config = $work/netdata
		cache = $work/netdata
		lib = $work/netdata
		log = $work/netdata
		[web]
		bind to = 127.0.0.1:$port
		[health]
		enabled = no
		[ml]
		enabled = no
		[statsd]
		enabled = no
		[registry]
		enabled = no
		[plugins]
		enable running new plugins = no
		proc = yes
		slabinfo = yes
	CONF
	cat >"$work/netdata/ask" <<-'SH'
		dir=$1 charts=$2 data=http://127.0.0.1:$3/api/v1/data
		shift 3
		netdata -D -c "$dir/netdata.conf" "$@" >"$dir/said" 2>&1 &
		tries=0
		until busybox wget -qO- "$data?chart=mem.slab&format=csv&after=-1" 2>/dev/null | grep -q ',[0-9.]*[1-9]'; do
			tries=$((tries + 1))
			[ $tries -lt 80 ] || { tail -3 "$dir/error.log" >&2; break; }
			sleep 0.5
		done
		sleep 1
		for chart in $charts; do
			echo "==,$chart"
			busybox wget -qO- "$data?chart=$chart&format=csv&after=-1" 2>/dev/null | tr -d '\r'
		done
		kill $!
		wait $!
		true
	SH
	ran sh "$work/netdata/ask" "$work/netdata" "$charts" $port
	netdata_says
	same 'a cache' "$(chart mem.slabmemory vm_area_struct)" \
		"$(awk '$1 == "vm_area_struct" { print $15 * $6 * 4096 }' "$mnt/proc/slabinfo")"
	# By its own option, which its part for slabs does not know.
	command="netdata -s"
	out=$work/out
	sh "$work/netdata/ask" "$work/netdata" "$charts" $port -s "$mnt" >"$out"
	netdata_says
fi

# -- structure ---------------------------------------------------------------------

if has lstopo-no-graphics; then
	lstopo_says() {
		figure nodes '/NUMANode/ { n++ } END { print n }' 2
		figure packages '/Package/ { n++ } END { print n }' 2
		figure 'memory of node 1' '/NUMANode L#1/ { sub(/.*P#1 /, ""); sub(/MB.*/, ""); print }' \
			"$(awk '$3 == "MemTotal:" { printf "%d", $4 / 1024 + 0.5 }' \
				"$mnt/sys/devices/system/node/node1/meminfo")"
	}
	ran env HWLOC_COMPONENTS=linux,stop lstopo-no-graphics --of console
	figure CPUs '/PU L#/ { n++ } END { print n }' 4
	lstopo_says
	command="HWLOC_FSROOT"
	HWLOC_FSROOT=$mnt HWLOC_COMPONENTS=linux,stop lstopo-no-graphics --of console >"$work/out" 2>/dev/null
	lstopo_says
fi
if has pstree; then
	ran pstree -p
	expect "pstree: the process" grep -q "init($hog)" "$out"
fi
if has lsof; then
	ran lsof -p "$hog" -F n
fi

# Of the kernel's own tools/mm, if they were built and are on the path.
if has page-types; then
	ran page-types
	figure 'free pages' '/buddy$/ { sum += $2 } END { print sum }' $((MemFree / 4))
	figure 'pages of slabs' '/\tslab$/ { sum += $2 } END { print sum }' $((Slab / 4))
	ran page-types -p "$hog"
	figure 'pages, those of swap too' '/total/ { print $2 }' "$(awk '/^Rss:/ { r += $2 } /_Hugetlb:|^Swap:/ { r += $2 }
		END { print r / 4 }' "$mnt/proc/$hog/smaps")"
fi
if has slabinfo; then
	cache=$mnt/sys/kernel/slab/vm_area_struct
	ran slabinfo
	figure 'a cache' '$1 == "vm_area_struct" { print $2, $3 }' \
		"$(sed 's/ .*//' "$cache/objects") $(cat "$cache/object_size")"
	ran slabinfo vm_area_struct
	figure 'its slabs' '/^Object :/ { print $3, $6 }' \
		"$(cat "$cache/object_size") $(sed 's/ .*//' "$cache/slabs")"
	figure 'objects of a slab' '/^Align/ { print $5 }' "$(cat "$cache/objs_per_slab")"
	ran slabinfo -T
	figure caches '/^Slabcaches/ { print $3 }' "$(find "$mnt/sys/kernel/slab" -mindepth 1 -maxdepth 1 \
		-type d | wc -l)"
fi

expect "clean" grep -q ^clean "$mnt/sim/check"
expect "stop" stop

# -- other machines: the tools that lay out what there is ---------------------------

lays_out() {
	command="$machine: free"
	out=$work/out
	node_dir=$mnt/sys/devices/system/node
	timeout 20 "$enter" "$mnt" free -k >"$out"
	figure memory '/^Mem/ { print $2, $4, $7 }' "$MemTotal $MemFree $MemAvailable"
	ran ps -e -o pid=
	tr -d ' ' <"$out" >"$work/tool"
	pids >"$work/machine"
	same_lines processes "$work/tool" "$work/machine"
	ran lscpu
	figure cpus '/^CPU\(s\)/ { print $2 }' "$(grep -c ^processor "$mnt/proc/cpuinfo")"
	ran nproc
	figure cpus '{ print }' "$(grep -c ^processor "$mnt/proc/cpuinfo")"
	ran slabtop -o
	figure caches '/Total Caches/ { print $(NF - 1) }' "$(sed 1,2d "$mnt/proc/slabinfo" | wc -l)" || true
	[ -d "$node_dir" ] || return
	ran numactl -H
	for node in "$node_dir"/node[0-9]*; do
		id=${node##*/node}
		figure "node $id" "/^node $id (size|free)/ { print \$4 }" "$(awk '$3 == "MemTotal:" || $3 == "MemFree:" {
			printf "%d\n", $4 / 1024 }' "$node/meminfo")"
		figure "distances of $id" "\$1 == \"$id:\" { \$1 = \"\"; print substr(\$0, 2) }" "$(cat "$node/distance")"
	done
	ran lsmem -b
	figure online '/Total online/ { print $4 }' \
		$(($(grep -lx online "$mnt"/sys/devices/system/memory/memory*/state | wc -l) *
		$(printf %d 0x"$(cat "$mnt/sys/devices/system/memory/block_size_bytes")")))
}
if has numactl slabtop; then
	for machine in tiny numa4 numa8 i386 swap hotplug '--set release=6.1 pc' '--set release=6.1 numa8' \
		'--set arch=i386-pae i386' '--set arch=x86_64-la57 numa4'; do
		# shellcheck disable=SC2086
		start $machine
		read_meminfo
		lays_out
		stop
	done
fi

by_a_user
finish_tools
