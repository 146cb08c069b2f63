// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that is plugged in and pulled out: what a DIMM's driver asks of the kernel. What
 * goes on and off line is written to sys/devices/system/memory.
 */
#include "fs/core/call.h"
#include "sim/phys/dump_page.h"
#include "sim/phys/memory_hotplug.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

static int has_hotplug(struct call *call)
{
	return call->m->hotplug ? 0 :
	       call_refuse(call, -EOPNOTSUPP, "this machine's kernel has no memory hotplug");
}

/* Of what is added: descriptors, threads of a node, objects of its caches. */
static int secure_addition(struct call *call, u64 size)
{
	struct virt_need need = {
		.pages = (size >> PAGE_SHIFT) * call->m->arch->struct_page_bytes / PAGE_SIZE + 128,
		.tables = 16, .objects = 2048, .bytes = 4 * SZ_1M,
	};

	return virt_guarantee(call->m, &need) ? call_no_host_memory(call) : 0;
}

static int run_add_memory(struct call *call)
{
	u64 nid = call->args[0].value, start = call->args[1].value, size = call->args[2].value;
	u64 limit = PFN_PHYS(call->m->arch->max_pfn);
	int err = has_hotplug(call);

	if (err)
		return err;
	if ((s64)nid < 0)
		return call_refuse(call, -EINVAL, "memory belongs to a node: write its number");
	err = secure_addition(call, MIN(size, limit));
	if (err)
		return err;
	err = add_memory(call->m, (unsigned int)nid, start, size);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err == -EINVAL)
		out_printf(call->sentence, "start and size are multiples of 0x%llx, and node %llu "
			   "is possible, or not: see sim/dmesg", (ull)memory_block_bytes(call->m),
			   (ull)nid);
	else if (err == -EEXIST)
		out_printf(call->sentence, "something is at 0x%llx to 0x%llx already: see "
			   "proc/iomem", (ull)start, (ull)(start + size - 1));
	return err;
}

/* Everything that it holds may have to move. */
static int secure_removal(struct call *call, u64 start, u64 size)
{
	u64 bytes = memory_block_bytes(call->m);
	struct virt_need need = { .pages = 64, .tables = 16, .objects = 1024, .bytes = SZ_1M };

	for (u64 at = start; at < start + size; at += bytes) {
		const struct memory_block *block = memory_block_of(call->m, PFN_DOWN(at));

		if (!block)
			break;
		need.pages += block->online ? memory_block_used(call->m, (u32)(at / bytes)) : 0;
	}
	need.objects += (u32)MIN(2 * need.pages, UINT32_MAX / 4);
	return virt_guarantee(call->m, &need) ? call_no_host_memory(call) : 0;
}

static int run_remove_memory(struct call *call)
{
	u64 start = call->args[0].value, size = call->args[1].value;
	struct offline_failure failure = { 0 };
	int err = has_hotplug(call);

	if (!err)
		err = secure_removal(call, start, size);
	if (err)
		return err;
	err = offline_and_remove_memory(call->m, start, size, &failure);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err && failure.reason && failure.pfn != ~0ULL)
		out_printf(call->sentence, "%s, page 0x%llx is %s", failure.reason,
			   (ull)failure.pfn, page_movable_text(call->m, failure.pfn));
	else if (err && failure.reason)
		out_puts(call->sentence, failure.reason);
	else if (err)
		out_puts(call->sentence, "only whole blocks that were added can be removed");
	return err;
}

static const struct verb verbs[] = {
	{ "add_memory", { A_NODE, A_ADDR, A_SIZE }, run_add_memory, RESULT_NONE, 0, SCOPE_KERNEL,
	  "NODE START SIZE",
	  "Plug memory in, as a DIMM at the address START: its blocks appear in "
	  "sys/devices/system/memory, and go on line as auto_online_blocks says. START and SIZE "
	  "are multiples of block_size_bytes. A node without memory and CPUs appears with it." },
	{ "remove_memory", { A_ADDR, A_SIZE }, run_remove_memory, RESULT_NONE, 0, SCOPE_KERNEL,
	  "START SIZE",
	  "Pull memory out that was added: its blocks go off line, where everything in them "
	  "can move elsewhere, and are gone; so is their node, if it has nothing else." },
};

const struct verb_table hotplug_verbs = { verbs, ARRAY_SIZE(verbs) };
