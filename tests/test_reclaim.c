// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reclaim of a small machine without swap: who frees what, which pages stay and why, what
 * shadows tell, and that no contents are lost, whatever fails.
 */
#include "sim/base/xarray.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/section.h"
#include "sim/phys/tunables.h"
#include "sim/policy/kswapd.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/blk.h"
#include "sim/virt/content.h"
#include "sim/virt/cputime.h"
#include "sim/virt/dcache.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/shrinker.h"
#include "sim/virt/virt.h"
#include "sim/virt/workingset.h"
#include "support.h"
#include "task_machine.h"

#define MEGA (1ULL << 20)

static struct task_machine tm;
static struct task_struct *task;

static struct machine *open_machine(const char *release)
{
	const char *sets[] = { release, "node 0.memory=64M", "file /data.size=209715200",
			       "file /small.size=4194304", NULL };

	task_machine_boot(&tm, "tiny", sets);
	task = task_fork(tm.m, tm.init, 0);
	return tm.m;
}

static void close_machine(struct machine *m)
{
	machine_tick(m, 0);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_end(m, tm.init, task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_machine_end(&tm);
}

static s64 node_stat(const struct machine *m, enum node_stat_item item)
{
	return m->nodes[0]->stat[item];
}

static int open_file(struct machine *m, const char *path)
{
	int fd = -1;

	CU_ASSERT_EQUAL_FATAL(sys_open(m, task, path, O_RDWR, 0600, &fd), 0);
	return fd;
}

static void read_file(struct machine *m, int fd, u64 offset, u64 len)
{
	u64 done;

	CU_ASSERT_EQUAL(sys_pread(m, task, fd, offset, len, &done), 0);
	CU_ASSERT_EQUAL(done, len);
}

static struct inode *inode_of_fd(struct machine *m, int fd)
{
	return fget(m, task, fd)->inode;
}

static u64 map_file(struct machine *m, int fd, u64 len, u64 prot, u64 flags)
{
	const struct mmap_request req = { .len = len, .prot = prot, .flags = flags,
					  .file = fget(m, task, fd) };
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(m, task, &req, &addr), 0);
	return addr;
}

static bool is_cached(const struct machine *m, const struct inode *inode, u64 pgoff)
{
	return find_page(m, &inode->i_data, pgoff) != PFN_NIL;
}

static void over_releases(void (*one)(struct machine *m))
{
	const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct machine *m = open_machine(releases[i]);

		one(m);
		close_machine(m);
	}
}

static bool in_large_folios(struct machine *m, int fd)
{
	return inode_of_fd(m, fd)->large_folios;
}

/* A file that is larger than the machine: kswapd keeps some memory free, mostly. */
static void stream(struct machine *m)
{
	int fd = open_file(m, "/data");

	read_file(m, fd, 0, 200 * MEGA);
	CU_ASSERT_TRUE(m->event[PAGEOUTRUN] > 0);
	CU_ASSERT_TRUE(m->event[PGSTEAL_KSWAPD] > m->event[PGSTEAL_DIRECT] / 2);
	CU_ASSERT_TRUE(m->event[PGSTEAL_FILE] > 30000);
	CU_ASSERT_EQUAL(m->event[PGSCAN_ANON], 0);
	CU_ASSERT_EQUAL(m->event[PGSCAN_FILE], m->event[PGSCAN_KSWAPD] + m->event[PGSCAN_DIRECT]);
	CU_ASSERT_EQUAL(m->event[PGSTEAL_FILE],
			m->event[PGSTEAL_KSWAPD] + m->event[PGSTEAL_DIRECT]);
	CU_ASSERT_EQUAL(m->event[PGACTIVATE], 0);
	/* Of folios of 512 pages, where windows are as large as the disk takes them. */
	CU_ASSERT_TRUE(inode_of_fd(m, fd)->i_data.nr_shadows > (in_large_folios(m, fd) ? 60 : 30000));
	machine_tick(m, 0);
	CU_ASSERT_EQUAL(m->nodes[0]->kswapd_state, KSWAPD_NAPS);
	machine_tick(m, 1000000000);
	CU_ASSERT_EQUAL(m->nodes[0]->kswapd_state, KSWAPD_ASLEEP);
}

