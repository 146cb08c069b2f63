#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A real machine of 128 MiB has read 300 MiB of a disk, once, and without swap. A simulated
# one does the same: sums that must hold, hold for both; what moved there moves here, and by
# about as much, but for what is a matter of timing.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"

cat > "$tmp/machine" <<'END'
[machine]
release = 6.1
[node 0]
cpus = 0-1
memory = 128M
[file /disk]
size = 300M
END
cat > "$tmp/script" <<'END'
cat proc/vmstat
proc/1/ctl: open /disk O_RDONLY as disk
proc/1/ctl: pread64 0 300M 0 = 314572800
cat proc/vmstat
cat sim/check
END
"$build/kmm-run" -m "$tmp/machine" "$tmp/script" > "$tmp/out" || exit 1
awk -v dir="$tmp" '/^==> proc\/vmstat/ { file = dir "/" ++nr; next } /^==>/ { file = "" }
	file && NF == 2 { print > file }' "$tmp/out"
grep -q '^clean' "$tmp/out" || { grep -A 9 '^broken' "$tmp/out"; exit 1; }

golden=$here/tests/golden/reclaim/stream-6.1-128M
awk -v real_before="$golden-before.vmstat" -v real_after="$golden-after.vmstat" \
	-v before="$tmp/1" -v after="$tmp/2" '
function deltas(first, second, into,	name, value) {
	while ((getline < first) > 0)
		into[$1] = -$2
	while ((getline < second) > 0)
		into[$1] += $2
}
function wrong(text) {
	print text
	failed = 1
}
# Equal for both.
function sum(whose, d, part, whole) {
	if (d["pg" part "_kswapd"] + d["pg" part "_direct"] != d["pg" part "_" whole] + d["pg" part "_anon"])
		wrong(whose ": pg" part " by whom is not pg" part " of which kind")
}
# Within a factor, and if one is none, the other is.
function about(name, factor) {
	if (!real[name] != !ours[name] || ours[name] > real[name] * factor ||
	    real[name] > ours[name] * factor)
		wrong(name ": " real[name] " on a real machine, " ours[name] " here")
	facts++
}
BEGIN {
	deltas(real_before, real_after, real)
	deltas(before, after, ours)
	# The disk itself has pages that do not move, files of it have.
	real["allocstall"] = real["allocstall_normal"] + real["allocstall_movable"]
	ours["allocstall"] = ours["allocstall_normal"] + ours["allocstall_movable"]
	sum("real", real, "scan", "file")
	sum("ours", ours, "scan", "file")
	sum("real", real, "steal", "file")
	sum("ours", ours, "steal", "file")
	about("pgpgin", 1.01)
	about("pgscan_file", 1.2)
	about("pgsteal_file", 1.2)
	about("pgscan_kswapd", 2)
	about("pgsteal_kswapd", 2)
	# Of a file instead of the disk itself it was a tenth on another day.
	about("pgscan_direct", 3)
	about("pgsteal_direct", 3)
	about("allocstall", 2)
	about("pageoutrun", 3)
	about("kswapd_low_wmark_hit_quickly", 3)
	about("pgscan_direct_throttle", 4)
	about("pgscan_anon", 1)
	about("pgactivate", 1)
	about("pgdeactivate", 1)
	about("pgrefill", 1)
	about("workingset_refault_file", 1)
	about("workingset_activate_file", 1)
	about("oom_kill", 1)
	exit failed || facts < 18
}' /dev/null
