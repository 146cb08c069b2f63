#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kmm-compare: machines made from captures have every derived figure of the capture, and
# whatever is changed in a copy of a capture is reported, for what it is.
#
#   tests/test_compare.sh [--all]
#
# --all: every capture, those of captures-RELEASE-more.tar.xz included.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"
needs tar xz awk diff

compare() {
	"$build/kmm-compare" "$@"
}

# What counts, as "KIND PATH FIELD", one a line, sorted.
found() {
	compare --json "$@" | sed -n '/"counts": true/{
		s/.*"path": "\(.*\)", "field": "\(.*\)", "kind": "\([a-z]*\)".*/\3 \1 \2/
		p
	}' | sort
}

# wants STATUS ARGUMENT...
wants() {
	wanted=$1
	shift
	compare "$@" > "$tmp/out" 2>&1
	status=$?
	[ $status = "$wanted" ] || {
		complain "kmm-compare $*: status $status, not $wanted"
		grep -v '  ok$' "$tmp/out" | head -20
	}
}

for archive in "$here"/tests/golden/captures-*.tar.xz; do
	xz -dc "$archive" | tar -xf - -C "$tmp" || exit 99
done
pattern='[!+]*'
[ "${1-}" != --all ] || pattern='*'
nr=0
# The pattern is meant to be one.
# shellcheck disable=SC2231
for dir in "$tmp"/6.*/$pattern; do
	wants 0 --real "$dir"
	nr=$((nr + 1))
done
echo "$nr captures: every derived figure is equal"

