// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system's hash tables. Each is a row: how many bytes of memory get one
 * bucket, how big a bucket is, and the limits. Tables made before the allocator
 * runs come from memblock; on a machine with several nodes they wait for vmalloc,
 * which spreads them over the nodes.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#include "sim/phys/page_alloc.h"
#include "sim/phys/vmalloc.h"

#define ADAPT_PAGES (64 * SZ_1G >> PAGE_SHIFT)

enum hash_source { BY_MEMORY, BY_CPUS, FIXED, AS_TCP };

struct hash_row {
	const char *name;
	u8 bucket64, bucket32;	/* bytes */
	u8 scale;		/* one bucket for 1 << scale bytes of memory */
	u8 source;
	u32 given;		/* entries, or entries for each CPU */
	u32 low, high;		/* limits of the number of entries; high 0 = memory/16 */
	struct span span;
	size_t option;		/* u64 in struct cmdline that sets the number; 0 = none */
};

#define OPTION(field) offsetof(struct cmdline, field)

static const struct hash_row early_rows[] = {
	{ .name = "Dentry cache", .bucket64 = 8, .bucket32 = 4, .scale = 13, .span = ALL,
	  .option = OPTION(dentry_hash) },
	{ .name = "Inode-cache", .bucket64 = 8, .bucket32 = 4, .scale = 14, .span = ALL,
	  .option = OPTION(inode_hash) },
};

static const struct hash_row mount_rows[] = {
	{ .name = "Mount-cache", .bucket64 = 8, .bucket32 = 4, .scale = 19, .span = ALL,
	  .option = OPTION(mount_hash) },
	{ .name = "Mountpoint-cache", .bucket64 = 8, .bucket32 = 4, .scale = 19, .span = ALL,
	  .option = OPTION(mountpoint_hash) },
};

static const struct hash_row core_rows[] = {
	{ .name = "posixtimers", .bucket64 = 16, .bucket32 = 8, .source = BY_CPUS,
	  .given = 512, .span = SINCE(R_6_18) },
	{ .name = "futex", .bucket64 = 64, .bucket32 = 64, .source = BY_CPUS, .given = 256,
	  .span = UNTIL(R_6_1) },
};

static const struct hash_row network_rows[] = {
	{ .name = "IP idents", .bucket64 = 8, .bucket32 = 8, .scale = 16, .low = 2048,
	  .high = 256 << 10, .span = ALL },
	{ .name = "tcp_listen_portaddr_hash", .bucket64 = 16, .bucket32 = 8, .scale = 21,
	  .high = 64 << 10, .span = ALL, .option = OPTION(tcp_hash) },
	{ .name = "Table-perturb", .bucket64 = 4, .bucket32 = 4, .source = FIXED,
	  .given = 65536, .low = 65536, .high = 65536, .span = ALL },
	{ .name = "TCP established", .bucket64 = 8, .bucket32 = 4, .scale = 17,
	  .high = 512 << 10, .span = ALL, .option = OPTION(tcp_hash) },
	{ .name = "TCP bind", .bucket64 = 32, .bucket32 = 16, .source = AS_TCP,
	  .high = 64 << 10, .span = ALL },
	{ .name = "MPTCP token", .bucket64 = 24, .bucket32 = 16, .scale = 20,
	  .high = 64 << 10, .span = ALL },
	{ .name = "UDP", .bucket64 = 32, .bucket32 = 32, .scale = 21, .low = 256,
	  .high = 64 << 10, .span = UNTIL(R_6_1), .option = OPTION(udp_hash) },
	{ .name = "UDP-Lite", .bucket64 = 32, .bucket32 = 32, .scale = 21, .low = 256,
	  .high = 64 << 10, .span = UNTIL(R_6_1), .option = OPTION(udp_hash) },
	{ .name = "UDP", .bucket64 = 64, .bucket32 = 64, .scale = 21, .low = 256,
	  .high = 64 << 10, .span = SINCE(R_6_18), .option = OPTION(udp_hash) },
	{ .name = "UDP-Lite", .bucket64 = 64, .bucket32 = 64, .scale = 21, .low = 256,
	  .high = 64 << 10, .span = SINCE(R_6_18), .option = OPTION(udp_hash) },
};

