// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program does with its memory: load, store, ifetch. One access for each page
 * of a range, in slices, each of which secures host memory for itself; so a long
 * access that the host cuts short has done a part, and says how much.
 */
#include <inttypes.h>

#include "fs/core/call_task.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/process_vm.h"
#include "sim/virt/userfaultfd.h"

#define SCOPE_TASKS (1U << V_PID)
#define SLICE_PAGES 4096

enum { ACCESS_ADDR, ACCESS_LEN, ACCESS_STRIDE };

struct range {
	enum access access;
	u64 addr, end, stride;	/* stride 0: once in each page */
	u64 done, all;
};

static u64 next_access(const struct range *range, u64 addr)
{
	return range->stride ? addr + range->stride : ALIGN_DOWN(addr, PAGE_SIZE) + PAGE_SIZE;
}

static const char *const signal_names[] = { [7] = "SIGBUS", [9] = "SIGKILL", [11] = "SIGSEGV" };
static const char *const segv_codes[] = { "SI_USER", "SEGV_MAPERR", "SEGV_ACCERR",
					  "SEGV_BNDERR", "SEGV_PKUERR" };
static const char *const bus_codes[] = { "SI_USER", "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR",
					 "BUS_MCEERR_AR" };

static const char *code_name(const struct access_result *result)
{
	if (result->signal == 11 && result->code < (int)ARRAY_SIZE(segv_codes))
		return segv_codes[result->code];
	if (result->signal == 7 && result->code < (int)ARRAY_SIZE(bus_codes))
		return bus_codes[result->code];
	return "SI_KERNEL";
}

/* The program has no handler: it dies of it. */
static int die(struct call *call, const struct access_result *result)
{
	out_printf(call->sentence, "killed by %s {si_code=%s, si_addr=0x%" PRIx64 "}",
		   signal_names[result->signal], code_name(result), result->address);
	force_sig_fault(call->m, call->task, result->signal, result->code, result->address,
			result->error_code);
	return result->signal == 9 ? -ENOMEM : -EFAULT;
}

/* The task is blocked; the rest of the access is its own matter. */
static int wait_for_page(struct call *call, const struct range *range)
{
	userfaultfd_wait_access(call->task, range->addr, range->end, range->stride);
	out_printf(call->sentence, "the task waits: a userfaultfd has to fill the page at 0x%" PRIx64,
		   ALIGN_DOWN(range->addr, PAGE_SIZE));
	return -EINPROGRESS;
}

/* Up to a slice's end. 0; -ENOBUFS; what die() says. */
static int access_slice(struct call *call, struct range *range)
{
	unsigned int nr = 0;

	while (range->addr < range->end && nr++ < SLICE_PAGES) {
		struct access_result result;
		int err = task_access(call->m, call->task, range->addr, range->access, &result);

		if (err == -EINPROGRESS)
			return wait_for_page(call, range);
		if (err)
			return err;
		if (result.signal)
			return die(call, &result);
		range->addr = next_access(range, range->addr);
		range->done++;
	}
	return 0;
}

/* The host has no memory for the next slice. */
static int cut_short(struct call *call, const struct range *range)
{
	if (!range->done)
		return call_no_host_memory(call);
	out_printf(call->sentence, "the host has no memory left: %" PRIu64 " of %" PRIu64
		   " pages done", range->done, range->all);
	return -ENOMEM;
}

static int run_access(struct call *call, enum access access)
{
	const struct arg *len = &call->args[ACCESS_LEN], *stride = &call->args[ACCESS_STRIDE];
	struct range range = {
		.access = access,
		.addr = call->args[ACCESS_ADDR].value,
		.stride = stride->given ? stride->value : 0,
	};
	u64 bytes = len->given ? len->value : 1;
	int err = 0;

	if (stride->given && !stride->value)
		return call_refuse(call, -EINVAL, "a stride of 0 would never end");
	if (bytes > ~0ULL - range.addr)
		return call_refuse(call, -EINVAL, "%" PRIu64 " bytes from 0x%" PRIx64 " on end "
				   "beyond the last address", bytes, range.addr);
	range.end = range.addr + bytes;
	range.all = PFN_UP(range.end) - PFN_DOWN(range.addr);
	while (!err && range.addr < range.end) {
		struct virt_need need = { .pages = SLICE_PAGES * 2, .tables = 64, .objects = 256 };

		if (range.all < SLICE_PAGES)
			need = (struct virt_need){ .pages = range.all + 32,
						   .tables = 4 + range.all / 256, .objects = 64 };
		err = range.done ? virt_guarantee(call->m, &need) : call_needs(call, &need);
		if (!err)
			err = access_slice(call, &range);
	}
	return err == -ENOBUFS ? cut_short(call, &range) : err;
}

static int run_load(struct call *call)
{
	return run_access(call, ACCESS_LOAD);
}

static int run_store(struct call *call)
{
	return run_access(call, ACCESS_STORE);
}

static int run_ifetch(struct call *call)
{
	return run_access(call, ACCESS_IFETCH);
}

#define POKE_MAX 127		/* bytes: twice as many digits are one word */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "48656c6c6f": bytes written, or -1. */
static int hex_bytes(const struct arg *text, u8 bytes[POKE_MAX])
{
	if (text->len % 2 || text->len / 2 > POKE_MAX)
		return -1;
	for (unsigned int i = 0; i < text->len / 2; i++) {
		int high = hex_digit(text->text[2 * i]), low = hex_digit(text->text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		bytes[i] = (u8)(high << 4 | low);
	}
	return text->len / 2;
}

static int run_poke(struct call *call)
{
	u8 bytes[POKE_MAX];
	int nr = hex_bytes(&call->args[1], bytes), err;

	if (nr < 0)
		return call_refuse(call, -EINVAL, "'%s' is not up to %d bytes of two hex digits "
				   "each", call->args[1].text, POKE_MAX);
	err = call_needs_range(call, 2 * PAGE_SIZE);
	return err ? err : write_process_vm(call->m, call->task, call->args[0].value, bytes,
					    (u64)nr, &call->value);
}

#define ACCESS_ARGS { A_ADDR, A_SIZE | A_OPTIONAL, A_SIZE | A_OPTIONAL }
#define ACCESS_USAGE "ADDR [LENGTH [STRIDE]]"

static const struct verb verbs[] = {
	{ "load", ACCESS_ARGS, run_load, RESULT_NONE, 0, SCOPE_TASKS, ACCESS_USAGE,
	  "Read memory: one byte, or one in each page of LENGTH bytes, or one every STRIDE "
	  "bytes. Faults happen as they do; one that may not happen kills the task." },
	{ "store", ACCESS_ARGS, run_store, RESULT_NONE, 0, SCOPE_TASKS, ACCESS_USAGE,
	  "Write memory, as load reads it." },
	{ "poke", { A_ADDR, A_WORD }, run_poke, RESULT_NUMBER, 0, SCOPE_TASKS, "ADDR HEXDIGITS",
	  "Store these bytes: `poke @buf 48656c6c6f`. What PID/mem is written becomes this." },
	{ "ifetch", ACCESS_ARGS, run_ifetch, RESULT_NONE, 0, SCOPE_TASKS, ACCESS_USAGE,
	  "Execute instructions there, as load reads." },
};

const struct verb_table access_verbs = { verbs, ARRAY_SIZE(verbs) };
