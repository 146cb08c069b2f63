// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each parameter is a row: its name and the function that takes its value. Names
 * that are merely known (drivers', init's) are a list of words. A name with a dot
 * is a module's and never unknown.
 */
#include "sim/boot/cmdline.h"

#include <stdlib.h>

#include "sim/base/memparse.h"

/* One word of the line. value is NULL without '='. Not NUL-terminated. */
struct word {
	const char *name, *value;
	size_t name_len, value_len;
};

static void strip(const char **text, size_t *len)
{
	if (!*len || **text != '"')
		return;
	++*text;
	--*len;
	if (*len && (*text)[*len - 1] == '"')
		--*len;
}

/* Quotes around the whole word or the whole value are no part of it. */
static void strip_quotes(struct word *word)
{
	if (!word->value) {
		strip(&word->name, &word->name_len);
		return;
	}
	if (word->name_len && *word->name == '"') {
		word->name++;
		word->name_len--;
		if (word->value_len && word->value[word->value_len - 1] == '"')
			word->value_len--;
	}
	strip(&word->value, &word->value_len);
}

static bool next_word(const char **text, struct word *word)
{
	const char *at = *text + strspn(*text, " \t\n");
	size_t len = 0;
	const char *equals;
	bool quoted = false;

	for (; at[len] && (quoted || !strchr(" \t\n", at[len])); len++)
		if (at[len] == '"')
			quoted = !quoted;
	if (!len)
		return false;
	equals = memchr(at, '=', len);
	word->name = at;
	word->name_len = equals ? (size_t)(equals - at) : len;
	word->value = equals ? equals + 1 : NULL;
	word->value_len = equals ? len - word->name_len - 1 : 0;
	*text = at + len;
	strip_quotes(word);
	return true;
}

/* What stands behind it is init's. */
static bool is_dashes(const struct word *word)
{
	return !word->value && word->name_len == 2 && !memcmp(word->name, "--", 2);
}

/* Dash and underscore are the same in names. */
static bool name_is(const struct word *word, const char *name)
{
	for (size_t i = 0; i < word->name_len; i++) {
		char c = word->name[i] == '-' ? '_' : word->name[i];
		char d = name[i] == '-' ? '_' : name[i];

		if (!name[i] || c != d)
			return false;
	}
	return !name[word->name_len];
}

static bool value_is(const struct word *word, const char *text)
{
	return word->value && word->value_len == strlen(text) &&
	       !memcmp(word->value, text, word->value_len);
}

static void add_memmap(struct cmdline *c, const struct memmap_option *option)
{
	if (c->nr_memmap < MAX_MEMMAP_OPTIONS)
		c->memmap[c->nr_memmap++] = *option;
}

static void take_mem(struct cmdline *c, const struct word *word)
{
	struct memmap_option option = { .kind = 'm', .size = memparse(word->value, NULL) };

	if (value_is(word, "nopentium"))
		return;
	if (!option.size)
		option.kind = '0';
	add_memmap(c, &option);
}

/* SIZE%START[-FROM][+TO], and nothing behind it. */
static bool take_types(struct memmap_option *option, const char *text)
{
	char *end;

	option->start = memparse(text, &text);
	end = (char *)text;
	if (*end == '-')
		option->from = (unsigned int)strtoull(end + 1, &end, 0);
	if (*end == '+')
		option->to = (unsigned int)strtoull(end + 1, &end, 0);
	return !*end || strchr(", \t\n\"", *end);
}

static void take_one_memmap(struct cmdline *c, const char *text)
{
	struct memmap_option option = { .kind = 'm' };
	const char *end;

	if (!strncmp(text, "exactmap", 8)) {
		option.kind = 'x';
		add_memmap(c, &option);
		return;
	}
	option.size = memparse(text, &end);
	if (end == text)
		return;
	if (*end && strchr("@$#!%", *end)) {
		option.kind = *end;
		if (*end != '%')
			option.start = memparse(end + 1, NULL);
		else if (!take_types(&option, end + 1))
			option.kind = '0';
	}
	add_memmap(c, &option);
}

