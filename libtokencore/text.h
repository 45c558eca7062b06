/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text from people and from the wire: what is acceptable, what is escaped. */
#ifndef TC_TEXT_H
#define TC_TEXT_H

#include <stddef.h>

/* Valid UTF-8 of min..max bytes without control characters? */
int tc_text_fits(const char *text, size_t min, size_t max);

/* Writes what a log can hold: control bytes, quotes, backslashes and broken
 * UTF-8 as \xNN, with spaces too if `word`; cut off to fit size.  A token that
 * was typed where a name belongs becomes "tkc1_...". */
void tc_escape(const char *text, int word, char *out, size_t size);

#endif
