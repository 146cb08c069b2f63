/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Triggers: whoever opens a file of pressure, writes "some 150000 1000000" to it and polls
 * it is woken when tasks stalled for 150 ms or more within a second, at most once in a
 * window. A trigger belongs to who opened the file, not to the machine.
 */
#ifndef KMM_VIRT_PSI_TRIGGER_H
#define KMM_VIRT_PSI_TRIGGER_H

#include "sim/virt/psi.h"

struct psi_trigger {
	bool on, event;		/* event: it happened, and nobody was told */
	u8 state;		/* enum psi_states */
	u64 threshold_ns, window_ns;
	/* This window: when it began, what there was then, and what the one before came to. */
	u64 start_ns, start_value, prev_growth;
	u64 last_event_ns;
};

/*
 * What was written to the file of a resource; group NULL: of the CPU, for which nobody
 * waits. trigger NULL: a script says it, it is only looked at. -EINVAL; -EBUSY: there is one.
 */
int psi_trigger_create(const struct machine *m, const struct psi_group *group, enum psi_res res,
		       const char *text, struct psi_trigger *trigger) __must_check;
/* Time has passed: trigger->event if it is due. */
void psi_trigger_update(const struct machine *m, const struct psi_group *group,
			struct psi_trigger *trigger);

#endif