static void take_memmap(struct cmdline *c, const struct word *word)
{
	const char *at = word->value, *end = at + word->value_len;

	while (at && at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		take_one_memmap(c, at);
		at = comma ? comma + 1 : end;
	}
}

static struct core_amount parse_core(const struct word *word)
{
	struct core_amount amount = { 0 };
	const char *end;
	u64 value = memparse(word->value, &end);

	if (*end == '%')
		amount.percent = (unsigned int)MIN(value, 100);
	else
		amount.bytes = value;
	return amount;
}

static void take_kernelcore(struct cmdline *c, const struct word *word)
{
	if (value_is(word, "mirror"))
		c->kernelcore_mirror = true;
	else
		c->kernelcore = parse_core(word);
}

static void take_movable_node(struct cmdline *c, const struct word *word)
{
	(void)word;
	c->movable_node = true;
}

static void take_movablecore(struct cmdline *c, const struct word *word)
{
	c->movablecore = parse_core(word);
}

static void take_numa(struct cmdline *c, const struct word *word)
{
	if (value_is(word, "off"))
		c->numa_off = true;
}

static void take_nopcid(struct cmdline *c, const struct word *word)
{
	(void)word;
	c->nopcid = true;
}

static struct hugetlb_option *last_hugetlb(struct cmdline *c)
{
	return c->nr_hugetlb ? &c->hugetlb[c->nr_hugetlb - 1] : NULL;
}

static void take_hugepagesz(struct cmdline *c, const struct word *word)
{
	struct hugetlb_option *option;

	if (c->nr_hugetlb == MAX_HUGETLB_OPTIONS)
		return;
	c->hugepages_taken = false;
	option = &c->hugetlb[c->nr_hugetlb++];
	*option = (struct hugetlb_option){
		.page_size = memparse(word->value, NULL), .node = -1,
	};
}

static void add_hugetlb(struct cmdline *c, u64 size, int node, u64 nr)
{
	struct hugetlb_option *last = last_hugetlb(c);

	if (last && last->page_size == size && !last->nr_pages) {
		last->node = node;
		last->nr_pages = nr;
	} else if (c->nr_hugetlb < MAX_HUGETLB_OPTIONS) {
		c->hugetlb[c->nr_hugetlb++] = (struct hugetlb_option){ size, nr, node };
	}
}

/* hugepages=N, or NODE:N,NODE:N. One for each size: a second one is ignored. */
static void take_hugepages(struct cmdline *c, const struct word *word)
{
	u64 size = last_hugetlb(c) ? last_hugetlb(c)->page_size : 0;
	const char *at = word->value, *stop = at + word->value_len;

	if (c->hugepages_taken)
		return;
	c->hugepages_taken = true;
	while (at < stop) {
		char *end;
		u64 nr = strtoull(at, &end, 0);
		int node = -1;

		if (end == at)
			return;
		if (*end == ':' && nr >= MAX_HUGETLB_NODE)
			return;
		if (*end == ':') {
			node = (int)nr;
			nr = strtoull(end + 1, &end, 0);
		}
		add_hugetlb(c, size, node, nr);
		at = *end == ',' ? end + 1 : stop;
	}
}

static void take_default_hugepagesz(struct cmdline *c, const struct word *word)
{
	c->default_hugepagesz = memparse(word->value, NULL);
	take_hugepagesz(c, word);
}

static void take_thp(struct cmdline *c, const struct word *word)
{
	if (value_is(word, "always"))
		c->thp = THP_ALWAYS;
	else if (value_is(word, "madvise"))
		c->thp = THP_MADVISE;
	else if (value_is(word, "never"))
		c->thp = THP_NEVER;
}

