// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the two usual virtual PCs put memory: below 4 GiB up to the hole for
 * devices, the rest from 4 GiB on, or from 1 TiB when it would run into the range
 * that AMD machines keep below it. The last 128 KiB of low memory hold the tables
 * of the firmware.
 */
#include "sim/boot/e820.h"

#define ACPI_BYTES 0x20000ULL
#define HYPERTRANSPORT_START 0xfd00000000ULL
#define HYPERTRANSPORT_END 0x10000000000ULL

struct platform {
	const char *name;
	u64 most_low;		/* memory below 4 GiB never exceeds this ... */
	u64 split_low;		/* ... and is this when there is more */
};

static const struct platform platforms[] = {
	{ "pc", 0xe0000000ULL, 0xc0000000ULL },
	{ "q35", 0xb0000000ULL, 0x80000000ULL },
};

void platform_lay_out(const char *platform, u64 bytes, struct platform_layout *layout)
{
	const struct platform *row = &platforms[0];

	for (unsigned int i = 0; platform && i < ARRAY_SIZE(platforms); i++)
		if (!strcmp(platforms[i].name, platform))
			row = &platforms[i];
	layout->below_4g = bytes >= row->most_low ? row->split_low : bytes;
	layout->above_4g = bytes - layout->below_4g;
	layout->above_start = SZ_4G;
	if (SZ_4G + layout->above_4g > HYPERTRANSPORT_START)
		layout->above_start = HYPERTRANSPORT_END;
	layout->low_end = layout->below_4g - MIN(layout->below_4g, ACPI_BYTES);
}

int e820_from_platform(struct e820_table *table, const char *platform,
		       const struct platform_layout *layout)
{
	bool q35 = platform && !strcmp(platform, "q35");
	const struct config_e820 rows[] = {
		{ { 0, 0x9fc00 }, E820_USABLE },
		{ { 0x9fc00, 0xa0000 }, E820_RESERVED },
		{ { 0xf0000, 0x100000 }, E820_RESERVED },
		{ { 0x100000, layout->low_end }, E820_USABLE },
		{ { layout->low_end, layout->below_4g }, E820_RESERVED },
		{ { 0xb0000000, q35 ? 0xc0000000 : 0 }, E820_RESERVED },
		{ { 0xfed1c000, q35 ? 0xfed20000 : 0 }, E820_RESERVED },
		{ { 0xfffc0000, 0x100000000 }, E820_RESERVED },
		{ { layout->above_start, layout->above_start + layout->above_4g }, E820_USABLE },
		{ { HYPERTRANSPORT_START, HYPERTRANSPORT_END }, E820_RESERVED },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (e820_add(table, rows[i].range.start, rows[i].range.end, rows[i].type))
			return -ENOMEM;
	return e820_update(table);
}
