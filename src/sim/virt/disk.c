// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table is a hash of (file, page) with open addressing; a place that was given up is
 * closed by moving what follows, so that there are no tombstones. A block is the token of
 * its contents (content.h), which shares real bytes with the page that was written.
 */
#include "sim/virt/disk.h"

#include "sim/base/digest.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/virt.h"

#define FIRST_ROOM 64

struct disk_block {
	u32 inode;		/* 0: free */
	u64 pgoff;
	u64 token;
	bool hole;		/* there is no such block, though there was one at first */
};

struct disk_state {
	struct disk_block *blocks;	/* [room], a power of two; at most half are used */
	u64 nr, room;
};

int disks_init(struct machine *m)
{
	m->virt->disks = arena_alloc(&m->arena, sizeof(*m->virt->disks));
	return m->virt->disks ? 0 : -ENOBUFS;
}

void disks_free(struct machine *m)
{
	struct disk_state *disks = m->virt->disks;

	if (!disks)
		return;
	arena_free(&m->arena, disks->blocks, disks->room * sizeof(*disks->blocks));
	arena_free(&m->arena, disks, sizeof(*disks));
	m->virt->disks = NULL;
}

static u64 place_of(const struct disk_state *disks, u32 inode, u64 pgoff)
{
	u64 x = (pgoff + 1) * 0x9e3779b97f4a7c15ULL ^ (u64)inode * 0xff51afd7ed558ccdULL;

	return (x ^ x >> 32) & (disks->room - 1);
}

/* The block, or the free place where it would be. */
static struct disk_block *find(const struct disk_state *disks, u32 inode, u64 pgoff)
{
	u64 at = place_of(disks, inode, pgoff);

	while (disks->blocks[at].inode &&
	       (disks->blocks[at].inode != inode || disks->blocks[at].pgoff != pgoff))
		at = (at + 1) & (disks->room - 1);
	return &disks->blocks[at];
}

static u64 room_for(const struct disk_state *disks, u64 nr)
{
	u64 room = MAX(disks->room, FIRST_ROOM);

	while (room < 2 * (disks->nr + nr))
		room *= 2;
	return room;
}

u64 disk_host_bytes(const struct machine *m, u64 nr)
{
	u64 room = room_for(m->virt->disks, nr);

	/* It may double step by step. */
	return room == m->virt->disks->room ? 0 : 2 * room * sizeof(struct disk_block);
}

int disk_reserve(struct machine *m, u64 nr)
{
	struct disk_state *disks = m->virt->disks, grown = { .nr = disks->nr };
	u64 room = room_for(disks, nr);

	if (room == disks->room)
		return 0;
	grown.blocks = arena_alloc(&m->arena, room * sizeof(*grown.blocks));
	if (!grown.blocks)
		return -ENOBUFS;
	grown.room = room;
	for (u64 i = 0; i < disks->room; i++)
		if (disks->blocks[i].inode)
			*find(&grown, disks->blocks[i].inode, disks->blocks[i].pgoff) =
				disks->blocks[i];
	arena_free(&m->arena, disks->blocks, disks->room * sizeof(*disks->blocks));
	*disks = grown;
	return 0;
}

/* A place is given up: what could not have its own because of it moves up. */
static void close_gap(struct disk_state *disks, u64 gap)
{
	u64 mask = disks->room - 1;

	for (u64 at = (gap + 1) & mask; disks->blocks[at].inode; at = (at + 1) & mask) {
		u64 home = place_of(disks, disks->blocks[at].inode, disks->blocks[at].pgoff);

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		disks->blocks[gap] = disks->blocks[at];
		gap = at;
	}
	disks->blocks[gap] = (struct disk_block){ 0 };
}

static void forget_block(struct machine *m, struct inode *inode, struct disk_block *block)
{
	struct disk_state *disks = m->virt->disks;

	content_forget(m, &block->token);
	disks->nr--;
	inode->nr_disk_blocks--;
	close_gap(disks, (u64)(block - disks->blocks));
}