static void test_stream(void)
{
	over_releases(stream);
}

/*
 * The last free pages of zone DMA are those of another type: it is boosted, and kswapd wakes
 * for it alone. It does not turn to others before that is done, whoever asks for them.
 */
static void test_boosted_zone(void)
{
	struct machine *m = open_machine("release=6.1");
	struct pglist_data *node = m->nodes[0];
	struct zone *dma = node->zones[ZONE_DMA];

	dma->watermark_boost = 512;
	wakeup_kswapd(m, dma, 0, 0, ZONE_DMA);
	wakeup_kswapd(m, node->zones[ZONE_DMA32], GFP_KERNEL, 0, ZONE_NORMAL);
	CU_ASSERT_EQUAL(node->kswapd_last, ZONE_DMA);
	CU_ASSERT_EQUAL(node->kswapd_highest, ZONE_NORMAL);
	machine_tick(m, 0);
	CU_ASSERT_EQUAL(node->kswapd_last, ZONE_NORMAL);
	CU_ASSERT_EQUAL(dma->watermark_boost, 0);
	CU_ASSERT_EQUAL(m->zone_event[PGSKIP][ZONE_DMA32], 0);
	read_file(m, open_file(m, "/data"), 0, 200 * MEGA);
	CU_ASSERT(m->zone_event[PGSKIP][ZONE_DMA32] > 2000);
	close_machine(m);
}

/*
 * Who finds not half of what the min marks keep waits for kswapd, which sees that zone DMA has
 * enough: they wake each other, for a second.
 */
static void test_pingpong(void)
{
	struct machine *m = open_machine("release=6.1");
	struct pglist_data *node = m->nodes[0];
	struct zone *dma32 = node->zones[ZONE_DMA32];
	u64 begin;
	s64 turns;

	read_file(m, open_file(m, "/data"), 0, 10 * MEGA);
	CU_ASSERT_TRUE(pgdat_balanced(m, node, 0, ZONE_NORMAL));
	dma32->watermark[WMARK_MIN] = 3 * global_zone_stat(m, NR_FREE_PAGES);
	CU_ASSERT_FALSE(allow_direct_reclaim(m, node));
	begin = blk_now(m);
	turns = m->event[PAGEOUTRUN];
	kswapd_run_now(m, node);
	turns = m->event[PAGEOUTRUN] - turns;
	CU_ASSERT_EQUAL((blk_now(m) - begin) / MEGA, 1000000000 / MEGA);
	CU_ASSERT_TRUE(turns > 10000 && turns < 50000);
	CU_ASSERT_EQUAL(m->event[KSWAPD_LOW_WMARK_HIT_QUICKLY], turns - 1);
	CU_ASSERT_EQUAL(m->event[PGSTEAL_KSWAPD], 0);
	CU_ASSERT_TRUE(node_thread(m, "kswapd", 0)->stime_ns >= 500000000);
	setup_per_zone_wmarks(m);
	/* Where there is enough nobody waits. */
	begin = blk_now(m);
	kswapd_run_now(m, node);
	CU_ASSERT_TRUE(blk_now(m) - begin < MEGA);
	close_machine(m);
}

