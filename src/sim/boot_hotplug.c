// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory blocks of the boot, and the words of the command line that say how memory which
 * is added later goes on line.
 */
#include "sim/boot_state.h"

#include <stdlib.h>

#include "sim/phys/memory_hotplug.h"
#include "sim/phys/tunables.h"

static const char *const states[] = {
	[MMOP_OFFLINE] = "offline", [MMOP_ONLINE] = "online",
	[MMOP_ONLINE_KERNEL] = "online_kernel", [MMOP_ONLINE_MOVABLE] = "online_movable",
};

static const char *const policies[] = {
	[ONLINE_POLICY_CONTIG_ZONES] = "contig-zones",
	[ONLINE_POLICY_AUTO_MOVABLE] = "auto-movable",
};

/* The last value of "key=value" on the command line, and its length; NULL. */
static const char *value_of(const char *cmdline, const char *key, size_t *len)
{
	const char *found = NULL;

	for (const char *p = cmdline; p && *p; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strncmp(p, key, strlen(key)) || p[strlen(key)] != '=')
			continue;
		found = p + strlen(key) + 1;
		*len = strcspn(found, " ");
	}
	return found;
}

static void read_word(const char *cmdline, const char *key, const char *const *words,
		      unsigned int nr, s32 *value)
{
	size_t len = 0;
	const char *text = value_of(cmdline, key, &len);

	for (unsigned int i = 0; text && i < nr; i++)
		if (strlen(words[i]) == len && !strncmp(words[i], text, len))
			*value = (s32)i;
}

static void read_bool(const char *cmdline, const char *key, s32 *value)
{
	size_t len = 0;
	const char *text = value_of(cmdline, key, &len);

	if (text && len && strchr("yY1", *text))
		*value = 1;
	else if (text && len && strchr("nN0", *text))
		*value = 0;
}

void boot_memory_blocks(struct boot *b)
{
	struct tunables *t = b->m->tunables;
	const char *cmdline = b->config->cmdline, *text;
	size_t len = 0;

	if (!machine_config_bool(b->config, "MEMORY_HOTPLUG"))
		return;
	t->movable_node = b->cmdline.movable_node;
	read_word(cmdline, "memhp_default_state", states, ARRAY_SIZE(states),
		  &t->memhp_auto_online);
	read_word(cmdline, "memory_hotplug.online_policy", policies, ARRAY_SIZE(policies),
		  &t->online_policy);
	read_bool(cmdline, "memory_hotplug.auto_movable_numa_aware",
		  &t->auto_movable_numa_aware);
	read_bool(cmdline, "memory_hotplug.memmap_on_memory", &t->memmap_on_memory);
	text = value_of(cmdline, "memory_hotplug.auto_movable_ratio", &len);
	if (text)
		t->auto_movable_ratio = (s32)strtoul(text, NULL, 0);
	b->err = memory_blocks_init(b->m);
	if (!b->err)
		boot_note(b->m, "%u memory blocks of %llu pages", b->m->hotplug->nr_blocks,
			  (unsigned long long)b->m->hotplug->block_pages);
}
