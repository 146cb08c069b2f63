// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One queue, oldest first. A grace period begins when something waits and none is going
 * on; it ends some jiffies later (a CPU is asked for a quiescent state after the first
 * few, and runs its callbacks at its next tick), and frees what was queued when it began:
 * the others wait for the next. Where virtual time stands still the kernel's own limit
 * ends it: with 10,000 callbacks on a CPU quiescent states are forced. So does an
 * allocation that would have to reclaim: it waits, and while it does, time passes.
 */
#include "sim/phys/slab_rcu.h"

#include "sim/base/digest.h"
#include "sim/base/event.h"
#include "sim/phys/slab_sheaf.h"

#define RCU_QHIMARK 10000
#define FOR_EVER_NS 3600000000000ULL	/* till the timer looks again, with nothing to do */

enum { RCU_OBJECT, RCU_SLAB, RCU_SHEAF };

struct rcu_callback {
	union {
		u64 addr;		/* of an object */
		struct slab *slab;
		struct slab_sheaf *sheaf;
	};
	struct kmem_cache *cache;
	const char *site;	/* who freed the object */
	u16 cpu;
	u8 kind;
	u8 periods;		/* to wait for; what it frees may wait itself */
};

static struct rcu_callback *callback_at(const struct slab_rcu *rcu, u32 i)
{
	return &rcu->ring[(rcu->first + i) % rcu->room];
}

static int make_room(struct machine *m, u32 nr)
{
	struct slab_rcu *rcu = &m->slab->rcu;
	u32 room = MAX(nr, MAX(2 * rcu->room, 256));
	struct rcu_callback *ring;

	if (nr <= rcu->room)
		return 0;
	ring = arena_alloc(&m->arena, room * sizeof(*ring));
	if (!ring)
		return -ENOBUFS;
	for (u32 i = 0; i < rcu->nr; i++)
		ring[i] = *callback_at(rcu, i);
	arena_free(&m->arena, rcu->ring, rcu->room * sizeof(*ring));
	rcu->ring = ring;
	rcu->room = room;
	rcu->first = 0;
	return 0;
}

/* What of one slab may wait: itself, or its objects. */
static u32 may_wait(const struct kmem_cache *s)
{
	if (s->frees_by_rcu)
		return s->geo.objects + 1;
	return s->flags & SLAB_TYPESAFE_BY_RCU ? 1 : 0;
}

int slab_rcu_reserve(struct machine *m, const struct kmem_cache *s, u32 nr_slabs)
{
	u32 each = may_wait(s);

	return each ? make_room(m, m->slab->rcu.may_wait + nr_slabs * each) : 0;
}

int slab_rcu_reserve_sheaves(struct machine *m, u32 nr)
{
	int err = make_room(m, m->slab->rcu.may_wait + nr);

	if (!err)
		m->slab->rcu.may_wait += nr;
	return err;
}

void slab_rcu_count(struct machine *m, const struct kmem_cache *s, int sign)
{
	m->slab->rcu.may_wait += (u32)(sign * (int)may_wait(s));
}

int kmem_cache_frees_by_rcu(struct machine *m, struct kmem_cache *s)
{
	u32 nr = 0;
	int err;

	if (s->frees_by_rcu)
		return 0;
	for (u32 slot = 0; slot < s->nr_slots; slot++)
		nr += s->slots[slot] != NULL;
	s->frees_by_rcu = true;
	err = slab_rcu_reserve(m, s, nr);
	if (err)
		s->frees_by_rcu = false;
	else
		m->slab->rcu.may_wait += nr * (may_wait(s) - !!(s->flags & SLAB_TYPESAFE_BY_RCU));
	return err;
}

/* After the first jiffies CPUs that idle are seen to; the next tick runs callbacks. */
static u64 grace_period_ns(const struct machine *m)
{
	u64 hz = m->hz;
	u64 jiffies = 1 + (hz > 250) + (hz > 500) + m->nr_possible_cpus / 256;

	return (jiffies + 1) * m->jiffy_ns;
}

/* If anything waits; else the timer sleeps. */
static void begin_grace_period(struct machine *m)
{
	struct slab_rcu *rcu = &m->slab->rcu;
	u64 when_ns = (m->now_ns / FOR_EVER_NS + 1) * FOR_EVER_NS;

	rcu->nr_ready = rcu->nr;
	rcu->begin_ns = m->now_ns;
	if (!rcu->event)
		return;
	if (rcu->nr)
		when_ns = m->now_ns + grace_period_ns(m);
	event_set(m->events, rcu->event, when_ns, FOR_EVER_NS);
}

static void run_callback(struct machine *m, const struct rcu_callback *callback)
{
	switch (callback->kind) {
	case RCU_OBJECT:
		kmem_cache_free_at(m, callback->cache, callback->addr, callback->site);
		break;
	case RCU_SLAB:
		slab_free_pages(m, callback->slab);
		break;
	case RCU_SHEAF:
		slab_sheaf_waited(m, callback->cache, callback->sheaf);
		break;
	}
}

