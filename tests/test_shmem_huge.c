// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages of shared memory, on both releases: who gets them, what maps them and how,
 * what calls take out of them, splits, collapses, and wrongs that the check finds. The
 * numbers of 6.18 are those that a kernel of it printed for the same calls.
 */
#include "support.h"
#include "task_machine.h"

#include <errno.h>

#include "sim/abi/release.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/policy/khugepaged.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/split_debug.h"
#include "sim/virt/task.h"
#include "sim/virt/thp.h"
#include "sim/virt/vma.h"

#define B 0x10000000ULL
#define C 0x20000000ULL
#define HUGE SZ_2M
#define K4 PAGE_SIZE
#define ADVICE_REMOVE 9
#define ADVICE_DONTNEED 4
#define ADVICE_COLLAPSE 25
#define ADVICE_COLD 20
#define ADVICE_PAGEOUT 21

struct bed {
	struct task_machine tm;
	struct machine *m;
	struct task_struct *task;
	bool old;		/* 6.1 */
	int fd;			/* a memfd of 8 MiB */
	s64 seen[NR_VM_EVENT_ITEMS];
};

static const char *const old_release[] = { "release=6.1", NULL };

static void bed_open(struct bed *bed, unsigned int i)
{
	task_machine_boot(&bed->tm, "pc", i ? old_release : NULL);
	bed->m = bed->tm.m;
	bed->old = i;
	memset(bed->seen, 0, sizeof(bed->seen));
	bed->task = task_fork(bed->m, bed->tm.init, SIGCHLD);
	sched_switch_to(bed->m, bed->task);
	CU_ASSERT_EQUAL_FATAL(sys_memfd_create(bed->m, bed->task, "x", 0, &bed->fd), 0);
	CU_ASSERT_EQUAL_FATAL(sys_ftruncate(bed->m, bed->task, bed->fd, 4 * HUGE), 0);
}

static void bed_check(struct bed *bed)
{
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
}

static void bed_close(struct bed *bed)
{
	bed_check(bed);
	task_end(bed->m, bed->tm.init, bed->task->pid, 0);
	bed_check(bed);
	task_machine_end(&bed->tm);
}

#define EACH_RELEASE(bed) \
	for (unsigned int i_ = 0; i_ < 2 && (bed_open(&(bed), i_), true); bed_close(&(bed)), i_++)

/* Shared memory without a name, or of the memfd. */
static void map_at(struct bed *bed, u64 addr, u64 len, int fd, u64 offset, u64 flags)
{
	struct mmap_request req = {
		.addr = addr, .len = len, .prot = PROT_READ | PROT_WRITE, .offset = offset,
		.flags = flags | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0),
		.file = fd < 0 ? NULL : fget(bed->m, bed->task, fd),
	};
	u64 where;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(bed->m, bed->task, &req, &where), 0);
}

static int touch_by(struct bed *bed, struct task_struct *task, u64 addr, enum access access)
{
	struct access_result result;

	sched_switch_to(bed->m, task);
	CU_ASSERT_EQUAL_FATAL(task_access(bed->m, task, addr, access, &result), 0);
	return result.signal;
}

static void store(struct bed *bed, u64 addr)
{
	CU_ASSERT_EQUAL(touch_by(bed, bed->task, addr, ACCESS_STORE), 0);
}

static void load(struct bed *bed, u64 addr)
{
	CU_ASSERT_EQUAL(touch_by(bed, bed->task, addr, ACCESS_LOAD), 0);
}

static int advise(struct bed *bed, u64 addr, u64 len, int advice)
{
	return sys_madvise(bed->m, bed->task, addr, len, advice);
}

static s64 node_stat(const struct bed *bed, enum node_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < bed->m->nr_nodes; i++)
		sum += bed->m->nodes[i]->stat[item];
	return sum;
}

/* How often since the last question. */
static s64 events(struct bed *bed, enum vm_event_item item)
{
	s64 now = (s64)bed->m->event[item], before = bed->seen[item];

	bed->seen[item] = now;
	return now - before;
}

