// SPDX-License-Identifier: GPL-2.0-or-later
/* Words, arguments, lines and expectations: the parser without a machine. */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"
#include "fs/core/arg.h"
#include "fs/core/line.h"
#include "fs/core/strace_form.h"
#include "sim/abi/gfp.h"
#include "sim/phys/slab.h"

/* -- words ---------------------------------------------------------------------- */

static bool strace_forms;

/* "verb|arg|arg as NAME = VALUE ERRNO": the words of a line in one text. */
static const char *split(const char *text)
{
	static char result[8192];
	struct out out = OUT_INIT, sentence = OUT_INIT;
	struct words words;
	int err = words_split(text, strlen(text), &words, &sentence);

	if (!err && strace_forms)
		err = strace_form(&words, &sentence);
	if (err) {
		snprintf(result, sizeof(result), "%s: %s", errno_text(err), sentence.text);
	} else {
		out_write(&out, words.verb.text, words.verb.len);
		for (unsigned int i = 0; i < words.nr; i++) {
			out_putc(&out, '|');
			out_write(&out, words.args[i].text, words.args[i].len);
		}
		if (words.name.len)
			out_printf(&out, " as %.*s", (int)words.name.len, words.name.text);
		if (words.value.len)
			out_printf(&out, " = %.*s", (int)words.value.len, words.value.text);
		if (words.value_errno.len)
			out_printf(&out, " %.*s", (int)words.value_errno.len,
				   words.value_errno.text);
		snprintf(result, sizeof(result), "%s", out.text ? out.text : "");
	}
	out_free(&out);
	out_free(&sentence);
	return result;
}

static void check_split(const char *line, const char *words)
{
	const char *found = split(line);

	if (strcmp(found, words))
		printf("\n  %s\n  expected: %s\n  found:    %s\n", line, words, found);
	CU_ASSERT_STRING_EQUAL(found, words);
}

static void test_short_form(void)
{
	check_split("tick", "tick");
	check_split("  alloc_pages \t 3  GFP_KERNEL ", "alloc_pages|3|GFP_KERNEL");
	check_split("alloc_pages 3, kernel,zero, 1", "alloc_pages|3|kernel,zero|1");
	check_split("mmap 0 16M rw private,anon as buf", "mmap|0|16M|rw|private,anon as buf");
	check_split("munmap @buf+4K 4K = 0", "munmap|@buf+4K|4K = 0");
	check_split("store @buf 1M             # memory accesses", "store|@buf|1M");
	check_split("free_pages @a\r", "free_pages|@a");
	check_split("kmem_cache_create \"a b # c\", 64", "kmem_cache_create|a b # c|64");
	check_split("kmem_cache_create a#b 64", "kmem_cache_create|a#b|64");
}

static void test_c_form(void)
{
	check_split("tick()", "tick");
	check_split("tick( )", "tick");
	check_split("mmap(NULL, 16777216, PROT_READ|PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, "
		    "-1, 0) = 0x7ffff6dff000",
		    "mmap|NULL|16777216|PROT_READ|PROT_WRITE|MAP_PRIVATE | MAP_ANONYMOUS|-1|0"
		    " = 0x7ffff6dff000");
	check_split("munmap(0x7f00, 4096)                    = 0", "munmap|0x7f00|4096 = 0");
	check_split("mmap(NULL, 1) = -1 ENOMEM (Cannot allocate memory)",
		    "mmap|NULL|1 = -1 ENOMEM");
	check_split("open(\"/a, b)\\\" c\", {x=1, y=[2, 3]}) = 3</a, b>",
		    "open|/a, b)\\\" c|{x=1, y=[2, 3]} = 3");
	check_split("alloc_pages (GFP_KERNEL, 0) as x", "alloc_pages|GFP_KERNEL|0 as x");
}

