// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of what tasks do with their address spaces: ranges called m0, m1, ... are
 * mapped, touched, split, moved and unmapped, whole and in part, by the tasks that
 * have them and by others.
 */
#include "fuzz.h"

static const u32 range_sizes[] = { 1, 2, 3, 8, 16, 33, 64, 130, 400, 1100 };

static u32 range_pages(unsigned int i)
{
	return range_sizes[i % ARRAY_SIZE(range_sizes)];
}

/* A range and a task, mostly the one that mapped it. */
static unsigned int say_mapper(struct fuzz *f)
{
	unsigned int i = below(f, NR_RANGES);

	for (unsigned int tries = 0; !f->range[i] && tries < NR_RANGES; tries++)
		i = (i + 1) % NR_RANGES;
	if (f->range[i] && !one_in(f, 60))
		say(f, "sim/as/t%u/ctl: ", f->range[i] - 1U);
	else
		say_task(f);
	/* Those of the dead are not asked for for ever. */
	if (one_in(f, 12))
		f->range[i] = 0;
	return i;
}

/* "@m3+8192 12288": a part of a range, or all, or too much of it. */
static void say_part(struct fuzz *f, unsigned int i)
{
	u32 pages = range_pages(i), first = 0, nr = pages;

	if (one_in(f, 2)) {
		first = below(f, pages);
		nr = 1 + below(f, pages - first);
	} else if (one_in(f, 150)) {
		nr += below(f, 50);
	}
	if (one_in(f, 100))
		say(f, "@m%u+%u %u", i, first * 4096 + below(f, 4096), nr * 4096);
	else if (first)
		say(f, "@m%u+%u %u", i, first * 4096, nr * 4096);
	else
		say(f, "@m%u %u", i, nr * 4096);
}

static const char *const prots[] = {
	"rw", "rw", "rw", "rw", "rw", "rw", "rw", "rw", "rw", "rw", "rw", "r", "none", "rwx", "rx", "w", "x",
};

static void map_range(struct fuzz *f)
{
	static const char *const anon[] = {
		"private,anon", "private,anon", "private,anon", "shared,anon",
		"private,anon,populate", "private,anon,noreserve", "private,anon,locked",
		"private,anon,growsdown", "private,anon,stack", "shared,anon,populate",
		"private,anon,32bit", "anon", "private,anon,hugetlb", "droppable,anon",
	};
	static const char *const filed[] = {
		"shared", "shared", "private", "private", "shared,populate", "shared_validate",
		"private,populate", "shared_validate,sync", "shared_validate,64K",
	};
	unsigned int i = below(f, NR_RANGES), file = below(f, NR_FILES), task;
	bool of_file = one_in(f, 3) && f->file[file];

	if (of_file && !one_in(f, 10)) {
		task = f->file[file] - 1U;
		say(f, "sim/as/t%u/ctl: mmap ", task);
	} else {
		task = say_task(f);
		say(f, "mmap ");
	}
	if (one_in(f, 8))
		say(f, "@m%u", below(f, NR_RANGES));
	else
		say(f, "0");
	say(f, " %u ", range_pages(i) * 4096 - (one_in(f, 5) ? 100 : 0));
	say(f, "%s ", one_in(f, 6) ? PICK(f, prots) : "rw");
	say(f, "%s", of_file ? PICK(f, filed) : PICK(f, anon));
	if (one_in(f, 30))
		say(f, one_in(f, 3) ? ",noreplace" : ",fixed");
	if (of_file)
		say(f, " @f%u %u", file, 4096 * (one_in(f, 2) ? 0 : below(f, 40)));
	say(f, " as m%u", i);
	f->range[i] = (s8)(task + 1);
}

static void unmap_range(struct fuzz *f)
{
	unsigned int i = say_mapper(f);

	say(f, "munmap ");
	say_part(f, i);
	if (one_in(f, 2))
		f->range[i] = 0;
}

static void touch_range(struct fuzz *f)
{
	unsigned int i = say_mapper(f), how = below(f, 400);

	if (how == 0) {
		say(f, "ifetch @m%u", i);
	} else if (how < 20) {
		say(f, "poke @m%u+%u 48656c6c6f", i, below(f, 4000));
	} else if (how < 250) {
		/* A touch that nobody dies of. */
		say(f, "madvise ");
		say_part(f, i);
		say(f, how < 90 ? " populate_read" : " populate_write");
	} else {
		say(f, how < 300 ? "load " : "store ");
		say_part(f, i);
		if (how > 397)
			say(f, " %u", 1 + below(f, 20000));
	}
}

