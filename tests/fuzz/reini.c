/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reini.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char blanks[] = " \t\r";

/* A copy without the blanks at its ends. */
static char *
trimmed(const char *from, const char *to)
{
	char *copy;

	while (from < to && strchr(blanks, *from))
		from++;
	while (to > from && strchr(blanks, to[-1]))
		to--;
	copy = strndup(from, (size_t)(to - from));
	NEED(copy);
	return copy;
}

static int
is(const char *from, const char *to, const char *word)
{
	char *copy = trimmed(from, to);
	int same = strcmp(copy, word) == 0;

	free(copy);
	return same;
}

unsigned
reini(const char *text, const char *section, const char *key, char **value)
{
	int inside = *section == '\0';
	unsigned n = 0;

	*value = NULL;
	while (*text) {
		const char *end = text + strcspn(text, "\n");
		const char *equals = text + strcspn(text, "=:\n");

		if (*text == '[') {
			const char *close = strchr(text, ']');

			inside = close && close < end &&
				 is(text + 1, close, section);
		} else if (inside && !strchr("#;", *text) && equals < end &&
			   is(text, equals, key)) {
			n++;
			free(*value);
			*value = trimmed(equals + 1, end);
		}
		text = end + (*end == '\n');
	}
	return n;
}

int
reini_repeats(const char *message, const char *text, size_t n)
{
	size_t len = strlen(message);

	for (; len >= n; message++, len--) {
		const char *at = text;

		for (; strlen(at) >= n; at++) {
			size_t i = 0;

			while (i < n && at[i] == message[i])
				i++;
			if (i == n)
				return 1;
		}
	}
	return 0;
}