static const char *const size_words[] = { "always", "inherit", "madvise", "never" };
static const char *const size_shmem_words[] = {
	"always", "inherit", "within_size", "advise", "never",
};
/* The last two are for sysfs. */
static const char *const shmem_words[] = {
	"always", "within_size", "advise", "never", "deny", "force",
};

#define ANON_ORDERS 0x3fcULL	/* of x86-64: 16 KiB to 2 MiB */
#define FILE_ORDERS 0x3feULL
#define EVERY_ORDER(word) (0x1111111111ULL * (word) & ~0xfULL)

static void take_thp_anon(struct cmdline *c, const struct word *word)
{
	u64 packed = c->thp_anon_given ? c->thp_anon : EVERY_ORDER(3);

	if (cmdline_thp_sizes(word->value, word->value_len, size_words, ARRAY_SIZE(size_words),
			      ANON_ORDERS, &packed)) {
		c->thp_anon = packed;
		c->thp_anon_given = true;
	}
}

static void take_thp_shmem(struct cmdline *c, const struct word *word)
{
	u64 packed = c->thp_shmem_given ? c->thp_shmem : EVERY_ORDER(4);

	if (cmdline_thp_sizes(word->value, word->value_len, size_shmem_words,
			      ARRAY_SIZE(size_shmem_words), FILE_ORDERS, &packed)) {
		c->thp_shmem = packed;
		c->thp_shmem_given = true;
	}
}

static int shmem_word(const struct word *word)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(shmem_words); i++)
		if (value_is(word, shmem_words[i]))
			return (int)i;
	return -1;
}

static void take_thp_shmem_mount(struct cmdline *c, const struct word *word)
{
	int chosen = shmem_word(word);

	if (chosen >= 0) {
		c->thp_shmem_mount = (u8)chosen;
		c->thp_shmem_mount_given = true;
	}
}

static void take_thp_tmpfs(struct cmdline *c, const struct word *word)
{
	int chosen = shmem_word(word);

	if (chosen >= 0 && chosen < 4) {
		c->thp_tmpfs = (u8)chosen;
		c->thp_tmpfs_given = true;
	}
}

/* kstrtobool(): what is neither leaves it as it is. */
static void take_bool(bool *field, const struct word *word)
{
	const char *v = word->value;

	if (!word->value_len)
		return;
	if (strchr("yYtT1", *v) || ((*v | 0x20) == 'o' && (v[1] | 0x20) == 'n'))
		*field = true;
	else if (strchr("nNfF0", *v) || ((*v | 0x20) == 'o' && (v[1] | 0x20) == 'f'))
		*field = false;
}

static void take_page_owner(struct cmdline *c, const struct word *word)
{
	take_bool(&c->page_owner, word);
}

static void take_init_on_alloc(struct cmdline *c, const struct word *word)
{
	take_bool(&c->init_on_alloc, word);
}

static void take_init_on_free(struct cmdline *c, const struct word *word)
{
	take_bool(&c->init_on_free, word);
}

static void take_secretmem(struct cmdline *c, const struct word *word)
{
	c->secretmem_given = c->secretmem = true;
	take_bool(&c->secretmem, word);
}

static void take_crashkernel(struct cmdline *c, const struct word *word)
{
	const char *end;
	u64 size = memparse(word->value, &end);

	if (!strncmp(end, ",high", 5)) {
		c->crash_high = size;
	} else if (!strncmp(end, ",low", 4)) {
		c->crash_low = size;
		c->has_crash_low = true;
	} else {
		c->crash = word->value;
	}
}

static void take_slub_debug(struct cmdline *c, const struct word *word)
{
	c->slub_debug = word->value ? word->value : "";
	c->slub_debug_len = word->value_len;
}

static void take_nomerge(struct cmdline *c, const struct word *word)
{
	(void)word;
	c->slab_nomerge = true;
}

static void take_memblock(struct cmdline *c, const struct word *word)
{
	c->memblock_debug = value_is(word, "debug");
}

