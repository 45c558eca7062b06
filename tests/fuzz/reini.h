/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second reader of "key = value" files, for those that the library took. */
#ifndef REINI_H
#define REINI_H

#include <stddef.h>

/* How many lines give the key in the section ("": before any); *value is that
 * of the last one, malloced, or NULL.  Blanks around it do not count. */
unsigned reini(const char *text, const char *section, const char *key,
	       char **value);

/* Does a stretch of so many bytes of the text stand in the message? */
int reini_repeats(const char *message, const char *text, size_t n);

#endif
