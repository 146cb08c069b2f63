/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts from /proc and /sys, or from files of the same names in a directory. Files
 * that are missing or unreadable leave their facts open; the last resort is
 * machine.txt, a digest of the log whose lines are turned into the log's own where the
 * log itself lacks them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "kmm-capture.h"
#include "sim/boot/config_value.h"

typedef unsigned long long ull;

/* The line of a text that begins with `begin`, behind it; NULL if none. */
static const char *find_line(const char *text, const char *begin)
{
	const char *p = text;

	while (p && *p) {
		if (g_str_has_prefix(p, begin))
			return p + strlen(begin);
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return NULL;
}

static char *log_text(const struct capture *c, const char *begin)
{
	for (unsigned int i = 0; i < c->dmesg->len; i++) {
		const char *line = g_ptr_array_index(c->dmesg, i);

		if (g_str_has_prefix(line, begin))
			return g_strdup(line + strlen(begin));
	}
	return NULL;
}

/* One line of text that a machine file can hold. */
static void clean_line(char *text)
{
	const char *end;

	text[strcspn(text, "\n")] = '\0';
	while (!g_utf8_validate(text, -1, &end))
		text[end - text] = '?';
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
}

static void read_texts(struct capture *c)
{
	c->version = capture_read_word(c, "proc/version");
	c->meminfo = capture_read(c, "proc/meminfo");
	c->cmdline = capture_read(c, "proc/cmdline");
	capture_read_log(c);
	if (!c->version) {
		char *rest = log_text(c, "Linux version ");

		c->version = rest ? g_strconcat("Linux version ", rest, NULL) : NULL;
		g_free(rest);
	}
	if (!c->cmdline)
		c->cmdline = log_text(c, "Command line: ");
	if (!c->cmdline)	/* 32 bits */
		c->cmdline = log_text(c, "Kernel command line: ");
	if (!c->cmdline) {
		capture_note(c, "the kernel command line could not be read");
		c->cmdline = g_strdup("");
	}
	clean_line(c->cmdline);
	if (c->version)
		clean_line(c->version);
}

static u64 meminfo_kb(const struct capture *c, const char *name)
{
	const char *rest = c->meminfo ? find_line(c->meminfo, name) : NULL;

	return rest ? strtoull(rest, NULL, 10) : 0;
}

static bool has_zone(const struct capture *c, const char *name)
{
	for (unsigned int i = 0; i < c->zones->len; i++)
		if (!strcmp(g_array_index(c->zones, struct capture_zone, i).name, name))
			return true;
	return false;
}

/* What the log's max_arch_pfn did not say. */
static void guess_arch(struct capture *c)
{
	const u64 vmalloc_kb = meminfo_kb(c, "VmallocTotal:");
	struct utsname uts;

	if (c->arch)
		return;
	if (vmalloc_kb > 1ULL << 34)
		c->arch = vmalloc_kb > 1ULL << 40 ? "x86_64-la57" : "x86_64";
	else if (vmalloc_kb || has_zone(c, "HighMem"))
		c->arch = meminfo_kb(c, "Hugepagesize:") == 4096 ? "i386" : "i386-pae";
	else
		c->arch = "x86_64";
	if (c->live && !uname(&uts) && strcmp(uts.machine, "x86_64") &&
	    !(uts.machine[0] == 'i' && !strcmp(uts.machine + 2, "86")))
		capture_note(c, "this is %s, which is not simulated: an %s of the same memory "
			     "stands for it", uts.machine, c->arch);
}

/* The simulated release whose rules are nearest. */
static void find_release(struct capture *c)
{
	unsigned int major = 0, minor = 0;

	if (!c->version || sscanf(c->version, "Linux version %u.%u", &major, &minor) != 2)
		capture_note(c, "the kernel's version could not be read: taken for 6.18");
	/* 6.7 brought per-cpu lists that tune themselves: 6.18's rules. */
	c->old_rules = major && (major < 6 || (major == 6 && minor < 7));
	c->release = c->old_rules ? "6.1" : "6.18";
	if (major && !(major == 6 && (minor == 1 || minor == 18)))
		capture_note(c, "the kernel is %u.%u; the nearest simulated release is %s", major,
			     minor, c->release);
}

static void set_zone_field(struct capture_zone *zone, const char *name, u64 value)
{
	const struct {
		const char *name;
		u64 *field;
	} fields[] = {
		{ "boost", &zone->boost }, { "min", &zone->min }, { "low", &zone->low },
		{ "high", &zone->high }, { "spanned", &zone->spanned },
		{ "present", &zone->present }, { "managed", &zone->managed },
		{ "start_pfn:", &zone->start_pfn }, { "batch:", &zone->batch },
		{ "high_max:", &zone->high_max },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (!strcmp(name, fields[i].name))
			*fields[i].field = value;
	}
	zone->whole |= !strcmp(name, "start_pfn:");
}

/* "(0, 459, 459)", "256\t256\t32": up to eight numbers. */
static void read_numbers(const char *text, u64 numbers[8])
{
	unsigned int nr = 0;

	for (const char *p = text; nr < 8; p += strspn(p, "0123456789")) {
		p += strcspn(p, "0123456789");
		if (!*p)
			return;
		numbers[nr++] = strtoull(p, NULL, 10);
	}
}

static struct capture_zone *last_zone(struct capture *c)
{
	return &g_array_index(c->zones, struct capture_zone, c->zones->len - 1);
}

static void read_zoneinfo(struct capture *c)
{
	g_autofree char *text = capture_read(c, "proc/zoneinfo");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	struct capture_zone zone = { 0 };
	char name[32];
	ull value;

	for (char **line = lines; *line; line++) {
		unsigned int nid;

		if (sscanf(*line, "Node %u, zone %31s", &nid, name) == 2) {
			const bool first = !c->zones->len || last_zone(c)->nid != nid;

			zone = (struct capture_zone){ .nid = nid, .name = g_strdup(name) };
			zone.index = first ? 0 : last_zone(c)->index + 1;
			g_array_append_val(c->zones, zone);
		} else if (c->zones->len && strstr(*line, "protection: (")) {
			read_numbers(*line, last_zone(c)->protection);
			/* An empty zone ends here. */
			last_zone(c)->whole = !last_zone(c)->present;
		} else if (c->zones->len && sscanf(*line, "%31s %llu", name, &value) == 2) {
			set_zone_field(last_zone(c), name, value);
		}
	}
	if (c->zones->len && !g_str_has_suffix(text, "\n"))
		last_zone(c)->whole = false;
	if (!c->zones->len)
		capture_note(c, "proc/zoneinfo could not be read: the boot works out the zones");
}

/*
 * MemTotal is the sum of what the zones manage, but on kernels that initialise memory
 * only when it is wanted: the rest is in the zone that has the most left.
 */
static void find_late(struct capture *c)
{
	const u64 total = meminfo_kb(c, "MemTotal:") / 4;
	struct capture_zone *most = NULL;
	u64 managed = 0;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		managed += z->managed;
		if (z->managed && (!most || z->present - z->managed > most->present - most->managed))
			most = z;
	}
	if (!most || total <= managed)
		return;
	most->late = MIN(total - managed, most->present - most->managed);
	capture_note(c, "%llu pages of node %u, zone %s are not initialised yet",
		     (ull)most->late, most->nid, most->name);
}

