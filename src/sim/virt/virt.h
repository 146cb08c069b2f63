/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the virtual half of the machine owns: the pools of its kernel objects, page
 * tables, contents of pages, committed memory. m->virt; made when the slab caches
 * are, before the first task.
 *
 * Host memory: every call of this layer may return -ENOBUFS when the host has none,
 * half way; so a verb first asks virt_guarantee() for what it may need at most, and
 * then nothing here fails for the host's sake.
 */
#ifndef KMM_VIRT_VIRT_H
#define KMM_VIRT_VIRT_H

#include "sim/phys/objects.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/psi.h"

struct cgroup_state;		/* cgroup.h */
struct content_state;		/* content.h */
struct pgtable_state;		/* pgtable.h */
struct tlb_state;		/* tlb.h */
struct highmem_state;		/* highmem.h */
struct file_state;		/* file.h: file systems */
struct inode_table;		/* inode_table.h */
struct shm_state;
struct anon_vma_name;		/* anon_name.h */
struct exec_state;		/* exec.h: programs that were read */
struct huge_state;		/* huge_memory.h */
struct uffd_state;		/* userfaultfd.h */
struct swap_state;		/* swap.h */
struct workingset_state;	/* workingset.h */
struct disk_state;		/* disk.h */
struct blk_state;		/* blk.h */
struct wb_state;		/* writeback.h */

/* Lines of the log that come too often are left out, and counted. */
struct ratelimit {
	u64 begin_ns;		/* of the interval */
	u32 printed, missed;
};

/* util.c: may a line be printed now? What was left out is told first. */
bool ratelimit(struct machine *m, struct ratelimit *rs, const char *who, u64 interval_ns,
	       unsigned int burst);

#define NR_SHRINKERS 4		/* shrinker.h */

struct virt_state {
	struct object_pool tasks, signals, sighands, files_structs, fs_structs, mms, pgds;
	struct object_pool vmas, anon_vmas, anon_vma_chains;
	struct object_pool files, shmem_inodes, secret_inodes, hugetlbfs_inodes;
	struct object_pool resv_maps, file_regions, hugetlb_vma_locks;	/* hugetlb.h */
	struct object_pool uffd_ctxs;
	struct object_pool mempolicies, sp_nodes;	/* not on an arch without NUMA */
	struct object_pool maple_nodes, xa_nodes, mm_slots;
	struct maple_pool maple_pool;	/* the maple tree's view of maple_nodes */
	/* Objects without a struct of ours. */
	struct kmem_cache *pid_cache, *cred_cache;
	struct pgtable_state *pgtables;
	struct tlb_state *tlb;
	struct highmem_state *highmem;	/* NULL: all memory is low */
	struct content_state *contents;
	struct file_state *file_state;
	struct inode_table *inode_table;
	struct exec_state *exec;
	struct real_process *reals;	/* real.h */
	struct made_program *programs;	/* program_made.c: the youngest first */
	struct huge_state *huge;
	struct kmem_cache *buffer_heads;	/* buffer.h */
	struct dcache_state *dcache;	/* dcache.h */
	struct disk_state *disks;	/* disk.h */
	struct blk_state *blk;	/* blk.h */
	struct psi_group psi;	/* psi.h: of the machine */
	u32 memstall;		/* psi_memstall_enter() */
	bool psi_daemon;	/* psi_daemon_enter() */
	struct wb_state *writeback;	/* writeback.h */
	struct workingset_state *workingset;	/* workingset.h */
	u64 shrink_deferred[NR_SHRINKERS][MAX_NUMNODES];	/* objects not looked at yet */
	struct uffd_state *uffd;
	struct swap_state *swap;
	struct anon_vma_name *anon_names;	/* [nr_anon_names] */
	u32 nr_anon_names;
	struct shm_state *shm;	/* shm.h */
	bool remap_warned;	/* of remap_file_pages(): it is old */
	s64 committed_as;	/* vm_committed_as: pages */
	/* Of it, charged for good: by stacks that are not VM_ACCOUNT, by some mremaps. */
	s64 committed_lost;
	struct ratelimit overcommit_warnings, alloc_warnings, oom_reports;
	u8 il_weights[MAX_NUMNODES];	/* mempolicy.h; 0: 1 */
	bool il_manual;		/* somebody has set one */
	struct cgroup_state *cgroups;	/* cgroup.h */
	u64 next_ctx_id;	/* mm->ctx_id of the next mm */
	struct mm_struct *mmlist_first;	/* those that may have swap entries: swap.h */
	struct mm_struct *poking_mm;	/* poking.c; NULL: there was no memory for it */
	u32 zero_pfn;		/* ZERO_PAGE(0): of the image */
	u32 put_files;		/* files that fput_delayed() will put; 0: none */
	bool delays_fput;
	u32 guarantees;		/* that virt_guarantee_end() will end */
};

/* maple_nodes.c: how the trees of mms get their nodes; their context is the machine. */
extern const struct maple_ops mm_maple_ops;
int maple_nodes_init(struct machine *m) __must_check;
void maple_nodes_free(struct machine *m);
/* poking.c: -ENOMEM, -ENOBUFS. */
int poking_init(struct machine *m) __must_check;
/* In the order of their handles, from NULL to NULL; the kernel's own is not among them. */
struct mm_struct *mm_next(const struct machine *m, const struct mm_struct *mm);

/*
 * A new object of a pool, whose struct has its handle in `self`: *ptr points to it.
 * -ENOMEM, -ENOBUFS.
 */
int virt_object_alloc(struct machine *m, struct object_pool *pool, int node, size_t self,
		      void *ptr, const char *site) __must_check;
#define new_object(m, pool, node, ptr) \
	virt_object_alloc(m, pool, node, offsetof(__typeof__(**(ptr)), self), ptr, __func__)

int virt_init(struct machine *m) __must_check;	/* 0, -ENOMEM, -ENOBUFS */
void virt_free_state(struct machine *m);
void virt_digest(const struct machine *m, struct digest *digest);
void virt_validate(const struct machine *m, struct check *check);
/* The address spaces of who runs: what the last calls can have changed. */
void virt_validate_touched(const struct machine *m, struct check *check);
struct object_census;
void virt_claim_objects(const struct machine *m, struct object_census *census);	/* A3 */

/* A bound of what a call may need of the host. */
struct virt_need {
	u64 pages;		/* page frames, tables apart */
	u64 tables;		/* page tables */
	u32 objects;		/* kernel objects of any cache */
	u64 bytes;		/* anything else */
};
/*
 * 0: until virt_guarantee_end(), so much cannot fail. -ENOBUFS: nothing changed.
 * Pages that the machine has not got are not counted: a bound may be generous.
 */
int virt_guarantee(struct machine *m, const struct virt_need *need) __must_check;
void virt_guarantee_end(struct machine *m);	/* of all that were given; of none: fine */

#endif