static const struct hash_row stackdepot_rows[] = {
	{ .name = "stackdepot", .bucket64 = 8, .bucket32 = 4, .scale = 14, .low = 1 << 12,
	  .high = 1 << 20, .span = UNTIL(R_6_1) },
	{ .name = "stackdepot", .bucket64 = 16, .bucket32 = 8, .scale = 14, .low = 1 << 12,
	  .high = 1 << 20, .span = SINCE(R_6_18) },
};

static u64 by_memory(const struct boot *b, const struct hash_row *row, u32 bucket)
{
	u64 entries = ALIGN_UP(b->nr_kernel_pages, SZ_1M >> PAGE_SHIFT);
	unsigned int scale = row->scale;

	if (!row->high && b->m->arch->bits == 64)
		for (u64 adapt = ADAPT_PAGES; adapt < entries; adapt <<= 2)
			scale++;
	if (scale > PAGE_SHIFT)
		entries >>= scale - PAGE_SHIFT;
	else
		entries <<= PAGE_SHIFT - scale;
	if (entries * bucket < PAGE_SIZE)
		entries = PAGE_SIZE / bucket;
	return roundup_pow_of_two(entries);
}

static u64 option_value(const struct boot *b, size_t option)
{
	const char *base = (const char *)&b->cmdline;
	u64 value;

	if (!option)
		return 0;
	memcpy(&value, base + option, sizeof(value));
	return value;
}

static u64 nr_entries(const struct boot *b, const struct hash_row *row, u32 bucket, u64 tcp)
{
	u64 entries = option_value(b, row->option);
	u64 max = row->high ? row->high : (b->nr_all_pages << PAGE_SHIFT >> 4) / bucket;

	if (row->source == BY_CPUS)
		entries = roundup_pow_of_two((u64)row->given * b->m->nr_possible_cpus);
	else if (row->source == FIXED)
		entries = row->given;
	else if (row->source == AS_TCP)
		entries = tcp;
	else if (!entries)
		entries = by_memory(b, row, bucket);
	entries = MAX(roundup_pow_of_two(entries), row->low);
	max = MIN(max, 0x80000000ULL);
	if (max)
		entries = MIN(entries, max);
	return rounddown_pow_of_two(entries);
}

