// SPDX-License-Identifier: GPL-2.0-or-later
/* Text that grows: numbers as printf() writes them, room that runs out. */
#include "support.h"
#include "sim/base/out.h"

#include <stdlib.h>

static void same_u64(u64 value, int width)
{
	struct out out = OUT_INIT;
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "%*llu", width, (unsigned long long)value);
	out_u64(&out, value, width);
	CU_ASSERT_STRING_EQUAL(out.text, wanted);
	CU_ASSERT_EQUAL(out.len, strlen(wanted));
	out_free(&out);
}

static void same_s64(s64 value)
{
	struct out out = OUT_INIT;
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "%lld", (long long)value);
	out_s64(&out, value);
	CU_ASSERT_STRING_EQUAL(out.text, wanted);
	out_free(&out);
}

static const int widths[] = { 0, 1, 2, 5, 8, 21, 40 };

static void test_numbers(void)
{
	u64 power = 1;

	for (unsigned int digits = 1; digits <= 20; digits++, power *= 10) {
		for (unsigned int i = 0; i < ARRAY_SIZE(widths); i++) {
			same_u64(power - 1, widths[i]);
			same_u64(power, widths[i]);
			same_u64(power + 1, widths[i]);
			same_u64(UINT64_MAX / power, widths[i]);
		}
		same_s64(power);
		same_s64(-(s64)(power >> 1));
	}
	for (u64 value = 0; value <= 10001; value++)
		same_u64(value, 3);
	same_s64(INT64_MIN);
	same_s64(INT64_MAX);
	same_s64(0);
	same_s64(-1);
}

/* Piece by piece over many sizes of the buffer, each piece in its place. */
static void test_growth(void)
{
	struct out out = OUT_INIT;
	char piece[8];

	for (unsigned int i = 0; i < 100000; i++) {
		if (i % 3 == 0)
			out_printf(&out, "%07u", i);
		else if (i % 3 == 1)
			out_u64(&out, 1000000 + i, 7);
		else
			out_puts(&out, "7654321");
	}
	CU_ASSERT_EQUAL(out_error(&out), 0);
	CU_ASSERT_EQUAL_FATAL(out.len, 700000);
	CU_ASSERT_EQUAL(strlen(out.text), out.len);
	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(piece, sizeof(piece), "%07u",
			 i % 3 == 0 ? i : i % 3 == 1 ? 1000000 + i : 7654321);
		if (memcmp(out.text + 7 * i, piece, 7)) {
			CU_FAIL("a piece is not what was written");
			break;
		}
	}
	out_clear(&out);
	CU_ASSERT_STRING_EQUAL(out.text, "");
	out_putc(&out, 'x');
	CU_ASSERT_STRING_EQUAL(out.text, "x");
	out_free(&out);
}

/* Asked by the address sanitizer: memory that is not there is no error here. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* More than any host has: what was there stays, the rest is dropped until cleared. */
static void test_failure(void)
{
	struct out out = OUT_INIT;

	out_puts(&out, "kept");
	CU_ASSERT_FALSE(out_grow(&out, (size_t)1 << 60));
	CU_ASSERT_EQUAL(out_error(&out), -ENOMEM);
	out_puts(&out, "dropped");
	out_printf(&out, "%d", 1);
	out_u64(&out, 1, 0);
	out_pad(&out, ' ', 3);
	CU_ASSERT_STRING_EQUAL(out.text, "kept");
	CU_ASSERT_EQUAL(out.len, 4);
	out_clear(&out);
	CU_ASSERT_EQUAL(out_error(&out), 0);
	out_puts(&out, "again");
	CU_ASSERT_STRING_EQUAL(out.text, "again");
	out_free(&out);
}

static const CU_TestInfo tests[] = {
	{ "numbers", test_numbers },
	{ "growth", test_growth },
	{ "failure", test_failure },
};

int main(void)
{
	return suite_main("out", tests, ARRAY_SIZE(tests), NULL, NULL);
}
