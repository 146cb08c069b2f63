// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of proc/ that are not about memory but that tools read before they look
 * at memory: identity, load, devices, locks, IPC. Where the simulated machine has
 * none of a thing, the file is what a kernel without any prints.
 */
#include "fs/core/figures.h"
#include "fs/core/trigger.h"
#include "sim/virt/file.h"
#include "sim/virt/psi_trigger.h"
#include "sim/virt/shm.h"
#include "sim/virt/swap.h"

typedef unsigned long long ull;

static int version_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	if (m->config->version) {
		out_puts(out, m->config->version);
		out_putc(out, '\n');
		return 0;
	}
	out_printf(out, "Linux version %s.0-kmmfs-%s (kmmfs) (simulated) #1 SMP "
		   "PREEMPT_DYNAMIC kmmfs %s\n", release_name(m->release), m->arch->name,
		   release_name(m->release));
	return 0;
}

static int cmdline_show(struct out *out, const struct view *v)
{
	out_puts(out, v->m->config->cmdline ? v->m->config->cmdline : "");
	out_putc(out, '\n');
	return 0;
}

static const char devices_text[] =
	"Character devices:\n"
	"  1 mem\n"
	"  4 /dev/vc/0\n"
	"  4 tty\n"
	"  4 ttyS\n"
	"  5 /dev/tty\n"
	"  5 /dev/console\n"
	"  5 /dev/ptmx\n"
	"  7 vcs\n"
	" 10 misc\n"
	"128 ptm\n"
	"136 pts\n"
	"\n"
	"Block devices:\n"
	"259 blkext\n";

static const char tty_drivers_text[] =
	"/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
	"/dev/console         /dev/console    5       1 system:console\n"
	"/dev/ptmx            /dev/ptmx       5       2 system\n"
	"/dev/vc/0            /dev/vc/0       4       0 system:vtmaster\n"
	"serial               /dev/ttyS       4 64-95 serial\n"
	"pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
	"pty_master           /dev/ptm      128 0-1048575 pty:master\n"
	"unknown              /dev/tty        4 1-63 console\n";

struct filesystem {
	const char *name;
	bool on_device;
	struct span on64, on32;
};

#define EVERY ALL, ALL
#define NEVER { 1, 0 }

static const struct filesystem filesystems[] = {
	{ "sysfs", false, EVERY },
	{ "tmpfs", false, EVERY },
	{ "bdev", false, SINCE(R_6_18), ALL },
	{ "proc", false, EVERY },
	{ "cgroup", false, EVERY },
	{ "cgroup2", false, EVERY },
	{ "cpuset", false, UNTIL(R_6_1), UNTIL(R_6_1) },
	{ "devtmpfs", false, EVERY },
	{ "debugfs", false, EVERY },
	{ "tracefs", false, EVERY },
	{ "securityfs", false, EVERY },
	{ "sockfs", false, EVERY },
	{ "bpf", false, EVERY },
	{ "pipefs", false, EVERY },
	{ "ramfs", false, EVERY },
	{ "hugetlbfs", false, EVERY },
	{ "devpts", false, EVERY },
	{ "ext3", true, ALL, NEVER },
	{ "ext2", true, ALL, NEVER },
	{ "ext4", true, ALL, NEVER },
	{ "fuseblk", true, SINCE(R_6_18), NEVER },
	{ "fuse", false, SINCE(R_6_18), NEVER },
	{ "fusectl", false, SINCE(R_6_18), NEVER },
	{ "virtiofs", false, SINCE(R_6_18), NEVER },
	{ "mqueue", false, EVERY },
	{ "pstore", false, EVERY },
};

static int filesystems_show(struct out *out, const struct view *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
		const struct filesystem *fs = &filesystems[i];

		if (span_holds(v->m->arch->bits == 64 ? fs->on64 : fs->on32, v->m->release))
			out_printf(out, "%s\t%s\n", fs->on_device ? "" : "nodev", fs->name);
	}
	return 0;
}

struct controller {
	const char *name;
	struct span span;
};

/* Of the first hierarchy's interface; the unified one took some away. */
static const struct controller controllers[] = {
	{ "cpuset", UNTIL(R_6_1) }, { "cpu", ALL }, { "cpuacct", ALL }, { "blkio", ALL },
	{ "memory", UNTIL(R_6_1) }, { "devices", ALL }, { "freezer", ALL },
	{ "net_cls", ALL }, { "perf_event", ALL }, { "net_prio", ALL }, { "hugetlb", ALL },
	{ "pids", ALL }, { "rdma", ALL }, { "misc", ALL },
};

