// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults and what undoes them, on a booted machine: pages, counters and entries after
 * each access are those of the kernel. Every test ends with all of it given back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"

#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/sched.h"

#define K4 PAGE_SIZE
#define BASE 0x10000000ULL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE)
#define SHARED_ANON (MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE)

struct world {
	struct machine_config *config;
	struct machine *m;
	struct task_struct *task;
};

static const char machine_text[] =
	"[machine]\narch = %s\nrelease = %s\ncmdline = transparent_hugepage=never\n"
	"[node 0]\ncpus = 0-1\nmemory = 256M\n"
	"[file /data/big]\nsize = 262144\n";

static void world_open(struct world *w, const char *arch, const char *release)
{
	char text[512], *error = NULL;
	int err;

	*w = (struct world){ 0 };
	snprintf(text, sizeof(text), machine_text, arch, release);
	err = machine_config_parse("test", text, NULL, &w->config, &error);
	if (!err)
		err = machine_boot(w->config, &w->m, &error);
	if (err)
		fprintf(stderr, "%d: %s\n", err, error ? error : "no host memory");
	free(error);
	CU_ASSERT_EQUAL_FATAL(err, 0);
	w->task = task_find(w->m, PID_INIT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->task);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->task->mm);
	sched_switch_to(w->m, w->task);
}

static void world_close(struct world *w)
{
	CU_ASSERT_EQUAL(nr_broken(w->m, machine_check, NULL), 0);
	CU_ASSERT_EQUAL(machine_free_counting(w->m), 0);
	machine_config_free(w->config);
}

static void map(struct world *w, u64 addr, u64 len, u64 prot, u64 flags)
{
	const struct mmap_request req = { .addr = addr, .len = len, .prot = prot, .flags = flags };
	u64 got = 0;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(w->m, w->task, &req, &got), 0);
	CU_ASSERT_EQUAL_FATAL(got, addr);
}

