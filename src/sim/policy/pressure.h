/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs when memory is short (phys/pressure.h): hooked up at the end of the boot. */
#ifndef KMM_POLICY_PRESSURE_H
#define KMM_POLICY_PRESSURE_H

#include "sim/machine.h"

/* From now on; its daemons have their timers. 0 or -ENOMEM. */
int pressure_boot(struct machine *m) __must_check;

#endif
