/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values made elsewhere, many in one file, as CSV or JSON lines. */
#ifndef VALUES_H
#define VALUES_H

#include "value.h"

enum values_found {
	VALUES_ONE, /* a row; v->why says whether it is refused */
	VALUES_END,
	VALUES_BROKEN /* refused, and nothing after it can be read */
};

enum values_format { VALUES_CSV, VALUES_JSON };

struct values; /* a file that is being read */

/**
 * Opens a file and reads the header, if it is CSV.
 * @param file  NULL: standard input
 * @param now   as in value_begin()
 * @param code  how to end if this fails
 * @return NULL, and reported: it cannot be read
 */
struct values *values_open(const char *file, enum values_format format,
			   int64_t now, int *code) __attribute__((nonnull(4)));

/** The next row.  v and item as in value_begin(), v to be freed in any case. */
enum values_found values_next(struct values *from, struct value *v,
			      struct tc_import *item) __attribute__((nonnull));

/** The file's name, for errors. */
const char *values_name(const struct values *from) __attribute__((nonnull));

/** Wipes, closes and frees; NULL is fine. */
void values_close(struct values *from);

#endif
