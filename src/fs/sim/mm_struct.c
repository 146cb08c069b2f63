// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory descriptor, one field a line, in the order in which the kernel of the
 * release declares them. Rows with a text show fields that never hold anything else
 * here; rows of an offset show struct mm_struct's.
 */
#include <inttypes.h>

#include "fs/core/entry.h"
#include "sim/virt/file.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/task.h"

enum field_type { FIXED, PGD, HEX, ULONG, INT, CPUS, MAPS, AUXV, RSS, EXE, OWNER, AREA };

struct field {
	const char *name;
	struct span span;
	u8 type;		/* enum field_type */
	u16 offset;		/* in struct mm_struct */
	const char *text;	/* of FIXED */
	bool only_64bit, only_numa;
};

#define FIELD(member, t, s) { #member, s, t, offsetof(struct mm_struct, member) }
#define TEXT(member, s, value) { member, s, FIXED, 0, value }

static const struct field fields[] = {
	FIELD(mm_count, INT, SINCE(R_6_18)),
	{ "mm_mt", ALL, MAPS },
	{ "get_unmapped_area", UNTIL(R_6_1), AREA },
	FIELD(mmap_base, HEX, ALL),
	FIELD(mmap_legacy_base, HEX, ALL),
	{ "mmap_compat_base", ALL, HEX, offsetof(struct mm_struct, mmap_compat_base),
	  .only_64bit = true },
	{ "mmap_compat_legacy_base", ALL, HEX,
	  offsetof(struct mm_struct, mmap_compat_legacy_base), .only_64bit = true },
	FIELD(task_size, HEX, ALL),
	{ "pgd", ALL, PGD },
	TEXT("membarrier_state", ALL, "0"),
	FIELD(mm_users, INT, ALL),
	FIELD(mm_count, INT, UNTIL(R_6_1)),
	TEXT("pcpu_cid", SINCE(R_6_18), "NULL"),
	TEXT("mm_cid_next_scan", SINCE(R_6_18), "0"),
	TEXT("nr_cpus_allowed", SINCE(R_6_18), "0"),
	TEXT("max_nr_cid", SINCE(R_6_18), "0"),
	TEXT("cpus_allowed_lock", SINCE(R_6_18), "unlocked"),
	FIELD(pgtables_bytes, ULONG, ALL),
	FIELD(map_count, INT, ALL),
	TEXT("page_table_lock", ALL, "unlocked"),
	TEXT("mmap_lock", ALL, "unlocked"),
	TEXT("mmlist", ALL, "empty"),
	TEXT("vma_writer_wait", SINCE(R_6_18), "NULL"),
	TEXT("mm_lock_seq", SINCE(R_6_18), "0"),
	FIELD(hiwater_rss, ULONG, ALL),
	FIELD(hiwater_vm, ULONG, ALL),
	FIELD(total_vm, ULONG, ALL),
	FIELD(locked_vm, ULONG, ALL),
	FIELD(pinned_vm, ULONG, ALL),
	FIELD(data_vm, ULONG, ALL),
	FIELD(exec_vm, ULONG, ALL),
	FIELD(stack_vm, ULONG, ALL),
	FIELD(def_flags, HEX, ALL),
	TEXT("write_protect_seq", ALL, "0"),
	TEXT("arg_lock", ALL, "unlocked"),
	FIELD(start_code, HEX, ALL),
	FIELD(end_code, HEX, ALL),
	FIELD(start_data, HEX, ALL),
	FIELD(end_data, HEX, ALL),
	FIELD(start_brk, HEX, ALL),
	FIELD(brk, HEX, ALL),
	FIELD(start_stack, HEX, ALL),
	FIELD(arg_start, HEX, ALL),
	FIELD(arg_end, HEX, ALL),
	FIELD(env_start, HEX, ALL),
	FIELD(env_end, HEX, ALL),
	{ "saved_auxv", ALL, AUXV },
	{ "rss_stat", ALL, RSS },
	TEXT("binfmt", ALL, "NULL"),
	{ "context.ctx_id", ALL, ULONG, offsetof(struct mm_struct, ctx_id) },
	{ "context.tlb_gen", ALL, ULONG, offsetof(struct mm_struct, tlb_gen) },
	FIELD(flags, HEX, ALL),
	TEXT("ioctx_lock", ALL, "unlocked"),
	TEXT("ioctx_table", ALL, "NULL"),
	{ "owner", ALL, OWNER },
	TEXT("user_ns", ALL, "init_user_ns"),
	{ "exe_file", ALL, EXE },
	TEXT("notifier_subscriptions", ALL, "NULL"),
	{ "numa_next_scan", ALL, ULONG, offsetof(struct mm_struct, numa_next_scan),
	  .only_numa = true },
	{ "numa_scan_offset", ALL, HEX, offsetof(struct mm_struct, numa_scan_offset),
	  .only_numa = true },
	{ "numa_scan_seq", ALL, INT, offsetof(struct mm_struct, numa_scan_seq),
	  .only_numa = true },
	TEXT("tlb_flush_pending", ALL, "0"),
	TEXT("tlb_flush_batched", ALL, "0"),
	TEXT("uprobes_state", ALL, "NULL"),
	FIELD(hugetlb_usage, ULONG, ALL),
	TEXT("async_put_work", ALL, "idle"),
	FIELD(ksm_merging_pages, ULONG, ALL),
	FIELD(ksm_rmap_items, ULONG, ALL),
	FIELD(ksm_zero_pages, ULONG, SINCE(R_6_18)),
	TEXT("lru_gen.list", ALL, "empty"),
	TEXT("lru_gen.bitmap", ALL, "0"),
	TEXT("lru_gen.memcg", ALL, "NULL"),
	{ "cpu_bitmap", ALL, CPUS },
};