/* Oldest first, each on the CPU that queued it. What they queue waits for the next. */
static void end_grace_period(struct machine *m)
{
	struct slab_rcu *rcu = &m->slab->rcu;
	unsigned int cpu = m->cpu;

	rcu->running = true;
	for (u32 nr = rcu->nr_ready; nr; nr--) {
		struct rcu_callback callback = *callback_at(rcu, 0);

		rcu->first = (rcu->first + 1) % rcu->room;
		rcu->nr--;
		rcu->nr_ready--;
		m->cpu = callback.cpu;
		if (--callback.periods)
			*callback_at(rcu, rcu->nr++) = callback;
		else
			run_callback(m, &callback);
	}
	m->cpu = cpu;
	rcu->running = false;
	begin_grace_period(m);
}

static void call_rcu(struct machine *m, const struct rcu_callback *callback)
{
	struct slab_rcu *rcu = &m->slab->rcu;

	BUG_ON(m, rcu->nr == rcu->room);
	*callback_at(rcu, rcu->nr++) = *callback;
	/* The first one begins it; those of the same moment are in time for it. */
	if (rcu->nr == 1)
		begin_grace_period(m);
	else if (rcu->begin_ns == m->now_ns && rcu->nr_ready == rcu->nr - 1)
		rcu->nr_ready = rcu->nr;
	if (unlikely(rcu->nr_ready >= RCU_QHIMARK && !rcu->running)) {
		machine_why(m, "%u callbacks wait: the grace period is made to end "
			    "(rcu_force_quiescent_state)", rcu->nr_ready);
		end_grace_period(m);
	}
}

void kmem_cache_free_rcu_at(struct machine *m, struct kmem_cache *s, u64 addr,
			    unsigned int periods, const char *site)
{
	struct slab *slab = slab_of_addr(m, addr);
	unsigned int i = slab ? slab_object_index(slab, addr) : SLAB_NIL;

	if (!s->frees_by_rcu) {
		kmem_cache_free_at(m, s, addr, site);
		return;
	}
	BUG_ON(m, i == SLAB_NIL || !slab_allocated(slab, i));
	slab_touch(slab);
	slab->given[i / 64] &= ~(1ULL << (i % 64));
	call_rcu(m, &(struct rcu_callback) {
		.addr = addr, .cache = s, .site = site, .cpu = (u16)m->cpu,
		.kind = RCU_OBJECT, .periods = (u8)periods });
}

void slab_free_by_rcu(struct machine *m, struct slab *slab)
{
	call_rcu(m, &(struct rcu_callback) {
		.slab = slab, .cache = slab->cache, .cpu = (u16)m->cpu, .kind = RCU_SLAB,
		.periods = 1 });
}

void slab_sheaf_free_by_rcu(struct machine *m, struct kmem_cache *s, struct slab_sheaf *sheaf)
{
	call_rcu(m, &(struct rcu_callback) {
		.sheaf = sheaf, .cache = s, .cpu = (u16)m->cpu, .kind = RCU_SHEAF,
		.periods = 1 });
}

bool rcu_barrier(struct machine *m)
{
	bool any = m->slab && m->slab->rcu.nr && !m->slab->rcu.running;

	while (any && m->slab->rcu.nr) {
		m->slab->rcu.nr_ready = m->slab->rcu.nr;
		end_grace_period(m);
	}
	return any;
}

static bool rcu_timer(struct machine *m, void *data)
{
	bool any = m->slab->rcu.nr;

	(void)data;
	end_grace_period(m);
	return any;
}

int rcu_timer_init(struct machine *m)
{
	const struct event event = {
		.when_ns = (m->now_ns / FOR_EVER_NS + 1) * FOR_EVER_NS, .period_ns = FOR_EVER_NS,
		.run = rcu_timer, .name = "rcu_gp",
	};
	int err = event_add(m->events, &event, &m->slab->rcu.event);

	if (!err)
		(void)rcu_barrier(m);	/* what the boot has freed */
	return err;
}

void rcu_claim_objects(const struct machine *m, struct object_census *census)
{
	const struct slab_rcu *rcu = &m->slab->rcu;

	for (u32 i = 0; i < rcu->nr; i++) {
		const struct rcu_callback *callback = callback_at(rcu, i);

		if (callback->kind == RCU_OBJECT)
			object_claim(census, callback->addr, "what waits for a grace period");
		else if (callback->kind == RCU_SHEAF)
			slab_sheaf_claim(callback->sheaf, census);
	}
	for (unsigned int i = 0; i < m->slab->nr_caches; i++)
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			slab_sheaf_claim(m->slab->caches[i]->cpu[cpu].rcu_free, census);
}

void slab_rcu_free_state(struct machine *m)
{
	struct slab_rcu *rcu = &m->slab->rcu;

	arena_free(&m->arena, rcu->ring, rcu->room * sizeof(*rcu->ring));
}

void slab_rcu_digest(const struct machine *m, struct digest *digest)
{
	const struct slab_rcu *rcu = &m->slab->rcu;

	digest_u64(digest, rcu->nr ? rcu->begin_ns : 0);
	digest_u64(digest, (u64)rcu->nr_ready << 32 | rcu->nr);
	for (u32 i = 0; i < rcu->nr; i++) {
		const struct rcu_callback *callback = callback_at(rcu, i);

		digest_u64(digest, (u64)callback->kind << 24 | (u64)callback->periods << 16 |
				   callback->cpu);
		if (callback->kind == RCU_OBJECT)
			digest_u64(digest, callback->addr);
		else if (callback->kind == RCU_SLAB)
			digest_u64(digest, callback->slab->pfn);
		else
			slab_sheaf_digest(digest, callback->sheaf);
	}
}
