# SPDX-License-Identifier: GPL-2.0-or-later
# Do two runs of one list of memory operations agree, step by step?
#
#	awk [-v still=1] -f ops-compare.awk REFERENCE OURS
#
# Judged: each result (value, errno, signal; fault counts but for fork), the VMAs that
# the list itself made, sizes of status, RssAnon and RssShmem as the change since the
# process was first seen, size, text and data of statm, vsize of stat, smaps and
# pagemap of the ranges that a step names, numa_maps of VMAs of the list, pools of huge pages. Not judged,
# because two kernels of one release differ there: what the program's own pages cost,
# inode numbers, pids, soft-dirty. With still=1, for lists of a program that is not
# modelled (ops-run -s), neither what its stack has, how many of its pages moved, which
# ids it got, what is on active lists, and its faults behind clear_refs. Exit status 0 when no step differs.

function starts(text, with) { return substr(text, 1, length(with)) == with }

function squeeze(text) { gsub(/[ \t]+/, " ", text); return text }

# The program's own VMAs, not those of the list.
function own(line) {
	return line ~ /\[vvar|\[vdso\]|\[vsyscall\]|driver|\[heap\]|\[stack\]/ ||
		line ~ /^00[4-6][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][- ]/
}

# Two runs of pagemap that differ only in what is not judged are one.
function joins(before, now, b, n) {
	if (before !~ /^0x[0-9a-f]+ \+[0-9]+ present/ || now !~ /^0x[0-9a-f]+ \+[0-9]+ present/)
		return ""
	split(before, b, " ")
	split(now, n, " ")
	if (substr(before, index(before, "present")) != substr(now, index(now, "present")) ||
	    pages(b[1]) + b[2] != pages(n[1]))
		return ""
	return b[1] " +" (b[2] + n[2]) " " substr(now, index(now, "present"))
}

# "0x10000000" in pages: exact, doubles hold 53 bits.
function pages(hex, i, value) {
	value = 0
	for (i = 3; i <= length(hex) - 3; i++)
		value = value * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return value
}

function keep(line, both, last) {
	last = nr_lines[run, nr[run]]
	both = last ? joins(text[run, nr[run], last], line) : ""
	if (both)
		text[run, nr[run], last] = both
	else
		text[run, nr[run], nr_lines[run, nr[run]] = last + 1] = line
}

function heading(line, word, rest) {
	split(line, word, " ")
	kind = word[2]
	who = word[3]
	vma_kept = 1
	if (kind ~ /^(maps|smaps|pagemap|numa_maps|io|cgroup|allowed)$/) {
		rest = ""
		if (kind == "pagemap") {
			rest = substr(line, index(line, " " who) + length(who) + 1)
			sub(/\(.*/, "", rest)
			sub(/ +$/, "", rest)
		}
		keep("-- " kind " " who rest)
	} else if (kind == "stat" && match(line, /vsize=[0-9]+/)) {
		keep("stat " who " " substr(line, RSTART, RLENGTH))
	}
	if (kind == "stat")
		kind = ""
}

function result(line) {
	if (line ~ /ret=pid/ || title[run, nr[run]] ~ / (fork|clone)( |$)/)
		gsub(/ m(in|aj)flt=[^ ]+/, "", line)
	if (still && title[run, nr[run]] ~ /(migrate_pages|shmget) /)
		sub(/ret=[0-9]+/, "ret=N", line)
	# Behind this call, the program's own pages must be written again.
	if (still && title[run, nr[run]] ~ /clear_refs 4/)
		sub(/minflt=[^ ]+/, "", line)
	keep(squeeze(line))
}

function vma_line(line, f) {
	split(line, f, " ")
	if (kind == "numa_maps" || (f[1] ~ /^[0-9a-f]+-[0-9a-f]+$/ && f[5] ~ /^[0-9]+$/)) {
		vma_kept = !own(line) && !(still && kind == "numa_maps" && line ~ / stack /)
		if (still && kind == "numa_maps")
			sub(/ active=[0-9]+/, "", line)
		if (!vma_kept)
			return
		if (kind == "numa_maps") {
			keep(squeeze(line))
			return
		}
		sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ */, "", line)
		keep(squeeze(f[1] " " f[2] " " f[3] " " line))
	} else if (vma_kept &&
		   line !~ /^(Pss_Dirty|KSM|ProtectionKey|THPeligible|Referenced)/) {
		if (starts(line, "VmFlags"))
			while (sub(/ (sd|gu)( |$)/, " ", line))
				;
		line = squeeze(line)
		sub(/ $/, "", line)
		keep(line)
	}
}

function status_line(line, f, name) {
	split(line, f, /[: \t]+/)
	name = f[1]
	if (f[2] !~ /^[0-9]+$/)
		return
	if (name ~ /^Vm(Size|Lck|Pin|Data|Stk|Exe|Lib|Swap)$/)
		keep(name ": " f[2])
	else if (name == "RssAnon" || name == "RssShmem") {
		if (!((run, who, name) in first))
			first[run, who, name] = f[2]
		keep(name " change: " (f[2] - first[run, who, name]))
	}
}

function statm_line(line, f) {
	if (split(line, f, " ") == 7)
		keep("statm size=" f[1] " text=" f[4] " data=" f[6])
}

FNR == 1 { run++; kind = "" }

/^(>>|==) / {
	sub(/ +$/, "")
	title[run, ++nr[run]] = $0
	nr_lines[run, nr[run]] = 0
	kind = ""
	next
}
!nr[run] || $0 == "" || /^#/ { next }
{ gsub(/ sd=[01]/, "") }
/^-- / { heading($0); next }
$0 == "--" { kind = ""; next }
/^   =>/ { result($0); next }
kind == "" { if (/^   /) keep(squeeze($0)); next }
kind ~ /^(maps|numa_maps|smaps)$/ { vma_line($0); next }
kind ~ /^(pagemap|cgroup|allowed)$/ { keep($0); next }
kind == "status" { status_line($0); next }
kind == "statm" { statm_line($0) }
kind ~ /meminfo$/ && /^HugePages_/ { keep(squeeze($0)) }

# Is the line of one run's step in the other's?
function has(r, step, line, i) {
	for (i = 1; i <= nr_lines[r, step]; i++)
		if (text[r, step, i] == line)
			return 1
	return 0
}

function same(step, i) {
	if (nr_lines[1, step] != nr_lines[2, step])
		return 0
	for (i = 1; i <= nr_lines[1, step]; i++)
		if (text[1, step, i] != text[2, step, i])
			return 0
	return 1
}

function show(step, i) {
	print title[1, step]
	for (i = 1; i <= nr_lines[1, step]; i++)
		if (!has(2, step, text[1, step, i]))
			print "    - " text[1, step, i]
	for (i = 1; i <= nr_lines[2, step]; i++)
		if (!has(1, step, text[2, step, i]))
			print "    + " text[2, step, i]
}

END {
	bad = 0
	for (step = 1; step <= nr[1]; step++) {
		if (step > nr[2] || title[1, step] != title[2, step]) {
			print "step " step ": " title[1, step] " | " title[2, step]
			bad += nr[1] - step + 1
			break
		}
		if (!same(step)) {
			bad++
			show(step)
		}
	}
	print bad + 0 " of " nr[1] + 0 " steps differ"
	exit bad > 0 || !nr[1]
}
