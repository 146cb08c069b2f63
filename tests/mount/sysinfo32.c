// SPDX-License-Identifier: GPL-2.0-or-later
/* A program of 32 bits, without a C library: prints sysinfo(2)'s memory in units. */

static long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

struct info {
	int uptime;
	unsigned int loads[3], total, free, shared, buffer, swap, free_swap;
	unsigned short procs, pad;
	unsigned int high, free_high, unit;
	char filler[8];
};

static void put(unsigned int n, char end)
{
	char text[16];
	int at = sizeof(text);

	text[--at] = end;
	do {
		text[--at] = '0' + n % 10;
	} while (n /= 10);
	call3(4, 1, (long)(text + at), sizeof(text) - at);
}

void _start(void)
{
	struct info info;

	if (call3(116, (long)&info, 0, 0))
		call3(1, 1, 0, 0);
	put(info.total, ' ');
	put(info.free, ' ');
	put(info.unit, ' ');
	put(info.procs, '\n');
	call3(1, 0, 0, 0);
}
