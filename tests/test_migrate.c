// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that move: what they hold, who maps them, which list they are on and what is
 * counted stays as it was, on another node; what is not to move, or cannot, stays whole.
 */
#include "numa_bed.h"

#include <stdlib.h>

#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/migrate.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"

static const struct page *page_at(const struct numa_bed *bed, u64 addr)
{
	return pfn_to_page(bed->m, numa_pfn(bed, addr));
}

static void test_anonymous(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 8, MAP_PRIVATE), tokens[8];
		s64 moved = bed.m->event[PGMIGRATE_SUCCESS];
		u64 rss = get_mm_resident(bed.task->mm);
		int status[8];

		numa_touch(&bed, addr, 6);
		for (unsigned int n = 0; n < 6; n++)
			tokens[n] = numa_token(&bed, addr + n * P);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 8, 2, MPOL_MF_MOVE, status), 0);
		ASSERT_NODES(&bed, addr, 8, "222222--");
		for (unsigned int n = 0; n < 6; n++) {
			CU_ASSERT_EQUAL(status[n], 2);
			CU_ASSERT_EQUAL(numa_token(&bed, addr + n * P), tokens[n]);
			CU_ASSERT_TRUE(page_flag(page_at(&bed, addr), PG_anon_exclusive));
			CU_ASSERT_TRUE(page_flag(page_at(&bed, addr), PG_lru));
		}
		CU_ASSERT_EQUAL(status[6], BY_RELEASE(&bed, -EFAULT, -ENOENT));
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_SUCCESS] - moved, 6);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_FAIL], 0);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* A store does not fault: the entry is as writable as it was. */
		moved = bed.m->event[PGFAULT];
		numa_touch(&bed, addr, 6);
		CU_ASSERT_EQUAL(bed.m->event[PGFAULT], moved);
		CU_ASSERT_EQUAL(get_mm_resident(bed.task->mm), BY_RELEASE(&bed, rss, rss + 6));
	}
}

/* Who asks without moving. */
static void test_status(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		struct access_result result;
		int status[4];

		numa_touch(&bed, addr, 1);
		CU_ASSERT_EQUAL(task_access(bed.m, bed.task, addr + P, ACCESS_LOAD, &result), 0);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, addr + 3 * P, P), 0);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 4, NUMA_ASK, 0, status), 0);
		CU_ASSERT_EQUAL(status[0], 0);
		CU_ASSERT_EQUAL(status[1], -EFAULT);	/* the zero page */
		CU_ASSERT_EQUAL(status[2], BY_RELEASE(&bed, -EFAULT, -ENOENT));
		CU_ASSERT_EQUAL(status[3], -EFAULT);
	}
}

static void test_errors(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		struct user_nodes one = { true, 1, MAXNODE_ALL }, two = { true, 2, MAXNODE_ALL };
		struct user_nodes far = { true, 0x10, MAXNODE_ALL };
		struct move_pages_request req = { .pid = 2 };
		int status[4];

		numa_touch(&bed, addr, 2);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 2, 4, MPOL_MF_MOVE, status), -ENODEV);
		CU_ASSERT_EQUAL(status[0], 99);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 2, -1, MPOL_MF_MOVE, status), -ENODEV);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 2, 1, 1, status), -EINVAL);
		CU_ASSERT_EQUAL(sys_move_pages(bed.m, bed.task, &req), -EINVAL);	/* no mm */
		req.pid = 4242;
		CU_ASSERT_EQUAL(sys_move_pages(bed.m, bed.task, &req), -ESRCH);
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 4242, &one, &two), -ESRCH);
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 2, &one, &two), -EINVAL);
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 0, &one, &far), -EINVAL);
		bed.task->cap_sys_nice = false;
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 2, 1, MPOL_MF_MOVE_ALL, status), -EPERM);
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 0, &one, &far), -EPERM);
		bed.task->uid = 1000;
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 1, &one, &two), -EPERM);
		req.pid = 1;
		CU_ASSERT_EQUAL(sys_move_pages(bed.m, bed.task, &req), -EPERM);
		bed.task->uid = 0;
		bed.task->cap_sys_nice = true;
	}
}

