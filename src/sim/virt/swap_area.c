// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a swap area takes of memory: what the kernel allocates for it is allocated from the
 * machine's, by rows; the host's arrays lie beside it.
 */
#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/phys/slab_types.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/file.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/virt.h"

/* -- memory of an area --------------------------------------------------------- */

enum alloc_kind { SWAP_VMALLOC, SWAP_KVMALLOC, SWAP_KMALLOC };

static u64 bytes_of_map(const struct swap_info_struct *si)
{
	return si->max;
}

static u64 bytes_of_clusters_8(const struct swap_info_struct *si)
{
	return si->flags & SWP_SOLIDSTATE ? (u64)si->nr_clusters * 8 : 0;
}

static u64 bytes_of_clusters_32(const struct swap_info_struct *si)
{
	return (u64)si->nr_clusters * 32;
}

static u64 bytes_of_zeromap(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, 64) * 8;
}

/* Two bytes for each slot; 6.1 has pages of them, and a table of these. */
#define GROUPS_PER_PAGE (PAGE_SIZE / 2)
static u64 bytes_of_group_table(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, GROUPS_PER_PAGE) * 8;
}

static u64 bytes_of_groups(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, 2) * 4;
}

static u64 bytes_of_extent(const struct swap_info_struct *si)
{
	(void)si;
	return 40;
}

static u64 bytes_of_spaces(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, 1ULL << SWAP_SPACE_SHIFT) * 200;
}

/* In the order of sys_swapon(). */
static const struct alloc_row {
	u64 (*bytes)(const struct swap_info_struct *si);
	enum alloc_kind kind;
	struct span span;
	const char *what;
} alloc_rows[] = {
	{ bytes_of_map, SWAP_VMALLOC, UNTIL(R_6_1), "swap_map" },
	{ bytes_of_map, SWAP_VMALLOC, SINCE(R_6_18), "swap_map" },
	{ bytes_of_clusters_8, SWAP_KVMALLOC, UNTIL(R_6_1), "clusters of a swap area" },
	{ bytes_of_group_table, SWAP_VMALLOC, UNTIL(R_6_1), "swap_cgroup" },
	{ bytes_of_groups, SWAP_VMALLOC, SINCE(R_6_18), "swap_cgroup" },
	{ bytes_of_extent, SWAP_KMALLOC, ALL, "a swap extent" },
	{ bytes_of_zeromap, SWAP_KVMALLOC, SINCE(R_6_18), "zeromap of a swap area" },
	{ bytes_of_clusters_32, SWAP_KVMALLOC, SINCE(R_6_18), "clusters of a swap area" },
	{ bytes_of_spaces, SWAP_KVMALLOC, UNTIL(R_6_1), "swapper_spaces" },
};

/* The i-th row of the release; NULL: there are no more. */
static const struct alloc_row *alloc_row_at(const struct machine *m, unsigned int i)
{
	for (unsigned int row = 0; row < ARRAY_SIZE(alloc_rows); row++)
		if (span_holds(alloc_rows[row].span, m->release) && !i--)
			return &alloc_rows[row];
	return NULL;
}

static int alloc_vmalloc(struct machine *m, u64 bytes, u64 *addr)
{
	const struct vmalloc_request req = {
		.bytes = bytes, .gfp = GFP_KERNEL | __GFP_ZERO, .node = NUMA_NO_NODE,
		.caller = "__do_sys_swapon+0x3a5/0xfb0",
	};

	return vmalloc(m, &req, addr);
}

static int alloc_one(struct machine *m, const struct alloc_row *row, u64 bytes, u64 *addr)
{
	int err = -ENOMEM;

	if (row->kind != SWAP_VMALLOC && bytes <= KMALLOC_MAX_SIZE)
		err = kmalloc(m, bytes, GFP_KERNEL | __GFP_ZERO |
			      (bytes > PAGE_SIZE ? __GFP_NOWARN | __GFP_NORETRY : 0),
			      NUMA_NO_NODE, addr);
	if (err == -ENOMEM && row->kind != SWAP_KMALLOC)
		err = alloc_vmalloc(m, bytes, addr);
	return err;
}

static void kvfree(struct machine *m, u64 addr)
{
	int err = find_vm_area(m, addr) ? vfree(m, addr) : kfree(m, addr);

	BUG_ON(m, err);
}

