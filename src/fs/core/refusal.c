// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As a kernel 6.18 refused root: files of processes have no write() at all, others of proc
 * have one that fails, those of control groups and of debugfs fail when they find no handler;
 * sysfs looks for it when they are opened, and modes of sysctls hold for root, too.
 */
#include <string.h>

#include "fs/core/refusal.h"
#include "fs/core/tree_struct.h"

static const struct {
	const char *below;
	struct refusal refusal;
} rows[] = {
	{ "proc/sys/", { -EACCES, .at_open = true } },
	{ "proc/", { -EIO } },
	{ "sys/fs/cgroup/", { -EINVAL } },
	{ "sys/kernel/debug/", { -EINVAL } },
	{ "sys/kernel/tracing/", { -EINVAL } },
};
/* The rest of sys; sim; what comes from the host. */
static const struct refusal others = { -EACCES, .at_open = true };
static const struct refusal of_processes = { -EINVAL };

struct refusal refusal_of(struct tree *tree, struct node node)
{
	const struct row *row = tree_row(tree, node);
	struct refusal refusal = others;
	struct out path = OUT_INIT;

	if (row->host)
		return others;
	if (row->nr_ids && row->slot[0] == V_PID)
		return of_processes;
	node_path(tree, node, &path);
	for (size_t i = 0; !out_error(&path) && i < ARRAY_SIZE(rows); i++)
		if (!strncmp(path.text, rows[i].below, strlen(rows[i].below))) {
			refusal = rows[i].refusal;
			break;
		}
	out_free(&path);
	return refusal;
}
