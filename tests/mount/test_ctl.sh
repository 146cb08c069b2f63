#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kmm-ctl on a mount, and a list of random lines through the mount and without it.
. "$KMM_SRCDIR/tests/mount/lib.sh"
start tiny
ctl=$KMM_BUILDDIR/kmm-ctl
export KMM_MOUNT="$mnt"

expect "a call prints its bare result" says '^0x[0-9a-f]+$' "$ctl" sim alloc_pages 3 as x
expect "as the tree does" test "$("$ctl" sim alloc_pages 0)" = "$(cat "$mnt/sim/result")"
expect "a name" says '^0$' "$ctl" sim free_pages @x
expect "a failure: result" test "$("$ctl" sim free_pages @x 2>/dev/null)" = "-1 EINVAL"
expect "a failure: sentence" says 'is not allocated' "$ctl" sim free_pages @x
expect "a failure: status" exits 1 "$ctl" sim free_pages @x
expect "C form, on a CPU" says '^0x' "$ctl" cpu/0 'alloc_pages(GFP_KERNEL, 0)'
expect "-m" says '^0$' env -u KMM_MOUNT "$ctl" -m "$mnt" sim tick 1s
expect "a negative number is no option" exits 1 "$ctl" sim free_pages -1
expect "a line of 4096 bytes" says '^0x' "$ctl" sim "$(printf 'alloc_pages 0 #%4081s' x)"
expect "a longer one" exits 1 "$ctl" sim "$(printf 'alloc_pages 0 #%4082s' x)"
expect "no line" exits 2 "$ctl" sim
expect "no such target" exits 1 "$ctl" nobody tick
expect "no such mount" exits 1 "$ctl" -m "$work" sim tick

# Each line by itself, as a script that goes on after failures does.
"$KMM_BUILDDIR/tests/fuzz_lines" -m tiny -s 7 -n 3000 -p >"$work/lines"
"$ctl" sim reboot >"$work/out"
expect "random lines through the mount" \
	"$KMM_BUILDDIR/tests/fuzz_lines" -s 7 -n 3000 -t "$mnt/sim/ctl"
"$KMM_BUILDDIR/kmm-run" -m tiny -k "$work/lines" -c 'cat sim/digest' 2>"$work/err" |
	tail -n 1 >"$work/digest"
expect "the same digest as without it" cmp "$work/digest" "$mnt/sim/digest"
expect "check" says '^clean' cat "$mnt/sim/check"
expect "stop" stop
finish
