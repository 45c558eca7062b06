/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text from people, and how a log shows what anybody sent.  The first byte of
 * the input is the room there is for it.  What fits is told by another reader
 * of UTF-8; what is escaped is plain, and stands for what it was made of.
 */
#include "text.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "reutf8.h"

/* Line ends of Unicode and what turns the direction of writing. */
static int
misleads(const char *text)
{
	static const char *const marks[] = {
		"\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d",
		"\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strstr(text, marks[i]))
			return 1;
	return 0;
}

static int
is_plain(const char *text)
{
	return reutf8_plain((const uint8_t *)text, strlen(text)) &&
	       !misleads(text);
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";

	CHECK(c && strchr(digits, c));
	return (int)(strchr(digits, c) - digits);
}

/* Undoes it; what was cut off is missing. */
static void
same(const char *text, const char *shown)
{
	while (*shown) {
		int c = *shown++;

		if (c == '\\') {
			CHECK(shown[0] == 'x');
			c = 16 * hex(shown[1]) + hex(shown[2]);
			shown += 3;
		}
		CHECK((unsigned char)*text++ == (unsigned char)c);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	size_t size = 5 + (size_t)fuzz_number(&in, 1), n, hidden;
	char *text = fuzz_rest(&in), *shown = malloc(size);

	NEED(shown);
	n = strlen(text);
	CHECK(tc_text_fits(text, 0, n) == is_plain(text));
	CHECK(tc_text_fits(text, 3, 64) ==
	      (is_plain(text) && n >= 3 && n <= 64));
	for (int word = 0; word <= 1; word++) {
		tc_escape(text, word, shown, size);
		CHECK(memchr(shown, 0, size) && is_plain(shown));
		CHECK(!strchr(shown, '"') && !(word && strchr(shown, ' ')));
		/* What looks like a token is not shown. */
		if (tc_token_in(text, &hidden))
			continue;
		same(text, shown);
		CHECK(strlen(shown) + 5 > size || strlen(shown) >= n);
	}
	free(text);
	free(shown);
	return 0;
}
