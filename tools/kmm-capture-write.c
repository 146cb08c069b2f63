/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine file: one function for each section, in the order of the manual. */
#include <stdio.h>
#include <stdlib.h>

#include "kmm-capture.h"

#define DEBIAN_NODES_SHIFT 10

typedef unsigned long long ull;

static const struct capture_range *range_at(const GArray *ranges, unsigned int i)
{
	return &g_array_index(ranges, struct capture_range, i);
}

static void write_head(struct capture *c, GString *out)
{
	g_string_append_printf(out, "# Captured from %s by kmm-capture\n",
			       c->live ? "a running kernel" : "files of a kernel");
	for (unsigned int i = 0; i < c->notes->len; i++)
		g_string_append_printf(out, "# note: %s\n",
				       (const char *)g_ptr_array_index(c->notes, i));
	g_string_append_printf(out, "\n[machine]\narch = %s\nrelease = %s\ncmdline = %s\n",
			       c->arch, c->release, c->cmdline);
	g_string_append_printf(out, "seed = 1\nplatform = %s\n", c->q35 ? "q35" : "pc");
	if (c->boot_time)
		g_string_append_printf(out, "boot_time = %" G_GUINT64_FORMAT "\n", c->boot_time);
	if (c->present_cpus > c->nr_cpus)
		g_string_append_printf(out, "present_cpus = %u\n", c->present_cpus);
	if (c->possible_cpus > MAX(c->nr_cpus, c->present_cpus))
		g_string_append_printf(out, "possible_cpus = %u\n", c->possible_cpus);
	if (c->version)
		g_string_append_printf(out, "version = %s\n", c->version);
}

/* Does meminfo have a line of that name? */
static bool meminfo_has(const struct capture *c, const char *name)
{
	g_autofree char *line = g_strconcat("\n", name, ":", NULL);

	return strstr(c->meminfo, line) != NULL;
}

/* Bits of a node's number, by the width of a mask of nodes; 0 if none is shown. */
static unsigned int nodes_shift(const struct capture *c)
{
	static const char name[] = "\nMems_allowed:\t";
	g_autofree char *status = capture_read(c, "proc/1/status");
	const char *mask = status ? strstr(status, name) : NULL;
	unsigned int digits = 0;

	if (!mask)
		return 0;
	for (mask += strlen(name); g_ascii_isxdigit(*mask) || *mask == ','; mask++)
		digits += *mask != ',';
	return digits ? g_bit_nth_msf(4 * digits, -1) : 0;
}

static void write_config(struct capture *c, GString *out)
{
	static const char *const lines[][2] = {
		{ "BALLOON", "Balloon" }, { "CMA", "CmaTotal" },
		{ "MEMORY_FAILURE", "HardwareCorrupted" },
		{ "UNACCEPTED_MEMORY", "Unaccepted" }, { "ZSWAP", "Zswap" },
	};
	g_autofree char *lru_gen = capture_read_word(c, "sys/kernel/mm/lru_gen/enabled");
	unsigned int shift = nodes_shift(c);

	g_string_append(out, "\n# build options that show in /proc and /sys\n[config]\n");
	if (c->hz)
		g_string_append_printf(out, "HZ = %u\n", c->hz);
	if (c->nr_cpus_config)
		g_string_append_printf(out, "NR_CPUS = %u\n", c->nr_cpus_config);
	/* Debian's is what a machine has that does not say. */
	if (g_str_has_prefix(c->arch, "x86_64") && shift && shift < DEBIAN_NODES_SHIFT)
		g_string_append_printf(out, "NODES_SHIFT = %u\n", shift);
	if (c->fpu_context)
		g_string_append_printf(out, "FPU_CONTEXT = %u\n", c->fpu_context);
	if (c->meminfo && g_str_has_prefix(c->arch, "x86_64"))
		g_string_append_printf(out, "GBPAGES = %s\n",
				       meminfo_has(c, "DirectMap1G") ? "y" : "n");
	for (unsigned int i = 0; c->meminfo && i < G_N_ELEMENTS(lines); i++)
		g_string_append_printf(out, "%s = %s\n", lines[i][0],
				       meminfo_has(c, lines[i][1]) ? "y" : "n");
	if (lru_gen)
		g_string_append_printf(out, "LRU_GEN_ENABLED = %s\n",
				       strtoul(lru_gen, NULL, 16) & 1 ? "y" : "n");
	if (capture_exists(c, "sys/kernel/mm/transparent_hugepage")) {
		g_string_append_printf(out, "LRU_GEN = %s\n",
				       capture_exists(c, "sys/kernel/mm/lru_gen") ? "y" : "n");
		g_string_append_printf(out, "KSM = %s\n",
				       capture_exists(c, "sys/kernel/mm/ksm") ? "y" : "n");
	}
}

static void write_image(struct capture *c, GString *out)
{
	if (!c->image->len && !c->image_sizes->len)
		return;
	g_string_append(out, "\n# the kernel's parts, what was freed of it, and what its log says\n"
			     "[image]\n");
	for (unsigned int i = 0; i < c->image->len; i++) {
		const struct capture_range *r = range_at(c->image, i);

		g_string_append_printf(out, "%s = 0x%llx-0x%llx\n", r->name, (ull)r->start,
				       (ull)r->end - 1);
	}
	for (unsigned int i = 0; i < c->image_sizes->len; i++)
		g_string_append_printf(out, "%s\n",
				       (const char *)g_ptr_array_index(c->image_sizes, i));
}

