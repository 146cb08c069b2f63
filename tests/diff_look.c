// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts of /proc are cut to what both sides must have: no names, and in smaps nothing of
 * the program's own VMAs, which is not worth the time.
 */
#include "diff_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LOOK_PAGES 48		/* of each VMA, after each call */
#define LOOK_HUGE 1600		/* the same with huge pages */
#define PM_FLAGS (0x7ULL << 61 | 0xfULL << 55)
#define LOOK_SMAPS 8		/* each so many times, smaps too */

static const char *const sizes[DIFF_SIZES] = {
	"VmSize:", "VmLck:", "VmPin:", "VmData:", "VmStk:", "VmExe:", "VmLib:", "VmSwap:",
	"RssAnon:", "RssShmem:",
};
#define FIRST_CHANGE 8		/* from here on the change since the start is compared */

/* Range, rights and offset, and a name in brackets; the rest is the host's own. */
static void shorten_maps(const char *text, char *maps)
{
	char range[48], rights[8], offset[24], name[16];
	size_t len = 0;

	for (const char *l = text; *l && len + 128 < DIFF_TEXT_ROOM; l = strchr(l, '\n') + 1) {
		const char *bracket = strchr(l, '[');

		if (!strchr(l, '\n'))
			break;
		name[0] = '\0';
		if (bracket && bracket < strchr(l, '\n'))
			sscanf(bracket, "%15s", name);
		if (strcmp(name, "[vsyscall]") &&
		    sscanf(l, "%47s %7s %23s", range, rights, offset) == 3)
			len += (size_t)snprintf(maps + len, DIFF_TEXT_ROOM - len, "%s %s %s %s\n",
						range, rights, offset, name);
	}
	maps[len] = '\0';
}

static long figure(const char *text, const char *key)
{
	const char *line = text ? strstr(text, key) : NULL;

	return line ? strtol(line + strlen(key), NULL, 10) : 0;
}

static void look_huge(struct diff *diff, int side, int process)
{
	char *text = diff->side[side]->text(diff->of[side], process, "smaps_rollup");

	diff->view[side].huge = figure(text, "AnonHugePages:") + figure(text, "ShmemPmdMapped:");
	free(text);
}

bool diff_look(struct diff *diff, int side, int process)
{
	struct diff_view *view = &diff->view[side];
	char *maps = diff->side[side]->text(diff->of[side], process, "maps");
	char *status = diff->side[side]->text(diff->of[side], process, "status");
	bool found = maps && status;

	if (found) {
		shorten_maps(maps, view->maps);
		for (unsigned int i = 0; i < DIFF_SIZES; i++) {
			view->sizes[i] = figure(status, sizes[i]);
			if (i < FIRST_CHANGE)
				continue;
			if (!diff->seen[process])
				diff->first[side][process][i] = view->sizes[i];
			view->sizes[i] -= diff->first[side][process][i];
		}
	} else {
		printf("diff_host: %s: no maps or status\n", diff->side[side]->name);
	}
	if (found && diff->huge)
		look_huge(diff, side, process);
	free(status);
	free(maps);
	return found;
}

static bool is_own(const struct diff_state *state, const struct diff_range *r)
{
	for (unsigned int i = 0; i < state->nr_own; i++)
		if (r->start < state->own[i].end && r->end > state->own[i].start)
			return true;
	return false;
}

void diff_note_vmas(struct diff *diff)
{
	struct diff_state *state = &diff->state;

	state->nr_vmas = 0;
	for (const char *l = diff->view[0].maps; *l; l = strchr(l, '\n') + 1) {
		struct diff_range r;

		if (sscanf(l, "%lx-%lx", &r.start, &r.end) != 2)
			break;
		if (!is_own(state, &r) && state->nr_vmas < 512)
			state->vmas[state->nr_vmas++] = r;
	}
}

static void print_reply(const char *name, const struct diff_reply *r)
{
	printf("  %-6s ret 0x%lx errno %d signal %d code %d addr 0x%lx minflt %ld majflt %ld\n",
	       name, (unsigned long)r->ret, r->err, r->sig, r->code, (unsigned long)r->addr,
	       r->minflt, r->majflt);
	for (int i = 0; i < DIFF_VEC; i++)
		if (r->vec[i])
			printf("  page %d is in memory\n", i);
}

