// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is smaller than a page is charged by the byte: of the page that was charged for it, a
 * CPU keeps what is left for the next object of the group. When another group's turn comes,
 * or the stock is drained, whole pages go back to the stock of pages, and the rest waits with
 * the group. Who asks is the current task's group, or one that was made the active one.
 *
 * A group that was removed keeps what its objects have, by the byte, and goes with the last of
 * them; in the figures they are its nearest parent's that is left.
 */
#include "sim/phys/memcg.h"

#include "sim/base/bug.h"

struct mem_cgroup *obj_cgroup_of_current(const struct machine *m)
{
	struct mem_cgroup *memcg = m->memcg->of_current ? m->memcg->of_current(m) : NULL;

	return memcg && !mem_cgroup_is_root(memcg) ? memcg : NULL;
}

static struct memcg_stock *stock_of(const struct machine *m)
{
	return &m->memcg->stocks[m->cpu];
}

/* ---- Pages that are charged for objects. ---- */

static int charge_pages(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp, u32 nr)
{
	int err = try_charge_memcg(m, memcg, gfp, nr);

	if (!err)
		memcg_mod_kernel(m, memcg->id, MEMCG_KMEM, nr);
	return err;
}

void obj_cgroup_uncharge_pages(struct machine *m, struct mem_cgroup *memcg, u64 nr)
{
	if (!nr)
		return;
	memcg_mod_kernel(m, memcg->id, MEMCG_KMEM, -(s64)nr);
	memcg_uncharge(m, memcg, nr, /* keep = */ memcg->online);
}

/* ---- Bytes. ---- */

void drain_obj_stock(struct machine *m, struct memcg_stock *stock)
{
	struct mem_cgroup *memcg = mem_cgroup_of(m, stock->object_id);
	u32 bytes = stock->nr_bytes;

	if (!stock->object_id)
		return;
	stock->object_id = 0;
	stock->nr_bytes = 0;
	memcg->nr_charged_bytes += bytes % PAGE_SIZE;
	obj_cgroup_uncharge_pages(m, memcg, bytes / PAGE_SIZE);
}

static bool consume_obj_stock(const struct machine *m, const struct mem_cgroup *memcg, u32 bytes)
{
	struct memcg_stock *stock = stock_of(m);

	if (stock->object_id != memcg->id || stock->nr_bytes < bytes)
		return false;
	stock->nr_bytes -= bytes;
	return true;
}

/* Nobody has these bytes any more, or not yet. */
static void refill_obj_stock(struct machine *m, struct mem_cgroup *memcg, u32 bytes, bool uncharge)
{
	struct memcg_stock *stock = stock_of(m);
	u32 pages = 0;

	if (stock->object_id != memcg->id) {
		drain_obj_stock(m, stock);
		stock->object_id = memcg->id;
		stock->nr_bytes = memcg->nr_charged_bytes;
		memcg->nr_charged_bytes = 0;
		uncharge = true;
	}
	stock->nr_bytes += bytes;
	if (uncharge && stock->nr_bytes > PAGE_SIZE) {
		pages = stock->nr_bytes / PAGE_SIZE;
		stock->nr_bytes %= PAGE_SIZE;
	}
	obj_cgroup_uncharge_pages(m, memcg, pages);
}

int obj_cgroup_charge(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp, u32 bytes)
{
	int err = 0;

	if (!consume_obj_stock(m, memcg, bytes)) {
		err = charge_pages(m, memcg, gfp, (u32)PFN_UP(bytes));
		if (!err && bytes % PAGE_SIZE)
			refill_obj_stock(m, memcg, PAGE_SIZE - bytes % PAGE_SIZE,
					 /* uncharge = */ false);
	}
	memcg->object_bytes += err ? 0 : bytes;
	return err;
}

void obj_cgroup_uncharge(struct machine *m, struct mem_cgroup *memcg, u32 bytes)
{
	memcg->object_bytes -= bytes;
	if (likely(memcg->online)) {
		refill_obj_stock(m, memcg, bytes, /* uncharge = */ true);
		return;
	}
	memcg->nr_charged_bytes += bytes;
	bytes = memcg->nr_charged_bytes;
	memcg->nr_charged_bytes %= PAGE_SIZE;
	obj_cgroup_uncharge_pages(m, memcg, bytes / PAGE_SIZE);
	mem_cgroup_put(m, memcg);
}

/* ---- Per-CPU memory: each piece that is charged is remembered. ---- */

static u32 percpu_full_bytes(const struct machine *m, u64 bytes)
{
	return (u32)(bytes * m->nr_possible_cpus + bytes / 4 * (m->arch->bits / 8));
}

int memcg_percpu_charge(struct machine *m, u64 bytes, gfp_t gfp, struct mem_cgroup **memcg)
{
	struct memcg_state *state = m->memcg;
	struct memcg_percpu *percpu;

	*memcg = gfp & __GFP_ACCOUNT ? obj_cgroup_of_current(m) : NULL;
	if (!*memcg)
		return 0;
	percpu = arena_grow(&m->arena, state->percpu, &state->room_percpu, state->nr_percpu + 1, 8,
			    sizeof(*percpu));
	if (!percpu)
		return -ENOBUFS;
	state->percpu = percpu;
	return obj_cgroup_charge(m, *memcg, gfp, percpu_full_bytes(m, bytes));
}

void memcg_percpu_charged(struct machine *m, struct mem_cgroup *memcg, u64 addr, u64 bytes, int err)
{
	struct memcg_state *state = m->memcg;
	u32 full = percpu_full_bytes(m, bytes);

	if (err) {
		obj_cgroup_uncharge(m, memcg, full);
		return;
	}
	state->percpu[state->nr_percpu++] = (struct memcg_percpu){
		.addr = addr, .bytes = full, .id = memcg->id,
	};
	memcg_mod_kernel(m, memcg->id, MEMCG_PERCPU_B, full);
}

void memcg_percpu_uncharge(struct machine *m, u64 addr)
{
	struct memcg_state *state = m->memcg;
	struct memcg_percpu piece;
	struct mem_cgroup *memcg;
	u32 i = 0;

	while (i < state->nr_percpu && state->percpu[i].addr != addr)
		i++;
	if (i == state->nr_percpu)
		return;
	piece = state->percpu[i];
	state->percpu[i] = state->percpu[--state->nr_percpu];
	memcg = mem_cgroup_of(m, piece.id);
	memcg_mod_kernel(m, memcg->id, MEMCG_PERCPU_B, -(s64)piece.bytes);
	obj_cgroup_uncharge(m, memcg, piece.bytes);
}