static void write_map(struct capture *c, GString *out)
{
	if (!c->e820->len)
		return;
	g_string_append(out, "\n# the firmware's memory map\n[e820]\n");
	for (unsigned int i = 0; i < c->e820->len; i++) {
		const struct capture_range *r = range_at(c->e820, i);

		g_string_append_printf(out, "0x%llx-0x%llx = %s\n", (ull)r->start,
				       (ull)r->end - 1, r->name);
	}
}

/* A reservation may have several ranges: one key for all of a name. */
static void write_reserves(struct capture *c, GString *out)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	if (c->initrd.end)
		capture_add(c->reserves, c->initrd.start, c->initrd.end, "initrd", 0);
	if (c->reserves->len)
		g_string_append(out, "\n# where the boot put things\n[reserve]\n");
	for (unsigned int i = 0; i < c->reserves->len; i++) {
		const char *name = range_at(c->reserves, i)->name;

		if (!g_hash_table_add(seen, (char *)name))
			continue;
		g_string_append_printf(out, "%s =", name);
		for (unsigned int k = i; k < c->reserves->len; k++) {
			const struct capture_range *r = range_at(c->reserves, k);

			if (!strcmp(r->name, name))
				g_string_append_printf(out, " 0x%llx-0x%llx", (ull)r->start,
						       (ull)r->end - 1);
		}
		g_string_append_c(out, '\n');
	}
}

static void write_sysctls(struct capture *c, GString *out)
{
	if (c->sysctls->len)
		g_string_append(out, "\n# set since the boot\n[sysctl]\n");
	for (unsigned int i = 0; i < c->sysctls->len; i++)
		g_string_append_printf(out, "%s\n",
				       (const char *)g_ptr_array_index(c->sysctls, i));
}

/* What a page of a zram device comes to, of those that are not all one word. */
static void write_compressed(struct capture *c, GString *out, const char *name)
{
	g_autofree char *path = g_strdup_printf("sys/block/%s/mm_stat", name);
	g_autofree char *text = capture_read(c, path);
	ull bytes, compressed, same, nr;

	if (!text || sscanf(text, "%llu %llu %*u %*u %*d %llu", &bytes, &compressed, &same) != 3)
		return;
	nr = bytes / 4096;
	if (nr > same && compressed / (nr - same) && compressed / (nr - same) <= 4096)
		g_string_append_printf(out, "compressed = %llu\n", compressed / (nr - same));
}

/* Others have names of their own, which are nobody's business. */
static void write_zram(struct capture *c, GString *out, const char *line)
{
	char name[16];

	if (sscanf(line, "/dev/%15s", name) != 1 || strncmp(name, "zram", 4))
		return;
	g_string_append_printf(out, "path = /dev/%s\n", name);
	write_compressed(c, out, name);
}

/* "/dev/sda2  partition  1048572  0  -2": the header's page is not counted there. */
static void write_swaps(struct capture *c, GString *out)
{
	g_autofree char *text = capture_read(c, "proc/swaps");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	unsigned int id = 0;

	for (char **line = lines; *line && id < 28; line++) {
		ull kb, used;
		int priority;

		if (sscanf(*line, "%*s %*s %llu %llu %d", &kb, &used, &priority) != 3 ||
		    kb < 40 || kb % 4)
			continue;
		g_string_append_printf(out, "\n[swap %u]\nsize = %lluK\npriority = %d\n", id++,
				       kb + 4, priority);
		write_zram(c, out, *line);
	}
}

static void write_nodes(struct capture *c, GString *out)
{
	for (unsigned int nid = 0; nid < c->nr_nodes; nid++) {
		const struct capture_node *node = &c->nodes[nid];
		bool has_memory = false;

		if (!node->online)
			continue;
		g_string_append_printf(out, "\n[node %u]\n", nid);
		if (node->cpulist && *node->cpulist)
			g_string_append_printf(out, "cpus = %s\n", node->cpulist);
		for (unsigned int i = 0; i < c->srat->len; i++) {
			const struct capture_range *r = range_at(c->srat, i);

			if (r->nid != nid)
				continue;
			g_string_append_printf(out, "%s 0x%llx-0x%llx",
					       has_memory ? "" : "memory =", (ull)r->start,
					       (ull)r->end - 1);
			has_memory = true;
		}
		if (has_memory)
			g_string_append_c(out, '\n');
		if (node->distances)
			g_string_append_printf(out, "distances = %s\n", node->distances);
	}
}

static void write_zones(struct capture *c, GString *out)
{
	bool head = false;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		if (!z->managed)
			continue;
		g_string_append_printf(out, "%s\n[zone %u %s]\nmanaged = %llu\nearly = %llu\n",
				       head ? "" : "\n# pages that the boot left to the allocator; "
						   "early: before it freed\n# the initrd and "
						   "init memory",
				       z->nid, z->name, (ull)z->managed, (ull)z->early);
		if (z->late)
			g_string_append_printf(out, "late = %llu\n", (ull)z->late);
		head = true;
	}
}

void capture_write(struct capture *c, GString *out)
{
	write_head(c, out);
	write_config(c, out);
	write_image(c, out);
	write_map(c, out);
	write_reserves(c, out);
	write_nodes(c, out);
	write_zones(c, out);
	write_sysctls(c, out);
	write_swaps(c, out);
}
