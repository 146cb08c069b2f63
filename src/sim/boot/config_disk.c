// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of [disk]. */
#include <string.h>

#include "sim/boot/config_load.h"

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

static int set_disk_latency(struct config_load *load, const char *value, unsigned int op)
{
	struct config_disk *disk = &load->config->disk;
	const char *why;

	if (!config_value_u64(value, &disk->latency_ns[op], &why))
		return config_bad_value(load, value, why);
	if (disk->latency_ns[op] > 3600000000000ULL)
		return config_bad_value(load, value, "it is at most an hour, in ns");
	disk->has_latency[op] = true;
	return 0;
}

static int set_disk_read_latency(struct config_load *load, const char *value)
{
	return set_disk_latency(load, value, 0);
}

static int set_disk_write_latency(struct config_load *load, const char *value)
{
	return set_disk_latency(load, value, 1);
}

static int set_disk_bandwidth(struct config_load *load, const char *value)
{
	u64 *bandwidth = &load->config->disk.bandwidth;
	const char *why;

	if (!config_value_size(value, bandwidth, &why))
		return config_bad_value(load, value, why);
	if ((*bandwidth && *bandwidth < 65536) || *bandwidth > 1ULL << 40)
		return config_bad_value(load, value, "a disk moves 64K to 1T bytes in a second, "
					"or at 0 any number");
	return 0;
}

static int set_disk_queue_depth(struct config_load *load, const char *value)
{
	const char *why;
	u64 depth;

	if (!config_value_u64(value, &depth, &why))
		return config_bad_value(load, value, why);
	if (!depth || depth > 1023)
		return config_bad_value(load, value, "it lies between 1 and 1023");
	load->config->disk.queue_depth = (u32)depth;
	return 0;
}

const struct key_row config_disk_keys[NR_CONFIG_DISK_KEYS] = {
	{ "name", set_disk_name },
	{ "size", set_disk_size },
	{ "read_latency", set_disk_read_latency },
	{ "write_latency", set_disk_write_latency },
	{ "bandwidth", set_disk_bandwidth },
	{ "queue_depth", set_disk_queue_depth },
};
