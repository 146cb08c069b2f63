// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole tree as the program has it, on several machines: every name that a
 * directory lists is found again, every file renders, every link leads somewhere,
 * every row has its help page, and the lines that README says work. Then the
 * files of sim/ one by one.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"
#include "support.h"
#include "fs/core/tree_struct.h"
#include "fs/core/verb.h"
#include "sim/phys/page_alloc.h"

static struct lab lab;

static void start(const char *machine, const char *const *sets)
{
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, sets), 0);
}

static void stop(void)
{
	lab_close(&lab);
}

static int slurp(struct node node, struct out *out)
{
	struct handle *handle;
	char buf[4096];
	ssize_t n;
	int err = tree_open(lab.tree, node, lab.me, O_RDONLY, &handle);

	if (err)
		return err;
	while ((n = handle_read(handle, out->len, buf, sizeof(buf))) > 0)
		out_write(out, buf, n);
	handle_release(handle);
	return n;
}

static void read_path(const char *path, struct out *out)
{
	out_clear(out);
	out_puts(out, lab_cat(&lab, path));
}

static int run(const char *line)
{
	int err = lab_run(&lab, line);

	if (err)
		fprintf(stderr, "%s: %s (%s)\n", line, strerror(-err), lab_text(&lab.sentence));
	return err;
}

/* What a walk over the tree counts. */
struct census {
	char path[4096];
	unsigned int nr_files, nr_dirs, nr_links, nr_wrong;
	unsigned int nr_names;	/* in this directory */
};

static void wrong(struct census *c, const char *what, int err)
{
	fprintf(stderr, "%s: %s %s\n", c->path, what, err ? strerror(-err) : "");
	c->nr_wrong++;
}

static void visit(struct census *c, struct node node, mode_t mode);

struct child {
	struct census *c;
	struct node dir;
};

static bool visit_child(void *arg, const char *name, struct node node, mode_t mode, u64 next)
{
	struct child *child = arg;
	struct census *c = child->c;
	size_t len = strlen(c->path);
	struct node found;
	int err;

	c->nr_names++;
	if (c->nr_names <= 2) {
		if (strcmp(name, c->nr_names == 1 ? "." : ".."))
			wrong(c, "dots are not first", 0);
		return true;
	}
	snprintf(c->path + len, sizeof(c->path) - len, "%s%s", len ? "/" : "", name);
	err = tree_lookup(lab.tree, child->dir, name, lab.me, &found);
	if (err || node_to_ino(found) != node_to_ino(node))
		wrong(c, "listed, but lookup disagrees", err);
	c->path[len] = '\0';
	return true;
}

/* The lock is not recursive: names first, then each of them. */
struct names_of {
	struct node nodes[4096];
	char names[4096][64];
	mode_t modes[4096];
	unsigned int nr;
};

static bool collect(void *arg, const char *name, struct node node, mode_t mode, u64 next)
{
	struct names_of *all = arg;

	if (!strcmp(name, ".") || !strcmp(name, "..") || all->nr == ARRAY_SIZE(all->nodes))
		return true;
	all->nodes[all->nr] = node;
	all->modes[all->nr] = mode;
	snprintf(all->names[all->nr++], 64, "%s", name);
	return true;
}

static void visit_dir(struct census *c, struct node node)
{
	struct names_of *all = calloc(1, sizeof(*all));
	struct node_attr attr = { 0 };
	size_t len = strlen(c->path);
	unsigned int nr_dirs = 0;

	c->nr_dirs++;
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	CU_ASSERT_EQUAL(tree_readdir(lab.tree, node, lab.me, 0, collect, all), 0);
	for (unsigned int i = 0; i < all->nr; i++) {
		struct child child = { c, node };

		c->nr_names = 2;
		nr_dirs += S_ISDIR(all->modes[i]);
		visit_child(&child, all->names[i], all->nodes[i], all->modes[i], 0);
		snprintf(c->path + len, sizeof(c->path) - len, "%s%s", len ? "/" : "",
			 all->names[i]);
		visit(c, all->nodes[i], all->modes[i]);
		c->path[len] = '\0';
	}
	if (tree_getattr(lab.tree, node, lab.me, &attr) || attr.nlink != 2 + nr_dirs)
		wrong(c, "nlink", 0);
	free(all);
}

