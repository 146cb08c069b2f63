// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks on every architecture: how many tables stand before a page, where pages and
 * tables lie, huge pages by the architecture's pmd, the kernel's part that all share.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "sim/phys/section.h"
#include "sim/virt/pgtable.h"

static const struct row {
	const char *machine, *arch, *release;
	const char *high;	/* an address far from the program's */
	unsigned int levels, kb;	/* entries on the way; tables for one page there */
	const char *huge_name;	/* the level of a huge page's entry */
	const char *zone;	/* of a program's page, */
	const char *table_zone;	/* and of its leaf table */
} rows[] = {
	{ "i386", "arch=i386", "release=6.1", "0x90000000", 2, 4, "pgd", "HighMem", "HighMem" },
	{ "i386", "arch=i386", "release=6.18", "0x90000000", 2, 4, "pgd", "HighMem", "Normal" },
	{ "i386", "arch=i386-pae", "release=6.1", "0x90000000", 3, 4, "pmd", "HighMem",
	  "HighMem" },
	{ "i386", "arch=i386-pae", "release=6.18", "0x90000000", 3, 4, "pmd", "HighMem",
	  "Normal" },
	{ "tiny", "arch=x86_64", "release=6.1", "0x10000000000", 4, 12, "pmd", "DMA32", "DMA32" },
	{ "tiny", "arch=x86_64-la57", "release=6.18", "0x10000000000000", 5, 12, "pmd", "DMA32",
	  "DMA32" },
};

static struct lab lab;

static const struct machine *open_row(const struct row *row)
{
	const char *const sets[] = { row->arch, row->release, NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, row->machine, sets), 0);
	return tree_machine(lab.tree);
}

static void run(const char *line)
{
	int err = lab_run(&lab, line);

	if (err)
		printf("\n  %s: %s\n", line, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
}

/* A call of task a on an address. */
static void call(const char *verb, const char *addr, const char *rest)
{
	char line[200];

	snprintf(line, sizeof(line), "sim/as/a/ctl: %s %s %s", verb, addr, rest);
	run(line);
}

static void close_row(void)
{
	lab_check(&lab);
	lab_close(&lab);
}

static const char *walk(const char *task, const char *addr)
{
	char path[100];

	snprintf(path, sizeof(path), "sim/as/%s/walk/%s", task, addr);
	return lab_cat(&lab, path);
}

static unsigned int nr_entries(const char *text)
{
	unsigned int nr = 0;

	for (; (text = strstr(text, " index ")); text++)
		nr++;
	return nr;
}

/* The page frame that the level's line names. */
static u64 frame(const char *text, const char *level)
{
	const char *at = strstr(text, level);

	at = at ? strstr(at, "page 0x") : NULL;
	return at ? strtoull(at + 5, NULL, 16) : PFN_NIL;
}

static const char *zone_of(const struct machine *m, u64 pfn)
{
	return page_present(m, pfn) ? page_zone(m, pfn_to_page(m, pfn))->name : "none";
}

static unsigned int table_kb(void)
{
	const char *at = strstr(lab_cat(&lab, "sim/as/a/status"), "VmPTE:");

	return at ? (unsigned int)strtoul(at + 6, NULL, 10) : 0;
}

static void test_one_page(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const struct machine *m = open_row(row);
		const char *last = row->levels == 2 ? "pgd" : "pmd";
		unsigned int before;

		run("sim/as/init/ctl: fork as a");
		before = table_kb();
		call("mmap", row->high, "4K rw private,anon,fixed");
		call("store", row->high, "");
		CU_ASSERT_EQUAL(table_kb() - before, row->kb);
		CU_ASSERT_EQUAL(nr_entries(walk("a", row->high)), row->levels);
		CU_ASSERT_STRING_EQUAL(zone_of(m, frame(walk("a", row->high), "\npte")),
				       row->zone);
		CU_ASSERT_STRING_EQUAL(zone_of(m, frame(walk("a", row->high), last)),
				       row->table_zone);
		call("munmap", row->high, "4K");
		/* With PAE the pmd goes as well: it served nothing else. */
		CU_ASSERT(table_kb() <= before);
		run("sim/as/a/ctl: exit_group");
		close_row();
	}
}

static void test_huge_page(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const char *found;

		(void)!open_row(row);
		run("sim/as/init/ctl: fork as a");
		run("sim/as/a/ctl: mmap 0x40000000 8M rw private,anon,fixed as h");
		run("sim/as/a/ctl: madvise @h 8M hugepage");
		run("sys/kernel/mm/transparent_hugepage/enabled: always");
		run("sim/as/a/ctl: store @h 8M");
		found = strstr(walk("a", "0x40001000"), row->huge_name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(found);
		CU_ASSERT_PTR_NOT_NULL(strstr(found, "huge"));
		CU_ASSERT_PTR_NULL(strstr(found, "\npte"));
		run("sim/as/a/ctl: fork as b");
		run("sim/as/b/ctl: store @h+1M");
		/* A part goes: small pages are what is left. */
		run("sim/as/a/ctl: munmap 0x40100000 4K");
		CU_ASSERT_PTR_NOT_NULL(strstr(walk("a", "0x40001000"), "\npte"));
		lab_check(&lab);
		run("sim/as/b/ctl: exit_group");
		run("sim/as/a/ctl: exit_group");
		close_row();
	}
}

static void test_kernel_part(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct machine *m = open_row(&rows[i]);
		char addr[32], *mine;

		run("vmalloc 64K as area");
		snprintf(addr, sizeof(addr), "%s", lab_cat(&lab, "sim/result"));
		addr[strcspn(addr, "\n")] = '\0';
		run("sim/as/init/ctl: fork as a");
		mine = strdup(walk("a", addr));
		CU_ASSERT_PTR_NOT_NULL(strstr(mine, "vmalloc"));
		CU_ASSERT_EQUAL(nr_entries(mine), rows[i].levels);
		CU_ASSERT_STRING_EQUAL(walk("init", addr), mine);
		CU_ASSERT(frame(mine, "\npte") != PFN_NIL);
		free(mine);
		/* The first byte of memory, in the direct map: small pages. */
		snprintf(addr, sizeof(addr), "0x%llx", (unsigned long long)m->arch->page_offset +
			 0x1000);
		CU_ASSERT_PTR_NOT_NULL(strstr(walk("a", addr), "direct map"));
		CU_ASSERT_EQUAL(frame(walk("a", addr), "\npte"), 1);
		close_row();
	}
}

static const CU_TestInfo tests[] = {
	{ "one page", test_one_page },
	{ "a huge page", test_huge_page },
	{ "the kernel's part", test_kernel_part },
};

int main(void)
{
	return suite_main("archs", tests, ARRAY_SIZE(tests), NULL, NULL);
}
