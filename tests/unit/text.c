/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which text is acceptable, and how the rest looks in a log. */
#include "common.h"

#include "text.h"

static const char *const good[] = {
	"a",
	"laptop",
	"a b",
	"~",
	" ",
	"J\xc3\xbcrgen",
	"\xc2\xa0", /* U+00A0, the first of two bytes */
	"\xdf\xbf",
	"\xe0\xa0\x80",
	"\xe6\x97\xa5\xe6\x9c\xac",
	"\xed\x9f\xbf",
	"\xee\x80\x80",
	"\xef\xbf\xbf",
	"\xf0\x90\x80\x80",
	"\xf0\x9f\x94\x91",
	"\xf4\x8f\xbf\xbf",
	"\xe2\x80\xa7",
	"\xe2\x80\xaf",
	"\xe2\x81\xa5",
	"\xe2\x81\xaa",
};

static const char *const bad[] = {
	"\x01",
	"\t",
	"\n",
	"\r",
	"\x1b",
	"\x1f",
	"\x7f",
	"a\nb",
	"\x80",
	"\xbf", /* nothing to continue */
	"\xc2",
	"\xe2\x82",
	"\xf0\x9f\x94",
	("\xc2"
	 "a"),
	("\xe2\x82"
	 "a"),
	"\xc0\x80",
	"\xc1\xbf", /* longer than need be */
	"\xe0\x80\x80",
	"\xe0\x9f\xbf",
	"\xf0\x80\x80\x80",
	"\xf0\x8f\xbf\xbf",
	"\xed\xa0\x80",
	"\xed\xbf\xbf", /* surrogates */
	"\xf4\x90\x80\x80",
	"\xf7\xbf\xbf\xbf", /* past the last one */
	"\xf8\x88\x80\x80\x80",
	"\xfc\x84\x80\x80\x80\x80",
	"\xfe",
	"\xff",
	"\xc2\x80",
	"\xc2\x85",
	"\xc2\x9b",
	"\xc2\x9f", /* C1 controls */
	"\xe2\x80\xa8",
	"\xe2\x80\xa9", /* line, paragraph separator */
	"\xe2\x80\xaa",
	"\xe2\x80\xae",
	"\xe2\x81\xa6",
	"\xe2\x81\xa9",
	"caf\xe9", /* Latin-1 */
};

static void
characters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!tc_text_fits(good[i], 1, 100))
			fail_msg("good text %zu was refused", i);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (tc_text_fits(bad[i], 1, 100))
			fail_msg("bad text %zu was taken", i);
}

static void
every_byte(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[] = { 'a', (char)c, 'b', '\0' };

		assert_int_equal(tc_text_fits(text, 1, 3),
				 c >= 0x20 && c < 0x7f);
	}
}

static void
lengths(void **state)
{
	(void)state;
	assert_true(tc_text_fits("", 0, 5));
	assert_false(tc_text_fits("", 1, 5));
	assert_true(tc_text_fits("12345", 1, 5));
	assert_false(tc_text_fits("123456", 1, 5));
	assert_false(tc_text_fits("12", 3, 5));
	assert_true(tc_text_fits("\xc3\xbc\xc3\xbc", 1, 4)); /* bytes count */
	assert_false(tc_text_fits("\xc3\xbc\xc3\xbc", 1, 3));
}

static void
escaping(void **state)
{
	static const struct {
		const char *text;
		int word;
		const char *out;
	} table[] = {
		{ "", 0, "" },
		{ "alice", 0, "alice" },
		{ "a b", 0, "a b" },
		{ "a b", 1, "a\\x20b" },
		{ "a\nb\r\t", 0, "a\\x0ab\\x0d\\x09" },
		{ "\x1b[31m", 0, "\\x1b[31m" },
		{ "\x7f", 0, "\\x7f" },
		{ "say \"x\"", 0, "say \\x22x\\x22" },
		{ "\\x41", 0, "\\x5cx41" },
		{ "J\xc3\xbcrgen", 0, "J\xc3\xbcrgen" },
		{ "caf\xe9", 0, "caf\\xe9" },
		{ "\xc3", 0, "\\xc3" },
		{ "\xc0\x80", 0, "\\xc0\\x80" },
		{ "\xe2\x80\xa8", 0, "\\xe2\\x80\\xa8" },
		{ "\xc2\x9b", 0, "\\xc2\\x9b" },
		{ "user=x reason=valid", 1, "user=x\\x20reason=valid" },
		{ "'%s%n$(id)`;", 0, "'%s%n$(id)`;" },
		/* Tokens in the wrong field. */
		{ "tkc1_24003851maht99d6mymakanbn", 0, "tkc1_..." },
		{ "alice:TKCl_24OO3851MAHT99D6M/x", 0, "alice:TKCl_.../x" },
		{ "tkc1_00000000 tkc1_00000000", 1, "tkc1_...\\x20tkc1_..." },
		{ "tkc1_tkc1_24003851", 0, "tkc1_..." },
		{ "tkc1_backup", 0, "tkc1_backup" },
		{ "tkc1_", 0, "tkc1_" },
		{ "tkc1_!24003851", 0, "tkc1_!24003851" },
		{ "tkc2_24003851", 0, "tkc2_24003851" },
		{ "_24003851", 0, "_24003851" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char out[64];

		memset(out, 'X', sizeof(out));
		tc_escape(table[i].text, table[i].word, out, sizeof(out));
		assert_string_equal(out, table[i].out);
	}
}

/* Cut off between characters, never behind the end. */
static void
escaping_into_little_room(void **state)
{
	static const char text[] = "a\xc3\xbc\n\xf0\x9f\x94\x91\"z\xff";
	static const char whole[] = "a\xc3\xbc\\x0a\xf0\x9f\x94\x91\\x22z"
				    "\\xff";

	(void)state;
	for (size_t size = 1; size <= 40; size++) {
		char *out = test_malloc(size);
		size_t len;

		tc_escape(text, 0, out, size);
		len = strlen(out);
		assert_true(len < size);
		assert_memory_equal(out, whole, len);
		assert_true(tc_text_fits(out, 0, size));
		if (size > 24)
			assert_string_equal(out, whole);
		test_free(out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(lengths),
		cmocka_unit_test(escaping),
		cmocka_unit_test(escaping_into_little_room),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