static bool is_huge_at(const struct bed *bed, const struct task_struct *task, u64 addr)
{
	const u64 *pmd = table_entry(bed->m, task->mm, addr, 1);

	return pmd && entry_is_huge(*pmd);
}

/* RssShmem, in pages. */
static u64 shmem_rss(const struct bed *bed)
{
	sync_mm_rss(bed->task);
	return get_mm_counter(bed->task->mm, MM_SHMEMPAGES);
}

static struct inode *memfd_inode(const struct bed *bed)
{
	return fget(bed->m, bed->task, bed->fd)->inode;
}

static unsigned int order_at(const struct bed *bed, u64 pgoff)
{
	return xa_get_order(&memfd_inode(bed)->i_data.i_pages, pgoff);
}

/* Whoever asks gets them; on 6.18 anonymous memory by the switch of the size. */
static void allow(struct bed *bed, enum shmem_huge mode)
{
	struct tunables *t = bed->m->tunables;

	t->thp_shmem_enabled = (s32)mode;
	t->thp_shmem_mount = (s32)mode;
}

/* Small pages, each stored to, made huge; mapped as one. */
static void map_huge(struct bed *bed, u64 addr, u64 len, int fd)
{
	map_at(bed, addr, len, fd, 0, MAP_SHARED);
	for (u64 at = addr; at < addr + len; at += K4)
		store(bed, at);
	CU_ASSERT_EQUAL(advise(bed, addr, len, ADVICE_COLLAPSE), 0);
	CU_ASSERT_TRUE(is_huge_at(bed, bed->task, addr));
	events(bed, THP_FILE_MAPPED);
	events(bed, THP_SPLIT_PMD);
	events(bed, THP_SPLIT_PAGE);
	bed_check(bed);
}

/* ---- Faults. ---- */

static void test_fault(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		allow(&bed, SHMEM_HUGE_ADVISE);
		map_at(&bed, B, 2 * HUGE, -1, 0, MAP_SHARED);
		store(&bed, B);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
		CU_ASSERT_EQUAL(advise(&bed, B, 2 * HUGE, MADV_HUGEPAGE), 0);
		store(&bed, B + 5 * K4);	/* a small page is in the way */
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
		store(&bed, B + HUGE + 7 * K4);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_PMDMAPPED), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 514);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B + HUGE));
		CU_ASSERT_EQUAL(shmem_rss(&bed), 514);
		CU_ASSERT_EQUAL(events(&bed, THP_FILE_ALLOC), 1);
		CU_ASSERT_EQUAL(events(&bed, THP_FILE_MAPPED), 1);
		CU_ASSERT_EQUAL(events(&bed, THP_FILE_FALLBACK), 0);
		bed_check(&bed);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B, 2 * HUGE), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 0);
	}
}

static void test_modes(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		allow(&bed, SHMEM_HUGE_ALWAYS);
		map_at(&bed, B, HUGE, -1, 0, MAP_SHARED);
		load(&bed, B);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		/* Reading is enough to be able to write. */
		store(&bed, B + K4);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 0);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B, HUGE), 0);
		/* Too small for an entry; 6.1 makes the page nevertheless. */
		map_at(&bed, B, HUGE - K4, -1, 0, MAP_SHARED);
		store(&bed, B);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), bed.old ? 512 : 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B));
		bed_check(&bed);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B, HUGE), 0);
		allow(&bed, SHMEM_HUGE_WITHIN_SIZE);
		map_at(&bed, B, HUGE, bed.fd, 0, MAP_SHARED);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, HUGE - K4), 0);
		store(&bed, B);
		/* That smaller sizes fit is not enough. */
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B, HUGE), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, 0), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, HUGE), 0);
		map_at(&bed, B, HUGE, bed.fd, 0, MAP_SHARED);
		store(&bed, B);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		allow(&bed, SHMEM_HUGE_DENY);
	}
}

