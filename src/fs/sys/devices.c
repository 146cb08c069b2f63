// SPDX-License-Identifier: GPL-2.0-or-later
/* Names are numbers behind a prefix. */
#include "fs/sys/devices.h"

#include <stdio.h>
#include <stdlib.h>


bool numbered_name(const char *name, const char *prefix, u32 *number)
{
	size_t len = strlen(prefix);
	char text[16];

	if (strncmp(name, prefix, len) || strlen(name) - len > 9)
		return false;
	*number = strtoul(name + len, NULL, 10);
	snprintf(text, sizeof(text), "%u", *number);
	return !strcmp(text, name + len);
}

bool memory_block_next(const struct view *v, u32 *block)
{
	for (; v->m->hotplug && *block < v->m->hotplug->nr_blocks; ++*block)
		if (memory_block_by_id(v->m, *block))
			return true;
	return false;
}

void memory_block_name(const struct view *v, u32 block, char name[64])
{
	(void)v;
	snprintf(name, 64, "memory%u", block);
}

bool memory_block_find(const struct view *v, const char *name, u32 *block)
{
	return numbered_name(name, "memory", block) && memory_block_by_id(v->m, *block);
}

bool node_next(const struct view *v, u32 *nid)
{
	for (; *nid < v->m->nr_nodes; ++*nid)
		if (v->m->nodes[*nid] && v->m->nodes[*nid]->online)
			return true;
	return false;
}

void node_name(const struct view *v, u32 nid, char name[64])
{
	(void)v;
	snprintf(name, 64, "node%u", nid);
}

bool node_find(const struct view *v, const char *name, u32 *nid)
{
	u32 next;

	if (!numbered_name(name, "node", nid))
		return false;
	next = *nid;
	return node_next(v, &next) && next == *nid;
}

bool cpu_next(const struct view *v, u32 *cpu)
{
	return *cpu < v->m->nr_cpus;
}

void cpu_name(const struct view *v, u32 cpu, char name[64])
{
	(void)v;
	snprintf(name, 64, "cpu%u", cpu);
}

bool cpu_find(const struct view *v, const char *name, u32 *cpu)
{
	return numbered_name(name, "cpu", cpu) && *cpu < v->m->nr_cpus;
}