static void free_cgroup_pages(struct machine *m, struct swap_info_struct *si)
{
	for (u32 i = 0; i < si->nr_cgroup_pages; i++)
		if (si->cgroup_pages[i] != PFN_NIL)
			free_pages(m, si->cgroup_pages[i], 0);
	arena_free(&m->arena, si->cgroup_pages, si->nr_cgroup_pages * sizeof(u32));
	si->cgroup_pages = NULL;
	si->nr_cgroup_pages = 0;
}

static int alloc_cgroup_pages(struct machine *m, struct swap_info_struct *si)
{
	u32 nr = (u32)DIV_ROUND_UP(si->max, GROUPS_PER_PAGE);
	int err = 0;

	if (rel_has_swap_table(m->release))
		return 0;
	si->cgroup_pages = arena_alloc(&m->arena, nr * sizeof(u32));
	if (!si->cgroup_pages)
		return -ENOBUFS;
	si->nr_cgroup_pages = nr;
	memset(si->cgroup_pages, 0xff, nr * sizeof(u32));
	for (u32 i = 0; i < nr && !err; i++)
		err = alloc_kernel_pages(m, GFP_KERNEL | __GFP_ZERO, 0, NUMA_NO_NODE, PGTY_kernel,
					 &si->cgroup_pages[i]);
	return err;
}

static void free_memory(struct machine *m, struct swap_info_struct *si)
{
	for (unsigned int i = 0; i < SWAP_ALLOCS; i++) {
		if (si->allocs[i])
			kvfree(m, si->allocs[i]);
		si->allocs[i] = 0;
	}
	free_cgroup_pages(m, si);
}

static int alloc_memory(struct machine *m, struct swap_info_struct *si)
{
	const struct alloc_row *row;
	int err = 0;

	for (unsigned int i = 0; !err && (row = alloc_row_at(m, i)); i++)
		if (row->bytes(si))
			err = alloc_one(m, row, row->bytes(si), &si->allocs[i]);
	return err ? err : alloc_cgroup_pages(m, si);
}

/* -- host memory of an area ---------------------------------------------------- */

static void free_host(struct machine *m, struct swap_info_struct *si)
{
	struct arena *arena = &m->arena;

	swap_cgroup_free_area(m, si);
	arena_free(arena, si->swap_map, si->swap_map ? si->max * sizeof(u32) : 0);
	arena_free(arena, si->content, si->content ? si->max * sizeof(u64) : 0);
	arena_free(arena, si->table, si->table ? si->max * sizeof(u64) : 0);
	arena_free(arena, si->spaces, si->spaces ? si->nr_spaces * sizeof(*si->spaces) : 0);
	arena_free(arena, si->map_pages,
		   si->map_pages ? si->nr_map_pages * sizeof(*si->map_pages) : 0);
	arena_free(arena, si->clusters, si->clusters ? si->nr_clusters * sizeof(*si->clusters) : 0);
	arena_free(arena, si->cpus, si->cpus ? m->nr_cpus * sizeof(*si->cpus) : 0);
	si->swap_map = NULL;
	si->content = si->table = NULL;
	si->spaces = NULL;
	si->map_pages = NULL;
	si->clusters = NULL;
	si->cpus = NULL;
}

static bool alloc_arrays(struct machine *m, struct swap_info_struct *si)
{
	struct arena *arena = &m->arena;
	bool table = swap_of(m)->has_table;

	si->nr_map_pages = (u32)DIV_ROUND_UP(si->max, SWAP_MAP_PAGE_SLOTS);
	si->nr_spaces = table ? 0 : (u32)DIV_ROUND_UP(si->max, 1ULL << SWAP_SPACE_SHIFT);
	si->swap_map = arena_alloc(arena, si->max * sizeof(u32));
	si->content = arena_alloc(arena, si->max * sizeof(u64));
	si->map_pages = arena_alloc(arena, si->nr_map_pages * sizeof(*si->map_pages));
	if (table)
		si->table = arena_alloc(arena, si->max * sizeof(u64));
	else
		si->spaces = arena_alloc(arena, si->nr_spaces * sizeof(*si->spaces));
	if (table || si->flags & SWP_SOLIDSTATE)
		si->clusters = arena_alloc(arena, si->nr_clusters * sizeof(*si->clusters));
	else
		si->nr_clusters = 0;
	si->cpus = arena_alloc(arena, m->nr_cpus * sizeof(*si->cpus));
	if (m->memcg && swap_cgroup_make_area(m, si))
		return false;
	return si->swap_map && si->content && si->map_pages && (si->table || si->spaces) &&
	       (si->clusters || !si->nr_clusters) && si->cpus;
}

