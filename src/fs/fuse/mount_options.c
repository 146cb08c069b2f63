/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three tables: flags of mount(2), switches and values of our own, and words that
 * belong to fstab and its readers and mean nothing here.
 */
#include "fs/fuse/mount_options.h"

#include <glib.h>
#include <sys/mount.h>

#include "fs/fuse/mountinfo.h"

struct flag_word {
	const char *name;
	unsigned long flag;
	bool set;
};

static const struct flag_word flag_words[] = {
	{ "ro", MS_RDONLY, true },
	{ "rw", MS_RDONLY, false },
	{ "nosuid", MS_NOSUID, true },
	{ "suid", MS_NOSUID, false },
	{ "nodev", MS_NODEV, true },
	{ "dev", MS_NODEV, false },
	{ "noexec", MS_NOEXEC, true },
	{ "exec", MS_NOEXEC, false },
	{ "noatime", MS_NOATIME, true },
	{ "atime", MS_NOATIME, false },
	{ "dirsync", MS_DIRSYNC, true },
	{ "sync", MS_SYNCHRONOUS, true },
	{ "async", MS_SYNCHRONOUS, false },
};

#define OPTION(member) offsetof(struct mount_options, member)

static const struct {
	const char *name;
	size_t offset;		/* of a bool */
} switch_words[] = {
	{ "allow-other", OPTION(allow_other) },
	{ "nonempty", OPTION(nonempty) },
	{ "foreground", OPTION(foreground) },
	{ "debug", OPTION(debug) },
	{ "single-thread", OPTION(single) },
	{ "sloppy", OPTION(sloppy) },
};

static const struct {
	const char *name;
	size_t offset;		/* of a char * */
} value_words[] = {
	{ "fsname", OPTION(fsname) },
	{ "subtype", OPTION(subtype) },
	{ "pidfile", OPTION(pidfile) },
	{ "state", OPTION(state) },
};

/* default-permissions is always on; the rest is for mount(8), systemd and fstab. */
static const char *const ignored_words[] = {
	"default-permissions", "defaults", "auto", "noauto", "user", "nouser", "users",
	"owner", "group", "nofail", "-netdev",
};

void mount_options_init(struct mount_options *options)
{
	*options = (struct mount_options){
		.flags = MS_NODEV | MS_NOSUID | MS_NOATIME,
		.fsname = g_strdup(KMMFS_SOURCE),
		.subtype = g_strdup("kmmfs"),
		.sets = g_new0(char *, 1),
	};
}

void mount_options_free(struct mount_options *options)
{
	g_free(options->fsname);
	g_free(options->subtype);
	g_free(options->pidfile);
	g_free(options->state);
	g_strfreev(options->sets);
}

void mount_options_add_set(struct mount_options *options, const char *set)
{
	unsigned int nr = g_strv_length(options->sets);

	options->sets = g_renew(char *, options->sets, nr + 2);
	options->sets[nr] = g_strdup(set);
	options->sets[nr + 1] = NULL;
}

static bool take_flag(struct mount_options *options, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		if (strcmp(flag_words[i].name, name) != 0)
			continue;
		if (flag_words[i].set)
			options->flags |= flag_words[i].flag;
		else
			options->flags &= ~flag_words[i].flag;
		return true;
	}
	return false;
}

static bool take_switch(struct mount_options *options, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(switch_words); i++) {
		if (strcmp(switch_words[i].name, name) != 0)
			continue;
		*(bool *)((char *)options + switch_words[i].offset) = true;
		return true;
	}
	return false;
}

static bool take_value(struct mount_options *options, const char *name, const char *value)
{
	if (!strcmp(name, "set")) {
		mount_options_add_set(options, value);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(value_words); i++) {
		char **field = (char **)(void *)((char *)options + value_words[i].offset);

		if (strcmp(value_words[i].name, name) != 0)
			continue;
		g_free(*field);
		*field = g_strdup(value);
		return true;
	}
	return false;
}

static bool is_ignored(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ignored_words); i++)
		if (!strcmp(ignored_words[i], name))
			return true;
	return g_str_has_prefix(name, "x-") || !strcmp(name, "comment");
}

static int take_word(struct mount_options *options, const char *word, char **error)
{
	const char *equals = strchr(word, '=');
	char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
	bool known;

	g_strdelimit(name, "_", '-');
	if (equals)
		known = take_value(options, name, equals + 1);
	else
		known = take_flag(options, name) || take_switch(options, name);
	known = known || is_ignored(name);
	g_free(name);
	if (known || options->sloppy)
		return 0;
	*error = g_strdup_printf("'%s' is not an option of -o: see kmmfs --help", word);
	return -EINVAL;
}

int mount_options_parse(struct mount_options *options, const char *list, char **error)
{
	char **words = g_strsplit(list, ",", -1);
	int ret = 0;

	for (char **word = words; *word && !ret; word++)
		if (**word)
			ret = take_word(options, *word, error);
	g_strfreev(words);
	return ret;
}

char *mount_options_helper(const struct mount_options *options)
{
	GString *text = g_string_new("default_permissions");

	g_string_append_printf(text, ",fsname=%s,subtype=%s", options->fsname,
			       options->subtype);
	if (options->allow_other)
		g_string_append(text, ",allow_other");
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++)
		if (flag_words[i].set && (options->flags & flag_words[i].flag))
			g_string_append_printf(text, ",%s", flag_words[i].name);
	return g_string_free(text, FALSE);
}
