/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Narrowing: what a holder makes alone is what the library verifies, never
 * more than the token was, and nothing at all when one limit is none.
 * reference.t compares with another implementation.
 */
#include "host.h"

#include <stdio.h>

static const char alice[] = "tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmera"
			    "093qkebdc59wkn11gg";
static const char until_2027[] = "tkc1_"
				 "24003851maht99d6mymakanbnjptxbr10m06pjej00tzw"
				 "zg6td4n"
				 "wmez8nzre28akyb067yvga0";

static struct tc_caveat
until(int64_t t)
{
	return (struct tc_caveat){ .type = TC_CAVEAT_NOT_AFTER,
				   .not_after = t };
}

static struct tc_caveat
services(const char *joined)
{
	struct tc_caveat c = { .type = TC_CAVEAT_SERVICE };

	(void)snprintf(c.services, sizeof(c.services), "%s", joined);
	return c;
}

static struct tc_caveat
from(const char *network)
{
	struct tc_caveat c = { .type = TC_CAVEAT_SOURCE };

	assert_int_equal(tc_parse_source(network, &c.source, NULL), TC_OK);
	return c;
}

/* Refused: the sentence holds `why`, and nothing is given out. */
static void
refused(const char *text, size_t len, const struct tc_caveat *caveats, size_t n,
	const char *why)
{
	char out[TC_TOKEN_MAX + 1];
	struct tc_error err = { .code = TC_OK };

	memset(out, 'x', sizeof(out));
	assert_int_equal(tc_narrow(text, len, caveats, n, out, &err),
			 TC_E_INVALID);
	assert_int_equal(err.code, TC_E_INVALID);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" and not \"%s\"", err.text, why);
	assert_null(strstr(err.text, "tkc1"));
	assert_int_equal(out[0], '\0');
	/* Also without anyone to be told. */
	out[0] = 'x';
	assert_int_equal(tc_narrow(text, len, caveats, n, out, NULL),
			 TC_E_INVALID);
	assert_int_equal(out[0], '\0');
}

static void
narrowed(const char *text, const struct tc_caveat *caveats, size_t n,
	 char out[TC_TOKEN_MAX + 1])
{
	struct tc_error err;

	if (tc_narrow(text, strlen(text), caveats, n, out, &err) != TC_OK)
		fail_msg("%s", err.text);
}

static void
known_answer(void **state)
{
	const struct tc_caveat c = until(1800000000);
	char out[TC_TOKEN_MAX + 1], typed[TC_TOKEN_MAX + 8];
	size_t n = 2;

	(void)state;
	narrowed(alice, &c, 1, out);
	assert_string_equal(out, until_2027);
	/* As someone types it. */
	typed[0] = ' ';
	typed[1] = '\t';
	for (const char *p = alice; *p; p++)
		typed[n++] = *p == '0'		      ? 'O'
			     : *p == '1'	      ? 'l'
			     : *p >= 'a' && *p <= 'z' ? (char)(*p - 32)
						      : *p;
	memcpy(typed + n, "\r\n", 3);
	narrowed(typed, &c, 1, out);
	assert_string_equal(out, until_2027);
	/* In place, and without a NUL behind it. */
	memcpy(out, alice, sizeof(alice));
	assert_int_equal(tc_narrow(out, strlen(out), &c, 1, out, NULL), TC_OK);
	assert_string_equal(out, until_2027);
	memcpy(typed, alice, strlen(alice));
	memset(typed + strlen(alice), '~', 8);
	assert_int_equal(tc_narrow(typed, strlen(alice), &c, 1, out, NULL),
			 TC_OK);
	assert_string_equal(out, until_2027);
}

/* Several at once are the same as one after the other, in that order. */
static void
step_by_step(void **state)
{
	const struct tc_caveat c[] = { services("imap,smtp"), until(4000000000),
				       from("192.0.2.0/24"),
				       from("2001:db8::/32") };
	char all[TC_TOKEN_MAX + 1], step[TC_TOKEN_MAX + 1];
	struct tc_inspected seen;

	(void)state;
	narrowed(alice, c, ARRAY_LEN(c), all);
	narrowed(alice, c, 1, step);
	for (size_t i = 1; i < ARRAY_LEN(c); i++)
		narrowed(step, &c[i], 1, step);
	assert_string_equal(step, all);
	assert_int_equal(tc_inspect(all, strlen(all), &seen), TC_VALID);
	assert_string_equal(seen.id, "k7mm6hetf9w81mhq2mpvx68f");
	assert_int_equal(seen.n_caveats, ARRAY_LEN(c));
	assert_string_equal(seen.caveats[0].services, "imap,smtp");
	assert_true(seen.caveats[1].not_after == 4000000000);
	for (size_t i = 2; i < 4; i++)
		assert_memory_equal(&seen.caveats[i].source, &c[i].source,
				    sizeof(c[i].source));
}