static void test_strace_form(void)
{
	const struct { const char *line, *words; } rows[] = {
		{ "read(3, \"a, b\"..., 832) = 5", "read|3|832 = 5" },
		{ "read(3, 832)", "read|3|832" },
		{ "read 3 \"x\" 832", "read|3|x|832" },
		{ "prlimit64(0, RLIMIT_AS, NULL, {rlim_cur=1, rlim_max=2}) = 0",
		  "prlimit|0|RLIMIT_AS = 0" },
		{ "prlimit64(0, RLIMIT_AS, {rlim_cur=8*1024, rlim_max=RLIM64_INFINITY}, NULL)",
		  "prlimit|0|RLIMIT_AS|8*1024|RLIM64_INFINITY" },
		{ "setrlimit(RLIMIT_AS, 4096)", "setrlimit|RLIMIT_AS|4096" },
		{ "setrlimit(AS, {rlim_cur=1, rlim_max=2})", "setrlimit|AS|1|2" },
		{ "process_madvise(5, 20, 0, 4096, 8192)", "process_madvise|5|20|0|4096|8192" },
		{ "process_madvise(5, [{iov_base=0x1, iov_len=2}, {iov_base=0x3, iov_len=4}], 2, "
		  "COLD, 0)", "process_madvise|5|COLD|0|0x1|2|0x3|4" },
		{ "ioctl(4, UFFDIO_COPY, {dst=1, src=2, len=3, mode=0, copy=3}) = 0",
		  "uffdio_copy|4|1|2|3|0" },
		{ "ioctl(4, UFFDIO_WAKE, {start=1, len=2}) = -1 EINVAL (Invalid)",
		  "uffdio_wake|4|1|2 = -1 EINVAL" },
		{ "ioctl(4, UFFDIO_API, {api=0xaa, features=0 => features=X, ioctls=1<<Y}) = 0",
		  "uffdio_api|4|0|0xaa" },
		{ "ioctl(1, TCGETS, {c_iflag=1})", "ioctl|1|TCGETS|{c_iflag=1}" },
		{ "ioctl(4, UFFDIO_WAKE, 0x7ffe)", "ioctl|4|UFFDIO_WAKE|0x7ffe" },
		{ "execve(\"/x\", [\"x\", \"a, \\\"b]\"], 0x7ff /* 21 vars */) = 0",
		  "execve|/x|x|a, \\\"b] = 0" },
		{ "execve(\"/x\", [], NULL)", "execve|/x" },
		{ "sched_setaffinity(0, 8, [0 1 3])", "sched_setaffinity|0|0 1 3" },
		{ "madvise(1, 2, 0x66 /* MADV_??? */)", "madvise|1|2|0x66" },
		{ "readv(3, [{iov_base=\"a, b\"..., iov_len=4096}, {iov_base=\"\", iov_len=904}], 2) = 5000",
		  "read|3|5000 = 5000" },
		{ "writev(3, [], 0) = 0", "write|3|0 = 0" },
		{ "preadv(3, [{iov_base=\"c\", iov_len=0x10}], 1, 4096)", "pread64|3|16|4096" },
		{ "pwritev(3, [{iov_base=\"d\", iov_len=18446744073709551615}, {iov_base=\"\", "
		  "iov_len=2}], 2, 0)", "pwrite64|3|18446744073709551615|0" },
		{ "readv(3, [{iov_base=\"\", iov_len=x}], 1)", "read|3|x" },
		{ "readv(3, [{iov_base=\"\", iov_len=}], 1)", "read|3|" },
		{ "readv(3, 0x7ffe, 1)", "readv|3|0x7ffe|1" },
		{ "clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f, "
		  "stack_size=0x9000}, 88) = 77", "clone|CLONE_VM|CLONE_VFORK|SIGCHLD = 77" },
	};

	strace_forms = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		check_split(rows[i].line, rows[i].words);
	check_split("process_madvise(5, [{iov_base=1, iov_len=1}, {iov_base=1, iov_len=1}, "
		    "{iov_base=1, iov_len=1}, {iov_base=1, iov_len=1}, {iov_base=1, iov_len=1}, "
		    "{iov_base=1, iov_len=1}, {iov_base=1, iov_len=1}], 7, COLD, 0)",
		    "EBADMSG: too many words from '1' on");
	strace_forms = false;
}

