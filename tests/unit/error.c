/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an error says, and which code an errno becomes. */
#include "common.h"

#include <errno.h>
#include <stdio.h>

#include "error.h"

static void
every_code_has_words(void **state)
{
	(void)state;
	for (int i = TC_OK; i <= TC_E_NOMEM; i++) {
		assert_true(strlen(tc_strerror(i)) > 0);
		assert_string_not_equal(tc_strerror(i), "unknown error");
		for (int j = TC_OK; j < i; j++)
			assert_string_not_equal(tc_strerror(i), tc_strerror(j));
	}
}

static void
others_have_none(void **state)
{
	static const int table[] = { -1, TC_E_NOMEM + 1, INT32_MIN, INT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_string_equal(tc_strerror(table[i]), "unknown error");
}

static void
errno_becomes_a_code(void **state)
{
	static const struct {
		int number, code;
	} table[] = {
		{ EACCES, TC_E_PERMISSION },
		{ EPERM, TC_E_PERMISSION },
		{ ENOMEM, TC_E_NOMEM },
		{ EIO, TC_E_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_error err;
		char text[128]; /* in the words of the libc */

		(void)snprintf(text, sizeof(text), "keys: %s",
			       strerror(table[i].number));
		errno = table[i].number;
		assert_int_equal(tc_fail_errno(&err, "%s", "keys"),
				 table[i].code);
		assert_int_equal(err.code, table[i].code);
		assert_string_equal(err.text, text);
		assert_int_equal(errno, table[i].number);

		/* A caller may not want to know more. */
		assert_int_equal(tc_fail_errno(NULL, "%s", "keys"),
				 table[i].code);
	}
}

static void
too_long_is_cut_off(void **state)
{
	struct tc_error err;
	char path[2 * sizeof(err.text)];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	errno = EIO;
	assert_int_equal(tc_fail_errno(&err, "%s", path), TC_E_UNAVAILABLE);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, path, sizeof(err.text) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_words),
		cmocka_unit_test(others_have_none),
		cmocka_unit_test(errno_becomes_a_code),
		cmocka_unit_test(too_long_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
