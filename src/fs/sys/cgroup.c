// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/fs/cgroup: a directory for each control group, within that of its parent. mkdir
 * and rmdir are calls of sim/ctl (cgroup_calls.c); what a group is told is written to its
 * files.
 */
#include "fs/core/bit_list.h"
#include "fs/core/figures.h"
#include "fs/core/tree_struct.h"
#include "fs/core/value.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/virt.h"

#define BLANKS " \t\n\v\f\r"

static struct cgroup *cgroup_view(const struct view *v)
{
	return cgroup_of(v->m, v->id[V_CGROUP]);
}

/* -- sets as text ------------------------------------------------------------- */

static int show_set(struct out *out, const u64 *words, unsigned int bits)
{
	out_bitmap_list(out, words, bits);
	out_putc(out, '\n');
	return 0;
}

static int read_set(struct store *s, const char *text, u64 *words, unsigned int nr_bits)
{
	int err = read_bit_list(text, words, nr_bits);

	if (err)
		out_printf(s->sentence, err == -ERANGE ? "'%s': %u is the last" :
				"'%s' is no list like 0-1,3", text, nr_bits - 1);
	return err;
}

/* Pages of all tasks may move. */
static int secure_moves(struct machine *m)
{
	const struct virt_need need = { .pages = m->totalram_pages, .tables = 16,
					.objects = 256 };

	return virt_guarantee(m, &need) ? -ENOMEM : 0;
}

static int secured(struct machine *m, int err)
{
	virt_guarantee_end(m);
	return store_err(err);
}

/* -- cgroup.* ----------------------------------------------------------------- */

static void show_controllers(struct out *out, u32 mask)
{
	const char *before = "";

	for (unsigned int i = 0; i < NR_CGROUP_CONTROLLERS; i++) {
		if (!(mask & CGROUP_BIT(i)))
			continue;
		out_printf(out, "%s%s", before, cgroup_controller_names[i]);
		before = " ";
	}
	if (*before)
		out_putc(out, '\n');
}

static int controllers_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = cgroup_view(v);
	u32 mask = 0;

	for (unsigned int i = 0; i < NR_CGROUP_CONTROLLERS; i++)
		mask |= cgroup_has(cgroup, i) ? CGROUP_BIT(i) : 0;
	show_controllers(out, mask);
	return 0;
}

static int subtree_show(struct out *out, const struct view *v)
{
	show_controllers(out, cgroup_view(v)->subtree_control);
	return 0;
}

/* "+cpuset" or "-cpuset" at *p, which moves behind it and the blanks. */
static bool read_controller(const char **p, u32 *enable, u32 *disable)
{
	const char *name = *p + 1;
	size_t len = strcspn(name, BLANKS);

	for (unsigned int i = 0; i < NR_CGROUP_CONTROLLERS; i++) {
		if (strlen(cgroup_controller_names[i]) != len ||
		    strncmp(cgroup_controller_names[i], name, len) ||
		    (**p != '+' && **p != '-'))
			continue;
		*enable = **p == '+' ? *enable | CGROUP_BIT(i) : *enable & ~CGROUP_BIT(i);
		*disable = **p == '-' ? *disable | CGROUP_BIT(i) : *disable & ~CGROUP_BIT(i);
		*p = name + len + strspn(name + len, " ");
		return true;
	}
	return false;
}

static int subtree_store(struct store *s, const struct view *v, const char *text)
{
	u32 enable = 0, disable = 0;
	const char *p = text + strspn(text, BLANKS);
	int err;

	/* Around the words blanks are of any kind, between them spaces. */
	while (p[strspn(p, BLANKS)]) {
		if (!read_controller(&p, &enable, &disable)) {
			out_printf(s->sentence, "'%s': write +cpuset or -cpuset", text);
			return -EINVAL;
		}
	}
	err = secure_moves(s->m);
	if (err)
		return err;
	err = cgroup_control(s->m, cgroup_view(v), enable, disable);
	/* Memory was reclaimed for what the groups below take. */
	s->changed = err == -ENOMEM;
	return secured(s->m, err);
}

/* Of a thread root all processes of the domain. */
static int procs_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = cgroup_view(v);
	const struct task_struct *task = NULL;

	if (cgroup->threaded)
		return -EOPNOTSUPP;
	while ((task = task_next_arrival(v->m, task))) {
		if (task_alive(task) && task->pid == task->tgid &&
		    cgroup_domain(task_cgroup(v->m, task)) == cgroup)
			out_printf(out, "%u\n", task->pid);
	}
	return 0;
}

static int threads_show(struct out *out, const struct view *v)
{
	const struct task_struct *task = NULL;

	while ((task = task_next_arrival(v->m, task))) {
		if (task_alive(task) && task->cgroup == v->id[V_CGROUP])
			out_printf(out, "%u\n", task->pid);
	}
	return 0;
}