# Changes of a copy: EXPRESSION for sed on FILE, and what has to be reported.
changes='proc/meminfo|/^MemTotal/s/[0-9] kB/7 kB/|value MemTotal
proc/meminfo|s/^VmallocTotal:.*/VmallocTotal:   34359738368 kB/|value VmallocTotal
proc/meminfo|s/^Mapped:\(.*\) kB/Mapped:\1 MB/|unit Mapped
proc/meminfo|/^Dirty:/d|extra Dirty
proc/meminfo|s/^Dirty:.*/&\nDirtier:               7 kB/|missing Dirtier
proc/meminfo|/^Slab:/{h;d}; /^SUnreclaim:/G|order Slab
proc/meminfo|s/^Shmem: /Shmem:/|layout Shmem
proc/zoneinfo|s/spanned  4095/spanned  4096/|value node 0 DMA: spanned
proc/zoneinfo|s/start_pfn:           4096/start_pfn:           4097/|value node 0 DMA32: start_pfn
proc/zoneinfo|0,/protection: (0, /s//protection: (1, /|value node 0 DMA: protection
proc/zoneinfo|0,/min      [0-9]*/s//min      9/|value node 0 DMA: min
proc/zoneinfo|0,/nr_mlock/s//nr_locked/|missing node 0 DMA: nr_locked extra node 0 DMA: nr_mlock
proc/slabinfo|s/^\(dentry .* \)192 \(.* : tun\)/\1200 \2/|value dentry: objsize
proc/pagetypeinfo|s/^Page block order: 9/Page block order: 8/|value Page block order
proc/buddyinfo|/zone  *DMA /d|extra node 0 DMA
sys/devices/system/node/node0/distance|s/10/11/|value
sys/devices/system/node/node0/cpulist|s/0/0-1/|value
sys/devices/system/node/node0/meminfo|/MemTotal/s/\([0-9]\) kB/7\1 kB/|value MemTotal
proc/vmstat|/^pgfault /d|extra pgfault'

# Each by itself, against the machine of the capture as it was.
for shape in 6.1/2G-1node 6.18/2G-1node; do
	"$build/kmm-capture" --from "$tmp/$shape" -o "$tmp/machine" || exit 99
	printf '%s\n' "$changes" > "$tmp/changes"
	while IFS='|' read -r file expression report; do
		cp -r "$tmp/$shape" "$tmp/changed"
		sed "$expression" "$tmp/$shape/$file" > "$tmp/changed/$file"
		cmp -s "$tmp/$shape/$file" "$tmp/changed/$file" &&
			complain "$shape: $file is not changed by $expression"
		printf '%s\n' "$report" | sed 's/ \(missing\|extra\) node/\n\1 node/' |
			sed "s|^\([a-z]*\) *|\1 $file |" | sort > "$tmp/wanted"
		found --real "$tmp/changed" "$tmp/machine" > "$tmp/found"
		diff "$tmp/wanted" "$tmp/found" > "$tmp/diff" ||
			complain "$shape, $expression: $(cat "$tmp/diff")"
		rm -rf "$tmp/changed"
	done < "$tmp/changes"
done
echo "$(printf '%s\n' "$changes" | wc -l) changes of a capture are told for what they are"

# Every derived number of zoneinfo and slabinfo, one more: all of them are told.
for shape in 6.1/8G-4node-dist 6.18/4G-2node 6.1/i386-1G; do
	"$build/kmm-capture" --from "$tmp/$shape" -o "$tmp/machine" || exit 99
	cp -r "$tmp/$shape" "$tmp/changed"
	awk '/^Node/ { zone = "node " ($2 + 0) " " $4; cpu = "" }
		$1 == "cpu:" { cpu = ", cpu " $2; high_min = 0 }
		/^ *(min|low|high|promo|spanned|present|managed|start_pfn:|batch:|high_max:|high_min:) +[0-9]+$/ &&
		NF == 2 {
			name = $1
			sub(/:/, "", name)
			at = $1 == "start_pfn:" ? zone : zone cpu
			print "value proc/zoneinfo " at ": " name > told
			$0 = substr($0, 1, match($0, /[0-9]+$/) - 1) ($2 + 1)
		}
		{ print }' told="$tmp/told" "$tmp/$shape/proc/zoneinfo" > "$tmp/changed/proc/zoneinfo"
	# `high` tunes itself where there are two marks for it.
	grep -q 'high_min' "$tmp/told" && sed -i '/cpu [0-9]*: high$/d' "$tmp/told"
	sort "$tmp/told" > "$tmp/wanted"
	# A capture of i386 is without node files.
	found --real "$tmp/changed" "$tmp/machine" > "$tmp/found"
	diff "$tmp/wanted" "$tmp/found" > "$tmp/diff" ||
		complain "$shape: $(grep -c . "$tmp/diff") figures of zoneinfo: $(head -5 "$tmp/diff")"
	echo "$shape: $(wc -l < "$tmp/wanted") figures of zoneinfo, one more each, are told"
	rm -rf "$tmp/changed" "$tmp/told"
done

# Kernels that are built otherwise, and that have not initialised all memory yet.
cp -r "$tmp/6.18/4G-2node" "$tmp/other"
sed -i 's/^\(MemTotal: *\)[0-9]* kB/\14037888 kB/' "$tmp/other/proc/meminfo"
sed -i '/Unaccepted:/d' "$tmp/other/proc/meminfo" "$tmp"/other/sys/devices/system/node/*/meminfo
sed -i '/nr_unaccepted/d' "$tmp/other/proc/zoneinfo" "$tmp/other/proc/vmstat" "$tmp"/other/sys/devices/system/node/*/vmstat
sed -i 's/^\(mm_struct .* \)1536   21    8 :/\11600   20    8 :/; s/^\(dentry .* \)192   21    1 :/\1200   20    1 :/' \
	"$tmp/other/proc/slabinfo"
"$build/kmm-capture" --from "$tmp/other" -o "$tmp/machine"
for line in late dentry mm_struct 'UNACCEPTED_MEMORY = n'; do
	grep -q "^$line" "$tmp/machine" || complain "kernels that are built otherwise: no $line"
done
found --real "$tmp/other" > "$tmp/found"
# What is left: CommitLimit was printed for the old MemTotal; blocks of late pages are none.
grep -v 'CommitLimit$\|: blocks$' "$tmp/found" > "$tmp/diff" && complain "built otherwise: $(cat "$tmp/diff")"
"$build/kmm-run" -m "$tmp/machine" -c 'cat sim/check' | head -1 | grep -q '^clean' ||
	complain "built otherwise: sim/check is not clean"
"$build/kmm-run" --set slab.kmalloc-64=65 -c 'cat proc/version' 2> /dev/null && complain "kmalloc-64 of 65 bytes"

# A capture may be one file.
shape=$tmp/6.18/4G-2node
tar -cf "$tmp/one.tar" -C "$tmp/6.18" 4G-2node
(cd "$shape" && for file in proc/meminfo proc/zoneinfo proc/version proc/cmdline proc/cpuinfo proc/iomem \
	dmesg sys/devices/system/node/*/distance sys/devices/system/node/*/cpulist; do
	printf '==> /%s <==\n' "$file"
	cat "$file"
	echo
done) > "$tmp/one.txt"
wants 0 --real "$tmp/one.tar"
wants 0 --real "$tmp/one.txt"
grep -q '^proc/zoneinfo .* ok$' "$tmp/out" || complain "one.txt: no zoneinfo"
[ "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'kmm-compare-*' -newer "$tmp/one.txt" 2>/dev/null)" = '' ] ||
	complain "a temporary directory was left behind"

# A root that is hidden from us is said, and does not count.
cp -r "$shape" "$tmp/closed"
sed -i 's/[0-9a-f]\{8,\}-[0-9a-f]\{8,\}/00000000-00000000/' "$tmp/closed/proc/iomem"
wants 0 --real "$tmp/closed"
grep -q '^note: real: proc/iomem cannot be read' "$tmp/out" || complain "zeros of iomem are not told"

# What is no text does no harm to terminals, nor to who reads JSON.
cp -r "$shape" "$tmp/garbled"
printf 'MemTotal:  1 kB\n\033[31mRed\277:  2 kB\n' > "$tmp/garbled/proc/meminfo"
wants 1 --real "$tmp/garbled"
grep -q '?\[31mRed?' "$tmp/out" || complain "garbled: $(grep -a Red "$tmp/out")"
compare --json --real "$tmp/garbled" | LC_ALL=C grep -q '[^ -~	]' && complain "garbled: JSON is no text"

# Other machines differ; the same machine does not.
wants 1 --real "$shape" pc

# refused WORDS ARGUMENT...: what was wrong is quoted.
refused() {
	words=$1
	shift
	wants 2 "$@"
	grep -q -e "$words" "$tmp/out" || complain "kmm-compare $*: $(cat "$tmp/out")"
}
mkdir "$tmp/a place"
refused "$tmp/nowhere: No such" --real "$tmp/nowhere"
refused "$here/NEWS: neither texts" --real "$here/NEWS"
refused 'a place: has no directory proc' --real "$tmp/a place"
refused 'no-such-machine: there is no such file' no-such-machine
refused 'a place: nothing is mounted' "$tmp/a place"
refused 'not also two' one two
refused '--at stands twice, not only with 1$' --at 1 pc
refused 'not also --at 3$' --at 1 --at 2 --at 3 pc
refused '--log FILE says which journal is that of pc' --at 1 --at 2 pc
refused 'not x$' --at 1 --at x --log /dev/null pc
refused 'not -1$' --at=-1 --at 2 --log /dev/null pc
refused '--at 7: the history in /dev/null has only 0 lines' --at 0 --at 7 --log /dev/null pc
refused 'a place: neither a machine is mounted' --at 1 --at 2 "$tmp/a place"
refused '--log goes with --at' --log /dev/null pc

# Two points of one history.
cat > "$tmp/log" <<'LOG'
# a comment
sim/ctl: alloc_pages 3 = 0x5990
proc/sys/vm/swappiness: 10 = 0
proc/1/ctl: fork as child
sim/as/child/ctl: mmap 0 16M rw private,anon as buf
sim/as/child/ctl: store @buf 1M
sim/as/child/ctl: munmap @buf 16M = 0
LOG
"$build/kmm-run" -c 'sim/ctl: alloc_pages 3' -c 'cat sim/log' | sed -n 's/^sim.* = //p' > "$tmp/pfn"
sed -i "s/0x5990/$(cat "$tmp/pfn")/" "$tmp/log"
wants 1 --at 1 --at 2 --log "$tmp/log" pc
[ "$(sed -n '/proc/,/^$/p' "$tmp/out" | tr -s ' ' | tr '\n' '|')" = 'proc/sys/vm/swappiness| 60 10 -50||' ] ||
	complain "line 2: $(cat "$tmp/out")"
wants 1 --at 4 --at 5 --log "$tmp/log" pc
grep -q '^  AnonPages .* +1024$' "$tmp/out" || complain "line 5: $(grep -A 9 meminfo "$tmp/out")"
wants 1 --at 2 --at 3 --log "$tmp/log" pc
grep -q '/status .* the file  new$' "$tmp/out" || complain "line 3 is no new process"
wants 0 --at 5 --at 5 --log "$tmp/log" pc
# A machine that is kept; what was taken back is not what line 4 did.
printf '%s\n' 'proc/1/ctl: fork as child' 'sim/as/child/ctl: mmap 0 16M rw private,anon as buf' \
	'sim/as/child/ctl: store @buf 1M' 'sim/ctl: undo 1' 'sim/as/child/ctl: store @buf 2M' > "$tmp/script"
"$build/kmm-run" --state "$tmp/state" "$tmp/script" > "$tmp/out" 2>&1 || complain "state: $(cat "$tmp/out")"
wants 1 --at 2 --at 3 "$tmp/state"
grep -q '^  AnonPages .* +2048$' "$tmp/out" || complain "state: $(grep -A 9 meminfo "$tmp/out")"
wants 2 --at 5 --at 50 --log "$tmp/log" pc

# JSON that others can read.
if command -v python3 >/dev/null; then
	for how in "--real $shape" "--real $shape numa8" "--at 0 --at 6 --log $tmp/log pc"; do
		# Words of a command line.
		# shellcheck disable=SC2086
		compare --json $how | python3 -c 'import json, sys; d = json.load(sys.stdin); assert "count" in d' ||
			complain "--json $how"
	done
fi
[ $failed -eq 0 ]
