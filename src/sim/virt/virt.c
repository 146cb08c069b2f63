// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the virtual half is made of, as rows: a pool for each kind of kernel object that
 * has a struct of ours, and each part with how it begins, ends, is hashed and is
 * checked.
 */
#include "sim/virt/virt.h"

#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"
#include "sim/virt/anon_name.h"
#include "sim/phys/memcg.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/content.h"
#include "sim/virt/dcache.h"
#include "sim/virt/exec.h"
#include "sim/virt/file.h"
#include "sim/virt/highmem.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/real.h"
#include "sim/virt/rmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/shm.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"
#include "sim/virt/warn_alloc.h"
#include "sim/virt/blk.h"
#include "sim/virt/blk_cgroup.h"
#include "sim/virt/buffer.h"
#include "sim/virt/disk.h"
#include "sim/virt/shrinker.h"
#include "sim/virt/workingset.h"
#include "sim/virt/writeback.h"
#include "sim/virt/zram.h"

static const struct {
	size_t pool;		/* offset in struct virt_state */
	u32 bytes;		/* of our struct */
	const char *cache;
	const char *merged;	/* whose cache it shares where it has none: NULL */
	bool numa;		/* an arch without NUMA has none */
	bool optional;		/* there may be no such cache */
	const char *merged_too;	/* or that one's */
	const char *older;	/* its cache before 6.18, if another */
} pools[] = {
#define POOL(field, type, ...) { offsetof(struct virt_state, field), sizeof(struct type), \
				 __VA_ARGS__ }
	POOL(tasks, task_struct, "task_struct", NULL),
	POOL(signals, signal_struct, "signal_cache", NULL),
	POOL(sighands, sighand_struct, "sighand_cache", NULL),
	POOL(files_structs, files_struct, "files_cache", NULL),
	POOL(fs_structs, fs_struct, "fs_cache", "pid"),
	POOL(mms, mm_struct, "mm_struct", NULL),
	POOL(pgds, pgd_object, "pgd_cache", NULL, .optional = true),
	POOL(vmas, vm_area_struct, "vm_area_struct", NULL),
	POOL(anon_vmas, anon_vma, "anon_vma", NULL),
	POOL(anon_vma_chains, anon_vma_chain, "anon_vma_chain", NULL),
	POOL(files, file, "filp", NULL),
	POOL(shmem_inodes, inode, "shmem_inode_cache", NULL),
	POOL(secret_inodes, inode, "inode_cache", NULL),
	POOL(hugetlbfs_inodes, inode, "hugetlbfs_inode_cache", NULL),
	/* resv_map got a semaphore in 6.8. */
	POOL(resv_maps, resv_map, "kmalloc-128", NULL, .older = "kmalloc-96"),
	POOL(file_regions, file_region, "kmalloc-64", NULL),
	POOL(hugetlb_vma_locks, hugetlb_vma_lock, "kmalloc-64", NULL),
	POOL(uffd_ctxs, userfaultfd_ctx, "userfaultfd_ctx_cache", NULL, .optional = true),
	POOL(xa_nodes, cache_node, "radix_tree_node", NULL),
	POOL(mempolicies, mempolicy, "numa_policy", NULL, true),
	POOL(sp_nodes, sp_node, "shared_policy_node", NULL, true),
	POOL(mm_slots, mm_slot, "mm_slot", "khugepaged_mm_slot",
	     .merged_too = "trace_event_file"),
	/* Nodes of trees: their memory is that of the trees' own pool. */
	{ offsetof(struct virt_state, maple_nodes), 0, "maple_node", NULL },
#undef POOL
};

static struct object_pool *pool_at(struct virt_state *virt, unsigned int i)
{
	return (struct object_pool *)(void *)((char *)virt + pools[i].pool);
}

static const struct object_pool *const_pool_at(const struct virt_state *virt, unsigned int i)
{
	return (const struct object_pool *)(const void *)((const char *)virt + pools[i].pool);
}

static int pool_init(struct machine *m, unsigned int i)
{
	struct object_pool *pool = pool_at(m->virt, i);
	int err;

	if (pools[i].numa && !m->arch->numa)
		return 0;
	err = object_pool_init(m, pool, pools[i].older && rel_resv_map_is_small(m->release) ?
			       pools[i].older : pools[i].cache, pools[i].bytes);

	if (err == -ENOENT && pools[i].merged)
		err = object_pool_init(m, pool, pools[i].merged, pools[i].bytes);
	if (err == -ENOENT && pools[i].merged_too)
		err = object_pool_init(m, pool, pools[i].merged_too, pools[i].bytes);
	return err == -ENOENT && pools[i].optional ? 0 : err;
}