static void map_file(struct world *w, u64 addr, u64 len, u64 prot, u64 flags, u64 offset)
{
	struct mmap_request req = {
		.addr = addr, .len = len, .prot = prot, .flags = flags | MAP_FIXED_NOREPLACE,
		.offset = offset,
	};
	u64 got = 0;
	int fd = -1;

	CU_ASSERT_EQUAL_FATAL(sys_open(w->m, w->task, "/data/big", O_RDWR, 0, &fd), 0);
	req.file = fget(w->m, w->task, fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(req.file);
	CU_ASSERT_EQUAL_FATAL(sys_mmap(w->m, w->task, &req, &got), 0);
	CU_ASSERT_EQUAL_FATAL(got, addr);
	CU_ASSERT_EQUAL(sys_close(w->m, w->task, fd), 0);
}

static void unmap(struct world *w, u64 addr, u64 len)
{
	CU_ASSERT_EQUAL(sys_munmap(w->m, w->task, addr, len), 0);
}

/* Touch pages one after another; how many faults that took. */
static u64 touch(struct world *w, struct task_struct *task, u64 addr, u64 nr_pages,
		 enum access access)
{
	u64 before;

	sched_switch_to(w->m, task);
	before = task->min_flt + task->maj_flt;
	for (u64 i = 0; i < nr_pages; i++) {
		struct access_result result;

		CU_ASSERT_EQUAL_FATAL(task_access(w->m, task, addr + i * K4, access, &result), 0);
		CU_ASSERT_EQUAL(result.signal, 0);
	}
	return task->min_flt + task->maj_flt - before;
}

static u64 entry(const struct world *w, const struct task_struct *task, u64 addr)
{
	const pte_t *pte = pte_offset_map(w->m, task->mm, addr);

	return pte ? *pte : 0;
}

static const struct page *page_at(const struct world *w, const struct task_struct *task, u64 addr)
{
	u32 pfn = follow_page(w->m, task->mm, addr);

	CU_ASSERT_NOT_EQUAL_FATAL(pfn, PFN_NIL);
	return pfn_to_page(w->m, pfn);
}

static s64 anon(const struct task_struct *task)
{
	return task->mm->rss_stat[MM_ANONPAGES] + task->rss_cache[MM_ANONPAGES];
}

static s64 nr_pages_of(const struct machine *m, enum node_stat_item item)
{
	return m->nodes[0]->stat[item];
}

static struct task_struct *fork_task(struct world *w)
{
	struct task_struct *child;
	u32 pid = 0;

	sched_switch_to(w->m, w->task);
	CU_ASSERT_EQUAL_FATAL(sys_clone(w->m, w->task, SIGCHLD, &pid), 0);
	child = task_find(w->m, pid);
	CU_ASSERT_PTR_NOT_NULL_FATAL(child);
	return child;
}

static void end_task(struct world *w, struct task_struct *child)
{
	u32 pid = child->pid, ended = 0, status = 0;

	sched_switch_to(w->m, child);
	do_group_exit(w->m, child, 0);
	sched_switch_to(w->m, w->task);
	CU_ASSERT_EQUAL(sys_wait4(w->m, w->task, (s32)pid, 0, &ended, &status), 0);
	CU_ASSERT_EQUAL(ended, pid);
}

static void run_anonymous(const char *arch, const char *release)
{
	struct world w;
	s64 anon0, mapped0;
	u64 pte_bytes;

	world_open(&w, arch, release);
	anon0 = anon(w.task);
	mapped0 = nr_pages_of(w.m, NR_ANON_PAGES);
	pte_bytes = w.task->mm->pgtables_bytes;
	map(&w, BASE, 16 * K4, RW, ANON);
	CU_ASSERT_EQUAL(entry(&w, w.task, BASE), 0);
	/* Reads share the zero page, which counts for nobody. */
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 4, ACCESS_LOAD), 4);
	CU_ASSERT_EQUAL(pte_pfn(entry(&w, w.task, BASE)), w.m->virt->zero_pfn);
	CU_ASSERT_EQUAL(anon(w.task), anon0);
	/* Writes get pages: two in place of the zero page, two new ones. */
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + 2 * K4, 4, ACCESS_STORE), 4);
	CU_ASSERT_EQUAL(anon(w.task), anon0 + 4);
	CU_ASSERT_EQUAL(nr_pages_of(w.m, NR_ANON_PAGES), mapped0 + 4);
	CU_ASSERT(entry(&w, w.task, BASE + 2 * K4) & PTE_RW);
	CU_ASSERT(entry(&w, w.task, BASE + 2 * K4) & PTE_DIRTY);
	/* Not with 32 bits. */
	CU_ASSERT_EQUAL(entry(&w, w.task, BASE + 2 * K4) & PTE_SOFT_DIRTY,
			w.m->arch->bits == 64 ? PTE_SOFT_DIRTY : 0);
	CU_ASSERT_EQUAL(page_mapcount(page_at(&w, w.task, BASE + 3 * K4)), 1);
	/* What is there costs no fault. */
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + 2 * K4, 4, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 6, ACCESS_LOAD), 0);
	CU_ASSERT(w.task->mm->pgtables_bytes > pte_bytes);
	unmap(&w, BASE, 16 * K4);
	/* With PAE, the pmd that came with the pgd goes as well. */
	CU_ASSERT(w.task->mm->pgtables_bytes <= pte_bytes);
	CU_ASSERT_EQUAL(anon(w.task), anon0);
	CU_ASSERT_EQUAL(nr_pages_of(w.m, NR_ANON_PAGES), mapped0);
	world_close(&w);
}

static void test_anonymous(void)
{
	run_anonymous("x86_64", "6.18");
	run_anonymous("x86_64", "6.1");
	run_anonymous("i386", "6.1");
	run_anonymous("i386-pae", "6.1");
	run_anonymous("x86_64-la57", "6.18");
}

