// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A group that meets its limit frees pages of its own and of those below it, on all nodes,
 * nearest first; who was charged beyond memory.high does so before his program goes on, and
 * waits the longer the farther it is beyond.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/phys/report.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/psi.h"

typedef unsigned long long ull;

/* Who is reclaimed for himself has nothing protected; or still what he last had. */
static bool has_protection(const struct scan_control *sc, const struct mem_cgroup *memcg)
{
	return !mem_cgroup_is_root(memcg) &&
	       (memcg != sc->target || rel_target_is_protected(sc->m->release));
}

bool mem_cgroup_below_min(const struct scan_control *sc, const struct mem_cgroup *memcg)
{
	return has_protection(sc, memcg) && memcg->memory.emin >= memcg->memory.usage;
}

bool mem_cgroup_below_low(const struct scan_control *sc, const struct mem_cgroup *memcg)
{
	return has_protection(sc, memcg) && memcg->memory.elow >= memcg->memory.usage;
}

/* Who asks, and how. */
struct memcg_request {
	struct mem_cgroup *memcg;
	u64 nr_pages;
	gfp_t gfp;
	enum reclaimer by;
	int swappiness;
};

static u64 free_pages_of(struct machine *m, const struct memcg_request *r)
{
	const struct pglist_data *node = m->nodes[m->cpu_node[m->cpu]];
	const struct reclaim_request req = {
		.gfp = r->gfp, .highest = MAX_NR_ZONES - 1, .zonelist = node->zonelist,
		.nr_zones = node->nr_zonelist,
	};
	struct scan_control sc = {
		.m = m, .by = r->by, .gfp = r->gfp, .target = r->memcg,
		.nr_to_reclaim = MAX(r->nr_pages, SWAP_CLUSTER_MAX),
		.reclaim_idx = MAX_NR_ZONES - 1, .swappiness = r->swappiness,
		.may_writepage = !m->tunables->laptop_mode, .may_unmap = true, .may_swap = true,
	};
	u64 freed;

	if (m->lru->reclaiming)
		return 0;
	freed = do_try_to_free_pages(&sc, &req);
	machine_why(m, "memory cgroup %u has %llu of %llu pages, high mark %llu: %llu pages were freed "
		    "there, down to priority %d (try_to_free_mem_cgroup_pages)", r->memcg->id,
		    (ull)r->memcg->memory.usage, (ull)r->memcg->memory.max,
		    (ull)r->memcg->memory.high, (ull)sc.nr_reclaimed, MAX(sc.priority, 0));
	if (!freed)
		reclaim_let_flusher_work(m, (u64)(memcg_node_stat(m, r->memcg, NR_DIRTY, -1) +
						  memcg_node_stat(m, r->memcg, NR_WRITEBACK, -1)));
	return freed;
}

u64 try_to_free_mem_cgroup_pages(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages,
				 gfp_t gfp)
{
	const struct memcg_request r = { .memcg = memcg, .nr_pages = nr_pages, .gfp = gfp,
					 .by = BY_DIRECT, .swappiness = -1 };
	u64 freed;

	psi_memstall_enter(m);
	freed = free_pages_of(m, &r);
	psi_memstall_leave(m);
	return freed;
}

int memcg_reclaim_proactive(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages,
			    int swappiness)
{
	struct memcg_request r = { .memcg = memcg, .gfp = GFP_KERNEL, .swappiness = swappiness };
	unsigned int retries = MAX_RECLAIM_RETRIES;
	u64 done = 0;

	r.by = rel_counts_proactive(m->release) ? BY_PROACTIVE : BY_DIRECT;
	while (done < nr_pages) {
		u64 freed;

		r.nr_pages = nr_pages - done;
		if (rel_memcg_reclaims_quarters(m->release))
			r.nr_pages /= 4;
		/* Before it is given up: what waits in batches. */
		if (!retries)
			lru_add_drain_all(m);
		freed = free_pages_of(m, &r);
		if (!freed && !retries--)
			return -EAGAIN;
		done += freed;
	}
	return 0;
}

/* ---- memory.high. ---- */

#define MEMCG_DELAY_PRECISION_SHIFT 20
#define MEMCG_DELAY_SCALING_SHIFT 14
#define HIGH_RETRIES 16

/* Pages freed, up the hierarchy, where usage is beyond the mark. */
static u64 reclaim_high(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages)
{
	u64 freed = 0;

	for (; !mem_cgroup_is_root(memcg); memcg = memcg->parent) {
		if (memcg->memory.usage <= memcg->memory.high)
			continue;
		memcg_memory_event(m, memcg, MEMCG_HIGH);
		freed += try_to_free_mem_cgroup_pages(m, memcg, nr_pages, GFP_KERNEL);
	}
	return freed;
}

/* How far usage is beyond, as a part of the mark. */
static u64 overage(u64 usage, u64 high)
{
	if (usage <= high)
		return 0;
	return ((usage - high) << MEMCG_DELAY_PRECISION_SHIFT) / MAX(high, 1);
}

static u64 max_overage(struct machine *m, struct mem_cgroup *memcg, bool swap)
{
	u64 max = 0;

	for (; !mem_cgroup_is_root(memcg); memcg = memcg->parent) {
		const struct page_counter *c = swap ? &memcg->swap : &memcg->memory;
		u64 over = overage(c->usage, c->high);

		if (swap && over)
			memcg_memory_event(m, memcg, MEMCG_SWAP_HIGH);
		max = MAX(max, over);
	}
	return max;
}

/* In jiffies: by the square of the part, and for a batch of pages. */
static u64 high_delay(u64 hz, u64 nr_pages, u64 over)
{
	u64 penalty = over * over * hz;

	penalty >>= MEMCG_DELAY_PRECISION_SHIFT;
	penalty >>= MEMCG_DELAY_SCALING_SHIFT;
	return penalty * nr_pages / MEMCG_CHARGE_BATCH;
}

void mem_cgroup_handle_over_high(struct machine *m)
{
	u64 nr_pages = m->memcg->nr_over_high, penalty, begin;
	struct mem_cgroup *memcg = m->memcg->of_current ? m->memcg->of_current(m) : NULL;
	unsigned int retries = HIGH_RETRIES;
	u64 want = nr_pages, hz = MAX(m->hz, 100);

	m->memcg->nr_over_high = 0;
	if (!nr_pages || !memcg)
		return;
	for (;;) {
		u64 freed = reclaim_high(m, memcg, want);

		penalty = high_delay(hz, nr_pages, max_overage(m, memcg, /* swap = */ false));
		penalty += high_delay(hz, nr_pages, max_overage(m, memcg, /* swap = */ true));
		penalty = MIN(penalty, 2 * hz);
		if (penalty <= hz / 100)
			return;
		want = SWAP_CLUSTER_MAX;
		if (!freed && !retries--)
			break;
	}
	begin = blk_now(m) + m->memcg->throttled_ns;
	m->memcg->throttled_ns += penalty * (1000000000 / hz);
	psi_stall(m, begin, blk_now(m) + m->memcg->throttled_ns, /* io = */ false,
		  /* memory = */ true);
	machine_why(m, "memory cgroup %u: %llu pages were charged beyond memory.high, and nothing can be "
		    "freed: the program waits %llu ms (mem_cgroup_handle_over_high)", memcg->id,
		    (ull)nr_pages, (ull)(penalty * 1000 / hz));
}

u64 mem_cgroup_take_wait(struct machine *m)
{
	u64 ns = m->memcg->throttled_ns;

	m->memcg->throttled_ns = 0;
	return ns;
}
