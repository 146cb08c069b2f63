// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine file of the kernel that runs here, or of one whose files were copied.
 * Facts are gathered, settled where sources disagree or are missing, and written; the
 * result is read by the parser of machine files before it leaves.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmm-capture.h"
#include "sim/boot/config.h"
#include "sim/boot/config_value.h"
#include "sim/boot/image.h"
#include "sim/machine.h"

static void free_range(void *data)
{
	g_free(((struct capture_range *)data)->name);
}

static void free_zone(void *data)
{
	g_free(((struct capture_zone *)data)->name);
}

static GArray *new_array(size_t size, GDestroyNotify clear)
{
	GArray *array = g_array_new(FALSE, TRUE, (guint)size);

	g_array_set_clear_func(array, clear);
	return array;
}

static struct capture *capture_new(const char *from)
{
	struct capture *c = g_new0(struct capture, 1);

	c->root = g_strdup(from ? from : "/");
	c->live = !from;
	c->dmesg = g_ptr_array_new_with_free_func(g_free);
	c->notes = g_ptr_array_new_with_free_func(g_free);
	c->sysctls = g_ptr_array_new_with_free_func(g_free);
	c->image_sizes = g_ptr_array_new_with_free_func(g_free);
	c->e820 = new_array(sizeof(struct capture_range), free_range);
	c->updates = new_array(sizeof(struct capture_range), free_range);
	c->srat = new_array(sizeof(struct capture_range), free_range);
	c->memnode = new_array(sizeof(struct capture_range), free_range);
	c->reserves = new_array(sizeof(struct capture_range), free_range);
	c->image = new_array(sizeof(struct capture_range), free_range);
	c->zones = new_array(sizeof(struct capture_zone), free_zone);
	return c;
}

static void capture_free(struct capture *c)
{
	for (unsigned int nid = 0; nid < CAPTURE_NODES; nid++) {
		g_free(c->nodes[nid].cpulist);
		g_free(c->nodes[nid].distances);
	}
	g_ptr_array_free(c->dmesg, TRUE);
	g_ptr_array_free(c->notes, TRUE);
	g_ptr_array_free(c->sysctls, TRUE);
	g_ptr_array_free(c->image_sizes, TRUE);
	g_array_free(c->e820, TRUE);
	g_array_free(c->updates, TRUE);
	g_array_free(c->srat, TRUE);
	g_array_free(c->memnode, TRUE);
	g_array_free(c->reserves, TRUE);
	g_array_free(c->image, TRUE);
	g_array_free(c->zones, TRUE);
	g_free(c->root);
	g_free(c->version);
	g_free(c->cmdline);
	g_free(c->meminfo);
	g_free(c);
}

static void add_cpu(GString *list, unsigned int cpu)
{
	g_string_append_printf(list, "%s%u", list->len ? "," : "", cpu);
}

/* A CPU that another node has already (numa=fake shows it in several) is left out. */
static void take_cpus(struct capture *c, struct capture_node *node, u64 *taken)
{
	u64 bits[CPU_WORDS] = { 0 };
	GString *list;
	const char *why;
	bool twice = false;

	if (!node->cpulist || !config_value_list(node->cpulist, bits, MAX_CPUS, &why))
		return;
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		twice |= (bits[i] & taken[i]) != 0;
	list = g_string_new(NULL);
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!(bits[cpu / 64] >> (cpu % 64) & 1))
			continue;
		c->nr_cpus = MAX(c->nr_cpus, cpu + 1);
		if (!(taken[cpu / 64] >> (cpu % 64) & 1))
			add_cpu(list, cpu);
		taken[cpu / 64] |= 1ULL << (cpu % 64);
	}
	if (twice) {
		capture_note(c, "CPUs that several nodes list stand in the first of them");
		g_free(node->cpulist);
		node->cpulist = g_strdup(list->str);
	}
	g_string_free(list, TRUE);
}

/* Each CPU stands in one node: those that are offline join the first node. */
static int settle_cpus(struct capture *c)
{
	u64 taken[CPU_WORDS] = { 0 };
	unsigned int nid = 0, nr_added = 0;
	GString *list;

	if (c->nr_cpus > MAX_CPUS) {
		fprintf(stderr, "kmm-capture: %u CPUs; at most %d are simulated\n", c->nr_cpus,
			MAX_CPUS);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < c->nr_nodes; i++)
		take_cpus(c, &c->nodes[i], taken);
	while (nid + 1 < c->nr_nodes && !c->nodes[nid].online)
		nid++;
	list = g_string_new(c->nodes[nid].cpulist);
	for (unsigned int cpu = 0; cpu < c->nr_cpus; cpu++) {
		if (taken[cpu / 64] >> (cpu % 64) & 1)
			continue;
		add_cpu(list, cpu);
		nr_added++;
	}
	if (nr_added && c->nodes[nid].cpulist && *c->nodes[nid].cpulist)
		capture_note(c, "CPUs that are offline stand in node %u", nid);
	if (nr_added) {
		g_free(c->nodes[nid].cpulist);
		c->nodes[nid].cpulist = g_strdup(list->str);
	}
	g_string_free(list, TRUE);
	return 0;
}