static void change_range(struct fuzz *f)
{
	static const char *const advice[] = {
		"normal", "random", "sequential", "willneed", "dontneed", "dontneed", "free",
		"free", "remove", "dontfork", "dofork", "mergeable", "unmergeable", "hugepage",
		"nohugepage", "dontdump", "dodump", "wipeonfork", "keeponfork", "cold",
		"pageout", "populate_read", "populate_write", "dontneed_locked", "collapse",
		"guard_install", "guard_remove",
	};
	unsigned int i = say_mapper(f);

	if (one_in(f, 500)) {
		/* Such a page never comes back: a storm must leave some. */
		say(f, "madvise @m%u+%uK 4K ", i, below(f, 100) * 4);
		say(f, one_in(f, 2) ? "soft_offline" : "hwpoison");
		return;
	}
	if (one_in(f, 60)) {
		say(f, "mseal ");
		say_part(f, i);
		return;
	}
	switch (below(f, 9)) {
	case 0:
	case 1:
	case 2:
		say(f, "mprotect ");
		say_part(f, i);
		say(f, " %s", one_in(f, 3) ? PICK(f, prots) : "rw");
		break;
	case 3:
		say(f, one_in(f, 3) ? "mlock2 " : "mlock ");
		say_part(f, i);
		break;
	case 4:
		say(f, "munlock ");
		say_part(f, i);
		break;
	case 5:
		say(f, one_in(f, 2) ? "mincore " : "msync ");
		say_part(f, i);
		break;
	default:
		say(f, "madvise ");
		say_part(f, i);
		say(f, " %s", PICK(f, advice));
	}
}

static void move_range(struct fuzz *f)
{
	static const char *const flags[] = {
		"0", "maymove", "maymove", "maymove", "maymove,dontunmap", "fixed",
	};
	unsigned int i = say_mapper(f), to = below(f, NR_RANGES);

	say(f, "mremap ");
	say_part(f, one_in(f, 10) ? to : i);
	say(f, " %u ", (1 + below(f, range_pages(i) + 40)) * 4096);
	if (one_in(f, 5))
		say(f, "maymove,fixed @m%u", to);
	else
		say(f, "%s as m%u", PICK(f, flags), i);
}

static void whole_space(struct fuzz *f)
{
	static const char *const lines[] = {
		"mlockall current", "mlockall current,future", "mlockall future,onfault",
		"munlockall", "munlockall", "munlockall", "munlockall", "munlockall", "brk",
		"getpid", "getpid", "find_vma 0", "find_vma_prev 0xffffffffffffffff",
	};
	unsigned int name;

	say_task(f);
	switch (below(f, 4)) {
	case 0:
		say(f, "brk as b%u", below(f, 4));
		break;
	case 1:
		/* One after the other: the order of arguments is the compiler's. */
		name = below(f, 4);
		say(f, "brk @b%u+%u", name, below(f, 400) * 1000);
		break;
	case 2:
		say(f, "find_vma @m%u", below(f, NR_RANGES));
		break;
	default:
		say(f, "%s", PICK(f, lines));
	}
}

#define NR_HUGE 4

/* The head of a line of who should have this name, mostly; somebody's else. */
static unsigned int say_huge_owner(struct fuzz *f, s8 *owner)
{
	if (!*owner || one_in(f, 6))
		return say_task(f);
	say(f, "sim/as/t%u/ctl: ", *owner - 1U);
	return *owner - 1U;
}

/* The one file of huge pages. */
static void huge_file(struct fuzz *f)
{
	unsigned int at = below(f, 3) * 2, pages = 1 + below(f, 3), name = below(f, NR_HUGE);
	unsigned int how = f->huge_file ? below(f, 9) : 0, task;

	task = how ? say_huge_owner(f, &f->huge_file) : say_task(f);
	switch (how) {
	case 0:
		say(f, "memfd_create huge%u hugetlb as hf", pages);
		f->huge_file = (s8)(task + 1);
		break;
	case 1:
		say(f, "ftruncate @hf %uM", at);
		break;
	case 2:
		say(f, "fallocate @hf 0 %uM %uM", at, 2 * pages);
		break;
	case 3:
		say(f, "fallocate @hf punch_hole,keep_size %uM %uM", at, 2 * pages);
		break;
	case 4:
		say(f, "close @hf");
		f->huge_file = 0;
		break;
	default:
		say(f, "mmap 0 %uM rw %s%s @hf %uM as h%u", 2 * pages,
		    pages == 1 ? "private" : "shared", at ? "" : ",noreserve", at, name);
		f->huge[name] = (s8)(task + 1);
	}
}