/* The task that the mm is for: the first process of those that use it. */
static const struct task_struct *owner_of(const struct machine *m, const struct mm_struct *mm)
{
	for (const struct task_struct *t = process_next(m, 1); t; t = process_next(m, t->pid + 1)) {
		if (t->mm == mm)
			return t;
	}
	return NULL;
}

static void print_pgd(struct out *out, const struct machine *m, const struct mm_struct *mm)
{
	if (mm->pgd_symbol)
		out_puts(out, mm->pgd_symbol);
	else
		out_printf(out, "0x%" PRIx64, mm_pgd_address(m, mm));
}

/* Pairs of type and value up to the one of type 0. */
static void print_auxv(struct out *out, const struct mm_struct *mm)
{
	for (unsigned int i = 0; i + 1 < SAVED_AUXV_WORDS && mm->saved_auxv[i]; i += 2)
		out_printf(out, "%" PRIu64 ":0x%" PRIx64 " ", mm->saved_auxv[i],
			   mm->saved_auxv[i + 1]);
	out_putc(out, '0');
}

static void print_owner(struct out *out, const struct machine *m, const struct mm_struct *mm)
{
	const struct task_struct *owner = owner_of(m, mm);

	if (owner)
		out_printf(out, "%u (%s)", owner->pid, owner->comm);
	else
		out_puts(out, "NULL");
}

/* Who finds room in it; the kernel's own mm has nobody. */
static void print_search(struct out *out, const struct mm_struct *mm)
{
	if (mm->pgd_symbol)
		out_puts(out, "NULL");
	else
		out_printf(out, "arch_get_unmapped_area%s", mm->topdown ? "_topdown" : "");
}

static void print_value(struct out *out, const struct machine *m,
			const struct mm_struct *mm, const struct field *field)
{
	const void *at = (const char *)mm + field->offset;

	switch ((enum field_type)field->type) {
	case FIXED:
		out_puts(out, field->text);
		break;
	case PGD:
		print_pgd(out, m, mm);
		break;
	case HEX:
		out_printf(out, "0x%" PRIx64, *(const u64 *)at);
		break;
	case ULONG:
		out_u64(out, *(const u64 *)at, 0);
		break;
	case INT:
		out_printf(out, "%d", *(const s32 *)at);
		break;
	case CPUS:
		out_bitmap_mask(out, mm->cpumask, m->nr_cpus);
		break;
	case MAPS:
		if (mt_empty(&mm->mm_mt))
			out_puts(out, "empty");
		else
			out_printf(out, "%u entries in %u nodes, height %u", mm->mm_mt.nr_entries,
				   mm->mm_mt.nr_nodes, mm->mm_mt.height);
		break;
	case AUXV:
		print_auxv(out, mm);
		break;
	case RSS:
		out_printf(out, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
			   mm->rss_stat[MM_FILEPAGES], mm->rss_stat[MM_ANONPAGES],
			   mm->rss_stat[MM_SWAPENTS], mm->rss_stat[MM_SHMEMPAGES]);
		break;
	case EXE:
		out_puts(out, mm->exe_file ? mm->exe_file->inode->path : "NULL");
		break;
	case OWNER:
		print_owner(out, m, mm);
		break;
	case AREA:
		print_search(out, mm);
		break;
	}
}

static void show_mm(struct out *out, const struct machine *m, const struct mm_struct *mm)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *field = &fields[i];

		if (!span_holds(field->span, m->release) ||
		    (field->only_64bit && m->arch->bits != 64) ||
		    (field->only_numa && !m->arch->numa))
			continue;
		out_printf(out, "%s: ", field->name);
		print_value(out, m, mm, field);
		out_putc(out, '\n');
	}
}

static int init_mm_show(struct out *out, const struct view *v)
{
	if (v->m->init_mm)
		show_mm(out, v->m, v->m->init_mm);
	return 0;
}

static int pid_mm_show(struct out *out, const struct view *v)
{
	const struct task_struct *task = task_find(v->m, v->id[V_PID]);

	if (!task || !task->mm)
		return -ESRCH;
	show_mm(out, v->m, task->mm);
	return 0;
}

static const struct entry sim_entries[] = {
	{ "init_mm", S_IFREG | 0444, ALL, init_mm_show,
	  .help = "The first memory descriptor, the kernel's own: one `field: value` a line "
		  "in the order in which struct mm_struct declares them. It is set up before "
		  "there is an allocator." },
};
static const struct dir sim_dir = { DIR_FILES(sim_entries) };

static const struct entry pid_entries[] = {
	{ "mm_struct", S_IFREG | 0400, ALL, pid_mm_show,
	  .help = "The memory descriptor of this process: one `field: value` a line in the "
		  "order in which the kernel declares them." },
};
static const struct dir pid_dir = { DIR_FILES(pid_entries) };

TREE_PARTS(mm_struct_parts, { "sim", &sim_dir }, { "proc/<PID>", &pid_dir });
