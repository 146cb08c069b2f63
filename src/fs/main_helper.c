// SPDX-License-Identifier: GPL-2.0-or-later
/*
 *   mount.kmmfs SOURCE MOUNTPOINT [-sfnvrw] [-N NAMESPACE] [-o LIST] [-t TYPE]
 * becomes kmmfs [-o LIST]... SOURCE MOUNTPOINT. A row for each letter.
 */
#include "fs/main_helper.h"

#include <glib.h>

struct letter {
	char letter;
	bool argument;
	const char *list;	/* what it is as -o; NULL: nothing */
};

static const struct letter letters[] = {
	{ 's', false, "sloppy" },
	{ 'f', false, NULL },	/* fake */
	{ 'n', false, NULL },	/* mtab is not ours to write */
	{ 'v', false, NULL },
	{ 'r', false, "ro" },
	{ 'w', false, "rw" },
	{ 'N', true, NULL },	/* mount has entered it */
	{ 't', true, NULL },
	{ 'o', true, NULL },	/* its argument is the list */
};

bool is_mount_helper(const char *program)
{
	char *name = g_path_get_basename(program);
	bool helper = g_str_has_prefix(name, "mount.");

	g_free(name);
	return helper;
}

static const struct letter *letter_find(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (letters[i].letter == letter)
			return &letters[i];
	}
	return NULL;
}

static void add_list(GPtrArray *words, const char *list)
{
	g_ptr_array_add(words, g_strdup("-o"));
	g_ptr_array_add(words, g_strdup(list));
}

/* One word of letters; the last may take the next word. NULL, or the letter that is none. */
static const char *take_letters(GPtrArray *words, char ***argv, bool *fake)
{
	for (const char *c = **argv + 1; *c; c++) {
		const struct letter *letter = letter_find(*c);
		const char *rest = c[1] ? c + 1 : (*argv)[1];

		if (!letter || (letter->argument && !rest))
			return c;
		*fake = *fake || *c == 'f';
		if (letter->list)
			add_list(words, letter->list);
		if (*c == 'o')
			add_list(words, rest);
		if (letter->argument) {
			*argv += !c[1];
			break;
		}
	}
	return NULL;
}

/* "none" and the file system's own name are no machines: the default one. */
static bool is_no_source(const char *source)
{
	return !strcmp(source, "none") || !strcmp(source, "kmmfs");
}

char **mount_helper_words(char **argv, bool *fake, char **error)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *plain = g_ptr_array_new();
	const char *bad = NULL;

	*fake = false;
	g_ptr_array_add(words, g_strdup(argv[0]));
	for (argv++; *argv && !bad; argv++) {
		if (**argv == '-' && (*argv)[1])
			bad = take_letters(words, &argv, fake);
		else
			g_ptr_array_add(plain, *argv);
	}
	if (bad || plain->len != 2) {
		*error = bad ? g_strdup_printf("-%c is not an option of a mount helper", *bad) :
			 g_strdup("SOURCE MOUNTPOINT expected, as mount(8) calls its helpers");
		g_ptr_array_free(words, TRUE);
		g_ptr_array_free(plain, TRUE);
		return NULL;
	}
	g_ptr_array_add(words, g_strdup("--"));
	if (!is_no_source(plain->pdata[0]))
		g_ptr_array_add(words, g_strdup(plain->pdata[0]));
	g_ptr_array_add(words, g_strdup(plain->pdata[1]));
	g_ptr_array_add(words, NULL);
	g_ptr_array_free(plain, TRUE);
	return (char **)g_ptr_array_free(words, FALSE);
}
