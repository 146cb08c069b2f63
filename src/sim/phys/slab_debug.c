// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks in the kernel's order, which decides what is reported of several errors
 * and how many. Until 6.13 the first overwritten range of an object ends its check;
 * since then all are reported.
 */
#include "sim/phys/slab_debug.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/report.h"
#include "sim/phys/slab_bytes.h"
#include "sim/phys/slab_report.h"

/* Bytes [from, from + len) must be `value`. False: they were not, and are now. */
struct byte_check {
	const char *what;
	u32 from, len;
	u8 value;
};

/* The range within that is wrong; false: none. */
static bool find_wrong(const struct slab *slab, const struct byte_check *check, u32 *from, u32 *to)
{
	const u8 *bytes = slab->bytes;

	if (!bytes)
		return false;
	*from = check->from;
	*to = check->from + check->len;
	while (*from < *to && bytes[*from] == check->value)
		++*from;
	while (*to > *from && bytes[*to - 1] == check->value)
		--*to;
	return *from < *to;
}

static void restore_bytes(struct machine *m, struct slab *slab, const struct byte_check *check,
			  u32 from, u32 to)
{
	char first[20], last[20];

	slab_fix(m, slab->cache, "Restoring %s %s-%s=0x%x", check->what,
		 slab_pointer(m, slab->addr + from, first),
		 slab_pointer(m, slab->addr + to - 1, last), check->value);
	memset(slab->bytes + from, check->value, to - from);
}

static bool check_bytes(struct machine *m, struct slab *slab, unsigned int i,
			const struct byte_check *check, bool with_object)
{
	u32 from, to;

	if (!find_wrong(slab, check, &from, &to))
		return true;
	slab_overwritten(m, &(struct slab_overwrite){
		.slab = slab, .i = i, .what = check->what, .from = from, .to = to,
		.expected = check->value, .with_object = with_object });
	restore_bytes(m, slab, check, from, to);
	return false;
}

/* What object i must look like: at most six ranges. Returns how many. */
static unsigned int object_checks(const struct machine *m, const struct slab *slab,
				  unsigned int i, enum slab_pattern red, struct byte_check *c)
{
	const struct kmem_cache *s = slab->cache;
	const struct slab_geometry *geo = &s->geo;
	u32 object = slab_object_offset(slab, i), end = object + geo->object_size;
	u32 records = slab_records_end(m, s), behind = geo->inuse - geo->object_size;
	unsigned int nr = 0;

	if (s->flags & SLAB_RED_ZONE) {
		c[nr++] = (struct byte_check){ "Left Redzone", object - geo->red_left_pad,
					       geo->red_left_pad, red };
		c[nr++] = (struct byte_check){ "Right Redzone", end, behind, red };
		if (slab->orig_size && red == SLUB_RED_ACTIVE &&
		    rel_slub_has_kmalloc_redzone(m->release))
			c[nr++] = (struct byte_check){ "kmalloc Redzone",
						       object + slab->orig_size[i],
						       geo->object_size - slab->orig_size[i],
						       red };
	} else if (s->flags & SLAB_POISON) {
		c[nr++] = (struct byte_check){ "Alignment padding", end, behind, POISON_INUSE };
	}
	if (!(s->flags & SLAB_POISON))
		return nr;
	if (red == SLUB_RED_INACTIVE && slab_poisons_objects(s)) {
		c[nr++] = (struct byte_check){ "Poison", object, geo->object_size - 1,
					       POISON_FREE };
		c[nr++] = (struct byte_check){ "End Poison", end - 1, 1, POISON_END };
	}
	c[nr++] = (struct byte_check){ "Object padding", object + records,
				       slab_size_from_object(s) - records, POISON_INUSE };
	return nr;
}

/* An error in what is only filled up does not end the check of an object. */
static bool ends_check(const struct machine *m, const struct byte_check *check)
{
	return !rel_slub_warns(m->release) && check->value != POISON_INUSE;
}

static bool valid_pointer(const struct slab *slab, u64 addr)
{
	return !addr || slab_object_index(slab, addr) != SLAB_NIL;
}

static bool check_object(struct machine *m, struct slab *slab, unsigned int i,
			 enum slab_pattern red)
{
	struct byte_check checks[6];
	unsigned int nr = object_checks(m, slab, i, red, checks);
	bool good = true;