/* Why a task cannot be moved, where the errno says no more than that. */
static int told(struct store *s, const struct cgroup *cgroup, const char *text, int err)
{
	if (err == -ESRCH)
		out_printf(s->sentence, "there is no process '%.60s'", text);
	else if (err == -EBUSY)
		out_printf(s->sentence, "'%.60s': what the groups below have controllers for holds no "
			   "processes itself: write to one of those", text);
	else if (err == -EINVAL)
		out_printf(s->sentence, "'%.60s' is a thread of the kernel that stays in the root", text);
	else if (err == -EOPNOTSUPP && !cgroup_is_valid_domain(s->m, cgroup_domain(cgroup)))
		out_printf(s->sentence, "'%.60s': cgroup.type says \"domain invalid\": a group above is "
			   "the root of threaded ones: write threaded to it", text);
	else if (err == -EOPNOTSUPP)
		out_printf(s->sentence, "'%.60s' is a thread of a process in another domain: write to "
			   "cgroup.procs to move all of that", text);
	return err;
}

/* @NAME: whom a script named so; 0: nobody. */
static u32 named_pid(const struct view *v, const char *text)
{
	char word[NAME_CHARS + 1] = "";
	size_t len;

	text += strspn(text, BLANKS);
	len = strcspn(text, BLANKS);
	if (*text != '@' || len > sizeof(word) || text[len + strspn(text + len, BLANKS)])
		return 0;
	memcpy(word, text + 1, len - 1);
	return name_pid(names_find(&v->tree->names, word));
}

/* 0 is who writes, who is none of the machine's processes. */
static int read_pid(struct store *s, const struct view *v, const char *text, u32 *pid)
{
	s32 n;

	*pid = named_pid(v, text);
	if (*pid)
		return 0;
	if (stripped_s32(text, &n) || n <= 0) {
		out_printf(s->sentence, "'%.60s' is not a pid", text);
		return -EINVAL;
	}
	*pid = (u32)n;
	return 0;
}

static int attach_store(struct store *s, const struct view *v, const char *text,
			int (*attach)(struct machine *m, struct cgroup *cgroup, u32 pid))
{
	struct cgroup *cgroup = cgroup_view(v);
	u32 pid;
	int err = read_pid(s, v, text, &pid);

	if (!err)
		err = secure_moves(s->m);
	if (err)
		return err;
	return told(s, cgroup, text, secured(s->m, attach(s->m, cgroup, pid)));
}

static int procs_store(struct store *s, const struct view *v, const char *text)
{
	return attach_store(s, v, text, cgroup_attach);
}

static int threads_store(struct store *s, const struct view *v, const char *text)
{
	return attach_store(s, v, text, cgroup_attach_thread);
}

static int type_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = cgroup_view(v);

	out_puts(out, cgroup->threaded ? "threaded\n" :
		      !cgroup_is_valid_domain(v->m, cgroup) ? "domain invalid\n" :
		      cgroup_is_thread_root(v->m, cgroup) ? "domain threaded\n" : "domain\n");
	return 0;
}

static int type_store(struct store *s, const struct view *v, const char *text)
{
	const char *word = text + strspn(text, BLANKS);
	size_t len = strcspn(word, BLANKS);
	int err;

	if (len != 8 || strncmp(word, "threaded", len) || word[len + strspn(word + len, BLANKS)]) {
		out_printf(s->sentence, "'%.60s': a group can only become threaded", text);
		return -EINVAL;
	}
	err = cgroup_make_threaded(s->m, cgroup_view(v));
	if (err)
		out_puts(s->sentence, "it cannot be threaded: it has tasks, controllers of domains "
			 "for its children, or a parent that can be no root of threaded ones");
	return err;
}

/* ---- How deep, how many. ---- */

static int show_max(struct out *out, s32 value)
{
	if (value == INT32_MAX)
		out_puts(out, "max\n");
	else
		out_printf(out, "%d\n", value);
	return 0;
}

static int read_max(struct store *s, const char *text, s32 *value)
{
	const char *word = text + strspn(text, BLANKS);
	s32 n = INT32_MAX;
	int err = 0;

	if (strncmp(word, "max", 3) || word[3 + strspn(word + 3, BLANKS)])
		err = stripped_s32(text, &n);
	if (!err && n < 0)
		err = -ERANGE;
	if (err)
		out_printf(s->sentence, err == -ERANGE ?
			   "'%.60s' is out of range: it takes 0 to 2147483647, or max" :
			   "'%.60s' is no number, and not max", text);
	else
		*value = n;
	return err;
}

static int max_depth_show(struct out *out, const struct view *v)
{
	return show_max(out, cgroup_view(v)->max_depth);
}

