/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser and the formatter of OAUTHBEARER and XOAUTH2, by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sasl_apitoken/bearer.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define OAUTH BEARER_OAUTHBEARER
#define XOAUTH BEARER_XOAUTH2

/* With its NULs, without the one behind it. */
#define BYTES(s) (s), sizeof(s) - 1

#define LONGEST_NAME                                                           \
	"0123456789abcdef0123456789abcdef0123456789abcdef"                     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"     \
	"0123456789abcde"

static const struct {
	int mech;
	const char *message;
	size_t len;
	const char *user, *token;
} good[] = {
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1\1"), "", "t" },
	{ OAUTH, BYTES("y,,\1auth=Bearer t\1\1"), "", "t" },
	/* RFC 7628, 4.1 and 4.2 */
	{ OAUTH,
	  BYTES("n,a=user@example.com,\1host=server.example.com\1"
		"port=143\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdG"
		"EuY29tCg==\1\1"),
	  "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" },
	{ OAUTH, BYTES("n,a=a=2Cb=3Dc,\1auth=Bearer t\1\1"), "a,b=c", "t" },
	{ OAUTH, BYTES("n,a=J\303\274rgen,\1auth=Bearer t\1\1"),
	  "J\303\274rgen", "t" },
	{ OAUTH, BYTES("n,a=\360\237\246\211,\1auth=Bearer t\1\1"),
	  "\360\237\246\211", "t" },
	{ OAUTH, BYTES("n,a=" LONGEST_NAME ",\1auth=Bearer t\1\1"),
	  LONGEST_NAME, "t" },
	{ OAUTH, BYTES("n,,\1auth=bEARER t\1\1"), "", "t" },
	{ OAUTH, BYTES("n,,\1auth=Bearer    t\1\1"), "", "t" },
	{ OAUTH, BYTES("n,,\1auth=Bearer aZ09-._~+/=\1\1"), "", "aZ09-._~+/=" },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1qs=a b\t\r\n\1\1"), "", "t" },
	{ OAUTH, BYTES("n,,\1later=\1auth=Bearer t\1later=x=y\1\1"), "", "t" },
	/* Keys have case; "user" is nobody's name here. */
	{ OAUTH, BYTES("n,,\1AUTH=Bearer u\1auth=Bearer t\1user=bob\1\1"), "",
	  "t" },
	{ XOAUTH, BYTES("user=alice\1auth=Bearer t\1\1"), "alice", "t" },
	{ XOAUTH, BYTES("user=a,b=c\1auth=Bearer t\1\1"), "a,b=c", "t" },
	{ XOAUTH, BYTES("user=a=2Cb\1auth=Bearer t\1\1"), "a=2Cb", "t" },
	{ XOAUTH, BYTES("user=J\303\274rgen\1auth=bearer t\1\1"),
	  "J\303\274rgen", "t" },
	{ XOAUTH, BYTES("user=alice\1auth=Bearer t\1new=1\1\1"), "alice", "t" },
};