static void add_part(struct capture *c, u64 start, u64 end, const char *name)
{
	for (unsigned int i = 0; i < c->image->len; i++) {
		if (!strcmp(g_array_index(c->image, struct capture_range, i).name, name))
			return;
	}
	capture_add(c->image, start, end, name, 0);
}

static void read_iomem(struct capture *c)
{
	static const char *const parts[][2] = {
		{ "Kernel code", "code" }, { "Kernel rodata", "rodata" },
		{ "Kernel data", "data" }, { "Kernel bss", "bss" },
	};
	g_autofree char *text = capture_read(c, "proc/iomem");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	ull start, end;
	int at;

	for (char **line = lines; *line; line++) {
		at = 0;
		/* Without privileges the addresses read as zeros. */
		if (sscanf(*line, " %llx-%llx : %n", &start, &end, &at) != 2 || !at || !end)
			continue;
		for (unsigned int i = 0; i < G_N_ELEMENTS(parts); i++) {
			if (!strcmp(*line + at, parts[i][0]))
				add_part(c, start, end + 1, parts[i][1]);
		}
		if (!strcmp(*line + at, "Crash kernel"))
			capture_add(c->reserves, start, end + 1, "crashkernel", 0);
	}
}

/* The highest CPU that lines "BEGIN... N" of a file name, plus one. */
static unsigned int count_lines(const struct capture *c, const char *path, const char *begin)
{
	g_autofree char *text = capture_read(c, path);
	unsigned int nr = 0;

	for (const char *p = text; p && (p = find_line(p, begin));) {
		const char *digit = p + strcspn(p, "0123456789\n");

		/* /proc/stat's first line, "cpu  1 2 3", counts no CPU. */
		if (g_ascii_isdigit(*digit) && (*p != ' '))
			nr = MAX(nr, (unsigned int)strtoul(digit, NULL, 10) + 1);
	}
	return nr;
}