/* What comes back soon is active at once; what is long gone is not. */
static void refault(struct machine *m)
{
	int fd = open_file(m, "/data"), small = open_file(m, "/small");
	s64 came_back;

	/* Used twice: active. */
	read_file(m, small, 0, 4 * MEGA);
	read_file(m, small, 0, 4 * MEGA);
	lru_add_drain(m);
	/* Some were still on their way to their list: those are not counted. */
	if (!lru_gen_enabled(m))
		CU_ASSERT_TRUE(m->event[PGACTIVATE] > 1000);
	if (!lru_gen_enabled(m))
		CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_FILE), 1024);
	read_file(m, fd, 0, 200 * MEGA);
	if (!lru_gen_enabled(m))
		CU_ASSERT_TRUE(is_cached(m, inode_of_fd(m, small), 10));
	CU_ASSERT_EQUAL(node_stat(m, WORKINGSET_REFAULT_FILE), 0);
	read_file(m, fd, 0, 4096);
	came_back = node_stat(m, WORKINGSET_REFAULT_FILE);
	CU_ASSERT_TRUE(came_back > 0);
	CU_ASSERT_EQUAL(node_stat(m, WORKINGSET_ACTIVATE_FILE), 0);
	/* The last page that went: nothing is between. */
	for (u64 index = 50000; index; index--) {
		if (is_cached(m, inode_of_fd(m, fd), index - 1))
			continue;
		read_file(m, fd, (index - 1) << PAGE_SHIFT, 1);
		break;
	}
	CU_ASSERT_TRUE(node_stat(m, WORKINGSET_REFAULT_FILE) > came_back);
}

static void test_refault(void)
{
	over_releases(refault);
}

/* Pages that a program maps and uses stay longer than those that are only read. */
static void mapped(struct machine *m)
{
	int fd = open_file(m, "/data"), small = open_file(m, "/small");
	u64 addr = map_file(m, small, 4 * MEGA, PROT_READ, MAP_SHARED);
	const struct inode *inode = inode_of_fd(m, small);
	unsigned int stay = 0;

	for (unsigned int turn = 0; turn < 8; turn++) {
		for (u64 i = 0; i < 1024; i++)
			CU_ASSERT_EQUAL(task_touch(m, task, addr + (i << PAGE_SHIFT),
						   ACCESS_LOAD), 0);
		read_file(m, fd, turn * 20 * MEGA, 20 * MEGA);
	}
	for (u64 i = 0; i < 1024; i++)
		stay += is_cached(m, inode, i);
	CU_ASSERT_TRUE(stay > 900);
	CU_ASSERT_TRUE(node_stat(m, NR_ACTIVE_FILE) > 900);
	CU_ASSERT_EQUAL(m->event[PGSCAN_ANON], 0);
}

static void test_mapped(void)
{
	over_releases(mapped);
}

static void locked(struct machine *m)
{
	int fd = open_file(m, "/data"), small = open_file(m, "/small");
	u64 addr = map_file(m, small, MEGA, PROT_READ, MAP_SHARED);

	CU_ASSERT_EQUAL(sys_mlock2(m, task, addr, MEGA, 0), 0);
	read_file(m, fd, 0, 200 * MEGA);
	for (u64 i = 0; i < 256; i++)
		CU_ASSERT_TRUE(is_cached(m, inode_of_fd(m, small), i));
	/*
	 * The last of large folios was in use when they were locked, and such as reclaim took off
	 * their list may wait in a batch (guests had 160 to 224).
	 */
	CU_ASSERT(in_large_folios(m, small) ? node_stat(m, NR_UNEVICTABLE) >= 160 :
					      node_stat(m, NR_UNEVICTABLE) == 256);
	/* Then they are as others are: locking them had been an access. */
	CU_ASSERT_EQUAL(sys_munlock(m, task, addr, MEGA), 0);
	read_file(m, fd, 0, 200 * MEGA);
	CU_ASSERT_EQUAL(node_stat(m, NR_UNEVICTABLE), 0);
	CU_ASSERT_TRUE(node_stat(m, NR_ACTIVE_FILE) >= (in_large_folios(m, fd) ? 64 : 256));
}

static void test_locked(void)
{
	over_releases(locked);
}

/* How the file's page was asked for. */
static gfp_t gfp_of_page(struct machine *m, int fd, u64 pgoff)
{
	u32 pfn = find_page(m, &inode_of_fd(m, fd)->i_data, pgoff);
	unsigned int order;
	gfp_t gfp = 0;

	CU_ASSERT_FATAL(pfn != PFN_NIL);
	CU_ASSERT_TRUE(page_owner_at(m, folio_pfn(m, pfn), &order, &gfp));
	return gfp;
}

