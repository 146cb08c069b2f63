// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of sim/ that show the whole machine: is it sound, what is its hash,
 * what was decided and why, what was written, what it said at boot.
 */
#include <inttypes.h>

#include "fs/core/journal.h"
#include "fs/core/state_dir.h"
#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"
#include "sim/base/event.h"
#include "sim/boot/boot_log.h"
#include "sim/reclaim/reclaim.h"

static int check_show(struct out *out, const struct view *v)
{
	struct out violations = OUT_INIT;
	struct check check = { .out = &violations };
	int err = tree_check(v->tree, &check);

	if (check.nr_broken)
		out_printf(out, "broken %u of %u\n", check.nr_broken, check.nr_checked);
	else
		out_printf(out, "clean %u\n", check.nr_checked);
	if (!err)
		err = out_error(&violations);
	if (!err && violations.len)
		out_write(out, violations.text, violations.len);
	out_free(&violations);
	return err;
}

static int digest_show(struct out *out, const struct view *v)
{
	char text[DIGEST_CHARS + 1];

	machine_digest(v->m, text);
	out_printf(out, "%s\n", text);
	return 0;
}

static void gfp_names(struct out *out, u64 mask)
{
	char text[256];

	out_puts(out, gfp_format(mask, text, sizeof(text)));
}

static int why_show(struct out *out, const struct view *v)
{
	why_print(out, &v->m->why, gfp_names);
	return 0;
}

static int dmesg_show(struct out *out, const struct view *v)
{
	const struct out *log = &v->m->boot_log->dmesg;

	if (log->len)
		out_write(out, log->text, log->len);
	if (v->m->report.len)
		out_write(out, v->m->report.text, v->m->report.len);
	return 0;
}

static int machine_show(struct out *out, const struct view *v)
{
	const char *text = v->m->config->text;

	if (!text)
		return 0;
	out_puts(out, text);
	if (out->len && out->text[out->len - 1] != '\n')
		out_putc(out, '\n');
	return 0;
}

static void print_time(struct out *out, const char *label, u64 ns)
{
	out_printf(out, "%s%" PRIu64 ".%09" PRIu64, label, ns / 1000000000, ns % 1000000000);
}

/* Events in the order in which they will run: the heap is small, so pick the least. */
static const struct event *event_after(const struct event_queue *queue,
				       const struct event *last)
{
	const struct event *best = NULL;

	for (unsigned int i = 0; i < queue->nr; i++) {
		const struct event *e = &queue->heap[i];

		if (last && (e->when_ns < last->when_ns ||
			     (e->when_ns == last->when_ns && e->id <= last->id)))
			continue;
		if (!best || e->when_ns < best->when_ns ||
		    (e->when_ns == best->when_ns && e->id < best->id))
			best = e;
	}
	return best;
}

static int clock_show(struct out *out, const struct view *v)
{
	print_time(out, "now: ", v->m->now_ns);
	out_printf(out, "\nclock: %s\n", v->m->config->clock_real ? "real" : "virtual");
	for (const struct event *e = event_after(v->m->events, NULL); e;
	     e = event_after(v->m->events, e)) {
		/* Of who is asleep till he is woken. */
		if (e->when_ns == UINT64_MAX)
			continue;
		print_time(out, "timer: ", e->when_ns);
		out_printf(out, " %s", e->name);
		if (e->period_ns)
			print_time(out, " every ", e->period_ns);
		out_putc(out, '\n');
	}
	for (unsigned int i = COST_NONE + 1; i < NR_COSTS; i++) {
		if (!v->m->config->cost[i])
			continue;
		out_printf(out, "cost: %s", cost_names[i]);
		print_time(out, " ", v->m->config->cost[i]);
		out_putc(out, '\n');
	}
	return 0;
}

