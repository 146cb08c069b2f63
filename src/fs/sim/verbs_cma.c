// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Contiguous memory areas: what a driver asks of them. An area is named as its directory in
 * sys/kernel/mm/cma is, or by its number.
 */
#include "fs/core/verb.h"
#include "sim/phys/cma.h"

typedef unsigned long long ull;

enum { CMA_AREA, CMA_NR, CMA_ALIGN };
enum { RELEASE_AREA, RELEASE_PFN, RELEASE_NR };

#define MAX_ALIGN 40		/* beyond all memory */

static struct cma *find_area(struct call *call, int *err)
{
	struct cma *cma = cma_find(call->m, call->args[CMA_AREA].text);

	if (!call->m->cma)
		*err = call_refuse(call, -ENOENT, "this machine's kernel has no CMA: see CMA in "
				   "[config]");
	else if (!cma)
		*err = call_refuse(call, -ENOENT, "there is no area '%.60s': see sys/kernel/mm/cma",
				   call->args[CMA_AREA].text);
	return cma;
}

static int run_cma_alloc(struct call *call)
{
	u64 nr_pages = call->args[CMA_NR].value;
	u64 align = call->args[CMA_ALIGN].given ? call->args[CMA_ALIGN].value : 0;
	int err = 0;
	struct cma *cma = find_area(call, &err);
	u32 pfn;

	if (!cma)
		return err;
	if (nr_pages > call->m->max_pfn)
		return call_refuse(call, -EINVAL, "%llu pages: the machine has %llu at most",
				   (ull)nr_pages, (ull)call->m->max_pfn);
	if (align > MAX_ALIGN)
		return call_refuse(call, -EINVAL, "order %llu is beyond all memory", (ull)align);
	err = cma_alloc(call->m, cma, nr_pages, (unsigned int)align, &pfn);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err)
		out_printf(call->sentence, "area %s has no %llu pages in a row that can be had: "
			   "see sim/why", cma->name, (ull)nr_pages);
	else
		call->value = pfn;
	return err;
}

static int run_cma_release(struct call *call)
{
	u64 value = call->args[RELEASE_PFN].value, nr_pages = call->args[RELEASE_NR].value;
	u64 offset = call->m->arch->page_offset, pfn = value;
	int err = 0;
	struct cma *cma = find_area(call, &err);

	if (!cma)
		return err;
	if (value >= call->m->max_pfn && value >= offset && IS_ALIGNED(value, PAGE_SIZE))
		pfn = PFN_DOWN(value - offset);
	if (!cma_pages_valid(cma, pfn, nr_pages))
		return call_refuse(call, -EINVAL, "%llu pages from %#llx on are not what cma_alloc "
				   "returned of area %s", (ull)nr_pages, (ull)value, cma->name);
	if (cma_holds(cma, pfn, nr_pages))
		return call_refuse(call, -EINVAL, "the file sys/kernel/debug/cma/%s/alloc took "
				   "them: write to free", cma->name);
	cma_release(call->m, cma, pfn, nr_pages);
	return 0;
}

static const struct verb verbs[] = {
	{ "cma_alloc", { A_WORD, A_NUMBER, A_NUMBER | A_OPTIONAL }, run_cma_alloc, RESULT_PFN, 0,
	  SCOPE_KERNEL, "AREA NR_PAGES [ALIGN]",
	  "Allocate NR_PAGES pages that lie together from a contiguous memory area, the first at "
	  "a multiple of 2^ALIGN: what is in use there moves elsewhere. AREA is its name, as "
	  "sys/kernel/mm/cma has it, or its number. The result is the first page frame; each "
	  "page is a block of its own. ENOMEM if no such range of the area can be had.",
	  .cost = COST_ALLOC_PAGES },
	{ "cma_release", { A_WORD, A_ADDR, A_NUMBER }, run_cma_release, RESULT_NONE, 0,
	  SCOPE_KERNEL, "AREA PFN|ADDRESS NR_PAGES",
	  "Give NR_PAGES pages from this one on back that cma_alloc returned, all or a part. "
	  "EINVAL if one of them is not the area's, or not given away (the kernel looks at the "
	  "ends alone); nothing changes then.",
	  .cost = COST_FREE_PAGES },
};

const struct verb_table cma_verbs = { verbs, ARRAY_SIZE(verbs) };