/* 6.18: sizes below that of a pmd are mapped by small entries, all at once. */
static void test_sizes(void)
{
	struct bed bed = { 0 };

	bed_open(&bed, 0);
	bed.m->tunables->thp_size_shmem_enabled = 0x1444404444;	/* order 4: always */
	map_at(&bed, B, HUGE, -1, 0, MAP_SHARED);
	store(&bed, B + 20 * K4);
	CU_ASSERT_EQUAL(shmem_rss(&bed), 16);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 16);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
	CU_ASSERT_EQUAL(bed.m->mthp_stat[4][MTHP_STAT_SHMEM_ALLOC], 1);
	bed_check(&bed);
	load(&bed, B + 33 * K4);
	CU_ASSERT_EQUAL(shmem_rss(&bed), 32);
	/* What is left of a folio whose middle goes. */
	CU_ASSERT_EQUAL(advise(&bed, B + 21 * K4, K4, ADVICE_REMOVE), 0);
	CU_ASSERT_EQUAL(shmem_rss(&bed), 16);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 31);
	bed_check(&bed);
	load(&bed, B + 24 * K4);
	CU_ASSERT_EQUAL(bed.m->mthp_stat[4][MTHP_STAT_SPLIT], 1);
	CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), 0);
	CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
	CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 512);
	bed_close(&bed);
}

/* ---- What is mapped around, and how. ---- */

static void test_other_mappings(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		map_huge(&bed, B, 2 * HUGE, bed.fd);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 1024);
		/* Not in step: pages around the fault, or what is stored to. */
		map_at(&bed, C + K4, 2 * HUGE, bed.fd, 0, MAP_SHARED);
		load(&bed, C + K4);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 1024, 16);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, C, 4 * HUGE), 0);
		map_at(&bed, C + K4, 2 * HUGE, bed.fd, 0, MAP_SHARED);
		store(&bed, C + 101 * K4);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 1024, 1);
		bed_check(&bed);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, C, 4 * HUGE), 0);
		/* Advice against huge pages: 6.18 maps all of it, by small entries. */
		map_at(&bed, C, 2 * HUGE, bed.fd, 0, MAP_SHARED);
		CU_ASSERT_EQUAL(advise(&bed, C, 2 * HUGE, MADV_NOHUGEPAGE), 0);
		load(&bed, C);
		CU_ASSERT_EQUAL(is_huge_at(&bed, bed.task, C), bed.old);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 1024, 512);
		bed_check(&bed);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, C, 4 * HUGE), 0);
		/* A copy of it: one entry until the first store. */
		map_at(&bed, C, 2 * HUGE, bed.fd, 0, MAP_PRIVATE);
		load(&bed, C);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, C));
		store(&bed, C + K4);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 1);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 1024);
		load(&bed, C);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 1024, bed.old ? 15 : 511);
		CU_ASSERT_EQUAL(advise(&bed, C, HUGE, ADVICE_COLLAPSE), -EINVAL);
		bed_check(&bed);
	}
}

static void test_entries(void)
{
	struct bed bed = { 0 };
	struct task_struct *child;
	struct mremap_request moved = { .addr = B, .old_len = HUGE, .new_len = HUGE,
					.flags = 3, .new_addr = C };
	u64 where;

	EACH_RELEASE(bed) {
		map_huge(&bed, B, HUGE, -1);
		/* fork copies nothing: the child finds it. */
		child = task_fork(bed.m, bed.task, SIGCHLD);
		CU_ASSERT_FALSE(is_huge_at(&bed, child, B));
		CU_ASSERT_EQUAL(touch_by(&bed, child, B + K4, ACCESS_LOAD), 0);
		CU_ASSERT_TRUE(is_huge_at(&bed, child, B));
		bed_check(&bed);
		task_end(bed.m, bed.task, child->pid, 0);
		/* Rights that go and come back leave it whole; a part splits the entry. */
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, B, HUGE, PROT_READ), 0);
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, B, HUGE, PROT_READ | PROT_WRITE), 0);
		store(&bed, B);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 0);
		CU_ASSERT_EQUAL(sys_mremap(bed.m, bed.task, &moved, &where), 0);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, C));
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, C, K4, PROT_READ), 0);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 1);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_PMDMAPPED), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 512);
		load(&bed, C);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 1);
		load(&bed, C + 2 * K4);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 17);
		bed_check(&bed);
	}
}