/* Each other name is of a verb, and of none itself. */
static void test_strace_alias(void)
{
	static const char *const names[] = {
		"mmap2", "ugetrlimit", "prlimit64", "ftruncate64", "truncate64", "fcntl64",
		"fadvise64_64", "waitpid",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		const struct word word = { names[i], (u32)strlen(names[i]), false };
		const char *verb = strace_alias(&word);

		CU_ASSERT_PTR_NULL(verb_find(names[i], strlen(names[i])));
		CU_ASSERT_PTR_NOT_NULL_FATAL(verb);
		CU_ASSERT_PTR_NOT_NULL(verb_find(verb, strlen(verb)));
	}
	CU_ASSERT_PTR_NULL(strace_alias(&(struct word){ "mmap", 4, false }));
	CU_ASSERT_PTR_NULL(strace_alias(&(struct word){ "", 0, false }));
}

static void test_tail(void)
{
	check_split("a 1 as x = 0x5", "a|1 as x = 0x5");
	check_split("a 1 = 0x5 as x", "a|1 as x = 0x5");
	check_split("a 1 =0x5", "a|1 = 0x5");
	check_split("a 1 = -1 ENOMEM", "a|1 = -1 ENOMEM");
	check_split("a 1 = -1 ENOMEM (what it (really) said)  # and a comment",
		    "a|1 = -1 ENOMEM");
	check_split("a = ?", "a = ?");
	/* `as` is a word like others where no name can follow. */
	check_split("kmem_cache_destroy as", "kmem_cache_destroy|as");
	check_split("kmem_cache_create as 64", "kmem_cache_create|as|64");
	check_split("kmem_cache_alloc \"as\" kernel", "kmem_cache_alloc|as|kernel");
}

static void test_no_words(void)
{
	check_split("", "");
	check_split("   ", "");
	check_split("# a comment", "");
	check_split("  # a comment = 5", "");
}

static void test_unreadable(void)
{
	static const char *const lines[] = {
		"f(", "f(1", "f(1,", "f(1,)", "f(,1)", "f(1,,2)", "f \"a", "f(\"a)", "= 5",
		"f = ", "f 1 =", "f(1) 2", "f(1) as", "f(1) as a as b", "f 1 = 2 = 3",
		"f 1 = 2 nonsense", "(1)", "f(1]", "f a as x y = 1 z",
		"f 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
	};
	struct words words;
	struct out sentence = OUT_INIT;

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		out_clear(&sentence);
		CU_ASSERT_EQUAL(words_split(lines[i], strlen(lines[i]), &words, &sentence),
				-EBADMSG);
		CU_ASSERT(sentence.len > 0);
		/* House rule: no full stop. */
		CU_ASSERT(!sentence.len || sentence.text[sentence.len - 1] != '.');
	}
	CU_ASSERT_EQUAL(words_split("a\0b", 3, &words, &sentence), -EBADMSG);
	out_free(&sentence);
}

/* -- arguments ------------------------------------------------------------------ */

static struct names names;
static u64 last_address = 0x1000;

static int parse(enum arg_kind kind, const char *text, struct arg *arg)
{
	static char room[LINE_BYTES + 64];
	struct arg_env env = {
		.names = &names, .last = &last_address, .jiffy_ns = 4000000, .room = room,
	};
	struct word word = { text, strlen(text), false };
	struct out sentence = OUT_INIT;
	int err = arg_parse(&env, kind, &word, arg, &sentence);

	CU_ASSERT(!err == !sentence.len);
	/* It quotes the input. */
	CU_ASSERT(!err || strstr(sentence.text, text));
	out_free(&sentence);
	return err;
}

static void check_value(enum arg_kind kind, const char *text, u64 value)
{
	struct arg arg;
	int err = parse(kind, text, &arg);

	if (err || arg.value != value)
		printf("\n  %s: err %d, value %#llx\n", text, err, (unsigned long long)arg.value);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(arg.value, value);
}