/* Files of strings or machine words, one behind the other. */
static bool has_words(const char *name)
{
	return !strcmp(name, "auxv") || !strcmp(name, "cmdline") || !strcmp(name, "environ");
}

static void visit_file(struct census *c, struct node node)
{
	const struct row *row = tree_row(lab.tree, node);
	struct out out = OUT_INIT;
	int err;

	c->nr_files++;
	if (row->kind == ROW_ENTRY && row->entry->show) {
		err = slurp(node, &out);
		/* Tasks without memory have no such thing. */
		if (err && err != -ESRCH)
			wrong(c, "cannot be read:", err);
		if (memchr(out.text ? out.text : "", '\0', out.len) && !has_words(row->entry->name))
			wrong(c, "has a NUL", 0);
	}
	if (row->kind == ROW_ENTRY && !row->entry->show && !row->entry->store)
		wrong(c, "can neither be read nor written", 0);
	out_free(&out);
}

static void visit(struct census *c, struct node node, mode_t mode)
{
	struct node target;
	int err;

	if (S_ISDIR(mode)) {
		visit_dir(c, node);
	} else if (S_ISLNK(mode)) {
		c->nr_links++;
		err = tree_walk(lab.tree, c->path, lab.me, &target);
		/*
		 * Without a caller nobody is self; files of the machine are not in the tree,
		 * and kernel threads have no program.
		 */
		if (err && !strstr(c->path, "self") && !strstr(c->path, "/exe") &&
		    !strstr(c->path, "/map_files/") && !strstr(c->path, "/fd/") &&
		    !strstr(c->path, "/ns/") &&
		    strcmp(c->path, "proc/mounts") && strcmp(c->path, "proc/net"))
			wrong(c, "leads nowhere:", err);
	} else {
		visit_file(c, node);
	}
}

static void census(const char *machine, const char *const *sets)
{
	struct census c = { 0 };

	start(machine, sets);
	visit(&c, NODE_ROOT, S_IFDIR);
	CU_ASSERT_EQUAL(c.nr_wrong, 0);
	CU_ASSERT(c.nr_files > 50);
	CU_ASSERT(c.nr_dirs > 5);
	stop();
}

static void test_census(void)
{
	const char *const old[] = { "release=6.1", NULL };

	census("tiny", NULL);
	census("pc", NULL);
	census("pc", old);
	census("numa4", NULL);
	census("i386", old);
}

/* Each is found by its name, and by nothing shorter or longer; no form has a gap. */
static void test_verb_list(void)
{
	struct verb_index *index = verb_index_new();
	const struct verb *verb;
	char name[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(index);
	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		size_t len = (size_t)snprintf(name, sizeof(name), "%s_", verb->name) - 1;

		CU_ASSERT_PTR_EQUAL(verb_find(name, len), verb);
		CU_ASSERT_PTR_NULL(verb_find(name, len + 1));
		CU_ASSERT(verb_find(name, len - 1) != verb);
		CU_ASSERT_PTR_EQUAL(verb_index_find(index, name, len), verb);
		CU_ASSERT_PTR_NULL(verb_index_find(index, name, len + 1));
		CU_ASSERT(verb_index_find(index, name, len - 1) != verb);
		CU_ASSERT_EQUAL(verb_number(verb), i);
		for (unsigned int form = 0; form <= verb->nr_forms; form++) {
			const u8 *kinds = verb_form_args(verb, form);

			for (unsigned int k = 1; k < MAX_ARGS; k++)
				CU_ASSERT(kinds[k - 1] || !kinds[k]);
		}
	}
	free(index);
}

