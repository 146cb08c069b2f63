// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine decides; here is only why it refused. */
#include "fs/core/trigger.h"

#include "sim/abi/release.h"
#include "sim/virt/psi_trigger.h"

int trigger_store(struct store *s, const struct psi_group *group, enum psi_res res,
		  const char *text)
{
	int err = psi_trigger_create(s->m, group, res, text, s->trigger);

	if (err == -EBUSY)
		out_puts(s->sentence, "this open file has a trigger: open the file once more");
	else if (err)
		out_printf(s->sentence, "'%.60s': write some STALL WINDOW or full STALL WINDOW, in "
			   "microseconds: WINDOW %sat most 10000000, STALL no more than it", text,
			   rel_psi_windows_are_short(s->m->release) ? "" : "at least 500000, ");
	return err;
}
