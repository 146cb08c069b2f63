// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes to value files as write(2) sees them: what is taken of one, which offsets
 * count, and that the journal tells all of it again on another machine.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#define VM "proc/sys/vm/"
#define HUGE "sys/kernel/mm/hugepages/hugepages-"

struct piece {
	const char *path;
	int flags;
	u64 offset;
	const char *text;
	ssize_t taken;
	const char *after;	/* what the file reads then */
};

static const struct piece pieces[] = {
	{ VM "swappiness", O_WRONLY, 0, "10 zz\n", 3, "10\n" },
	{ VM "swappiness", O_WRONLY, 0, "11  \t\n", 6, "11\n" },
	{ VM "swappiness", O_WRONLY, 0, "12\n\n\n", 5, "12\n" },
	{ VM "swappiness", O_WRONLY, 0, "13\n14\n", 3, "13\n" },
	{ VM "swappiness", O_WRONLY, 0, "zz\n", -EINVAL, "13\n" },
	{ VM "swappiness", O_WRONLY, 0, "15zz", -EINVAL, "13\n" },
	/* Behind the beginning nothing counts, not even nonsense. */
	{ VM "swappiness", O_WRONLY, 3, "16\n", 3, "13\n" },
	{ VM "swappiness", O_RDWR, 1, "zz\n", 3, "13\n" },
	/* >>: the offset is a guess at the file's size. */
	{ VM "swappiness", O_WRONLY | O_APPEND, 3, "17\n", 3, "17\n" },
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "128\n16\n", 7, NULL },
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "64 zz\n", 3, NULL },
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "64 3000000000\n", 13, NULL },
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "3000000000 64\n", 14, NULL },
	{ "sys/kernel/mm/ksm/run", O_WRONLY, 5, "2\n", 2, "2\n" },
	{ "sys/kernel/mm/ksm/run", O_WRONLY, 0, "1 \n", -EINVAL, "2\n" },
	{ "sys/kernel/mm/ksm/use_zero_pages", O_WRONLY, 0, "y # = 0\n2", 9, "1\n" },
};

/* Numbers as each file of the kernel reads them; a guest of 6.18 took and refused the same. */
static const struct piece numbers[] = {
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "   \n", -EINVAL, "0\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, " 1 \n", 4, "1\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "010\n\n", 5, "8\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "+0x10\n", 6, "16\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "-+1\n", -EINVAL, "16\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "- 1\n", -EINVAL, "16\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "2147483648\n", -ERANGE, "16\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "2147483647\n", -EINVAL, "16\n" },
	{ "proc/1/oom_score_adj", O_WRONLY, 0, "-99999999999999999999\n", -ERANGE, "16\n" },
	{ "proc/1/oom_adj", O_WRONLY, 0, "   \n", -EINVAL, NULL },
	{ "proc/1/oom_adj", O_WRONLY, 0, "4294967296\n", -ERANGE, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, "+1\n", 3, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, " 1 \n", 4, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, "01\n\n", 4, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, "0x1\n", -EINVAL, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, "-1\n", -EINVAL, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, "6\n", -EINVAL, NULL },
	{ "proc/1/clear_refs", O_WRONLY, 0, "2147483648\n", -ERANGE, NULL },
	{ "proc/1/coredump_filter", O_WRONLY, 0, "4294967296\n", -ERANGE, NULL },
	{ "proc/1/coredump_filter", O_WRONLY, 0, "-1\n", -EINVAL, NULL },
	{ "proc/1/coredump_filter", O_WRONLY, 0, " 1\n", -EINVAL, NULL },
	{ "proc/1/coredump_filter", O_WRONLY, 0, "0x1\n", 4, "00000001\n" },
	{ "proc/sys/kernel/threads-max", O_WRONLY, 0, "1\n", 2, "1\n" },
	{ "proc/sys/kernel/threads-max", O_WRONLY, 0, "0\n", -EINVAL, "1\n" },
	{ VM "hugetlb_optimize_vmemmap", O_WRONLY, 0, "-1\n", 3, "1\n" },
	{ VM "hugetlb_optimize_vmemmap", O_WRONLY, 0, "2147483648\n", -EINVAL, "1\n" },
	{ HUGE "2048kB/nr_overcommit_hugepages", O_WRONLY, 0, "99999999999999999999\n", -ERANGE,
	  "0\n" },
	{ HUGE "2048kB/nr_overcommit_hugepages", O_WRONLY, 0, "4\n", 2, "4\n" },
	{ HUGE "1048576kB/nr_overcommit_hugepages", O_WRONLY, 0, "99999999999999999999\n", -EINVAL,
	  "0\n" },
	{ HUGE "1048576kB/nr_overcommit_hugepages", O_WRONLY, 0, "4\n", -EINVAL, "0\n" },
	{ "sys/kernel/mm/lru_gen/enabled", O_WRONLY, 0, "4294967296\n", -EINVAL, NULL },
	{ "sys/kernel/mm/lru_gen/enabled", O_WRONLY, 0, "0x5\n", 4, "0x0005\n" },
	{ "sys/kernel/mm/ksm/max_page_sharing", O_WRONLY, 0, "2147483648\n", -ERANGE, NULL },
	{ "sys/kernel/mm/ksm/max_page_sharing", O_WRONLY, 0, "-2147483649\n", -ERANGE, NULL },
	{ "sys/kernel/mm/ksm/max_page_sharing", O_WRONLY, 0, "-1\n", -EINVAL, NULL },
	{ "sys/kernel/mm/ksm/advisor_max_cpu", O_WRONLY, 0, "4294967297\n", 11, "1\n" },
	{ "sys/kernel/mm/ksm/advisor_max_cpu", O_WRONLY, 0, "2147483648\n", 11, "2147483648\n" },
};