static void
counts(void **state)
{
	struct tc_caveat c[TC_CAVEATS_MAX + 1];
	char out[TC_TOKEN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = until(1800000000 + (int64_t)i);
	narrowed(alice, c, TC_CAVEATS_MAX, out);
	refused(alice, strlen(alice), c, TC_CAVEATS_MAX + 1, "at most 8");
	refused(out, strlen(out), c, 1, "at most 8");
	refused(alice, strlen(alice), c, 0, "no limit");
	/* One that is none spoils the ones before it. */
	c[2].not_after = -1;
	refused(alice, strlen(alice), c, 3, "not a limit");
}

/* 116 bytes of caveats make 254 characters. */
static void
lengths(void **state)
{
	static const char name32[] = "abcdefghijklmnopqrstuvwxyz012345";
	const struct tc_caveat long_ones[] = { services(name32),
					       services(name32),
					       services(name32) };
	char out[TC_TOKEN_MAX + 1], more[TC_TOKEN_MAX + 1], joined[264];
	struct tc_caveat c;

	(void)state;
	narrowed(alice, long_ones, 3, out);
	for (int n = 1; n <= 32; n++) {
		(void)snprintf(joined, sizeof(joined), "%.*s", n, name32);
		c = services(joined);
		if (n > 12) {
			refused(out, strlen(out), &c, 1, "255 characters");
			continue;
		}
		narrowed(out, &c, 1, more);
		if (n == 12)
			assert_int_equal(strlen(more), 254);
	}
	/* One caveat that would be too much alone: 4 names are 131 bytes. */
	(void)snprintf(joined, sizeof(joined), "%s,%s,%s,%s", name32, name32,
		       name32, name32);
	c = services(joined);
	refused(alice, strlen(alice), &c, 1, "255 characters");
	memset(c.services, 'a', sizeof(c.services)); /* no end at all */
	refused(alice, strlen(alice), &c, 1, "not a limit");
	for (size_t i = 32; i < sizeof(c.services); i += 33)
		c.services[i] = ',';
	refused(alice, strlen(alice), &c, 1, "not a limit");
	c.services[255] = '\0';
	refused(alice, strlen(alice), &c, 1, "255 characters");
}

static void
service_names(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"imap,",
		",imap",
		"imap,,smtp",
		"IMAP",
		"imap ",
		" imap",
		"imap smtp",
		"imap, smtp",
		"im/ap",
		"imap\n",
		"im\xc3\xa4p",
		"*",
		"a,b,c,d,e,f,g,h,i",
		"abcdefghijklmnopqrstuvwxyz0123456",
		"imap;smtp",
		"im\"ap",
		"\x7f",
	};
	static const char *const good[] = {
		"a",
		"imap",
		"a,b,c,d,e,f,g,h",
		"sshd,su-l,x_y,a.b,-,.,_,0",
		"abcdefghijklmnopqrstuvwxyz012345",
		"imap,imap",
	};
	char out[TC_TOKEN_MAX + 1];
	struct tc_inspected seen;
	struct tc_caveat c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c = services(bad[i]);
		refused(alice, strlen(alice), &c, 1, "not a limit");
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		c = services(good[i]);
		narrowed(alice, &c, 1, out);
		assert_int_equal(tc_inspect(out, strlen(out), &seen), TC_VALID);
		assert_string_equal(seen.caveats[0].services, good[i]);
	}
}

static void
times_and_sources(void **state)
{
	static const int64_t bad_times[] = { -1, INT64_C(1) << 40, INT64_MAX,
					     INT64_MIN };
	static const int64_t good_times[] = { 0, 1, 1800000000,
					      (INT64_C(1) << 40) - 1 };
	static const struct tc_source bad_sources[] = {
		{ .family = 0 },
		{ .family = 5 },
		{ .family = 4, .prefix = 33 },
		{ .family = 6, .prefix = 129 },
		{ .family = 4, .prefix = 24, .addr = { 192, 0, 2, 1 } },
		{ .family = 6, .prefix = 0, .addr = { [15] = 1 } },
	};
	char out[TC_TOKEN_MAX + 1];
	struct tc_inspected seen;
	struct tc_caveat c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_times); i++) {
		c = until(bad_times[i]);
		refused(alice, strlen(alice), &c, 1, "not a limit");
	}
	for (size_t i = 0; i < ARRAY_LEN(good_times); i++) {
		c = until(good_times[i]);
		narrowed(alice, &c, 1, out);
		assert_int_equal(tc_inspect(out, strlen(out), &seen), TC_VALID);
		assert_true(seen.caveats[0].not_after == good_times[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_sources); i++) {
		c = (struct tc_caveat){ .type = TC_CAVEAT_SOURCE,
					.source = bad_sources[i] };
		refused(alice, strlen(alice), &c, 1, "not a limit");
	}
	for (int type = -1; type < 300; type++) {
		c = until(1800000000);
		c.type = (enum tc_caveat_type)type;
		if (type < 1 || type > 3)
			refused(alice, strlen(alice), &c, 1, "not a limit");
	}
}

