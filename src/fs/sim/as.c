// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/as/NAME: links to what scripts named. A kernel address leads to the page
 * behind it: in the direct map by arithmetic, in a vmalloc area by its pages.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/tree_struct.h"
#include "sim/phys/vmalloc.h"

static bool vmalloc_pfn(const struct machine *m, u64 addr, u64 *pfn)
{
	for (unsigned int i = 0; m->vmalloc && i < vm_area_slots(m); i++) {
		const struct vm_area *area = vm_area_at(m, i);
		u64 page = (addr - area->addr) >> PAGE_SHIFT;

		if (addr < area->addr || page >= area->nr_pages)
			continue;
		*pfn = area->pfns[page];
		return true;
	}
	return false;
}

static bool addr_pfn(const struct machine *m, u64 addr, u64 *pfn)
{
	if (vmalloc_pfn(m, addr, pfn))
		return true;
	*pfn = PFN_DOWN(addr - m->arch->page_offset);
	return addr >= m->arch->page_offset && *pfn < m->max_pfn;
}

static int name_show(struct out *out, const struct view *v)
{
	const struct name *name = &v->tree->names.names[v->id[V_NAME]];
	u64 pfn = name->value;

	if (name->kind == NAME_NUMBER)
		return -ENOENT;
	if (name->kind == NAME_PID) {
		out_printf(out, "../../proc/%" PRIu64, name->value);
		return 0;
	}
	if (name->kind == NAME_ADDR && name->pid) {
		out_printf(out, "../../proc/%u/walk/0x%" PRIx64, name->pid, name->value);
		return 0;
	}
	if (name->kind == NAME_ADDR && !addr_pfn(v->m, name->value, &pfn))
		return -ENOENT;
	out_printf(out, "../page/0x%" PRIx64, pfn);
	return 0;
}

static bool name_next(const struct view *v, u32 *id)
{
	return *id < v->tree->names.nr;
}

static void name_name(const struct view *v, u32 id, char name[64])
{
	const struct names *names = &v->tree->names;

	snprintf(name, 64, "%s", id < names->nr ? names->names[id].name : "");
}

static bool name_find(const struct view *v, const char *text, u32 *id)
{
	const struct name *name = names_find(&v->tree->names, text);

	if (name)
		*id = name - v->tree->names.names;
	return name;
}

static const struct each name_each[] = {
	{ { "<NAME>", S_IFLNK | 0777, ALL, name_show,
	    .help = "What a line named with `as NAME`: leads to a task's directory or to "
		    "the page of an address. @NAME is the same in later lines." },
	  V_NAME, name_next, name_name, name_find },
};

static const struct dir as_dir = { DIR_EACH(name_each) };

static const struct entry sim_entries[] = {
	{ "as", S_IFDIR | 0555, ALL, .dir = &as_dir,
	  .help = "Links to what scripts named; init is there from the start." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(names_parts, { "sim", &sim_dir });
