// SPDX-License-Identifier: GPL-2.0-or-later
/* A name's dots are the slashes of its path below proc/sys. */
#include "fs/core/boot_sysctl.h"

#include <stdio.h>

#include "fs/core/tree_struct.h"
#include "sim/boot/boot_log.h"

#define MAX_NAME 128
#define MAX_VALUE 256

/* proc/sys and the name's parts, one by one: *view is of a file that can be written. */
static int find_file(struct tree *tree, const char *name, struct view *view)
{
	static const char *const above[] = { "proc", "sys" };
	struct node node = NODE_ROOT;
	char part[MAX_NAME];
	const char *p = name;
	int err = 0;

	for (unsigned int i = 0; !err && i < ARRAY_SIZE(above); i++)
		err = node_child(tree, node, above[i], (struct caller){ 0 }, &node);
	while (!err && *p) {
		size_t len = strcspn(p, "./");

		if (len >= sizeof(part))
			return -ENOENT;
		memcpy(part, p, len);
		part[len] = '\0';
		p += len + (p[len] != '\0');
		err = node_child(tree, node, part, (struct caller){ 0 }, &node);
	}
	if (!err)
		err = node_view(tree, node, (struct caller){ 0 }, view);
	if (!err && !view->entry->store)
		err = -EACCES;
	return err;
}

static int set(struct tree *tree, const char *name, const char *value, struct out *sentence)
{
	struct store store = { .m = tree->machine, .sentence = sentence };
	struct view view;
	int err = find_file(tree, name, &view);

	return err ? err : tree_guard_store(tree, &store, &view, value);
}

static void log_failure(struct machine *m, const char *name, const char *value, int err)
{
	const char *reason = err == -ENOENT || err == -ENOTDIR ? "parameter not found" :
			     err == -EACCES ? "permission denied (read-only?)" :
					      "invalid value";

	printk(m, 3, "Failed to set sysctl parameter '%s=%s': %s", name, value, reason);
}

/* One word of the command line, "sysctl." cut off. */
static int set_word(struct tree *tree, const char *word, size_t len)
{
	struct out sentence = OUT_INIT;
	char name[MAX_NAME], value[MAX_VALUE];
	const char *equals = memchr(word, '=', len);
	size_t name_len = equals ? (size_t)(equals - word) : len;
	size_t value_len = equals ? len - name_len - 1 : 0;
	int err;

	if (!name_len || name_len >= sizeof(name) || !value_len || value_len >= sizeof(value))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)name_len, word);
	snprintf(value, sizeof(value), "%.*s", (int)value_len, equals + 1);
	err = set(tree, name, value, &sentence);
	out_free(&sentence);
	if (!err || err == -ENOMEM)
		return err;
	log_failure(tree->machine, name, value, err);
	return 0;
}

static int from_cmdline(struct tree *tree)
{
	const char *p = tree->config->cmdline ? tree->config->cmdline : "";
	int err = 0;

	while (!err && *p) {
		size_t len = strcspn(p, " ");

		if (len > 7 && (!strncmp(p, "sysctl.", 7) || !strncmp(p, "sysctl/", 7)))
			err = set_word(tree, p + 7, len - 7);
		p += len;
		p += strspn(p, " ");
	}
	return err;
}

int boot_sysctls(struct tree *tree, struct out *sentence)
{
	const struct machine_config *config = tree->config;
	int err = from_cmdline(tree);

	for (unsigned int i = 0; !err && i < config->nr_sysctls; i++) {
		const struct config_key *key = &config->sysctls[i];
		struct out reason = OUT_INIT;

		err = set(tree, key->name, key->value, &reason);
		if (err && err != -ENOMEM) {
			out_printf(sentence, "[sysctl] %s = %s: %s", key->name, key->value,
				   reason.len ? reason.text : strerror(-err));
			err = -EINVAL;
		}
		out_free(&reason);
	}
	return err;
}