static int max_depth_store(struct store *s, const struct view *v, const char *text)
{
	return read_max(s, text, &cgroup_view(v)->max_depth);
}

static int max_descendants_show(struct out *out, const struct view *v)
{
	return show_max(out, cgroup_view(v)->max_descendants);
}

static int max_descendants_store(struct store *s, const struct view *v, const char *text)
{
	return read_max(s, text, &cgroup_view(v)->max_descendants);
}

static int events_show(struct out *out, const struct view *v)
{
	out_printf(out, "populated %d\nfrozen %d\n", cgroup_is_populated(v->m, cgroup_view(v)),
		   cgroup_is_frozen(cgroup_view(v)));
	return 0;
}

/* An int, with blanks around it. */
static int read_int(struct store *s, const char *text, s32 low, s32 high, s32 *value)
{
	int err = stripped_s32(text, value);

	if (!err && (*value < low || *value > high))
		err = -ERANGE;
	if (err)
		out_printf(s->sentence, "'%.60s' is not %d%s", text, low, high > low ? " or 1" : "");
	return err;
}

static int freeze_show(struct out *out, const struct view *v)
{
	out_printf(out, "%d\n", cgroup_view(v)->freeze);
	return 0;
}

static int freeze_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;
	int err = read_int(s, text, 0, 1, &value);

	if (!err)
		cgroup_freeze(s->m, cgroup_view(v), value);
	return err;
}

static int pressure_show(struct out *out, const struct view *v)
{
	out_printf(out, "%d\n", !cgroup_view(v)->psi_off);
	return 0;
}

static int pressure_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;
	int err = read_int(s, text, 0, 1, &value);

	if (!err)
		cgroup_view(v)->psi_off = !value;
	return err;
}

static int kill_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;
	int err = read_int(s, text, 1, 1, &value);

	if (!err && cgroup_view(v)->threaded) {
		out_puts(s->sentence, "processes are killed in their domain, not where threads are");
		err = -EOPNOTSUPP;
	}
	if (!err)
		cgroup_kill(s->m, cgroup_view(v));
	return err;
}

/* Groups of a controller, from here down, that are off line and not gone. */
static u32 nr_dying(const struct machine *m, const struct cgroup *cgroup)
{
	const struct mem_cgroup *root = cgroup_memcg(m, cgroup), *at = NULL;
	u32 nr = 0;

	while (root && (at = mem_cgroup_next(m, root, at)))
		nr += mem_cgroup_is_dying(at);
	return nr;
}

static u32 nr_with(const struct machine *m, const struct cgroup *cgroup,
		   enum cgroup_controller controller)
{
	const struct cgroup *child = cgroup_child(m, cgroup, 1);
	u32 nr = cgroup_has_css(cgroup, controller);

	for (; child; child = cgroup_child(m, cgroup, child->id + 1))
		nr += nr_with(m, child, controller);
	return nr;
}

static int stat_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = cgroup_view(v);
	u32 dying = nr_dying(v->m, cgroup);
	bool by_controller = rel_cgroup_stat_by_controller(v->m->release);

	out_printf(out, "nr_descendants %u\n", cgroup_nr_below(v->m, cgroup));
	for (unsigned int i = 0; by_controller && i < NR_CGROUP_CONTROLLERS; i++)
		out_printf(out, "nr_subsys_%s %u\n", cgroup_controller_names[i],
			   nr_with(v->m, cgroup, i));
	out_printf(out, "nr_dying_descendants %u\n", dying);
	for (unsigned int i = 0; by_controller && i < NR_CGROUP_CONTROLLERS; i++)
		out_printf(out, "nr_dying_subsys_%s %u\n", cgroup_controller_names[i],
			   i == CGROUP_MEMORY ? dying : 0);
	return 0;
}

/* -- cpuset.* ----------------------------------------------------------------- */

static int mems_show(struct out *out, const struct view *v)
{
	return show_set(out, &cgroup_view(v)->cpuset.mems, 64);
}

static int effective_mems_show(struct out *out, const struct view *v)
{
	return show_set(out, &cgroup_view(v)->cpuset.effective_mems, 64);
}

static int mems_store(struct store *s, const struct view *v, const char *text)
{
	u64 words[NODE_SET_WORDS] = { 0 };
	int err = read_set(s, text, words, machine_max_nodes(s->m));

	for (unsigned int i = 1; !err && i < ARRAY_SIZE(words); i++)
		err = words[i] ? -EINVAL : 0;
	if (!err)
		err = secure_moves(s->m);
	return err ? err : secured(s->m, cpuset_set_mems(s->m, cgroup_view(v), words[0]));
}

static int cpus_show(struct out *out, const struct view *v)
{
	return show_set(out, cgroup_view(v)->cpuset.cpus, MAX_CPUS);
}

