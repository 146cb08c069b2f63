// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One array of host memory that doubles; a number is an index + 1. There are few
 * names, so they are found by looking at all.
 */
#include "sim/virt/anon_name.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/slab.h"
#include "sim/virt/virt.h"

#define FIRST_SLOTS 16
#define OBJECT_BYTES(text) (4 + strlen(text) + 1)	/* a count and the text */

struct anon_vma_name {
	s32 refs;		/* 0: the slot is free */
	u64 object;		/* of kmalloc() */
	char text[ANON_VMA_NAME_MAX_LEN];
};

static struct anon_vma_name *name_of(const struct machine *m, u32 name)
{
	return &m->virt->anon_names[name - 1];
}

static bool is_valid(const char *text)
{
	if (strlen(text) >= ANON_VMA_NAME_MAX_LEN)
		return false;
	for (; *text; text++)
		if (*text <= 0x1f || *text >= 0x7f || strchr("\\`$[]", *text))
			return false;
	return true;
}

static int grow(struct machine *m)
{
	struct virt_state *virt = m->virt;
	struct anon_vma_name *names = arena_grow(&m->arena, virt->anon_names, &virt->nr_anon_names,
						 virt->nr_anon_names + 1, FIRST_SLOTS,
						 sizeof(*names));

	if (!names)
		return -ENOBUFS;
	virt->anon_names = names;
	return 0;
}

/* Its number, or that of a free slot; one behind the last: all are taken. */
static u32 find(const struct machine *m, const char *text)
{
	u32 room = m->virt->nr_anon_names;

	for (u32 i = 0; i < m->virt->nr_anon_names; i++) {
		const struct anon_vma_name *name = &m->virt->anon_names[i];

		if (name->refs && !strcmp(name->text, text))
			return i + 1;
		if (!name->refs && room == m->virt->nr_anon_names)
			room = i;
	}
	return room + 1;
}

int anon_vma_name_alloc(struct machine *m, const char *text, u32 *result)
{
	struct anon_vma_name *name;
	int err = 0;

	if (!is_valid(text))
		return -EINVAL;
	*result = find(m, text);
	if (*result > m->virt->nr_anon_names)
		err = grow(m);
	if (err)
		return err;
	name = name_of(m, *result);
	if (!name->refs) {
		err = kmalloc(m, OBJECT_BYTES(text), GFP_KERNEL, NUMA_NO_NODE, &name->object);
		if (err)
			return err;
		memset(name->text, 0, sizeof(name->text));
		memcpy(name->text, text, strlen(text));
	}
	name->refs++;
	return 0;
}

void anon_vma_name_get(struct machine *m, u32 name)
{
	if (name)
		name_of(m, name)->refs++;
}

void anon_vma_name_put(struct machine *m, u32 name)
{
	int err = 0;

	if (name && !--name_of(m, name)->refs)
		err = kfree(m, name_of(m, name)->object);
	BUG_ON(m, err);
}

const char *anon_vma_name_text(const struct machine *m, u32 name)
{
	return name_of(m, name)->text;
}

void anon_vma_names_free(struct machine *m)
{
	if (m->virt->anon_names)
		arena_free(&m->arena, m->virt->anon_names,
			   m->virt->nr_anon_names * sizeof(*m->virt->anon_names));
	m->virt->anon_names = NULL;
	m->virt->nr_anon_names = 0;
}

void anon_vma_names_digest(const struct machine *m, struct digest *digest)
{
	for (u32 i = 0; i < m->virt->nr_anon_names; i++) {
		const struct anon_vma_name *name = &m->virt->anon_names[i];

		if (!name->refs)
			continue;
		digest_u64(digest, (u64)i << 32 | (u32)name->refs);
		digest_u64(digest, name->object);
		digest_string(digest, name->text);
	}
}

/* VMAs hold the references: in the order of their handles, like those of a pool. */
static s32 count_users(const struct machine *m, u32 name)
{
	const struct object_pool *vmas = &m->virt->vmas;
	s32 nr = 0;

	for (u32 h = object_next(vmas, 1); h; h = object_next(vmas, h + 1)) {
		const struct vm_area_struct *vma = object_get(vmas, h);

		nr += vma->anon_name == name;
	}
	return nr;
}

void anon_vma_names_validate(const struct machine *m, struct check *check)
{
	for (u32 i = 0; i < m->virt->nr_anon_names; i++) {
		const struct anon_vma_name *name = &m->virt->anon_names[i];
		s32 users;

		if (!name->refs)
			continue;
		users = count_users(m, i + 1);
		check->nr_checked++;
		if (users != name->refs)
			check_fail(check, "V5", "name '%s': expected %d VMAs, found %d",
				   name->text, users, name->refs);
	}
}

void anon_vma_names_claim(const struct machine *m, struct object_census *census)
{
	for (u32 i = 0; i < m->virt->nr_anon_names; i++)
		if (m->virt->anon_names[i].refs)
			object_claim(census, m->virt->anon_names[i].object,
				     "the name of anonymous memory");
}
