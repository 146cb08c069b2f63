// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A window slides as the kernel's does: what is left of the one before counts by the time
 * that this one still has.
 */
#include "sim/virt/psi_trigger.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define USEC 1000ULL
#define WINDOW_MIN_US 500000
#define WINDOW_MAX_US 10000000

static u64 value_of(const struct psi_group *group, const struct psi_trigger *trigger)
{
	return group ? group->total_ns[trigger->state] : 0;
}

/* The kernel's %u takes no sign. */
static bool read_times(const char *text, unsigned int *threshold, unsigned int *window)
{
	int first = 0, second = 0;

	return sscanf(text, " %n%u %n%u", &first, threshold, &second, window) == 2 &&
	       isdigit((unsigned char)text[first]) && isdigit((unsigned char)text[second]);
}

int psi_trigger_create(const struct machine *m, const struct psi_group *group, enum psi_res res,
		       const char *text, struct psi_trigger *trigger)
{
	unsigned int threshold, window, full = !strncmp(text, "full", 4);

	if ((!full && strncmp(text, "some", 4)) || !read_times(text + 4, &threshold, &window))
		return -EINVAL;
	if (!window || window > WINDOW_MAX_US ||
	    (window < WINDOW_MIN_US && !rel_psi_windows_are_short(m->release)))
		return -EINVAL;
	if (!threshold || threshold > window)
		return -EINVAL;
	if (!trigger)
		return 0;
	if (trigger->on)
		return -EBUSY;
	*trigger = (struct psi_trigger){
		.on = true, .state = (u8)(2 * res + full), .threshold_ns = threshold * USEC,
		.window_ns = window * USEC, .start_ns = m->now_ns, .last_event_ns = m->now_ns,
	};
	trigger->start_value = value_of(group, trigger);
	return 0;
}

void psi_trigger_update(const struct machine *m, const struct psi_group *group,
			struct psi_trigger *trigger)
{
	u64 value = value_of(group, trigger), growth = value - trigger->start_value;
	u64 elapsed = m->now_ns - trigger->start_ns;

	if (elapsed > trigger->window_ns) {
		trigger->start_ns = m->now_ns;
		trigger->start_value = value;
		trigger->prev_growth = growth;
	} else {
		u64 remaining = trigger->window_ns - elapsed;

		growth += trigger->prev_growth / USEC * (remaining / USEC) /
			  (trigger->window_ns / USEC) * USEC;
	}
	if (growth < trigger->threshold_ns ||
	    m->now_ns < trigger->last_event_ns + trigger->window_ns)
		return;
	trigger->event = true;
	trigger->last_event_ns = m->now_ns;
}
