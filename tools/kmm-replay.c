// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmm-replay: a trace of accesses on the page cache of a simulated machine, by each policy
 * and for each capacity: how often a page was missing. Each run has a machine of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "sim/base/bug.h"
#include "sim/machine.h"
#include "sim/reclaim/reclaim.h"
#include "sim/reclaim/trace.h"
#include "trace.h"

static const struct program program = {
	.name = "kmm-replay",
	.summary = "Replay a trace on the page cache of a simulated machine, and count misses.",
	.description = "TRACE is in libCacheSim's format oracleGeneral, - is standard input "
		       "(zstd -dc TRACE.zst | kmm-replay -).\n"
		       "A capacity of 0 is what the machine's memory holds: kswapd makes room.\n",
};

struct options {
	char *machine, *zipf, *write;
	char **policies, **capacities, **sets, **rest;
};

/* OBJECTS,REQUESTS[,ALPHA[,SEED]] */
static bool parse_zipf(const char *text, struct zipf *zipf)
{
	unsigned long long requests, seed = 42;
	double alpha = 1;
	unsigned int objects;
	char more;
	int n = sscanf(text, "%u,%llu,%lf,%llu%c", &objects, &requests, &alpha, &seed, &more);

	if (n < 2 || n > 4 || !objects || !requests || strchr(text, '-') || !(alpha >= 0))
		return false;
	*zipf = (struct zipf){ objects, requests, alpha, seed };
	return true;
}

static int read_file(const char *name, struct trace *trace)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "rbe") : stdin;
	int err = file ? trace_read_oracle_general(trace, file) : -errno;

	if (file && file != stdin)
		fclose(file);
	return err;
}

static int write_file(const char *name, const struct trace *trace)
{
	FILE *file = fopen(name, "wbe");
	int err = file ? trace_write_oracle_general(trace, file) : -errno;

	if (file && fclose(file) && !err)
		err = -errno;
	return err;
}

static int load_config(const struct options *options, const char *policy, u64 capacity,
		       struct machine_config **config)
{
	/* A trace has no time: none passes, unless a machine says what takes it. */
	char *text = g_strdup_printf("[node 0]\ncpus = 0\nmemory = %lluM\n[cost]\nshrink_node = 0\n"
				     "scan_page = 0\nreclaim_page = 0\ndisk_read = 0\n"
				     "[disk]\nbandwidth = 0\n",
				     1024 + (unsigned long long)capacity / 128);
	char *reclaim = g_strdup_printf("reclaim=%s", policy), *error = NULL;
	GPtrArray *sets = g_ptr_array_new();
	int err;

