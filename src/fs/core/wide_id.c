// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring of values; the newest lie at its end, and a value is sought from there
 * back. Lookups of addresses are typed by people: a search of some thousand words
 * costs them nothing.
 */
#include "fs/core/wide_id.h"

#include <stdlib.h>

void wide_ids_init(struct wide_ids *ids)
{
	*ids = (struct wide_ids){ 0 };
	pthread_mutex_init(&ids->mutex, NULL);
}

void wide_ids_free(struct wide_ids *ids)
{
	pthread_mutex_destroy(&ids->mutex);
	free(ids->values);
}

/* Its id, or WIDE_IDS. */
static u32 find(const struct wide_ids *ids, u64 value)
{
	for (u32 i = 0; i < ids->nr; i++) {
		u32 id = (ids->next - 1 - i) % WIDE_IDS;

		if (ids->values[id] == value)
			return id;
	}
	return WIDE_IDS;
}

int wide_id_of(struct wide_ids *ids, u64 value, u32 *id)
{
	int err = 0;

	pthread_mutex_lock(&ids->mutex);
	if (!ids->values)
		ids->values = calloc(WIDE_IDS, sizeof(*ids->values));
	if (!ids->values) {
		err = -ENOMEM;
		goto out;
	}
	*id = find(ids, value);
	if (*id == WIDE_IDS) {
		*id = ids->next;
		ids->values[*id] = value;
		ids->next = (ids->next + 1) % WIDE_IDS;
		ids->nr = MIN(ids->nr + 1, WIDE_IDS);
	}
out:
	pthread_mutex_unlock(&ids->mutex);
	return err;
}

u64 wide_id_value(struct wide_ids *ids, u32 id)
{
	u64 value;

	pthread_mutex_lock(&ids->mutex);
	value = ids->values && id < WIDE_IDS ? ids->values[id] : 0;
	pthread_mutex_unlock(&ids->mutex);
	return value;
}
