// SPDX-License-Identifier: GPL-2.0-or-later
/* A list, the youngest last. */
#include "sim/virt/real.h"

#include "sim/virt/virt.h"

int real_process_add(struct machine *m, const struct real_process *process)
{
	struct real_process **end = &m->virt->reals, *copy = arena_alloc(&m->arena, sizeof(*copy));

	if (!copy)
		return -ENOBUFS;
	*copy = *process;
	copy->next = NULL;
	while (*end)
		end = &(*end)->next;
	*end = copy;
	return 0;
}

const struct real_process *real_process_first(const struct machine *m)
{
	return m->virt->reals;
}

void real_processes_free(struct machine *m)
{
	struct real_process *process;

	while ((process = m->virt->reals)) {
		m->virt->reals = process->next;
		arena_free(&m->arena, process, sizeof(*process));
	}
}