static void test_advice(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		map_huge(&bed, B, HUGE, -1);
		CU_ASSERT_EQUAL(advise(&bed, B + K4, K4, ADVICE_DONTNEED), 0);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 0);
		load(&bed, B + K4);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 1);
		/* There is nowhere to page it out to. */
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_PAGEOUT), 0);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 0);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 1);
		load(&bed, B);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		bed_check(&bed);
		/* Of a part: the folio is split. */
		CU_ASSERT_EQUAL(advise(&bed, B, K4, ADVICE_COLD), 0);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PAGE), 1);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
		load(&bed, B);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 16);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, B, HUGE, 0), 0);
		bed_check(&bed);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), 0);
	}
}

/* ---- Holes and ends. ---- */

static void test_hole(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		map_huge(&bed, B, 2 * HUGE, bed.fd);
		CU_ASSERT_EQUAL(advise(&bed, B + 64 * K4, K4, ADVICE_REMOVE), 0);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PMD), 1);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PAGE), 1);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 1023);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 512);
		bed_check(&bed);
		/* 6.18 leaves halves: 64 pages before the hole, 256 at the end. */
		CU_ASSERT_EQUAL(order_at(&bed, 0), bed.old ? 0 : 6);
		CU_ASSERT_EQUAL(order_at(&bed, 64), 0);
		CU_ASSERT_EQUAL(order_at(&bed, 300), bed.old ? 0 : 8);
		load(&bed, B);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 512, bed.old ? 16 : 64);
		load(&bed, B + 300 * K4);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 512, bed.old ? 32 : 64 + 256);
		store(&bed, B + 64 * K4);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 1024);
		bed_check(&bed);
		/* Across two, and all of one. */
		CU_ASSERT_EQUAL(advise(&bed, B + HUGE / 2, HUGE, ADVICE_REMOVE), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
		bed_check(&bed);
	}
}

static void test_truncate(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		map_huge(&bed, B, 2 * HUGE, bed.fd);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, HUGE / 2 + 100), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 257);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 0);
		CU_ASSERT_EQUAL(events(&bed, THP_SPLIT_PAGE), 1);
		bed_check(&bed);
		load(&bed, B);
		CU_ASSERT_EQUAL(shmem_rss(&bed), bed.old ? 16 : 256);
		CU_ASSERT_EQUAL(touch_by(&bed, bed.task, B + 257 * K4, ACCESS_LOAD), 7);
	}
}

/* Memory that fallocate() asked for, behind the end too, is not lost by a split. */
static void test_fallocate(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		allow(&bed, SHMEM_HUGE_ALWAYS);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, 0), 0);
		CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, 1, 0, HUGE), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 512);
		CU_ASSERT_EQUAL(events(&bed, THP_FILE_ALLOC), 1);
		bed_check(&bed);
		CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, 3, K4, K4), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 511);
		bed_check(&bed);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, 4 * HUGE), 0);
		CU_ASSERT_EQUAL(sys_fallocate(bed.m, bed.task, bed.fd, 0, HUGE + K4, 2 * K4), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 511 + 512);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, 100), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 1);
		bed_check(&bed);
	}
}