/* What 6.1 took otherwise. */
static const struct piece older[] = {
	{ VM "hugetlb_optimize_vmemmap", O_WRONLY, 0, "-1\n", 3, "1\n" },
	{ VM "hugetlb_optimize_vmemmap", O_WRONLY, 0, "0\n", 2, "0\n" },
	{ VM "hugetlb_optimize_vmemmap", O_WRONLY, 0, "4294967296\n", 11, "1\n" },
};

static void write_pieces(const struct piece *rows, size_t nr, const char *const *sets)
{
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	for (size_t i = 0; i < nr; i++) {
		const struct piece *p = &rows[i];
		struct handle *handle = lab_handle(&lab, p->path, p->flags);
		ssize_t n = handle_write(handle, p->offset, p->text, strlen(p->text));

		if (n != p->taken)
			printf("%s <- '%s': %zd, not %zd\n", p->path, p->text, n, p->taken);
		CU_ASSERT_EQUAL(n, p->taken);
		handle_release(handle);
		if (p->after)
			CU_ASSERT_STRING_EQUAL(lab_cat(&lab, p->path), p->after);
	}
	lab_close(&lab);
}

static void test_pieces(void)
{
	write_pieces(pieces, ARRAY_SIZE(pieces), NULL);
}

static void test_numbers(void)
{
	static const char *const sets[] = { "release=6.1", NULL };

	write_pieces(numbers, ARRAY_SIZE(numbers), NULL);
	write_pieces(older, ARRAY_SIZE(older), sets);
}

/* A write as the golden file has it, "..." with \\n, \\t and \\0: its length. */
static size_t read_written(const char **p, char *text)
{
	size_t len = 0;

	for (++*p; **p != '"'; ++*p) {
		if (**p == '\\')
			text[len++] = *++*p == 'n' ? '\n' : **p == 't' ? '\t' : '\0';
		else
			text[len++] = **p;
	}
	++*p;
	return len;
}

/* NAME: "TEXT" = RESULT, WHAT THE FILE SAYS THEN| with blanks for tabs; or an errno. */
static void check_write(struct lab *lab, const char *dir, const char *line)
{
	char path[120], text[120], after[120];
	struct handle *handle;
	const char *p = strchr(line, ':') + 2;
	size_t len;
	ssize_t taken, expected;

	snprintf(path, sizeof(path), "%s%.*s", dir, (int)(p - 2 - line), line);
	if (!strcmp(path, VM "threads-max"))
		strcpy(path, "proc/sys/kernel/threads-max");
	len = read_written(&p, text);
	expected = strtol(p + 3, (char **)&p, 10);
	if (!len)	/* no such write ever comes from a mount */
		return;
	handle = lab_handle(lab, path, O_WRONLY);
	taken = handle_write(handle, 0, text, len);
	handle_release(handle);
	CU_ASSERT_EQUAL(taken, expected);
	if (taken != expected)
		printf("%.*s: %zd\n", (int)strcspn(line, "\n"), line, taken);
	if (!strchr(p, '|') || strchr(p, '|') > strchr(p, '\n'))
		return;
	snprintf(after, sizeof(after), "%.*s", (int)strcspn(p + 2, "|"), p + 2);
	snprintf(text, sizeof(text), "%s", lab_cat(lab, path));
	for (char *c = text; *c; c++)
		*c = *c == '\t' ? ' ' : *c == '\n' ? '\0' : *c;
	CU_ASSERT_STRING_EQUAL(text, after);
	if (strcmp(text, after))
		printf("%.*s: then %s\n", (int)strcspn(line, "\n"), line, text);
}

