/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reutf8.h"

static const struct row {
	uint8_t first[2], second[2]; /* from and to */
	size_t len;
} rows[] = {
	{ { 0x00, 0x7f }, { 0x00, 0x00 }, 1 },
	{ { 0xc2, 0xdf }, { 0x80, 0xbf }, 2 },
	{ { 0xe0, 0xe0 }, { 0xa0, 0xbf }, 3 },
	{ { 0xe1, 0xec }, { 0x80, 0xbf }, 3 },
	{ { 0xed, 0xed }, { 0x80, 0x9f }, 3 },
	{ { 0xee, 0xef }, { 0x80, 0xbf }, 3 },
	{ { 0xf0, 0xf0 }, { 0x90, 0xbf }, 4 },
	{ { 0xf1, 0xf3 }, { 0x80, 0xbf }, 4 },
	{ { 0xf4, 0xf4 }, { 0x80, 0x8f }, 4 },
};

static int
between(uint8_t c, const uint8_t range[2])
{
	return c >= range[0] && c <= range[1];
}

static int
fits(const struct row *row, const uint8_t *text, size_t len)
{
	static const uint8_t tail[2] = { 0x80, 0xbf };

	if (!between(text[0], row->first) || len < row->len)
		return 0;
	if (row->len > 1 && !between(text[1], row->second))
		return 0;
	for (size_t i = 2; i < row->len; i++)
		if (!between(text[i], tail))
			return 0;
	return 1;
}

size_t
reutf8(const uint8_t *text, size_t len, uint32_t *code)
{
	static const uint8_t bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = rows[i].len;

		if (len == 0 || !fits(&rows[i], text, len))
			continue;
		*code = text[0] & bits[n];
		for (size_t k = 1; k < n; k++)
			*code = *code * 64 + text[k] - 0x80;
		return n;
	}
	return 0;
}

int
reutf8_plain(const uint8_t *text, size_t len)
{
	while (len > 0) {
		uint32_t code;
		size_t n = reutf8(text, len, &code);

		if (n == 0 || code < 0x20 || (code >= 0x7f && code <= 0x9f))
			return 0;
		text += n;
		len -= n;
	}
	return 1;
}
