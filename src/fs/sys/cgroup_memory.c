// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory.* of sys/fs/cgroup, as mm/memcontrol.c has them: limits, what was charged, and
 * what came of it. A write of a limit below what the group has reclaims at once.
 */
#include "fs/core/figures.h"
#include "fs/core/peak.h"
#include "fs/core/proactive.h"
#include "fs/core/trigger.h"
#include "fs/core/value.h"
#include "sim/base/memparse.h"
#include "sim/phys/memcg_stats.h"
#include "sim/policy/oom.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/psi_trigger.h"

typedef unsigned long long ull;

/* The directory's own group; the root's may be NULL. */
static struct mem_cgroup *memcg_view(const struct view *v)
{
	const struct cgroup *cgroup = cgroup_of(v->m, v->id[V_CGROUP]);

	return cgroup_memcg(v->m, cgroup);
}

/* ---- Numbers. ---- */

enum limit { LIMIT_MIN, LIMIT_LOW, LIMIT_HIGH, LIMIT_MAX, LIMIT_SWAP_HIGH, LIMIT_SWAP_MAX };

static u64 *limit_of(struct mem_cgroup *memcg, enum limit limit)
{
	u64 *const limits[] = {
		[LIMIT_MIN] = &memcg->memory.min, [LIMIT_LOW] = &memcg->memory.low,
		[LIMIT_HIGH] = &memcg->memory.high, [LIMIT_MAX] = &memcg->memory.max,
		[LIMIT_SWAP_HIGH] = &memcg->swap.high, [LIMIT_SWAP_MAX] = &memcg->swap.max,
	};

	return limits[limit];
}

static int show_limit(struct out *out, const struct view *v, enum limit limit)
{
	u64 pages = *limit_of(memcg_view(v), limit);

	if (pages == page_counter_max(v->m->arch->bits))
		out_puts(out, "max\n");
	else
		out_printf(out, "%llu\n", (ull)pages * PAGE_SIZE);
	return 0;
}

static int show_bytes(struct out *out, u64 pages)
{
	out_printf(out, "%llu\n", (ull)pages * PAGE_SIZE);
	return 0;
}

/* A size, or the word for all there is; nothing at all is 0, unless that is the word. */
static int page_counter_memparse(struct store *s, const char *text, const char *max_word,
				 u64 *pages)
{
	u64 max = page_counter_max(s->m->arch->bits);
	size_t first = strspn(text, " \t\n"), len = strlen(text);
	char word[64];
	const char *end;
	u64 bytes;

	while (len > first && strchr(" \t\n", text[len - 1]))
		len--;
	if (len - first < sizeof(word)) {
		memcpy(word, text + first, len - first);
		word[len - first] = '\0';
		if (!strcmp(word, max_word)) {
			*pages = max;
			return 0;
		}
		bytes = memparse(word, &end);
		if (!*end) {
			*pages = MIN(bytes / PAGE_SIZE, max);
			return 0;
		}
	}
	out_printf(s->sentence, "'%.60s' is no size like 10M%s%s", text,
		   max_word[0] ? ", and not " : "", max_word);
	return -EINVAL;
}

/* ---- Files to read. ---- */

static int current_show(struct out *out, const struct view *v)
{
	return show_bytes(out, memcg_view(v)->memory.usage);
}

static int peak_show(struct out *out, const struct view *v)
{
	return show_bytes(out, peak_pages(v->peak, &memcg_view(v)->memory));
}

static int swap_current_show(struct out *out, const struct view *v)
{
	return show_bytes(out, memcg_view(v)->swap.usage);
}

static int swap_peak_show(struct out *out, const struct view *v)
{
	return show_bytes(out, peak_pages(v->peak, &memcg_view(v)->swap));
}

/* Since 6.12 a write of anything begins anew, for the open file that it was written to alone. */
static int peak_store(struct store *s, const struct view *v, const char *text)
{
	(void)text;
	peak_reset(v, s->peak, &memcg_view(v)->memory);
	return 0;
}

