/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root of everything: one simulated machine. No globals exist; several
 * machines live in one process. Only one thread may call into a machine at a
 * time; src/fs/core takes the lock. Functions that only read take a const
 * pointer.
 *
 * Subsystems keep their state in a struct of their own that hangs off here, so
 * that this header stays a table of contents.
 */
#ifndef KMM_MACHINE_H
#define KMM_MACHINE_H

#include "sim/abi/mthp_stats.h"
#include "sim/base/arena.h"
#include "sim/base/out.h"
#include "sim/base/why.h"
#include "sim/boot/config.h"
#include "sim/phys/mmzone.h"

struct memblock;
struct boot_log;
struct iomem;
struct slab_state;
struct vmalloc_state;
struct direct_splits;
struct kernel_tables;
struct percpu_state;
struct memory_hotplug;
struct hugetlb_state;
struct cma_state;
struct event_queue;
struct page_owner;
struct fault_inject;
struct alloc_policy;
struct pressure_ops;
struct tunables;
struct mm_struct;
struct task_table;
struct virt_state;
struct lru_state;
struct khugepaged_state;
struct capture_control;
struct bug_trap;
struct reclaim_ops;
struct memcg_state;

struct task_fault;

/* Who runs on a CPU, for reports and records of the layers below tasks. */
struct cpu_running {
	const u32 *pid, *tgid;	/* NULL: nobody yet */
	const char *comm;
	const bool *oom_victim;	/* it was killed to free memory: NULL: it cannot be */
	struct task_fault *fault;	/* phys/fault_inject.h */
};

struct machine {
	/* Identity: fixed at boot. */
	const struct machine_config *config;
	const struct arch *arch;
	enum release release;
	struct arena arena;

	/* Topology. */
	unsigned int nr_cpus;	/* online */
	unsigned int nr_present_cpus, nr_possible_cpus;	/* as many, or more */
	unsigned int nr_nodes;	/* highest online id + 1 */
	bool secretmem_enable;	/* there is memfd_secret(): secretmem.enable= */
	u8 nodes_shift;		/* bits of a node's number in this kernel; 0: it is not for NUMA */
	bool gbpages;		/* the CPUs have pages of 1 GiB */
	bool file_thp;		/* READ_ONLY_THP_FOR_FS: program text may be huge */
	bool pcid;		/* their TLBs tell address spaces apart, and may */
	u32 fpu_context;	/* bytes of their registers in a task; 0: as Debian's guests */
	u16 cpu_node[MAX_CPUS];
	struct pglist_data *nodes[MAX_NUMNODES];	/* NULL: no such node */
	u8 distance[MAX_NUMNODES][MAX_NUMNODES];
	struct zone **zones;	/* all zones, by node, then type */
	unsigned int nr_zones;

	/* Page descriptors and pageblock types. */
	u64 max_pfn;		/* first pfn above all memory */
	struct page *mem_map;	/* sparse: see page_present() */
	u64 *page_content;	/* beside it: virt/content.h */
	u64 *page_private;	/* beside it, from the first swapon on: virt/swap.h */
	u8 *section_present;	/* one byte for each section */
	u64 nr_sections;
	u64 nr_sections_present;
	u8 *pageblock;		/* [pfn >> pageblock_order]: migrate type XOR Movable */
	unsigned int pageblock_order;
	u64 *virgin;		/* one bit for each 1 << 10 pages: in a run (buddy.h) */
	u64 sections_wanted;	/* see section_reserve(): 0, a run's head + 1, or ~0 */
	u64 *pageblock_skip;	/* one bit each: compaction found nothing there lately */

	/* Totals of the allocator. */
	u64 totalram_pages, totalreserve_pages;
	u64 late_pages;		/* of totalram_pages: those of the zones */
	s64 nr_swap_pages, total_swap_pages;	/* free slots of swap areas, all: virt/swap.h */
	s64 event[NR_VM_EVENT_ITEMS];
	s64 zone_event[NR_VM_ZONE_EVENT_ITEMS][MAX_NR_ZONES];
	s64 mthp_stat[NR_PAGE_ORDERS][NR_MTHP_STATS];	/* by order: mod_mthp_stat() */
	bool mobility_grouping_off;
	u8 policy_zone;		/* the highest zone that programs' memory ever was in */
	u8 workingset_order;	/* workingset.h: 2^ so many evictions are a tick */
	bool zonelists_late;	/* when they were built, CPUs were up */
	bool booted;		/* the boot is over: user calls run */

