// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All validators, one row for each module; each adds its own lines. What no module
 * can know alone is here: that every page whose type names an owner is on that
 * owner's books (the census).
 */
#include <stdarg.h>
#include <stdio.h>

#include "sim/machine.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/kstack.h"

static u64 vmalloc_own_pages(const struct machine *m)
{
	return vmalloc_nr_owned(m, PGTY_vmalloc);
}

/* Owners that know each of their pages. */
static const struct {
	enum pagetype type;
	const char *id, *name;
	u64 (*nr_pages)(const struct machine *m);
} owners[] = {
	{ PGTY_slab, "A4", "slab", slab_nr_pages },
	{ PGTY_vmalloc, "A5", "vmalloc", vmalloc_own_pages },
	{ PGTY_percpu, "A7", "per-CPU", percpu_nr_chunk_pages },
};

static void census(const struct machine *m, struct check *check)
{
	u64 found[256] = { 0 };

	for (u64 pfn = 0; pfn < m->max_pfn; pfn++) {
		if (page_present(m, pfn))
			found[page_type(pfn_to_page(m, pfn))]++;
		else
			pfn |= PAGES_PER_SECTION - 1;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(owners); i++) {
		u64 expected = owners[i].nr_pages(m);

		check->nr_checked++;
		if (found[owners[i].type] != expected)
			check_fail(check, owners[i].id, "machine: expected %llu %s pages, found "
				   "%llu", (unsigned long long)expected, owners[i].name,
				   (unsigned long long)found[owners[i].type]);
	}
}

static void (*const validators[])(const struct machine *m, struct check *check) = {
	section_validate,
	page_alloc_validate,
	page_states_validate,
	slab_validate,
	vmalloc_validate,
	percpu_validate,
	page_owner_validate,
	hugetlb_validate,
	kernel_stacks_validate,
	census,
};

void machine_check(const struct machine *machine, struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(validators); i++)
		validators[i](machine, check);
}

/* What one line can have changed, and who forgets it once it was looked at. */
static const struct {
	void (*validate)(const struct machine *m, struct check *check);
	void (*checked)(struct machine *m);
} increments[] = {
	{ page_states_validate_touched, NULL },
	{ page_alloc_validate_touched, page_alloc_checked },
	{ slab_validate_touched, slab_checked },
	{ vmalloc_validate_touched, vmalloc_checked },
	{ kernel_stacks_validate_counts, NULL },
};

void machine_check_incremental(struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(increments); i++) {
		increments[i].validate(m, check);
		if (increments[i].checked)
			increments[i].checked(m);
	}
}

void check_fail(struct check *check, const char *id, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	check->nr_broken++;
	out_printf(check->out, "%s %s\n", id, text);
}
