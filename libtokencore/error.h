/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors that say what, where and why, in one line. */
#ifndef TC_ERROR_H
#define TC_ERROR_H

#include "tokencore.h"

/* Fills in err (if any) and returns the code, so that callers can write
 * "return tc_fail(err, TC_E_..., ...)".  A token that was typed where a name
 * belongs is hidden. */
int tc_fail(struct tc_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and what errno means behind it; TC_E_PERMISSION for
 * EACCES and EPERM, TC_E_NOMEM for ENOMEM, else TC_E_UNAVAILABLE. */
int tc_fail_errno(struct tc_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What a value of errno means, in words; buf, of this size, may or may not be
 * where they are. */
const char *tc_errno_text(int number, char *buf, size_t size);

#endif