/* A page that two tasks map moves only with MOVE_ALL; then for both. */
static void test_shared_page(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		struct task_struct *parent = bed.task;
		int status[4];

		numa_touch(&bed, addr, 4);
		bed.task = task_fork(bed.m, parent, SIGCHLD);
		numa_touch(&bed, addr, 1);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 4, 1, MPOL_MF_MOVE, status), 0);
		ASSERT_NODES(&bed, addr, 4, "1000");
		CU_ASSERT_EQUAL(status[0], 1);
		CU_ASSERT_EQUAL(status[1], -EACCES);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 4, 3, MPOL_MF_MOVE_ALL, status), 0);
		ASSERT_NODES(&bed, addr, 4, "3333");
		CU_ASSERT_FALSE(page_flag(page_at(&bed, addr + P), PG_anon_exclusive));
		CU_ASSERT_EQUAL(page_mapcount(page_at(&bed, addr + P)), 2);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		(void)task_end(bed.m, parent, bed.task->pid, 0);
		bed.task = parent;
		ASSERT_NODES(&bed, addr, 4, "0333");
	}
}

static void test_locked(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		int status[4];

		CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, addr, 4 * P, 0), 0);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 4, 1, MPOL_MF_MOVE, status), 0);
		ASSERT_NODES(&bed, addr, 4, "1111");
		CU_ASSERT_TRUE(page_flag(page_at(&bed, addr), PG_mlocked));
		CU_ASSERT_TRUE(page_flag(page_at(&bed, addr), PG_unevictable));
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(sys_munlock(bed.m, bed.task, addr, 4 * P), 0);
		lru_add_drain_all(bed.m);
		CU_ASSERT_FALSE(page_flag(page_at(&bed, addr), PG_unevictable));
	}
}

/* Shared memory, and a file of a disk with dirty pages. */
static void test_files(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_SHARED), token;
		struct mmap_request req = { .len = 4 * P, .prot = PROT_READ | PROT_WRITE,
					    .flags = MAP_SHARED };
		s64 shmem = bed.m->nodes[2]->stat[NR_SHMEM], dirty;
		int status[4], fd;
		u64 done, file;

		numa_touch(&bed, addr, 4);
		token = numa_token(&bed, addr);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 4, 2, MPOL_MF_MOVE, status), 0);
		ASSERT_NODES(&bed, addr, 4, "2222");
		CU_ASSERT_EQUAL(numa_token(&bed, addr), token);
		CU_ASSERT_EQUAL(bed.m->nodes[2]->stat[NR_SHMEM] - shmem, 4);

		CU_ASSERT_EQUAL(sys_open(bed.m, bed.task, "/file", O_RDWR | O_CREAT, 0600, &fd), 0);
		for (u64 at = 0; at < 4 * P; at += P)
			CU_ASSERT_EQUAL(sys_pwrite(bed.m, bed.task, fd, at, P, &done), 0);
		req.file = fget(bed.m, bed.task, fd);
		CU_ASSERT_EQUAL(sys_mmap(bed.m, bed.task, &req, &file), 0);
		numa_touch(&bed, file, 3);
		dirty = bed.m->nodes[3]->stat[NR_DIRTY];
		CU_ASSERT_EQUAL(numa_mbind(&bed, file, 4, MPOL_BIND, 8, MPOL_MF_MOVE), 0);
		ASSERT_NODES(&bed, file, 4, "333-");
		CU_ASSERT_EQUAL(bed.m->nodes[3]->stat[NR_DIRTY] - dirty, 3);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	}
}

/* mbind puts pages where faults would have put them. */
static void test_mbind_moves(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);
		u64 flags = MPOL_MF_MOVE | MPOL_MF_STRICT;

		numa_touch(&bed, addr, 8);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_BIND, 6, MPOL_MF_STRICT), -EIO);
		ASSERT_NODES(&bed, addr, 8, "00000000");
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_BIND, 4, flags), 0);
		ASSERT_NODES(&bed, addr, 8, "22222222");
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_INTERLEAVE, 0xa, flags), 0);
		ASSERT_NODES(&bed, addr, 8, "13131313");
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_BIND, 3, flags), 0);
		/* Those on the nodes stay; the others go to the nearest. */
		ASSERT_NODES(&bed, addr, 8, "10101010");
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_DEFAULT, 0, flags), 0);
		ASSERT_NODES(&bed, addr, 8, "00000000");
	}
}

