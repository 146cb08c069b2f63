// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory descriptor, one field a line, in the order in which the kernel of the
 * release declares them. Rows with a text show fields that never hold anything else
 * here; rows of an offset show struct mm_struct's.
 */
#include <inttypes.h>

#include "fs/core/entry.h"
#include "sim/virt/mm_types.h"

enum field_type { FIXED, SYMBOL, HEX, ULONG, INT, CPUS };

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
	TEXT("mm_mt", ALL, "empty"),
	TEXT("get_unmapped_area", UNTIL(R_6_1), "NULL"),
	FIELD(mmap_base, HEX, ALL),
	FIELD(mmap_legacy_base, HEX, ALL),
	{ "mmap_compat_base", ALL, HEX, offsetof(struct mm_struct, mmap_compat_base),
	  .only_64bit = true },
	{ "mmap_compat_legacy_base", ALL, HEX,
	  offsetof(struct mm_struct, mmap_compat_legacy_base), .only_64bit = true },
	FIELD(task_size, HEX, ALL),
	{ "pgd", ALL, SYMBOL, offsetof(struct mm_struct, pgd_symbol) },
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
	TEXT("saved_auxv", ALL, "0"),
	TEXT("rss_stat", ALL, "0 0 0 0"),
	TEXT("binfmt", ALL, "NULL"),
	{ "context.ctx_id", ALL, ULONG, offsetof(struct mm_struct, ctx_id) },
	FIELD(flags, HEX, ALL),
	TEXT("ioctx_lock", ALL, "unlocked"),
	TEXT("ioctx_table", ALL, "NULL"),
	TEXT("owner", ALL, "NULL"),
	TEXT("user_ns", ALL, "init_user_ns"),
	TEXT("exe_file", ALL, "NULL"),
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

static void print_value(struct out *out, const struct machine *m,
			const struct mm_struct *mm, const struct field *field)
{
	const void *at = (const char *)mm + field->offset;
	const u64 no_cpus[CPU_WORDS] = { 0 };

	switch ((enum field_type)field->type) {
	case FIXED:
		out_puts(out, field->text);
		break;
	case SYMBOL:
		out_puts(out, *(const char *const *)at);
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
		out_bitmap_mask(out, no_cpus, m->nr_cpus);
		break;
	}
}

static int init_mm_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; v->m->init_mm && i < ARRAY_SIZE(fields); i++) {
		const struct field *field = &fields[i];

		if (!span_holds(field->span, v->m->release) ||
		    (field->only_64bit && v->m->arch->bits != 64) ||
		    (field->only_numa && !v->m->arch->numa))
			continue;
		out_printf(out, "%s: ", field->name);
		print_value(out, v->m, v->m->init_mm, field);
		out_putc(out, '\n');
	}
	return 0;
}

static const struct entry sim_entries[] = {
	{ "init_mm", S_IFREG | 0444, ALL, init_mm_show,
	  .help = "The first memory descriptor, the kernel's own: one `field: value` a line "
		  "in the order in which struct mm_struct declares them. It is set up before "
		  "there is an allocator." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(mm_struct_parts, { "sim", &sim_dir });
