/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts from the kernel's log: one row for each kind of line, found by how it
 * begins; its function reads the rest. The log of a long-running host has lost its
 * beginning: then no row matches, and other sources serve.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kmm-capture.h"

typedef unsigned long long ull;

static void log_e820(struct capture *c, const char *rest)
{
	ull start, end;
	int at = 0;

	if (sscanf(rest, " [mem 0x%llx-0x%llx] %n", &start, &end, &at) == 2 && at)
		capture_add(c->e820, start, end + 1, rest + at, 0);
}

bool capture_cmdline_changes_map(const struct capture *c)
{
	g_auto(GStrv) words = g_strsplit(c->cmdline, " ", -1);

	for (char **word = words; *word; word++) {
		if (g_str_has_prefix(*word, "mem=") || g_str_has_prefix(*word, "memmap="))
			return true;
	}
	return false;
}

/* "e820: remove [mem A-B] usable": cut out, below 1 MiB as every boot does it. */
static void log_remove(struct capture *c, const char *rest)
{
	ull start, end;

	if (capture_cmdline_changes_map(c) ||
	    sscanf(rest, " [mem 0x%llx-0x%llx] usable", &start, &end) != 2 || end <= SZ_1M)
		return;
	capture_add(c->updates, start, end < CAPTURE_ADDR_END ? end + 1 : CAPTURE_ADDR_END,
		    "reserved", 0);
}

/* "e820: update [mem A-B] usable ==> reserved": the kernel's own corrections. */
static void log_update(struct capture *c, const char *rest)
{
	ull start, end;
	char from[24], to[24];

	if (capture_cmdline_changes_map(c))
		return;
	if (sscanf(rest, " [mem 0x%llx-0x%llx] %23s ==> %23[^\n]", &start, &end, from, to) != 4 ||
	    strcmp(from, "usable") || !strcmp(to, "usable") || end < 0x1000)
		return;
	capture_add(c->updates, start, end + 1, to, 0);
}

static void log_ramdisk(struct capture *c, const char *rest)
{
	ull start, end;

	if (sscanf(rest, " [mem 0x%llx-0x%llx]", &start, &end) == 2) {
		c->initrd.start = start;
		c->initrd.end = end + 1;
	}
}

static void log_srat(struct capture *c, const char *rest)
{
	unsigned int nid, pxm;
	ull start, end;

	if (sscanf(rest, " Node %u PXM %u [mem 0x%llx-0x%llx]", &nid, &pxm, &start, &end) == 4 &&
	    nid < CAPTURE_NODES)
		capture_add(c->srat, start, end + 1, NULL, nid);
}

/* "  node   0: [mem 0x...-0x...]" below "Early memory node ranges". */
static void log_memnode(struct capture *c, const char *rest)
{
	unsigned int nid;
	ull start, end;

	if (sscanf(rest, " %u: [mem 0x%llx-0x%llx]", &nid, &start, &end) == 3 &&
	    nid < CAPTURE_NODES)
		capture_add(c->memnode, start, end + 1, NULL, nid);
}

static void log_node_data(struct capture *c, const char *rest)
{
	unsigned int nid;
	ull start, end;
	char name[32];

	if (sscanf(rest, "%u) allocated [mem 0x%llx-0x%llx]", &nid, &start, &end) != 3)
		return;
	g_snprintf(name, sizeof(name), "NODE_DATA(%u)", nid);
	capture_add(c->reserves, start, end + 1, name, nid);
}

static void log_swiotlb(struct capture *c, const char *rest)
{
	ull start, end;

	if (sscanf(rest, " [mem 0x%llx-0x%llx]", &start, &end) == 2 && start < end)
		capture_add(c->reserves, start, end, "swiotlb", 0);
}

/* "Reserving 256MB of memory at 1776MB for crashkernel", "... of low memory at". */
static void log_crashkernel(struct capture *c, const char *rest)
{
	ull size, start;

	if (strstr(rest, "for crashkernel") &&
	    (sscanf(rest, " %lluMB of memory at %lluMB", &size, &start) == 2 ||
	     sscanf(rest, " %lluMB of low memory at %lluMB", &size, &start) == 2))
		capture_add(c->reserves, start * SZ_1M, (start + size) * SZ_1M, "crashkernel", 0);
}

