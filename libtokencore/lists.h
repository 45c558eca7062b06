/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that are lists, joined by commas. */
#ifndef TC_LISTS_H
#define TC_LISTS_H

#include <stddef.h>

#define TC_LIST_MAX 100 /* items; a line of the file has no room for more */

/* Is this an item?  Not NUL-terminated, without a NUL, 0 bytes or more. */
typedef int tc_listed_fn(const char *item, size_t len);

/* Joins "a , b" to "a,b", malloced, for the caller to free.
 * max    at most so many items, at least 1
 * unfit  what to say when there is none, or one that does not fit
 * NULL: *out is set; else why not, and *out is NULL. */
const char *tc_list_join(const char *value, tc_listed_fn *fits, size_t max,
			 const char *unfit, char **out);

/* The next item of a joined list, *len bytes; *at moves behind it.  NULL at
 * the end. */
const char *tc_list_next(const char **at, size_t *len);

#endif