static void
damaged_input(void **state)
{
	const struct tc_caveat c = until(1800000000);
	char text[sizeof(until_2027) + 1];
	size_t len = sizeof(until_2027) - 1;

	(void)state;
	refused("", 0, &c, 1, "not-a-token");
	refused("password", 8, &c, 1, "not-a-token");
	for (size_t n = 0; n < len; n++)
		refused(until_2027, n, &c, 1, n < 5 ? "not-a-token" : "");
	for (size_t i = 5; i < len; i++) {
		memcpy(text, until_2027, sizeof(until_2027));
		text[i] = text[i] == 'x' ? 'y' : 'x';
		refused(text, len, &c, 1, "bad-checksum");
		text[i] = '\0';
		refused(text, len, &c, 1, "malformed");
	}
	memcpy(text, until_2027, sizeof(until_2027));
	text[len] = 'x';
	refused(text, len + 1, &c, 1, "bad-checksum");
}

/* ---- what the library makes of them ---- */

static void
limit(struct test_login *l, struct tc_caveat c)
{
	narrowed(l->token, &c, 1, l->token);
}

static void
each_limit_holds(void **state)
{
	const struct tc_create spec = { .user = "unit-alice",
					.label = "laptop" };
	struct test_login l = test_login(*state, &spec);
	int64_t now = l.rec->created, end = now + 1000;

	EXPECT(&l, "unit-alice", "sshd", NULL, end + 1, TC_VALID);
	limit(&l, until(end));
	EXPECT(&l, "unit-alice", "sshd", NULL, end, TC_VALID);
	EXPECT(&l, "unit-bob", "sshd", NULL, end, TC_WRONG_USER);
	EXPECT(&l, "unit-alice", "sshd", NULL, end + 1, TC_EXPIRED);
	assert_true(l.res.expires == end + 1);
	limit(&l, until(end + 5000)); /* no way back */
	EXPECT(&l, "unit-alice", "sshd", NULL, end + 1, TC_EXPIRED);
	limit(&l, services("imap,smtp"));
	EXPECT(&l, "unit-alice", "sshd", NULL, now, TC_WRONG_SERVICE);
	EXPECT(&l, "unit-alice", "smtp", NULL, now, TC_VALID);
	limit(&l, services("smtp,sshd"));
	EXPECT(&l, "unit-alice", "imap", NULL, now, TC_WRONG_SERVICE);
	EXPECT(&l, "unit-alice", "sshd", NULL, now, TC_WRONG_SERVICE);
	EXPECT(&l, "unit-alice", "smtp", NULL, now, TC_VALID);
	limit(&l, from("192.0.2.0/24"));
	EXPECT(&l, "unit-alice", "smtp", NULL, now, TC_WRONG_SOURCE);
	EXPECT(&l, "unit-alice", "smtp", "192.0.3.1", now, TC_WRONG_SOURCE);
	EXPECT(&l, "unit-alice", "smtp", "2001:db8::1", now, TC_WRONG_SOURCE);
	EXPECT(&l, "unit-alice", "smtp", "192.0.2.1", now, TC_VALID);
	limit(&l, from("::/0")); /* and never both */
	EXPECT(&l, "unit-alice", "smtp", "192.0.2.1", now, TC_WRONG_SOURCE);
	EXPECT(&l, "unit-alice", "smtp", "2001:db8::1", now, TC_WRONG_SOURCE);
	assert_string_equal(l.res.id, l.rec->id);
	tc_record_free(l.rec);
}

/* One revocation ends the whole family. */
static void
the_family_ends(void **state)
{
	const struct tc_create spec = { .user = "unit-alice",
					.label = "laptop" };
	struct test_host *host = *state;
	struct test_login whole = test_login(host, &spec), part = whole;
	const char *id = whole.rec->id;

	limit(&part, services("imap"));
	EXPECT(&part, NULL, "imap", NULL, 0, TC_VALID);
	assert_int_equal(
	    tc_revoke(host->h, &test_actor, &id, 1, "", &host->err), TC_OK);
	EXPECT(&whole, NULL, "imap", NULL, 0, TC_REVOKED);
	EXPECT(&part, NULL, "imap", NULL, 0, TC_REVOKED);
	limit(&part, services("imap"));
	EXPECT(&part, NULL, "imap", NULL, 0, TC_REVOKED);
	tc_record_free(whole.rec);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answer),
		cmocka_unit_test(step_by_step),
		cmocka_unit_test(counts),
		cmocka_unit_test(lengths),
		cmocka_unit_test(service_names),
		cmocka_unit_test(times_and_sources),
		cmocka_unit_test(damaged_input),
		WITH_HOST(each_limit_holds),
		WITH_HOST(the_family_ends),
	};

	return cmocka_run_group_tests_name("narrow", tests, NULL, NULL);
}