	/* Subsystems, each with its own header. */
	struct memblock *memblock;
	struct boot_log *boot_log;	/* boot/boot_log.h: dmesg and sim/boot */
	struct iomem *iomem;	/* boot/iomem.h */
	struct slab_state *slab;	/* phys/slab.h */
	struct vmalloc_state *vmalloc;	/* phys/vmalloc.h */
	struct direct_splits *direct_splits;	/* phys/direct_split.h; NULL: there are none */
	struct kernel_tables *kernel_tables;	/* phys/kernel_tables.h: of that range */
	struct percpu_state *percpu;	/* phys/percpu.h */
	struct memory_hotplug *hotplug;	/* phys/memory_block.h; NULL: the kernel has none */
	struct hugetlb_state *hugetlb;	/* phys/hugetlb.h; NULL: no pool yet */
	struct cma_state *cma;	/* phys/cma.h; NULL: the kernel has none */
	s64 contig_taken;	/* pages that were taken past pgalloc: contig.c, compaction */
	u64 num_poisoned_pages;	/* phys/hwpoison.h */
	struct page_owner *page_owner;	/* phys/page_owner.h; NULL when off */
	const struct alloc_policy *policies;	/* phys/alloc_policy.h; NULL: nobody has one */
	struct fault_inject *fault;	/* phys/fault_inject.h; NULL: off */
	struct fault_inject *faults;	/* its settings */
	bool slab_hooks;	/* allocations of objects may fail by it, or be charged */
	u32 warned;		/* phys/report.h: places that have warned */
	/* virt/warn_alloc.h: an allocation failed; says so in the log, unless gfp forbids. */
	void (*warn_alloc)(struct machine *m, u32 gfp, u64 nodemask, const char *what);
	const struct pressure_ops *pressure;	/* phys/pressure.h; NULL: no reclaim */
	bool oom_killer_disabled;	/* nobody is killed: no task makes a call (policy/oom.h) */
	struct capture_control *capture;	/* phys/buddy.h; while somebody compacts */
	struct tunables *tunables;	/* phys/tunables.h: /proc/sys/vm and friends */
	struct mm_struct *init_mm;	/* virt/mm_types.h */
	struct task_table *tasks;	/* virt/task.h */
	struct virt_state *virt;	/* virt/virt.h */
	struct lru_state *lru;	/* phys/lru.h */
	const struct reclaim_ops *reclaim;	/* reclaim/reclaim.h: which pages go */
	struct khugepaged_state *khugepaged;	/* virt/mm_slot.h */
	struct memcg_state *memcg;	/* phys/memcg.h; NULL: no memory cgroup yet */

	/* Time and chance. */
	struct event_queue *events;	/* base/event.h */
	u64 now_ns;		/* virtual time since boot */
	u64 waited_until_ns;	/* so far the call that runs has come, if that is later */
	u32 hz;			/* [config] HZ; 0: nobody says */
	u64 jiffy_ns;		/* a tick of the timer */
	u32 vmstat_event;	/* the vmstat shepherd's, in events */
	u64 rng;

	/* Who acts now: set by whoever runs a call. */
	unsigned int cpu;
	u16 polls_left;		/* daemons were woken: they run so many pages later (poll_daemons()) */
	u64 nr_polled;		/* pages that passed while one was */
	struct cpu_running running[MAX_CPUS];	/* on each CPU: set by virt/sched.c */

	/* Set by a broken invariant: calls answer EIO, reading goes on. */
	bool broken;
	bool panicked;		/* the kernel has: broken, too, but not by a bug of ours */
	struct bug_trap *trap;	/* base/bug.h; NULL: a broken invariant aborts */
	struct out report;	/* what broke, with the backtrace */

	/* Explanations: no part of the state. */
	struct why_log why;
};

/*
 * Boot a machine. The config must outlive it. Returns 0, or -errno with a
 * sentence in *error (static or freed with free(); NULL on -ENOMEM).
 */
int machine_boot(const struct machine_config *config, struct machine **machine,
		 char **error) __must_check;
void machine_free(struct machine *machine);
/*
 * The same; returns the bytes of the arena that nobody owned up to: 0, or the
 * accounting of host memory is wrong (E4).
 */
u64 machine_free_counting(struct machine *machine);

/*
 * Run every validator. Appends one line for each violation to `out` and adds the
 * numbers of invariants that were checked and broken. Changes nothing.
 */
struct check {
	struct out *out;
	unsigned int nr_checked, nr_broken;
	bool scripted;	/* only scripts have called: an object without an owner leaked */
};
void machine_check(const struct machine *machine, struct check *check);
/*
 * The same for what was touched since the last call: heads of free blocks, ends of
 * per-CPU lists, slabs, areas, and all counters. Cheap enough to run after every
 * line; forgets what was touched, which is no part of the state.
 */
void machine_check_incremental(struct machine *machine, struct check *check);
/* A violation: "ID object: expected E, found F". */
void check_fail(struct check *check, const char *id, const char *fmt, ...) __printf(3, 4);

/* Hash of the whole state: 32 hex digits. */
#define DIGEST_CHARS 32
void machine_digest(const struct machine *machine, char text[DIGEST_CHARS + 1]);

/*
 * tick.c: let virtual time pass; due events run in (time, id) order. With 0 ns, what
 * is due already runs: the poll point behind each line.
 */
void machine_tick(struct machine *machine, u64 ns);
/* Host memory for what falls due within so long: till virt_guarantee_end(). -ENOBUFS. */
int machine_secure_time(struct machine *machine, u64 ns) __must_check;
/* The timers that run from the boot on: vmstat's shepherd. 0 or -ENOMEM. */
int tick_init(struct machine *machine) __must_check;


/* How many nodes the kernel could have: as many bits have its sets of nodes. */
static inline unsigned int machine_max_nodes(const struct machine *machine)
{
	return 1U << machine->nodes_shift;
}

/* Size of a memory block of sys/devices/system/memory. */
u64 memory_block_bytes(const struct machine *machine);

/* Note why a decision fell as it did: machine_why(m, format, figures...). */
#define machine_why(m, ...) WHY(&(m)->why, WHY_STEP, __VA_ARGS__)
/* The same, of who dies: it outlasts others. */
#define machine_why_kill(m, ...) WHY(&(m)->why, WHY_KILL, __VA_ARGS__)
/* What a call came to, behind its steps. */
#define machine_why_call(m, ...) WHY_OF_CALL(&(m)->why, __VA_ARGS__)
/* A choice that stays until it is made again; those of the boot are kept. */
#define machine_why_setting(m, ...) WHY(&(m)->why, WHY_SETTING, __VA_ARGS__)

#endif
