// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The root object: it is made here, step by step, in the order of a real boot, and
 * taken apart in reverse.
 */
#include "sim/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/event.h"
#include "sim/boot/boot_log.h"
#include "sim/boot/memblock.h"
#include "sim/phys/tunables.h"

static int machine_init(struct machine *m, const struct machine_config *config)
{
	m->config = config;
	m->arch = config->arch;
	m->release = config->release;
	m->rng = config->seed;
	m->nr_cpus = config->nr_cpus;
	m->boot_log = boot_log_new(&m->arena);
	m->memblock = arena_alloc(&m->arena, sizeof(*m->memblock));
	m->tunables = arena_alloc(&m->arena, sizeof(*m->tunables));
	m->events = arena_alloc(&m->arena, sizeof(*m->events));
	if (!m->boot_log || !m->memblock || !m->tunables || !m->events)
		return -ENOMEM;
	return memblock_init(m->memblock, &m->arena);
}

int machine_boot(const struct machine_config *config, struct machine **machine,
		 char **error)
{
	struct machine *m = calloc(1, sizeof(*m));
	int err;

	*error = NULL;
	if (!m)
		return -ENOMEM;
	err = machine_init(m, config);
	if (!err)
		err = boot_log_error(m->boot_log);
	if (err) {
		machine_free(m);
		return err;
	}
	m->booted = true;
	*machine = m;
	return 0;
}

static void machine_free_zones(struct machine *m)
{
	for (unsigned int i = 0; i < MAX_NUMNODES; i++)
		arena_free(&m->arena, m->nodes[i], sizeof(*m->nodes[i]));
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	machine_free_zones(m);
	if (m->memblock) {
		memblock_free_state(m->memblock);
		arena_free(&m->arena, m->memblock, sizeof(*m->memblock));
	}
	arena_free(&m->arena, m->events, sizeof(*m->events));
	arena_free(&m->arena, m->tunables, sizeof(*m->tunables));
	boot_log_free(&m->arena, m->boot_log);
	out_free(&m->report);
	free(m);
}

void machine_why(struct machine *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->why[m->nr_why++ % WHY_ENTRIES], WHY_BYTES, fmt, args);
	va_end(args);
}
