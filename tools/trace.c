// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ids become numbers by a hash table with open addressing. A zipf object is found in the
 * sums of probabilities by bisection, between two limits that the first bits of the random
 * number give.
 */
#include "trace.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES 24
#define GUIDE_BITS 16

struct ids {
	u64 *ids;
	u32 *numbers;		/* + 1; 0: free */
	u64 room;		/* a power of two; at most half is used */
	u32 nr;
};

void trace_free(struct trace *trace)
{
	free(trace->indices);
	*trace = (struct trace){ 0 };
}

/* ---- oracleGeneral ---- */

static u64 ids_place(const struct ids *ids, u64 id)
{
	u64 at = (id * 0x9e3779b97f4a7c15ULL) >> 20 & (ids->room - 1);

	while (ids->numbers[at] && ids->ids[at] != id)
		at = (at + 1) & (ids->room - 1);
	return at;
}

static int ids_grow(struct ids *ids)
{
	struct ids grown = { .room = ids->room ? 2 * ids->room : 1024, .nr = ids->nr };

	grown.ids = calloc(grown.room, sizeof(*grown.ids));
	grown.numbers = calloc(grown.room, sizeof(*grown.numbers));
	if (!grown.ids || !grown.numbers) {
		free(grown.ids);
		free(grown.numbers);
		return -ENOMEM;
	}
	for (u64 i = 0; i < ids->room; i++)
		if (ids->numbers[i]) {
			u64 at = ids_place(&grown, ids->ids[i]);

			grown.ids[at] = ids->ids[i];
			grown.numbers[at] = ids->numbers[i];
		}
	free(ids->ids);
	free(ids->numbers);
	*ids = grown;
	return 0;
}

static int ids_number(struct ids *ids, u64 id, u32 *number)
{
	u64 at;

	if (2 * (u64)ids->nr >= ids->room && ids_grow(ids))
		return -ENOMEM;
	at = ids_place(ids, id);
	if (!ids->numbers[at]) {
		ids->ids[at] = id;
		ids->numbers[at] = ++ids->nr;
	}
	*number = ids->numbers[at] - 1;
	return 0;
}

static int append(struct trace *trace, u64 *room, u32 index)
{
	if (trace->nr == *room) {
		u64 more = *room ? 2 * *room : 4096;
		u32 *indices = realloc(trace->indices, more * sizeof(*indices));

		if (!indices)
			return -ENOMEM;
		trace->indices = indices;
		*room = more;
	}
	trace->indices[trace->nr++] = index;
	return 0;
}

static u64 little_endian(const u8 *bytes, unsigned int nr)
{
	u64 value = 0;

	while (nr--)
		value = value << 8 | bytes[nr];
	return value;
}

int trace_read_oracle_general(struct trace *trace, FILE *file)
{
	struct ids ids = { 0 };
	u8 record[RECORD_BYTES];
	u64 room = 0;
	size_t n;
	int err = 0;

	*trace = (struct trace){ 0 };
	while (!err && (n = fread(record, 1, sizeof(record), file)) == sizeof(record)) {
		u32 index;

		err = ids_number(&ids, little_endian(record + 4, 8), &index);
		if (!err)
			err = append(trace, &room, index);
	}
	if (!err)
		err = ferror(file) ? -errno : n ? -EBADMSG : 0;
	trace->nr_objects = ids.nr;
	free(ids.ids);
	free(ids.numbers);
	if (err)
		trace_free(trace);
	return err;
}

static void put_little_endian(u8 *bytes, u64 value, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++, value >>= 8)
		bytes[i] = (u8)value;
}

int trace_write_oracle_general(const struct trace *trace, FILE *file)
{
	s64 *next = malloc((trace->nr + 1) * sizeof(*next));
	s64 *seen = malloc((trace->nr_objects + 1ULL) * sizeof(*seen));
	int err = next && seen ? 0 : -ENOMEM;

	for (u64 i = 0; !err && i < trace->nr_objects; i++)
		seen[i] = -1;
	for (u64 i = trace->nr; !err && i-- > 0;) {
		next[i] = seen[trace->indices[i]];
		seen[trace->indices[i]] = (s64)i;
	}
	for (u64 i = 0; !err && i < trace->nr; i++) {
		u8 record[RECORD_BYTES];

		put_little_endian(record, i / 1000, 4);
		put_little_endian(record + 4, trace->indices[i] + 1ULL, 8);
		put_little_endian(record + 12, 1, 4);
		put_little_endian(record + 16, (u64)next[i], 8);
		err = fwrite(record, sizeof(record), 1, file) == 1 ? 0 : -errno;
	}
	free(next);
	free(seen);
	return err ? err : fflush(file) ? -errno : 0;
}

/* ---- zipf ---- */

/* splitmix64, as a fraction of 53 bits. */
static double random_fraction(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return (double)(z >> 11) / 9007199254740992.0;
}

/* [i]: what comes before object i + 1; and for each beginning of a fraction the first object. */
static void fill_sums(const struct zipf *zipf, double *sums, u32 *guide)
{
	double sum = 0;
	u32 at = 0;

	for (u32 i = 0; i < zipf->objects; i++)
		sums[i] = sum += 1 / pow(i + 1.0, zipf->alpha);
	for (u32 i = 0; i < zipf->objects; i++)
		sums[i] /= sum;
	for (u32 i = 0; i < 1U << GUIDE_BITS; i++) {
		while (at < zipf->objects - 1 && sums[at] < (double)i / (1U << GUIDE_BITS))
			at++;
		guide[i] = at;
	}
	guide[1U << GUIDE_BITS] = zipf->objects - 1;
}

static u32 find_object(const double *sums, const u32 *guide, double fraction)
{
	u32 begin = (u32)(fraction * (1U << GUIDE_BITS));
	u32 low = guide[begin], high = guide[begin + 1];

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (sums[middle] < fraction)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int trace_zipf(struct trace *trace, const struct zipf *zipf)
{
	double *sums = malloc(zipf->objects * sizeof(*sums));
	u32 *guide = malloc(((1U << GUIDE_BITS) + 1) * sizeof(*guide));
	u64 state = zipf->seed;

	*trace = (struct trace){ .nr = zipf->requests, .nr_objects = zipf->objects };
	trace->indices = malloc(zipf->requests * sizeof(*trace->indices));
	if (sums && guide && trace->indices) {
		fill_sums(zipf, sums, guide);
		for (u64 i = 0; i < trace->nr; i++)
			trace->indices[i] = find_object(sums, guide, random_fraction(&state));
	} else {
		trace_free(trace);
	}
	free(sums);
	free(guide);
	return trace->indices ? 0 : -ENOMEM;
}