static void take_nohugevmalloc(struct cmdline *c, const struct word *word)
{
	(void)word;
	c->nohugevmalloc = true;
}

static void take_cma(struct cmdline *c, const struct word *word)
{
	const char *at;

	c->has_cma = word->value;
	c->bad_cma = !word->value;
	if (c->bad_cma)
		return;
	c->cma_size = memparse(word->value, &at);
	c->cma_base = c->cma_limit = 0;
	if (*at != '@')
		return;
	c->cma_base = memparse(at + 1, &at);
	c->cma_limit = *at == '-' ? memparse(at + 1, NULL) : c->cma_base + c->cma_size;
}

static void take_hashdist(struct cmdline *c, const struct word *word)
{
	c->no_hashdist = value_is(word, "0");
}

#define HASH_PARAM(field) \
	static void take_##field(struct cmdline *c, const struct word *word) \
	{ \
		c->field = strtoull(word->value, NULL, 0); \
	}
HASH_PARAM(dentry_hash)
HASH_PARAM(inode_hash)
HASH_PARAM(mount_hash)
HASH_PARAM(mountpoint_hash)
HASH_PARAM(tcp_hash)
HASH_PARAM(udp_hash)

struct param {
	const char *name;
	void (*take)(struct cmdline *c, const struct word *word);
	bool plain;		/* makes sense without a value */
	bool cma;		/* known to kernels with CMA */
};

static const struct param params[] = {
	{ "mem", take_mem, false },
	{ "memmap", take_memmap, false },
	{ "kernelcore", take_kernelcore, false },
	{ "movablecore", take_movablecore, false },
	{ "movable_node", take_movable_node, true },
	{ "numa", take_numa, false },
	{ "nopcid", take_nopcid, true },
	{ "hugepagesz", take_hugepagesz, false },
	{ "hugepages", take_hugepages, false },
	{ "default_hugepagesz", take_default_hugepagesz, false },
	{ "transparent_hugepage", take_thp, false },
	{ "transparent_hugepage_shmem", take_thp_shmem_mount, false },
	{ "transparent_hugepage_tmpfs", take_thp_tmpfs, false },
	{ "thp_anon", take_thp_anon, false },
	{ "thp_shmem", take_thp_shmem, false },
	{ "page_owner", take_page_owner, false },
	{ "init_on_alloc", take_init_on_alloc, false },
	{ "init_on_free", take_init_on_free, false },
	{ "secretmem.enable", take_secretmem, true },
	{ "crashkernel", take_crashkernel, false },
	{ "slub_debug", take_slub_debug, true },
	{ "slab_debug", take_slub_debug, true },
	{ "slab_nomerge", take_nomerge, true },
	{ "slub_nomerge", take_nomerge, true },
	{ "memblock", take_memblock, false },
	{ "hashdist", take_hashdist, false },
	{ "nohugevmalloc", take_nohugevmalloc, true },
	{ "dhash_entries", take_dentry_hash, false },
	{ "ihash_entries", take_inode_hash, false },
	{ "mhash_entries", take_mount_hash, false },
	{ "mphash_entries", take_mountpoint_hash, false },
	{ "thash_entries", take_tcp_hash, false },
	{ "uhash_entries", take_udp_hash, false },
	{ "cma", take_cma, true, .cma = true },
};