/* Who reads ahead does not enter the file system to free memory, as traces of guests have it. */
static void test_file_system(void)
{
	const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *sets[] = { releases[i], "cmdline=page_owner=on", "file /data.size=1M",
				       NULL };
		struct shrink_control sc = { .gfp = GFP_NOFS };
		struct machine *m;
		u32 made;
		u64 done;
		int fd;

		task_machine_boot(&tm, "tiny", sets);
		m = tm.m;
		task = task_fork(m, tm.init, 0);
		fd = open_file(m, "/data");
		read_file(m, fd, 0, 64 << 10);
		CU_ASSERT_EQUAL(gfp_of_page(m, fd, 3) & (__GFP_FS | __GFP_IO | __GFP_NORETRY),
				__GFP_IO | __GFP_NORETRY);
		CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 512 << 10, PAGE_SIZE, &done), 0);
		CU_ASSERT_EQUAL(gfp_of_page(m, fd, 128) & (__GFP_FS | __GFP_WRITE),
				__GFP_FS | __GFP_WRITE);
		/* Names and inodes are the file system's. */
		CU_ASSERT_EQUAL(dcache_fill(m, 3000, -1, &made), 0);
		CU_ASSERT_EQUAL(shrink_slab(m, &sc), 0);
		CU_ASSERT_EQUAL(dcache_nr_dentries(m, 0, NULL), made);
		sc.gfp = GFP_KERNEL;
		CU_ASSERT(shrink_slab(m, &sc) > 0);
		CU_ASSERT(dcache_nr_dentries(m, 0, NULL) < made);
		close_machine(m);
	}
}

/* What was written and went out is what comes back, dirty or clean when memory got short. */
static void contents(struct machine *m)
{
	int fd = open_file(m, "/data"), small = open_file(m, "/small");
	struct inode *inode = inode_of_fd(m, small);
	u64 tokens[1024], done;
	bool major;
	u32 pfn;

	CU_ASSERT_EQUAL(sys_pwrite(m, task, small, 100, 2 * MEGA, &done), 0);
	for (u64 i = 0; i < 1024; i++) {
		CU_ASSERT_EQUAL_FATAL(filemap_get_page(m, &inode->i_data, i, &pfn, &major), 0);
		tokens[i] = content_token(m, pfn);
		put_page(m, pfn);
	}
	CU_ASSERT_EQUAL(sys_fsync(m, task, small), 0);
	/* And some once more, that nobody writes before memory is short. */
	CU_ASSERT_EQUAL(sys_pwrite(m, task, small, 3 * MEGA, 4096 * 100, &done), 0);
	for (u64 i = 768; i < 868; i++)
		tokens[i] = content_token(m, find_page(m, &inode->i_data, i));
	for (unsigned int turn = 0; turn < 4; turn++)
		read_file(m, fd, 0, 200 * MEGA);
	CU_ASSERT_FALSE(is_cached(m, inode, 0));
	for (u64 i = 0; i < 1024; i++) {
		CU_ASSERT_EQUAL_FATAL(filemap_get_page(m, &inode->i_data, i, &pfn, &major), 0);
		CU_ASSERT_EQUAL(content_token(m, pfn), tokens[i]);
		put_page(m, pfn);
	}
}

static void test_contents(void)
{
	over_releases(contents);
}

/* Pages that MADV_FREE gave up go first, those that were written again stay. */
static void lazyfree(struct machine *m)
{
	u64 addr = task_map(m, task, 0, 8 * MEGA, MAP_PRIVATE | MAP_ANONYMOUS);
	int fd = open_file(m, "/data");

	task_touch_pages(m, task, addr, 2048, ACCESS_STORE);
	CU_ASSERT_EQUAL(sys_madvise(m, task, addr, 8 * MEGA, 8), 0);
	task_touch_pages(m, task, addr, 100, ACCESS_STORE);
	lru_add_drain(m);
	for (unsigned int turn = 0; turn < 2; turn++)
		read_file(m, fd, 0, 200 * MEGA);
	CU_ASSERT_EQUAL(m->event[PGLAZYFREED], 1948);
	CU_ASSERT_TRUE(node_stat(m, NR_ANON_PAGES) >= 100);
	CU_ASSERT_TRUE(node_stat(m, NR_ANON_PAGES) < 200);
}

