// SPDX-License-Identifier: GPL-2.0-or-later
/* Tokens and bytes of pages: equal contents are equal, copies part when written. */
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/phys/section.h"
#include "sim/virt/content.h"
#include "sim/virt/virt.h"

#define MIB(n) ((u64)(n) << (20 - PAGE_SHIFT))
#define A MIB(16)
#define B (MIB(16) + 1)
#define C (MIB(16) + 2)

static struct machine *boot(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .ranges = { { MIB(16), MIB(64), 0 } },
	};
	struct machine *m = test_machine_boot(&spec);

	m->virt = arena_alloc(&m->arena, sizeof(*m->virt));
	if (!m->virt || content_init(m) || section_materialise(m, A))
		abort();
	return m;
}

static void done(struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, content_validate, NULL), 0);
	content_free(m);
	arena_free(&m->arena, m->virt, sizeof(*m->virt));
	m->virt = NULL;
	test_machine_free(m);
}

static void read_from_file(struct machine *m, u64 pfn, u64 inode, u64 pgoff)
{
	content_restore(m, pfn, content_file_token(inode, pgoff));
}

static void test_tokens(void)
{
	struct machine *m = boot();

	content_zero(m, A);
	content_zero(m, B);
	CU_ASSERT_EQUAL(content_token(m, A), 0);
	content_store(m, A, 8);
	CU_ASSERT_NOT_EQUAL(content_token(m, A), 0);
	content_store(m, B, 8);
	CU_ASSERT_EQUAL(content_token(m, A), content_token(m, B));
	content_store(m, B, 8);
	CU_ASSERT_NOT_EQUAL(content_token(m, A), content_token(m, B));
	content_copy(m, B, A);
	CU_ASSERT_EQUAL(content_token(m, A), content_token(m, B));
	read_from_file(m, A, 3, 0);
	read_from_file(m, B, 3, 1);
	read_from_file(m, C, 3, 0);
	CU_ASSERT_NOT_EQUAL(content_token(m, A), content_token(m, B));
	CU_ASSERT_EQUAL(content_token(m, A), content_token(m, C));
	done(m);
}

static void test_bytes(void)
{
	struct machine *m = boot();
	char text[16] = "";
	u64 bytes, zero;

	content_zero(m, A);
	content_zero(m, B);
	bytes = m->arena.bytes;
	CU_ASSERT_EQUAL(content_write(m, A, 100, "simulated", 10), 0);
	content_copy(m, B, A);
	CU_ASSERT_EQUAL(content_token(m, A), content_token(m, B));
	/* One page of host memory until one of them is written. */
	CU_ASSERT(m->arena.bytes < bytes + 2 * PAGE_SIZE);
	CU_ASSERT_EQUAL(content_write(m, B, 100, "S", 1), 0);
	CU_ASSERT(m->arena.bytes >= bytes + 2 * PAGE_SIZE);
	CU_ASSERT_EQUAL(nr_broken(m, content_validate, NULL), 0);
	content_read(m, A, 100, text, 10);
	CU_ASSERT_STRING_EQUAL(text, "simulated");
	content_read(m, B, 100, text, 10);
	CU_ASSERT_STRING_EQUAL(text, "Simulated");
	CU_ASSERT_NOT_EQUAL(content_token(m, A), content_token(m, B));
	CU_ASSERT_EQUAL(content_write(m, B, 100, "s", 1), 0);
	CU_ASSERT_EQUAL(content_token(m, A), content_token(m, B));
	content_zero_range(m, A, 100, 200);
	CU_ASSERT_EQUAL(content_token(m, A), 0);
	zero = m->arena.bytes;
	content_zero(m, A);
	CU_ASSERT_EQUAL(m->arena.bytes, zero - PAGE_SIZE);
	done(m);
}

/* A page without bytes reads as a pattern; writing keeps the rest of it. */
static void test_pattern(void)
{
	struct machine *m = boot();
	u8 before[64], after[64];

	read_from_file(m, A, 7, 9);
	content_read(m, A, 5, before, sizeof(before));
	CU_ASSERT_EQUAL(content_write(m, A, 20, "xyz", 3), 0);
	content_read(m, A, 5, after, sizeof(after));
	CU_ASSERT_NSTRING_EQUAL(after + 15, "xyz", 3);
	CU_ASSERT_EQUAL(memcmp(before, after, 15), 0);
	CU_ASSERT_EQUAL(memcmp(before + 18, after + 18, sizeof(before) - 18), 0);
	content_zero(m, A);
	content_read(m, A, 0, after, sizeof(after));
	for (unsigned int i = 0; i < sizeof(after); i++)
		CU_ASSERT_EQUAL(after[i], 0);
	done(m);
}

/* No host memory: refused, and the page is as it was. */
static void test_no_memory(void)
{
	struct machine *m = boot();
	u64 token;

	read_from_file(m, A, 7, 9);
	token = content_token(m, A);
	for (u64 nth = 1; nth <= 2; nth++) {
		arena_fail_after(&m->arena, nth);
		CU_ASSERT_EQUAL(content_write(m, A, 20, "xyz", 3), -ENOBUFS);
		CU_ASSERT_EQUAL(content_token(m, A), token);
	}
	arena_fail_after(&m->arena, 0);
	CU_ASSERT_EQUAL(content_write(m, A, 20, "xyz", 3), 0);
	done(m);
}

static void test_planted(void)
{
	struct machine *m = boot();
	struct out out = OUT_INIT;

	CU_ASSERT_EQUAL(content_write(m, A, 20, "xyz", 3), 0);
	m->page_content[B] = m->page_content[A];
	CU_ASSERT_EQUAL(nr_broken(m, content_validate, &out), 1);
	m->page_content[B] = CONTENT_BYTES | 77;
	CU_ASSERT(nr_broken(m, content_validate, &out) > 0);
	m->page_content[B] = 0;
	out_free(&out);
	done(m);
}

static const CU_TestInfo tests[] = {
	{ "tokens", test_tokens },
	{ "bytes", test_bytes },
	{ "pattern", test_pattern },
	{ "no host memory", test_no_memory },
	{ "planted", test_planted },
};

int main(void)
{
	return suite_main("content", tests, ARRAY_SIZE(tests), NULL, NULL);
}
