/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decimal numbers: bounds, and nothing before or behind. */
#include "common.h"

#include "number.h"

static void
good(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
	} table[] = {
		{ "0", 0, 0 },
		{ "0", 5, 0 },
		{ "5", 5, 5 },
		{ "7", 9, 7 },
		{ "10", 10, 10 },
		{ "32", 32, 32 },
		{ "128", 128, 128 },
		{ "65535", 65535, 65535 },
		{ "007", 9, 7 },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX },
		{ "18446744073709551614", UINT64_MAX - 1, UINT64_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint64_t n = 77;

		if (tc_number(table[i].text, table[i].max, &n))
			fail_msg("\"%s\" was refused", table[i].text);
		assert_true(n == table[i].value);
	}
}

static void
bad(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
	} table[] = {
		{ "", 9 },
		{ " 1", 9 },
		{ "1 ", 9 },
		{ "+1", 9 },
		{ "-1", 9 },
		{ "0x1", 99 },
		{ "1e1", 99 },
		{ "1.0", 99 },
		{ "a", 99 },
		{ "1\n", 9 },
		{ "\xd9\xa1", 9 },
		{ "1", 0 },
		{ "9", 0 },
		{ "6", 5 },
		{ "9", 5 },
		{ "8", 7 },
		{ "10", 9 },
		{ "11", 10 },
		{ "19", 10 },
		{ "33", 32 },
		{ "39", 32 },
		{ "129", 128 },
		{ "65536", 65535 },
		{ "99999", 65535 },
		{ "18446744073709551615", UINT64_MAX - 1 },
		{ "18446744073709551616", UINT64_MAX },
		{ "99999999999999999999", UINT64_MAX },
		{ "184467440737095516150", UINT64_MAX },
		{ "00000000000000000000000000000000001", 9 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint64_t n = 77;

		if (tc_number(table[i].text, table[i].max, &n) != -1)
			fail_msg("\"%s\" was taken, at most %llu",
				 table[i].text,
				 (unsigned long long)table[i].max);
		assert_true(n == 77);
	}
}

static void
some_characters(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_int_equal(tc_digits("12345", 3, 999, &n), 0);
	assert_true(n == 123);
	assert_int_equal(tc_digits("12x45", 3, 999, &n), -1);
	assert_int_equal(tc_digits("12345", 0, 999, &n), -1);
	assert_int_equal(tc_digits("12", 3, 999, &n), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(some_characters),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
