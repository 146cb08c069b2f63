#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# After the mount the daemon opens no path: one of them might lead into itself.
# An ordinary user's fusermount3 is set-uid and cannot be traced: be root of a user
# namespace, where mount(2) itself does it.
if [ "$(id -u)" != 0 ] && [ -r /dev/fuse ] && unshare -Urm true 2>/dev/null; then
	exec unshare -Urm sh "$0"
fi
. "$KMM_SRCDIR/tests/mount/lib.sh"
command -v strace >/dev/null || skip "no strace"
sanitized && not_for "the sanitizers' runtime opens files of its own"

new_mount
in_background strace -f -o "$work/trace" "$kmmfs" -f "$mnt"
strace=$helper
eventually test -e "$mnt/README" || skip "strace cannot run here"
timeout 60 find "$mnt" >/dev/null
timeout 60 cat "$mnt/README" "$mnt"/proc/* >/dev/null 2>&1
cat "$mnt/proc/self/status" "$mnt/proc/thread-self/comm" >/dev/null
[ ! -e "$mnt/sim/ctl" ] || for line in 'alloc_pages 2' 'no_such_call' 'tick 1s'; do
	sh -c "echo '$line' >$mnt/sim/ctl" 2>/dev/null
done
timeout 5 "$kmmfs" --stop "$mnt"
wait "$strace"

# What names a file by a path from the root or from the current directory. Files of
# the caller's own entry are opened below a descriptor that is held: openat(3, ...).
awk '/ mount\("kmmfs"/ { on = 1; next } on' "$work/trace" >"$work/after"
grep -E '(open|openat|openat2|stat|lstat|newfstatat|statx|access|faccessat2?|readlink|readlinkat|execve|chdir|unlink|statfs|mkdir|rename|getxattr|connect)\((AT_FDCWD|"|[0-9]+, "/)' \
	"$work/after" >"$work/paths"
expect "the trace has the mount" test -s "$work/after"
expect "no path after the mount" test ! -s "$work/paths"
cat "$work/paths"
finish