static void check_refused(enum arg_kind kind, const char *text)
{
	struct arg arg;
	int err = parse(kind, text, &arg);

	if (!err)
		printf("\n  taken: %s\n", text);
	CU_ASSERT_EQUAL(err, -EBADMSG);
}

static void test_numbers(void)
{
	check_value(A_NUMBER, "0", 0);
	check_value(A_NUMBER, "10", 10);
	check_value(A_NUMBER, "010", 10);
	check_value(A_NUMBER, "0x10", 16);
	check_value(A_NUMBER, "0XfF", 255);
	check_value(A_NUMBER, "-1", (u64)-1);
	check_value(A_NUMBER, "-0x10", (u64)-16);
	check_value(A_NUMBER, "4K", 4096);
	check_value(A_NUMBER, "4k", 4096);
	check_value(A_NUMBER, "0x10M", 16 << 20);
	check_value(A_NUMBER, "3G", 3ULL << 30);
	check_value(A_NUMBER, "2T", 2ULL << 40);
	check_value(A_NUMBER, "1P", 1ULL << 50);
	check_value(A_NUMBER, "-4K", (u64)-4096);
	check_value(A_NUMBER, "18446744073709551615", UINT64_MAX);
	check_value(A_NUMBER, "0xffffffffffffffff", UINT64_MAX);
	check_value(A_NUMBER, "-9223372036854775808", 1ULL << 63);
	check_value(A_NUMBER, "NULL", 0);
	check_value(A_NUMBER, "8192*1024", 8 << 20);
	check_value(A_NUMBER, "RLIM64_INFINITY", UINT64_MAX);
	check_refused(A_NUMBER, "8192*");
	check_refused(A_NUMBER, "8192*1K");
	check_refused(A_NUMBER, "0x100000000*0x100000000");
	check_refused(A_NUMBER, "18446744073709551616");
	check_refused(A_NUMBER, "0x10000000000000000");
	check_refused(A_NUMBER, "-9223372036854775809");
	check_refused(A_NUMBER, "16384P");
	check_refused(A_NUMBER, "0x");
	check_refused(A_NUMBER, "-");
	check_refused(A_NUMBER, "--1");
	check_refused(A_NUMBER, "3x");
	check_refused(A_NUMBER, "3KK");
	check_refused(A_NUMBER, "3Kb");
	check_refused(A_NUMBER, "1.5M");
	check_refused(A_NUMBER, "ten");
	check_refused(A_SIZE, "-1");
	check_refused(A_ADDR, "-1");
	check_value(A_NODE, "-1", (u64)-1);
	check_value(A_NODE, "NUMA_NO_NODE", (u64)-1);
	check_refused(A_NODE, "@");
}

static void test_references(void)
{
	struct arg arg;

	CU_ASSERT_EQUAL(names_set(&names, "buf", NAME_ADDR, 0x7f0000000000, 0), 0);
	CU_ASSERT_EQUAL(names_set(&names, "a-b.c_1", NAME_PFN, 5, 0), 0);
	check_value(A_ADDR, "@", 0x1000);
	check_value(A_ADDR, "@+4K", 0x2000);
	check_value(A_ADDR, "@-0x10", 0xff0);
	check_value(A_ADDR, "@buf", 0x7f0000000000);
	check_value(A_ADDR, "@buf+1M", 0x7f0000100000);
	check_value(A_ADDR, "@a-b.c_1+2", 7);
	check_refused(A_ADDR, "@none");
	check_refused(A_ADDR, "@buf+");
	check_refused(A_ADDR, "@buf+x");
	check_refused(A_ADDR, "@buf*2");
	check_refused(A_ADDR, "@buf+-1");
	check_refused(A_ADDR, "@+9223372036854775808");
	CU_ASSERT_EQUAL(parse(A_ADDR, "@buf+4K", &arg), 0);
	CU_ASSERT_EQUAL(arg.from, ARG_NAME);
	CU_ASSERT_STRING_EQUAL(arg.text, "buf");
	CU_ASSERT_EQUAL(arg.offset, 4096);
	names_free(&names);
}