/* Known to a real kernel; without effect on the memory manager here. */
static const char *const known[] = {
	"acpi", "apic", "audit", "boot_delay", "cgroup_disable", "cgroup_enable",
	"clocksource", "console", "debug", "debug_pagealloc", "dis_ucode_ldr",
	"earlycon", "earlyprintk", "efi", "elevator", "fsck", "gbpages", "nogbpages",
	"hardened_usercopy", "hpet", "idle", "ignore_loglevel", "init",
	"initcall_debug", "initrd", "initrdmem", "intel_iommu", "io_delay",
	"iommu", "irqaffinity", "isolcpus", "kgdboc", "kmemleak", "kpti", "lapic",
	"log_buf_len", "loglevel", "lpj", "lsm", "max_cpus", "maxcpus", "mce",
	"memory_corruption_check", "memtest", "mitigations", "net.ifnames", "nmi_watchdog",
	"no_console_suspend", "noapic",
	"noefi", "nohz", "nohz_full", "noinitrd", "nolapic", "nopat", "nopti",
	"noresume", "nosmp", "nosmt", "notsc", "nowatchdog", "nr_cpus",
	"numa_balancing", "oops", "page_poison", "panic", "panic_on_oops", "panic_on_warn",
	"pci", "pcie_aspm", "percpu_alloc", "possible_cpus", "pr_debug", "printk.time",
	"profile", "psi", "pti", "quiet", "raid", "random.trust_cpu", "rdinit", "reboot",
	"relax_domain_level", "reserve", "resume", "resume_offset", "retain_initrd", "ro",
	"rodata", "root", "rootdelay", "rootflags", "rootfstype", "rootwait", "rw",
	"security", "selinux", "skew_tick", "slub_max_order", "slub_min_objects",
	"slub_min_order", "slab_max_order", "slab_min_objects", "slab_min_order",
	"smp", "spectre_v2", "stack_depot_disable", "stack_depot_max_pools", "swapaccount",
	"swiotlb", "sysrq_always_enabled", "trace_buf_size", "trace_event", "tsc",
	"udbg", "usbcore", "vdso", "vga", "video", "vm_debug", "vmalloc", "vsyscall",
	"watchdog_thresh", "workqueue.watchdog_thresh", "zswap", "sched_verbose",
	"norandmaps", "tp_printk", "ftrace", "keep_bootcon", "highmem", "lockdown",
};

void cmdline_parse(const char *text, struct cmdline *cmdline)
{
	struct word word;

	memset(cmdline, 0, sizeof(*cmdline));
	cmdline->init_on_alloc = true;	/* CONFIG_INIT_ON_ALLOC_DEFAULT_ON */
	while (text && next_word(&text, &word) && !is_dashes(&word)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(params); i++) {
			if (!name_is(&word, params[i].name))
				continue;
			if (word.value || params[i].plain)
				params[i].take(cmdline, &word);
		}
	}
}

bool slub_debug_has(const struct cmdline *cmdline, char flag)
{
	const char *text = cmdline->slub_debug;
	size_t len = cmdline->slub_debug_len;

	if (!text)
		return false;
	if (!len)
		return strchr("FZPU", flag);
	for (size_t i = 0; i < len && text[i] != ';'; i++) {
		if (text[i] == ',')
			return false;	/* for some caches only */
		if (text[i] == '-')
			return false;
	}
	for (size_t i = 0; i < len && text[i] != ';'; i++)
		if ((text[i] & ~0x20) == flag)
			return true;
	return false;
}

static bool is_known(const struct word *word, bool cma)
{
	if (memchr(word->name, '.', word->name_len))
		return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(params); i++)
		if (name_is(word, params[i].name) && (cma || !params[i].cma))
			return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (name_is(word, known[i]))
			return true;
	return false;
}

/* Words without a value come first: they are arguments, the others environment. */
static void list_unknown(const char *text, bool cma, bool with_value, struct out *out)
{
	struct word word;

	while (text && next_word(&text, &word)) {
		if (is_dashes(&word))
			return;
		if (!!word.value != with_value || is_known(&word, cma))
			continue;
		if (out->len)
			out_putc(out, ' ');
		out_write(out, word.name, word.name_len);
		if (!with_value)
			continue;
		out_putc(out, '=');
		out_write(out, word.value, word.value_len);
	}
}

void cmdline_unknown(const char *text, bool cma, struct out *out)
{
	list_unknown(text, cma, /* with_value = */ false, out);
	list_unknown(text, cma, /* with_value = */ true, out);
}