static void test_read_write(void)
{
	struct bed bed = { 0 };
	u64 done;

	EACH_RELEASE(bed) {
		allow(&bed, SHMEM_HUGE_ALWAYS);
		CU_ASSERT_EQUAL(sys_close(bed.m, bed.task, bed.fd), 0);
		CU_ASSERT_EQUAL(sys_memfd_create(bed.m, bed.task, "y", 0, &bed.fd), 0);
		CU_ASSERT_EQUAL(sys_pwrite(bed.m, bed.task, bed.fd, 100, 3 * HUGE, &done), 0);
		CU_ASSERT_EQUAL(done, 3 * HUGE);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), bed.old ? 2048 : 2048);
		CU_ASSERT_EQUAL(memfd_inode(&bed)->i_size, 3 * HUGE + 100);
		CU_ASSERT_EQUAL(sys_pread(bed.m, bed.task, bed.fd, HUGE, K4, &done), 0);
		bed_check(&bed);
		map_at(&bed, B, 4 * HUGE, bed.fd, 0, MAP_SHARED);
		load(&bed, B + 3 * HUGE);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B + 3 * HUGE));
		CU_ASSERT_EQUAL(sys_pwrite(bed.m, bed.task, bed.fd, K4, 2 * K4, &done), 0);
		bed_check(&bed);
	}
}

/* ---- Collapse. ---- */

static void test_collapse(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		map_at(&bed, B, HUGE, bed.fd, 0, MAP_SHARED);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), -EINVAL);
		load(&bed, B + 2 * K4);
		map_at(&bed, C, HUGE, bed.fd, 0, MAP_SHARED);
		store(&bed, C + 2 * K4);
		store(&bed, C + 9 * K4);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_PMDMAPPED), 512);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 512);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, C));
		CU_ASSERT_EQUAL(events(&bed, THP_COLLAPSE_ALLOC), 2);
		CU_ASSERT_EQUAL(events(&bed, THP_FILE_ALLOC), 0);
		bed_check(&bed);
		store(&bed, C);
		/* 6.1 left the other table there. */
		CU_ASSERT_EQUAL(is_huge_at(&bed, bed.task, C), !bed.old);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), 0);
		CU_ASSERT_EQUAL(advise(&bed, C, HUGE, ADVICE_COLLAPSE), 0);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, C));
		CU_ASSERT_EQUAL(events(&bed, THP_COLLAPSE_ALLOC), 0);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 1024);
	}
}

/* khugepaged does it where a VMA may have huge pages, and leaves mapping it to faults. */
static void test_khugepaged(void)
{
	struct bed bed = { 0 };

	EACH_RELEASE(bed) {
		map_at(&bed, B, HUGE, bed.fd, 0, MAP_SHARED);
		store(&bed, B);
		allow(&bed, SHMEM_HUGE_ALWAYS);
		CU_ASSERT_EQUAL(start_stop_khugepaged(bed.m), 0);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, MADV_HUGEPAGE), 0);
		machine_tick(bed.m, 21000000000ULL);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 512);
		CU_ASSERT_EQUAL(bed.m->khugepaged->pages_collapsed >= 1, true);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 0);
		bed_check(&bed);
		load(&bed, B + K4);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		allow(&bed, SHMEM_HUGE_NEVER);
	}
}

/* A file on a disk, as a kernel with READ_ONLY_THP_FOR_FS has them. */
static void map_text(struct bed *bed, int *fd)
{
	struct mmap_request req = {
		.addr = B, .len = HUGE, .prot = PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE | MAP_FIXED,
	};
	u64 where;

	CU_ASSERT_EQUAL_FATAL(sys_open(bed->m, bed->task, "/usr/bin/text", O_RDWR | O_CREAT, 0755,
				       fd), 0);
	CU_ASSERT_EQUAL_FATAL(sys_ftruncate(bed->m, bed->task, *fd, 2 * HUGE), 0);
	CU_ASSERT_EQUAL_FATAL(sys_close(bed->m, bed->task, *fd), 0);
	CU_ASSERT_EQUAL_FATAL(sys_open(bed->m, bed->task, "/usr/bin/text", O_RDONLY, 0, fd), 0);
	req.file = fget(bed->m, bed->task, *fd);
	CU_ASSERT_EQUAL_FATAL(sys_mmap(bed->m, bed->task, &req, &where), 0);
}