int virt_object_alloc(struct machine *m, struct object_pool *pool, int node, size_t self,
		      void *ptr, const char *site)
{
	u32 handle;
	int err = object_alloc_at(m, pool, GFP_KERNEL, node, &handle, site);
	char *object;

	if (err)
		return err;
	object = object_get(pool, handle);
	memcpy(object + self, &handle, sizeof(handle));
	memcpy(ptr, &object, sizeof(object));
	return 0;
}

/* Of mms their figures; of VMAs what they share with others, by handles. */
static void mms_digest(const struct machine *m, struct digest *digest)
{
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm)) {
		mm_digest(mm, digest);
		for (struct vm_area_struct *vma = vma_first(m, mm); vma; vma = vma_next(m, vma))
			for (const struct anon_vma_chain *c = vma->chain_first; c; c = c->next)
				digest_u64(digest, (u64)c->self << 32 | c->anon_vma->self);
	}
}

/* The parts, in the order in which they begin; NULL: nothing to do. */
static const struct part {
	int (*init)(struct machine *m);
	void (*free)(struct machine *m);
	void (*digest)(const struct machine *m, struct digest *digest);
	void (*validate)(const struct machine *m, struct check *check);
} parts[] = {
	{ maple_nodes_init, maple_nodes_free, NULL, NULL },
	{ pgtables_init, pgtables_free, pgtables_digest, NULL },
	{ tlb_init, tlb_free, tlb_digest, tlb_validate },
	{ highmem_init, highmem_free, highmem_digest, highmem_validate },
	{ content_init, content_free, content_digest, content_validate },
	{ huge_memory_init, huge_memory_free, huge_memory_digest, huge_memory_validate },
	{ lru_init, lru_free, lru_digest, lru_validate },
	{ disks_init, disks_free, disks_digest, NULL },
	{ blk_init, blk_free, blk_digest, blk_validate },
	{ writeback_init, writeback_free, writeback_digest, writeback_validate },
	{ NULL, NULL, shrinkers_digest, NULL },
	{ workingset_init, workingset_free, workingset_digest, workingset_validate },
	{ buffers_init, NULL, NULL, NULL },
	{ dcache_init, dcache_free, dcache_digest, dcache_validate },
	{ files_init, files_free, files_digest, filemap_validate },
	{ NULL, NULL, NULL, secretmem_validate },
	{ NULL, real_processes_free, NULL, NULL },
	{ programs_init, made_programs_free, made_programs_digest, NULL },
	{ swap_init, swap_free_state, swap_digest, swap_validate },
	{ NULL, NULL, zram_digest, zram_validate },
	{ NULL, NULL, mms_digest, NULL },
	{ shm_init, shm_free, shm_digest, shm_validate },
	{ NULL, anon_vma_names_free, anon_vma_names_digest, anon_vma_names_validate },
	{ NULL, NULL, address_spaces_digest, address_spaces_validate },
	{ NULL, NULL, NULL, memory_validate },
	{ cgroups_init, cgroups_free, cgroups_digest, cgroups_validate },
	{ NULL, NULL, NULL, blkcg_validate },
	{ NULL, memcg_state_free, memcg_digest, memcg_validate },
	{ NULL, cgwbs_free, NULL, NULL },
	{ NULL, NULL, resv_maps_digest, hugetlb_mappings_validate },
	{ NULL, NULL, mempolicy_digest, mempolicy_validate },
	{ NULL, NULL, NULL, rmap_validate },
	{ userfaultfd_init, userfaultfd_free, userfaultfd_digest, userfaultfd_validate },
	{ NULL, NULL, mm_slots_digest, mm_slots_validate },
};

static int pools_init(struct machine *m)
{
	struct virt_state *virt = m->virt;
	int err = 0;

	virt->pid_cache = kmem_cache_find(m, "pid");
	virt->cred_cache = kmem_cache_find(m, "cred_jar");
	if (!virt->cred_cache)
		virt->cred_cache = virt->pid_cache;	/* merged */
	for (unsigned int i = 0; i < ARRAY_SIZE(pools) && !err; i++)
		err = pool_init(m, i);
	return err;
}

