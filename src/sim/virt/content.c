// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tokens are 63-bit hashes of what was done to a page. A page with real bytes has the
 * number of a slot instead; a slot is a page of host memory that any number of page
 * frames share. A frame that is freed keeps its token until it becomes a user page
 * again, so freeing costs nothing here.
 */
#include "sim/virt/content.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/folio.h"
#include "sim/phys/section.h"
#include "sim/virt/disk.h"
#include "sim/virt/swap.h"
#include "sim/virt/virt.h"

struct content_slot {
	u8 *bytes;		/* a page; NULL: the slot is free */
	u32 refs;		/* page frames */
	u32 next_free;		/* slot + 1; 0: none */
};

struct content_state {
	struct content_slot *slots;
	u32 nr, room;
	u32 free;		/* slot + 1 */
};

int content_init(struct machine *m)
{
	m->virt->contents = arena_alloc(&m->arena, sizeof(*m->virt->contents));
	return m->virt->contents ? 0 : -ENOBUFS;
}

void content_free(struct machine *m)
{
	struct content_state *c = m->virt->contents;

	if (!c)
		return;
	for (u32 i = 0; i < c->nr; i++)
		arena_free(&m->arena, c->slots[i].bytes, c->slots[i].bytes ? PAGE_SIZE : 0);
	arena_free(&m->arena, c->slots, c->room * sizeof(*c->slots));
	arena_free(&m->arena, c, sizeof(*c));
	m->virt->contents = NULL;
}

static u64 mix(u64 a, u64 b)
{
	u64 x = (a + 0x9e3779b97f4a7c15ULL) ^ (b * 0xff51afd7ed558ccdULL);

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	x = (x ^ x >> 31) & ~CONTENT_BYTES;
	return x ? x : 1;
}

static struct content_slot *slot_of(const struct machine *m, u64 pfn)
{
	u64 token = m->page_content[pfn];

	return token & CONTENT_BYTES ? &m->virt->contents->slots[(u32)token] : NULL;
}

/* Pages of equal bytes have equal tokens; zeroes are the zero page's. */
static u64 bytes_token(const u8 *bytes)
{
	u64 token = 0;
	bool zero = true;

	for (u32 i = 0; i < PAGE_SIZE; i += sizeof(u64)) {
		u64 word;

		memcpy(&word, bytes + i, sizeof(word));
		zero = zero && !word;
		token = mix(token, word);
	}
	return zero ? 0 : token;
}

u64 content_token(const struct machine *m, u64 pfn)
{
	const struct content_slot *slot = slot_of(m, pfn);

	return slot ? bytes_token(slot->bytes) : m->page_content[pfn];
}

static void slot_put(struct machine *m, u32 at)
{
	struct content_state *c = m->virt->contents;
	struct content_slot *slot = &c->slots[at];

	BUG_ON(m, !slot->refs);
	if (--slot->refs)
		return;
	arena_free(&m->arena, slot->bytes, PAGE_SIZE);
	slot->bytes = NULL;
	slot->next_free = c->free;
	c->free = at + 1;
}

void content_drop(struct machine *m, u64 pfn)
{
	u64 token = m->page_content[pfn];

	m->page_content[pfn] = 0;
	if (token & CONTENT_BYTES)
		slot_put(m, (u32)token);
}

void content_forget_range(struct machine *m, u64 start, u64 end)
{
	for (u64 pfn = start; pfn < end; pfn++)
		if (page_present(m, pfn))
			content_drop(m, pfn);
}

void content_copy(struct machine *m, u64 to, u64 from)
{
	struct content_slot *slot = slot_of(m, from);

	if (to == from)
		return;
	if (slot)
		slot->refs++;
	content_drop(m, to);
	m->page_content[to] = m->page_content[from];
}

u64 content_slot_token(const struct machine *m, u64 slot)
{
	return slot & CONTENT_BYTES ?
	       bytes_token(m->virt->contents->slots[(u32)slot].bytes) : slot;
}

void content_forget(struct machine *m, u64 *slot)
{
	u64 token = *slot;

	*slot = 0;
	if (token & CONTENT_BYTES)
		slot_put(m, (u32)token);
}

void content_save(struct machine *m, u64 pfn, u64 *slot)
{
	struct content_slot *bytes = slot_of(m, pfn);

	if (bytes)
		bytes->refs++;
	content_forget(m, slot);
	*slot = m->page_content[pfn];
}

void content_restore(struct machine *m, u64 pfn, u64 slot)
{
	if (slot & CONTENT_BYTES)
		m->virt->contents->slots[(u32)slot].refs++;
	content_drop(m, pfn);
	m->page_content[pfn] = slot;
}

static void set_token(struct machine *m, u64 pfn, u64 token)
{
	content_drop(m, pfn);
	m->page_content[pfn] = token;
}

void content_store(struct machine *m, u64 pfn, u32 offset)
{
	set_token(m, pfn, mix(content_token(m, pfn), offset));
}

u64 content_file_token(u64 inode, u64 pgoff)
{
	return mix(inode, pgoff + 1);
}