static void take_memory(struct boot *b, u64 bytes, bool early, bool by_vmalloc)
{
	struct vmalloc_request req = {
		.bytes = bytes, .gfp = GFP_ATOMIC, .node = NUMA_NO_NODE,
		.huge = true,
		.caller = rel_caller_column(b->m->release) ?
			  "alloc_large_system_hash+0x17c/0x3c0" :
			  "alloc_large_system_hash+0x197/0x27c",
	};
	u64 addr;
	u32 pfn;
	int err = 0;

	if (early)
		boot_alloc_small(b, bytes, "hash table");
	else if (by_vmalloc)
		err = vmalloc(b->m, &req, &addr);
	else
		err = alloc_kernel_pages(b->m, GFP_ATOMIC, (unsigned int)get_order(bytes),
					 NUMA_NO_NODE, PGTY_kernel, &pfn);
	if (err == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
}

static u64 make_table(struct boot *b, const struct hash_row *row, bool early, u64 tcp)
{
	u32 bucket = b->m->arch->bits == 64 ? row->bucket64 : row->bucket32;
	u64 entries = nr_entries(b, row, bucket, tcp);
	u64 bytes = entries * bucket;
	bool by_vmalloc = !early && (b->hashdist || get_order(bytes) > MAX_PAGE_ORDER);

	take_memory(b, bytes, early, by_vmalloc);
	printk(b->m, 6, "%s hash table entries: %llu (order: %d, %llu bytes, %s%s)", row->name,
	       (unsigned long long)entries, get_order(bytes), (unsigned long long)bytes,
	       by_vmalloc ? "vmalloc" : "linear",
	       by_vmalloc && vmalloc_is_huge(b->m, bytes, NUMA_NO_NODE) ? " hugepage" : "");
	boot_note(b->m, "%s: %llu entries of %u bytes", row->name, (unsigned long long)entries,
		  bucket);
	return entries;
}

/* Two cache lines of locks for each CPU, a page for each node, no more than buckets. */
static void locks_of_tcp(struct boot *b, u64 buckets)
{
	u64 locks = MAX(2 * 64 / 4 * (u64)b->m->nr_possible_cpus,
			nr_online_nodes(b->m) * PAGE_SIZE / 4);
	struct vmalloc_request req = {
		.bytes = MIN(roundup_pow_of_two(locks), buckets) * 4, .gfp = GFP_KERNEL,
		.node = NUMA_NO_NODE,
		.caller = rel_caller_column(b->m->release) ? "inet_ehash_locks_alloc+0xa4/0x110" :
							     "inet_ehash_locks_alloc+0xe0/0x100",
	};
	u64 addr;

	if (nr_online_nodes(b->m) > 1 && vmalloc(b->m, &req, &addr) == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
}

static void make_tables(struct boot *b, const struct hash_row *rows, unsigned int nr,
			bool early)
{
	u64 tcp = 0;

	for (unsigned int i = 0; i < nr && !b->err; i++) {
		u64 entries;

		if (!span_holds(rows[i].span, b->m->release))
			continue;
		entries = make_table(b, &rows[i], early, tcp);
		if (!strcmp(rows[i].name, "TCP established")) {
			tcp = entries;
			locks_of_tcp(b, tcp);
		}
		if (rows[i].source == AS_TCP)
			printk(b->m, 6, "TCP: Hash tables configured (established %llu bind "
			       "%llu)", (unsigned long long)tcp, (unsigned long long)entries);
	}
}

void boot_early_hashes(struct boot *b)
{
	if (b->hashdist)
		boot_note(b->m, "left for later: vmalloc will spread them over the nodes");
	else
		make_tables(b, early_rows, ARRAY_SIZE(early_rows), /* early = */ true);
}

/* Stacks of allocations are kept when somebody wants to show them. */
void boot_stackdepot(struct boot *b)
{
	if (b->cmdline.page_owner || slub_debug_has(&b->cmdline, 'U'))
		make_tables(b, stackdepot_rows, ARRAY_SIZE(stackdepot_rows), /* early = */ true);
}

/* Since 6.17: each node has a part of the futex table. */
static void futex_per_node(struct boot *b)
{
	unsigned int nodes = MAX(nr_online_nodes(b->m), 1);
	u64 entries = roundup_pow_of_two(MAX(256ULL * b->m->nr_possible_cpus / nodes, 4));
	u64 bytes = entries * 64;
	bool linear = get_order(bytes) <= MAX_PAGE_ORDER;

	for (unsigned int i = 0; i < nodes; i++)
		take_memory(b, bytes, /* early = */ false, !linear);
	printk(b->m, 6, "futex hash table entries: %llu (%llu bytes on %u NUMA nodes, total "
	       "%llu KiB, %s).", (unsigned long long)entries, (unsigned long long)bytes, nodes,
	       (unsigned long long)(bytes * nodes >> 10), linear ? "linear" : "vmalloc");
}

void boot_late_hashes(struct boot *b)
{
	if (b->hashdist)
		make_tables(b, early_rows, ARRAY_SIZE(early_rows), /* early = */ false);
	make_tables(b, mount_rows, ARRAY_SIZE(mount_rows), /* early = */ false);
}

void boot_core_hashes(struct boot *b)
{
	make_tables(b, core_rows, ARRAY_SIZE(core_rows), /* early = */ false);
	if (rel_futex_per_node(b->m->release))
		futex_per_node(b);
}

void boot_network_hashes(struct boot *b)
{
	printk(b->m, 6, "VFS: Dquot-cache hash table entries: %u (order 0, 4096 bytes)",
	       b->m->arch->bits == 64 ? 512 : 1024);
	make_tables(b, network_rows, ARRAY_SIZE(network_rows), /* early = */ false);
}
