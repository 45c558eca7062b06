/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base32.h"

#include <string.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void
tc_b32_encode(const unsigned char *in, size_t len, char *out)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8) | in[i];
		for (have += 8; have >= 5; have -= 5)
			*out++ = alphabet[(bits >> (have - 5)) & 31];
	}
	if (have > 0)
		*out++ = alphabet[(bits << (5 - have)) & 31];
	*out = '\0';
}

char
tc_b32_canonical(char c)
{
	static const char typed[] = "ABCDEFGHJKMNPQRSTVWXYZOoIiLl";
	static const char meant[] = "abcdefghjkmnpqrstvwxyz001111";
	const char *at = c ? strchr(typed, c) : NULL;

	if (at)
		return meant[at - typed];
	at = c ? strchr(alphabet, c) : NULL;
	if (at)
		return *at;
	return '\0';
}

int
tc_b32_decode(const char *in, size_t len, unsigned char *out)
{
	uint32_t bits = 0;
	unsigned have = 0;

	if (TC_B32_CHARS(TC_B32_BYTES(len)) != len)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const char *at = in[i] ? strchr(alphabet, in[i]) : NULL;

		if (!at)
			return -1;
		bits = (bits << 5) | (uint32_t)(at - alphabet);
		have += 5;
		if (have >= 8) {
			have -= 8;
			*out++ = (unsigned char)(bits >> have);
		}
	}
	return (bits & ((1U << have) - 1)) == 0 ? 0 : -1;
}

uint32_t
tc_crc32(const char *text, size_t len)
{
	uint32_t crc = 0xffffffffU;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1)));
	}
	return crc ^ 0xffffffffU;
}
