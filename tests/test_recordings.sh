#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings of real programs, made by kmm-record on a 6.18 and replayed: each result is the
# real one, and each process is within 2 % of what it was. Where memory is short the calls
# give the same. A recording that was falsified fails.
set -eu
golden=$(cd "${KMM_SRCDIR:-.}" && pwd)/tests/golden/record
build=$(cd "${KMM_BUILDDIR:-.}" && pwd)
command -v xz > /dev/null || { echo "skipped: there is no xz" >&2; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
	echo "$*" >&2
	exit 1
}

for file in "$golden"/*.kmm.xz; do
	name=$(basename "$file" .kmm.xz)
	xz -dc "$file" > "$name.kmm"
	"$build/kmm-run" -m pc "$name.kmm" > "$name.out" || fail "$name: not as recorded"
	# No line that was let pass: all within 2 %, and no machine so large swaps.
	wanted=$(grep -c 'real_figures' "$name.kmm")
	grep -q "^processes: $wanted, $wanted of them" "$name.out" || fail "$name: $(cat "$name.out")"
	grep -q '^pages: 0 swapped out' "$name.out" || fail "$name swaps"
	echo "$name: $(grep -c ' = ' "$name.kmm") results, $wanted processes as recorded"
done

"$build/kmm-run" -m small sort.kmm > small.out || fail "sort on 24 MiB: other results"
swapped=$(sed -n 's/^pages: \([0-9]*\) swapped.*/\1/p' small.out)
[ "$swapped" -gt 1000 ] || fail "sort does not swap on 24 MiB: $(cat small.out)"
grep -q 'parts of it are in swap$' small.out || fail "no cause: $(cat small.out)"
echo "sort on 24 MiB: $swapped pages swapped out"

# wrong NAME SED: a change that must be found, by a line that fails.
wrong() {
	sed "$2" ls.kmm > wrong.kmm
	! cmp -s ls.kmm wrong.kmm || fail "$1: nothing changed"
	if "$build/kmm-run" -m pc wrong.kmm > /dev/null 2> wrong.err; then
		fail "$1: not found"
	fi
	grep -q "$1" wrong.err || fail "$1: $(cat wrong.err)"
}
wrong 'nothing explains' 's/real_figures([0-9]*/&9/'
wrong 'has another name' '/real_vma.*libc/s/libc/libd/'
wrong 'the mapping is' '/real_vma.*r-xp/s/r-xp/r--p/'
wrong 'as expected' '/mmap.*= 0x/s/...$/abc/'

# explained CAUSE FIGURES: what it says where a real process had these.
explained() {
	sed "s/real_figures(.*/real_figures($2)/" ls.kmm > other.kmm
	"$build/kmm-run" -m pc other.kmm > other.out || fail "$1: $(cat other.out)"
	grep -q "$1" other.out || fail "$1: $(cat other.out)"
}
figures=$(sed -n 's/.*real_figures(\(.*\))/\1/p' ls.kmm)
IFS=', ' read -r rss anon minflt _ <<END
$figures
END
more=$((rss + rss / 8))
explained 'large folios of files' "$more, $anon, $minflt, 0, $more"
explained 'large folios of files' "$more, $anon, $((minflt - 1)), 1, $more"
explained 'files were not in memory there' "$more, $anon, $((minflt - 5)), 5, $more"

grep -v '^sim/as/.*store' ls.kmm > wrong.kmm
if "$build/kmm-run" -m pc wrong.kmm > /dev/null 2>&1; then
	fail "accesses are missing: not found"
fi

# What no recording says is refused, and leaves a machine that is whole.
cat > refused.kmm <<'END'
proc/1/ctl: file_make relative 1 = -1 EINVAL
proc/1/ctl: program_segment(/opt/p, 0, 4096, 0, 4096, 5) = -1 ENOENT
proc/1/ctl: file_make /opt/p 20000
proc/1/ctl: program_make(/opt/p, other, 0, 64, 1, 4096) = -1 EINVAL
proc/1/ctl: program_make(/opt/p, dyn, 0, 64, 1, 100) = -1 EINVAL
proc/1/ctl: program_make(/opt/p, exec-execstack, 0x400000, 64, 2, 4096)
proc/1/ctl: fork as a
sim/as/a/ctl: execve /opt/p = -1 ENOEXEC
proc/1/ctl: program_segment(/opt/p, 0x400000, 4096, 0, 8192, 5) = -1 EINVAL
proc/1/ctl: program_segment(/opt/p, 0xfffffffffffff000, 8192, 0, 0, 5) = -1 EINVAL
proc/1/ctl: program_segment(/opt/p, 0x400000, 4096, 0, 4096, 5)
proc/1/ctl: program_segment(/opt/p, 0x3ff000, 4096, 4096, 4096, 3) = -1 EINVAL
proc/1/ctl: program_segment(/opt/p, 0x401000, 8192, 4096, 100, 3)
sim/as/a/ctl: exec_strings 1 2 3 2000000000 = -1 EINVAL
sim/as/a/ctl: exec_strings 1000000 1000 5 200000000
sim/as/a/ctl: execve /opt/p = -1 E2BIG
sim/as/a/ctl: exec_strings 100 10000 50 100000
sim/as/a/ctl: execve /opt/p p
sim/as/a/ctl: real_vma 0x400000 0x401000 r-xp 0 0 /opt/p
sim/as/a/ctl: real_vma 0x400000 0x402000 r-xp 0 0 = -1 EEXIST
sim/as/a/ctl: real_vma 0x7ffffffff000 0x800000000000 r-xp 0 0 = -1 ENOENT
proc/1/ctl: file_make /opt/p 30000 = -1 EBUSY
END
"$build/kmm-run" -m tiny refused.kmm -c 'cat sim/check' > refused.out || fail "lines to be refused"
grep -q '^clean' refused.out || fail "refused lines: $(cat refused.out)"
