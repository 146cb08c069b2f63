// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/kernel/debug/split_huge_pages: whose huge pages, and where, are to be split. */
#include <stdio.h>

#include "fs/core/entry.h"
#include "sim/virt/split_debug.h"

typedef unsigned long long ull;

/* "PATH,0xFIRST,0xEND[,ORDER[,OFFSET]]": page offsets. */
static int store_file(struct store *s, const char *text, struct split_count *count)
{
	const char *comma = strchr(text, ',');
	struct split_into into = { .at = -1 };
	char path[256];
	ull first, end;
	int nr;

	if (!comma || comma - text >= (long)sizeof(path))
		return -EINVAL;
	memcpy(path, text, comma - text);
	path[comma - text] = '\0';
	nr = sscanf(comma + 1, "0x%llx,0x%llx,%u,%ld", &first, &end, &into.order, &into.at);
	if (nr < 2 || (nr > 2 && !rel_has_thp_sizes(s->m->release)))
		return -EINVAL;
	return split_huge_pages_in_file(s->m, path, first, end, &into, count);
}

/* "1": all; "PID,0xSTART,0xEND[,ORDER[,OFFSET]]": addresses. */
static int store_pid(struct store *s, const char *text, struct split_count *count)
{
	struct split_into into = { .at = -1 };
	ull start, end;
	int pid, nr;

	nr = sscanf(text, "%d,0x%llx,0x%llx,%u,%ld", &pid, &start, &end, &into.order, &into.at);
	if (nr == 1 && pid == 1) {
		split_huge_pages_all(s->m, count);
		return 0;
	}
	if (nr < 3 || (nr > 3 && !rel_has_thp_sizes(s->m->release)))
		return -EINVAL;
	return split_huge_pages_pid(s->m, (u32)pid, start, end, &into, count);
}

static int split_store(struct store *s, const struct view *v, const char *text)
{
	struct split_count count;
	int err = *text == '/' ? store_file(s, text, &count) : store_pid(s, text, &count);

	(void)v;
	if (err == -ESRCH)
		out_printf(s->sentence, "'%s': there is no such task", text);
	else if (err)
		out_printf(s->sentence, "'%s' is neither 1 nor PID,0xSTART,0xEND nor "
			   "PATH,0xFIRST,0xEND", text);
	else
		machine_why_call(s->m, "split_huge_pages: %llu of %llu huge pages were split",
				 (ull)count.split, (ull)count.total);
	return err;
}

static const struct entry entries[] = {
	{ .name = "split_huge_pages", .mode = S_IFREG | 0200, .span = ALL,
	  .store = split_store },
};
static const struct dir debug_dir = { DIR_FILES(entries) };

TREE_PARTS(debug_thp_parts, { "sys/kernel/debug", &debug_dir });
