// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks over all entries: without gaps and overlaps, on every arch; what they show as
 * mapped is mapped, and the direct map has all the memory that it can have, once.
 */
#include <stdio.h>

#include "lab.h"
#include "support.h"
#include "task_machine.h"

#include "sim/boot/memblock.h"
#include "sim/virt/highmem.h"
#include "sim/virt/kernel_walk.h"
#include "sim/virt/memory.h"

static const char *const names[] = { "x86_64", "x86_64-la57", "i386", "i386-pae" };

struct seen {
	const struct machine *m;
	u64 next;		/* where the next entry has to begin */
	u64 direct, present, wrong;
};

static void see(void *arg, u64 addr, unsigned int level, u64 entry)
{
	struct seen *seen = arg;
	u64 span = table_span(seen->m, level);
	struct kernel_leaf leaf;
	bool kernel = is_kernel_address(seen->m, addr);

	seen->wrong += addr != seen->next || addr % span;
	seen->next = addr + span;
	if (!entry) {
		seen->wrong += kernel && kernel_leaf_find(seen->m, addr, &leaf);
		return;
	}
	seen->present++;
	if (!kernel)
		return;
	if (!kernel_leaf_find(seen->m, addr, &leaf) || leaf.bytes != span)
		seen->wrong++;
	else if (!strcmp(leaf.what, "direct map"))
		seen->direct += span;
}

static u64 low_memory(const struct machine *m)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < m->memblock->memory.cnt; i++) {
		const struct memblock_region *r = &m->memblock->memory.regions[i];
		u64 start = ALIGN_UP(r->base, PAGE_SIZE), end = r->base + r->size;

		end = ALIGN_DOWN(end, PAGE_SIZE);
		if (m->arch->lowmem_end)
			end = MIN(end, m->arch->lowmem_end);
		bytes += end > start ? end - start : 0;
	}
	return bytes;
}

static void test_kernel(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		char arch[32];
		const char *const sets[] = { arch, NULL };
		struct task_machine tm;
		struct seen seen;
		u64 start;

		snprintf(arch, sizeof(arch), "arch=%s", names[i]);
		task_machine_boot(&tm, i < 2 ? "pc" : "i386", sets);
		start = tm.m->arch->bits == 32 ? tm.m->arch->page_offset :
			-240ULL << tm.m->arch->levels[0].shift;
		seen = (struct seen){ .m = tm.m, .next = start };
		kernel_walk(tm.m, start, tm.m->arch->bits == 32 ? 0xffffffff : ~0ULL, see, &seen);
		CU_ASSERT_EQUAL(seen.wrong, 0);
		CU_ASSERT_EQUAL(seen.next, tm.m->arch->bits == 32 ? 1ULL << 32 : 0);
		CU_ASSERT_EQUAL(seen.direct, low_memory(tm.m));
		task_machine_end(&tm);
	}
}

/* A page of HighMem that is mapped is one entry more, at its address. */
static void test_kmap(void)
{
	struct task_machine tm;
	struct seen before, after;
	u64 vaddr, start;
	u32 pfn;

	task_machine_boot(&tm, "i386", NULL);
	start = tm.m->arch->page_offset;
	before = after = (struct seen){ .m = tm.m, .next = start };
	kernel_walk(tm.m, start, 0xffffffff, see, &before);
	pfn = (u32)(tm.m->max_pfn - 100);
	CU_ASSERT_EQUAL(kmap(tm.m, pfn, &vaddr), 0);
	CU_ASSERT_EQUAL(kmap_local_page(tm.m, pfn, &vaddr), 0);
	kernel_walk(tm.m, start, 0xffffffff, see, &after);
	CU_ASSERT_EQUAL(after.wrong, 0);
	CU_ASSERT_EQUAL(after.present, before.present + 2);
	CU_ASSERT_EQUAL(kunmap_local(tm.m, vaddr), 0);
	CU_ASSERT_EQUAL(kunmap(tm.m, pfn), 0);
	task_machine_end(&tm);
}

static int count_pte(void *arg, u64 addr, pte_t *pte)
{
	u64 *nr = arg;

	(void)addr;
	*nr += !!*pte;
	return 0;
}

static void test_user(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		char arch[32];
		const char *const sets[] = { arch, NULL };
		struct task_machine tm;
		struct seen seen;
		u64 nr = 0, end;

		snprintf(arch, sizeof(arch), "arch=%s", names[i]);
		task_machine_boot(&tm, i < 2 ? "pc" : "i386", sets);
		end = tm.m->arch->bits == 32 ? tm.m->arch->task_size :
		      table_span(tm.m, tm.m->virt->pgtables->top) << 8;
		seen = (struct seen){ .m = tm.m };
		user_walk(tm.m, tm.init->mm, end, see, &seen);
		CU_ASSERT_EQUAL(seen.wrong, 0);
		CU_ASSERT_EQUAL(seen.next, end);
		CU_ASSERT_EQUAL(walk_page_range(tm.m, tm.init->mm, 0, ~0ULL, count_pte, &nr), 0);
		CU_ASSERT_TRUE(nr > 0);
		CU_ASSERT_EQUAL(seen.present, nr);
		/* init_mm has nothing there. */
		seen = (struct seen){ .m = tm.m };
		user_walk(tm.m, tm.m->init_mm, end, see, &seen);
		CU_ASSERT_EQUAL(seen.present + seen.wrong, 0);
		CU_ASSERT_EQUAL(seen.next, end);
		task_machine_end(&tm);
	}
}

/* The dump: the kernel's format, each line beginning where the last one ended. */
static void test_dump(void)
{
	const char *const sets[] = { "config.PTDUMP_DEBUGFS=y", NULL };
	struct lab lab;
	unsigned long long start, end, last = 0;
	unsigned int lines = 0, markers = 0;
	const char *line, *text;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "cat sys/kernel/debug/page_tables/kernel"), 0);
	text = lab_text(&lab.out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n---[ Low Kernel Mapping ]---\n"
				      "0xffff888000001000-0xffff88800009f000         632K     RW "
				      "                GLB NX pte\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "0xffff888040000000-0xffff888080000000           1G  "
				      "   RW         PSE     GLB NX pud\n"));
	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		markers += !strncmp(line, "---[ ", 5);
		if (sscanf(line, "0x%llx-0x%llx ", &start, &end) != 2)
			continue;
		CU_ASSERT_EQUAL(start, last);
		last = end;
		lines++;
	}
	CU_ASSERT_EQUAL(last, 0);
	CU_ASSERT_TRUE(lines > 20);
	CU_ASSERT_TRUE(markers > 8);
	lab_close(&lab);
	/* Debian's kernels have none. */
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "cat sys/kernel/debug/page_tables/kernel"), -ENOENT);
	out_clear(&lab.out);
	CU_ASSERT_EQUAL(lab_run(&lab, "cat sim/page_tables/kernel"), 0);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "the kernel's part", test_kernel },
	{ "kmaps", test_kmap },
	{ "a task's part", test_user },
	{ "a dump", test_dump },
};

int main(void)
{
	return suite_main("kernel_walk", tests, ARRAY_SIZE(tests), NULL, NULL);
}