static int swap_peak_store(struct store *s, const struct view *v, const char *text)
{
	(void)text;
	peak_reset(v, s->peak, &memcg_view(v)->swap);
	return 0;
}

static const struct {
	const char *name;
	struct span span;
	u8 event;
	bool swap;
} events[] = {
	{ "low", ALL, MEMCG_LOW, false }, { "high", ALL, MEMCG_HIGH, false },
	{ "max", ALL, MEMCG_MAX, false }, { "oom", ALL, MEMCG_OOM, false },
	{ "oom_kill", ALL, MEMCG_OOM_KILL, false },
	{ "oom_group_kill", ALL, MEMCG_OOM_GROUP_KILL, false },
	{ "high", ALL, MEMCG_SWAP_HIGH, true }, { "max", ALL, MEMCG_SWAP_MAX, true },
	{ "fail", ALL, MEMCG_SWAP_FAIL, true },
};

static int show_events(struct out *out, const struct view *v, const s64 counts[], bool swap)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].swap == swap && span_holds(events[i].span, v->m->release))
			out_printf(out, "%s %lld\n", events[i].name,
				   (long long)counts[events[i].event]);
	return 0;
}

static int events_show(struct out *out, const struct view *v)
{
	return show_events(out, v, memcg_view(v)->memory_events, /* swap = */ false);
}

static int events_local_show(struct out *out, const struct view *v)
{
	return show_events(out, v, memcg_view(v)->memory_events_local, /* swap = */ false);
}

static int swap_events_show(struct out *out, const struct view *v)
{
	return show_events(out, v, memcg_view(v)->memory_events, /* swap = */ true);
}

static int stat_show(struct out *out, const struct view *v)
{
	memory_stat_format(v->m, memcg_view(v), out);
	return 0;
}

static int numa_stat_show(struct out *out, const struct view *v)
{
	memory_numa_stat_format(v->m, memcg_view(v), out);
	return 0;
}

static int oom_group_show(struct out *out, const struct view *v)
{
	out_printf(out, "%d\n", memcg_view(v)->oom_group);
	return 0;
}

/* ---- Limits. ---- */

#define RETRIES 16

static int min_show(struct out *out, const struct view *v)
{
	return show_limit(out, v, LIMIT_MIN);
}

static int low_show(struct out *out, const struct view *v)
{
	return show_limit(out, v, LIMIT_LOW);
}

static int high_show(struct out *out, const struct view *v)
{
	return show_limit(out, v, LIMIT_HIGH);
}

static int max_show(struct out *out, const struct view *v)
{
	return show_limit(out, v, LIMIT_MAX);
}

static int swap_high_show(struct out *out, const struct view *v)
{
	return show_limit(out, v, LIMIT_SWAP_HIGH);
}

static int swap_max_show(struct out *out, const struct view *v)
{
	return show_limit(out, v, LIMIT_SWAP_MAX);
}

static int min_store(struct store *s, const struct view *v, const char *text)
{
	u64 pages;
	int err = page_counter_memparse(s, text, "max", &pages);

	if (!err)
		page_counter_set_min(&memcg_view(v)->memory, pages);
	return err;
}

static int low_store(struct store *s, const struct view *v, const char *text)
{
	u64 pages;
	int err = page_counter_memparse(s, text, "max", &pages);

	if (!err)
		page_counter_set_low(&memcg_view(v)->memory, pages);
	return err;
}

/* A limit that the group may be over: then no CPU keeps anything of it. */
static int set_limit(struct store *s, struct mem_cgroup *memcg, const char *text, u64 *limit)
{
	int err = page_counter_memparse(s, text, "max", limit);

	if (!err && memcg->memory.usage > *limit)
		drain_all_stock(s->m, memcg);
	return err;
}

static bool reclaim_over(struct store *s, struct mem_cgroup *memcg, u64 limit)
{
	return try_to_free_mem_cgroup_pages(s->m, memcg, memcg->memory.usage - limit, GFP_KERNEL);
}

