// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * diff_host [-AHv] [-n CALLS] [-s SEED]: random calls of processes, made by the host's own
 * kernel and by the engine, compared after each call: result, errno, signal, faults
 * (but of fork), the lines of maps, sizes, the change of RssAnon, flags of pagemap; from
 * time to time smaps, and all of it of the other processes.
 * -v prints each call; -H: calls that make huge pages and take them apart; -A: and every
 * mapping asks for huge pages at once, as if they were always on.
 * Runs of some hundred calls, each from a new process on. Where the two part, the
 * list is made shorter as long as they still do, and printed in ops-run's language.
 *
 * Exit status 77 where the host is no judge: another release, another machine, /proc
 * not to be read. What its configuration leaves out is said.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "diff_look.h"

#define CAP_SYS_PTRACE 19
#define RUN_CALLS 250
#define TELL_CALLS 100000	/* after so many, how far it is */
#define LOOK_ALL 24		/* after one call of so many, at all processes */
#define REPLAYS 4		/* of a run that parted */
#define WAITS 120		/* for huge pages of the host's, */
#define WAIT_SECONDS 5		/* so long each */
struct diff_run {
	unsigned long long seed;
	unsigned long calls;
};

static bool one_step(struct diff *diff, const struct diff_step *step, long *ret)
{
	struct diff_reply replies[2];
	int other;

	for (int i = 0; i < 2; i++) {
		if (!diff->side[i]->call(diff->of[i], step, &replies[i])) {
			printf("  the process of the %s is gone\n", diff->side[i]->name);
			return false;
		}
	}
	if (!diff_same_reply(diff, step, &replies[0], &replies[1]))
		return false;
	*ret = replies[0].ret;
	diff_made(&diff->state, step, replies[0].ret);
	if (step->call == DIFF_EXIT)
		return true;
	if (step->call == DIFF_FORK && !replies[0].err)
		diff->seen[step->a[0]] = false;
	if (step->call == DIFF_FORK && !replies[0].err &&
	    !diff_same_process(diff, (int)step->a[0]))
		return false;
	other = diff_other_arg(step);
	if (other >= 0 && !diff_same_process(diff, (int)step->a[other]))
		return false;
	if (diff->thorough || diff_random(&diff->state, LOOK_ALL) == 0)
		return diff_same_processes(diff);
	return diff_same_process(diff, step->process);
}

/* NULL or why not. */
static const char *begin(struct diff *diff, unsigned long long seed)
{
	struct diff_step look_brk = { .call = DIFF_BRK };
	const char *why;
	long ret;

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
	diff->state.segments = diff_real_has_segments(diff->of[0]);
	diff->state.others = diff_real_capabilities() >> CAP_SYS_PTRACE & 1;
	diff->state.alive[0] = true;
	diff->state.parent[0] = -1;
	if (!diff_look(diff, 0, 0) || !diff_look(diff, 1, 0))
		return "/proc/PID cannot be read";
	diff_note_own(diff);
	return one_step(diff, &look_brk, &ret) ? NULL : "the two do not start alike";
}

static void end(struct diff *diff)
{
	for (int i = 0; i < 2; i++)
		diff->side[i]->end(diff->of[i]);
}

/* After how many steps of this list do they part? 0: they do not. */
static unsigned int parts(struct diff *diff, const struct diff_step *steps, unsigned int nr)
{
	unsigned int made = 0;
	bool part = false;
	long ret;

	diff->thorough = true;
	if (!begin(diff, 0)) {
		for (; made < nr && !part; made++)
			part = diff_possible(&diff->state, &steps[made]) &&
			       !one_step(diff, &steps[made], &ret);
	}
	end(diff);
	diff->thorough = false;
	return part ? made : 0;
}

/* Without a block of steps, as long as they still part: blocks of half, a quarter... */
static unsigned int minimise(struct diff *diff, struct diff_step *steps, unsigned int nr)
{
	struct diff_step *less = malloc(nr * sizeof(*less));
	unsigned int enough = parts(diff, steps, nr);

	nr = enough ? enough : nr;

	for (unsigned int block = nr / 2 ? nr / 2 : 1; less && block; block /= 2) {
		for (unsigned int at = 0; at + block < nr;) {
			memcpy(less, steps, at * sizeof(*less));
			memcpy(less + at, steps + at + block, (nr - at - block) * sizeof(*less));
			enough = parts(diff, less, nr - block);
			if (enough) {
				nr = enough;
				memcpy(steps, less, nr * sizeof(*less));
			} else {
				at += block;
			}
		}
	}
	free(less);
	return nr;
}