static void run_copy_on_write(const char *release)
{
	struct task_struct *child;
	struct world w;
	u32 shared;

	world_open(&w, "x86_64", release);
	map(&w, BASE, 8 * K4, RW, ANON);
	touch(&w, w.task, BASE, 4, ACCESS_STORE);
	child = fork_task(&w);
	/* Both map the same pages and neither may write. */
	shared = follow_page(w.m, w.task->mm, BASE);
	CU_ASSERT_EQUAL(follow_page(w.m, child->mm, BASE), shared);
	CU_ASSERT_EQUAL(page_mapcount(page_at(&w, child, BASE)), 2);
	CU_ASSERT_FALSE(entry(&w, w.task, BASE) & PTE_RW);
	CU_ASSERT_FALSE(entry(&w, child, BASE) & PTE_RW);
	CU_ASSERT_FALSE(page_flag(page_at(&w, child, BASE), PG_anon_exclusive));
	CU_ASSERT_EQUAL(touch(&w, child, BASE, 4, ACCESS_LOAD), 0);
	/* The child's first store copies, its next does not. */
	CU_ASSERT_EQUAL(touch(&w, child, BASE, 1, ACCESS_STORE), 1);
	CU_ASSERT_NOT_EQUAL(follow_page(w.m, child->mm, BASE), shared);
	CU_ASSERT_EQUAL(page_mapcount(page_at(&w, w.task, BASE)), 1);
	CU_ASSERT_EQUAL(touch(&w, child, BASE, 1, ACCESS_STORE), 0);
	/* The parent has that page alone now: it is taken as it is. */
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 1, ACCESS_STORE), 1);
	CU_ASSERT_EQUAL(follow_page(w.m, w.task->mm, BASE), shared);
	CU_ASSERT(page_flag(page_at(&w, w.task, BASE), PG_anon_exclusive));
	/* A page that both have is copied, whoever writes first. */
	shared = follow_page(w.m, w.task->mm, BASE + K4);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + K4, 1, ACCESS_STORE), 1);
	CU_ASSERT_NOT_EQUAL(follow_page(w.m, w.task->mm, BASE + K4), shared);
	CU_ASSERT_EQUAL(nr_broken(w.m, machine_check, NULL), 0);
	end_task(&w, child);
	/* After the child is gone its pages are the parent's again. */
	shared = follow_page(w.m, w.task->mm, BASE + 2 * K4);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + 2 * K4, 1, ACCESS_STORE), 1);
	CU_ASSERT_EQUAL(follow_page(w.m, w.task->mm, BASE + 2 * K4), shared);
	unmap(&w, BASE, 8 * K4);
	world_close(&w);
}

static void test_copy_on_write(void)
{
	run_copy_on_write("6.18");
	run_copy_on_write("6.1");
}

static void test_contents(void)
{
	struct task_struct *child;
	struct world w;
	u64 token;

	world_open(&w, "x86_64", "6.18");
	map(&w, BASE, 4 * K4, RW, ANON);
	touch(&w, w.task, BASE, 1, ACCESS_LOAD);
	touch(&w, w.task, BASE + K4, 1, ACCESS_STORE);
	token = content_token(w.m, follow_page(w.m, w.task->mm, BASE + K4));
	CU_ASSERT_NOT_EQUAL(token, 0);
	child = fork_task(&w);
	CU_ASSERT_EQUAL(content_token(w.m, follow_page(w.m, child->mm, BASE + K4)), token);
	touch(&w, child, BASE + K4, 1, ACCESS_STORE);
	CU_ASSERT_NOT_EQUAL(content_token(w.m, follow_page(w.m, child->mm, BASE + K4)), token);
	CU_ASSERT_EQUAL(content_token(w.m, follow_page(w.m, w.task->mm, BASE + K4)), token);
	end_task(&w, child);
	unmap(&w, BASE, 4 * K4);
	world_close(&w);
}

/* A read of a file maps what is cached of the 16 pages around; a write maps one. */
static void run_fault_around(const char *release)
{
	struct world w;
	u64 done = 0;
	int fd = -1;

	world_open(&w, "x86_64", release);
	CU_ASSERT_EQUAL_FATAL(sys_open(w.m, w.task, "/data/big", O_RDWR, 0, &fd), 0);
	CU_ASSERT_EQUAL(sys_pread(w.m, w.task, fd, 0, 64 * K4, &done), 0);
	CU_ASSERT_EQUAL(done, 64 * K4);
	CU_ASSERT_EQUAL(sys_close(w.m, w.task, fd), 0);
	map_file(&w, BASE + 5 * K4, 40 * K4, PROT_READ, MAP_PRIVATE, 0);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + 7 * K4, 1, ACCESS_LOAD), 1);
	for (u64 i = 5; i < 45; i++)
		CU_ASSERT_EQUAL(entry(&w, w.task, BASE + i * K4) != 0, i < 5 + 16);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + 30 * K4, 1, ACCESS_LOAD), 1);
	for (u64 i = 21; i < 45; i++)
		CU_ASSERT_EQUAL(entry(&w, w.task, BASE + i * K4) != 0,
				i == 30 || (i >= 16 && i < 32));
	unmap(&w, BASE + 5 * K4, 40 * K4);
	map_file(&w, BASE, 32 * K4, RW, MAP_PRIVATE, 0);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE + 4 * K4, 1, ACCESS_STORE), 1);
	CU_ASSERT_EQUAL(entry(&w, w.task, BASE + 5 * K4), 0);
	CU_ASSERT(page_flag(page_at(&w, w.task, BASE + 4 * K4), PG_anon));
	CU_ASSERT_EQUAL(nr_broken(w.m, machine_check, NULL), 0);
	unmap(&w, BASE, 32 * K4);
	/* Shared and written: the page is the file's and dirty. */
	map_file(&w, BASE, 8 * K4, RW, MAP_SHARED, 0);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 1, ACCESS_LOAD), 1);
	CU_ASSERT_FALSE(entry(&w, w.task, BASE) & PTE_RW);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 1, ACCESS_STORE), 1);
	CU_ASSERT(page_flag(page_at(&w, w.task, BASE), PG_dirty));
	CU_ASSERT_FALSE(page_flag(page_at(&w, w.task, BASE), PG_anon));
	unmap(&w, BASE, 8 * K4);
	world_close(&w);
}