static const struct {
	u64 from, to;
	const char *before, *after;
} migrate_rows[] = {
	{ 0x1, 0x2, "01230123", "11231123" },
	{ 0xf, 0x1, "01230123", "00000000" },
	{ 0x3, 0xc, "01230123", "23232323" },
	/* Node by node, in the order of the sets. */
	{ 0x3, 0x6, "01230123", "12231223" },
	{ 0x7, 0x3, "01230123", "01030103" },
	{ 0x1, 0x1, "01230123", "01230123" },
	{ 0x9, 0x6, "01230123", "11221122" },
};

static void test_migrate_pages(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);)
		for (size_t n = 0; n < ARRAY_SIZE(migrate_rows); n++) {
			u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);
			struct user_nodes from = { true, migrate_rows[n].from, MAXNODE_ALL };
			struct user_nodes to = { true, migrate_rows[n].to, MAXNODE_ALL };

			CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_INTERLEAVE, 0xf, 0), 0);
			numa_touch(&bed, addr, 8);
			ASSERT_NODES(&bed, addr, 8, migrate_rows[n].before);
			CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, bed.task->pid, &from,
							  &to), 0);
			ASSERT_NODES(&bed, addr, 8, migrate_rows[n].after);
			CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		}
}

/* Page frames of the node are taken, but for `left`. */
static unsigned int fill_node(struct numa_bed *bed, int node, unsigned int left, u32 **taken)
{
	const struct alloc_request all = {
		.gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE, .node = node,
		.owner = PGTY_kernel,
	};
	unsigned int nr = 0;

	*taken = malloc(bed->m->totalram_pages * sizeof(**taken));
	while (*taken && !alloc_pages(bed->m, &all, &(*taken)[nr]))
		nr++;
	while (left--)
		free_pages(bed->m, (*taken)[--nr], 0);
	return nr;
}

/* No room: what did not move is whole, where it was, and is counted. */
static void test_no_room(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 16, MAP_PRIVATE);
		struct user_nodes from = { true, 1, MAXNODE_ALL }, to = { true, 2, MAXNODE_ALL };
		int status[16];
		unsigned int nr;
		u32 *taken;

		numa_touch(&bed, addr, 16);
		nr = fill_node(&bed, 1, 0, &taken);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 16, 1, MPOL_MF_MOVE, status), -ENOMEM);
		ASSERT_NODES(&bed, addr, 16, "0000000000000000");
		CU_ASSERT_EQUAL(status[0], 99);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_FAIL], 1);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 0, &from, &to), -ENOMEM);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 16, MPOL_BIND, 2,
					   MPOL_MF_MOVE | MPOL_MF_STRICT), -EIO);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 16, MPOL_BIND, 2, MPOL_MF_MOVE), 0);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		numa_touch(&bed, addr, 16);
		while (nr)
			free_pages(bed.m, taken[--nr], 0);
		free(taken);
	}
}

/* A page that somebody else holds cannot move; it is tried, counted and put back. */
static void test_held(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		int status[4];
		u32 pfn;

		numa_touch(&bed, addr, 4);
		pfn = follow_page(bed.m, bed.task->mm, addr + P);
		get_page(bed.m, pfn);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 4, 1, MPOL_MF_MOVE, status), 1);
		ASSERT_NODES(&bed, addr, 4, "1011");
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.task->mm, addr + P), pfn);
		CU_ASSERT_TRUE(page_flag(pfn_to_page(bed.m, pfn), PG_anon_exclusive));
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_FAIL], 1);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_SUCCESS], 3);
		put_page(bed.m, pfn);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 4, MPOL_BIND, 2,
					   MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
		ASSERT_NODES(&bed, addr, 4, "1111");
	}
}

static int same_order(struct machine *m, void *arg, u32 src, u32 *dst)
{
	(void)arg;
	return alloc_migration_target(m, src, 2, dst);
}

