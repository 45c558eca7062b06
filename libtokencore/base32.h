/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Crockford's base 32 in lower case, most significant bit first, the last
 * group padded with zero bits; and the CRC that catches typing errors.
 */
#ifndef TC_BASE32_H
#define TC_BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Characters that n bytes take, and whole bytes that n characters give. */
#define TC_B32_CHARS(n) (((n)*8 + 4) / 5)
#define TC_B32_BYTES(n) ((n)*5 / 8)

/* Writes TC_B32_CHARS(len) characters and a NUL. */
void tc_b32_encode(const unsigned char *in, size_t len, char *out);

/* Makes characters canonical: lower case; 0 for o, 1 for i and l; NUL for what
 * is not one of the alphabet. */
void tc_b32_canonical(char *text, size_t len);

/* Decodes canonical characters into TC_B32_BYTES(len) bytes.  -1: a length
 * that no encoding has, a character outside the alphabet or pad bits set. */
int tc_b32_decode(const char *in, size_t len, unsigned char *out);

/* CRC-32/ISO-HDLC. */
uint32_t tc_crc32(const char *text, size_t len);

#endif