/* Every row that is served has a page; every page says something. */
static void test_help(void)
{
	struct out out = OUT_INIT;
	const struct verb *verb;
	char path[128];

	start("tiny", NULL);
	read_path("sim/help/index", &out);
	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(out.text, verb->name));
		CU_ASSERT_PTR_NOT_NULL(verb->help);
	}
	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		snprintf(path, sizeof(path), "sim/help/%s", verb->name);
		read_path(path, &out);
		CU_ASSERT(out.len > strlen(verb->name) + 40);
	}
	read_path("sim/help/sim.check", &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "sim/check  (file, 0444)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "invariant"));
	read_path("sim/help/digest", &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "sim/digest"));
	for (unsigned int i = 1; i < lab.tree->nr_rows; i++) {
		const struct row *row = &lab.tree->rows[i];

		if (row->domain == DOMAIN_SIM && row->parent &&
		    !row->entry->help) {
			fprintf(stderr, "no help: %s\n", row->entry->name);
			CU_FAIL("a file of sim/ without help");
		}
	}
	out_free(&out);
	stop();
}

/* Each line of README that begins with two blanks and a command. */
static void try_readme(void)
{
	struct out readme = OUT_INIT;
	unsigned int nr_tried = 0;
	char *line, *save;

	read_path("README", &readme);
	for (line = strtok_r(readme.text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char text[256];
		char *gt;

		if (!strncmp(line, "  cat ", 6)) {
			char *word, *words;

			for (word = strtok_r(line + 6, " ", &words); word;
			     word = strtok_r(NULL, " ", &words)) {
				snprintf(text, sizeof(text), "cat %s", word);
				CU_ASSERT_EQUAL(run(text), 0);
			}
			nr_tried++;
		} else if (!strncmp(line, "  echo ", 7) && (gt = strstr(line, " > "))) {
			snprintf(text, sizeof(text), "%s: %.*s", gt + 3, (int)(gt - line - 7),
				 line + 7);
			CU_ASSERT_EQUAL(run(text), 0);
			nr_tried++;
		}
	}
	CU_ASSERT_EQUAL(nr_tried, 5);
	out_free(&readme);
}

static void test_readme(void)
{
	static const char *const machines[] = { "tiny", "pc", "numa8", "i386" };
	struct out out = OUT_INIT;
	unsigned int nr_lines = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		start(machines[i], NULL);
		try_readme();
		stop();
	}
	start("pc", NULL);
	read_path("README", &out);
	for (size_t i = 0; i < out.len; i++)
		nr_lines += out.text[i] == '\n';
	CU_ASSERT(nr_lines <= 24);
	out_free(&out);
	stop();
}

static void test_state(void)
{
	struct out a = OUT_INIT, b = OUT_INIT;

	start("tiny", NULL);
	read_path("sim/check", &a);
	CU_ASSERT_EQUAL(strncmp(a.text, "clean ", 6), 0);
	read_path("sim/digest", &a);
	CU_ASSERT_EQUAL(a.len, DIGEST_CHARS + 1);
	CU_ASSERT_EQUAL(run("sim/ctl: alloc_pages 0 as one"), 0);
	read_path("sim/digest", &b);
	CU_ASSERT_STRING_NOT_EQUAL(a.text, b.text);
	read_path("sim/last", &a);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "path: sim/ctl\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "alloc_pages"));
	read_path("sim/log", &a);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "sim/ctl: alloc_pages"));
	read_path("sim/result", &a);
	read_path("sim/as/one", &b);
	CU_ASSERT_EQUAL(strncmp(b.text, "pfn: 0x", 7), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.text, "state: used"));
	read_path("sim/machine", &a);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "[machine]"));
	read_path("sim/dmesg", &a);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "Linux version"));
	read_path("sim/clock", &a);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "clock: virtual\n"));
	read_path("sim/cpu/0/current", &a);
	/* init ran there last; the idle task borrows its mm. */
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "mm: none\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.text, "of 1 (init)\n"));
	out_free(&a);
	out_free(&b);
	stop();
}