/* The pattern of a token: 8 bytes at a time. */
static u64 pattern_word(u64 token, u32 offset)
{
	return token ? mix(token, ~(u64)offset) : 0;
}

static void pattern_fill(u64 token, u8 *bytes)
{
	for (u32 i = 0; i < PAGE_SIZE; i += sizeof(u64)) {
		u64 word = pattern_word(token, i);

		memcpy(bytes + i, &word, sizeof(word));
	}
}

void content_read_slot(const struct machine *m, u64 slot, u32 offset, void *buf, u32 len)
{
	u8 *to = buf;

	if (slot & CONTENT_BYTES) {
		memcpy(buf, m->virt->contents->slots[(u32)slot].bytes + offset, len);
		return;
	}
	for (u32 i = 0; i < len; i++, offset++)
		to[i] = (u8)(pattern_word(slot, ALIGN_DOWN(offset, 8U)) >> 8 * (offset % 8));
}

/* A slot that nobody has, with its page; -ENOBUFS. */
static int slot_new(struct machine *m, u32 *at)
{
	struct content_state *c = m->virt->contents;
	u8 *bytes = arena_alloc(&m->arena, PAGE_SIZE);
	void *slots;

	if (!bytes)
		return -ENOBUFS;
	if (!c->free) {
		slots = arena_grow(&m->arena, c->slots, &c->room, c->nr + 1, 16, sizeof(*c->slots));
		if (!slots) {
			arena_free(&m->arena, bytes, PAGE_SIZE);
			return -ENOBUFS;
		}
		c->slots = slots;
	}
	if (c->free) {
		*at = c->free - 1;
		c->free = c->slots[*at].next_free;
	} else {
		*at = c->nr++;
	}
	c->slots[*at] = (struct content_slot) { .bytes = bytes, .refs = 1 };
	return 0;
}

/* The page gets bytes of its own, which nobody shares. -ENOBUFS. */
static int own_bytes(struct machine *m, u64 pfn)
{
	const struct content_slot *old = slot_of(m, pfn);
	u32 at;
	int err;

	if (old && old->refs == 1)
		return 0;
	err = slot_new(m, &at);
	if (err)
		return err;
	old = slot_of(m, pfn);
	if (old)
		memcpy(m->virt->contents->slots[at].bytes, old->bytes, PAGE_SIZE);
	else
		pattern_fill(m->page_content[pfn], m->virt->contents->slots[at].bytes);
	set_token(m, pfn, CONTENT_BYTES | at);
	return 0;
}

int content_write(struct machine *m, u64 pfn, u32 offset, const void *buf, u32 len)
{
	int err = own_bytes(m, pfn);

	if (!err)
		memcpy(slot_of(m, pfn)->bytes + offset, buf, len);
	return err;
}

void content_zero_range(struct machine *m, u64 pfn, u32 from, u32 to)
{
	if (from >= to)
		return;
	if (from == 0 && to == PAGE_SIZE)
		content_zero(m, pfn);
	else if (slot_of(m, pfn) && !own_bytes(m, pfn))
		memset(slot_of(m, pfn)->bytes + from, 0, to - from);
	else if (m->page_content[pfn])
		set_token(m, pfn, mix(content_token(m, pfn), ~((u64)from << 32 | to)));
}

static bool is_user_page(const struct page *page)
{
	/* What a free huge page held is cleared before anybody can see it. */
	if (page_type(page) == PGTY_hugetlb)
		return folio_of_const(page)->mapping;
	return !page_type(page) && !page_flag(page, PG_reserved) &&
	       (page->refcount > 0 || page_is_tail(page));
}

void content_digest(const struct machine *m, struct digest *digest)
{
	for_each_present_pfn(m, pfn, 0, m->max_pfn) {
		if (!m->page_content[pfn] || !is_user_page(pfn_to_page(m, pfn)))
			continue;
		digest_u64(digest, pfn);
		digest_u64(digest, content_token(m, pfn));
	}
}

/* R9: each slot has as many references as page frames name it. */
void content_validate(const struct machine *m, struct check *check)
{
	const struct content_state *c = m->virt->contents;
	u64 frames = 0, refs = 0, used = 0;

	if (!c)
		return;
	for_each_present_pfn(m, pfn, 0, m->max_pfn) {
		const struct content_slot *slot;

		if (!(m->page_content[pfn] & CONTENT_BYTES))
			continue;
		frames++;
		slot = (u32)m->page_content[pfn] < c->nr ? slot_of(m, pfn) : NULL;
		if (!slot || !slot->bytes)
			check_fail(check, "R9", "page 0x%llx: expected bytes, found a free slot",
				   (unsigned long long)pfn);
	}
	frames += swap_nr_contents(m);
	for (u32 i = 0; i < c->nr; i++) {
		refs += c->slots[i].refs;
		used += c->slots[i].bytes != NULL;
	}
	frames += disk_content_refs(m);
	check->nr_checked += 2;
	if (frames != refs || used > refs)
		check_fail(check, "R9", "contents: expected %llu references of pages, found %llu "
			   "of %llu slots", (unsigned long long)frames, (unsigned long long)refs,
			   (unsigned long long)used);
}