bool diff_same_reply(struct diff *diff, const struct diff_step *step,
		     const struct diff_reply *host, const struct diff_reply *engine)
{
	struct diff_reply a = *host, b = *engine;

	if (step->call == DIFF_FORK || step->call == DIFF_WAIT) {
		a.ret = a.ret > 0;	/* pids are each side's own */
		b.ret = b.ret > 0;
	}
	if (step->call == DIFF_FORK)
		a.minflt = a.majflt = b.minflt = b.majflt = 0;
	if (a.ret == b.ret && a.err == b.err && a.sig == b.sig && a.code == b.code &&
	    a.addr == b.addr && a.minflt == b.minflt && a.majflt == b.majflt &&
	    !memcmp(a.vec, b.vec, sizeof(a.vec)))
		return true;
	if (!diff->quiet) {
		print_reply("host", &a);
		print_reply("engine", &b);
	}
	return false;
}

/* Lines that only one of the two has. */
static void print_other_lines(const char *name, const char *ours, const char *theirs)
{
	for (const char *l = ours; *l; l = strchr(l, '\n') + 1) {
		int len = (int)(strchr(l, '\n') - l) + 1;
		bool found = false;

		for (const char *k = theirs; *k && !found; k = strchr(k, '\n') + 1)
			found = !strncmp(l, k, (size_t)len);
		if (!found)
			printf("  %-6s %.*s", name, len, l);
	}
}

static bool same_view(struct diff *diff)
{
	const struct diff_view *host = &diff->view[0], *engine = &diff->view[1];
	bool same = !strcmp(host->maps, engine->maps);

	if (!same && !diff->quiet) {
		print_other_lines("host", host->maps, engine->maps);
		print_other_lines("engine", engine->maps, host->maps);
	}
	if (diff->huge && host->huge != engine->huge) {
		same = false;
		if (!diff->quiet)
			printf("  in huge pages: host %ld engine %ld\n", host->huge, engine->huge);
	}
	for (unsigned int i = 0; i < DIFF_SIZES; i++) {
		if (host->sizes[i] == engine->sizes[i])
			continue;
		same = false;
		if (!diff->quiet)
			printf("  %s host %ld engine %ld\n", sizes[i], host->sizes[i],
			       engine->sizes[i]);
	}
	return same;
}

static bool same_pages(struct diff *diff, int process, unsigned long start, unsigned long nr)
{
	static unsigned long long pages[2][LOOK_HUGE];

	for (int i = 0; i < 2; i++) {
		if (!diff->side[i]->pagemap(diff->of[i], process, start, nr, pages[i])) {
			printf("  %s: pagemap of 0x%lx +%lu\n", diff->side[i]->name, start, nr);
			return false;
		}
	}
	for (unsigned long i = 0; i < nr; i++) {
		if (!((pages[0][i] ^ pages[1][i]) & PM_FLAGS))
			continue;
		if (!diff->quiet)
			printf("  pagemap of 0x%lx: host %llx engine %llx\n",
			       start + i * DIFF_PAGE, pages[0][i] & PM_FLAGS,
			       pages[1][i] & PM_FLAGS);
		return false;
	}
	return true;
}

static bool same_pagemap(struct diff *diff, int process)
{
	unsigned long most = diff->state.huge ? LOOK_HUGE : LOOK_PAGES;

	for (unsigned int i = 0; i < diff->state.nr_vmas; i++) {
		const struct diff_range *vma = &diff->state.vmas[i];
		unsigned long nr = (vma->end - vma->start) / DIFF_PAGE;

		if (!same_pages(diff, process, vma->start, nr < most ? nr : most))
			return false;
	}
	return true;
}