/* Whose objects are read by who holds no reference: they are freed by call_rcu(). */
static int rcu_caches_init(struct machine *m)
{
	static const struct {
		struct span span;
		const char *name;
	} caches[] = {
		{ ALL, "task_struct" }, { ALL, "signal_cache" }, { ALL, "pid" },
		{ ALL, "cred_jar" }, { ALL, "dentry" }, { ALL, "inode_cache" },
		{ ALL, "shmem_inode_cache" }, { ALL, "hugetlbfs_inode_cache" },
		{ ALL, "radix_tree_node" },
		/* Since 6.7 readers of files make sure that it is still the same. */
		{ UNTIL(R_6_1), "filp" },
	};
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(caches) && !err; i++) {
		struct kmem_cache *s = kmem_cache_find(m, caches[i].name);

		if (s && span_holds(caches[i].span, m->release))
			err = kmem_cache_frees_by_rcu(m, s);
	}
	return err;
}

int virt_init(struct machine *m)
{
	int err;

	m->virt = arena_alloc(&m->arena, sizeof(*m->virt));
	if (!m->virt)
		return -ENOBUFS;
	m->warn_alloc = warn_alloc;
	m->virt->next_ctx_id = m->init_mm->ctx_id + 1;
	psi_group_init(m, &m->virt->psi);
	err = pools_init(m);
	if (!err)
		err = rcu_caches_init(m);
	for (unsigned int i = 0; i < ARRAY_SIZE(parts) && !err; i++)
		err = parts[i].init ? parts[i].init(m) : 0;
	return err;
}

void virt_free_state(struct machine *m)
{
	if (!m->virt)
		return;
	for (unsigned int i = ARRAY_SIZE(parts); i--; ) {
		if (parts[i].free)
			parts[i].free(m);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		object_pool_free(m, pool_at(m->virt, i));
	arena_free(&m->arena, m->virt, sizeof(*m->virt));
	m->virt = NULL;
}

struct mm_struct *mm_next(const struct machine *m, const struct mm_struct *mm)
{
	u32 handle = object_next(&m->virt->mms, mm ? mm->self + 1 : 0);

	return handle ? object_get(&m->virt->mms, handle) : NULL;
}

void virt_digest(const struct machine *m, struct digest *digest)
{
	if (!m->virt)
		return;
	digest_u64(digest, (u64)m->virt->committed_as);
	digest_u64(digest, m->virt->next_ctx_id);
	digest_u64(digest, m->virt->overcommit_warnings.begin_ns);
	digest_u64(digest, (u64)m->virt->overcommit_warnings.printed << 32 |
			   m->virt->overcommit_warnings.missed);
	digest_u64(digest, m->virt->alloc_warnings.begin_ns);
	digest_u64(digest, (u64)m->virt->alloc_warnings.printed << 32 |
			   m->virt->alloc_warnings.missed);
	digest_u64(digest, m->virt->oom_reports.begin_ns);
	digest_u64(digest, (u64)m->virt->oom_reports.printed << 32 |
			   m->virt->oom_reports.missed);
	digest_u64(digest, m->virt->remap_warned);
	psi_digest(&m->virt->psi, digest);
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].digest)
			parts[i].digest(m, digest);
	}
}

void virt_validate(const struct machine *m, struct check *check)
{
	if (!m->virt)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		object_pool_validate(const_pool_at(m->virt, i), check);
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].validate)
			parts[i].validate(m, check);
	}
}

void virt_validate_touched(const struct machine *m, struct check *check)
{
	s64 committed = 0;	/* of one mm: nothing to compare it with */

	if (!m->virt || !m->tasks || !m->tasks->cpus)
		return;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct mm_struct *mm = cpu_of(m, cpu)->current->mm;

		if (!mm)
			continue;
		vma_validate(m, mm, check);
		mmap_validate(m, mm, &committed, check);
	}
}

/* Objects of tasks that have no struct of ours. */
static void claim_task_objects(const struct machine *m, struct object_census *census)
{
	const struct object_pool *signals = &m->virt->signals, *tasks = &m->virt->tasks;

	for (u32 i = object_next(signals, 0); i; i = object_next(signals, i + 1)) {
		const struct signal_struct *signal = object_get(signals, i);

		object_claim(census, signal->cred, "the cred of a process");
	}
	for (u32 i = object_next(tasks, 0); i; i = object_next(tasks, i + 1)) {
		const struct task_struct *task = object_get(tasks, i);

		if (task->pid_object)
			object_claim(census, task->pid_object, "the struct pid of a task");
	}
}

void virt_claim_objects(const struct machine *m, struct object_census *census)
{
	if (!m->virt)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		object_pool_claim(const_pool_at(m->virt, i), census);
	claim_task_objects(m, census);
	files_claim_objects(m, census);
	anon_vma_names_claim(m, census);
	shm_claim(m, census);
	buffers_claim(m, census);
	dcache_claim(m, census);
	swap_claim_objects(m, census);
	zram_claim_objects(m, census);
}