	if (!slab->bytes)
		return true;
	for (unsigned int j = 0; j < nr; j++) {
		bool right = check_bytes(m, slab, i, &checks[j], /* with_object = */ good);

		if (!right && ends_check(m, &checks[j]))
			return false;
		if (rel_slub_warns(m->release))
			good &= right;
	}
	if (!slab_freeptr_outside(slab->cache) && red == SLUB_RED_ACTIVE)
		return good;
	if (!valid_pointer(slab, slab_get_freepointer(m, slab, i))) {
		object_err(m, slab, slab_object_addr(slab, i), "Freepointer corrupt");
		slab_set_freepointer(m, slab, i, SLAB_NIL);
		good = false;
	}
	return good;
}

/* What is left behind the last object. */
static void slab_pad_check(struct machine *m, struct slab *slab)
{
	u32 bytes = PAGE_SIZE << slab->order, rest = bytes % slab->cache->geo.size;
	struct byte_check check = { "slab padding", bytes - rest, rest, POISON_INUSE };
	char first[20], last[20];
	u32 from, to;

	if (!(slab->cache->flags & SLAB_POISON) || !find_wrong(slab, &check, &from, &to))
		return;
	slab_bug(m, slab->cache, "Padding overwritten. %s-%s @offset=%u",
		 slab_pointer(m, slab->addr + from, first),
		 slab_pointer(m, slab->addr + to - 1, last), from);
	if (!rel_slub_warns(m->release))
		slab_err_end(m, slab);
	slab_print_section(m, 3, "Padding ", slab, check.from, check.len);
	if (rel_slub_warns(m->release))
		slab_err_end(m, slab);
	restore_bytes(m, slab, &check, from, to);
}

static bool check_slab(struct machine *m, struct slab *slab)
{
	if (slab->inuse > slab->objects) {
		slab_err(m, slab, "inuse %u > max %u", slab->inuse, slab->objects);
		return false;
	}
	if (slab->disabled) {
		slab_err(m, slab, "Slab disabled since SLUB metadata consistency check failed");
		return false;
	}
	slab_pad_check(m, slab);
	return true;
}

static void clear_freelist(struct machine *m, struct slab *slab)
{
	slab->free = SLAB_NIL;
	slab->inuse = slab->objects;
	slab_fix(m, slab->cache, "Freelist cleared");
}

/* The list is walked and mended: is `search` on it? With SLAB_NIL: may one go on? */
static bool on_freelist(struct machine *m, struct slab *slab, u16 search)
{
	u16 object = SLAB_NIL, next = slab->free;
	unsigned int nr = 0;

	for (; next != SLAB_NIL && nr <= slab->objects; nr++) {
		if (next == search)
			return true;
		if (next == SLAB_WILD && object != SLAB_NIL) {
			object_err(m, slab, slab_object_addr(slab, object), "Freechain corrupt");
			slab_set_freepointer(m, slab, object, SLAB_NIL);
			break;
		}
		if (next == SLAB_WILD) {
			slab_err(m, slab, "Freepointer corrupt");
			clear_freelist(m, slab);
			return false;
		}
		object = next;
		next = slab->next_free[object];
	}
	if (nr > slab->objects && rel_slub_finds_cycles(m->release)) {
		slab_err(m, slab, "Freelist cycle detected");
		clear_freelist(m, slab);
		return false;
	}
	if (slab->inuse != slab->objects - nr) {
		slab_err(m, slab, "Wrong object count. Counter is %d but counted were %d",
			 slab->inuse, (int)slab->objects - (int)nr);
		slab->inuse = nr <= slab->objects ? slab->objects - nr : 0;
		slab_fix(m, slab->cache, "Object count adjusted");
	}
	return search == SLAB_NIL;
}

static void trace(struct machine *m, const struct slab *slab, u64 addr, bool alloc)
{
	u64 fp = slab->free < slab->objects ? slab_object_addr(slab, slab->free) : 0;
	char object[20], first[20];

	if (!(slab->cache->flags & SLAB_TRACE))
		return;
	printk(m, 6, "TRACE %s %s %s inuse=%d fp=%s", slab->cache->name,
	       alloc ? "alloc" : "free", slab_pointer(m, addr, object), slab->inuse,
	       slab_pointer(m, fp, first));
	if (!alloc)
		slab_print_section(m, 6, "Object ", slab, addr - slab->addr,
				   slab->cache->geo.object_size);
	dump_stack(m);
}

