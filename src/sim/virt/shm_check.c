// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * F7: who has a segment attached is counted over all VMAs, what they sum up to over all
 * segments.
 */
#include "sim/base/digest.h"
#include "sim/phys/slab.h"
#include "sim/virt/file.h"
#include "sim/virt/shm.h"
#include "sim/virt/virt.h"

void shm_digest(const struct machine *m, struct digest *digest)
{
	const struct shm_state *state = m->virt->shm;
	const struct shm_segment *shm;

	if (!state)
		return;
	digest_u64(digest, (u64)state->in_use << 32 | (u32)state->last_slot);
	digest_u64(digest, (u64)state->seq << 32 ^ state->tot);
	for (u32 slot = 0; (shm = shm_next(m, &slot)); slot++) {
		digest_u64(digest, shm->object);
		digest_u64(digest, (u64)shm->file->self << 32 | (u32)shm->key);
		digest_u64(digest, (u64)(u32)shm->id << 32 | shm->mode);
		digest_u64(digest, (u64)shm->uid << 32 | shm->gid);
		digest_u64(digest, (u64)shm->lock_uid << 1 | shm->file->inode->unevictable);
		digest_u64(digest, (u64)shm->cpid << 32 | shm->lpid);
		digest_u64(digest, (u64)shm->nattch << 32 ^ shm->bytes);
		digest_u64(digest, shm->atime);
		digest_u64(digest, shm->dtime);
		digest_u64(digest, shm->ctime);
		digest_u64(digest, shm->creator);
	}
}

static u32 count_mappings(const struct machine *m, u32 slot)
{
	const struct object_pool *vmas = &m->virt->vmas;
	u32 nr = 0;

	for (u32 h = object_next(vmas, 1); h; h = object_next(vmas, h + 1)) {
		const struct vm_area_struct *vma = object_get(vmas, h);

		nr += vma_is_shm(vma) && vma->vm_file->inode->shm == slot + 1;
	}
	return nr;
}

void shm_validate(const struct machine *m, struct check *check)
{
	const struct shm_state *state = m->virt->shm;
	const struct shm_segment *shm;
	u64 tot = 0;
	u32 in_use = 0;

	if (!state)
		return;
	for (u32 slot = 0; (shm = shm_next(m, &slot)); slot++) {
		u32 mappings = count_mappings(m, slot);

		tot += PFN_UP(shm->bytes);
		in_use++;
		check->nr_checked++;
		if (mappings != shm->nattch)
			check_fail(check, "F7", "segment %d: expected %u mappings, found %u",
				   shm->id, mappings, shm->nattch);
	}
	check->nr_checked++;
	if (tot != state->tot || in_use != state->in_use)
		check_fail(check, "F7", "segments: expected %u of %llu pages, found %u of %llu",
			   in_use, (unsigned long long)tot, state->in_use,
			   (unsigned long long)state->tot);
}

void shm_claim(const struct machine *m, struct object_census *census)
{
	const struct shm_segment *shm;

	for (u32 slot = 0; m->virt->shm && (shm = shm_next(m, &slot)); slot++)
		object_claim(census, shm->object, "a segment of shared memory");
}
