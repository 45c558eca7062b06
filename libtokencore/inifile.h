/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inih, made strict: what it would skip, cut off or glue together without a
 * word is an error here, with file and line.
 */
#ifndef TC_INIFILE_H
#define TC_INIFILE_H

#include "tokencore.h"

/* Called for every section heading (key NULL) and every key.  Returns NULL
 * if it understood, else why not; the text never repeats the value. */
typedef const char *tc_ini_fn(void *arg, const char *section, const char *key,
			      const char *value, unsigned line);

/* text ends in NUL.  TC_OK, or TC_E_UNAVAILABLE with "path:line: why". */
int tc_ini_parse(const char *text, size_t len, const char *path, tc_ini_fn *fn,
		 void *arg, struct tc_error *err);

#endif
