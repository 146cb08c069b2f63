#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The tools of procps, util-linux, numactl and busybox, inside kmm-enter.
# shellcheck disable=SC2154  # read_meminfo() sets them
. "$KMM_SRCDIR/tests/mount/tools.sh"
needed=yes
start_busy
timeout 20 "$enter" "$mnt" true 2>"$work/refused" || skip_entering "$work/refused"

# -- procps ----------------------------------------------------------------------

if has free; then
	ran free -k -w
	figure total '/^Mem/ { print $2 }' "$MemTotal"
	figure free '/^Mem/ { print $4 }' "$MemFree"
	figure used '/^Mem/ { print $3 }' $((MemTotal - MemAvailable))
	figure shared '/^Mem/ { print $5 }' "$Shmem"
	figure buffers '/^Mem/ { print $6 }' "$Buffers"
	figure cache '/^Mem/ { print $7 }' $((Cached + SReclaimable))
	figure available '/^Mem/ { print $8 }' "$MemAvailable"
	figure swap '/^Swap/ { print $2, $3, $4 }' "$SwapTotal $((SwapTotal - SwapFree)) $SwapFree"
fi

if has vmstat; then
	ran vmstat
	figure memory 'NR == 3 { print $3, $4, $5, $6 }' \
		"$((SwapTotal - SwapFree)) $MemFree $Buffers $((Cached + SReclaimable))"
	ran vmstat -a
	figure active 'NR == 3 { print $5, $6 }' "$Inactive $Active"
	ran vmstat -s
	figure total '/K total memory/ { print $1 }' "$MemTotal"
	figure free '/K free memory/ { print $1 }' "$MemFree"
	figure active '/K active memory/ { print $1 }' "$Active"
	figure 'used swap' '/K used swap/ { print $1 }' $((SwapTotal - SwapFree))
	figure 'paged in' '/paged in/ { print $1 }' "$(field proc/vmstat pgpgin)"
	figure 'paged out' '/paged out/ { print $1 }' "$(field proc/vmstat pgpgout)"
	figure 'swapped out' '/pages swapped out/ { print $1 }' "$(field proc/vmstat pswpout)"
	figure interrupts '/interrupts/ { print $1 }' "$(field proc/stat intr)"
	figure switches '/context switches/ { print $1 }' "$(field proc/stat ctxt)"
	figure forks '/forks/ { print $1 }' "$(field proc/stat processes)"
	ran vmstat -d
	figure 'writes of the disk of swap' '$1 == "nvme0n1" { print $6, $8 }' \
		"$(awk '$3 == "nvme0n1" { print $8, $10 }' "$mnt/proc/diskstats")"
	ran vmstat -m
	awk '$1 != "Cache" { print $1, $2, $3, $4, $5 }' "$out" | sort >"$work/tool"
	awk 'NR > 2 { print $1, $2, $3, $4, $5 }' "$mnt/proc/slabinfo" | sort >"$work/machine"
	same_lines caches "$work/tool" "$work/machine"
fi

if has slabtop; then
	ran slabtop -o
	awk 'NR > 2 { a += $2; o += $3; s += $15; sa += $14 } END { print a, o, sa, s }' \
		"$mnt/proc/slabinfo" >"$work/sums"
	read -r active objects active_slabs slabs <"$work/sums"
	figure objects '/Total Objects/ { print $(NF - 3), $(NF - 1) }' "$active $objects"
	figure slabs '/Total Slabs/ { print $(NF - 3), $(NF - 1) }' "$active_slabs $slabs"
	figure 'a cache' '$NF == "vm_area_struct" { print $1, $2, $5 }' \
		"$(awk '$1 == "vm_area_struct" { print $3, $2, $15 }' "$mnt/proc/slabinfo")"
fi

if has pmap; then
	sum_smaps() {
		awk -v label="$1:" '$1 == label { sum += $2 } END { print sum + 0 }' "$mnt/proc/$hog/smaps"
	}
	ran pmap -x "$hog"
	dirty=$(($(sum_smaps Shared_Dirty) + $(sum_smaps Private_Dirty)))
	figure total '/^total/ { print $3, $4, $5 }' "$(sum_smaps Size) $(sum_smaps Rss) $dirty"
	figure mappings 'length($1) == 16 && NF > 4 { n++ } END { print n }' "$(wc -l <"$mnt/proc/$hog/maps")"
	ran pmap -X "$hog"
	figure sums 'END { print $1, $2, $3 }' "$(sum_smaps Size) $(sum_smaps Rss) $(sum_smaps Pss)"
	ran pmap -XX "$hog"
	figure 'all figures' 'NR == 2 { print NF - 6 }' \
		$(($(sed -n '2,/VmFlags/p' "$mnt/proc/$hog/smaps" | wc -l)))
	ran pmap "$hog"
	figure total '/total/ { print $2 }' "$(sum_smaps Size)K"
