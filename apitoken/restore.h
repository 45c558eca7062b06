/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESTORE_H
#define RESTORE_H

#include "apitoken.h"

/** apitoken import --records: the operand, if any, is the file. */
int import_records(struct app *app, bool force) __attribute__((nonnull));

#endif