/* A page by each of its states: the file agrees with the descriptor. */
static void test_page(void)
{
	static const char *const missing[] = {
		"sim/page/0x", "sim/page/1", "sim/page/0x01", "sim/page/0X1",
		"sim/page/0xfffffffff", "sim/page/-1", "sim/page/0x1 ",
	};
	struct out out = OUT_INIT;
	unsigned int nr_free = 0, nr_used = 0, nr_reserved = 0;
	struct node node;
	char path[64];

	start("tiny", NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(missing); i++)
		CU_ASSERT_EQUAL(tree_walk(lab.tree, missing[i], lab.me, &node), -ENOENT);
	for (u64 pfn = 0; pfn < tree_machine(lab.tree)->max_pfn; pfn += 7) {
		u64 head;
		unsigned int order;
		bool is_free = buddy_find(tree_machine(lab.tree), pfn, &head, &order);

		snprintf(path, sizeof(path), "sim/page/0x%" PRIx64, pfn);
		read_path(path, &out);
		nr_reserved += !!strstr(out.text, "state: reserved");
		nr_used += !!strstr(out.text, "state: used");
		nr_free += !!strstr(out.text, "state: free");
		if (is_free && !strstr(out.text, "state: free"))
			CU_FAIL("a free page is not told free");
	}
	CU_ASSERT(nr_free > 0);
	CU_ASSERT(nr_used > 0);
	CU_ASSERT(nr_reserved > 0);
	out_free(&out);
	stop();
}

/* page_owner=on: the page tells who allocated it, with the stack. */
static void test_page_owner(void)
{
	const char *const sets[] = { "cmdline=page_owner=on", NULL };
	struct out out = OUT_INIT;

	start("tiny", sets);
	CU_ASSERT_EQUAL(run("sim/ctl: alloc_pages 2 GFP_KERNEL as mine"), 0);
	read_path("sim/as/mine", &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "allocated: by "));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, " with GFP_KERNEL\n "));
	out_free(&out);
	stop();
}

static void test_views(void)
{
	static const char *const files[] = {
		"sim/view/buddy", "sim/view/nodes", "sim/view/slab", "sim/view/zones",
	};
	struct out out = OUT_INIT;

	start("pc", NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		read_path(files[i], &out);
		CU_ASSERT(out.len > 100);
	}
	read_path("sim/view/zones", &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "..."));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "Normal"));
	out_free(&out);
	stop();
}

/* sim/zone/0/ZONE/free_area: each list has as many blocks as it says, all of them free. */
static void check_free_area(const struct zone *zone, const struct out *out)
{
	const struct machine *m = tree_machine(lab.tree);
	u64 blocks[NR_PAGE_ORDERS] = { 0 };

	for (char *line = strtok(out->text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned int order, is, row;
		unsigned long long nr, sum = 0;
		const char *at = strchr(line, ':');
		int len;

		CU_ASSERT_EQUAL_FATAL(sscanf(line, "order %u %*s %llu:", &order, &nr), 2);
		for (at++; sscanf(at, " %x%n", &is, &len) == 1; at += len) {
			unsigned int found;
			u64 head;

			CU_ASSERT_TRUE(buddy_find(m, is, &head, &found) && head == is &&
				       found == order && pfn_zone(m, is) == zone);
			row = 1;
			if (at[len] == '*' && sscanf(at + len, "*%u", &row) == 1)
				len += (int)strspn(at + len, "*0123456789");
			sum += row;
		}
		CU_ASSERT_EQUAL(sum, nr);
		blocks[order] += nr;
	}
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		CU_ASSERT_EQUAL(blocks[order], zone->free_area[order].nr_free);
}

static void test_zone(void)
{
	struct out out = OUT_INIT;
	const struct machine *m;
	char path[64];

	start("pc", NULL);
	m = tree_machine(lab.tree);
	CU_ASSERT_EQUAL(run("sim/ctl: alloc_pages 3"), 0);
	CU_ASSERT_EQUAL(run("sim/ctl: drain"), 0);
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];
		unsigned long long first, last, nr, sum = 0;
		char type[16];

		if (!zone_populated(zone))
			continue;
		snprintf(path, sizeof(path), "sim/zone/%u/%s/free_area", zone->node, zone->name);
		read_path(path, &out);
		check_free_area(zone, &out);
		snprintf(path, sizeof(path), "sim/zone/%u/%s/pageblocks", zone->node, zone->name);
		read_path(path, &out);
		for (char *line = strtok(out.text, "\n"); line; line = strtok(NULL, "\n")) {
			CU_ASSERT_EQUAL(sscanf(line, "%llx-%llx %llu %15s", &first, &last, &nr,
					       type), 4);
			CU_ASSERT_EQUAL(last - first + 1, nr << m->pageblock_order);
			CU_ASSERT_STRING_EQUAL(type,
					       migratetype_names[pageblock_type(m, first)]);
			sum += nr;
		}
		CU_ASSERT_TRUE((sum + 1) << m->pageblock_order >= zone->present_pages);
		snprintf(path, sizeof(path), "sim/zone/%u/%s/compaction", zone->node, zone->name);
		read_path(path, &out);
		CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "compact_defer_shift: 0\n"));
	}
	read_path("sim/section", &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "section 0: 0x0-0x7fff several zones"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, " node 1 zone Normal, descriptors"));
	out_free(&out);
	stop();
}

