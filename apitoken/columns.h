/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that a list of tokens can have. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "apitoken.h"

#define COLUMNS_MAX 32

/* How cells are written. */
struct view {
	bool whole; /* whole ids, and times as dates */
	int64_t now; /* for the others */
};

struct column;

/** The usual columns, or every one; how many. */
size_t columns_all(const struct column *out[COLUMNS_MAX], bool every);
/** The column of that name; NULL, and reported: there is none.
 *  @param option  that named it */
const struct column *column_named(const char *option, const char *name);
/** All their names, joined by commas; static. */
const char *columns_names(void);
const char *column_head(const struct column *column);
/** Free text, which may be cut? */
bool column_elastic(const struct column *column);
bool column_is_state(const struct column *column);
/** What stands in it, "-" for nothing; to be freed.  NULL: out of memory. */
char *column_cell(const struct column *column, const struct tc_record *rec,
		  const struct view *view);
/** Text that sorts as the column does; to be freed.  NULL: out of memory. */
char *column_key(const struct column *column, const struct tc_record *rec);

#endif