/* Pages that the zone of the kernel lacks, because Debian's kernel is too large for it. */
static u64 pages_missing(const struct capture *c, const struct machine *booted, u64 kernel_pfn)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		for (unsigned int k = 0; k < booted->nr_zones; k++) {
			const struct zone *zone = booted->zones[k];

			if (zone->node == z->nid && !strcmp(zone->name, z->name) &&
			    zone->start_pfn <= kernel_pfn && kernel_pfn < zone_end_pfn(zone))
				return z->managed > zone->managed_pages ?
				       z->managed - zone->managed_pages : 0;
		}
	}
	return 0;
}

/* NULL: it does not boot. */
static struct machine *boot(const struct machine_config *config)
{
	struct machine *booted = NULL;
	char *error = NULL;

	if (machine_boot(config, &booted, &error))
		booted = NULL;
	free(error);
	return booted;
}

static void print_small_image(GString *out, const struct kernel_image *image, u64 code_end)
{
	g_string_printf(out, "\n# a kernel that fits beside the managed pages\n[image]\n"
			"code = 0x%llx-0x%llx\ntext_rodata_gap = %lluK\n",
			(unsigned long long)image->code.start, (unsigned long long)code_end - 1,
			(unsigned long long)(image->rodata.start - code_end) >> 10);
}

/* The pages that are missing on the machine of `text` and `image`; 0: none, or it is none. */
static u64 still_missing(const struct capture *c, const GString *text, const GString *image,
			 u64 kernel_pfn)
{
	g_autofree char *both = g_strconcat(text->str, image->str, NULL);
	struct machine_config *config;
	struct machine *booted;
	char *error = NULL;
	u64 missing;

	if (machine_config_parse("the captured machine", both, NULL, &config, &error)) {
		g_free(error);
		return 0;
	}
	booted = boot(config);
	missing = booted ? pages_missing(c, booted, kernel_pfn) : 0;
	if (booted)
		machine_free(booted);
	machine_config_free(config);
	return missing;
}

/*
 * A kernel of which we know nothing but that it is smaller: its code ends earlier. What
 * the boot gives back behind it depends on that, so that it may take more than one attempt.
 */
static void write_small_image(const struct capture *c, const struct machine_config *config,
			      const struct machine *booted, GString *text)
{
	GString *section = g_string_new(NULL);
	struct kernel_image image;
	u64 missing, end, kernel_pfn;

	kernel_image_init(&image, config);
	kernel_pfn = PFN_DOWN(image.code.start);
	end = ALIGN_UP(image.code.end, PAGE_SIZE);
	missing = c->image->len || c->image_sizes->len ? 0 : pages_missing(c, booted, kernel_pfn);
	for (unsigned int tries = 0; missing && tries < 5; tries++) {
		if (missing << PAGE_SHIFT >= end - image.code.start)
			break;
		end -= missing << PAGE_SHIFT;
		print_small_image(section, &image, end);
		missing = still_missing(c, text, section, kernel_pfn);
	}
	g_string_append(text, section->str);
	g_string_free(section, TRUE);
}

/* What follows from the machine is known when it has booted: what is left is its build. */
static void write_build(const struct capture *c, const struct machine_config *config,
			GString *text)
{
	struct machine *booted = boot(config);

	if (!booted)
		return;
	write_small_image(c, config, booted, text);
	if (capture_has_slabs(c))
		capture_write_slabs(c, booted, text);
	machine_free(booted);
}

/* The parser reads what was written: a file that it refuses is a bug or a limit. */
static int check(const struct capture *c, GString *text)
{
	struct machine_config *config;
	char *error = NULL;
	int err = machine_config_parse("the captured machine", text->str, NULL, &config, &error);

	if (err) {
		fprintf(stderr, "kmm-capture: %s\n", error ? error : "no memory");
		g_free(error);
		return err;
	}
	write_build(c, config, text);
	machine_config_free(config);
	return 0;
}

/* A copy that was cut short would be a machine with a strange end. */
static int check_zones(const struct capture *c)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *zone = &g_array_index(c->zones, struct capture_zone, i);

		if (zone->whole)
			continue;
		fprintf(stderr, "kmm-capture: %s/proc/zoneinfo: node %u, zone %s is cut short: copy "
			"the whole file\n", c->root, zone->nid, zone->name);
		return -EINVAL;
	}
	return 0;
}

int capture_machine(const char *from, GString *text)
{
	struct capture *c = capture_new(from);
	int err = 0;

	capture_from_tree(c);
	if (!c->zones->len && !c->dmesg->len && !c->e820->len) {
		fprintf(stderr, "kmm-capture: %s: there is neither a proc/zoneinfo with zones nor a "
			"dmesg\n", c->root);
		err = -ENOENT;
	} else {
		err = check_zones(c);
	}
	if (!err) {
		capture_settle_memory(c);
		capture_settle_zones(c);
		capture_settle_sysctls(c);
		err = settle_cpus(c);
	}
	if (!err) {
		capture_write(c, text);
		err = check(c, text);
	}
	capture_free(c);
	return err;
}
