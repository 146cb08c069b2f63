// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arguments of live lines, by their kind: addresses of what the task has mapped, its
 * descriptors, pids that exist; flags come from the rows that the parser reads. Now and
 * then something that fits nowhere.
 */
#include "fuzz_live.h"

#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/mmap.h"
#include "sim/virt/vma.h"

u64 live_nr_free(const struct machine *m)
{
	u64 nr = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];
		u64 kept = zone_wmark(zone, WMARK_MIN) + zone->lowmem_reserve[ZONE_NORMAL];
		u64 free = (u64)zone->stat[NR_FREE_PAGES] - zone->nr_free_highatomic;

		if (zone->type <= ZONE_NORMAL && free > kept)
			nr += free - kept;
	}
	return nr;
}

u64 live_pages(struct live *l, unsigned int most)
{
	static const u16 sizes[] = { 1, 1, 2, 3, 8, 16, 33, 64, 130, 400, 700 };
	u64 pages = PICK(l->f, sizes), spare = l->nr_free / 4;

	if (one_in(l->f, 100))
		pages += 1100;
	else if (pages > spare)
		pages = 1 + below(l->f, 8);
	return MIN(pages, most);
}

/* One draw for each statement: the order of operands is the compiler's. */
static u64 wild_number(struct live *l)
{
	u64 number = next_random(l->f);

	return number >> below(l->f, 63);
}

/* -- memory ------------------------------------------------------------------------- */

static bool is_special(const struct vm_area_struct *vma)
{
	return vma->vm_ops && !vma->vm_file;
}

static void take_part(struct live *l, const struct vm_area_struct *vma)
{
	u32 pages = (u32)MIN(vma_pages(vma), 1U << 20), first = 0, nr = pages;

	if (!one_in(l->f, 3)) {
		first = below(l->f, pages);
		nr = 1 + below(l->f, MIN(pages - first, 64));
	}
	l->vm_start = vma->vm_start;
	l->vm_end = vma->vm_end;
	l->vm_flags = vma->vm_flags;
	l->addr = vma->vm_start + (u64)first * PAGE_SIZE;
	l->len = (u64)nr * PAGE_SIZE;
}

void live_part(struct live *l, u64 vm_flags)
{
	const struct vm_area_struct *vma, *found = NULL;
	bool special = one_in(l->f, 200);
	unsigned int nr = 0;

	l->len = 0;
	l->addr = 0;
	for (vma = vma_first(l->m, l->task->mm); vma; vma = vma_next(l->m, vma)) {
		if ((vma->vm_flags & vm_flags) != vm_flags || (is_special(vma) && !special))
			continue;
		if (one_in(l->f, ++nr))
			found = vma;
	}
	if (found)
		take_part(l, found);
}

static void say_addr(struct live *l)
{
	if (!l->len)
		live_part(l, 0);
	if (one_in(l->f, 100))
		l->addr += below(l->f, 0x4000);
	if (one_in(l->f, 100))
		l->addr = wild_number(l);
	say(l->f, " 0x%llx", (unsigned long long)l->addr);
}

static void say_size(struct live *l)
{
	u64 len = l->len;

	if (!len || one_in(l->f, 20))
		len = live_pages(l, ~0U) * PAGE_SIZE;
	if (one_in(l->f, 20))
		len -= below(l->f, 4095);
	if (one_in(l->f, 200))
		len = wild_number(l);
	say(l->f, " %llu", (unsigned long long)len);
}

static void say_prot(struct live *l)
{
	static const char *const prots[] = {
		"rw", "rw", "rw", "rw", "rw", "rw", "r", "r", "none", "rwx", "rx", "w", "x",
		"r,growsdown",
	};

	say(l->f, " %s", PICK(l->f, prots));
}

/* -- tasks, files, words ------------------------------------------------------------ */

int live_fd(struct live *l)
{
	const struct files_struct *files = l->task->files;
	unsigned int nr = 0;
	int found = -1;

	for (u32 fd = 0; files && fd < files->nr_slots; fd++) {
		if (files->fds[fd] && one_in(l->f, ++nr))
			found = (int)fd;
	}
	return found;
}

static void say_fd(struct live *l)
{
	int fd = live_fd(l);

	if (one_in(l->f, 100))
		fd = (int)below(l->f, 1200) - 100;
	say(l->f, " %d", fd);
}