static void test_text(void)
{
	struct bed bed = { 0 };
	int fd, writer;

	EACH_RELEASE(bed) {
		bed.m->file_thp = true;
		map_text(&bed, &fd);
		CU_ASSERT_EQUAL(touch_by(&bed, bed.task, B, ACCESS_IFETCH), 0);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), 0);
		CU_ASSERT_TRUE(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_HUGEPAGES), 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_PMDMAPPED), 512);
		bed_check(&bed);
		/* It goes when somebody may write, where its file system knows of no such (6.1). */
		CU_ASSERT_EQUAL(advise(&bed, B, K4, ADVICE_DONTNEED), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_PMDMAPPED), 0);
		load(&bed, B);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_PMDMAPPED), 512);
		CU_ASSERT_EQUAL(sys_open(bed.m, bed.task, "/usr/bin/text", O_RDWR, 0, &writer), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_FILE_HUGEPAGES), bed.old ? 0 : 512);
		bed_check(&bed);
		load(&bed, B);
		CU_ASSERT_EQUAL(advise(&bed, B, HUGE, ADVICE_COLLAPSE), -EINVAL);
	}
}

/* ---- Splits that somebody asks for. ---- */

static void test_split(void)
{
	struct bed bed = { 0 };
	struct split_into into = { .at = -1 };
	struct split_count count;

	EACH_RELEASE(bed) {
		allow(&bed, SHMEM_HUGE_ALWAYS);
		CU_ASSERT_EQUAL(sys_close(bed.m, bed.task, bed.fd), 0);
		CU_ASSERT_EQUAL(sys_memfd_create(bed.m, bed.task, "y", 0, &bed.fd), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(bed.m, bed.task, bed.fd, 2 * HUGE), 0);
		map_at(&bed, B, 2 * HUGE, bed.fd, 0, MAP_SHARED);
		store(&bed, B);
		store(&bed, B + HUGE);
		into.order = bed.old ? 0 : 5;
		CU_ASSERT_EQUAL(split_huge_pages_pid(bed.m, bed.task->pid, B, B + HUGE, &into,
						     &count), 0);
		CU_ASSERT_EQUAL(count.split, 1);
		CU_ASSERT_EQUAL(order_at(&bed, 40), bed.old ? 0 : 5);
		CU_ASSERT_EQUAL(order_at(&bed, 512), 9);
		CU_ASSERT_EQUAL(shmem_rss(&bed), 512);
		bed_check(&bed);
		load(&bed, B + 33 * K4);
		CU_ASSERT_EQUAL(shmem_rss(&bed) - 512, bed.old ? 16 : 32);
		split_huge_pages_all(bed.m, &count);
		CU_ASSERT_EQUAL(order_at(&bed, 33), 0);
		CU_ASSERT_EQUAL(order_at(&bed, 600), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM_HUGEPAGES), 0);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_SHMEM), 1024);
		bed_check(&bed);
	}
}

