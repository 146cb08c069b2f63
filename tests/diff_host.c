// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * diff_host [-Hv] [-n CALLS] [-s SEED]: random calls of processes, made by the host's own
 * kernel and by the engine, compared after each call: result, errno, signal, faults
 * (but of fork), the lines of maps, sizes, the change of RssAnon, flags of pagemap.
 * -v prints each call; -H: calls that make huge pages and take them apart; AnonHugePages too.
 * Runs of some hundred calls, each from a new process on. Where the two part, the
 * list is made shorter as long as they still do, and printed in ops-run's language.
 *
 * Exit status 77 where the host is no judge: another release, another machine, /proc
 * not to be read. What its configuration leaves out is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "diff.h"

#define RUN_CALLS 250
#define REPLAYS 4		/* with huge pages, of a run that parted */
#define MAPS_ROOM 65536
#define LOOK_PAGES 48		/* of each VMA, after each call */
#define LOOK_HUGE 1600		/* the same with huge pages */
#define PM_FLAGS (1ULL << 63 | 1ULL << 62 | 1ULL << 61 | 1ULL << 58 | 1ULL << 57 | 1ULL << 56)

static const char *const sizes[] = {
	"VmSize:", "VmLck:", "VmPin:", "VmData:", "VmStk:", "VmExe:", "VmLib:", "VmSwap:",
	"RssAnon:", "RssShmem:",
};
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define FIRST_CHANGE 8		/* from here on the change since the start is compared */

static const char *const huge_sizes[] = { "AnonHugePages:" };
#define NR_HUGE_SIZES (sizeof(huge_sizes) / sizeof(huge_sizes[0]))

struct view {
	long huge[NR_HUGE_SIZES];
	char maps[MAPS_ROOM];
	long sizes[NR_SIZES];
};

struct diff {
	const struct diff_side *side[2];
	void *of[2];
	struct view view[2];
	long first[2][DIFF_PROCESSES][NR_SIZES];
	bool seen[DIFF_PROCESSES];
	struct diff_state state;
	bool quiet, huge, verbose;
};

/* Range, rights and offset, and a name in brackets; the rest is the host's own. */
static void shorten_maps(const char *text, char *maps)
{
	char range[48], rights[8], offset[24], name[16];
	size_t len = 0;

	for (const char *l = text; *l && len + 128 < MAPS_ROOM; l = strchr(l, '\n') + 1) {
		const char *bracket = strchr(l, '[');

		if (!strchr(l, '\n'))
			break;
		name[0] = '\0';
		if (bracket && bracket < strchr(l, '\n'))
			sscanf(bracket, "%15s", name);
		if (strcmp(name, "[vsyscall]") &&
		    sscanf(l, "%47s %7s %23s", range, rights, offset) == 3)
			len += (size_t)snprintf(maps + len, MAPS_ROOM - len, "%s %s %s %s\n",
						range, rights, offset, name);
	}
	maps[len] = '\0';
}

static void look_huge(struct diff *diff, int side, int process)
{
	char *text = diff->side[side]->text(diff->of[side], process, "smaps_rollup");

	for (unsigned int i = 0; i < NR_HUGE_SIZES; i++) {
		const char *line = text ? strstr(text, huge_sizes[i]) : NULL;

		diff->view[side].huge[i] = line ? strtol(line + strlen(huge_sizes[i]), NULL, 10) : -1;
	}
	free(text);
}

static bool look(struct diff *diff, int side, int process)
{
	struct view *view = &diff->view[side];
	char *maps = diff->side[side]->text(diff->of[side], process, "maps");
	char *status = diff->side[side]->text(diff->of[side], process, "status");

	if (maps && status) {
		shorten_maps(maps, view->maps);
		for (unsigned int i = 0; i < NR_SIZES; i++) {
			const char *line = strstr(status, sizes[i]);

			view->sizes[i] = line ? strtol(line + strlen(sizes[i]), NULL, 10) : 0;
			if (i < FIRST_CHANGE)
				continue;
			if (!diff->seen[process])
				diff->first[side][process][i] = view->sizes[i];
			view->sizes[i] -= diff->first[side][process][i];
		}
	}
	if (!maps || !status)
		printf("diff_host: %s: no maps or status\n", diff->side[side]->name);
	if (maps && status && diff->state.huge)
		look_huge(diff, side, process);
	free(status);
	if (!maps) {
		free(maps);
		return false;
	}
	free(maps);
	return status;
}

