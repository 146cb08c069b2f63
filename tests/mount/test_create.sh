#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be made, removed or changed, and with which errno.
. "$KMM_SRCDIR/tests/mount/lib.sh"
start
proc=$mnt/proc

# Where the directory's mode keeps its owner out, the kernel asks nobody.
or_mode() {
	if [ -w "$1" ]; then echo "$2"; else echo EACCES; fi
}
none=$(or_mode "$proc" ENOENT)
for call in create mkdir mkfifo symlink; do
	expect "proc: $call" "$prober" errno "$none" "$call" "$proc/new"
done
expect "proc: link" "$prober" errno "$none" link "$proc/new" "$mnt/README"
expect "proc: rename" "$prober" errno "$none" rename "$proc/new" "$proc/mounts"
expect "rename over another" "$prober" errno "$(or_mode "$proc" EPERM)" rename \
	"$proc/self" "$proc/mounts"
expect "mkdir of a name that is there" "$prober" errno EEXIST mkdir "$proc"

for dir in sys sys/devices sim; do
	[ -d "$mnt/$dir" ] || continue
	expect "$dir: create" "$prober" errno EACCES create "$mnt/$dir/new"
	case $dir in sim) refusal=EACCES ;; *) refusal=$(or_mode "$mnt/$dir" EPERM) ;; esac
	for call in mkdir mkfifo symlink; do
		expect "$dir: $call" "$prober" errno "$refusal" "$call" "$mnt/$dir/new"
	done
done

expect "unlink" "$prober" errno "$(or_mode "$mnt" EPERM)" unlink "$mnt/README"
expect "rmdir" "$prober" errno "$(or_mode "$mnt" EPERM)" rmdir "$mnt/proc"
expect "chmod" "$prober" errno EPERM chmod "$mnt/README"
expect "chown" "$prober" errno EPERM chown "$mnt/README"
expect "truncate what is not writable" not "$prober" errno OK truncate "$mnt/README"
expect "open a directory to write" "$prober" errno EISDIR open-write "$mnt/proc"
expect "write to what is not writable" not "$prober" errno OK write "$mnt/README" x
if is_root; then	# modes do not stop it
	expect "write to meminfo" "$prober" errno EIO write "$proc/meminfo" x
	expect "write to status" "$prober" errno EINVAL write "$proc/1/status" x
	expect "write to cgroup.stat" "$prober" errno EINVAL write "$mnt/sys/fs/cgroup/cgroup.stat" x
	expect "truncate cgroup.stat" "$prober" errno OK truncate "$mnt/sys/fs/cgroup/cgroup.stat"
	expect "write to a node's meminfo" "$prober" errno EACCES write \
		"$mnt/sys/devices/system/node/node0/meminfo" x
else
	expect "write to meminfo" "$prober" errno EACCES write "$proc/meminfo" x
fi

# What shells and tools do to a file that they write: truncate it, set its times.
for file in sim/ctl proc/sys/vm/min_free_kbytes; do
	[ -e "$mnt/$file" ] || continue
	expect "truncate $file" "$prober" errno OK truncate "$mnt/$file"
	expect "touch $file" "$prober" errno OK touch "$mnt/$file"
	expect "open $file, truncating" "$prober" errno OK open-write "$mnt/$file"
	expect "chmod $file" "$prober" errno EPERM chmod "$mnt/$file"
done
expect "stop" stop
finish
