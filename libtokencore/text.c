/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "token.h"

/* How many bytes the character takes; 0 for a control character or for what
 * RFC 3629 does not allow. */
static size_t
char_len(const unsigned char *p)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = p[0];
	size_t n = c < 0x80   ? 1
		   : c < 0xc0 ? 0
		   : c < 0xe0 ? 2
		   : c < 0xf0 ? 3
		   : c < 0xf8 ? 4
			      : 0;

	if (n == 1)
		return c >= 0x20 && c != 0x7f;
	if (n == 0)
		return 0;
	c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = (c << 6) | (p[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    c < 0xa0)
		return 0;
	/* Line and paragraph separators, and marks that turn the direction
	 * of what follows, would let a label forge a log line's look. */
	if (c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

int
tc_text_fits(const char *text, size_t min, size_t max)
{
	size_t len = strnlen(text, max + 1), at = 0;

	if (len < min || len > max)
		return 0;
	while (at < len) {
		size_t n = char_len((const unsigned char *)text + at);

		if (n == 0)
			return 0;
		at += n;
	}
	return 1;
}

void
tc_escape(const char *text, int word, char *out, size_t size)
{
	const unsigned char *p = (const unsigned char *)text;
	char *const start = out;

	while (*p && size > 4) {
		size_t n = char_len(p);

		if (*p == '"' || *p == '\\' || (word && *p == ' '))
			n = 0;
		if (n == 0) {
			(void)snprintf(out, 5, "\\x%02x", *p);
			p++;
			out += 4;
			size -= 4;
			continue;
		}
		memcpy(out, p, n);
		p += n;
		out += n;
		size -= n;
	}
	*out = '\0';
	tc_token_hide(start);
}