static void test_fault_around(void)
{
	run_fault_around("6.18");
	run_fault_around("6.1");
}

struct signal_row {
	u64 addr;
	enum access access;
	int signal, code;
	u64 si_addr;
	u32 error_code;
};

static void check_signals(struct world *w, const struct signal_row *rows, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct access_result result;
		u64 faults = w->task->min_flt;

		CU_ASSERT_EQUAL(task_access(w->m, w->task, rows[i].addr, rows[i].access,
					    &result), 0);
		CU_ASSERT_EQUAL(result.signal, rows[i].signal);
		CU_ASSERT_EQUAL(result.code, rows[i].code);
		CU_ASSERT_EQUAL(result.address, rows[i].si_addr);
		CU_ASSERT_EQUAL(result.error_code, rows[i].error_code);
		/* Only the fetch from a page that may not be run maps it first. */
		CU_ASSERT_EQUAL(w->task->min_flt - faults, rows[i].access == ACCESS_IFETCH);
	}
}

static void test_signals(void)
{
	static const struct signal_row rows[] = {
		{ 0, ACCESS_LOAD, 11, SEGV_MAPERR, 0, 4 },
		{ 0x1000, ACCESS_STORE, 11, SEGV_MAPERR, 0x1000, 6 },
		{ BASE + 8 * K4 + 5, ACCESS_LOAD, 11, SEGV_MAPERR, BASE + 8 * K4 + 5, 4 },
		{ BASE + 1, ACCESS_STORE, 11, SEGV_ACCERR, BASE + 1, 6 },
		{ BASE + K4, ACCESS_IFETCH, 11, SEGV_ACCERR, BASE + K4, 0x15 },
		{ BASE + 16 * K4, ACCESS_LOAD, 11, SEGV_ACCERR, BASE + 16 * K4, 4 },
		{ BASE + 24 * K4, ACCESS_LOAD, 11, SEGV_PKUERR, BASE + 24 * K4, 4 },
		{ BASE + 33 * K4, ACCESS_LOAD, 7, BUS_ADRERR, BASE + 33 * K4, 4 },
		{ 0x7ffffffff000, ACCESS_LOAD, 11, SEGV_MAPERR, 0x7ffffffff000, 5 },
		{ 0x800000000000, ACCESS_LOAD, 11, 0x80, 0, 0 },
		{ 0xffff800000000000, ACCESS_STORE, 11, SEGV_MAPERR, 0xffff800000000000, 7 },
		{ 0xffffffff81000000, ACCESS_LOAD, 11, SEGV_MAPERR, 0xffffffff81000000, 5 },
	};
	struct world w;

	world_open(&w, "x86_64", "6.18");
	map(&w, BASE, 4 * K4, PROT_READ, ANON);
	map(&w, BASE + 16 * K4, 4 * K4, 0, ANON);
	map(&w, BASE + 24 * K4, 4 * K4, PROT_EXEC, ANON);
	map_file(&w, BASE + 32 * K4, 4 * K4, PROT_READ, MAP_PRIVATE, 63 * K4);
	check_signals(&w, rows, ARRAY_SIZE(rows));
	unmap(&w, BASE, 36 * K4);
	world_close(&w);
}