/* The block, with what it held, or new with zeroes: room for it is reserved. */
static struct disk_block *get_block(struct machine *m, struct inode *inode, u64 pgoff)
{
	struct disk_state *disks = m->virt->disks;
	struct disk_block *block = find(disks, inode->self, pgoff);

	if (block->inode)
		return block;
	disks->nr++;
	inode->nr_disk_blocks++;
	*block = (struct disk_block){ .inode = inode->self, .pgoff = pgoff };
	return block;
}

int disk_write(struct machine *m, struct inode *inode, u64 pgoff, u32 pfn)
{
	struct disk_block *block;

	if (disk_reserve(m, 1))
		return -ENOBUFS;
	block = get_block(m, inode, pgoff);
	block->hole = false;
	content_save(m, pfn, &block->token);
	return 0;
}

/* NULL: none was written there. */
static const struct disk_block *written_block(const struct machine *m, const struct inode *inode,
					      u64 pgoff)
{
	const struct disk_block *block;

	if (!inode->nr_disk_blocks)
		return NULL;
	block = find(m->virt->disks, inode->self, pgoff);
	return block->inode ? block : NULL;
}

/* `block' is what was written of the page. */
static bool has_block(const struct disk_block *block, const struct inode *inode, u64 pgoff)
{
	return block ? !block->hole : pgoff < inode->disk_end;
}

static u64 block_content(const struct disk_block *block, const struct inode *inode, u64 pgoff)
{
	if (block)
		return block->token;
	return pgoff < inode->disk_end ? content_file_token(inode->self, pgoff) : 0;
}

bool disk_read(struct machine *m, const struct inode *inode, u64 pgoff, u32 pfn)
{
	const struct disk_block *block = written_block(m, inode, pgoff);
	u64 content = block_content(block, inode, pgoff);

	if (content)
		content_restore(m, pfn, content);
	else
		content_zero(m, pfn);
	return has_block(block, inode, pgoff);
}

u64 disk_content(const struct machine *m, const struct inode *inode, u64 pgoff)
{
	return block_content(written_block(m, inode, pgoff), inode, pgoff);
}

bool disk_has_block(const struct machine *m, const struct inode *inode, u64 pgoff)
{
	return has_block(written_block(m, inode, pgoff), inode, pgoff);
}

u64 disk_next_block(const struct machine *m, const struct inode *inode, u64 pgoff)
{
	const struct disk_state *disks = m->virt->disks;
	u64 next = ~0ULL;

	for (; pgoff < inode->disk_end; pgoff++)
		if (disk_has_block(m, inode, pgoff))
			return pgoff;
	for (u64 i = 0; inode->nr_disk_blocks && i < disks->room; i++) {
		const struct disk_block *block = &disks->blocks[i];

		if (block->inode == inode->self && !block->hole && block->pgoff >= pgoff)
			next = MIN(next, block->pgoff);
	}
	return next;
}

/* What was written of pages [start, end) goes. */
static void forget_blocks(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	struct disk_state *disks = m->virt->disks;
	bool few = end - start < disks->room;

	for (u64 at = start; few && inode->nr_disk_blocks && at < end; at++) {
		struct disk_block *block = find(disks, inode->self, at);

		if (block->inode)
			forget_block(m, inode, block);
	}
	for (u64 i = 0; !few && inode->nr_disk_blocks && i < disks->room;) {
		struct disk_block *block = &disks->blocks[i];

		/* What moves up into its place is looked at next. */
		if (block->inode == inode->self && block->pgoff >= start && block->pgoff < end)
			forget_block(m, inode, block);
		else
			i++;
	}
}

void disk_truncate(struct machine *m, struct inode *inode, u64 nr_pages)
{
	inode->disk_end = MIN(inode->disk_end, nr_pages);
	forget_blocks(m, inode, nr_pages, ~0ULL);
}

int disk_zero(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	if (start >= end)
		return 0;
	if (end >= inode->disk_end) {
		inode->disk_end = MIN(inode->disk_end, start);
		forget_blocks(m, inode, start, end);
		return 0;
	}
	/* Of what was there at first each page has to be told of. */
	if (disk_reserve(m, end - start))
		return -ENOBUFS;
	for (u64 at = start; at < end; at++) {
		struct disk_block *block = get_block(m, inode, at);

		content_forget(m, &block->token);
		block->hole = true;
	}
	return 0;
}

