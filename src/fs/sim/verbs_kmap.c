// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the kernel sees pages: kmap and its like, and __pa and __va. */
#include "fs/core/verb.h"
#include "sim/phys/section.h"
#include "sim/virt/highmem.h"

/* The page of the first argument. 0 or refused. */
static int call_page(struct call *call, u32 *pfn)
{
	u64 value = call->args[0].value;

	if (value >= call->m->max_pfn || !page_present(call->m, value))
		return call_refuse(call, -EINVAL, "0x%llx is no page frame of this machine",
				   (unsigned long long)value);
	*pfn = (u32)value;
	return 0;
}

static int run_page_address(struct call *call)
{
	u32 pfn = 0;
	int err = call_page(call, &pfn);

	if (!err)
		call->value = page_address(call->m, pfn);
	return err;
}

static int run_kmap(struct call *call)
{
	u32 pfn = 0;
	int err = call_page(call, &pfn);

	if (err)
		return err;
	err = kmap(call->m, pfn, &call->value);
	if (err)
		return call_refuse(call, err, "all addresses of the kmap area have users: a real "
				   "one would sleep until a kunmap");
	return 0;
}

static int run_kunmap(struct call *call)
{
	u32 pfn = 0;
	int err = call_page(call, &pfn);

	if (err)
		return err;
	if (kunmap(call->m, pfn))
		return call_refuse(call, -EINVAL, "page 0x%x has no user by kmap", pfn);
	return 0;
}

static int run_kmap_local_page(struct call *call)
{
	u32 pfn = 0;
	int err = call_page(call, &pfn);

	if (err)
		return err;
	if (kmap_local_page(call->m, pfn, &call->value))
		return call_refuse(call, -ENOSPC, "CPU %u has all its %u slots in use: a real one "
				   "would stop with a BUG", call->m->cpu, KM_MAX_IDX);
	return 0;
}

static int run_kunmap_local(struct call *call)
{
	if (kunmap_local(call->m, call->args[0].value))
		return call_refuse(call, -EINVAL, "0x%llx is not the last local mapping of CPU "
				   "%u: they go in the opposite order",
				   (unsigned long long)call->args[0].value, call->m->cpu);
	return 0;
}

static int run_pa(struct call *call)
{
	u64 addr = call->args[0].value;

	if (kernel_pa(call->m, addr, &call->value))
		return call_refuse(call, -EINVAL, "0x%llx is no address of low memory: __pa knows "
				   "the direct map alone", (unsigned long long)addr);
	return 0;
}

static int run_va(struct call *call)
{
	u64 phys = call->args[0].value;

	if (kernel_va(call->m, phys, &call->value))
		return call_refuse(call, -EINVAL, "0x%llx is not in the direct map: HighMem has no "
				   "address until it is kmapped", (unsigned long long)phys);
	return 0;
}

static const struct verb verbs[] = {
	{ "kmap", { A_ADDR }, run_kmap, RESULT_POINTER, 0, SCOPE_KERNEL, "PFN",
	  "Give a page an address that all CPUs see. Low memory has one; HighMem gets the next of "
	  "the kmap area, one user more if it has one. EAGAIN where a real kernel would sleep." },
	{ "kunmap", { A_ADDR }, run_kunmap, RESULT_NONE, 0, SCOPE_KERNEL, "PFN",
	  "One user less; without users the address stays the page's until all are gone through." },
	{ "kmap_local_page", { A_ADDR }, run_kmap_local_page, RESULT_POINTER, 0, SCOPE_KERNEL,
	  "PFN", "Give a page of HighMem the next fixmap slot of this CPU." },
	{ "kunmap_local", { A_ADDR }, run_kunmap_local, RESULT_NONE, 0, SCOPE_KERNEL, "ADDRESS",
	  "Take this CPU's last local mapping back." },
	{ "page_address", { A_ADDR }, run_page_address, RESULT_POINTER, 0, SCOPE_KERNEL, "PFN",
	  "Where the kernel sees a page now; NULL: nowhere." },
	{ "__pa", { A_ADDR }, run_pa, RESULT_POINTER, 0, SCOPE_KERNEL, "ADDRESS",
	  "The physical address behind one of the direct map or of the kernel's image." },
	{ "__va", { A_ADDR }, run_va, RESULT_POINTER, 0, SCOPE_KERNEL, "PHYSICAL",
	  "Where the direct map has a physical address." },
};

const struct verb_table kmap_verbs = { verbs, ARRAY_SIZE(verbs) };
