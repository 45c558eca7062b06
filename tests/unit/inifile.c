/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strict reading of configuration files: what is understood comes out as
 * it stands, everything else is an error that names file and line and never
 * repeats a value.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

#include "inifile.h"

struct seen {
	char text[4096];
	const char *refuse; /* a key that is not understood */
};

static const char *
note(void *arg, const char *section, const char *key, const char *value,
     unsigned line)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);

	(void)snprintf(s->text + len, sizeof(s->text) - len, "%u[%s]%s%s%s;",
		       line, section, key ? key : "", key ? "=" : "",
		       key ? value : "");
	return key && s->refuse && strcmp(key, s->refuse) == 0 ? "is not wanted"
							       : NULL;
}

static int
parse(const char *text, size_t len, struct seen *s, struct tc_error *err)
{
	/* Of exactly that size, so that reading on is noticed. */
	char *copy = test_malloc(len + 1);
	int rc;

	memcpy(copy, text, len);
	copy[len] = '\0';
	s->text[0] = '\0';
	rc = tc_ini_parse(copy, len, "/etc/a.conf", note, s, err);
	test_free(copy);
	return rc;
}

static void
understood(void **state)
{
	static const struct {
		const char *text, *seen;
	} table[] = {
		{ "", "" },
		{ "\n", "" },
		{ "\n\n  \n\t\n", "" },
		{ "a = 1", "1[]a=1;" },
		{ "a = 1\n", "1[]a=1;" },
		{ "a=1\nb=2\n", "1[]a=1;2[]b=2;" },
		{ "a: 1\n", "1[]a=1;" },
		{ "a =   1 2  \n", "1[]a=1 2;" },
		{ "a =\n", "1[]a=;" },
		{ "a = b = c\n", "1[]a=b = c;" },
		{ "a = 1;2\n", "1[]a=1;2;" },
		{ "a = #1\n", "1[]a=#1;" },
		{ "# x\n; y\n  # z\n\t; z\na = 1\n", "5[]a=1;" },
		{ "a = 1\r\nb = 2\r\n", "1[]a=1;2[]b=2;" },
		{ "[s]\r\na = 1\r\n", "1[s];2[s]a=1;" },
		{ "[s]", "1[s];" },
		{ "[s]\n[t]\n", "1[s];2[t];" },
		{ "[s]  \t\na = 1\n\n[key 1]\nb=2", "1[s];2[s]a=1;"
						    "4[key 1];5[key 1]b=2;" },
		{ "[a]b]\n", "1[a]b];" },
		{ "a = \xc3\xbc\n", "1[]a=\xc3\xbc;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct seen s = { .refuse = NULL };
		struct tc_error err = { .text = "" };

		if (parse(table[i].text, strlen(table[i].text), &s, &err))
			fail_msg("text %zu: %s", i, err.text);
		assert_string_equal(s.text, table[i].seen);
	}
}

#define LINE50 "12345678901234567890123456789012345678901234567890"

static const struct {
	const char *text;
	unsigned line;
	const char *why; /* a part of it */
} faults[] = {
	{ "a\n", 1, "neither" },
	{ "a = 1\n\n# c\nsense\n", 4, "neither" },
	{ "= 1\na = 2\nb\n", 3, "neither" },
	{ " a = SECRET\n", 1, "white space" },
	{ "\ta = SECRET\n", 1, "white space" },
	{ "a = 1\n  SECRET\n", 2, "white space" }, /* a continuation */
	{ "a = 1\n\tSECRET\n", 2, "white space" },
	{ "a = 1\n [s]\n", 2, "white space" },
	{ "a = SECRET ; x\n", 1, "comment" },
	{ "a = SECRET ;x\n", 1, "comment" },
	{ "a = SECRET\t;x\n", 1, "comment" },
	{ "[s] ; x\n", 1, "comment" },
	{ "a = 1\n[s\n", 2, "heading" },
	{ "[]\n", 1, "heading" },
	{ "[\n", 1, "heading" },
	{ "[s] x\n", 1, "heading" },
	{ "[s]x\n", 1, "heading" },
	{ "[s] # x\n", 1, "heading" },
	{ "[" LINE50 LINE50 "]\n", 1, "heading" },
	{ "a = 1\nb = " LINE50 LINE50 LINE50 LINE50 "\n", 2, "too long" },
	{ "a = 1\n# " LINE50 LINE50 LINE50 LINE50 "\n", 2, "too long" },
	{ LINE50 LINE50 LINE50 LINE50 LINE50, 1, "too long" },
	{ "a = 1\nno = SECRET\n", 2, "no: is not wanted" },
	{ "[s]\nno = SECRET\na\n", 2, "no: is not wanted" },
	{ "no = SECRET\nno = SECRET\n", 1, "no: is not wanted" },
};

static void
not_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct seen s = { .refuse = "no" };
		struct tc_error err = { .text = "" };
		char where[40];

		if (parse(faults[i].text, strlen(faults[i].text), &s, &err) !=
		    TC_E_UNAVAILABLE)
			fail_msg("text %zu was taken", i);
		(void)snprintf(where, sizeof(where),
			       "/etc/a.conf:%u: ", faults[i].line);
		if (strncmp(err.text, where, strlen(where)) != 0 ||
		    !strstr(err.text, faults[i].why))
			fail_msg("text %zu: \"%s\"", i, err.text);
		assert_null(strstr(err.text, "SECRET"));
		assert_int_equal(err.code, TC_E_UNAVAILABLE);
	}
}