/* Where the pages of a file go to: those from `from' on to `to' and behind. */
struct shift {
	struct inode *inode;
	u64 from, to;
	u64 start;		/* pages from here to `from' go */
};

static void put_block(struct disk_state *disks, struct disk_block block)
{
	*find(disks, block.inode, block.pgoff) = block;
	disks->nr++;
}

/* The blocks of the file that were written, and all of other files. */
static void move_written(struct machine *m, struct disk_state *moved, const struct shift *s)
{
	struct disk_state *disks = m->virt->disks;

	for (u64 i = 0; i < disks->room; i++) {
		struct disk_block block = disks->blocks[i];

		if (!block.inode)
			continue;
		if (block.inode == s->inode->self && block.pgoff >= s->start) {
			if (block.pgoff < s->from) {
				content_forget(m, &block.token);
				s->inode->nr_disk_blocks--;
				continue;
			}
			block.pgoff = block.pgoff - s->from + s->to;
		}
		put_block(moved, block);
	}
}

/* Of others the contents follow from where they were: now there are blocks that say so. */
static void move_first(const struct disk_state *disks, struct disk_state *moved,
		       const struct shift *s)
{
	for (u64 at = s->from; at < s->inode->disk_end; at++) {
		if (disks->room && find(disks, s->inode->self, at)->inode)
			continue;
		put_block(moved, (struct disk_block){
			.inode = s->inode->self, .pgoff = at - s->from + s->to,
			.token = content_file_token(s->inode->self, at),
		});
		s->inode->nr_disk_blocks++;
	}
}

u64 disk_shift_host_bytes(const struct machine *m, const struct inode *inode, u64 nr)
{
	u64 moved;

	nr += inode->disk_end;
	moved = room_for(m->virt->disks, nr) * sizeof(struct disk_block);
	return disk_host_bytes(m, nr) + ARENA_COST(moved);
}

static int shift(struct machine *m, const struct shift *s)
{
	struct disk_state *disks = m->virt->disks, moved = { 0 };
	struct inode *inode = s->inode;

	if (!inode->nr_disk_blocks && inode->disk_end <= s->start)
		return 0;
	moved.room = room_for(disks, inode->disk_end > s->from ? inode->disk_end - s->from : 0);
	moved.blocks = arena_alloc(&m->arena, moved.room * sizeof(*moved.blocks));
	if (!moved.blocks)
		return -ENOBUFS;
	move_written(m, &moved, s);
	move_first(disks, &moved, s);
	inode->disk_end = MIN(inode->disk_end, s->start);
	arena_free(&m->arena, disks->blocks, disks->room * sizeof(*disks->blocks));
	*disks = moved;
	return 0;
}

int disk_collapse(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	return shift(m, &(struct shift){ inode, .from = end, .to = start, .start = start });
}

int disk_insert(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	return shift(m, &(struct shift){ inode, .from = start, .to = end, .start = start });
}

u64 disk_content_refs(const struct machine *m)
{
	const struct disk_state *disks = m->virt->disks;
	u64 refs = 0;

	for (u64 i = 0; disks && i < disks->room; i++)
		refs += disks->blocks[i].inode && disks->blocks[i].token & CONTENT_BYTES;
	return refs;
}

/* The order in the table depends on its size, which is no part of the state: a sum. */
void disks_digest(const struct machine *m, struct digest *digest)
{
	const struct disk_state *disks = m->virt->disks;
	u64 sum = 0;

	for (u64 i = 0; disks && i < disks->room; i++) {
		const struct disk_block *block = &disks->blocks[i];
		u64 x = (block->pgoff + 1) * 0x9e3779b97f4a7c15ULL ^ block->inode;

		if (block->inode)
			sum += ((x + block->hole) ^ content_slot_token(m, block->token)) *
			       0xff51afd7ed558ccdULL;
	}
	digest_u64(digest, sum);
}