/* Four pages of which one is on its way to the disk; how many do not move. */
static int migrate_busy(struct numa_bed *bed, bool sync, u32 busy, const u32 pfns[4])
{
	struct page_list list = PAGE_LIST_INIT;
	struct migration migration = {
		.new_page = same_order, .reason = MR_COMPACTION, .sync = sync,
	};
	int ret;

	lru_add_drain_all(bed->m);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(isolate_page(bed->m, &list, pfns[i]));
	CU_ASSERT_TRUE(filemap_write_folio(bed->m, busy));
	CU_ASSERT_TRUE(page_flag(pfn_to_page(bed->m, busy), PG_writeback));
	ret = migrate_pages(bed->m, &list, &migration);
	putback_movable_pages(bed->m, &list);
	return ret;
}

/* Who compacts lightly leaves what a disk is writing; others wait. */
static void test_writeback(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct mmap_request req = { .len = 4 * P, .prot = PROT_READ | PROT_WRITE,
					    .flags = MAP_SHARED };
		u32 pfns[4];
		u64 addr;
		int fd;

		CU_ASSERT_EQUAL(sys_open(bed.m, bed.task, "/busy", O_RDWR | O_CREAT, 0600, &fd), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, fd, 4 * P), 0);
		req.file = fget(bed.m, bed.task, fd);
		CU_ASSERT_EQUAL(sys_mmap(bed.m, bed.task, &req, &addr), 0);
		numa_touch(&bed, addr, 4);
		for (unsigned int n = 0; n < 4; n++)
			pfns[n] = numa_pfn(&bed, addr + n * P);
		CU_ASSERT_EQUAL(migrate_busy(&bed, /* sync = */ false, pfns[1], pfns), 1);
		ASSERT_NODES(&bed, addr, 4, "2022");
		CU_ASSERT_TRUE(page_flag(pfn_to_page(bed.m, pfns[1]), PG_writeback));
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_FAIL], 1);
		for (unsigned int n = 0; n < 4; n++)
			pfns[n] = numa_pfn(&bed, addr + n * P);
		CU_ASSERT_EQUAL(migrate_busy(&bed, /* sync = */ true, pfns[2], pfns), 0);
		ASSERT_NODES(&bed, addr, 4, "2222");
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	}
}

/* More than a batch of pages, and the TLB's view: what was read-only stays it. */
static void test_many(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 1500, MAP_PRIVATE);
		struct user_nodes from = { true, 1, MAXNODE_ALL }, to = { true, 4, MAXNODE_ALL };
		s64 moved = bed.m->event[PGMIGRATE_SUCCESS];

		numa_touch(&bed, addr, 1500);
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, addr, 700 * P, PROT_READ), 0);
		CU_ASSERT_EQUAL(sys_migrate_pages(bed.m, bed.task, 0, &from, &to), 0);
		CU_ASSERT_TRUE(bed.m->event[PGMIGRATE_SUCCESS] - moved >= 1500);
		for (u64 n = 0; n < 1500; n++) {
			const pte_t *pte = pte_offset_map(bed.m, bed.task->mm, addr + n * P);

			CU_ASSERT_TRUE_FATAL(pte && pte_present(*pte));
			CU_ASSERT_EQUAL(!(*pte & PTE_RW), n < 700);
			CU_ASSERT_TRUE(*pte & PTE_DIRTY && *pte & PTE_ACCESSED);
			CU_ASSERT_EQUAL(pfn_zone(bed.m, pte_pfn(*pte))->node, 2);
		}
	}
}

static const CU_TestInfo tests[] = {
	{ "anonymous pages", test_anonymous },
	{ "asking where pages are", test_status },
	{ "what is refused", test_errors },
	{ "a page of two tasks", test_shared_page },
	{ "locked pages", test_locked },
	{ "files", test_files },
	{ "mbind moves", test_mbind_moves },
	{ "migrate_pages", test_migrate_pages },
	{ "no room", test_no_room },
	{ "a page that is held", test_held },
	{ "a page that is being written", test_writeback },
	{ "many pages", test_many },
};

int main(void)
{
	return suite_main("migrate", tests, ARRAY_SIZE(tests), NULL, NULL);
}