static void test_flags(void)
{
	check_value(A_GFP, "GFP_KERNEL", GFP_KERNEL);
	check_value(A_GFP, "gfp_kernel", GFP_KERNEL);
	check_value(A_GFP, "kernel", GFP_KERNEL);
	check_value(A_GFP, "GFP_KERNEL|__GFP_ZERO", GFP_KERNEL | __GFP_ZERO);
	check_value(A_GFP, "kernel,zero", GFP_KERNEL | __GFP_ZERO);
	check_value(A_GFP, "GFP_KERNEL | __GFP_ZERO", GFP_KERNEL | __GFP_ZERO);
	check_value(A_GFP, "atomic", GFP_ATOMIC);
	check_value(A_GFP, "__GFP_HIGH", __GFP_HIGH);
	check_value(A_GFP, "high", __GFP_HIGH);
	check_value(A_GFP, "movable", __GFP_MOVABLE);
	check_value(A_GFP, "highuser_movable", GFP_HIGHUSER_MOVABLE);
	check_value(A_GFP, "retry", __GFP_RETRY_MAYFAIL);
	check_value(A_GFP, "RETRY_MAY", __GFP_RETRY_MAYFAIL);
	check_value(A_GFP, "dma32", GFP_DMA32);
	check_value(A_GFP, "dma", GFP_DMA);
	check_value(A_GFP, "__GFP_RECLAIM", __GFP_RECLAIM);
	check_value(A_GFP, "0", 0);
	check_value(A_GFP, "none", 0);
	check_refused(A_GFP, "n");	/* nofs, noio, nowait, ... */
	check_refused(A_GFP, "nowarning");
	check_refused(A_GFP, "kernel,");
	check_refused(A_GFP, "|");
	check_refused(A_GFP, "");
	check_refused(A_GFP, "kernel||zero");
	check_refused(A_GFP, "5");
	check_value(A_SLAB, "hwcache_align", SLAB_HWCACHE_ALIGN);
	check_value(A_SLAB, "SLAB_HWCACHE_ALIGN|SLAB_NO_MERGE",
		    SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE);
	check_value(A_SLAB, "hw,no_m", SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE);
	check_refused(A_SLAB, "cache");	/* dma or dma32 */
}

static void test_times(void)
{
	check_value(A_TIME, "10", 40000000);
	check_value(A_TIME, "5s", 5000000000);
	check_value(A_TIME, "250ms", 250000000);
	check_value(A_TIME, "100us", 100000);
	check_value(A_TIME, "7NS", 7);
	check_value(A_TIME, "0", 0);
	check_refused(A_TIME, "-1");
	check_refused(A_TIME, "5m");
	check_refused(A_TIME, "s");
	check_refused(A_TIME, "99999999999999999999s");
	check_refused(A_TIME, "18446744074s");
}

/* What is printed is read again as the same. */
static void check_round_trip(enum arg_kind kind, const char *text)
{
	struct arg arg, again;
	struct out out = OUT_INIT;
	struct words words;
	struct out line = OUT_INIT, sentence = OUT_INIT;
	static char room[LINE_BYTES + 64];
	struct arg_env env = {
		.names = &names, .last = &last_address, .jiffy_ns = 4000000, .room = room,
	};

	CU_ASSERT_EQUAL_FATAL(parse(kind, text, &arg), 0);
	arg_print(&out, kind, &arg);
	out_printf(&line, "verb %s", out.text);
	CU_ASSERT_EQUAL_FATAL(words_split(line.text, line.len, &words, &sentence), 0);
	CU_ASSERT_EQUAL_FATAL(words.nr, 1);
	arg.text = arg.text ? strdup(arg.text) : NULL;
	CU_ASSERT_EQUAL(arg_parse(&env, kind, &words.args[0], &again, &sentence), 0);
	CU_ASSERT_EQUAL(arg.value, again.value);
	CU_ASSERT_EQUAL(arg.from, again.from);
	CU_ASSERT_EQUAL(arg.offset, again.offset);
	CU_ASSERT_EQUAL(arg.len, again.len);
	CU_ASSERT(!arg.len || !memcmp(arg.text, again.text, arg.len));
	free((void *)(uintptr_t)arg.text);
	out_free(&out);
	out_free(&line);
	out_free(&sentence);
}