static void test_protection(void)
{
	struct world w;

	world_open(&w, "x86_64", "6.18");
	map(&w, BASE, 8 * K4, RW, ANON);
	touch(&w, w.task, BASE, 4, ACCESS_STORE);
	CU_ASSERT_EQUAL(sys_mprotect(w.m, w.task, BASE, 8 * K4, PROT_READ), 0);
	CU_ASSERT_FALSE(entry(&w, w.task, BASE) & PTE_RW);
	CU_ASSERT_EQUAL(sys_mprotect(w.m, w.task, BASE, 8 * K4, 0), 0);
	CU_ASSERT(pte_protnone(entry(&w, w.task, BASE)));
	/* Pages that are exclusively ours may be written without a fault. */
	CU_ASSERT_EQUAL(sys_mprotect(w.m, w.task, BASE, 8 * K4, RW), 0);
	CU_ASSERT(entry(&w, w.task, BASE) & PTE_RW);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 4, ACCESS_STORE), 0);
	unmap(&w, BASE, 8 * K4);
	world_close(&w);
}

static void test_populate(void)
{
	struct world w;
	s64 anon0;
	u64 faults;

	world_open(&w, "x86_64", "6.18");
	anon0 = anon(w.task);
	faults = w.task->min_flt;
	map(&w, BASE, 16 * K4, RW, ANON | MAP_POPULATE);
	CU_ASSERT_EQUAL(anon(w.task), anon0 + 16);
	CU_ASSERT_EQUAL(w.task->min_flt, faults + 16);
	CU_ASSERT_EQUAL(touch(&w, w.task, BASE, 16, ACCESS_STORE), 0);
	map(&w, BASE + 32 * K4, 4 * K4, 0, ANON | MAP_POPULATE);
	CU_ASSERT_EQUAL(anon(w.task), anon0 + 16);
	CU_ASSERT_EQUAL(faultin_page_range(w.m, w.task->mm, BASE + 32 * K4, BASE + 33 * K4, false),
			-EINVAL);
	CU_ASSERT_EQUAL(faultin_page_range(w.m, w.task->mm, BASE + 64 * K4, BASE + 65 * K4, false),
			-ENOMEM);
	CU_ASSERT_EQUAL(fault_in_user(w.m, w.task, BASE + 32 * K4, false), -EFAULT);
	CU_ASSERT_EQUAL(fault_in_user(w.m, w.task, ~0ULL, false), -EFAULT);
	CU_ASSERT_EQUAL(fault_in_user(w.m, w.task, BASE, true), 0);
	unmap(&w, BASE, 36 * K4);
	world_close(&w);
}

/* 6.1 keeps counts in the task for 64 faults; what zaps brings them to the mm. */
static void test_split_rss(void)
{
	struct world w;
	s64 before;

	world_open(&w, "x86_64", "6.1");
	map(&w, BASE, 256 * K4, RW, ANON);
	sync_mm_rss(w.task);
	before = w.task->mm->rss_stat[MM_ANONPAGES];
	touch(&w, w.task, BASE, 65, ACCESS_STORE);
	CU_ASSERT_EQUAL(w.task->mm->rss_stat[MM_ANONPAGES], before);
	touch(&w, w.task, BASE + 65 * K4, 1, ACCESS_STORE);
	CU_ASSERT_EQUAL(w.task->mm->rss_stat[MM_ANONPAGES], before + 65);
	unmap(&w, BASE, K4);
	CU_ASSERT_EQUAL(w.task->mm->rss_stat[MM_ANONPAGES], before + 65);
	CU_ASSERT_EQUAL(w.task->rss_cache[MM_ANONPAGES], 0);
	unmap(&w, BASE, 256 * K4);
	world_close(&w);
}

/* Since 6.2 high-water marks see what a CPU counted by the batch. */
static void test_batched_rss(void)
{
	struct world w;
	u64 known;

	world_open(&w, "x86_64", "6.18");
	map(&w, BASE, 128 * K4, RW, ANON);
	/* From the start of a batch on. */
	known = get_mm_rss(w.task->mm);
	for (u64 i = 0; get_mm_rss(w.task->mm) == known; i++)
		touch(&w, w.task, BASE + i * K4, 1, ACCESS_STORE);
	known = get_mm_rss(w.task->mm);
	touch(&w, w.task, BASE + 64 * K4, 31, ACCESS_STORE);
	CU_ASSERT_EQUAL(get_mm_rss(w.task->mm), known);
	touch(&w, w.task, BASE + 95 * K4, 1, ACCESS_STORE);
	CU_ASSERT_EQUAL(get_mm_rss(w.task->mm), known + 32);
	unmap(&w, BASE, 128 * K4);
	CU_ASSERT_EQUAL(w.task->mm->hiwater_rss, known + 32);
	world_close(&w);
}