/* The last CPU of a list of sysfs, plus one; 0 if it cannot be read. */
static unsigned int count_list(const struct capture *c, const char *name)
{
	g_autofree char *path = g_strconcat("sys/devices/system/cpu/", name, NULL);
	g_autofree char *list = capture_read_word(c, path);
	const char *last;

	if (!list || !*list)
		return 0;
	last = list + strlen(list);
	while (last > list && g_ascii_isdigit(last[-1]))
		last--;
	return (unsigned int)strtoul(last, NULL, 10) + 1;
}

static void count_cpus(struct capture *c)
{
	const unsigned int present = count_list(c, "present"), possible = count_list(c, "possible");
	unsigned int nr = count_list(c, "online");

	if (present)
		c->present_cpus = present;
	if (possible)
		c->possible_cpus = possible;
	if (!nr)
		nr = count_lines(c, "proc/cpuinfo", "processor");
	if (!nr)
		nr = count_lines(c, "proc/stat", "cpu");
	if (!nr)
		nr = count_lines(c, "proc/zoneinfo", "    cpu: ");
	if (nr)
		c->nr_cpus = nr;
	if (!c->nr_cpus)
		c->nr_cpus = c->possible_cpus;
	if (!c->nr_cpus) {
		capture_note(c, "the number of CPUs could not be read: taken for 1");
		c->nr_cpus = 1;
	}
}

/* When it booted, by its own clock. */
static void read_boot_time(struct capture *c)
{
	g_autofree char *text = capture_read(c, "proc/stat");
	const char *line = text ? find_line(text, "btime ") : NULL;

	if (line)
		c->boot_time = strtoull(line, NULL, 10);
}

static void mark_online(struct capture *c, unsigned int nid)
{
	if (nid >= CAPTURE_NODES)
		return;
	c->nodes[nid].online = true;
	c->nr_nodes = MAX(c->nr_nodes, nid + 1);
}

static void mark_list(struct capture *c, const char *list)
{
	u64 bits[CAPTURE_NODES / 64] = { 0 };
	const char *why;

	if (!config_value_list(list, bits, CAPTURE_NODES, &why))
		return;
	for (unsigned int nid = 0; nid < CAPTURE_NODES; nid++) {
		if (bits[nid / 64] >> (nid % 64) & 1)
			mark_online(c, nid);
	}
}

