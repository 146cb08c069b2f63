// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings whose first value depends on the machine, its build or its command line,
 * and that nothing else of the boot needs.
 */
#include "sim/boot_state.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

#define LRU_GEN_ALL 7	/* core, accessed bits of leaves, of upper levels */

#define THREADS_MIN 20ULL
#define THREADS_MAX 0x3fffffffULL
#define FILES_MIN 8192ULL
#define THP_MIN_PAGES (512 * SZ_1M >> PAGE_SHIFT)

/* Is this word on the command line? */
static bool has_word(const char *cmdline, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = cmdline; p && *p; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (!strncmp(p, word, len) && (p[len] == ' ' || !p[len]))
			return true;
	}
	return false;
}

/* Memory that the kernel has not taken for itself so far. */
static u64 pages_left(const struct machine *m)
{
	const struct memblock *mb = m->memblock;
	u64 taken = 0;

	if (!rel_threads_from_memblock(m->release))
		return m->totalram_pages;
	for (unsigned int i = 0; i < mb->reserved.cnt; i++)
		if (mb->reserved.regions[i].flags & MEMBLOCK_RSRV_KERN)
			taken += mb->reserved.regions[i].size;
	return PFN_DOWN(mb->memory.total_size - taken);
}

/* Stacks may take an eighth of memory, open files a tenth of what is free now. */
void boot_limits(struct boot *b)
{
	struct machine *m = b->m;
	u64 threads = PFN_PHYS(pages_left(m)) / (m->arch->thread_size_kb * SZ_1K * 8);
	u64 used = m->totalram_pages - global_zone_stat(m, NR_FREE_PAGES);
	u64 reserve = MIN(used * 3 / 2, m->totalram_pages - 1);
	u64 files = (m->totalram_pages - reserve) * (PAGE_SIZE / SZ_1K) / 10;

	m->tunables->threads_max = (s32)CLAMP(threads, THREADS_MIN, THREADS_MAX);
	m->tunables->file_max = MAX(files, FILES_MIN);
	if (m->arch->bits == 32)
		m->tunables->shmmax = m->tunables->shmall = UINT32_MAX - (1U << 24);
}

/* The kernel clears all flags of THP at once. */
static void switch_thp_off(struct tunables *t)
{
	t->thp_defrag = 4;	/* never */
	t->thp_use_zero_page = 0;
	t->khugepaged_defrag = 0;
}

void boot_tunables(struct boot *b)
{
	const struct machine_config *config = b->config;
	struct tunables *t = b->m->tunables;
	s32 huge = 1 << b->m->arch->hugetlb_order;

	t->khugepaged_max_ptes_none = huge - 1;
	t->khugepaged_max_ptes_swap = huge / 8;
	t->khugepaged_max_ptes_shared = huge / 2;
	t->khugepaged_pages_to_scan = huge * 8;
	if (b->m->totalram_pages < THP_MIN_PAGES)
		switch_thp_off(t);
	if (!machine_config_bool(config, "MEMORY_HOTPLUG_DEFAULT_ONLINE"))
		t->memhp_auto_online = 0;
	if (machine_config_bool(config, "LRU_GEN_ENABLED"))
		t->lru_gen_enabled = LRU_GEN_ALL;
	t->numa_balancing = machine_config_bool(config, "NUMA_BALANCING") &&
			    nr_online_nodes(b->m) > 1;
	if (has_word(config->cmdline, "numa_balancing=disable"))
		t->numa_balancing = 0;
	if (has_word(config->cmdline, "norandmaps"))
		t->randomize_va_space = 0;
}