/* So often the host had no huge page for somebody. */
static unsigned long long huge_failures(void)
{
	static const char *const names[] = { "thp_fault_fallback", "thp_collapse_alloc_failed" };
	FILE *file = fopen("/proc/vmstat", "r");
	unsigned long long sum = 0, value;
	char name[64];

	while (file && fscanf(file, "%63s %llu", name, &value) == 2)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			sum += strcmp(name, names[i]) ? 0 : value;
	if (file)
		fclose(file);
	return sum;
}

/*
 * What the host does by itself (khugepaged, writing back, others' drains), it does once. A
 * time that it has no huge pages is waited for to end: nothing is learned from it.
 */
static bool agree_again(struct diff *diff, const struct diff_step *steps, unsigned int nr)
{
	unsigned int again = 0, waits = 0;

	while (again < REPLAYS) {
		unsigned long long failures = huge_failures();

		if (!parts(diff, steps, nr))
			return true;
		if (diff->huge && huge_failures() != failures && waits++ < WAITS)
			sleep(WAIT_SECONDS);
		else
			again++;
	}
	return false;
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
	printf("maps of the host, then:\n%s", diff->view[0].maps);
}

/* The next step: a random one, or what follows from the last one. */
static void next_step(struct diff *diff, const struct diff_step *last, long ret,
		      struct diff_step *step)
{
	if (diff->always && last && last->call == DIFF_MMAP && ret > 0) {
		*step = (struct diff_step){ .call = DIFF_MADVISE, .process = last->process,
					    .a = { ret, last->a[1], MADV_HUGEPAGE } };
		return;
	}
	do {
		step->process = (int)diff_random(&diff->state, DIFF_PROCESSES);
	} while (!diff->state.alive[step->process]);
	/* What is random is of the process that makes the call. */
	if (diff_look(diff, 0, step->process))
		diff_note_vmas(diff);
	diff_make(&diff->state, step);
}