/* Texts that sysfs did not write, as a copy may have them, are as good as missing. */
static void drop_bad_lists(struct capture *c, struct capture_node *node)
{
	u16 distances[MAX_NUMNODES];
	u64 bits[CPU_WORDS] = { 0 };
	unsigned int nr, nr_online = 0;
	const char *why;

	for (unsigned int nid = 0; nid < c->nr_nodes; nid++)
		nr_online += c->nodes[nid].online;
	if (node->cpulist && !config_value_list(node->cpulist, bits, MAX_CPUS, &why))
		g_clear_pointer(&node->cpulist, g_free);
	if (node->distances &&
	    (!config_value_u16s(node->distances, distances, MAX_NUMNODES, &nr, &why) ||
	     nr != nr_online))
		g_clear_pointer(&node->distances, g_free);
}

static void read_nodes(struct capture *c)
{
	g_autofree char *online = capture_read_word(c, "sys/devices/system/node/online");

	if (online)
		mark_list(c, online);
	for (unsigned int i = 0; i < c->zones->len; i++)
		mark_online(c, g_array_index(c->zones, struct capture_zone, i).nid);
	if (!c->nr_nodes)
		mark_online(c, 0);
	for (unsigned int nid = 0; nid < c->nr_nodes; nid++) {
		struct capture_node *node = &c->nodes[nid];
		g_autofree char *dir = g_strdup_printf("sys/devices/system/node/node%u/", nid);
		g_autofree char *cpulist = g_strconcat(dir, "cpulist", NULL);
		g_autofree char *distance = g_strconcat(dir, "distance", NULL);
		char *text = capture_read_word(c, cpulist);

		if (text) {
			g_free(node->cpulist);
			node->cpulist = text;
		}
		text = capture_read_word(c, distance);
		if (text) {
			g_free(node->distances);
			node->distances = text;
		}
		drop_bad_lists(c, node);
	}
}

void capture_each_block(const struct capture *c, unsigned int nid,
			void (*visit)(u64 block, void *data), void *data)
{
	g_autofree char *dir = g_strdup_printf("%s/sys/devices/system/node/node%u", c->root, nid);
	GDir *entries = g_dir_open(dir, 0, NULL);
	const char *name;
	ull block;

	while (entries && (name = g_dir_read_name(entries))) {
		if (sscanf(name, "memory%llu", &block) == 1)
			visit(block, data);
	}
	if (entries)
		g_dir_close(entries);
}

static u64 read_number(const struct capture *c, const char *path, unsigned int base)
{
	g_autofree char *text = capture_read_word(c, path);

	return text ? strtoull(text, NULL, (int)base) : 0;
}

/* The firmware's map as sysfs keeps it: entries in directories 0, 1, ... */
static void read_firmware_map(struct capture *c)
{
	for (unsigned int i = 0; i < 1000; i++) {
		g_autofree char *dir = g_strdup_printf("sys/firmware/memmap/%u/", i);
		g_autofree char *start = g_strconcat(dir, "start", NULL);
		g_autofree char *end = g_strconcat(dir, "end", NULL);
		g_autofree char *type = g_strconcat(dir, "type", NULL);
		g_autofree char *name = capture_read_word(c, type);

		if (!name)
			return;
		capture_add(c->e820, read_number(c, start, 16), read_number(c, end, 16) + 1, name,
			    0);
	}
}

static void read_iomem_map(struct capture *c)
{
	static const char *const names[] = {
		"System RAM", "Reserved", "ACPI Tables", "ACPI Non-volatile Storage",
		"Unusable memory", "Persistent Memory", "Soft Reserved",
	};
	g_autofree char *text = capture_read(c, "proc/iomem");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	ull start, end;
	int at;

	for (char **line = lines; *line; line++) {
		at = 0;
		if (sscanf(*line, " %llx-%llx : %n", &start, &end, &at) != 2 || !at || !end)
			continue;
		for (unsigned int i = 0; i < G_N_ELEMENTS(names); i++) {
			if (!g_ascii_strcasecmp(*line + at, names[i]))
				capture_add(c->e820, start, end + 1, names[i], 0);
		}
	}
}

/* What the end of the log says of the boot. */
static void digest_end(struct capture *c, const char *line)
{
	g_autofree char *text = NULL;

	if (g_str_has_prefix(line, "free "))
		text = g_strdup(line + strlen("free "));
	else if (g_str_has_prefix(line, "meminit "))
		text = g_strconcat("Memory: ", line + strlen("meminit "), NULL);
	if (text)
		capture_log_line(c, text);
}

