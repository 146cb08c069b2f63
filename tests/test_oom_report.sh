#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The report of the OOM killer has the lines of a real kernel's (golden/oom), in its order
# and to the letter but for figures; the call trace is our own. And what the report says
# twice, it says alike.
# shellcheck source=tests/opening.sh
. "$(dirname "$0")/opening.sh"

# Figures become #; what may be there or not goes: letters of types with free blocks.
form() {
	sed -E 's/^(<.>) ?(\[ *[0-9]+\.[0-9]+\] )?/\1 /; / (DMA|DMA32|Normal): /s/\([A-Z]+\) //g
		s/\(busybox\)|\(init\)|\(eat\)/(NAME)/
		s/ (busybox|init|eat)( |$)/ NAME\2/g; s/task=[a-z]+/task=NAME/
		s/gfp_mask=[^ ]*, /gfp_mask=MASK, /; s/0x[0-9a-f]+/#/g; s/ +/ /g; s/[0-9]+/#/g
		s/Node # DMA# /Node # DMA /; s/DMA#:/DMA:/' "$1"
}

cat > "$tmp/script" <<END
sim/as/init/ctl: fork as other
sim/as/init/ctl: fork as eat
sim/as/eat/ctl: mmap 0 200M rw private,anon,noreserve as buf
sim/as/eat/ctl: store @buf 200M = -1 ENOMEM
cat sim/check
cat sim/dmesg
END
for release in 6.1 6.18; do
	about=$release
	"$build/kmm-run" -m tiny --set release=$release --set machine.release=$release \
		"$tmp/script" > "$tmp/out" 2> "$tmp/errors" || complain "$(cat "$tmp/errors")"
	grep -q '^clean ' "$tmp/out" || complain "$(grep -A 5 check "$tmp/out")"
	# Who ran, and the trace, are left out in the golden text.
	awk '/invoked oom-killer/ { on = 1 }
		!on || /> ?(\[[^]]*\] )?(CPU:|Hardware name)/ { next }
		/Call Trace/ { trace = 1 }
		!trace { print }
		/<\/TASK>/ { trace = 0 }
		/Killed process/ { exit }' "$tmp/out" > "$tmp/ours"
	form "$tmp/ours" > "$tmp/ours.form"
	form "$here/tests/golden/oom/$release.txt" > "$tmp/real.form"
	[ "$(wc -l < "$tmp/ours.form")" -gt 30 ] || complain "no report"
	diff "$tmp/real.form" "$tmp/ours.form" > "$tmp/diff" ||
		complain "lines differ (< real, > ours):
$(cat "$tmp/diff")"
	for say in 'invoked oom-killer' 'out_of_memory+' 'Killed process .* (init) total-vm:'; do
		grep -q "$say" "$tmp/out" || complain "nothing says '$say'"
	done
	# The table, in pages, and the last line, in kB, are of the same process.
	awk '/\] *[0-9]+ *[0-9]+ .* init$/ { sub(/.*\[ *[0-9]+\]/, ""); vm[$2] = $3 }
		/Killed process/ { match($0, /process [0-9]+/); pid = substr($0, RSTART + 8, RLENGTH - 8)
			match($0, /total-vm:[0-9]+/); kb = substr($0, RSTART + 9, RLENGTH - 9) }
		END { exit !(kb && vm[pid] * 4 == kb) }' "$tmp/ours" ||
		complain "the table and the last line differ"
	# With swap: an area, all of it in use, by the process and the cache.
	"$build/kmm-run" -m swap --set machine.release=$release --set 'node 0.memory=128M' \
		--set 'swap 0.size=16M' --set 'swap 1.on=no' --set cmdline=transparent_hugepage=never \
		"$tmp/script" > "$tmp/out" 2> "$tmp/errors" || complain "$(cat "$tmp/errors")"
	awk '/pages in swap cache/ { sub(/.*> */, ""); sub(/^\[[^]]*\] */, ""); cached = $1 }
		/Free swap  = / { sub(/.*= /, ""); free = $1 + 0 }
		/Total swap = / { sub(/.*= /, ""); total = $1 + 0 }
		/\] *[0-9]+ *[0-9]+ .* init$/ { used = $(NF - 2) > used ? $(NF - 2) : used }
		END { exit !(total == 16380 && free < 400 && cached != "" &&
			     used * 4 <= total - free && (used + cached) * 4 >= total - free - 400) }' \
		"$tmp/out" || complain "the figures of swap: $(grep -E 'swap|init$' "$tmp/out")"
done
[ $failed -eq 0 ]