fi

if has ps; then
	ran ps -e -o pid=,ppid=,rss=,vsz=,min_flt=,maj_flt=,stat=,nlwp=,comm=
	awk '{ print $1 }' "$out" >"$work/tool"
	pids >"$work/machine"
	same_lines 'all processes, in order' "$work/tool" "$work/machine"
	figure parent "\$1 == $hog { print \$2 }" "$(field "proc/$hog/status" PPid)"
	figure rss "\$1 == $hog { print \$3 }" "$(field "proc/$hog/status" VmRSS)"
	figure vsz "\$1 == $hog { print \$4 }" "$(field "proc/$hog/status" VmSize)"
	figure faults "\$1 == $hog { print \$5, \$6 }" "$(awk '{ print $10, $12 }' "$mnt/proc/$hog/stat")"
	figure threads "\$1 == $hog { print \$8 }" 2
	figure comm "\$1 == $hog { print \$9 }" "$(cat "$mnt/proc/$hog/comm")"
	ran ps -o pss=,uss= -p "$hog"
	figure pss '{ print $1 }' "$(field "proc/$hog/smaps_rollup" Pss)"
	figure uss '{ print $2 }' $(($(field "proc/$hog/smaps_rollup" Private_Clean) +
		$(field "proc/$hog/smaps_rollup" Private_Dirty)))
	ran ps aux
	figure 'a line each' 'END { print NR - 1 }' "$(pids | wc -l)"
	figure rss "\$2 == $hog { print \$5, \$6 }" \
		"$(field "proc/$hog/status" VmSize) $(field "proc/$hog/status" VmRSS)"
	ran ps -eLf
	figure threads 'END { print NR - 1 }' "$(ls -d "$mnt"/proc/[0-9]*/task/* | wc -l)"
	ran ps -o oom=,cgroup=,wchan= -p "$hog"
	figure oom '{ print $1 }' "$(cat "$mnt/proc/$hog/oom_score")"
	figure cgroup '{ print $2 }' "$(cat "$mnt/proc/$hog/cgroup")"
	# Where nobody knows when the machine booted, ps asks again for each process.
	ran ps -o lstart= -p "$hog"
	figure 'when it began' '{ $1 = $1; print }' "$(LC_ALL=C date '+%a %b %-d %T %Y' -d "@$(($(field \
		proc/stat btime) + $(awk '{ print int($22 / 100) }' "$mnt/proc/$hog/stat")))")"
	same 'the clock was set' "$(field proc/stat btime)" 1764547200
	ran ps -o mntns=,pidns=,luid= -p "$hog"
fi

if has top; then
	ran top -b -n1 -E k -w 200
	figure tasks '/^Tasks/ { print $2 }' "$(pids | wc -l)"
	figure memory '/^KiB Mem/ { print $4, $6 }' "$MemTotal $MemFree"
	figure swap '/^KiB Swap/ { print $3, $5 }' "$SwapTotal $SwapFree"
	figure 'available' '/^KiB Swap/ { print $9 }' "$MemAvailable"
	figure 'a process' "\$1 == $hog { print \$5, \$6, \$12 }" \
		"$(field "proc/$hog/status" VmSize) $(field "proc/$hog/status" VmRSS) init"
fi

if has pgrep; then
	ran pgrep init
	same pids "$(tr '\n' ' ' <"$out")" "$(grep -l '^init$' "$mnt"/proc/[0-9]*/comm |
		sed 's|.*/proc/||; s|/comm||' | sort -n | tr '\n' ' ')"
	ran pgrep -a -P 1 init
	figure command "\$1 == $hog { print \$2 }" "$(tr '\0' ' ' <"$mnt/proc/$hog/cmdline" | sed 's/ $//')"
	ran pwdx "$hog"
	figure directory '{ print $2 }' "$(readlink "$mnt/proc/$hog/cwd")"
fi