static const char as_guests[] = "[node 0]\ncpus = 0-1\nmemory = 1G\n";

/* The file KIND-RELEASE.txt, or KIND.txt where the releases took the same. */
static char *written(const char *dir, const char *kind, const char *release)
{
	char name[40], *golden;

	snprintf(name, sizeof(name), "%s.txt", kind);
	golden = golden_text(dir, name);
	if (golden)
		return golden;
	snprintf(name, sizeof(name), "%s-%s.txt", kind, release);
	return golden_text(dir, name);
}

/* The writes that it has, to files below `below`. */
static void check_writes(const char *dir, const char *kind, const char *below)
{
	static const char *const releases[] = { "6.18", "6.1" };

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		char set[32], *golden = written(dir, kind, releases[i]);
		const char *const sets[] = { set, NULL };
		unsigned int nr = 0;
		struct lab lab;

		snprintf(set, sizeof(set), "release=%s", releases[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
		CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, as_guests, sets), 0);
		lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +memory +cpuset +io");
		lab_expect(&lab, 0, "cgroup_mkdir a");
		for (const char *line = golden; *line; line = strchr(line, '\n') + 1, nr++)
			check_write(&lab, below, line);
		CU_ASSERT(nr > 150);
		lab_close(&lab);
		free(golden);
	}
}

/* Numbers with NULs, signs, too many of them: what guests took of each. */
static void test_sysctl_writes(void)
{
	check_writes("sysctl", "numbers", VM);
}

/* The same of files of sysfs and of a process, of more sysctls, and of proc/pressure. */
static void test_sysfs_writes(void)
{
	check_writes("sysfs", "numbers", "");
}

/* The same of a control group without tasks. */
static void test_cgroup_writes(void)
{
	check_writes("cgroup", "numbers", "sys/fs/cgroup/a/");
	check_writes("cgroup", "words", "sys/fs/cgroup/a/");
}

/* `{ echo 20; echo 30; } > FILE`: the second write is behind the beginning. */
static void test_appended(void)
{
	struct handle *handle;
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	handle = lab_handle(&lab, VM "swappiness", O_WRONLY | O_APPEND);
	CU_ASSERT_EQUAL(handle_write(handle, 77, "20\n", 3), 3);
	CU_ASSERT_EQUAL(handle_write(handle, 0, "30\n", 3), 3);
	handle_release(handle);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, VM "swappiness"), "20\n");
	lab_close(&lab);
}

static void test_whole_pages(void)
{
	struct handle *handle;
	struct lab lab;
	char text[5000];

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	memset(text, ' ', sizeof(text));
	memcpy(text, "21", 2);
	handle = lab_handle(&lab, VM "swappiness", O_WRONLY);
	CU_ASSERT_EQUAL(handle_write(handle, 0, text, 5000), 5000);
	handle_release(handle);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, VM "swappiness"), "21\n");
	memcpy(text, "y", 1);
	handle = lab_handle(&lab, "sys/kernel/mm/ksm/use_zero_pages", O_WRONLY);
	CU_ASSERT_EQUAL(handle_write(handle, 0, text, 5000), 4096);
	handle_release(handle);
	lab_close(&lab);
}