/* One run of calls: true if the two agree all the way. */
static bool run(struct diff *diff, unsigned long long seed, unsigned int nr)
{
	struct diff_step steps[RUN_CALLS];
	const char *why = begin(diff, seed);
	bool same = !why;
	unsigned int i = 0;
	long ret = 0;

	if (why)
		printf("diff_host: %s\n", why);
	while (same && i < nr) {
		next_step(diff, i ? &steps[i - 1] : NULL, ret, &steps[i]);
		if (diff->verbose)
			diff_print(&steps[i]);
		same = one_step(diff, &steps[i++], &ret);
		if (!same) {
			printf("seed %llu, call %u: ", seed, i);
			diff_print(&steps[i - 1]);
		}
	}
	end(diff);
	if (!same && i) {
		diff->quiet = true;
		same = agree_again(diff, steps, i);
		diff->quiet = false;
		if (same)
			printf("seed %llu: again, they agree\n", seed);
		diff->nr_once += same;
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

/* A thread that looks which pages are accessed takes that from their entries. */
static bool host_watches_accesses(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		char path[300], comm[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (!file)
			continue;
		found = fgets(comm, sizeof(comm), file) && !strncmp(comm, "kdamond", 7);
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool host_has_lru_gen(void)
{
	FILE *file = fopen("/sys/kernel/mm/lru_gen/enabled", "r");
	unsigned int enabled = 0;

	if (file && fscanf(file, "%x", &enabled) != 1)
		enabled = 0;
	if (file)
		fclose(file);
	return enabled & 1;
}

/* Does a line of smaps say so of the mapping at `address`? */
static bool smaps_says(unsigned long address, const char *what)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	bool here = false, says = false;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = address >= start && address < end;
		else if (here && strstr(line, what))
			says = true;
	}
	if (file)
		fclose(file);
	return says;
}

/* Does smaps say this of a mapping with a guard? */
static bool host_shows(const char *what)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool shows;

	if (page == MAP_FAILED)
		return false;
	shows = !madvise(page, 4096, 102 /* MADV_GUARD_INSTALL */) &&
		smaps_says((unsigned long)page, what);
	munmap(page, 4096);
	return shows;
}

/* Does mprotect leave a huge page dirty? True where there is none to be had. */
static bool host_keeps_dirty(void)
{
	const size_t huge = 2 << 20;
	char *area = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	char *page = (char *)(((uintptr_t)area + huge - 1) & ~(huge - 1));
	bool kept = true;

	if (area == MAP_FAILED)
		return true;
	if (!madvise(page, huge, MADV_HUGEPAGE)) {
		*page = 1;
		mprotect(page, huge, PROT_READ);
		kept = !smaps_says((unsigned long)page, "Private_Clean:      2048 kB");
	}
	munmap(area, 2 * huge);
	return kept;
}

/* Does F_SEAL_EXEC fail where somebody maps the file to write? */
static bool host_seal_asks(void)
{
	const int f_add_seals = 1033, f_seal_exec = 0x20;
	int fd = memfd_create("seals", MFD_ALLOW_SEALING);
	char *page = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0);
	bool asks = page != MAP_FAILED && fcntl(fd, f_add_seals, f_seal_exec);

	if (page != MAP_FAILED)
		munmap(page, 4096);
	if (fd >= 0)
		close(fd);
	return asks;
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

static bool options(int argc, char **argv, struct diff *diff, struct diff_run *run)
{
	int opt;

	while ((opt = getopt(argc, argv, "AHvn:s:")) != -1) {
		switch (opt) {
		case 'A':
			diff->always = diff->huge = true;
			break;
		case 'H':
			diff->huge = true;
			break;
		case 'v':
			diff->verbose = true;
			break;
		case 'n':
			run->calls = strtoul(optarg, NULL, 0);
			break;
		case 's':
			run->seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return false;
		}
	}
	return true;
}

static void say_what(const struct diff *diff, const struct diff_run *run,
		     const struct diff_host *host)
{
	printf("seed %llu, %lu calls; not among them: reading from disks, pools of huge pages, "
	       "swap, moves that shrink\n", run->seed, run->calls);
	if (diff->huge)
		printf("huge pages: %s, as the host has it%s\n", host->thp,
		       diff->always ? ", and every mapping asks for them" : "");
	if (host->marks_guards)
		printf("mappings with guards have their flag, as on the host\n");
	if (diff->watched)
		printf("not compared: Referenced, which a thread of the host (DAMON) changes\n");
	if (!diff_real_has_segments(diff->of[0]))
		printf("no segments of shared memory: there is no namespace of our own\n");
}

static bool run_all(struct diff *diff, struct diff_run *run_all)
{
	unsigned long done = 0, told = 0;
	bool same = true;

	while (same && done < run_all->calls) {
		unsigned long left = run_all->calls - done;
		unsigned int nr = left < RUN_CALLS ? (unsigned int)left : RUN_CALLS;

		same = run(diff, run_all->seed++, nr);
		done += nr;
		if (same && done - told >= TELL_CALLS) {
			told = done;
			printf("%lu calls, next seed %llu\n", done, run_all->seed);
		}
	}
	if (same)
		same = diff_engine_check(diff->of[1]);
	if (same)
		printf("%lu calls, 0 differences; %u runs parted and did not again\n", done,
		       diff->nr_once);
	return same;
}

int main(int argc, char **argv)
{
	const char *build = getenv("KMM_BUILDDIR"), *why;
	struct diff *diff = calloc(1, sizeof(*diff));
	struct diff_run run = { .seed = 1, .calls = 90000 };
	struct diff_host host;
	char worker[4096];
	bool same;

	if (!diff || !options(argc, argv, diff, &run))
		return 2;
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
	host.thp = diff->huge ? thp_of_host() : "madvise";
	host.marks_guards = host_shows(" gu");
	host.keeps_dirty = host_keeps_dirty();
	host.seal_asks = host_seal_asks();
	host.has_soft_dirty = host_shows(" sd");
	host.has_pkeys = host_shows("ProtectionKey:");
	host.has_lru_gen = host_has_lru_gen();
	diff->watched = host_watches_accesses();
	say_what(diff, &run, &host);
	diff->side[0] = &diff_real;
	diff->side[1] = &diff_engine;
	diff->of[1] = diff_engine_new(worker, &host);
	same = diff->of[1] && run_all(diff, &run);
	if (diff->of[1])
		diff_engine_free(diff->of[1]);
	diff_real_free(diff->of[0]);
	free(diff);
	return same ? 0 : 1;
}
