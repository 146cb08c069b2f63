// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who allocated the objects of a cache that stores its users, one object at a time, in
 * the order of their handles: sys/kernel/debug/slab adds them up.
 */
#include "sim/phys/report.h"
#include "sim/phys/slab_types.h"

static bool next_allocated(const struct kmem_cache *s, u32 *handle, const struct slab **slab,
			   u32 *index)
{
	for (; *handle < kmem_cache_handle_limit(s); ++*handle) {
		u32 slot = (*handle - 1) / s->geo.objects;

		*index = (*handle - 1) % s->geo.objects;
		*slab = s->slots[slot];
		if (*slab && *index < (*slab)->objects && slab_allocated(*slab, *index))
			return true;
	}
	return false;
}

bool kmem_cache_trace_next(const struct machine *m, const struct kmem_cache *s, bool freed,
			   u32 *handle, struct slab_trace *trace)
{
	const struct slab_track *track;
	const struct slab *slab;
	u32 i;

	*handle = MAX(*handle, 1U);
	if (!(s->flags & SLAB_STORE_USER) || !next_allocated(s, handle, &slab, &i))
		return false;
	++*handle;
	track = &slab->tracks[NR_TRACKS * i + (freed ? TRACK_FREE : TRACK_ALLOC)];
	*trace = (struct slab_trace){
		.site = track->site,
		.stack = track->stack,
		.age = jiffies(m) - track->when,
		.pid = track->pid,
		.cpu = track->cpu,
		.node = slab->node,
		.waste = slab->orig_size && !freed ? s->geo.object_size - slab->orig_size[i] : 0,
	};
	return true;
}

unsigned int kmem_cache_trace_stack(const struct machine *m, u32 stack, const u64 **ips)
{
	return stack_depot_fetch(&m->slab->stacks, stack, ips);
}