static int last_show(struct out *out, const struct view *v)
{
	const struct last_line *last = &v->tree->last;
	const struct out *parts[] = { &last->path, &last->line, &last->result,
				      &last->sentence };
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(parts) && !err; i++)
		err = out_error(parts[i]);
	if (err || !last->any)
		return err;
	out_printf(out, "path: %s\nline: %s\nresult: %s\n", last->path.text, last->line.text,
		   last->err ? strerrorname_np(-last->err) : last->result.text);
	if (last->sentence.len)
		out_printf(out, "reason: %s\n", last->sentence.text);
	if (last->help)
		out_printf(out, "help: sim/help/%s\n", last->help);
	return 0;
}

static int log_show(struct out *out, const struct view *v)
{
	return journal_text(v->tree, out);
}

static int journal_show(struct out *out, const struct view *v)
{
	u64 bytes;

	if (!journal_kept(v->tree, &bytes))
		return 0;
	out_printf(out, "directory: %s\nlines: %" PRIu64 "\nbytes: %" PRIu64 "\n",
		   state_path(v->tree->state), journal_lines(v->tree), bytes);
	return 0;
}

static bool is_kept(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return v->tree->state;
}

static int reclaim_policy_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; reclaim_policies[i]; i++)
		out_printf(out, "%s%s%s%s", i ? " " : "",
			   reclaim_policies[i] == v->m->reclaim ? "[" : "",
			   reclaim_policies[i]->name,
			   reclaim_policies[i] == v->m->reclaim ? "]" : "");
	out_putc(out, '\n');
	return 0;
}

static const struct entry sim_entries[] = {
	{ "check", S_IFREG | 0444, ALL, check_show,
	  .help = "Verifies every invariant of the machine. The first line is `clean N`, "
		  "N invariants hold, or `broken K of N`; then each violation has a line "
		  "with its id, the object, what was expected and what was found." },
	{ "clock", S_IFREG | 0444, ALL, clock_show,
	  .help = "Virtual time since the boot in seconds, what moves it (virtual: only "
		  "calls and `tick`; real: one tick for each second of wall time), and the "
		  "timers that are due, in the order in which they will run, and what operations "
		  "cost ([cost] of the machine file)." },
	{ "digest", S_IFREG | 0444, ALL, digest_show,
	  .help = "A hash of the whole state of the machine: equal for equal histories. "
		  "The journal, replies and explanations are not part of it." },
	{ "dmesg", S_IFREG | 0444, ALL, dmesg_show,
	  .help = "The kernel's log, with levels, and the report of a broken invariant." },
	{ "last", S_IFREG | 0444, ALL, last_show,
	  .help = "The last line that ran: where it was written, the line, its result, the "
		  "sentence behind a failure, and the page that helps." },
	{ "log", S_IFREG | 0444, ALL, log_show,
	  .help = "The journal: every line that changed the machine, with its result. It "
		  "is a script: kmm-run makes the same machine of it." },
	{ "machine", S_IFREG | 0444, ALL, machine_show,
	  .help = "The machine file that was booted, with the changes of --set." },
	{ "reclaim_policy", S_IFREG | 0444, ALL, reclaim_policy_show,
	  .help = "The policies that can decide which pages reclaim takes, the one that does in "
		  "brackets. The verb reclaim_policy chooses another." },
	{ "why", S_IFREG | 0444, ALL, why_show,
	  .help = "Decisions of the memory manager: which rule decided, and by which figures. "
		  "First what the boot chose (`boot:`), then the latest, newest last. A "
		  "decision that one call takes many times is one line with their number." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

static const struct entry kept_entries[] = {
	{ "journal", S_IFREG | 0444, ALL, journal_show,
	  .help = "Of a machine that is kept (-o state=DIR): the directory, the lines of "
		  "sim/log, and the bytes of the journal, which also says what was undone." },
};

static const struct dir kept_dir = { DIR_FILES(kept_entries), .visible = is_kept };

static const struct dir snap_dir = { 0 };

static const struct entry reserved_entries[] = {
	{ "snap", S_IFDIR | 0555, ALL, .dir = &snap_dir,
	  .help = "Reserved for saved states of the machine; empty." },
};

static const struct dir reserved_dir = { DIR_FILES(reserved_entries) };

TREE_PARTS(state_parts, { "sim", &sim_dir }, { "sim", &reserved_dir }, { "sim", &kept_dir });