static int high_store(struct store *s, const struct view *v, const char *text)
{
	struct mem_cgroup *memcg = memcg_view(v);
	const u64 *high = &memcg->memory.high;
	unsigned int retries = RETRIES;
	int err = set_limit(s, memcg, text, &memcg->memory.high);

	while (!err && memcg->memory.usage > *high)
		if (!reclaim_over(s, memcg, *high) && !retries--)
			break;
	return err;
}

/* It has more than that: reclaim, and then somebody is killed. */
static int max_store(struct store *s, const struct view *v, const char *text)
{
	struct mem_cgroup *memcg = memcg_view(v);
	const u64 *max = &memcg->memory.max;
	unsigned int retries = RETRIES;
	int err = set_limit(s, memcg, text, &memcg->memory.max);

	while (!err && memcg->memory.usage > *max) {
		if (retries) {
			retries -= !reclaim_over(s, memcg, *max);
			continue;
		}
		memcg_memory_event(s->m, memcg, MEMCG_OOM);
		if (!mem_cgroup_out_of_memory(s->m, memcg, GFP_KERNEL, 0))
			break;
	}
	return err;
}

static int swap_high_store(struct store *s, const struct view *v, const char *text)
{
	return page_counter_memparse(s, text, "max", &memcg_view(v)->swap.high);
}

static int swap_max_store(struct store *s, const struct view *v, const char *text)
{
	return page_counter_memparse(s, text, "max", &memcg_view(v)->swap.max);
}

static int oom_group_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;
	int err = stripped_s32(text, &value);

	if (!err && (value < 0 || value > 1))
		err = -EINVAL;
	if (err)
		out_printf(s->sentence, "'%.60s' is not 0 or 1", text);
	else
		memcg_view(v)->oom_group = value;
	return err;
}

/* 6.1 knows a size alone, of which none means all. */
static int read_reclaim(struct store *s, const char *text, u64 *pages, int *swappiness)
{
	u64 bytes;
	int err;

	*swappiness = -1;
	if (rel_counts_proactive(s->m->release)) {
		err = parse_proactive(s, text, &bytes, swappiness);
		*pages = bytes / PAGE_SIZE;
		return err;
	}
	return page_counter_memparse(s, text, "", pages);
}

static int reclaim_store(struct store *s, const struct view *v, const char *text)
{
	int swappiness, err;
	u64 pages;

	err = read_reclaim(s, text, &pages, &swappiness);
	/* The root is a group like others: it may be the first that somebody asks for. */
	if (!err)
		err = store_err(memcg_state_make(s->m));
	if (err)
		return err;
	err = memcg_reclaim_proactive(s->m, memcg_view(v), pages, swappiness);
	/* What there was has gone. */
	s->changed = err == -EAGAIN;
	if (err)
		out_printf(s->sentence, "the group has less than %s that could be reclaimed", text);
	return err;
}

/* ---- The tables. ---- */

#define RW_ROW(file, show, store) { file, S_IFREG | 0644, ALL, show, store }

static const struct psi_group *group_psi(const struct view *v)
{
	const struct cgroup *cgroup = cgroup_of(v->m, v->id[V_CGROUP]);

	return cgroup && cgroup->parent ? &cgroup->psi : &v->m->virt->psi;
}

static int memory_pressure_show(struct out *out, const struct view *v)
{
	psi_show(v->m, group_psi(v), PSI_MEM, out);
	return 0;
}

static int memory_pressure_store(struct store *s, const struct view *v, const char *text)
{
	return trigger_store(s, group_psi(v), PSI_MEM, text);
}

static int io_pressure_show(struct out *out, const struct view *v)
{
	psi_show(v->m, group_psi(v), PSI_IO, out);
	return 0;
}

static int io_pressure_store(struct store *s, const struct view *v, const char *text)
{
	return trigger_store(s, group_psi(v), PSI_IO, text);
}