/* The VMAs of the host, for the next step; the program's own are not in the list. */
static void note_vmas(struct diff *diff)
{
	struct diff_state *state = &diff->state;

	state->nr_vmas = 0;
	for (const char *l = diff->view[0].maps; *l; l = strchr(l, '\n') + 1) {
		struct diff_range r;
		bool own = false;

		if (sscanf(l, "%lx-%lx", &r.start, &r.end) != 2)
			break;
		for (unsigned int i = 0; i < state->nr_own; i++)
			own |= r.start < state->own[i].end && r.end > state->own[i].start;
		if (!own && state->nr_vmas < 512)
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

static bool same_reply(struct diff *diff, const struct diff_step *step,
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
	const struct view *host = &diff->view[0], *engine = &diff->view[1];
	bool same = !strcmp(host->maps, engine->maps);

	if (!same && !diff->quiet) {
		print_other_lines("host", host->maps, engine->maps);
		print_other_lines("engine", engine->maps, host->maps);
	}
	for (unsigned int i = 0; diff->huge && i < NR_HUGE_SIZES; i++) {
		if (host->huge[i] == engine->huge[i])
			continue;
		same = false;
		if (!diff->quiet)
			printf("  %s host %ld engine %ld\n", huge_sizes[i], host->huge[i],
			       engine->huge[i]);
	}
	for (unsigned int i = 0; i < NR_SIZES; i++) {
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

static bool same_process(struct diff *diff, int process)
{
	if (!look(diff, 0, process) || !look(diff, 1, process))
		return false;
	diff->seen[process] = true;
	note_vmas(diff);
	return same_view(diff) && same_pagemap(diff, process);
}

static bool one_step(struct diff *diff, const struct diff_step *step)
{
	struct diff_reply replies[2];

	for (int i = 0; i < 2; i++) {
		if (!diff->side[i]->call(diff->of[i], step, &replies[i])) {
			printf("  the process of the %s is gone\n", diff->side[i]->name);
			return false;
		}
	}
	if (!same_reply(diff, step, &replies[0], &replies[1]))
		return false;
	diff_made(&diff->state, step, replies[0].ret);
	if (step->call == DIFF_EXIT)
		return true;
	if (step->call == DIFF_FORK && !replies[0].err) {
		diff->seen[step->a[0]] = false;
		if (!same_process(diff, (int)step->a[0]))
			return false;
	}
	return same_process(diff, step->process);
}

/* The program's segments and its stack are its own; the heap is not. */
static void note_own(struct diff *diff)
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

/* NULL or why not. */
static const char *begin(struct diff *diff, unsigned long long seed)
{
	struct diff_step look_brk = { .call = DIFF_BRK };
	const char *why;

	for (int i = 0; i < 2; i++) {
		why = diff->side[i]->start(diff->of[i]);
		if (why)
			return why;
	}
	memset(&diff->state, 0, sizeof(diff->state));
	memset(diff->seen, 0, sizeof(diff->seen));
	diff->state.random = seed;
	diff->state.disk_bytes = DIFF_FILE_BYTES(DIFF_DISK);
	diff->state.huge = diff->huge;
	diff->state.alive[0] = true;
	diff->state.parent[0] = -1;
	if (!look(diff, 0, 0) || !look(diff, 1, 0))
		return "/proc/PID cannot be read";
	note_own(diff);
	return one_step(diff, &look_brk) ? NULL : "the two do not start alike";
}

static void end(struct diff *diff)
{
	for (int i = 0; i < 2; i++)
		diff->side[i]->end(diff->of[i]);
}

/* Do they part on this list? */
static bool parts(struct diff *diff, const struct diff_step *steps, unsigned int nr)
{
	bool part = false;

	if (!begin(diff, 0)) {
		for (unsigned int i = 0; i < nr && !part; i++)
			part = diff_possible(&diff->state, &steps[i]) &&
			       !one_step(diff, &steps[i]);
	}
	end(diff);
	return part;
}

/* Without a block of steps, as long as they still part: blocks of half, a quarter... */
static unsigned int minimise(struct diff *diff, struct diff_step *steps, unsigned int nr)
{
	struct diff_step *less = malloc(nr * sizeof(*less));

	for (unsigned int block = nr / 2 ? nr / 2 : 1; less && block; block /= 2) {
		for (unsigned int at = 0; at + block < nr;) {
			memcpy(less, steps, at * sizeof(*less));
			memcpy(less + at, steps + at + block, (nr - at - block) * sizeof(*less));
			if (parts(diff, less, nr - block)) {
				nr -= block;
				memcpy(steps, less, nr * sizeof(*less));
			} else {
				at += block;
			}
		}
	}
	free(less);
	return nr;
}

static void report(struct diff *diff, struct diff_step *steps, unsigned int nr)
{
	unsigned int was = nr;

	diff->quiet = true;
	nr = minimise(diff, steps, nr);
	printf("%u of %u calls are enough:\n", nr, was);
	for (unsigned int i = 0; i < nr; i++)
		diff_print(&steps[i]);
	diff->quiet = false;
	if (!parts(diff, steps, nr))
		printf("(this time they agree)\n");
}

/* One run of calls: true if the two agree all the way. */
static bool run(struct diff *diff, unsigned long long seed, unsigned int nr)
{
	struct diff_step steps[RUN_CALLS];
	const char *why = begin(diff, seed);
	bool same = !why;
	unsigned int i = 0;

	if (why)
		printf("diff_host: %s\n", why);
	while (same && i < nr) {
		int process;

		do {
			process = (int)diff_random(&diff->state, DIFF_PROCESSES);
		} while (!diff->state.alive[process]);
		/* What is random is of the process that makes the call. */
		if (!look(diff, 0, process))
			break;
		note_vmas(diff);
		steps[i].process = process;
		diff_make(&diff->state, &steps[i]);
		if (diff->verbose)
			diff_print(&steps[i]);
		same = one_step(diff, &steps[i++]);
		if (!same) {
			printf("seed %llu, call %u: ", seed, i);
			diff_print(&steps[i - 1]);
		}
	}
	end(diff);
	/* The host's khugepaged comes by when it likes: what it does, it does once. */
	if (!same && i && diff->huge) {
		diff->quiet = true;
		for (unsigned int again = 0; again < REPLAYS && !same; again++)
			same = !parts(diff, steps, i);
		diff->quiet = false;
		if (same)
			printf("seed %llu: again, they agree\n", seed);
	}
	if (!same && i)
		report(diff, steps, i);
	return same;
}

/* Why this host is no judge; NULL if it is. */
static const char *no_judge(const char *worker)
{
	struct utsname name;
	FILE *file;
	int overcommit = 0;

	if (uname(&name) || strcmp(name.machine, "x86_64"))
		return "the host is not of x86-64";
	if (strncmp(name.release, "6.18", 4))
		return "the host's kernel is not 6.18";
	if (access(worker, X_OK))
		return "there is no worker";
	file = fopen("/proc/sys/vm/overcommit_memory", "r");
	if (!file || fscanf(file, "%d", &overcommit) != 1)
		overcommit = 2;
	if (file)
		fclose(file);
	return overcommit == 2 ? "the host counts its memory (vm.overcommit_memory)" : NULL;
}

/* The host's word in brackets. */
static const char *thp_of_host(void)
{
	static const char *const words[] = { "always", "madvise", "never" };
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
	char text[64] = "";

	if (file && !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word = strstr(text, words[i]);

		if (word && word > text && word[-1] == '[')
			return words[i];
	}
	return "never";
}

/* Do mappings with guards say so in VmFlags? Later fixes of 6.18 have it. */
static bool host_marks_guards(void)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	bool here = false, marked = false;
	char line[512];

	if (file && page != MAP_FAILED && !madvise(page, 4096, 102))
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
				here = (unsigned long)page >= start && (unsigned long)page < end;
			else if (here && !strncmp(line, "VmFlags:", 8))
				marked = strstr(line, " gu");
		}
	if (page != MAP_FAILED)
		munmap(page, 4096);
	if (file)
		fclose(file);
	return marked;
}

/* Can the host's side be started, and be read? NULL or why not. */
static const char *cannot_look(void *real)
{
	unsigned long long entry;
	const char *why = diff_real.start(real);
	char *maps = why ? NULL : diff_real.text(real, 0, "maps");

	if (!why && (!maps || !diff_real.pagemap(real, 0, 0, 1, &entry)))
		why = "/proc/PID cannot be read";
	free(maps);
	diff_real.end(real);
	return why;
}

int main(int argc, char **argv)
{
	const char *build = getenv("KMM_BUILDDIR");
	struct diff *diff = calloc(1, sizeof(*diff));
	unsigned long long seed = 1;
	unsigned int calls = 100000, done = 0;
	const char *why;
	char worker[4096];
	bool same = true;
	int opt;

	while ((opt = getopt(argc, argv, "Hvn:s:")) != -1) {
		if (opt == 'n')
			calls = (unsigned int)strtoul(optarg, NULL, 0);
		else if (opt == 'H')
			diff->huge = true;
		else if (opt == 'v')
			diff->verbose = true;
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(worker, sizeof(worker), "%s/tests/diff_worker", build ? build : "build");
	why = no_judge(worker);
	diff->of[0] = why ? NULL : diff_real_new(worker, diff->huge);
	if (!why)
		why = diff->of[0] ? cannot_look(diff->of[0]) : "no memory";
	if (why) {
		printf("diff_host: skipped: %s\n", why);
		diff_real_free(diff->of[0]);
		free(diff);
		return 77;
	}
	printf("seed %llu, %u calls; not among them: reading from disks, pools of huge pages, "
	       "swap, moves that shrink; not compared: soft-dirty\n", seed, calls);
	if (diff->huge)
		printf("huge pages: %s, as the host has it\n", thp_of_host());
	if (host_marks_guards())
		printf("mappings with guards have their flag, as on the host\n");
	diff->side[0] = &diff_real;
	diff->side[1] = &diff_engine;
	diff->of[1] = diff_engine_new(worker, diff->huge ? thp_of_host() : "madvise",
				      host_marks_guards());
	if (!diff->of[0] || !diff->of[1])
		return 1;
	while (same && done < calls) {
		unsigned int nr = calls - done < RUN_CALLS ? calls - done : RUN_CALLS;

		same = run(diff, seed++, nr);
		done += nr;
	}
	if (same)
		same = diff_engine_check(diff->of[1]);
	if (same)
		printf("%u calls, 0 differences\n", done);
	diff_engine_free(diff->of[1]);
	diff_real_free(diff->of[0]);
	free(diff);
	return same ? 0 : 1;
}