/* Each record as the kernel prints it, so that its own tools read it; and what moved. */
static void test_owner_file(void)
{
	static const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = { "cmdline=page_owner=on", releases[i], NULL };
		struct out out = OUT_INIT;
		u64 blocks = 0, pages = 0, shown = 0;

		start("tiny", sets);
		CU_ASSERT_EQUAL(run("sim/as/init/ctl: fork as a"), 0);
		CU_ASSERT_EQUAL(run("sim/as/a/ctl: mmap 0 8M rw private,anon as b"), 0);
		CU_ASSERT_EQUAL(run("sim/as/a/ctl: store @b 8M"), 0);
		CU_ASSERT_EQUAL(run("sim/as/a/ctl: madvise @b 4M dontneed"), 0);
		CU_ASSERT_EQUAL(run("proc/sys/vm/compact_memory: 1"), 0);
		read_path("sys/kernel/debug/page_owner", &out);
		CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "\nPage has been migrated, last migrate "
					      "reason: compaction\n\n"));
		for (const char *at = out.text; (at = strstr(at, "Page allocated")); at++) {
			unsigned int order, mask, pid, tgid, block;
			unsigned long long ts, pfn;
			char comm[20], type[16], own[16];
			const char *line = strchr(at, '\n') + 1;

			CU_ASSERT_EQUAL(sscanf(at, "Page allocated via order %u, mask %x(%*[^)]), "
					       "pid %u, tgid %u (%19[^)]), ts %llu ns", &order,
					       &mask, &pid, &tgid, comm, &ts), 6);
			CU_ASSERT_EQUAL(sscanf(line, i ? "PFN 0x%llx type %15s Block %u type %15s "
					       "Flags 0x" : "PFN %llu type %15s Block %u type %15s "
					       "Flags 0x", &pfn, type, &block, own), 4);
			CU_ASSERT_EQUAL(allocated_order(tree_machine(lab.tree), pfn), (int)order);
			blocks++;
			pages += 1ULL << order;
		}
		CU_ASSERT_TRUE(blocks > 1000);
		/* Flags have the order of the kernel's own table, which changed. */
		CU_ASSERT_PTR_NOT_NULL(strstr(out.text, i ? "__GFP_RECLAIMABLE|__GFP_NOWARN" :
							"__GFP_NORETRY|__GFP_RECLAIMABLE"));
		if (i) {
			read_path("sys/kernel/debug/page_owner_stacks/show_stacks", &out);
			for (const char *at = out.text; (at = strstr(at, "nr_base_pages: ")); at++)
				shown += strtoull(at + 15, NULL, 10);
			CU_ASSERT_EQUAL(shown, pages);
			CU_ASSERT_EQUAL(run("sys/kernel/debug/page_owner_stacks/count_threshold: "
					    "1000"), 0);
			read_path("sys/kernel/debug/page_owner_stacks/show_handles", &out);
			CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "handle: "));
			CU_ASSERT_PTR_NULL(strstr(out.text, "nr_base_pages: 1\n"));
		}
		read_path("sim/check", &out);
		CU_ASSERT_EQUAL(strncmp(out.text, "clean", 5), 0);
		out_free(&out);
		stop();
	}
}

static const CU_TestInfo tests[] = {
	{ "census", test_census },
	{ "list of verbs", test_verb_list },
	{ "help", test_help },
	{ "README", test_readme },
	{ "state", test_state },
	{ "page", test_page },
	{ "page owner", test_page_owner },
	{ "views", test_views },
	{ "zone", test_zone },
	{ "page_owner", test_owner_file },
};

int main(void)
{
	return suite_main("files of sim", tests, ARRAY_SIZE(tests), NULL, NULL);
}
