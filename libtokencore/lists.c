/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lists.h"

#include <stdlib.h>
#include <string.h>

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *
tc_list_next(const char **at, size_t *len)
{
	const char *item = *at;

	if (*item == '\0')
		return NULL;
	*len = strcspn(item, ",");
	*at = item + *len + (item[*len] == ',');
	return item;
}

/* Appends each item and a comma. */
static int
join(const char *value, tc_listed_fn *fits, size_t max, char *to)
{
	for (size_t n = 0;; n++) {
		const char *begin = value + strspn(value, " \t");
		const char *comma = begin + strcspn(begin, ",");
		const char *end = comma;
		size_t len;

		while (end > begin && is_blank(end[-1]))
			end--;
		len = (size_t)(end - begin);
		if (n == max || !fits(begin, len))
			return -1;
		memcpy(to, begin, len);
		to[len] = *comma;
		to += len + 1;
		if (*comma == '\0')
			return 0;
		value = comma + 1;
	}
}

const char *
tc_list_join(const char *value, tc_listed_fn *fits, size_t max,
	     const char *unfit, char **out)
{
	*out = malloc(strlen(value) + 1);
	if (!*out)
		return "out of memory";
	if (join(value, fits, max, *out) == 0)
		return NULL;
	free(*out);
	*out = NULL;
	return unfit;
}
