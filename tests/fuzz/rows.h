/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the targets of "apitoken import" share. */
#ifndef ROWS_H
#define ROWS_H

#include "../../apitoken/values.h"

/* Reads a file of values to its end; how many rows were taken or refused.
 * What was taken can be given to tc_import(), as far as a look at it tells;
 * what was not says why, and not in words of the file. */
size_t rows_read(int fd, enum values_format format);

/* The path that leads to an open file. */
const char *rows_path(int fd);

#endif
