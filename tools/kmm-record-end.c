// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says of a process that is about to end: its mappings, how much of each
 * is in memory, its faults. These become lines that the machine compares with its own.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kmm-record.h"

static void clear_vma(void *data)
{
	g_free(((struct record_vma *)data)->name);
}

/* "START-END rwxp OFFSET MAJ:MIN INODE   NAME" */
static bool parse_header(const char *line, struct record_vma *vma)
{
	int name = 0;

	*vma = (struct record_vma){ 0 };
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &vma->start, &vma->end, vma->perms, &vma->offset, &vma->major, &vma->minor,
		   &vma->ino, &name) != 7 || !name)
		return false;
	vma->name = g_strdup(line + name);
	return true;
}

static void parse_size(const char *line, struct record_vma *vma)
{
	if (g_str_has_prefix(line, "Rss:"))
		vma->rss = strtoull(line + 4, NULL, 10);
	else if (g_str_has_prefix(line, "Anonymous:"))
		vma->anon = strtoull(line + 10, NULL, 10);
}

GArray *record_maps(pid_t pid, bool sizes)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, sizes ? "smaps" : "maps");
	g_autofree char *text = NULL;
	GArray *vmas;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	vmas = g_array_new(FALSE, TRUE, sizeof(struct record_vma));
	g_array_set_clear_func(vmas, clear_vma);
	for (char *line = text, *next; line && *line; line = next) {
		struct record_vma vma;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (g_ascii_isxdigit(*line) && !g_ascii_isupper(*line) && parse_header(line, &vma))
			g_array_append_val(vmas, vma);
		else if (vmas->len)
			parse_size(line, &g_array_index(vmas, struct record_vma, vmas->len - 1));
	}
	return vmas;
}

struct record_counts record_faults_at(const char *name)
{
	g_autofree char *path = g_strdup_printf("/proc/%s/stat", name), *text = NULL;
	struct record_counts counts = { 0 };
	const char *rest;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return counts;
	/* Behind the name, which may hold anything. */
	rest = strrchr(text, ')');
	if (rest)
		(void)!sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64,
			      &counts.minflt, &counts.majflt);
	return counts;
}

struct record_counts record_faults_of(pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	return record_faults_at(name);
}

/* The most that was in memory at once, in kB. */
static u64 peak_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", pid), *text = NULL;
	const char *line = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL))
		line = strstr(text, "VmHWM:");
	return line ? strtoull(line + 6, NULL, 10) : 0;
}

/* By the name that the machine knows a file by. */
static const char *name_of(const struct recording *r, const struct record_vma *vma, char **made)
{
	const struct record_file *file;

	if (vma->name[0] != '/')
		return vma->name;
	file = record_file_known(r, vma->major, vma->minor, vma->ino);
	if (file)
		return file->path;
	*made = g_strdup(vma->name);
	if (g_str_has_suffix(*made, " (deleted)"))
		(*made)[strlen(*made) - strlen(" (deleted)")] = '\0';
	g_strdelimit(*made, " \"\\,()#\n", '_');
	return *made;
}

static bool is_special(const struct record_vma *vma)
{
	return !strcmp(vma->name, "[vsyscall]") || g_str_has_prefix(vma->name, "[uprobes");
}

void record_end(struct recording *r, struct record_task *task)
{
	const struct record_counts *began = g_hash_table_lookup(r->started,
								GINT_TO_POINTER(task->tgid));
	struct record_counts ended = record_faults_of(task->tgid);
	GArray *vmas;
	u64 rss = 0, anon = 0;

	if (!began || !g_hash_table_add(r->checked, GINT_TO_POINTER(task->tgid)))
		return;
	vmas = record_maps(task->tid, /* sizes = */ true);
	if (!vmas)
		return;
	for (guint i = 0; i < vmas->len; i++) {
		const struct record_vma *vma = &g_array_index(vmas, struct record_vma, i);
		g_autofree char *made = NULL;
		const char *name;

		if (is_special(vma))
			continue;
		name = name_of(r, vma, &made);
		rss += vma->rss;
		anon += vma->anon;
		record_put(r, task, "real_vma(%#" PRIx64 ", %#" PRIx64 ", %s, %" PRIu64 ", %" PRIu64
			   "%s%s)", vma->start, vma->end, vma->perms, vma->rss, vma->anon,
			   *name ? ", " : "", name);
	}
	record_put(r, task, "real_figures(%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64
		   ")", rss, anon, ended.minflt - began->minflt, ended.majflt - began->majflt,
		   peak_of(task->tid));
	g_array_free(vmas, TRUE);
}
