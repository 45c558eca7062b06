/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of caveats: which are well formed, and what they say. */
#include "common.h"

#include "caveat.h"

#define LIST(text) text, sizeof(text) - 1
#define TIME "\1\5\0\x6b\x49\xd2\0"
#define NAME32 "abcdefghijklmnopqrstuvwxyz012345"

struct list {
	const char *bytes;
	size_t len;
	int n;
};

static const struct list good[] = {
	{ LIST(""), 0 },
	{ LIST(TIME), 1 },
	{ LIST(TIME TIME TIME TIME TIME TIME TIME TIME), 8 },
	{ LIST("\2\4imap"), 1 },
	{ LIST("\2\1a\2\1b"), 2 },
	{ LIST("\2\x09imap,smtp"), 1 },
	{ LIST("\2\x0f"
	       "a,b,c,d,e,f,g,h"),
	  1 },
	{ LIST("\2\x20" NAME32), 1 },
	{ LIST("\2\6a.b-c_"), 1 },
	{ LIST("\3\5\xc0\0\2\0\x18"), 1 },
	{ LIST("\3\5\0\0\0\0\0"), 1 },
	{ LIST("\3\5\xff\xff\xff\xff\x20"), 1 },
	{ LIST("\3\x11\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x20"), 1 },
	{ LIST("\3\x11\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x80"), 1 },
};

static const struct list bad[] = {
	{ LIST("\1"), -1 }, /* cut off */
	{ LIST("\1\5"), -1 },
	{ LIST("\1\5\0\0\0\0"), -1 },
	{ LIST("\2\5imap"), -1 },
	{ LIST(TIME "\2"), -1 },
	{ LIST("\2\xffimap"), -1 },
	{ LIST("\0\0"), -1 }, /* of no known type */
	{ LIST("\0\5\0\0\0\0\0"), -1 },
	{ LIST("\4\5\0\0\0\0\0"), -1 },
	{ LIST("\x80\5\0\0\0\0\0"), -1 },
	{ LIST("\xff\0"), -1 },
	{ LIST(TIME "\4\1x"), -1 },
	{ LIST("\1\0"), -1 }, /* times */
	{ LIST("\1\4\0\0\0\0"), -1 },
	{ LIST("\1\6\0\0\0\0\0\0"), -1 },
	{ LIST("\1\x08\0\0\0\0\0\0\0\0"), -1 },
	{ LIST("\2\0"), -1 }, /* services */
	{ LIST("\2\1,"), -1 },
	{ LIST("\2\2a,"), -1 },
	{ LIST("\2\2,a"), -1 },
	{ LIST("\2\4a,,b"), -1 },
	{ LIST("\2\4IMAP"), -1 },
	{ LIST("\2\3a b"), -1 },
	{ LIST("\2\2a\0"), -1 },
	{ LIST("\2\1\0"), -1 },
	{ LIST("\2\3a/b"), -1 },
	{ LIST("\2\2\xc3\xa9"), -1 },
	{ LIST("\2\x21" NAME32 "6"), -1 },
	{ LIST("\2\x11"
	       "a,b,c,d,e,f,g,h,i"),
	  -1 },
	{ LIST("\3\0"), -1 }, /* sources */
	{ LIST("\3\4\xc0\0\2\0"), -1 },
	{ LIST("\3\5\xc0\0\2\0\x21"), -1 },
	{ LIST("\3\5\xc0\0\2\0\xff"), -1 },
	{ LIST("\3\6\xc0\0\2\0\0\x18"), -1 },
	{ LIST("\3\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), -1 },
	{ LIST("\3\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x81"), -1 },
	{ LIST("\3\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80"), -1 },
	{ LIST(TIME TIME TIME TIME TIME TIME TIME TIME TIME), -1 },
	{ LIST("\2\1a\2\1a\2\1a\2\1a\2\1a\2\1a\2\1a\2\1a\2\1a"), -1 },
};

/* From memory of exactly that size, so that reading on is noticed. */
static int
check(const struct list *l)
{
	unsigned char *copy = test_malloc(l->len ? l->len : 1);
	int n;

	memcpy(copy, l->bytes, l->len);
	n = tc_caveats_check(copy, l->len);
	test_free(copy);
	return n;
}

static void
well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (check(&good[i]) != good[i].n)
			fail_msg("good list %zu: %d", i, check(&good[i]));
}

static void
malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (check(&bad[i]) != -1)
			fail_msg("bad list %zu: %d", i, check(&bad[i]));
}

static void
every_beginning(void **state)
{
	static const struct list whole = { LIST(TIME "\2\x09imap,"
						     "smtp\3\5\xc0\0\2\0\x18\2"
						     "\1x"),
					   4 };
	static const size_t ends[] = { 0, 7, 18, 25, 28 };
	size_t e = 0;

	(void)state;
	for (size_t len = 0; len <= whole.len; len++) {
		struct list l = { whole.bytes, len, 0 };
		int want = len == ends[e] ? (int)e++ : -1;

		assert_int_equal(check(&l), want);
	}
	assert_int_equal(e, ARRAY_LEN(ends));
}

static void
decoded(void **state)
{
	static const struct list l = { LIST("\1\5\xff\xff\xff\xff\xff\2\x09imap"
					    ",smtp"
					    "\3\5\xc0\0\2\0\x18"
					    "\3\x11\x20\1\r\xb8\0\0\0\0\0\0\0\0"
					    "\0\0\0\1\x80"),
				       4 };
	struct tc_caveat c[TC_CAVEATS_MAX];
	char text[48];

	(void)state;
	memset(c, 0xaa, sizeof(c));
	assert_int_equal(
	    tc_caveats_decode((const unsigned char *)l.bytes, l.len, c), 4);
	assert_int_equal(c[0].type, TC_CAVEAT_NOT_AFTER);
	assert_true(c[0].not_after == INT64_C(0xffffffffff));
	assert_int_equal(c[1].type, TC_CAVEAT_SERVICE);
	assert_string_equal(c[1].services, "imap,smtp");
	assert_int_equal(c[2].type, TC_CAVEAT_SOURCE);
	tc_format_source(&c[2].source, text);
	assert_string_equal(text, "192.0.2.0/24");
	assert_int_equal(c[3].type, TC_CAVEAT_SOURCE);
	tc_format_source(&c[3].source, text);
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(tc_caveats_decode(NULL, 0, c), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed),
		cmocka_unit_test(malformed),
		cmocka_unit_test(every_beginning),
		cmocka_unit_test(decoded),
	};

	return cmocka_run_group_tests_name("caveat", tests, NULL, NULL);
}