/* Lines whose words look like the language itself. */
static const char *const lines[] = {
	"sim/ctl: kmem_cache_create \"a=b\" 64",
	"sim/ctl: kmem_cache_create \"=\" 72",
	"sim/ctl: kmem_cache_create \"as\" 80",
	"sim/ctl: kmem_cache_create \"a#b\" 88",
	"sim/ctl: kmem_cache_create \"#\" 96",
	"sim/ctl: kmem_cache_create \"a\\\"b\" 104",
	"sim/ctl: kmem_cache_create \"a\\\\\" 112",
	"sim/ctl: kmem_cache_create \"(a,b)\" 120",
	"sim/ctl: kmem_cache_create \"a,\" 128",
	"sim/ctl: kmem_cache_create @x 136",
	"sim/ctl: kmem_cache_create 0 144",
	"sim/ctl: kmem_cache_create sim/ctl: 152",
	"sim/ctl: kmem_cache_alloc \"=\" as one",
	"sim/ctl: kmem_cache_alloc \"#\" atomic|zero as _",
	"sim/ctl: kmem_cache_free \"=\" @one",
	"sim/ctl: alloc_pages(GFP_KERNEL | __GFP_ZERO, 1) as two",
	"sim/ctl: alloc_pages 99",
	"sim/ctl: kfree 0x10",
	"sim/ctl: free_pages @two+0 1",
	"sim/ctl: kmalloc 18446744073709551615",
	"sim/ctl: kmalloc 0",
	"sim/ctl: alloc_pages 2",
	"sim/ctl: free_pages @ 2",
	"sim/cpu/0/ctl: alloc_pages 0 0 -1",
	"sim/ctl: tick 5s",
	"sim/ctl: tick 7ns",
	VM "swappiness:   30 = 5 ",
	VM "swappiness: 31 \" # x",
	VM "watermark_boost_factor: 0x10",
	VM "numa_zonelist_order: n = -1 EINVAL",
};

/* Stores that a line cannot say but a write can. */
static const struct piece stores[] = {
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "100\n50", 6, NULL },
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "junk", 4, NULL },
	{ VM "lowmem_reserve_ratio", O_WRONLY, 0, "\n", 1, NULL },
	{ VM "swappiness", O_WRONLY, 0, "\n 33\n = 4", 6, NULL },
	{ "sys/kernel/mm/ksm/use_zero_pages", O_WRONLY, 0, "y\nsim/ctl: alloc_pages 0", 24,
	  NULL },
	{ "sys/kernel/mm/lru_gen/enabled", O_WRONLY, 0, "y # = -1 EINVAL", 15, NULL },
};

/* Each line of one machine's log, on a fresh machine: every one must succeed. */
static void replay(struct lab *from, const char *want)
{
	char *log = strdup(lab_cat(from, "sim/log")), digest[DIGEST_CHARS + 1];
	struct lab to;
	int err;

	CU_ASSERT_EQUAL_FATAL(lab_open(&to, "tiny"), 0);
	for (char *line = log, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		err = lab_run(&to, line);
		if (err)
			printf("'%s': %s\n", line, lab_text(&to.sentence));
		CU_ASSERT_EQUAL(err, 0);
	}
	lab_digest(&to, digest);
	CU_ASSERT_STRING_EQUAL(digest, want);
	CU_ASSERT_STRING_EQUAL(lab_cat(&to, VM "lowmem_reserve_ratio"),
			       lab_cat(from, VM "lowmem_reserve_ratio"));
	lab_close(&to);
	free(log);
}

static void test_round_trip(void)
{
	char digest[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		(void)!lab_run(&lab, lines[i]);
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		struct handle *handle = lab_handle(&lab, stores[i].path, O_WRONLY);

		CU_ASSERT_EQUAL(lab_write(handle, stores[i].text), stores[i].taken);
		handle_release(handle);
	}
	lab_digest(&lab, digest);
	replay(&lab, digest);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 1"), 0);
	lab_digest(&lab, after);
	CU_ASSERT_STRING_EQUAL(after, digest);
	lab_close(&lab);
}

/* Names that readdir has already, or that no directory entry can have. */
static void test_cache_names(void)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1], line[600];
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	lab_digest(&lab, before);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_create . 64"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_create .. 64"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_create a/b 64"), -EINVAL);
	snprintf(line, sizeof(line), "kmem_cache_create %0300d 64", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, line), -EBADMSG);
	snprintf(line, sizeof(line), "kmem_cache_create %064d 64", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, line), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_create a\x01" "b 64"), -EBADMSG);
	lab_digest(&lab, after);
	CU_ASSERT_STRING_EQUAL(after, before);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_create ... 64"), 0);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "what is taken", test_pieces },
	{ "numbers", test_numbers },
	{ "numbers of sysctls", test_sysctl_writes },
	{ "files of sysfs", test_sysfs_writes },
	{ "files of a control group", test_cgroup_writes },
	{ "appended", test_appended },
	{ "more than a page", test_whole_pages },
	{ "the log says it again", test_round_trip },
	{ "names of caches", test_cache_names },
};

int main(void)
{
	return suite_main("stores", tests, ARRAY_SIZE(tests), NULL, NULL);
}