/* Aligned moves take whole tables along; others make new ones. */
static void test_mremap_tables(void)
{
	const struct mremap_request req = {
		.addr = BASE, .old_len = 4 * SZ_2M, .new_len = 4 * SZ_2M,
		.flags = MREMAP_MAYMOVE | MREMAP_FIXED, .new_addr = 0x40000000,
	};
	struct world w;
	u64 addr = 0, bytes;
	u32 pfn;

	world_open(&w, "x86_64", "6.18");
	map(&w, BASE, 4 * SZ_2M, RW, ANON);
	for (unsigned int i = 0; i < 4; i++)
		touch(&w, w.task, BASE + i * SZ_2M, 1, ACCESS_STORE);
	pfn = follow_page(w.m, w.task->mm, BASE + SZ_2M);
	bytes = w.task->mm->pgtables_bytes;
	CU_ASSERT_EQUAL(sys_mremap(w.m, w.task, &req, &addr), 0);
	CU_ASSERT_EQUAL(addr, req.new_addr);
	CU_ASSERT_EQUAL(follow_page(w.m, w.task->mm, req.new_addr + SZ_2M), pfn);
	CU_ASSERT_EQUAL(follow_page(w.m, w.task->mm, BASE + SZ_2M), PFN_NIL);
	/* A pmd more for the new place. */
	CU_ASSERT(w.task->mm->pgtables_bytes <= bytes + K4);
	CU_ASSERT_EQUAL(nr_broken(w.m, machine_check, NULL), 0);
	unmap(&w, req.new_addr, 4 * SZ_2M);
	world_close(&w);
}

static unsigned int broken_now(const struct world *w)
{
	struct out out = OUT_INIT;
	unsigned int nr = nr_broken(w->m, memory_validate, &out);

	out_free(&out);
	return nr;
}

/* Each kind of damage is seen, and only while it is there. */
static void test_validators(void)
{
	struct page *page;
	struct world w;
	pte_t *pte;

	world_open(&w, "x86_64", "6.18");
	map(&w, BASE, 4 * K4, RW, ANON);
	touch(&w, w.task, BASE, 4, ACCESS_STORE);
	pte = pte_offset_map(w.m, w.task->mm, BASE);
	page = pfn_to_page(w.m, pte_pfn(*pte));
	CU_ASSERT_EQUAL(broken_now(&w), 0);
	page->mapcount++;	/* R1 */
	CU_ASSERT(broken_now(&w) > 0);
	page->mapcount--;
	page->refcount += 64;	/* R2 */
	CU_ASSERT(broken_now(&w) > 0);
	page->refcount -= 64;
	page->mapping ^= 0x4000;	/* R3, M1 */
	CU_ASSERT(broken_now(&w) > 0);
	page->mapping ^= 0x4000;
	w.task->mm->rss_stat[MM_ANONPAGES]++;	/* T4 */
	CU_ASSERT(broken_now(&w) > 0);
	w.task->mm->rss_stat[MM_ANONPAGES]--;
	page_clear_flag(page, PG_anon_exclusive);	/* T2: written to, not exclusive */
	CU_ASSERT(broken_now(&w) > 0);
	page_set_flag(page, PG_anon_exclusive);
	w.task->mm->pgtables_bytes += K4;	/* T3 */
	CU_ASSERT(broken_now(&w) > 0);
	w.task->mm->pgtables_bytes -= K4;
	CU_ASSERT_EQUAL(broken_now(&w), 0);
	unmap(&w, BASE, 4 * K4);
	world_close(&w);
}

static const CU_TestInfo tests[] = {
	{ "anonymous memory", test_anonymous },
	{ "copy on write", test_copy_on_write },
	{ "contents", test_contents },
	{ "fault-around", test_fault_around },
	{ "signals", test_signals },
	{ "protection", test_protection },
	{ "populate", test_populate },
	{ "split RSS", test_split_rss },
	{ "batched RSS", test_batched_rss },
	{ "mremap moves tables", test_mremap_tables },
	{ "validators", test_validators },
};

int main(void)
{
	return suite_main("memory", tests, ARRAY_SIZE(tests), NULL, NULL);
}