static int alloc_host(struct machine *m, struct swap_info_struct *si)
{
	if (!alloc_arrays(m, si)) {
		free_host(m, si);
		return -ENOBUFS;
	}
	for (u32 i = 0; i < si->nr_map_pages; i++)
		si->map_pages[i].first = PFN_NIL;
	for (u32 i = 0; i < si->nr_spaces; i++)
		swap_cache_xa_init(m, &si->spaces[i]);
	return 0;
}

/* Of an area of either release, on any disk. */
void swap_area_need(const struct machine *m, u64 max, struct virt_need *need)
{
	const struct swap_info_struct si = {
		.max = max, .flags = SWP_SOLIDSTATE,
		.nr_clusters = (u32)DIV_ROUND_UP(max, swap_of(m)->cluster_slots),
	};
	const u64 of_slot = sizeof(*si.swap_map) + sizeof(*si.content) + sizeof(*si.table) +
			    sizeof(*si.cgroup_ids);
	const u64 of_cpu = sizeof(*si.cpus) + sizeof(struct swap_slots_cache) +
			   sizeof(struct percpu_swap_cluster);
	const struct alloc_row *row;

	*need = (struct virt_need){
		.pages = 64 + DIV_ROUND_UP(max, GROUPS_PER_PAGE), .tables = 16, .objects = 128,
	};
	for (unsigned int i = 0; (row = alloc_row_at(m, i)); i++)
		need->pages += PFN_UP(row->bytes(&si));
	need->tables += need->pages / 512;
	need->bytes = max * of_slot + m->nr_cpus * of_cpu + si.nr_clusters * sizeof(*si.clusters) +
		      DIV_ROUND_UP(max, SWAP_MAP_PAGE_SLOTS) * sizeof(*si.map_pages) +
		      DIV_ROUND_UP(max, 1ULL << SWAP_SPACE_SHIFT) * sizeof(*si.spaces) +
		      vmalloc_host_bytes(m, SWAP_ALLOCS, need->pages) + PAGE_SIZE;
}

int swap_area_alloc(struct machine *m, struct swap_info_struct *si)
{
	int err = alloc_host(m, si);

	return err ? err : alloc_memory(m, si);
}

void swap_area_free(struct machine *m, struct swap_info_struct *si)
{
	free_memory(m, si);
	free_host(m, si);
}

void swap_claim_objects(const struct machine *m, struct object_census *census)
{
	const struct swap_state *swap = swap_of(m);

	for (unsigned int type = 0; type < swap->nr_types; type++) {
		const struct swap_info_struct *si = &swap->info[type];

		if (si->info_addr)
			object_claim(census, si->info_addr, "swap_info_struct");
		for (unsigned int i = 0; i < SWAP_ALLOCS; i++)
			if (si->allocs[i] && !find_vm_area(m, si->allocs[i]) &&
			    alloc_row_at(m, i)->bytes(si) <= KMALLOC_MAX_CACHE_SIZE)
				object_claim(census, si->allocs[i], alloc_row_at(m, i)->what);
	}
	for (unsigned int cpu = 0; swap->slots && cpu < m->nr_cpus; cpu++) {
		if (swap->slots[cpu].slots_addr)
			object_claim(census, swap->slots[cpu].slots_addr, "swap slots of a CPU");
		if (swap->slots[cpu].ret_addr)
			object_claim(census, swap->slots[cpu].ret_addr, "swap slots of a CPU");
	}
}

void swap_free_state(struct machine *m)
{
	struct swap_state *swap = m->virt->swap;

	if (!swap)
		return;
	for (unsigned int type = 0; type < swap->nr_types; type++) {
		struct swap_info_struct *si = &swap->info[type];

		free_host(m, si);
		arena_free(&m->arena, si->cgroup_pages, si->nr_cgroup_pages * sizeof(u32));
	}
	arena_free(&m->arena, swap->slots, swap->slots ? m->nr_cpus * sizeof(*swap->slots) : 0);
	arena_free(&m->arena, swap->cpus, swap->cpus ? m->nr_cpus * sizeof(*swap->cpus) : 0);
	arena_free(&m->arena, swap, sizeof(*swap));
	m->virt->swap = NULL;
}
