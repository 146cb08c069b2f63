// SPDX-License-Identifier: GPL-2.0-or-later
/* The mapping is 8192 pages of a machine of 96 MiB, 16 pageblocks on x86-64. */
#include "frag_bed.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/phys/extfrag.h"
#include "sim/phys/fallback.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"

#define P PAGE_SIZE

u32 pfn_at(const struct bed *bed, u64 i)
{
	return follow_page(bed->m, bed->task->mm, bed->addr + i * P);
}

u64 nr_free(const struct machine *m)
{
	u64 free = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			free += m->zones[i]->free_area[order].nr_free << order;
	return free;
}

static void map_pages(struct bed *bed)
{
	const struct mmap_request req = {
		.len = bed->nr_pages * P, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS,
	};
	struct access_result result;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(bed->m, bed->task, &req, &bed->addr), 0);
	for (u64 i = 0; i < bed->nr_pages; i++) {
		CU_ASSERT_EQUAL_FATAL(task_access(bed->m, bed->task, bed->addr + i * P,
						  ACCESS_STORE, &result), 0);
		bed->tokens[i] = content_token(bed->m, pfn_at(bed, i));
	}
	lru_add_drain_all(bed->m);
	drain_all_pages(bed->m, NULL);
}

void bed_begin(struct bed *bed, unsigned int mib, const char *set, const char *other_set)
{
	char memory[32];
	const char *const sets[] = { memory, set, other_set, NULL };

	snprintf(memory, sizeof(memory), "node 0.memory=%uM", mib);
	task_machine_boot(&bed->tm, "tiny", sets);
	bed->m = bed->tm.m;
	bed->task = task_fork(bed->m, bed->tm.init, SIGCHLD);
	bed->nr_pages = ALIGN_DOWN((u64)mib * 256 / 3, 512);
	bed->tokens = calloc(bed->nr_pages, sizeof(*bed->tokens));
	bed->gone = calloc(bed->nr_pages, sizeof(*bed->gone));
	map_pages(bed);
	bed->free = nr_free(bed->m);
}

void bed_end(struct bed *bed)
{
	free(bed->tokens);
	free(bed->gone);
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	(void)task_end(bed->m, bed->tm.init, bed->task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	task_machine_end(&bed->tm);
}

bool next_frag_bed(struct bed *bed, unsigned int *i)
{
	static const char *const machines[][2] = {
		{ "release=6.1" }, { "release=6.18" }, { "arch=i386", "release=6.1" },
	};

	if (*i)
		bed_end(bed);
	if (*i == ARRAY_SIZE(machines))
		return false;
	bed_begin(bed, 96, machines[*i][0], machines[*i][1]);
	++*i;
	return true;
}

void bed_drop(struct bed *bed, u64 i)
{
	CU_ASSERT_EQUAL_FATAL(sys_madvise(bed->m, bed->task, bed->addr + i * P, P,
					  MADV_DONTNEED), 0);
	bed->gone[i] = true;
}

void assert_contents(const struct bed *bed)
{
	unsigned int wrong = 0;

	for (u64 i = 0; i < bed->nr_pages; i++)
		wrong += !bed->gone[i] &&
			 content_token(bed->m, pfn_at(bed, i)) != bed->tokens[i];
	CU_ASSERT_EQUAL(wrong, 0);
}

u64 whole_blocks(const struct machine *m)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		pages += buddy_free_in_blocks(m, m->zones[i]);
	return pages / pageblock_nr_pages(m);
}

void assert_indices(const struct zone *zone)
{
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		s64 pages = 0, blocks = 0, useful = 0, quotient;

		for (unsigned int i = 0; i < NR_PAGE_ORDERS; i++) {
			s64 nr = (s64)zone->free_area[i].nr_free;

			blocks += nr;
			pages += nr << i;
			useful += i < order ? 0 : nr << i;
		}
		CU_ASSERT_EQUAL(unusable_free_index(zone, order),
				pages ? (pages - useful) * 1000 / pages : 1000);
		CU_ASSERT_EQUAL(extfrag_for_order(zone, order),
				pages ? (unsigned int)((pages - useful) * 100 / pages) : 0);
		quotient = blocks ? 1000 - (1000 + pages * 1000 / (1LL << order)) / blocks : 0;
		CU_ASSERT_EQUAL(fragmentation_index(zone, order),
				blocks && useful ? -1000 : quotient);
	}
}