static void add_size(struct capture *c, const char *name, ull kb)
{
	g_autofree char *line = g_strdup_printf("%s = ", name);

	for (unsigned int i = 0; i < c->image_sizes->len; i++) {
		if (g_str_has_prefix(g_ptr_array_index(c->image_sizes, i), line))
			return;
	}
	g_ptr_array_add(c->image_sizes, g_strdup_printf("%s%lluK", line, kb));
}

static void log_freeing(struct capture *c, const char *rest)
{
	static const struct {
		const char *begin, *name;
		bool counts;
	} kinds[] = {
		{ " SMP alternatives memory: ", "smp_alternatives", false },
		{ " unused decrypted memory: ", "decrypted", true },
		{ " unused kernel image (initmem) memory: ", "init", true },
		{ " unused kernel image (text/rodata gap) memory: ", "text_rodata_gap", true },
		{ " unused kernel image (rodata/data gap) memory: ", "rodata_data_gap", true },
		{ " unused kernel memory: ", "init", true },
	};
	ull kb;

	if (sscanf(rest, " initrd memory: %lluK", &kb) == 1) {
		c->freed_initrd = kb * SZ_1K;
		add_size(c, "initrd", kb);
	}
	for (unsigned int i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!g_str_has_prefix(rest, kinds[i].begin) ||
		    sscanf(rest + strlen(kinds[i].begin), "%lluK", &kb) != 1)
			continue;
		add_size(c, kinds[i].name, kb);
		if (kinds[i].counts)
			c->freed_init += kb * SZ_1K;
		c->has_freed |= !strcmp(kinds[i].name, "init");
	}
}

/* "Memory: 350908K/4193784K available (14343K kernel code, 2327K rwdata, ..." */
static void log_memory(struct capture *c, const char *rest)
{
	ull code, rwdata, rodata, init, bss;

	if (sscanf(rest, "%*[^(](%lluK kernel code, %lluK rwdata, %lluK rodata, %lluK init, "
		   "%lluK bss", &code, &rwdata, &rodata, &init, &bss) != 5)
		return;
	add_size(c, "log_code", code);
	add_size(c, "log_rwdata", rwdata);
	add_size(c, "log_rodata", rodata);
	add_size(c, "log_init", init);
	add_size(c, "log_bss", bss);
}

static void log_last_pfn(struct capture *c, const char *rest)
{
	static const struct {
		ull max_arch_pfn;
		const char *arch;
	} limits[] = {
		{ 0x400000000, "x86_64" },
		{ 0x10000000000, "x86_64-la57" },
		{ 0x100000, "i386" },
		{ 0x1000000, "i386-pae" },
	};
	ull last, max;

	if (sscanf(rest, " 0x%llx max_arch_pfn = 0x%llx", &last, &max) != 2)
		return;
	for (unsigned int i = 0; i < G_N_ELEMENTS(limits); i++) {
		if (limits[i].max_arch_pfn == max)
			c->arch = limits[i].arch;
	}
}

static void log_dmi(struct capture *c, const char *rest)
{
	c->q35 |= strstr(rest, "Q35") != NULL;
}

static void log_jiffies(struct capture *c, const char *rest)
{
	unsigned int jiffies;

	if (sscanf(rest, " %u jiffies", &jiffies) == 1)
		c->hz = jiffies * 10;
}

/* "x86/fpu: Enabled xstate features 0x21f, context size is 2696 bytes, ..." */
static void log_fpu(struct capture *c, const char *rest)
{
	const char *size = strstr(rest, "context size is ");

	if (size)
		c->fpu_context = (unsigned int)strtoul(size + strlen("context size is "), NULL, 10);
}

static void log_fxsave(struct capture *c, const char *rest)
{
	(void)rest;
	c->fpu_context = 512;
}

static void log_percpu(struct capture *c, const char *rest)
{
	unsigned int ids;

	if (sscanf(rest, "%u nr_cpumask_bits:%*u nr_cpu_ids:%u", &c->nr_cpus_config, &ids) == 2)
		c->possible_cpus = ids;
}