static void say_pid(struct live *l)
{
	switch (below(l->f, 8)) {
	case 0:
		say(l->f, " 0");
		break;
	case 1:
		say(l->f, " %u", l->task->pid);
		break;
	case 2:
		/* Not init, in whose memory something would stay behind. */
		say(l->f, " %u", 2 + below(l->f, l->m->tasks->last_pid + 1));
		break;
	default:
		say(l->f, " %u", l->nr ? l->tasks[below(l->f, l->nr)]->tgid : 1);
	}
}

static void say_number(struct live *l)
{
	static const u32 numbers[] = { 0, 0, 1, 2, 3, 4, 7, 8, 16, 63, 255, 4096, 8192 };

	if (one_in(l->f, 20))
		say(l->f, " %lld", (long long)wild_number(l) - (1LL << 20));
	else
		say(l->f, " %u", PICK(l->f, numbers));
}

static void say_word(struct live *l)
{
	say(l->f, " w%u", below(l->f, 8));
}

static void say_path(struct live *l)
{
	static const char *const paths[] = {
		"/dev/shm/a", "/dev/shm/b", "/dev/shm/c", "/dev/shm/d", "/tmp/a", "/tmp/b",
		"/data", "/bin/true", "/init", "/nowhere/x", "/",
	};

	say(l->f, " %s", PICK(l->f, paths));
}

static void say_text(struct live *l)
{
	if (one_in(l->f, 8))
		say(l->f, " \"\"");
	else
		say_path(l);
}

/* Of prctl: mostly a number that may be an address, or a text. */
static void say_value(struct live *l)
{
	switch (below(l->f, 4)) {
	case 0:
		say_number(l);
		break;
	case 1:
		say(l->f, " name%u", below(l->f, 6));
		break;
	case 2:
		say_size(l);
		break;
	default:
		say_addr(l);
	}
}

static void say_order(struct live *l)
{
	say(l->f, " %u", below(l->f, 4));
}

static void say_node(struct live *l)
{
	say(l->f, " %d", (int)below(l->f, l->m->nr_nodes + 1) - 1);
}

static void say_nodes(struct live *l)
{
	u64 all = (2ULL << l->m->nr_nodes) - 1;

	if (one_in(l->f, 8))
		say(l->f, " NULL");
	else
		say(l->f, " [0x%llx]", (unsigned long long)(1 + below(l->f, (unsigned int)all)));
}

static void say_time(struct live *l)
{
	say(l->f, " %ums", below(l->f, 2000));
}

/* -- flags -------------------------------------------------------------------------- */

static const struct {
	u8 kind;
	const char *name;
} flags[] = {
#define FLAG(flag_kind, before, flag, number) { A_##flag_kind, before flag },
#include "fs/core/arg_flags.def"
#undef FLAG
};

static unsigned int nr_flags_of(enum arg_kind kind)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		nr += flags[i].kind == kind;
	return nr;
}

static const char *pick_flag(struct live *l, enum arg_kind kind)
{
	unsigned int at = below(l->f, nr_flags_of(kind)), i = 0;

	for (; flags[i].kind != kind || at; i++)
		at -= flags[i].kind == kind;
	return flags[i].name;
}

/* One of them, mostly; or none, or several, or a number that may mean nothing. */
static void say_flags(struct live *l, enum arg_kind kind)
{
	if (one_in(l->f, 6)) {
		say(l->f, " 0");
		return;
	}
	if (one_in(l->f, 100)) {
		say(l->f, " %u", below(l->f, 70));
		return;
	}
	say(l->f, " %s", pick_flag(l, kind));
	while (one_in(l->f, 5))
		say(l->f, "|%s", pick_flag(l, kind));
}

/* Without a row: flags of the .def, or nobody knows how to say it. */
static void (*const kinds[NR_ARG_KINDS])(struct live *l) = {
	[A_NUMBER] = say_number, [A_SIZE] = say_size, [A_ADDR] = say_addr, [A_ORDER] = say_order,
	[A_WORD] = say_word, [A_TIME] = say_time, [A_NODE] = say_node, [A_PATH] = say_path,
	[A_TEXT] = say_text,
	[A_FD] = say_fd, [A_PID] = say_pid, [A_PROT] = say_prot,
	[A_VALUE] = say_value,
	[A_NODES] = say_nodes,
};

bool live_knows_kind(enum arg_kind kind)
{
	return kinds[kind] || nr_flags_of(kind);
}

void live_arg(struct live *l, enum arg_kind kind)
{
	if (kinds[kind])
		kinds[kind](l);
	else
		say_flags(l, kind);
}
