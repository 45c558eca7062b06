/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base32.h"

#include <string.h>

#include <openssl/crypto.h>

/* The characters of a token are its secret: no branch and no index depends on
 * one.  Comparisons make masks, for a block of characters at once, which
 * compilers turn into a few instructions on vectors. */
#define BLOCK 16

static inline unsigned char
mask(int yes)
{
	return (unsigned char)-yes;
}

static inline unsigned char
between(unsigned char c, unsigned char first, unsigned char last)
{
	return mask((c >= first) & (c <= last));
}

/* Of a value up to 31.  The letters i, l, o and u are left out. */
static inline unsigned char
char_of(unsigned char v)
{
	const unsigned char letter = mask(v > 9);
	const unsigned char more =
	    (unsigned char)((v > 17) + (v > 19) + (v > 21) + (v > 26));

	return (unsigned char)(v + (letter & ('a' - 10 + more)) +
			       (~letter & '0'));
}

/* Of a canonical character; NONE of any other. */
#define NONE 32
static inline unsigned char
value_of(unsigned char c)
{
	const unsigned char digit = between(c, '0', '9');
	const unsigned char letter =
	    between(c, 'a', 'h') | between(c, 'j', 'k') | between(c, 'm', 'n') |
	    between(c, 'p', 't') | between(c, 'v', 'z');
	/* How many letters before it are left out. */
	const unsigned char less =
	    (unsigned char)((c > 'i') + (c > 'l') + (c > 'o') + (c > 'u'));

	return (unsigned char)((digit & (c - '0')) |
			       (letter & (c - 'a' + 10 - less)) |
			       (~(digit | letter) & NONE));
}

static inline unsigned char
canonical(unsigned char c)
{
	c |= between(c, 'A', 'Z') & ('a' ^ 'A');
	c ^= between(c, 'o', 'o') & ('o' ^ '0');
	c ^= (between(c, 'i', 'i') & ('i' ^ '1')) |
	     (between(c, 'l', 'l') & ('l' ^ '1'));
	return c & mask(value_of(c) != NONE);
}

/* The next characters of them; how many. */
static size_t
take_block(unsigned char block[BLOCK], const char *text, size_t len)
{
	const size_t n = len < BLOCK ? len : BLOCK;

	memcpy(block, text, n);
	return n;
}

void
tc_b32_encode(const unsigned char *in, size_t len, char *out)
{
	unsigned char block[BLOCK] = { 0 };
	uint32_t bits = 0;
	unsigned have = 0;
	char *at = out;
	size_t n;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8) | in[i];
		for (have += 8; have >= 5; have -= 5)
			*at++ = (char)((bits >> (have - 5)) & 31);
	}
	if (have > 0)
		*at++ = (char)((bits << (5 - have)) & 31);
	*at = '\0';
	for (len = (size_t)(at - out); len > 0; len -= n) {
		n = take_block(block, out, len);
		for (size_t i = 0; i < BLOCK; i++)
			block[i] = char_of(block[i]);
		memcpy(out, block, n);
		out += n;
	}
	OPENSSL_cleanse(block, sizeof(block));
}

void
tc_b32_canonical(char *text, size_t len)
{
	unsigned char block[BLOCK] = { 0 };
	size_t n;

	for (; len > 0; len -= n) {
		n = take_block(block, text, len);
		for (size_t i = 0; i < BLOCK; i++)
			block[i] = canonical(block[i]);
		memcpy(text, block, n);
		text += n;
	}
	OPENSSL_cleanse(block, sizeof(block));
}

int
tc_b32_decode(const char *in, size_t len, unsigned char *out)
{
	unsigned char block[BLOCK] = { 0 }, bad = 0;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n;

	if (TC_B32_CHARS(TC_B32_BYTES(len)) != len)
		return -1;
	for (; len > 0; len -= n) {
		n = take_block(block, in, len);
		in += n;
		for (size_t i = 0; i < BLOCK; i++)
			block[i] = value_of(block[i]);
		for (size_t i = 0; i < n; i++) {
			bad |= block[i] & NONE;
			bits = (bits << 5) | block[i];
			have += 5;
			if (have >= 8) {
				have -= 8;
				*out++ = (unsigned char)(bits >> have);
			}
		}
	}
	OPENSSL_cleanse(block, sizeof(block));
	return bad == 0 && (bits & ((1U << have) - 1)) == 0 ? 0 : -1;
}

/* A table for each byte would be looked at where the secret says.  What each
 * bit of a byte leaves is added for all eight at once, and not one after
 * another. */
uint32_t
tc_crc32(const char *text, size_t len)
{
	static const uint32_t of_bit[8] = {
		0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832,
		0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320,
	};
	uint32_t crc = 0xffffffffU;

	for (size_t i = 0; i < len; i++) {
		const uint32_t low = (crc ^ (unsigned char)text[i]) & 0xff;

		crc >>= 8;
		for (int bit = 0; bit < 8; bit++)
			crc ^= of_bit[bit] & (0U - ((low >> bit) & 1));
	}
	return crc ^ 0xffffffffU;
}