if has uptime; then
	ran uptime
	figure up '{ print $2, $3, $4 }' 'up 1:05, 0'
	figure load '{ print $(NF - 2) $(NF - 1) $NF }' \
		"$(awk '{ print $1 "," $2 "," $3 }' "$mnt/proc/loadavg")"
	ran w
fi

if has sysctl; then
	ran sysctl -a
	grep -v stat_refresh "$out" | sed 's/ =.*//; s|\.|/|g' | sort >"$work/tool"
	# What only root may read, too: then it belongs to who mounted.
	(cd "$mnt/proc/sys" && find . -type f -perm -400 | grep -v stat_refresh | sed 's|^\./||') |
		sort >"$work/machine"
	awk 'NR == FNR { seen[$0] = 1; next } !seen[$0]' "$work/machine" "$work/tool" >"$work/more"
	same 'none but the machine has' "$(wc -l <"$work/more")" 0
	for name in vm.swappiness vm.min_free_kbytes vm.overcommit_memory kernel.pid_max fs.file-max; do
		figure "$name" "\$1 == \"$name\" { print \$3 }" \
			"$(cat "$mnt/proc/sys/$(echo "$name" | sed 's|\.|/|')")"
	done
	ran sysctl -w vm.swappiness=77
	same 'it is written' "$(cat "$mnt/proc/sys/vm/swappiness")" 77
fi

# -- util-linux ------------------------------------------------------------------

if has lsmem; then
	blocks=$(grep -lx online "$mnt"/sys/devices/system/memory/memory*/state | wc -l)
	size=$(($(printf %d 0x"$(cat "$mnt/sys/devices/system/memory/block_size_bytes")")))
	ran lsmem -b -a -o RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES
	figure online '/Total online/ { print $4 }' $((blocks * size))
	figure blocks '$1 ~ /^0x/ { n++ } END { print n }' "$blocks"
	figure 'of nodes' '$1 ~ /^0x/ && $6 == 1 { n++ } END { print n }' \
		"$(ls -d "$mnt"/sys/devices/system/node/node1/memory[0-9]* | wc -l)"
	figure zone '$5 == 36 { print $7 }' \
		"$(sed 's/ .*//' "$mnt/sys/devices/system/memory/memory36/valid_zones")"
	# By its own option, without entering.
	command="lsmem -s"
	same 'by -s' "$(lsmem -b -s "$mnt" | awk '/Total online/ { print $4 }')" $((blocks * size))
fi

if has chmem; then
	before=$MemTotal
	ran chmem -v -d -b 36
	same 'a block went' "$(cat "$mnt/sys/devices/system/memory/memory36/state")" offline
	same 'less memory' "$(field proc/meminfo MemTotal)" $((before - size / 1024))
	ran chmem -v -e -b 36
	same 'it came back' "$(field proc/meminfo MemTotal)" "$before"
	read_meminfo
fi

if has lscpu; then
	cpus=$(grep -c ^processor "$mnt/proc/cpuinfo")
	ran lscpu
	figure cpus '/^CPU\(s\)/ { print $2 }' "$cpus"
	figure nodes '/^NUMA node\(s\)/ { print $3 }' "$(ls -d "$mnt"/sys/devices/system/node/node* | wc -l)"
	figure sockets '/^Socket/ { print $2 }' \
		"$(sort -u "$mnt"/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id | wc -l)"
	ran lscpu -p=CPU,NODE,SOCKET,CORE
	figure 'the last' 'END { print }' "3,1,1,3"
	ran lscpu -e
	figure lines 'END { print NR - 1 }' "$cpus"
	command="lscpu -s"
	same 'by -s' "$(lscpu -s "$mnt" | awk '/^NUMA node1 CPU/ { print $4 }')" "$(ran lscpu >/dev/null
		awk '/^NUMA node1 CPU/ { print $4 }' "$work/out")"
fi

if has ipcs; then
	ran ipcs -m
	figure segment '$1 == "0x00001234" { print $2, $5, $6 }' \
		"$(awk '$1 == 4660 { print $2, $4, $7 }' "$mnt/proc/sysvipc/shm")"
	ran ipcs -m -t
	figure 'when it was made' '$1 ~ /^[0-9]+$/ { print $(NF - 2), $(NF - 1), $NF; exit }' \
		"$(date '+%b %-d %T' -d "@$(awk '$1 == 4660 { print $14 }' "$mnt/proc/sysvipc/shm")")"
	ran ipcs -a
fi

