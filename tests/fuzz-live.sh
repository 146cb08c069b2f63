#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Storms of all verbs on machines that are left hardly any memory. Tasks that live make
# the calls, so most do something. Few lines here; `make check-long` runs ten million:
# fuzz-live.sh LINES.
set -e
fuzz=${KMM_BUILDDIR:-.}/tests/fuzz_lines
lines=${1:-24000}
whole=$((lines > 1000000 ? 10000 : 2000))

# What follows is one of sixteen storms: MACHINE FREE [SET [OPTION]]
storm()
{
	machine=$1 free=$2 set=${3:-clock=virtual} more=${4:-}
	seed=$((seed + 1))
	echo "$machine, $free free pages, $set $more:"
	"$fuzz" --live -m "$machine" -S "$set" -F "$free" -T 95 -s $seed -n $((lines / 16)) \
		-w $whole -r $((whole * 5)) -d 1000 -W 40 $more
}

# Machines with swap: in compressed memory; on a slow disk that turns, as files are.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/zram" <<END
[machine]
cmdline = transparent_hugepage=never
[node 0]
cpus = 0-1
memory = 128M
[swap 0]
path = /dev/zram0
size = 32M
END
cat > "$tmp/slow" <<END
[machine]
cmdline = transparent_hugepage=never
[node 0]
cpus = 0
memory = 128M
[disk]
name = vda
size = 1G
bandwidth = 2M
queue_depth = 8
[swap 0]
size = 32M
rotational = yes
bandwidth = 4M
queue_depth = 4
[cost]
disk_write = 3000000
swap_write = 3000000
END

seed=${2:-0}
storm tiny 512
storm tiny 1024 release=6.1
storm tiny 2048 release=6.18 --errors
storm tiny 4096 release=6.1
storm pc 1024
storm i386 2048 release=6.18 --errors
storm numa4 4096
storm tiny 768 cmdline=norandmaps
storm pc 8192 cmdline=transparent_hugepage=always
storm tiny 4096 cmdline=transparent_hugepage=always
storm i386 2048 arch=i386-pae
storm pc 1024 arch=x86_64-la57
shared='transparent_hugepage=always transparent_hugepage_shmem=always transparent_hugepage_tmpfs=always'
storm pc 8192 "cmdline=$shared thp_shmem=16K-1M:always"
storm tiny 4096 "cmdline=$shared"
storm "$tmp/zram" 1024 release=6.1
storm "$tmp/slow" 2048 release=6.18 --errors