/* One line of machine.txt about the machine, as the log would have it. */
static void digest_line(struct capture *c, const char *line)
{
	char a[32], b[32], word[1024] = "";
	unsigned int nid, to, distance;
	g_autofree char *text = NULL;
	int at = 0;

	if (sscanf(line, "e820 %31s %31s %n", a, b, &at) == 2 && at)
		text = g_strdup_printf("BIOS-e820: [mem %s-%s] %s", a, b, line + at);
	else if (sscanf(line, "node_srat %u %31s %31s", &nid, a, b) == 3)
		text = g_strdup_printf("ACPI: SRAT: Node %u PXM %u [mem %s-%s]", nid, nid, a, b);
	else if (sscanf(line, "memnode %u %31s %31s", &nid, a, b) == 3)
		text = g_strdup_printf("  node %u: [mem %s-%s]", nid, a, b);
	else if (sscanf(line, "last_pfn %31s %31s", a, b) == 2)
		text = g_strdup_printf("last_pfn = %s max_arch_pfn = %s", a, b);
	else if (sscanf(line, "reserved %31s %31s %1023s", a, b, word) == 3 &&
		 !strcmp(word, "RAMDISK"))
		text = g_strdup_printf("RAMDISK: [mem %s-%s]", a, b);
	else if (g_str_has_prefix(line, "reserved ") && g_str_has_prefix(word, "NODE_DATA"))
		text = g_strdup_printf("%s allocated [mem %s-%s]", word, a, b);
	else if (g_str_has_prefix(line, "reserved ") && !strcmp(word, "swiotlb"))
		text = g_strdup_printf("software IO TLB: mapped [mem %s-%s]", a, b);
	else if (g_str_has_prefix(line, "reserved ") && !strcmp(word, "crashkernel"))
		capture_add(c->reserves, strtoull(a, NULL, 16), strtoull(b, NULL, 16) + 1, word, 0);
	else if (sscanf(line, "node %u cpulist %1023s", &nid, word) == 2 && nid < CAPTURE_NODES &&
		 !c->nodes[nid].cpulist)
		c->nodes[nid].cpulist = g_strdup(word);
	else if (sscanf(line, "distance %u %u %u", &nid, &to, &distance) == 3 &&
		 nid < CAPTURE_NODES) {
		g_autofree char *old = c->nodes[nid].distances;

		c->nodes[nid].distances = g_strdup_printf("%s%s%u", old ? old : "", old ? " " : "",
							  distance);
	}
	if (text)
		capture_log_line(c, text);
}

void capture_from_digest(struct capture *c)
{
	const bool has_map = c->e820->len, has_end = c->has_freed;
	g_autofree char *text = capture_read(c, "machine.txt");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (char **line = lines; *line; line++) {
		g_strchomp(*line);
		if (!has_map)
			digest_line(c, *line);
		if (!has_end)
			digest_end(c, *line);
	}
}

void capture_from_tree(struct capture *c)
{
	g_autofree char *ratio = capture_read(c, "proc/sys/vm/lowmem_reserve_ratio");

	read_texts(c);
	read_zoneinfo(c);
	find_late(c);
	read_iomem(c);
	capture_from_log(c);
	capture_drop_torn(c);
	capture_from_digest(c);
	guess_arch(c);
	find_release(c);
	count_cpus(c);
	read_boot_time(c);
	read_nodes(c);
	if (!c->e820->len)
		read_firmware_map(c);
	if (!c->e820->len)
		read_iomem_map(c);
	if (ratio)
		read_numbers(ratio, c->reserve_ratio);
	c->min_free_kbytes = read_number(c, "proc/sys/vm/min_free_kbytes", 10);
	c->watermark_scale_factor = read_number(c, "proc/sys/vm/watermark_scale_factor", 10);
	c->block_bytes = read_number(c, "sys/devices/system/memory/block_size_bytes", 16);
}