	for (unsigned int i = 0; options->sets && options->sets[i]; i++)
		g_ptr_array_add(sets, options->sets[i]);
	g_ptr_array_add(sets, reclaim);
	g_ptr_array_add(sets, NULL);
	if (options->machine)
		err = machine_config_load(options->machine, (const char *const *)sets->pdata,
					  config, &error);
	else
		err = machine_config_parse("kmm-replay", text, (const char *const *)sets->pdata,
					   config, &error);
	if (err)
		options_fail(&program, error ? error : "no memory", "");
	g_free(error);
	g_ptr_array_free(sets, TRUE);
	g_free(reclaim);
	g_free(text);
	return err;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int replay(struct machine *m, const struct trace *trace, const char *policy, u64 capacity)
{
	struct trace_cache cache;
	double begin;
	int err = trace_cache_init(&cache, m, trace->nr_objects, capacity);

	if (err)
		return err;
	begin = seconds();
	err = trace_cache_run(&cache, trace->indices, trace->nr);
	if (!err)
		printf("%-8s %10llu %12llu %12llu   %.4f %8.2f\n", policy,
		       (unsigned long long)capacity, (unsigned long long)cache.accesses,
		       (unsigned long long)cache.misses,
		       (double)cache.misses / (double)MAX(cache.accesses, 1),
		       (double)cache.accesses / (seconds() - begin) / 1e6);
	trace_cache_end(&cache);
	return err;
}

static int run_one(const struct options *options, const struct trace *trace, const char *policy,
		   u64 capacity, bool *headed)
{
	struct machine_config *config;
	struct machine *m;
	char *error = NULL;
	int err = load_config(options, policy, capacity, &config);

	if (err)
		return EXIT_USAGE;
	err = machine_boot(config, &m, &error);
	if (err) {
		options_fail(&program, "the machine does not boot: ",
			     error ? error : strerror(-err));
		free(error);
		machine_config_free(config);
		return EXIT_USAGE;
	}
	if (!*headed)
		printf("%-8s %10s %12s %12s %8s %8s\n", "policy", "capacity", "accesses", "misses",
		       "ratio", "M/s");
	*headed = true;
	err = replay(m, trace, policy, capacity);
	if (err)
		fprintf(stderr, "kmm-replay: %s: %s\n", policy, strerror(-err));
	machine_free(m);
	machine_config_free(config);
	return err ? 1 : 0;
}

static int run_all(const struct options *options, const struct trace *trace)
{
	char *all[] = { (char *)"0", NULL };
	char **capacities = options->capacities ? options->capacities : all;
	bool headed = false;
	int status = 0;

	for (unsigned int c = 0; capacities[c] && !status; c++)
		for (unsigned int i = 0; reclaim_policies[i] && !status; i++) {
			const char *name = reclaim_policies[i]->name;
			const char *const *asked = (const char *const *)options->policies;

			if (!asked || g_strv_contains(asked, name))
				status = run_one(options, trace, name,
						 strtoull(capacities[c], NULL, 10), &headed);
		}
	return status;
}

static bool is_policy(const char *name)
{
	for (unsigned int i = 0; reclaim_policies[i]; i++)
		if (!strcmp(reclaim_policies[i]->name, name))
			return true;
	return false;
}

/* 0, or EXIT_USAGE: a policy or a capacity is none. */
static int check(const struct options *options)
{
	for (char **name = options->policies; name && *name; name++)
		if (!is_policy(*name))
			return options_fail(&program, *name,
					    " is no policy: classic, lru, fifo, clock");
	for (char **pages = options->capacities; pages && *pages; pages++)
		if (!g_ascii_string_to_unsigned(*pages, 10, 0, UINT32_MAX, NULL, NULL))
			return options_fail(&program, *pages, " is not a number of pages");
	return 0;
}

/* Why the trace cannot be had. */
static int fail(const char *name, int err)
{
	if (err == -EBADMSG)
		fprintf(stderr, "kmm-replay: %s is no trace in the format oracleGeneral: it does not end "
			"with a whole record of 24 bytes (zstd -dc TRACE.zst | kmm-replay -)\n", name);
	else if (err == -ENODATA)
		fprintf(stderr, "kmm-replay: %s has no accesses\n", name);
	else
		fprintf(stderr, "kmm-replay: %s: %s\n", name, strerror(-err));
	return 1;
}

static int run(const struct options *options)
{
	const char *name = options->rest ? options->rest[0] : options->zipf;
	struct trace trace = { 0 };
	struct zipf zipf;
	int err;

	if (!name)
		return options_fail(&program, "TRACE or --zipf is missing", "; see --help");
	if (options->zipf && !parse_zipf(options->zipf, &zipf))
		return options_fail(&program, options->zipf, " is not OBJECTS,REQUESTS[,ALPHA[,SEED]]");
	err = check(options);
	if (err)
		return err;
	stack_trace_init();
	err = options->zipf ? trace_zipf(&trace, &zipf) : read_file(name, &trace);
	if (!err && !trace.nr)
		err = -ENODATA;
	if (!err && options->write) {
		name = options->write;
		err = write_file(name, &trace);
	}
	if (err)
		err = fail(name, err);
	else if (!options->write)
		err = run_all(options, &trace);
	trace_free(&trace);
	return err;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	const GOptionEntry rows[] = {
		{ "machine", 'm', 0, G_OPTION_ARG_FILENAME, &options.machine,
		  "a machine file or a shipped machine (default: one node with room enough)",
		  "MACHINE" },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.sets,
		  "change a key of the machine", "[SECTION.]KEY=VALUE" },
		{ "policy", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options.policies,
		  "classic, lru, fifo or clock; may be repeated (default: all)", "POLICY" },
		{ "capacity", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &options.capacities,
		  "pages in memory; may be repeated (default: 0)", "PAGES" },
		{ "zipf", 'z', 0, G_OPTION_ARG_STRING, &options.zipf,
		  "make a trace: alpha is 1, the seed 42", "OBJECTS,REQUESTS[,ALPHA[,SEED]]" },
		{ "write", 'w', 0, G_OPTION_ARG_FILENAME, &options.write,
		  "write the trace to FILE instead, as oracleGeneral", "FILE" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest, NULL,
		  "[TRACE|-]" },
		{ 0 },
	};
	int status;

	if (options_parse(&program, rows, &argc, &argv, &status))
		status = run(&options);
	g_free(options.machine);
	g_free(options.zipf);
	g_free(options.write);
	g_strfreev(options.policies);
	g_strfreev(options.capacities);
	g_strfreev(options.sets);
	g_strfreev(options.rest);
	return options_exit_status(&program, status);
}