static int effective_cpus_show(struct out *out, const struct view *v)
{
	return show_set(out, cgroup_view(v)->cpuset.effective_cpus, MAX_CPUS);
}

static int cpus_store(struct store *s, const struct view *v, const char *text)
{
	u64 words[CPU_WORDS] = { 0 };
	int err = read_set(s, text, words, s->m->nr_possible_cpus);

	if (!err)
		err = secure_moves(s->m);
	return err ? err : secured(s->m, cpuset_set_cpus(s->m, cgroup_view(v), words));
}

/* -- the tables --------------------------------------------------------------- */

/* A controller's files are where the parent passes it on. */
static bool group_visible(const struct view *v, const struct entry *entry)
{
	const struct cgroup *cgroup = cgroup_view(v);

	return !cgroup || strncmp(entry->name, "cpuset.", 7) || cgroup_has(cgroup, CGROUP_CPUSET);
}

static bool group_next(const struct view *v, u32 *id)
{
	const struct cgroup *cgroup = cgroup_view(v), *child;

	child = cgroup ? cgroup_child(v->m, cgroup, *id) : NULL;
	if (child)
		*id = child->id;
	return child;
}

static void group_name(const struct view *v, u32 id, char name[64])
{
	strcpy(name, cgroup_of(v->m, id)->name);
}

static bool group_find(const struct view *v, const char *name, u32 *id)
{
	const struct cgroup *cgroup = cgroup_view(v), *child;

	child = cgroup ? cgroup_find_child(v->m, cgroup, name) : NULL;
	if (child)
		*id = child->id;
	return child;
}

static bool group_has(const struct view *v, u32 id)
{
	return id && cgroup_of(v->m, id);
}

static void group_path(const struct view *v, u32 id, struct out *out)
{
	const struct cgroup *cgroup = cgroup_of(v->m, id);

	if (cgroup && cgroup->parent->id) {
		group_path(v, cgroup->parent->id, out);
		out_putc(out, '/');
	}
	out_puts(out, cgroup ? cgroup->name : "");
}

#define RW_ROW(file, show, store) { file, S_IFREG | 0644, ALL, show, store }

static const struct entry group_entries[] = {
	FILE_ROW("cgroup.controllers", 0444, controllers_show),
	FILE_ROW("cgroup.events", 0444, events_show),
	RW_ROW("cgroup.freeze", freeze_show, freeze_store),
	{ "cgroup.kill", S_IFREG | 0200, ALL, .store = kill_store },
	RW_ROW("cgroup.max.depth", max_depth_show, max_depth_store),
	RW_ROW("cgroup.max.descendants", max_descendants_show, max_descendants_store),
	RW_ROW("cgroup.pressure", pressure_show, pressure_store),
	RW_ROW("cgroup.procs", procs_show, procs_store),
	FILE_ROW("cgroup.stat", 0444, stat_show),
	RW_ROW("cgroup.subtree_control", subtree_show, subtree_store),
	RW_ROW("cgroup.threads", threads_show, threads_store),
	RW_ROW("cgroup.type", type_show, type_store),
	RW_ROW("cpuset.cpus", cpus_show, cpus_store),
	FILE_ROW("cpuset.cpus.effective", 0444, effective_cpus_show),
	RW_ROW("cpuset.mems", mems_show, mems_store),
	FILE_ROW("cpuset.mems.effective", 0444, effective_mems_show),
};
static const struct dir group_dir = { DIR_FILES(group_entries), .visible = group_visible };

static const struct each group_each[] = {
	{ DIR_ROW("<GROUP>", 0755, &group_dir), V_CGROUP, group_next, group_name, group_find,
	  .has = group_has, .path = group_path, .make = "cgroup_mkdir",
	  .remove = "cgroup_rmdir" },
};

static const struct entry root_entries[] = {
	FILE_ROW("cgroup.controllers", 0444, controllers_show),
	RW_ROW("cgroup.max.depth", max_depth_show, max_depth_store),
	RW_ROW("cgroup.max.descendants", max_descendants_show, max_descendants_store),
	RW_ROW("cgroup.procs", procs_show, procs_store),
	FILE_ROW("cgroup.stat", 0444, stat_show),
	RW_ROW("cgroup.subtree_control", subtree_show, subtree_store),
	RW_ROW("cgroup.threads", threads_show, threads_store),
	FILE_ROW("cpuset.cpus.effective", 0444, effective_cpus_show),
	FILE_ROW("cpuset.mems.effective", 0444, effective_mems_show),
};
static const struct dir root_dir = { DIR_FILES(root_entries), DIR_EACH(group_each) };
static const struct entry fs_entries[] = { DIR_ROW("cgroup", 0755, &root_dir) };
static const struct dir fs_dir = { DIR_FILES(fs_entries) };

TREE_PARTS(cgroup_parts, { "sys/fs", &fs_dir });