static int cgroups_show(struct out *out, const struct view *v)
{
	out_puts(out, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (span_holds(controllers[i].span, v->m->release))
			out_printf(out, "%s\t0\t1\t1\n", controllers[i].name);
	return 0;
}

/* Header lines: tools spin or die without them. Keys are 32 bits wide, sizes a long. */
static int shm_show(struct out *out, const struct view *v)
{
	int width = v->m->arch->bits == 64 ? 21 : 10;
	const struct shm_segment *shm;

	out_printf(out, "       key      shmid perms %*s  cpid  lpid nattch   uid   gid  cuid"
		   "  cgid      atime      dtime      ctime %*s %*s\n", width, "size", width,
		   "rss", width, "swap");
	for (u32 slot = 0; (shm = shm_next(v->m, &slot)); slot++)
		out_printf(out, "%10d %10d  %4o %*llu %5u %5u  %5u %5u %5u %5u %5u %10llu %10llu "
			   "%10llu %*llu %*llu\n", shm->key, shm->id, shm->mode, width,
			   (ull)shm->bytes, shm->cpid, shm->lpid, shm->nattch, shm->uid, shm->gid,
			   shm->cuid, shm->cgid, (ull)shm->atime, (ull)shm->dtime,
			   (ull)shm->ctime, width,
			   (ull)shm->file->inode->i_data.nrpages << PAGE_SHIFT, width,
			   (ull)shm->file->inode->swapped << PAGE_SHIFT);
	return 0;
}

static const char sem_text[] =
	"       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
	"      ctime\n";
static const char msg_text[] =
	"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid"
	"  cgid      stime      rtime      ctime\n";

static int pressure_memory_show(struct out *out, const struct view *v)
{
	psi_show(v->m, &v->m->virt->psi, PSI_MEM, out);
	return 0;
}

static int pressure_io_show(struct out *out, const struct view *v)
{
	psi_show(v->m, &v->m->virt->psi, PSI_IO, out);
	return 0;
}

static int pressure_cpu_show(struct out *out, const struct view *v)
{
	psi_show(v->m, NULL, PSI_IO, out);
	return 0;
}

static int pressure_memory_store(struct store *s, const struct view *v, const char *text)
{
	return trigger_store(s, &s->m->virt->psi, PSI_MEM, text);
}

static int pressure_io_store(struct store *s, const struct view *v, const char *text)
{
	return trigger_store(s, &s->m->virt->psi, PSI_IO, text);
}

static int pressure_cpu_store(struct store *s, const struct view *v, const char *text)
{
	return trigger_store(s, NULL, PSI_IO, text);
}

static void pressure_poll(const struct view *v, struct psi_trigger *trigger)
{
	psi_trigger_update(v->m, &v->m->virt->psi, trigger);
}

static void pressure_cpu_poll(const struct view *v, struct psi_trigger *trigger)
{
	psi_trigger_update(v->m, NULL, trigger);
}

/* A name fills 40 columns; figures of eight digits take the room of a tab. */
static int swaps_show(struct out *out, const struct view *v)
{
	struct swap_area area;

	out_puts(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (unsigned int i = 0; swap_area_at(v->m, i, &area); i++) {
		ull kb = (ull)area.pages << (PAGE_SHIFT - 10);
		ull used = (ull)area.inuse << (PAGE_SHIFT - 10);
		int len = (int)strlen(area.path);

		out_printf(out, "%s%*s%s\t%llu\t%s%llu\t%s%d\n", area.path, len < 40 ? 40 - len : 1,
			   " ", area.partition ? "partition" : "file\t", kb,
			   kb < 10000000 ? "\t" : "", used, used < 10000000 ? "\t" : "",
			   area.prio);
	}
	return 0;
}

static const struct entry system_entries[] = {
	FILE_ROW("cgroups", 0444, cgroups_show),
	FILE_ROW("cmdline", 0444, cmdline_show),
	TEXT_ROW("devices", 0444, devices_text),
	FILE_ROW("filesystems", 0444, filesystems_show),
	TEXT_ROW("locks", 0444, ""),
	TEXT_ROW("modules", 0444, ""),
	LINK_TEXT_ROW("mounts", "self/mounts"),
	LINK_TEXT_ROW("net", "self/net"),
	FILE_ROW("swaps", 0444, swaps_show),
	FILE_ROW("version", 0444, version_show),
};

static const struct entry pressure_entries[] = {
	{ "cpu", S_IFREG | 0666, ALL, pressure_cpu_show, pressure_cpu_store,
	  .poll = pressure_cpu_poll },
	{ "io", S_IFREG | 0666, ALL, pressure_io_show, pressure_io_store, .poll = pressure_poll },
	{ "memory", S_IFREG | 0666, ALL, pressure_memory_show, pressure_memory_store,
	  .poll = pressure_poll },
};

static const struct entry sysvipc_entries[] = {
	TEXT_ROW("msg", 0444, msg_text),
	TEXT_ROW("sem", 0444, sem_text),
	FILE_ROW("shm", 0444, shm_show),
};

static const struct entry tty_entries[] = {
	TEXT_ROW("drivers", 0444, tty_drivers_text),
};

static bool pressure_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "PSI");
}

static const struct dir system_dir = { DIR_FILES(system_entries) };
static const struct dir sysvipc_dir = { DIR_FILES(sysvipc_entries) };
static const struct dir tty_dir = { DIR_FILES(tty_entries) };
static const struct dir pressure_dir = {
	DIR_FILES(pressure_entries), .visible = pressure_visible,
};

TREE_PARTS(system_parts,
	   { "proc", &system_dir },
	   { "proc/pressure", &pressure_dir },
	   { "proc/sysvipc", &sysvipc_dir },
	   { "proc/tty", &tty_dir });