/* "smpboot: Allowing 4 CPUs, 2 hotplug CPUs", later "CPU topo: Allowing 2 present CPUs plus 0". */
static void log_allowing(struct capture *c, const char *rest)
{
	unsigned int all, hotplug;

	if (sscanf(rest, " %u CPUs, %u hotplug CPUs", &all, &hotplug) == 2 && hotplug < all)
		c->present_cpus = all - hotplug;
	else if (sscanf(rest, " %u present CPUs plus %u hotplug CPUs", &all, &hotplug) == 2)
		c->present_cpus = all;
}

/* ".... node  #1, CPUs:   #2 #3": CPU 0 is in node 0 and is not listed. */
static void log_smp_node(struct capture *c, const char *rest)
{
	struct capture_node *node;
	unsigned int nid, cpu;
	const char *p;

	if (sscanf(rest, "%u", &nid) != 1 || nid >= CAPTURE_NODES)
		return;
	node = &c->nodes[nid];
	c->smp_node = nid;
	for (p = strstr(rest, "CPUs:"); p && (p = strchr(p, '#')); p++) {
		if (sscanf(p, "#%u", &cpu) == 1) {
			char *more = node->cpulist ?
				g_strdup_printf("%s,%u", node->cpulist, cpu) :
				g_strdup_printf("%s%u", nid ? "" : "0,", cpu);

			g_free(node->cpulist);
			node->cpulist = more;
		}
	}
}

/* " #3": CPUs of the node announced last, broken off by other lines. */
static void log_more_cpus(struct capture *c, const char *rest)
{
	g_autofree char *line = g_strdup_printf("%u, CPUs: #%s", c->smp_node, rest);

	if (g_ascii_isdigit(*rest) && strspn(rest, " #0123456789") == strlen(rest))
		log_smp_node(c, line);
}

static const struct {
	const char *begin;
	void (*read)(struct capture *c, const char *rest);
} rows[] = {
	{ "BIOS-e820:", log_e820 },
	{ "e820: update", log_update },
	{ "e820: remove", log_remove },
	{ "RAMDISK:", log_ramdisk },
	{ "Allocated new RAMDISK:", log_ramdisk },
	{ "ACPI: SRAT:", log_srat },
	{ "SRAT:", log_srat },
	{ "  node ", log_memnode },
	{ "NODE_DATA(", log_node_data },
	{ "software IO TLB: mapped", log_swiotlb },
	{ "Reserving", log_crashkernel },
	{ "Freeing", log_freeing },
	{ "Memory:", log_memory },
	{ "last_pfn =", log_last_pfn },
	{ "DMI:", log_dmi },
	{ "rcu: RCU calculated value of scheduler-enlistment delay is", log_jiffies },
	{ "x86/fpu: Enabled xstate features", log_fpu },
	{ "x86/fpu: x87 FPU will use FXSAVE", log_fxsave },
	{ "setup_percpu: NR_CPUS:", log_percpu },
	{ "smpboot: Allowing", log_allowing },
	{ "CPU topo: Allowing", log_allowing },
	{ ".... node  #", log_smp_node },
	{ " #", log_more_cpus },
};

void capture_log_line(struct capture *c, const char *line)
{
	for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (g_str_has_prefix(line, rows[i].begin))
			rows[i].read(c, line + strlen(rows[i].begin));
	}
}

/* A log whose beginning was overwritten has a part of the tables, or none. */
void capture_drop_torn(struct capture *c)
{
	for (unsigned int i = 0; i < c->dmesg->len; i++)
		if (g_str_has_prefix(g_ptr_array_index(c->dmesg, i), "BIOS-provided physical RAM"))
			return;
	if (!c->e820->len)
		g_array_set_size(c->srat, 0);
	g_array_set_size(c->e820, 0);
	g_array_set_size(c->updates, 0);
}

void capture_from_log(struct capture *c)
{
	for (unsigned int i = 0; i < c->dmesg->len; i++)
		capture_log_line(c, g_ptr_array_index(c->dmesg, i));
}