static const struct {
	int mech;
	const char *message;
	size_t len;
} bad[] = {
	{ OAUTH, BYTES("") },
	{ OAUTH, BYTES("\0") },
	{ OAUTH, BYTES("\1") },
	{ OAUTH, BYTES("\1\1") },
	{ OAUTH, BYTES("*") },
	{ OAUTH, BYTES("n") },
	{ OAUTH, BYTES("n,") },
	{ OAUTH, BYTES("n,,") },
	{ OAUTH, BYTES("n,,\1") },
	{ OAUTH, BYTES("n,,\1\1") }, /* no auth */
	{ OAUTH, BYTES("n,,\1host=x\1\1") },
	{ OAUTH, BYTES("n,,auth=Bearer t\1\1") }, /* no separator */
	{ OAUTH, BYTES("n,,\1auth=Bearer t") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1") },
	{ OAUTH, BYTES("n,,\1\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1\1x") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1\1\0") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1auth=Bearer t\1\1") }, /* two */
	{ OAUTH, BYTES("n,,\1auth=Bearer t\1auth=Bearer u\1\1") },
	{ OAUTH, BYTES("p=tls-unique,,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("p=,,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("x,,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("N,,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("F,n,,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,b=x,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,alice,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=x\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=a,b,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=a=b,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=a=2c,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=a=2,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=a=,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=x" LONGEST_NAME ",\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a==2C" LONGEST_NAME ",\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=al\0ice,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=al\nice,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=al\177ice,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\300\200,\1auth=Bearer t\1\1") }, /* UTF-8 */
	{ OAUTH, BYTES("n,a=\303,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\274,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\303A,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\302\205,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\340\202\274,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\355\240\200,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\364\220\200\200,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,a=\370\210\200\200\200,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t\0\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer \0t\1\1") },
	{ OAUTH, BYTES("n\0,,\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1au\0th=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer \1\1") },
	{ OAUTH, BYTES("n,,\1auth=\1\1") },
	{ OAUTH, BYTES("n,,\1auth\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bear t\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearert\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer\tt\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Basic t\1\1") },
	{ OAUTH, BYTES("n,,\1auth= Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t \1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t u\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t,u\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer =\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer t=u\1\1") },
	{ OAUTH, BYTES("n,,\1auth=Bearer \303\274\1\1") },
	{ OAUTH, BYTES("n,,\1=x\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1a1=x\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1host\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1host=\303\274\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("n,,\1host=\2\1auth=Bearer t\1\1") },
	{ OAUTH, BYTES("user=alice\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("") },
	{ XOAUTH, BYTES("\1") },
	{ XOAUTH, BYTES("user=") },
	{ XOAUTH, BYTES("user=alice") },
	{ XOAUTH, BYTES("user=alice\1") },
	{ XOAUTH, BYTES("user=alice\1\1") },
	{ XOAUTH, BYTES("user=\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("auth=Bearer t\1user=alice\1\1") },
	{ XOAUTH, BYTES("User=alice\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("user=alice\1auth=Bearer t\1") },
	{ XOAUTH, BYTES("user=alice\1auth=Bearer t") },
	{ XOAUTH, BYTES("user=alice\1auth=Bearer t\1\1\1") },
	{ XOAUTH, BYTES("user=alice\1auth=Bearer t\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("user=al\0ice\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("user=al\nice\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("user=\377\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("user=x" LONGEST_NAME "\1auth=Bearer t\1\1") },
	{ XOAUTH, BYTES("n,,\1auth=Bearer t\1\1") },
};

/* In a block of its own, so that the sanitizer sees a byte too many. */
static const char *
read_copy(int mech, const char *message, size_t len, struct bearer_request *req,
	  char **copy)
{
	*copy = malloc(len + (len == 0));
	assert_non_null(*copy);
	memcpy(*copy, message, len);
	return bearer_mechs[mech].read(req, *copy, len);
}

static void
what_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct bearer_request req;
		char *copy;
		const char *wrong;

		wrong = read_copy(good[i].mech, good[i].message, good[i].len,
				  &req, &copy);
		if (wrong != NULL)
			fail_msg("row %zu: %s", i, wrong);
		assert_string_equal(req.user, good[i].user);
		assert_int_equal(req.token_len, strlen(good[i].token));
		assert_memory_equal(req.token, good[i].token, req.token_len);
		assert_true(req.token > copy && req.token < copy + good[i].len);
		free(copy);
	}
}

static void
what_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bearer_request req;
		char *copy;

		if (read_copy(bad[i].mech, bad[i].message, bad[i].len, &req,
			      &copy) == NULL)
			fail_msg("row %zu was understood", i);
		free(copy);
	}
}

/* No beginning of a good message is one, and none is read beyond its end. */
static void
every_beginning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		for (size_t len = 0; len < good[i].len; len++) {
			struct bearer_request req;
			char *copy;

			if (read_copy(good[i].mech, good[i].message, len, &req,
				      &copy) == NULL)
				fail_msg("row %zu: %zu bytes do", i, len);
			free(copy);
		}
	}
}

/* A message of so many bytes in all. */
static char *
sized(size_t len)
{
	static const char head[] = "n,,\1auth=Bearer ";
	char *message = malloc(len);

	assert_non_null(message);
	memset(message, 't', len);
	memcpy(message, head, sizeof(head) - 1);
	memcpy(message + len - 2, "\1\1", 2);
	return message;
}

static void
size_is_bounded(void **state)
{
	static const struct {
		size_t len;
		int fits;
	} sizes[] = {
		{ BEARER_MESSAGE_MAX, 1 },
		{ BEARER_MESSAGE_MAX + 1, 0 },
		{ 16384, 0 },
		{ 1048576, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct bearer_request req;
		char *message = sized(sizes[i].len);

		assert_int_equal(bearer_mechs[OAUTH].read(&req, message,
							  sizes[i].len) == NULL,
				 sizes[i].fits);
		free(message);
	}
}

static const struct {
	int mech;
	struct bearer_offer offer;
	const char *message; /* NULL: cannot be said */
} offers[] = {
	{ OAUTH, { "", "t", 1, NULL, NULL }, "n,,\1auth=Bearer t\1\1" },
	{ OAUTH,
	  { "alice", "t", 1, "h.example.org", "143" },
	  "n,a=alice,\1host=h.example.org\1port=143\1auth=Bearer t\1\1" },
	{ OAUTH,
	  { "a,b=c", "t==", 3, "", NULL },
	  "n,a=a=2Cb=3Dc,\1auth=Bearer t==\1\1" },
	{ OAUTH,
	  { "alice", "t", 1, "h\1x",
	    "1\n"
	    "\2" },
	  "n,a=alice,\1auth=Bearer t\1\1" },
	{ XOAUTH,
	  { "a,b", "t", 1, "h.example.org", "143" },
	  "user=a,b\1auth=Bearer t\1\1" },
	{ OAUTH, { "alice", "", 0, NULL, NULL }, NULL },
	{ OAUTH, { "alice", "a b", 3, NULL, NULL }, NULL },
	{ OAUTH, { "alice", "t\1", 2, NULL, NULL }, NULL },
	{ OAUTH, { "alice", "t\0t", 3, NULL, NULL }, NULL },
	{ OAUTH, { "al\1ice", "t", 1, NULL, NULL }, NULL },
	{ XOAUTH, { "", "t", 1, NULL, NULL }, NULL },
	{ XOAUTH, { "al\1ice", "t", 1, NULL, NULL }, NULL },
};

static void
what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		const struct bearer_mech *mech = &bearer_mechs[offers[i].mech];
		const char *want = offers[i].message;
		size_t want_len = want != NULL ? strlen(want) : 0;
		struct bearer_request req;
		char out[300];

		memset(out, 'X', sizeof(out));
		if (mech->write(&offers[i].offer, out, sizeof(out)) != want_len)
			fail_msg("row %zu: another length", i);
		if (want == NULL)
			continue;
		assert_memory_equal(out, want, want_len);
		assert_int_equal(out[want_len], 'X');
		/* and is understood */
		assert_null(mech->read(&req, out, want_len));
		assert_string_equal(req.user, offers[i].offer.user);
		/* and is not cut off where there is no room */
		for (size_t room = 0; room < want_len; room++)
			assert_int_equal(
			    mech->write(&offers[i].offer, out, room), 0);
		assert_int_equal(mech->write(&offers[i].offer, out, want_len),
				 want_len);
	}
}

static void
how_it_refuses(void **state)
{
	static const struct {
		int mech, why;
		const char *scope, *json;
	} rows[] = {
		{ OAUTH, BEARER_REFUSED, NULL,
		  "{\"status\":\"invalid_token\"}" },
		{ OAUTH, BEARER_REFUSED, "mail imap",
		  "{\"status\":\"invalid_token\",\"scope\":\"mail imap\"}" },
		{ OAUTH, BEARER_MALFORMED, NULL,
		  "{\"status\":\"invalid_request\"}" },
		{ XOAUTH, BEARER_REFUSED, "mail",
		  "{\"status\":\"401\",\"schemes\":\"bearer\","
		  "\"scope\":\"mail\"}" },
		{ XOAUTH, BEARER_MALFORMED, NULL,
		  "{\"status\":\"400\",\"schemes\":\"bearer\"}" },
	};
	char out[BEARER_ERROR_MAX], scope[BEARER_SCOPE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = bearer_error(&bearer_mechs[rows[i].mech],
					  (enum bearer_refusal)rows[i].why,
					  rows[i].scope, out);

		assert_string_equal(out, rows[i].json);
		assert_int_equal(len, strlen(rows[i].json));
	}
	/* The longest scope has room in it. */
	memset(scope, 's', sizeof(scope));
	scope[BEARER_SCOPE_MAX] = '\0';
	assert_true(bearer_scope_fits(scope));
	for (int mech = 0; mech < BEARER_MECHS; mech++)
		assert_int_not_equal(bearer_error(&bearer_mechs[mech],
						  BEARER_MALFORMED, scope, out),
				     0);
	scope[BEARER_SCOPE_MAX] = 's';
	scope[BEARER_SCOPE_MAX + 1] = '\0';
	assert_false(bearer_scope_fits(scope));
}

static void
what_a_scope_is(void **state)
{
	static const char *const fits[] = { "mail", "a b", "x:y/z!", "~" };
	static const char *const not [] = {
		"",	" ",	"a ",	 " a",	"a  b",	    "a\"b",
		"a\\b", "a\tb", "a\177", "a\n", "\303\274",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fits); i++)
		assert_true(bearer_scope_fits(fits[i]));
	for (size_t i = 0; i < ARRAY_LEN(not ); i++)
		assert_false(bearer_scope_fits(not [i]));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_understood),
		cmocka_unit_test(what_is_not),
		cmocka_unit_test(every_beginning),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(how_it_refuses),
		cmocka_unit_test(what_a_scope_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
