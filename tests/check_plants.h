/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Corruptions of a machine, and the ids of sim/check that they make fire: the first must,
 * the others of its group may.
 */
#ifndef KMM_TESTS_CHECK_PLANTS_H
#define KMM_TESTS_CHECK_PLANTS_H

#include "sim/machine.h"

struct plant {
	const char *ids;
	void (*plant)(struct machine *m);
	const char *name;
	struct span span;
	const char *machine;	/* NULL: pc */
};
#define PLANT_ON(machine, ids, plant) { ids, plant, #plant, ALL, machine }
#define PLANT(ids, plant) PLANT_ON(NULL, ids, plant)

/* check_plants.c: those of address spaces. */
extern const struct plant space_plants[];
extern const unsigned int nr_space_plants;

#endif
