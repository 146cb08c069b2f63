// SPDX-License-Identifier: GPL-2.0-or-later
/* PID/oom_score, oom_score_adj and oom_adj: how soon a task dies when memory is out. */
#include "fs/core/value.h"
#include "fs/proc/pid.h"
#include "sim/policy/oom.h"

#define OOM_ADJUST_MAX 15
#define OOM_DISABLE (-17)

/* In thousandths of all memory, and then two thirds of that: as it once was scaled. */
static int score_show(struct out *out, const struct view *v)
{
	const s64 total = (s64)oom_totalpages(v->m);
	const s64 points = oom_badness(v->m, view_task(v), (u64)total);

	out_printf(out, "%lld\n", points == OOM_UNKILLABLE ? 0LL :
		   (long long)((1000 + points * 1000 / total) * 2 / 3));
	return 0;
}

static s32 adj_of(const struct view *v)
{
	const struct signal_struct *signal = view_task(v)->signal;

	return signal ? signal->oom_score_adj : 0;
}

static int adj_show(struct out *out, const struct view *v)
{
	out_printf(out, "%d\n", adj_of(v));
	return 0;
}

/* The scale of before 2010, from -17 to 15. */
static int old_adj_show(struct out *out, const struct view *v)
{
	s32 adj = adj_of(v);

	out_printf(out, "%d\n", adj == OOM_SCORE_ADJ_MAX ? OOM_ADJUST_MAX :
		   adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX);
	return 0;
}

static int set_adj(struct store *s, const struct view *v, s32 adj)
{
	const struct task_struct *t = view_task(v);

	if (!t->signal)
		return -ESRCH;
	t->signal->oom_score_adj = (s16)adj;
	t->signal->oom_score_adj_min = (s16)adj;
	/* Processes that share its memory share its fate. */
	for (struct task_struct *i = process_next(s->m, 1); i; i = process_next(s->m, i->pid + 1)) {
		if (t->mm && i->mm == t->mm && i->signal)
			i->signal->oom_score_adj = (s16)adj;
	}
	return 0;
}

static int parse(struct store *s, const char *text, s32 low, s32 high, s32 *value)
{
	int err = pid_number(text, 0, value);

	if (!err && (*value < low || *value > high))
		err = -EINVAL;
	if (err)
		out_printf(s->sentence, "'%.60s' is not a number from %d to %d", text, low, high);
	return err;
}

static int adj_store(struct store *s, const struct view *v, const char *text)
{
	s32 adj;
	int err = parse(s, text, OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX, &adj);

	return err ? err : set_adj(s, v, adj);
}

static int old_adj_store(struct store *s, const struct view *v, const char *text)
{
	s32 adj;
	int err = parse(s, text, OOM_DISABLE, OOM_ADJUST_MAX, &adj);

	if (err)
		return err;
	return set_adj(s, v, adj == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX :
		       adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE);
}

static const struct entry entries[] = {
	FILE_ROW("oom_score", 0444, score_show),
	{ "oom_adj", S_IFREG | 0644, ALL, old_adj_show, old_adj_store },
	{ "oom_score_adj", S_IFREG | 0644, ALL, adj_show, adj_store },
};
static const struct dir oom_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_oom_parts, { "proc/<PID>", &oom_dir }, { "proc/<PID>/task/<TID>", &oom_dir });