/* What is not the program's own, without its names. */
static void shorten_smaps(const struct diff *diff, const char *text, char *smaps)
{
	size_t len = 0;
	bool wanted = false;

	for (const char *l = text; *l && strchr(l, '\n') && len + 256 < DIFF_TEXT_ROOM;
	     l = strchr(l, '\n') + 1) {
		struct diff_range r;
		bool head = sscanf(l, "%lx-%lx ", &r.start, &r.end) == 2;
		int room = head ? (int)strcspn(l, " ") : (int)strcspn(l, "\n");

		if (head)
			wanted = !is_own(&diff->state, &r) && r.start < 1UL << 63;
		if (wanted && !(diff->watched && !strncmp(l, "Referenced:", 11)))
			len += (size_t)snprintf(smaps + len, DIFF_TEXT_ROOM - len, "%.*s\n", room, l);
	}
	smaps[len] = '\0';
}

static void print_smaps(const char *host, const char *engine)
{
	const char *vma = host;
	struct diff_range range;

	while (*host && *engine) {
		int a = (int)strcspn(host, "\n") + 1, b = (int)strcspn(engine, "\n") + 1;

		if (sscanf(host, "%lx-%lx", &range.start, &range.end) == 2)
			vma = host;
		if (a != b || strncmp(host, engine, (size_t)a))
			printf("  smaps of %.*s: host %.*s engine %.*s\n", (int)strcspn(vma, "\n"),
			       vma, a - 1, host, b - 1, engine);
		host += a;
		engine += b;
	}
}

static bool look_smaps(struct diff *diff, int process)
{
	for (int i = 0; i < 2; i++) {
		char *text = diff->side[i]->text(diff->of[i], process, "smaps");

		if (!text) {
			printf("  %s: no smaps\n", diff->side[i]->name);
			return false;
		}
		shorten_smaps(diff, text, diff->view[i].smaps);
		free(text);
	}
	return true;
}

/* What waits in a CPU's batches goes on when anybody on it says so: it is said now. */
static bool drain(struct diff *diff, int process)
{
	const struct diff_step step = {
		.call = DIFF_MADVISE, .process = process,
		.a = { (long)diff->state.own[0].start, DIFF_PAGE, MADV_POPULATE_READ },
	};
	struct diff_reply reply;

	for (int i = 0; i < 2; i++)
		if (!diff->side[i]->call(diff->of[i], &step, &reply))
			return false;
	return true;
}

static bool same_smaps(struct diff *diff, int process)
{
	const struct diff_view *host = &diff->view[0], *engine = &diff->view[1];

	if (!look_smaps(diff, process))
		return false;
	if (!strcmp(host->smaps, engine->smaps))
		return true;
	if (!drain(diff, process) || !look_smaps(diff, process))
		return false;
	if (!strcmp(host->smaps, engine->smaps))
		return true;
	if (!diff->quiet)
		print_smaps(host->smaps, engine->smaps);
	return false;
}

bool diff_same_process(struct diff *diff, int process)
{
	if (!diff_look(diff, 0, process) || !diff_look(diff, 1, process))
		return false;
	diff->seen[process] = true;
	diff_note_vmas(diff);
	if (!same_view(diff) || !same_pagemap(diff, process))
		return false;
	return (!diff->thorough && ++diff->nr_looks % LOOK_SMAPS) || same_smaps(diff, process);
}

bool diff_same_processes(struct diff *diff)
{
	for (int i = 0; i < DIFF_PROCESSES; i++)
		if (diff->state.alive[i] && !diff_same_process(diff, i))
			return false;
	return true;
}

void diff_note_own(struct diff *diff)
{
	struct diff_state *state = &diff->state;

	state->nr_own = 0;
	for (const char *l = diff->view[0].maps; *l; l = strchr(l, '\n') + 1) {
		struct diff_range *own = &state->own[state->nr_own];

		if (sscanf(l, "%lx-%lx", &own->start, &own->end) != 2)
			break;
		/* The upper end of the stack is in use; the rest may be seized. */
		if (strstr(l, "[stack]") && strstr(l, "[stack]") < strchr(l, '\n'))
			state->stack = own->start = own->end - 8 * DIFF_PAGE;
		else
			state->brk = own->end;
		state->nr_own++;
	}
}
