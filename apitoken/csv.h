/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Comma-separated values as RFC 4180 has them, row by row.  Strict: where
 * quotes are not as they must be nobody can say where the next row begins,
 * and a row made of the inside of a field could give somebody a password.
 */
#ifndef CSV_H
#define CSV_H

#include "infile.h"

#define CSV_FIELDS_MAX 16 /* of one row, that are kept */

struct csv_row {
	uint64_t line; /* where it begins */
	size_t n; /* fields; those above the maximum are only counted */
	size_t at[CSV_FIELDS_MAX]; /* into text; each field ends in NUL */
	size_t len[CSV_FIELDS_MAX]; /* without it; more NULs may be in it */
	bool too_long; /* more than ROW_MAX bytes: nothing of it counts */
	size_t used; /* bytes of text; wiped by the caller */
	char text[ROW_MAX];
};

enum csv {
	CSV_ROW,
	CSV_END,
	CSV_BROKEN /* nothing after it can be read; *why is set */
};

/** Reads the next row that is not blank.
 *  @param why  what is wrong, in words of its own; of CSV_BROKEN only */
enum csv csv_next(struct infile *in, struct csv_row *row, const char **why)
    __attribute__((nonnull));

#endif
