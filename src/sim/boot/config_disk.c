// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of [disk] and [swap N]: both are disks. */
#include <string.h>

#include "sim/boot/config_load.h"

const struct config_disk_model config_file_disk = {
	.bandwidth = 1ULL << 30,
	.queue_depth = 1023,
};

static const struct config_disk_model swap_disk = {
	.bandwidth = 3ULL << 30,
	.queue_depth = 1023,
};

/* How quick it is. */

static int set_latency(struct config_load *load, const char *value, unsigned int op)
{
	struct config_disk_model *model = load->disk_model;
	const char *why;

	if (!config_value_u64(value, &model->latency_ns[op], &why))
		return config_bad_value(load, value, why);
	if (model->latency_ns[op] > 3600000000000ULL)
		return config_bad_value(load, value, "it is at most an hour, in ns");
	model->has_latency[op] = model->given = true;
	return 0;
}

static int set_read_latency(struct config_load *load, const char *value)
{
	return set_latency(load, value, 0);
}

static int set_write_latency(struct config_load *load, const char *value)
{
	return set_latency(load, value, 1);
}

static int set_bandwidth(struct config_load *load, const char *value)
{
	u64 *bandwidth = &load->disk_model->bandwidth;
	const char *why;

	if (!config_value_size(value, bandwidth, &why))
		return config_bad_value(load, value, why);
	if ((*bandwidth && *bandwidth < 65536) || *bandwidth > 1ULL << 40)
		return config_bad_value(load, value, "a disk moves 64K to 1T bytes in a second, "
					"or at 0 any number");
	load->disk_model->given = true;
	return 0;
}

static int set_queue_depth(struct config_load *load, const char *value)
{
	const char *why;
	u64 depth;

	if (!config_value_u64(value, &depth, &why))
		return config_bad_value(load, value, why);
	if (!depth || depth > 1023)
		return config_bad_value(load, value, "it lies between 1 and 1023");
	load->disk_model->queue_depth = (u32)depth;
	load->disk_model->given = true;
	return 0;
}

#define DISK_MODEL_KEYS \
	{ "read_latency", set_read_latency }, \
	{ "write_latency", set_write_latency }, \
	{ "bandwidth", set_bandwidth }, \
	{ "queue_depth", set_queue_depth }

/* [disk] */

static int set_disk_name(struct config_load *load, const char *value)
{
	if (!*value || strlen(value) > 31 || strpbrk(value, "/ "))
		return config_bad_value(load, value, "write a name as vda or nvme1n1");
	return config_set_text(&load->config->disk.name, value);
}

static int set_disk_size(struct config_load *load, const char *value)
{
	const char *why;

	if (!config_value_size(value, &load->config->disk.size, &why))
		return config_bad_value(load, value, why);
	return 0;
}

int config_open_disk(struct config_load *load, const char *rest)
{
	if (*rest)
		return config_bad(load, load->line, "[%s]: write [disk]", load->line->section);
	load->config->disk.given = true;
	load->disk_model = &load->config->disk.model;
	return 0;
}

const struct key_row config_disk_keys[NR_CONFIG_DISK_KEYS] = {
	{ "name", set_disk_name },
	{ "size", set_disk_size },
	DISK_MODEL_KEYS,
};

/* [swap N] */

static struct config_swap *this_swap(struct config_load *load)
{
	return &g_array_index(load->swaps, struct config_swap, load->at);
}

static int set_swap_size(struct config_load *load, const char *value)
{
	const char *why;

	if (!config_value_size(value, &this_swap(load)->size, &why))
		return config_bad_value(load, value, why);
	if (!IS_ALIGNED(this_swap(load)->size, PAGE_SIZE))
		return config_bad_value(load, value, "swap comes in whole pages of 4K");
	if (this_swap(load)->size < 10 * PAGE_SIZE)
		return config_bad_value(load, value, "the least that mkswap takes is 40K");
	return 0;
}

static int set_swap_priority(struct config_load *load, const char *value)
{
	const char *why;
	s64 priority;

	if (!config_value_int(value, &priority, &why))
		return config_bad_value(load, value, why);
	if (priority < -32768 || priority > 32767)
		return config_bad_value(load, value, "priorities lie between -32768 and 32767");
	this_swap(load)->priority = (int)priority;
	/* Lower ones are given by swapon, in order. */
	this_swap(load)->has_priority = priority >= 0;
	return 0;
}

static int set_swap_compressed(struct config_load *load, const char *value)
{
	const char *why;
	u64 bytes;

	if (!config_value_u64(value, &bytes, &why))
		return config_bad_value(load, value, why);
	if (!bytes || bytes > PAGE_SIZE)
		return config_bad_value(load, value, "a page comes to 1 to 4096 bytes");
	this_swap(load)->compressed = (u32)bytes;
	return 0;
}

static int set_swap_path(struct config_load *load, const char *value)
{
	if (value[0] != '/')
		return config_bad_value(load, value, "write a path as /dev/sda2");
	return config_set_text(&this_swap(load)->path, value);
}

static int set_swap_bool(struct config_load *load, const char *value, bool *field)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return config_bad_value(load, value, "write yes or no");
	*field = !strcmp(value, "yes");
	return 0;
}

static int set_swap_rotational(struct config_load *load, const char *value)
{
	return set_swap_bool(load, value, &this_swap(load)->rotational);
}

static int set_swap_on(struct config_load *load, const char *value)
{
	bool on = true;
	int err = set_swap_bool(load, value, &on);

	this_swap(load)->off = !on;
	return err;
}

int config_open_swap(struct config_load *load, const char *rest)
{
	struct config_swap swap = { .model = swap_disk };
	u64 id;

	/* MAX_SWAPFILES, less what migration and hwpoison take. */
	if (!config_plain_number(rest, 28, &id))
		return config_bad(load, load->line, "[%s]: write [swap N] with N from 0 to 27",
				  load->line->section);
	swap.id = (unsigned int)id;
	swap.priority = -2 - (int)id;
	swap.path = g_strdup_printf("/dev/nvme%un1", swap.id);
	load->at = load->swaps->len;
	g_array_append_val(load->swaps, swap);
	load->disk_model = &this_swap(load)->model;
	return 0;
}

const struct key_row config_swap_keys[NR_CONFIG_SWAP_KEYS] = {
	{ "size", set_swap_size },
	{ "priority", set_swap_priority },
	{ "path", set_swap_path },
	{ "rotational", set_swap_rotational },
	{ "on", set_swap_on },
	{ "compressed", set_swap_compressed },
	DISK_MODEL_KEYS,
};