/* The boot has no stacks: there is one path for all of its objects. */
static void set_track(struct machine *m, struct slab *slab, unsigned int i,
		      enum track_item item, const char *site)
{
	struct stack_depot *stacks = &m->slab->stacks;
	u32 stack = 0;

	if (!slab->tracks)
		return;
	if (m->booted && !stack_depot_reserve(&m->arena, stacks))
		stack = stack_depot_save(stacks, /* skip = */ 2);
	slab->tracks[NR_TRACKS * i + item] = (struct slab_track){
		.site = site,
		.when = jiffies(m),
		.stack = stack,
		.pid = running_pid(m),
		.cpu = m->cpu,
	};
}

/* An object that is in use already cannot be given out again, whatever its bytes say. */
static bool may_give(struct machine *m, struct slab *slab, unsigned int i)
{
	bool checks = slab->cache->flags & SLAB_CONSISTENCY_CHECKS;

	if (checks && !check_slab(m, slab))
		return false;
	if (i >= slab->objects || slab_allocated(slab, i)) {
		object_err(m, slab, i < slab->objects ? slab_object_addr(slab, i) : 0,
			   "Freelist Pointer check fails");
		return false;
	}
	return !checks || check_object(m, slab, i, SLUB_RED_INACTIVE);
}

bool slab_debug_alloc(struct machine *m, struct slab *slab, unsigned int i,
		      const struct slab_request *req)
{
	if (!may_give(m, slab, i)) {
		slab_fix(m, slab->cache, "Marking all objects used");
		slab->inuse = slab->objects;
		slab->free = SLAB_NIL;
		slab->disabled = true;
		return false;
	}
	trace(m, slab, slab_object_addr(slab, i), /* alloc = */ true);
	if (slab->orig_size)
		slab->orig_size[i] = req->orig_size;
	slab_bytes_init_object(m, slab, i, SLUB_RED_ACTIVE);
	set_track(m, slab, i, TRACK_ALLOC, req->site);
	return true;
}

static bool free_consistency_checks(struct machine *m, struct slab *slab, u64 addr)
{
	unsigned int i = slab_object_index(slab, addr);
	char text[20];

	if (i == SLAB_NIL) {
		slab_err(m, slab, "Invalid object pointer %s", slab_pointer(m, addr, text));
		return false;
	}
	if (on_freelist(m, slab, i)) {
		object_err(m, slab, addr, "Object already free");
		return false;
	}
	return check_object(m, slab, i, SLUB_RED_ACTIVE);
}

static bool free_is_good(struct machine *m, struct slab *slab, u64 addr)
{
	unsigned int i;

	if (slab->cache->flags & SLAB_CONSISTENCY_CHECKS) {
		if (!check_slab(m, slab))
			return false;
		if (!slab->inuse) {
			slab_err(m, slab, "Slab has %d allocated objects but %d are to be freed",
				 slab->inuse, 1);
			return false;
		}
		if (!free_consistency_checks(m, slab, addr))
			return false;
	}
	/* What was lost with the rest of its list is as free as it will ever be. */
	i = slab_object_index(slab, addr);
	return i != SLAB_NIL && slab_allocated(slab, i) && slab->inuse;
}

/* The object is of another cache than whoever frees it thinks; it goes where it belongs. */
static void warn_wrong_cache(struct machine *m, const struct kmem_cache *s,
			     const struct slab *slab, u64 addr)
{
	unsigned int i = slab_object_index(slab, addr);

	warn_begin(m);
	printk(m, 4, "cache_from_obj: Wrong slab cache. %s but object is from %s", s->name,
	       slab->cache->name);
	warn_report(m, "mm/slub.c", "cache_from_obj");
	if (i != SLAB_NIL)
		slab_print_tracking(m, slab, i);
}

bool slab_debug_free(struct machine *m, struct kmem_cache *s, struct slab *slab, u64 addr,
		     const char *site)
{
	char text[20];

	slab_touch(slab);
	if (slab->cache != s)
		warn_wrong_cache(m, s, slab, addr);
	if (free_is_good(m, slab, addr)) {
		trace(m, slab, addr, /* alloc = */ false);
		return true;
	}
	slab_fix(m, slab->cache, "Object at %s not freed", slab_pointer(m, addr, text));
	return false;
}