/* 6.18: anonymous folios, too, into others than pages. */
static void test_split_anon(void)
{
	struct bed bed = { 0 };
	struct split_into into = { .order = 1, .at = -1 };
	struct split_count count;
	u64 pid;

	bed_open(&bed, 0);
	pid = bed.task->pid;
	map_at(&bed, B, 2 * HUGE, -1, 0, MAP_PRIVATE);
	CU_ASSERT_EQUAL(advise(&bed, B, 2 * HUGE, MADV_HUGEPAGE), 0);
	store(&bed, B);
	store(&bed, B + HUGE + 100 * K4);
	CU_ASSERT_EQUAL(split_huge_pages_pid(bed.m, (u32)pid, B, B + K4, &into, &count), 0);
	CU_ASSERT_EQUAL(count.split, 0);
	into.order = 4;
	CU_ASSERT_EQUAL(split_huge_pages_pid(bed.m, (u32)pid, B, B + K4, &into, &count), 0);
	CU_ASSERT_EQUAL(count.split, 1);
	CU_ASSERT_EQUAL(folio_order(pfn_folio(bed.m, follow_page(bed.m, bed.task->mm,
								B + 100 * K4))), 4);
	CU_ASSERT_EQUAL(bed.m->mthp_stat[4][MTHP_STAT_NR_ANON], 32);
	CU_ASSERT_EQUAL(node_stat(&bed, NR_ANON_THPS), 512);
	bed_check(&bed);
	/* Around a page: what is zeroes and alone becomes the zero page. */
	into = (struct split_into){ .order = 0, .at = 100 };
	CU_ASSERT_EQUAL(split_huge_pages_pid(bed.m, (u32)pid, B + HUGE, B + HUGE + K4, &into,
					     &count), 0);
	CU_ASSERT_EQUAL(count.split, 1);
	CU_ASSERT_EQUAL(bed.m->mthp_stat[8][MTHP_STAT_NR_ANON], 1);
	CU_ASSERT_EQUAL(bed.m->mthp_stat[2][MTHP_STAT_NR_ANON], 1);
	CU_ASSERT_EQUAL(follow_page(bed.m, bed.task->mm, B + HUGE + 101 * K4),
			bed.m->virt->zero_pfn);
	bed_check(&bed);
	CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B, 3 * K4), 0);
	bed_check(&bed);
	bed_close(&bed);
}

/* ---- Wrongs. ---- */

static void test_corruptions(void)
{
	struct bed bed = { 0 };
	struct xarray *pages;
	struct page *folio;
	u64 index = 0;

	bed_open(&bed, 0);
	map_huge(&bed, B, HUGE, bed.fd);
	pages = &memfd_inode(&bed)->i_data.i_pages;
	folio = pfn_to_page(bed.m, entry_pfn(xa_find(pages, &index, ~0ULL)));
	bed.m->nodes[0]->stat[NR_SHMEM_HUGEPAGES] -= 512;
	CU_ASSERT_TRUE(task_machine_check(bed.m) > 0);
	bed.m->nodes[0]->stat[NR_SHMEM_HUGEPAGES] += 512;
	bed.m->nodes[0]->stat[NR_SHMEM_PMDMAPPED]++;
	CU_ASSERT_TRUE(task_machine_check(bed.m) > 0);
	bed.m->nodes[0]->stat[NR_SHMEM_PMDMAPPED]--;
	bed_check(&bed);
	/* An entry that is not as large as its folio. */
	CU_ASSERT_EQUAL(xa_split(pages, 0, 8), 0);
	CU_ASSERT_TRUE(task_machine_check(bed.m) > 0);
	CU_ASSERT_EQUAL(xa_store_order(pages, 0, 9, mk_cache_entry((u32)(folio - bed.m->mem_map))),
			0);
	bed_check(&bed);
	folio->refcount--;
	CU_ASSERT_TRUE(task_machine_check(bed.m) > 0);
	folio->refcount++;
	folio[1].prev++;
	CU_ASSERT_TRUE(task_machine_check(bed.m) > 0);
	folio[1].prev--;
	bed_close(&bed);
}

static const CU_TestInfo tests[] = {
	{ "fault", test_fault },
	{ "modes", test_modes },
	{ "sizes", test_sizes },
	{ "other mappings", test_other_mappings },
	{ "entries", test_entries },
	{ "advice", test_advice },
	{ "holes", test_hole },
	{ "truncation", test_truncate },
	{ "fallocate", test_fallocate },
	{ "read and write", test_read_write },
	{ "collapse", test_collapse },
	{ "khugepaged", test_khugepaged },
	{ "program text", test_text },
	{ "splits", test_split },
	{ "splits of anonymous memory", test_split_anon },
	{ "planted corruptions", test_corruptions },
};

int main(void)
{
	return suite_main("shmem_huge", tests, ARRAY_SIZE(tests), NULL, NULL);
}