static void pressure_poll(const struct view *v, struct psi_trigger *trigger)
{
	psi_trigger_update(v->m, group_psi(v), trigger);
}

static int cpu_pressure_show(struct out *out, const struct view *v)
{
	psi_show(v->m, NULL, PSI_IO, out);
	return 0;
}

static int cpu_pressure_store(struct store *s, const struct view *v, const char *text)
{
	return trigger_store(s, NULL, PSI_IO, text);
}

static void cpu_pressure_poll(const struct view *v, struct psi_trigger *trigger)
{
	psi_trigger_update(v->m, NULL, trigger);
}

#define PRESSURE_ROW(file, function, waits) \
	{ file, S_IFREG | 0644, ALL, function##_show, function##_store, .poll = waits }

static const struct entry group_entries[] = {
	PRESSURE_ROW("cpu.pressure", cpu_pressure, cpu_pressure_poll),
	PRESSURE_ROW("io.pressure", io_pressure, pressure_poll),
	FILE_ROW("memory.current", 0444, current_show),
	FILE_ROW("memory.events", 0444, events_show),
	FILE_ROW("memory.events.local", 0444, events_local_show),
	RW_ROW("memory.high", high_show, high_store),
	RW_ROW("memory.low", low_show, low_store),
	RW_ROW("memory.max", max_show, max_store),
	RW_ROW("memory.min", min_show, min_store),
	FILE_ROW("memory.numa_stat", 0444, numa_stat_show),
	RW_ROW("memory.oom.group", oom_group_show, oom_group_store),
	{ "memory.peak", S_IFREG | 0444, UNTIL(R_6_1), peak_show },
	{ "memory.peak", S_IFREG | 0644, SINCE(R_6_18), peak_show, peak_store },
	PRESSURE_ROW("memory.pressure", memory_pressure, pressure_poll),
	{ "memory.reclaim", S_IFREG | 0200, ALL, .store = reclaim_store },
	FILE_ROW("memory.stat", 0444, stat_show),
	FILE_ROW("memory.swap.current", 0444, swap_current_show),
	FILE_ROW("memory.swap.events", 0444, swap_events_show),
	RW_ROW("memory.swap.high", swap_high_show, swap_high_store),
	RW_ROW("memory.swap.max", swap_max_show, swap_max_store),
	{ "memory.swap.peak", S_IFREG | 0644, SINCE(R_6_18), swap_peak_show,
	  swap_peak_store },
};

static const struct entry root_entries[] = {
	PRESSURE_ROW("cpu.pressure", cpu_pressure, cpu_pressure_poll),
	PRESSURE_ROW("io.pressure", io_pressure, pressure_poll),
	FILE_ROW("memory.numa_stat", 0444, numa_stat_show),
	PRESSURE_ROW("memory.pressure", memory_pressure, pressure_poll),
	{ "memory.reclaim", S_IFREG | 0200, ALL, .store = reclaim_store },
	FILE_ROW("memory.stat", 0444, stat_show),
};

/* Where the parent passes the controller on; pressure is told of everywhere. */
static bool memory_visible(const struct view *v, const struct entry *entry)
{
	const struct cgroup *cgroup = cgroup_of(v->m, v->id[V_CGROUP]);

	if (!strcmp(entry->name, "memory.numa_stat") && !v->m->arch->numa)
		return false;
	if (strstr(entry->name, ".pressure"))
		return option_on(v->m, "PSI") && !(cgroup && cgroup->psi_off);
	return !cgroup || cgroup_has(cgroup, CGROUP_MEMORY);
}

static const struct dir root_dir = { DIR_FILES(root_entries), .visible = memory_visible };
static const struct dir group_dir = { DIR_FILES(group_entries), .visible = memory_visible };

TREE_PARTS(cgroup_memory_parts, { "sys/fs/cgroup", &root_dir },
	   { "sys/fs/cgroup/<GROUP>", &group_dir });
