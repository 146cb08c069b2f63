/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine file as lines: the pass before GKeyFile, which knows where each key
 * stands and applies --set. It decides what is a comment, a section or a key,
 * exactly as GKeyFile does, and refuses what stands there twice.
 */
#ifndef KMM_BOOT_CONFIG_TEXT_H
#define KMM_BOOT_CONFIG_TEXT_H

#include <glib.h>

#include "sim/base/types.h"

enum config_line_kind { CONFIG_BLANK, CONFIG_SECTION, CONFIG_KEY };

struct config_line {
	enum config_line_kind kind;
	char *text;		/* as it stands, without the newline */
	char *section;		/* the one that it opens or stands in; NULL: before any */
	char *key;		/* CONFIG_KEY only */
	unsigned int number;	/* counted from 1; 0: --set made the line */
	const char *set;	/* the --set text that made or changed it */
};

struct config_text {
	const char *name;
	GPtrArray *lines;	/* struct config_line */
	GHashTable *index;	/* "section\nkey" or "section" -> struct config_line */
};

/* 0, or -EINVAL with *error = "FILE:LINE: reason". `name` must outlive it. */
int config_text_scan(struct config_text *text, const char *name, const char *bytes,
		     char **error) __must_check;
/* Apply [SECTION.]KEY=VALUE; `set` must outlive the text. */
int config_text_set(struct config_text *text, const char *set,
		    char **error) __must_check;
/* The line of a key (key NULL: of the section's header), or NULL. */
const struct config_line *config_text_find(const struct config_text *text,
					   const char *section, const char *key);
/* All lines, to be freed with g_free(). */
char *config_text_join(const struct config_text *text);
/* "FILE:LINE: " or "--set TEXT: ", to be freed with g_free(). */
char *config_text_where(const struct config_text *text, const struct config_line *line);
void config_text_clear(struct config_text *text);

#endif
