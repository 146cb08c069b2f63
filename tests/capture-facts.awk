# SPDX-License-Identifier: GPL-2.0-or-later
# Files of a machine, each behind a line "==> PATH <==", become the facts that two
# boots of one machine share: a line "PATH: FACT" each. What moves from boot to boot
# (counters, free pages) is masked; labels, their order and all else stay.
function fact(text) {
	print path ": " text
}
# The line with its last number masked.
function masked(line) {
	sub(/ *[0-9]+$/, " N", line)
	return line
}
function zoneinfo(line,   name) {
	name = $1
	if (line ~ /^Node|protection:|start_pfn:|threshold:|node_unreclaimable:|cpu:|^  per-node|^  pagesets/ ||
	    name ~ /^(boost|min|low|high|promo|spanned|present|managed|cma|batch:|high_min:|high_max:)$/ ||
	    (name == "high:" && release == "6.1"))
		fact(line)
	else
		fact(masked(line))
}
function meminfo(line) {
	if ($1 ~ /^(MemTotal|HighTotal|LowTotal|SwapTotal|SwapFree|CommitLimit|VmallocTotal|VmallocChunk|Hugepagesize|Hugetlb|NFS_Unstable|Bounce|WritebackTmp|HardwareCorrupted|Balloon|Unaccepted|Zswap|Zswapped):$/ ||
	    $1 ~ /^HugePages/)
		fact(line)
	else {
		sub(/ +[0-9]+/, " N", line)
		fact(line)
	}
}
function node_meminfo(line) {
	if (line !~ /MemTotal|HugePages/)
		sub(/ +[0-9]+ kB$/, " N kB", line)
	fact(line)
}
function pagetypeinfo(line,   i, sum) {
	if (line ~ /^Page block/)
		blocks = 0
	if (line ~ /^Number of blocks/)
		blocks = 1
	if (line ~ /^Page|^Pages|^Free|^Number/ || line ~ /zone +DMA[, ]/) {
		fact(line)
	} else if (blocks) {
		sum = 0
		for (i = 5; i <= NF; i++)
			sum += $i
		fact($1 " " $2 " " $3 " " $4 " " sum " blocks")
	} else {
		match(line, /type +[A-Za-z]+/)
		fact(substr(line, 1, RSTART + RLENGTH - 1))
	}
}
function dmesg(line) {
	sub(/^<[0-9]+>/, "", line)
	sub(/^\[ *[0-9.]+\] /, "", line)
	# One run more or less of blanks or of the hardware's own lines does not count.
	if (line ~ /hash table entries|^Fallback order|^Built [0-9]+ zonelists|^Policy zone|^Zone ranges|^  (DMA|DMA32|Normal|HighMem|Movable|Device) |^  node |^Early memory node|^Initmem setup|^Movable zone start|^BIOS-|^user:|pages in unavailable ranges|^Memory: [0-9]+K|^Initializing node|^Kernel command line|^Linux version/) {
		# How much is free at that moment depends on the boot's details.
		sub(/^Memory: [0-9]+K\//, "Memory: N/", line)
		sub(/[0-9]+K reserved/, "N reserved", line)
		fact(line)
	}
}
function iomem(line) {
	if (line ~ /: (System RAM|Kernel (code|rodata|data|bss)|Crash kernel)$/ || line ~ /^[0-9a-f].* : Reserved$/)
		fact(line)
}
function slabinfo() {
	if ($0 !~ /^#|^slabinfo/)
		fact($1 " objsize " $4 " objperslab " $5 " pagesperslab " $6)
}
# Areas that the boot makes whatever the hardware: how they are spread, not from where on.
# Kernels list areas by lists that their addresses choose: here they ascend.
function vmallocinfo(line,   parts, n, i) {
	if (line !~ /(alloc_large_system_hash|inet_ehash_locks_alloc|bpf_prog_pack_alloc).* pages=/)
		return
	n = split(line, parts, / +/)
	sub(/\+.*/, "", parts[3])
	line = sprintf("%10d %s %s%s", parts[2], parts[3], parts[4], line ~ / vpages/ ? " vpages" : "")
	for (i = n; parts[i] ~ /^N[0-9]+=/; i--)
		line = line " " substr(parts[i], index(parts[i], "=") + 1)
	for (i = nr_areas++; i > 0 && areas[i - 1] > line; i--)
		areas[i] = areas[i - 1]
	areas[i] = line
}
function end_of_file(   i) {
	for (i = 0; i < nr_areas; i++)
		fact(areas[i])
	nr_areas = 0
}
/^==> .* <==$/ {
	end_of_file()
	path = $2
	blocks = 0
	next
}
/^$/ { next }
path == "proc/zoneinfo" { zoneinfo($0); next }
path == "proc/meminfo" { meminfo($0); next }
path ~ /node[0-9]+\/meminfo$/ { node_meminfo($0); next }
# Each node with memory has half a megabyte or more of what the kernel made for itself.
path ~ /node[0-9]+\/vmstat$/ && $1 == "nr_slab_unreclaimable" {
	fact($1 ($2 >= 128 ? ": some" : ": none"))
	next
}
path ~ /vmstat$|numastat$/ { fact($1); next }
path == "proc/buddyinfo" {
	fact($4 == "DMA" ? $0 : substr($0, 1, 21))
	next
}
path == "proc/pagetypeinfo" { pagetypeinfo($0); next }
path == "proc/iomem" { iomem($0); next }
path == "proc/stat" { if ($1 ~ /^cpu|^btime$/) fact($1 ($1 == "btime" ? " " $2 : "")); next }
path == "proc/slabinfo" { slabinfo(); next }
path == "proc/vmallocinfo" { vmallocinfo($0); next }
path == "sim/dmesg" { dmesg($0); next }
{ fact($0) }
END { end_of_file() }