/* The longest line that inih can hold, with and without a line end. */
static void
longest_line(void **state)
{
	char text[202];
	struct seen s = { .refuse = NULL };
	struct tc_error err;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "a = ", 4);
	text[198] = '\n';
	assert_int_equal(parse(text, 199, &s, &err), TC_OK);
	assert_int_equal(strlen(s.text), strlen("1[]a=;") + 194);
	text[198] = 'x';
	assert_int_equal(parse(text, 199, &s, &err), TC_OK);
	assert_int_equal(strlen(s.text), strlen("1[]a=;") + 195);
	assert_int_equal(parse(text, 200, &s, &err), TC_E_UNAVAILABLE);
	text[199] = '\n';
	assert_int_equal(parse(text, 200, &s, &err), TC_E_UNAVAILABLE);
}

static void
nul_bytes(void **state)
{
	static const char text[] = "a = 1\n[s]\nb = 2\n";
	struct seen s = { .refuse = NULL };
	struct tc_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char copy[sizeof(text)];

		memcpy(copy, text, sizeof(text));
		copy[i] = '\0';
		assert_int_equal(parse(copy, sizeof(text) - 1, &s, &err),
				 TC_E_UNAVAILABLE);
		assert_non_null(strstr(err.text, "/etc/a.conf: "));
		assert_non_null(strstr(err.text, "NUL"));
		assert_string_equal(s.text, "");
	}
}

/* inih skips a byte order mark: what stands behind it must not slip past the
 * looks we take at every line first. */
static void
byte_order_mark(void **state)
{
	struct seen s = { .refuse = NULL };
	struct tc_error err;
	const char *text = "\xef\xbb\xbf[s]\na = 1\n";
	int rc;

	(void)state;
	rc = parse(text, strlen(text), &s, &err);
	if (rc == TC_OK)
		assert_string_equal(s.text, "1[s];2[s]a=1;");
	else
		assert_non_null(strstr(err.text, "/etc/a.conf:1: "));
}

/* A line that lost its "secret =" is split at some '=' and called a name. */
static void
never_repeats_a_secret(void **state)
{
	static const char *const texts[] = {
		"4Dt1cEOZaeEg0PZatAAoSI2QBNyYRhWXCpxfE2LVoU=\n",
		"abcdefghijklmnopqrstuvwxyzabcdef=\n",
		"0123456789abcdef=x\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char name[64];
		struct seen s = { .refuse = name };
		struct tc_error err;

		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)strcspn(texts[i], "="), texts[i]);
		assert_int_equal(parse(texts[i], strlen(texts[i]), &s, &err),
				 TC_E_UNAVAILABLE);
		assert_null(strstr(err.text, name));
		assert_non_null(strstr(err.text, "/etc/a.conf:1: "));
	}
}

/* inih counts every kind of white space as the beginning of a comment or of a
 * continuation; a value must come out whole or not at all. */
static void
rare_white_space(void **state)
{
	static const char *const texts[] = {
		"a = 1\v;2\n",	    "a = 1\f;2\n",	"a = 1\r;2\n",
		"a = 1\n\vb = 2\n", "a = 1\n\fb = 2\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct seen s = { .refuse = NULL };
		struct tc_error err;

		if (parse(texts[i], strlen(texts[i]), &s, &err) == TC_OK)
			fail_msg("text %zu was taken: %s", i, s.text);
	}
}

static void
no_error_wanted(void **state)
{
	struct seen s = { .refuse = NULL };

	(void)state;
	assert_int_equal(parse("a\n", 2, &s, NULL), TC_E_UNAVAILABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood),
		cmocka_unit_test(not_understood),
		cmocka_unit_test(longest_line),
		cmocka_unit_test(nul_bytes),
		cmocka_unit_test(byte_order_mark),
		cmocka_unit_test(never_repeats_a_secret),
		cmocka_unit_test(rare_white_space),
		cmocka_unit_test(no_error_wanted),
	};

	return cmocka_run_group_tests_name("inifile", tests, NULL, NULL);
}