static void test_print(void)
{
	CU_ASSERT_EQUAL(names_set(&names, "x", NAME_ADDR, 77, 0), 0);
	check_round_trip(A_NUMBER, "-5");
	check_round_trip(A_NUMBER, "0x8000000000000000");
	check_round_trip(A_SIZE, "16M");
	check_round_trip(A_ADDR, "0xffff888000001000");
	check_round_trip(A_ADDR, "@+4K");
	check_round_trip(A_ADDR, "@x+16");
	check_round_trip(A_ADDR, "@");
	check_round_trip(A_NODE, "-1");
	check_round_trip(A_TIME, "1500ms");
	check_round_trip(A_TIME, "3");
	check_round_trip(A_TIME, "1ns");
	check_round_trip(A_WORD, "kmalloc-64");
	check_round_trip(A_WORD, "a b, = c");
	check_round_trip(A_WORD, "as");
	check_round_trip(A_WORD, "#x");
	for (unsigned int i = 0; i < nr_gfp_rows; i++)
		check_round_trip(A_GFP, gfp_rows[i].name);
	check_round_trip(A_GFP, "kernel,zero,nowarn,thisnode,comp");
	check_round_trip(A_GFP, "0");
	check_round_trip(A_SLAB, "0");
	check_round_trip(A_SLAB, "hw,no_m,panic");
	names_free(&names);
}

/* -- lines ------------------------------------------------------------------------ */

static void check_line(const char *text, enum line_kind kind, const char *path,
		       const char *rest)
{
	struct line line;
	struct out sentence = OUT_INIT;

	CU_ASSERT_EQUAL(line_parse(text, strlen(text), &line, &sentence), 0);
	CU_ASSERT_EQUAL(line.kind, kind);
	CU_ASSERT(line.path.len == strlen(path) &&
		  (!path[0] || !memcmp(line.path.text, path, line.path.len)));
	if (rest)
		CU_ASSERT(line.len == strlen(rest) &&
			  (!rest[0] || !memcmp(line.text, rest, line.len)));
	out_free(&sentence);
}

static void test_lines(void)
{
	struct line line;
	struct out sentence = OUT_INIT;

	check_line("", LINE_EMPTY, "", "");
	check_line(" # x", LINE_EMPTY, "", "");
	check_line(" alloc_pages 0 # x", LINE_CALL, "", "alloc_pages 0");
	check_line("alloc_pages(0) = 5", LINE_CALL, "", "alloc_pages(0) = 5");
	check_line("sim/cpu/1/ctl: tick 5", LINE_WRITE, "sim/cpu/1/ctl", "tick 5");
	check_line("proc/sys/vm/x:   1 2 3  ", LINE_WRITE, "proc/sys/vm/x", "1 2 3");
	check_line("proc/sys/vm/x:", LINE_WRITE, "proc/sys/vm/x", "");
	check_line("cat proc/zoneinfo", LINE_CAT, "proc/zoneinfo", NULL);
	check_line("cat \"a b\"", LINE_CAT, "a b", NULL);
	check_line("mkdir a/b", LINE_MKDIR, "a/b", NULL);
	check_line("rmdir a/b # gone", LINE_RMDIR, "a/b", NULL);
	check_line("category 5", LINE_CALL, "", "category 5");
	CU_ASSERT_EQUAL(line_parse("cat", 3, &line, &sentence), -EBADMSG);
	out_free(&sentence);
}