static void test_lazyfree(void)
{
	over_releases(lazyfree);
}

/* Nodes of the cache that hold shadows alone do not eat up the machine. */
static void shadows(struct machine *m)
{
	int fd = open_file(m, "/data");

	m->tunables->swappiness = 0;
	for (unsigned int turn = 0; turn < 2; turn++)
		read_file(m, fd, 0, 200 * MEGA);
	CU_ASSERT_TRUE(node_stat(m, WORKINGSET_NODES) > 0);
	CU_ASSERT_EQUAL(sys_truncate(m, task, "/data", 0), 0);
	CU_ASSERT_EQUAL(inode_of_fd(m, fd)->i_data.nr_shadows, 0);
	CU_ASSERT_EQUAL(inode_of_fd(m, fd)->i_data.i_pages.nr_nodes, 0);
}

static void test_shadows(void)
{
	over_releases(shadows);
}

/* Somebody asks for a node's memory, or stays on it: as much as was wanted. */
static void asked_for(struct machine *m)
{
	int fd = open_file(m, "/data");
	s64 before;

	read_file(m, fd, 0, 20 * MEGA);
	lru_add_drain(m);
	before = node_stat(m, NR_FILE_PAGES);
	CU_ASSERT_EQUAL(node_reclaim_proactive(m, m->nodes[0], 1000, -1), 0);
	CU_ASSERT_TRUE(before - node_stat(m, NR_FILE_PAGES) >= 900);
	CU_ASSERT_TRUE(m->event[PGSTEAL_PROACTIVE] >= 900);
	CU_ASSERT_EQUAL(node_reclaim_proactive(m, m->nodes[0], 1000000, -1), -EAGAIN);
	CU_ASSERT_TRUE(node_stat(m, NR_FILE_PAGES) < 100);
}

static void test_asked_for(void)
{
	over_releases(asked_for);
}

/* Each allocation of host memory fails in turn, and so do those of pages and objects. */
static void failing(struct machine *m)
{
	int fd = open_file(m, "/data"), small = open_file(m, "/small");
	u64 addr = map_file(m, small, 4 * MEGA, PROT_READ | PROT_WRITE, MAP_PRIVATE), done;
	struct access_result result;
	int err;

	for (u64 i = 0; i < 40; i++) {
		arena_fail_after(&m->arena, 1 + i % 7);
		err = sys_pread(m, task, fd, i * 5 * MEGA, 5 * MEGA, &done);
		CU_ASSERT_TRUE(!err || err == -ENOBUFS || err == -ENOMEM);
		for (u64 page = 0; page < 200; page++) {
			err = task_access(m, task, addr + ((i * 25 + page) % 1024 << PAGE_SHIFT),
					  page % 3 ? ACCESS_LOAD : ACCESS_STORE, &result);
			CU_ASSERT_TRUE(!err || err == -ENOBUFS);
		}
		if (i % 5 == 4)
			err = sys_fsync(m, task, small);
		arena_fail_after(&m->arena, 0);
		machine_tick(m, 0);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
	}
}

static void test_failing(void)
{
	over_releases(failing);
}

static const CU_TestInfo tests[] = {
	{ "a stream", test_stream }, { "boosted zone", test_boosted_zone },
	{ "waiting in vain", test_pingpong },
	{ "refaults", test_refault },
	{ "mapped pages", test_mapped },
	{ "locked pages", test_locked },
	{ "who may enter the file system", test_file_system },
	{ "contents", test_contents },
	{ "lazily freed", test_lazyfree },
	{ "shadows", test_shadows },
	{ "asked for", test_asked_for },
	{ "failing", test_failing },
};

int main(void)
{
	return suite_main("reclaim", tests, ARRAY_SIZE(tests), NULL, NULL);
}
