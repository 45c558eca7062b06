/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second reader of UTF-8, from the table in RFC 3629, section 4. */
#ifndef REUTF8_H
#define REUTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes the first character takes; 0: that is none. */
size_t reutf8(const uint8_t *text, size_t len, uint32_t *code);

/* Are these whole characters, none of them a control character (C0, DEL or
 * C1)? */
int reutf8_plain(const uint8_t *text, size_t len);

#endif