static void huge_mapping(struct fuzz *f, unsigned int name)
{
	static const char *const anon[] = {
		"private,anon,hugetlb", "private,anon,hugetlb", "shared,anon,hugetlb",
		"private,anon,hugetlb,noreserve", "shared,anon,hugetlb,noreserve",
		"private,anon,hugetlb,populate", "private,anon,HUGE_1GB,hugetlb",
	};
	unsigned int pages = 1 + below(f, 3), task = say_task(f);

	say(f, "mmap 0 %uM rw %s as h%u", 2 * pages, PICK(f, anon), name);
	f->huge[name] = (s8)(task + 1);
}

/* Memory of pools: what the pools have, who maps it, what is done to it. */
static void huge_range(struct fuzz *f)
{
	static const char *const advice[] = {
		"dontneed", "populate_read", "populate_write", "populate_write", "remove",
		"dontfork", "dofork", "free",
	};
	unsigned int name = below(f, NR_HUGE), at = below(f, 6), how = below(f, 40);
	unsigned int place = below(f, 8);

	at = at < 3 ? 0 : 2 * (at - 3);
	if (how < 3) {
		say(f, how ? "proc/sys/vm/nr_hugepages: %u" :
			     "proc/sys/vm/nr_overcommit_hugepages: %u", place);
		return;
	}
	if (how < 10) {
		huge_mapping(f, name);
		return;
	}
	if (how < 17) {
		huge_file(f);
		return;
	}
	say_huge_owner(f, &f->huge[name]);
	if (how < 30) {
		say(f, "madvise @h%u+%uM %s ", name, at, how < 20 ? "4M" : "2M");
		say(f, "%s", how < 24 ? "populate_write" : PICK(f, advice));
	} else if (how < 31) {
		say(f, "store @h%u+%uM 8192", name, at);
	} else if (how < 35) {
		say(f, "munmap @h%u+%uM 2M", name, at);
	} else if (how < 38) {
		say(f, "mprotect @h%u+%uM 2M ", name, at);
		say(f, "%s", PICK(f, prots));
	} else {
		say(f, "mremap @h%u+%uM 2M 2M maymove,fixed 0x%x", name, at,
		    0x40000000 + place * 0x200000);
	}
}

static const char *const modes[] = {
	"default", "default", "preferred", "bind", "bind", "interleave", "interleave", "local",
	"preferred_many", "weighted_interleave", "bind|static", "interleave|relative",
	"bind|numa_balancing", "preferred|static", "7",
};
static const char *const nodes[] = {
	"0", "0", "1", "1", "0-1", "0-1", "all", "NULL", "NULL", "2", "1,5", "[]",
};

/* Policies, and pages that move. */
static void place_range(struct fuzz *f)
{
	static const char *const flags[] = {
		"0", "0", "move", "move", "move|strict", "move_all", "strict", "8",
	};
	unsigned int i = say_mapper(f);

	switch (below(f, 6)) {
	case 0:
		say(f, "move_pages 0 @m%u %u ", i, 1 + below(f, 80));
		say(f, "%s ", PICK(f, nodes));
		say(f, "%s", one_in(f, 2) ? "move" : "move_all");
		break;
	case 1:
		say(f, "set_mempolicy_home_node ");
		say_part(f, i);
		say(f, " %u", below(f, 3));
		break;
	case 2:
		say(f, "get_mempolicy @m%u %s", i, one_in(f, 2) ? "addr" : "addr,node");
		break;
	default:
		say(f, "mbind ");
		say_part(f, i);
		say(f, " %s ", PICK(f, modes));
		say(f, "%s ", PICK(f, nodes));
		say(f, "%s", PICK(f, flags));
	}
}

static void place_task(struct fuzz *f)
{
	unsigned int other = below(f, NR_TASKS);

	say_task(f);
	switch (below(f, 6)) {
	case 0:
		say(f, "migrate_pages @t%u ", other);
		say(f, "%s ", PICK(f, nodes));
		say(f, "%s", PICK(f, nodes));
		break;
	case 1:
		say(f, "sched_setaffinity @t%u ", other);
		say(f, "%u", below(f, 5));
		break;
	case 2:
		say(f, "getcpu");
		break;
	case 3:
		say(f, "get_mempolicy");
		break;
	default:
		say(f, "set_mempolicy %s ", PICK(f, modes));
		say(f, "%s", PICK(f, nodes));
	}
}

static const struct fuzz_maker makers[] = {
	{ map_range, 60 },
	{ unmap_range, 30 },
	{ touch_range, 120 },
	{ change_range, 60 },
	{ move_range, 20 },
	{ whole_space, 10 },
	{ place_range, 20 },
	{ place_task, 6 },
	{ huge_range, 25 },
};

void range_line(struct fuzz *f)
{
	fuzz_make(f, makers, ARRAY_SIZE(makers));
}
