#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Directories and files as readers with habits meet them.
. "$KMM_SRCDIR/tests/mount/lib.sh"
start

# "." and ".." first, numbers ascending, places that last: in every directory.
nr=0
for dir in $(timeout 60 find "$mnt" -type d -not -path '*/slab/*' | head -400); do
	expect "order" "$prober" dir "$dir"
	nr=$((nr + 1))
done
expect "directories seen: $nr" test "$nr" -ge 2
expect "places in the root" "$prober" tell-dir "$mnt"
expect "places in proc" "$prober" tell-dir "$mnt/proc"
# A kernel thread has no program: its exe leads nowhere, on a real machine as well.
timeout 60 ls -lR "$mnt" 2>&1 >/dev/null | grep -v '/exe.: No such file' >"$work/complaints"
expect "ls -l is quiet: $(head -3 "$work/complaints")" test ! -s "$work/complaints"


# One read gives all of a file, small ones the same bytes; sizes are 0 for text.
for file in README proc/meminfo proc/zoneinfo proc/vmstat proc/slabinfo proc/buddyinfo \
	proc/cpuinfo proc/iomem sim/machine; do
	[ -e "$mnt/$file" ] || continue
	expect "whole" "$prober" once "$mnt/$file"
	expect "any size" "$prober" reads "$mnt/$file"
	expect "size 0" test "$(stat -c %s "$mnt/$file")" = 0
	expect "poll" "$prober" poll "$mnt/$file"
	expect "no data to seek" "$prober" errno EINVAL seek-data "$mnt/$file"
	expect "no hole to seek" "$prober" errno EINVAL seek-hole "$mnt/$file"
done

# A file that was opened stays as it was until it is read from its start again.
if [ -e "$mnt/sim/ctl" ] && [ -e "$mnt/proc/buddyinfo" ]; then
	expect "rewind" "$prober" rewind "$mnt/proc/buddyinfo" "$mnt/sim/ctl" 'alloc_pages 5
'
	expect "ctl does not seek" "$prober" errno ESPIPE seek-set "$mnt/sim/ctl"
	expect "ctl is ready" "$prober" poll "$mnt/sim/ctl"
fi

# Offsets of any size.
if [ -e "$mnt/proc/kpagecount" ]; then
	expect "kpagecount" says '^[0-9]+$' "$prober" at 4096 "$mnt/proc/kpagecount"
	for offset in 275000000000 0x7ffffffffffff000; do
		expect "kpagecount at $offset" says '^end$' "$prober" at "$offset" \
			"$mnt/proc/kpagecount"
	done
fi
expect "text far behind its end" says '^end$' "$prober" at 275000000000 "$mnt/README"
expect "statfs" "$prober" statfs "$mnt/proc"

# Nobody remembers that a name is missing, and nobody finds it.
expect "missing" "$prober" errno ENOENT stat "$mnt/proc/none"
expect "missing in a file" "$prober" errno ENOTDIR stat "$mnt/README/none"

# One reader that sleeps between bytes does not slow the others.
limit=1000
sanitized && limit=5000
slowest=$("$prober" crowd 64 20 "$mnt/README")
expect "the crowd read ($slowest ms)" test -n "$slowest"
expect "99th percentile $slowest ms" test "${slowest%.*}" -lt "$limit"
expect "stop" stop
finish