static void check_store(const char *text, const char *stored, const char *value,
			const char *name)
{
	struct words words;
	size_t len = line_store(text, strlen(text), &words);

	CU_ASSERT(len == strlen(stored) && !memcmp(text, stored, len));
	CU_ASSERT(words.value.len == strlen(value) &&
		  (!value[0] || !memcmp(words.value.text, value, words.value.len)));
	CU_ASSERT(!value[0] || words.value_errno.len == strlen(name));
	CU_ASSERT(!name[0] || !memcmp(words.value_errno.text, name, strlen(name)));
}

static void test_stores(void)
{
	check_store("1000", "1000", "", "");
	check_store("1000 = 0", "1000", "0", "");
	check_store("256 256 32 = -1 EINVAL (no)", "256 256 32", "-1", "EINVAL");
	check_store("a = b = 0", "a = b", "0", "");
	check_store("= 0", "", "0", "");
	check_store("x=5", "x=5", "", "");
}

static int judge(const char *expected, int err, u64 value)
{
	struct words words = { 0 };
	struct out sentence = OUT_INIT;
	char line[64];
	int verdict;

	snprintf(line, sizeof(line), "f%s", expected);
	CU_ASSERT_EQUAL(words_split(line, strlen(line), &words, &sentence), 0);
	verdict = line_judge(&words, err, value, "f", "RESULT", &sentence);
	/* A mismatch names both. */
	CU_ASSERT(verdict != -ERANGE || (strstr(sentence.text, "RESULT") &&
					 memmem(sentence.text, sentence.len, words.value.text,
						words.value.len)));
	out_free(&sentence);
	return verdict;
}

static void test_judge(void)
{
	CU_ASSERT_EQUAL(judge("", 0, 5), 0);
	CU_ASSERT_EQUAL(judge("", -ENOMEM, 0), -ENOMEM);
	CU_ASSERT_EQUAL(judge(" = 5", 0, 5), 0);
	CU_ASSERT_EQUAL(judge(" = 0x5", 0, 5), 0);
	CU_ASSERT_EQUAL(judge(" = 4K", 0, 4096), 0);
	CU_ASSERT_EQUAL(judge(" = 6", 0, 5), -ERANGE);
	CU_ASSERT_EQUAL(judge(" = -1", 0, (u64)-1), 0);
	CU_ASSERT_EQUAL(judge(" = -1 ENOMEM", 0, (u64)-1), -ERANGE);
	CU_ASSERT_EQUAL(judge(" = -1 ENOMEM", -ENOMEM, 0), 0);
	CU_ASSERT_EQUAL(judge(" = -1 ENOMEM (Cannot allocate memory)", -ENOMEM, 0), 0);
	CU_ASSERT_EQUAL(judge(" = -ENOMEM", -ENOMEM, 0), 0);
	CU_ASSERT_EQUAL(judge(" = -1", -ENOMEM, 0), 0);
	CU_ASSERT_EQUAL(judge(" = -1 EINVAL", -ENOMEM, 0), -ERANGE);
	CU_ASSERT_EQUAL(judge(" = 0", -ENOMEM, 0), -ERANGE);
	CU_ASSERT_EQUAL(judge(" = ?", 0, 123), 0);
	CU_ASSERT_EQUAL(errno_number("ENOMEM", 6), ENOMEM);
	CU_ASSERT_EQUAL(errno_number("ENOME", 5), 0);
	CU_ASSERT_EQUAL(errno_number("EWOULDBLOCK", 11), EAGAIN);
	CU_ASSERT_STRING_EQUAL(errno_text(-EBADMSG), "EBADMSG");
}

static const CU_TestInfo tests[] = {
	{ "short form", test_short_form },
	{ "c form", test_c_form },
	{ "strace form", test_strace_form },
	{ "strace alias", test_strace_alias },
	{ "tail", test_tail },
	{ "no words", test_no_words },
	{ "unreadable", test_unreadable },
	{ "numbers", test_numbers },
	{ "references", test_references },
	{ "flags", test_flags },
	{ "times", test_times },
	{ "print", test_print },
	{ "lines", test_lines },
	{ "stores", test_stores },
	{ "judge", test_judge },
};

int main(void)
{
	return suite_main("line", tests, ARRAY_SIZE(tests), NULL, NULL);
}
