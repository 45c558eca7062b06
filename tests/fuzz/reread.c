/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reread.h"

#include <string.h>

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* CRC-32 the long way: bit by bit, not reflected, and turned round at the
 * end. */
static uint32_t
crc(const char *text, size_t len)
{
	uint32_t rest = 0xffffffff, turned = 0;

	for (size_t bit = 0; bit < 8 * len; bit++) {
		uint32_t in = (uint32_t)text[bit / 8] >> (bit % 8) & 1;
		uint32_t top = rest >> 31 ^ in;

		rest = rest << 1 ^ (top ? 0x04c11db7 : 0);
	}
	rest = ~rest;
	for (int bit = 0; bit < 32; bit++)
		turned |= (rest >> bit & 1) << (31 - bit);
	return turned;
}

/* Bits to digits, five at a time; as many as out has room for. */
static size_t
to_digits(const uint8_t *bytes, size_t len, char *out, size_t room)
{
	size_t n = 0;

	for (size_t bit = 0; bit < 8 * len && n < room; bit += 5) {
		unsigned value = 0;

		for (size_t i = bit; i < bit + 5; i++) {
			unsigned one =
			    i < 8 * len
				? (unsigned)bytes[i / 8] >> (7 - i % 8) & 1U
				: 0;

			value = 2 * value + one;
		}
		out[n++] = digits[value];
	}
	return n;
}

static size_t
put_checksum(char *text, size_t len)
{
	uint32_t sum = crc(text, len);
	uint8_t bytes[4] = { (uint8_t)(sum >> 24), (uint8_t)(sum >> 16),
			     (uint8_t)(sum >> 8), (uint8_t)sum };

	return to_digits(bytes, 4, text + len, 7);
}

size_t
reread_make(const uint8_t *bytes, size_t len, char out[REREAD_MADE_MAX])
{
	size_t n = 5;

	memcpy(out, "tkc1_", 5);
	n += to_digits(bytes, len, out + n, REREAD_MADE_MAX - 13);
	return n + put_checksum(out, n);
}

/* ---- reading ---- */

static int
is_blank(char c)
{
	return c != '\0' && strchr(" \t\r\n", c) != NULL;
}

/* The digit that was meant; -1: none. */
static int
value_of(char c)
{
	static const char as_typed[] = "0O0o1I1i1L1l"; /* meant, typed */
	const char *at;

	for (size_t i = 0; i < sizeof(as_typed) - 1; i += 2)
		if (as_typed[i + 1] == c)
			c = as_typed[i];
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static int
begins_like_one(const char *text, size_t len)
{
	return len >= 5 && (text[0] == 't' || text[0] == 'T') &&
	       (text[1] == 'k' || text[1] == 'K') &&
	       (text[2] == 'c' || text[2] == 'C') && value_of(text[3]) == 1 &&
	       text[4] == '_';
}

static int
name_fits(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') ||
		      (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
		      name[i] == '.' || name[i] == '-'))
			return 0;
	return len >= 1 && len <= 32;
}

static int
names_fit(const char *text, size_t len)
{
	int names = 1;
	size_t begin = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != ',')
			continue;
		if (!name_fits(text + begin, i - begin))
			return 0;
		begin = i + 1;
		names++;
	}
	return names <= 8 && name_fits(text + begin, len - begin);
}

static int
caveat_fits(const uint8_t *c)
{
	size_t len = c[1];

	switch (c[0]) {
	case 1:
		return len == 5;
	case 2:
		return names_fit((const char *)c + 2, len);
	case 3:
		return (len == 5 && c[6] <= 32) || (len == 17 && c[18] <= 128);
	}
	return 0;
}

static int
caveats_fit(struct reread *r)
{
	const uint8_t *c = r->bytes + 19, *end = c + r->caveats_len;

	while (c < end) {
		if (end - c < 2 || end - c < 2 + c[1] || !caveat_fits(c) ||
		    r->n_caveats == 8)
			return 0;
		r->caveat[r->n_caveats++] = c;
		c += 2 + c[1];
	}
	return 1;
}

/* Digits to bits; the ones that make no byte have to be zero, and fewer than
 * a digit. */
static int
from_digits(const char *text, size_t len, struct reread *r, size_t *n)
{
	unsigned pad = 0;

	*n = 5 * len / 8;
	if (*n > REREAD_BYTES_MAX || 5 * len % 8 >= 5)
		return -1;
	for (size_t bit = 0; bit < 5 * len; bit++) {
		unsigned one =
		    (unsigned)value_of(text[bit / 5]) >> (4 - bit % 5) & 1U;

		if (bit < 8 * *n)
			r->bytes[bit / 8] |= (uint8_t)(one << (7 - bit % 8));
		else
			pad |= one;
	}
	return pad ? -1 : 0;
}

static int
canonical_fits(const char *text, size_t len, struct reread *r)
{
	memset(r->canonical, 0, sizeof(r->canonical));
	if (len < 68 || len > 255)
		return 0;
	memcpy(r->canonical, "tkc1_", 5);
	for (size_t i = 5; i < len; i++) {
		if (value_of(text[i]) < 0)
			return 0;
		r->canonical[i] = digits[value_of(text[i])];
	}
	return 1;
}

void
reread(const char *text, size_t len, struct reread *r)
{
	char want[264];
	size_t n;

	memset(r, 0, sizeof(*r));
	for (; len > 0 && is_blank(*text); len--)
		text++;
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	r->verdict = TC_NOT_A_TOKEN;
	if (!begins_like_one(text, len))
		return;
	r->verdict = TC_MALFORMED;
	if (!canonical_fits(text, len, r))
		return;
	memcpy(want, r->canonical, len - 7);
	put_checksum(want, len - 7);
	r->verdict = TC_BAD_CHECKSUM;
	if (memcmp(want, r->canonical, len) != 0)
		return;
	r->verdict = TC_MALFORMED;
	if (from_digits(r->canonical + 5, len - 12, r, &n) || n < 35 ||
	    r->bytes[0] != 0x11)
		return;
	r->kid = 256U * r->bytes[1] + r->bytes[2];
	r->caveats_len = n - 35;
	if (r->kid > 0 && caveats_fit(r))
		r->verdict = TC_VALID;
}