void slab_debug_freed(struct machine *m, struct slab *slab, unsigned int i, const char *site)
{
	set_track(m, slab, i, TRACK_FREE, site);
	slab_bytes_init_object(m, slab, i, SLUB_RED_INACTIVE);
}

void slab_debug_discard(struct machine *m, struct slab *slab)
{
	if (!slab->bytes || !(slab->cache->flags & SLAB_CONSISTENCY_CHECKS))
		return;
	slab_pad_check(m, slab);
	for (unsigned int i = 0; i < slab->objects; i++)
		check_object(m, slab, i, SLUB_RED_INACTIVE);
}

/* Objects that the list of free ones leads to: a bit for each. */
static void fill_map(const struct slab *slab, u8 *map)
{
	unsigned int nr = 0;

	memset(map, 0, slab->objects);
	for (u16 i = slab->free; i < slab->objects && nr <= slab->objects; nr++) {
		map[i] = 1;
		i = slab->next_free[i];
	}
}

static void validate_slab(struct machine *m, struct slab *slab, u8 *map)
{
	slab_touch(slab);
	if (!check_slab(m, slab) || !on_freelist(m, slab, SLAB_NIL))
		return;
	fill_map(slab, map);
	for (unsigned int i = 0; i < slab->objects; i++) {
		enum slab_pattern red = map[i] ? SLUB_RED_INACTIVE : SLUB_RED_ACTIVE;

		if (!check_object(m, slab, i, red))
			return;
	}
}

/* Slabs that are full are on a list when users are stored. */
static bool slab_is_listed(const struct slab *slab)
{
	return slab->place == SLAB_ON_NODE ||
	       (slab->place == SLAB_FULL && (slab->cache->flags & SLAB_STORE_USER) &&
		!slab->disabled);
}

static long validate_slab_node(struct machine *m, struct kmem_cache *s, unsigned int node,
			       u8 *map)
{
	long nr = 0;

	for (struct slab *slab = s->node[node].partial.first, *next; slab; slab = next, nr++) {
		next = slab->next;
		validate_slab(m, slab, map);
	}
	if (!(s->flags & SLAB_STORE_USER))
		return nr;
	for (u32 slot = 0; slot < s->nr_slots; slot++) {
		struct slab *slab = s->slots[slot];

		if (!slab || slab->node != node || slab->place == SLAB_ON_NODE ||
		    !slab_is_listed(slab))
			continue;
		validate_slab(m, slab, map);
		nr++;
	}
	if ((u64)nr != s->node[node].nr_slabs) {
		m->slab->nr_errors++;
		printk(m, 3, "SLUB: %s %ld slabs counted but counter=%llu", s->name, nr,
		       (unsigned long long)s->node[node].nr_slabs);
	}
	return nr;
}

long validate_slab_cache(struct machine *m, struct kmem_cache *s)
{
	u8 *map = arena_alloc(&m->arena, s->geo.objects);
	long nr = 0;

	if (!map)
		return -ENOBUFS;
	slab_flush_all(m, s);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		nr += validate_slab_node(m, s, node, map);
	arena_free(&m->arena, map, s->geo.objects);
	return nr;
}

/* The list of free objects leads to it. */
static bool listed_as_free(const struct slab *slab, unsigned int object)
{
	unsigned int nr = 0;

	for (u16 i = slab->free; i < slab->objects && nr <= slab->objects; nr++) {
		if (i == object)
			return true;
		i = slab->next_free[i];
	}
	return false;
}

void slab_list_objects(struct machine *m, struct slab *slab)
{
	if (rel_slub_warns(m->release))
		slab_bug(m, slab->cache, "Objects remaining on __kmem_cache_shutdown()");
	else
		slab_err(m, slab, "Objects remaining in %s on __kmem_cache_shutdown()",
			 slab->cache->name);
	for (unsigned int i = 0; i < slab->objects; i++) {
		char text[20];

		if (listed_as_free(slab, i))
			continue;
		if (rel_slub_warns(m->release))
			m->slab->nr_errors++;
		printk(m, 3, "Object %s @offset=%u",
		       slab_pointer(m, slab_object_addr(slab, i), text),
		       slab_object_offset(slab, i));
		slab_print_tracking(m, slab, i);
	}
	if (rel_slub_warns(m->release))
		slab_err_end(m, slab);
}
