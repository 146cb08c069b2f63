// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ops-run [-s] [-m MACHINE] LIST: boot, start the program, run each line of the list. The
 * default machine is the guest that the lists were captured on: 1 GiB, 2 CPUs. -s: the
 * program touched its own pages before each call, so that no fault of its own is counted.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"
#include "sim/base/bug.h"
#include "sim/boot/config.h"

#define LINE_CHARS 512

static const char guest[] =
	"[machine]\narch = x86_64\nrelease = 6.18\nplatform = pc\n"
	"cmdline = transparent_hugepage=madvise\n[node 0]\ncpus = 0-1\nmemory = 1G\n";

static int boot(struct ops *ops, const char *machine, struct machine_config **config)
{
	char *error = NULL;
	int err = machine ? machine_config_load(machine, NULL, config, &error) :
		  machine_config_parse("guest", guest, NULL, config, &error);

	if (!err)
		err = tree_create(*config, &ops->tree, &error);
	if (err) {
		fprintf(stderr, "ops-run: %s\n", error ? error : strerror(-err));
		free(error);
		return err;
	}
	ops->m = (struct machine *)(uintptr_t)tree_machine(ops->tree);
	return 0;
}

/* "-> NAME" at the end gives the result a name: *name, or NULL. */
static unsigned int split(char *line, char **words, const char **name)
{
	unsigned int nr = 0;
	char *state;

	line[strcspn(line, "#")] = '\0';
	*name = NULL;
	for (char *w = strtok_r(line, " \t", &state); w && nr < OP_WORDS;
	     w = strtok_r(NULL, " \t", &state)) {
		if (!strcmp(w, "->")) {
			*name = strtok_r(NULL, " \t", &state);
			break;
		}
		words[nr++] = w;
	}
	return nr;
}

static void run_op(struct ops *ops, char **words, unsigned int nr, const char *name)
{
	struct op_result result;
	struct op op;

	ops_parse(ops, words, nr, &op);
	if (!ops_run(ops, &op, &result))
		return;
	ops_print_result(ops, &op, &result);
	if (name && !result.err && !result.sig)
		ops_set(ops, name, result.ret);
	if (ops->auto_maps && !op.row->quiet)
		ops_dump(ops, "maps");
}

static void run_line(struct ops *ops, char *line)
{
	char copy[LINE_CHARS], *words[OP_WORDS + 1] = { 0 }, **first = words;
	const char *name;
	unsigned int nr;

	line[strcspn(line, "\n")] = '\0';
	strcpy(copy, line);
	nr = split(copy, words, &name);
	if (!nr && line[0] == '#')
		puts(line);
	if (!nr)
		return;
	ops->current = 0;
	if (words[0][0] >= 'A' && words[0][0] < 'A' + NR_PROCESSES && words[0][1] == ':' &&
	    !words[0][2]) {
		ops->current = words[0][0] - 'A';
		first++;
		nr--;
	}
	if (!nr)
		return;
	printf("\n>> %s\n", line);
	if (!ops_line(ops, first, nr))
		run_op(ops, first, nr, name);
}

static int run_list(struct ops *ops, FILE *list)
{
	char line[LINE_CHARS];
	int err = ops_start(ops);

	if (err) {
		fprintf(stderr, "ops-run: the program does not start: %s\n", strerror(-err));
		return 1;
	}
	printf("== start\n");
	ops_dump(ops, "maps");
	while (fgets(line, sizeof(line), list)) {
		ops->line++;
		run_line(ops, line);
	}
	printf("\n== end\n");
	return 0;
}

static int check(const struct ops *ops)
{
	struct out text = OUT_INIT;
	struct check check = { .out = &text };

	machine_check(ops->m, &check);
	if (check.nr_broken)
		fprintf(stderr, "ops-run: broken %u of %u\n%.*s", check.nr_broken,
			check.nr_checked, (int)MIN(text.len, 4000), text.len ? text.text : "");
	out_free(&text);
	return check.nr_broken ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct ops ops = { .auto_maps = true };
	struct machine_config *config = NULL;
	const char *machine = NULL;
	int opt, status = 1;
	FILE *list;

	while ((opt = getopt(argc, argv, "sm:")) != -1) {
		if (opt == 'm')
			machine = optarg;
		else if (opt == 's')
			ops.still = true;
		else
			return 2;
	}
	list = optind + 1 == argc ? fopen(argv[optind], "r") : NULL;
	if (!list) {
		fprintf(stderr, "usage: ops-run [-s] [-m MACHINE] LIST\n");
		return 2;
	}
	stack_trace_init();
	if (!boot(&ops, machine, &config)) {
		status = run_list(&ops, list);
		status |= check(&ops);
		tree_free(ops.tree);
	}
	machine_config_free(config);
	fclose(list);
	return status;
}
