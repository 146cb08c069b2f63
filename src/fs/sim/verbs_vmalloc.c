// SPDX-License-Identifier: GPL-2.0-or-later
/* vmalloc and per-CPU memory. Areas of the kernel itself have other callers and stay. */
#include "fs/core/verb.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/percpu.h"
#include "sim/phys/vmalloc.h"

enum { VMALLOC_SIZE, VMALLOC_GFP, VMALLOC_NODE };

/* Who asked, as proc/vmallocinfo shows it: how we know a script's areas again. */
static const char script_caller[] = "sim_ctl_vmalloc+0x0/0x0";

static int take_area(struct call *call, bool huge)
{
	u64 bytes = call->args[VMALLOC_SIZE].value;
	struct vmalloc_request req = {
		.bytes = bytes, .owner = PGTY_vmalloc, .caller = script_caller,
		.huge = huge,
	};
	struct placement at;
	int err = call_placement(call, &call->args[VMALLOC_GFP], &call->args[VMALLOC_NODE], &at);

	if (err)
		return err;
	if (!bytes)
		return call_refuse(call, -EINVAL, "an area of 0 bytes cannot be made");
	if (PFN_DOWN(bytes - 1) >= call->m->totalram_pages)
		return call_refuse(call, -ENOMEM, "%llu bytes are more than the machine's memory",
				   (unsigned long long)bytes);
	req.gfp = at.gfp;
	req.node = at.node;
	err = vmalloc(call->m, &req, &call->value);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err)
		out_printf(call->sentence, "no memory for an area of %llu bytes: see sim/why",
			   (unsigned long long)bytes);
	else
		vmalloc_explain(call->m, bytes, call->value);
	return err;
}

static int run_vmalloc(struct call *call)
{
	return take_area(call, /* huge = */ false);
}

static int run_vmalloc_huge(struct call *call)
{
	return take_area(call, /* huge = */ true);
}

/* The area at addr that a script made, or NULL. Areas ascend. */
static const struct vm_area *find_area(const struct machine *m, u64 addr)
{
	unsigned int low = 0, high = vm_area_slots(m);

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct vm_area *area = vm_area_at(m, mid);

		if (area->addr == addr)
			return area->caller == script_caller ? area : NULL;
		if (area->addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int run_vfree(struct call *call)
{
	u64 addr = call->args[0].value;

	if (!addr)
		return 0;
	if (!find_area(call->m, addr))
		return call_refuse(call, -EINVAL, "%#llx is nothing that vmalloc returned: see "
				   "proc/vmallocinfo", (unsigned long long)addr);
	return vfree(call->m, addr);
}

static int run_unmap_aliases(struct call *call)
{
	vm_unmap_aliases(call->m);
	return 0;
}

enum { PERCPU_SIZE, PERCPU_ALIGN, PERCPU_GFP };

static int run_alloc_percpu(struct call *call)
{
	u64 bytes = call->args[PERCPU_SIZE].value;
	const struct arg *align = &call->args[PERCPU_ALIGN], no_node = { 0 };
	struct placement at;
	int err = call_placement(call, &call->args[PERCPU_GFP], &no_node, &at);

	if (err)
		return err;
	err = alloc_percpu(call->m, bytes, align->given ? align->value : 8, at.gfp, &call->value);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err == -EINVAL)
		return call_refuse(call, err, "a piece has 1 to 32768 bytes, and is aligned to a "
				   "power of 2 up to a page");
	if (err)
		out_printf(call->sentence, "no memory for %llu bytes of each CPU: see sim/why",
			   (unsigned long long)bytes);
	return err;
}

static int run_free_percpu(struct call *call)
{
	u64 addr = call->args[0].value;
	int err = 0;

	if (addr)
		err = memcg_owns_percpu(call->m, addr) ? -EINVAL : free_percpu(call->m, addr);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	return !err ? 0 : call_refuse(call, err, "%#llx is nothing that alloc_percpu returned",
				      (unsigned long long)addr);
}

static const struct verb_form vmalloc_forms[] = {
	{ { A_SIZE, A_NODE }, { VMALLOC_SIZE, VMALLOC_NODE } },
};

static const struct verb verbs[] = {
	{ "vmalloc", { A_SIZE, A_GFP | A_OPTIONAL, A_NODE }, run_vmalloc,
	  RESULT_POINTER, 0, SCOPE_KERNEL, "SIZE [GFP] [NODE]",
	  "Allocate SIZE bytes of virtually contiguous memory, with a guard page behind it.",
	  vmalloc_forms, ARRAY_SIZE(vmalloc_forms),
	  .cost = COST_VMALLOC },
	{ "vmalloc_huge", { A_SIZE, A_GFP | A_OPTIONAL, A_NODE }, run_vmalloc_huge,
	  RESULT_POINTER, 0, SCOPE_KERNEL, "SIZE [GFP] [NODE]",
	  "The same, in blocks of 2 MiB mapped by one entry each, where SIZE is 2 MiB and more "
	  "(until 6.1: for each node that is online, unless NODE is given); SIZE is rounded up to "
	  "whole blocks then. Where there are no such blocks, with 32 bits, or after "
	  "nohugevmalloc on the command line it is vmalloc.",
	  vmalloc_forms, ARRAY_SIZE(vmalloc_forms),
	  .cost = COST_VMALLOC },
	{ "vfree", { A_ADDR }, run_vfree, RESULT_NONE, 0, SCOPE_KERNEL, "ADDRESS",
	  "Free what vmalloc returned; NULL is no error. EINVAL for any other address; "
	  "nothing changes then.",
	  .cost = COST_VFREE },
	{ "alloc_percpu", { A_SIZE, A_SIZE | A_OPTIONAL, A_GFP }, run_alloc_percpu,
	  RESULT_POINTER, 0, SCOPE_KERNEL, "SIZE [ALIGN] [GFP]",
	  "Allocate SIZE bytes for each CPU, up to 32K, aligned to 8 bytes or to ALIGN. The result "
	  "is the address of the first CPU's. Where no chunk has a hole a new one is made: areas "
	  "of pcpu_get_vm_areas in proc/vmallocinfo, pages as far as pieces lie in them. Without "
	  "__GFP_DIRECT_RECLAIM only pages that are there already are used.",
	  .cost = COST_VMALLOC },
	{ "free_percpu", { A_ADDR }, run_free_percpu, RESULT_NONE, 0, SCOPE_KERNEL, "ADDRESS",
	  "Free what alloc_percpu returned; NULL is no error. Chunks that become empty, and pages "
	  "that no piece lies in, go but for a few. EINVAL for any other address; nothing "
	  "changes then.",
	  .cost = COST_VFREE },
	{ "vm_unmap_aliases", { A_END }, run_unmap_aliases, RESULT_NONE, 0, SCOPE_KERNEL, "",
	  "Purge the areas that vfree left: only now can their addresses be had again, since 6.9 "
	  "first by the CPU that had them, for areas of the same size. It happens by itself when "
	  "they come to 32 MiB for each power of two of CPUs." },
};

const struct verb_table vmalloc_verbs = { verbs, ARRAY_SIZE(verbs) };