if has lsipc; then
	ran lsipc -b
	figure 'pages of segments' '$1 == "SHMALL" { print $(NF - 2), $(NF - 1) }' \
		"$(cat "$mnt/proc/sys/kernel/shmall") 256"
fi

if has swapon; then
	ran swapon --show --bytes --raw --noheadings
	figure area '{ print $1, $2, $3, $4, $5 }' "$(awk 'NR > 1 { print $1, $2, $3 * 1024, $4 * 1024, $5 }' \
		"$mnt/proc/swaps")"
	expect "swapoff is refused" not timeout 20 "$enter" "$mnt" swapoff -a 2>/dev/null
fi

# -- numactl ---------------------------------------------------------------------

node_kb() {
	awk -v label="$2:" '$3 == label { print $4 }' "$mnt/sys/devices/system/node/node$1/meminfo"
}

if has numactl; then
	ran numactl -H
	for node in 0 1; do
		figure "size of $node" "/^node $node size/ { print \$4 }" $(($(node_kb $node MemTotal) / 1024))
		figure "free of $node" "/^node $node free/ { print \$4 }" $(($(node_kb $node MemFree) / 1024))
		figure "distances of $node" "/^ *$node:/ { print \$2, \$3 }" \
			"$(cat "$mnt/sys/devices/system/node/node$node/distance")"
	done
	ran numactl -s
fi

if has numastat; then
	ran numastat -n
	for row in Numa_Hit Numa_Miss Numa_Foreign Interleave_Hit Local_Node Other_Node; do
		name=$(echo $row | tr '[:upper:]' '[:lower:]')
		for node in 0 1; do
			pages=$(awk -v name="$name" '$1 == name { print $2 }' \
				"$mnt/sys/devices/system/node/node$node/numastat")
			near "$row of $node" "$(awk -v row=$row -v n=$((node + 2)) '$1 == row { print $n }' "$out")" \
				"$(awk -v p="$pages" 'BEGIN { printf "%.2f", p / 256 }')" 0.01
		done
	done
	ran numastat -m
	for row in MemTotal MemFree Active AnonPages HugePages_Total; do
		for node in 0 1; do
			kb=$(node_kb $node $row)
			[ $row != HugePages_Total ] || kb=$((kb * 2048))
			near "$row of $node" "$(awk -v row=$row -v n=$((node + 2)) '$1 == row { print $n }' "$out")" \
				"$(awk -v kb="$kb" 'BEGIN { printf "%.2f", kb / 1024 }')" 0.01
		done
	done
	ran numastat -p "$hog"
	for node in 0 1; do
		kb=$(awk -v n="N$node" '{ size = 4; for (i = 1; i <= NF; i++) {
				split($i, part, "=")
				if (part[1] == "kernelpagesize_kB") size = part[2]
				if (part[1] == n) pages = part[2] }
			sum += pages * size; pages = 0 } END { print sum }' "$mnt/proc/$hog/numa_maps")
		near "total of $node" "$(awk -v n=$((node + 2)) '$1 == "Total" { print $n }' "$out" | tail -1)" \
			"$(awk -v kb="$kb" 'BEGIN { printf "%.2f", kb / 1024 }')" 0.02
	done
fi

# -- busybox: its figures are sysinfo(2)'s -----------------------------------------

if has busybox; then
	ran busybox free
	figure memory '/^Mem/ { print $2, $4, $5, $7 }' "$MemTotal $MemFree $Shmem $MemAvailable"
	figure swap '/^Swap/ { print $2, $3, $4 }' "$SwapTotal $((SwapTotal - SwapFree)) $SwapFree"
	ran busybox uptime
	figure up '{ print $2, $3, $4 }' 'up 1:05, 0'
	ran busybox ps
	figure 'a line each' 'END { print NR - 1 }' "$(pids | wc -l)"
	ran busybox top -b -n1
	figure 'free memory' '/^Mem/ { print $4 }' "${MemFree}K"
	figure 'a process' "\$1 == $hog { print \$5 }" "$(field "proc/$hog/status" VmSize)"
fi

if has getconf; then
	ran getconf _PHYS_PAGES
	figure pages '{ print }' $((MemTotal / 4))
	ran getconf _AVPHYS_PAGES
	figure free '{ print }' $((MemFree / 4))
fi

expect "clean" grep -q ^clean "$mnt/sim/check"
expect "stop" stop
by_a_user
finish_tools
