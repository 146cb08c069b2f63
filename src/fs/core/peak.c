// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's peak_write(): the counter has one watermark for all who wrote, which begins
 * anew with each write. What it was at that moment is kept by all others who had written
 * before; what it had been between two writes is lost to them, as in the kernel. An open
 * file is no part of the machine: a history that runs again has no one who is told.
 */
#include "fs/core/peak.h"

#include "fs/core/tree_struct.h"
#include "sim/phys/page_counter.h"

u64 peak_pages(const struct peak *peak, const struct page_counter *counter)
{
	if (!peak || !peak->on)
		return counter->watermark;
	return MAX(peak->pages, counter->local_watermark);
}

void peak_reset(const struct view *v, struct peak *peak, struct page_counter *counter)
{
	struct tree *tree = v->tree;

	counter->local_watermark = counter->usage;
	for (struct peak *peer = tree->peaks; peer; peer = peer->next)
		if (peer->ino == v->ino)
			peer->pages = MAX(peer->pages, counter->usage);
	if (!peak)
		return;
	if (!peak->on) {
		peak->next = tree->peaks;
		tree->peaks = peak;
	}
	peak->on = true;
	peak->ino = v->ino;
	peak->pages = counter->usage;
}

void peak_release(struct tree *tree, struct peak *peak)
{
	struct peak **link = &tree->peaks;

	if (!peak->on)
		return;
	tree_lock_write(tree);
	while (*link != peak)
		link = &(*link)->next;
	*link = peak->next;
	tree_unlock(tree);
}
