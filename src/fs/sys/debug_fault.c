// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault injection: sys/kernel/debug/fail_page_alloc and failslab, whose files are fields
 * of one struct each. What a task is told is in proc/PID (proc/pid_fault.c). Debian's
 * kernels are built without; [config] FAULT_INJECTION says whether this one has it.
 */
#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "sim/phys/fault_inject.h"

enum field_kind { FIELD_U64, FIELD_S32, FIELD_U32, FIELD_BOOL, FIELD_DEPTH };

/* A file: which field, of the directory's struct or (own) of the whole. */
struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	bool own;
};

#define ATTR(file, kind, member) { file, kind, offsetof(struct fault_attr, member), false }
#define OWN(file, kind, member) { file, kind, offsetof(struct fault_inject, member), true }

static const struct field page_fields[] = {
	OWN("ignore-gfp-highmem", FIELD_BOOL, page_ignore_highmem),
	OWN("ignore-gfp-wait", FIELD_BOOL, page_ignore_reclaim),
	OWN("min-order", FIELD_U32, page_min_order),
};

static const struct field slab_fields[] = {
	OWN("cache-filter", FIELD_BOOL, slab_cache_filter),
	OWN("ignore-gfp-wait", FIELD_BOOL, slab_ignore_reclaim),
};

static const struct field attr_fields[] = {
	ATTR("interval", FIELD_U64, interval),
	ATTR("probability", FIELD_U64, probability),
	ATTR("reject-end", FIELD_U64, reject_end),
	ATTR("reject-start", FIELD_U64, reject_start),
	ATTR("require-end", FIELD_U64, require_end),
	ATTR("require-start", FIELD_U64, require_start),
	ATTR("space", FIELD_S32, space),
	ATTR("stacktrace-depth", FIELD_DEPTH, stacktrace_depth),
	ATTR("task-filter", FIELD_BOOL, task_filter),
	ATTR("times", FIELD_S32, times),
	ATTR("verbose", FIELD_U64, verbose),
	ATTR("verbose_ratelimit_burst", FIELD_U32, ratelimit_burst),
	ATTR("verbose_ratelimit_interval_ms", FIELD_U32, ratelimit_interval_ms),
};

static const struct field *find_field(const struct field *fields, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

/* The field that a file of this directory shows, and where it lies. */
static const struct field *field_of(const struct machine *m, const char *name, bool slab,
				    void **value)
{
	struct fault_attr *attr = slab ? &m->faults->slab : &m->faults->page;
	const struct field *field;

	field = find_field(attr_fields, ARRAY_SIZE(attr_fields), name);
	if (!field)
		field = slab ? find_field(slab_fields, ARRAY_SIZE(slab_fields), name) :
			       find_field(page_fields, ARRAY_SIZE(page_fields), name);
	*value = (char *)(field->own ? (void *)m->faults : (void *)attr) + field->offset;
	return field;
}

static int show_field(struct out *out, const struct view *v, bool slab)
{
	void *value;

	switch (field_of(v->m, v->entry->name, slab, &value)->kind) {
	case FIELD_BOOL:
		out_puts(out, *(bool *)value ? "Y" : "N");
		break;
	case FIELD_S32:
		out_s64(out, *(s32 *)value);
		break;
	case FIELD_U32:
		out_u64(out, *(u32 *)value, 0);
		break;
	default:
		out_u64(out, *(u64 *)value, 0);
	}
	out_putc(out, '\n');
	return 0;
}

static int store_bool(struct store *s, const char *text, bool *value)
{
	int err = sysfs_bool(text, value);

	if (err)
		out_printf(s->sentence, "'%s' is neither Y nor N", text);
	return err;
}

/* A number in any base; one that may be negative is written as the kernel keeps it. */
static int parse_field(struct store *s, const char *text, bool negative, u64 *number)
{
	bool minus = negative && *text == '-';
	int err = sysfs_number(text + minus, 0, number);

	if (err)
		out_printf(s->sentence, "'%s' is not a number", text);
	else if (minus)
		*number = -*number;
	return err;
}

static int store_field(struct store *s, const struct view *v, const char *text, bool slab)
{
	const struct field *field;
	void *value;
	u64 number;
	int err;

	field = field_of(s->m, v->entry->name, slab, &value);
	if (field->kind == FIELD_BOOL)
		return store_bool(s, text, value);
	err = parse_field(s, text, field->kind == FIELD_S32, &number);
	if (err)
		return err;
	if (field->kind == FIELD_S32)
		*(s32 *)value = (s32)number;
	else if (field->kind == FIELD_U32)
		*(u32 *)value = (u32)number;
	else
		*(u64 *)value = field->kind == FIELD_DEPTH ?
			MIN(number, (u64)MAX_STACKTRACE_DEPTH) : number;
	fault_inject_update(s->m);
	return 0;
}

static int page_show(struct out *out, const struct view *v)
{
	return show_field(out, v, /* slab = */ false);
}

static int page_store(struct store *s, const struct view *v, const char *text)
{
	return store_field(s, v, text, /* slab = */ false);
}

static int slab_show(struct out *out, const struct view *v)
{
	return show_field(out, v, /* slab = */ true);
}

static int slab_store(struct store *s, const struct view *v, const char *text)
{
	return store_field(s, v, text, /* slab = */ true);
}

static bool fault_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "FAULT_INJECTION");
}

#define RW(file, family) \
	{ .name = (file), .mode = S_IFREG | 0600, .span = ALL, .show = family##_show, \
	  .store = family##_store }
#define ATTR_ROWS(family) \
	RW("interval", family), RW("probability", family), RW("reject-end", family), \
	RW("reject-start", family), RW("require-end", family), RW("require-start", family), \
	RW("space", family), RW("stacktrace-depth", family), RW("task-filter", family), \
	RW("times", family), RW("verbose", family), RW("verbose_ratelimit_burst", family), \
	RW("verbose_ratelimit_interval_ms", family)

static const struct entry page_entries[] = {
	RW("ignore-gfp-highmem", page), RW("ignore-gfp-wait", page), RW("min-order", page),
	ATTR_ROWS(page),
};

static const struct entry slab_entries[] = {
	RW("cache-filter", slab), RW("ignore-gfp-wait", slab), ATTR_ROWS(slab),
};

static const struct dir page_dir = { DIR_FILES(page_entries), .visible = fault_visible };
static const struct dir slab_dir = { DIR_FILES(slab_entries), .visible = fault_visible };

static const struct entry dirs[] = {
	DIR_ROW("fail_page_alloc", 0755, &page_dir),
	DIR_ROW("failslab", 0755, &slab_dir),
};
static const struct dir fault_dir = { DIR_FILES(dirs), .visible = fault_visible };

TREE_PARTS(debug_fault_parts, { "sys/kernel/debug", &fault_dir });
