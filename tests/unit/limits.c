/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What limits a token whose tag is right: the claimed name and its realm,
 * services, sources, caveats, who may use tokens at all, and the second look
 * of an account phase.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>

static const struct tc_create plain = { .user = "unit-alice",
					.label = "laptop" };

/* ---- names ---- */

static void
realms(void **state)
{
	static const struct {
		const char *user;
		int with, without; /* fits with the realm, without any */
	} table[] = {
		{ "unit-alice", 1, 1 },
		{ "unit-alice@example.org", 1, 0 },
		{ "unit-alice@example.net", 0, 0 },
		{ "unit-alice@EXAMPLE.ORG", 0, 0 },
		{ "unit-alice@example.or", 0, 0 },
		{ "unit-alice@example.org.", 0, 0 },
		{ "unit-alice@xexample.org", 0, 0 },
		{ "unit-alice@", 0, 0 },
		{ "unit-alice@example.org@example.org", 0, 0 },
		{ "@example.org", 0, 0 },
		{ "unit-alice ", 0, 0 },
		{ " unit-alice", 0, 0 },
		{ "Unit-Alice", 0, 0 },
		{ "unit-alic", 0, 0 },
		{ "unit-alicee", 0, 0 },
		{ "", 0, 0 },
		{ "root", 0, 0 },
	};
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	char name[1000];

	for (int realm = 0; realm < 2; realm++) {
		if (realm)
			test_host_conf(host, NULL,
				       "default_realm = example.org\n");
		for (size_t i = 0; i < ARRAY_LEN(table); i++) {
			int fits = realm ? table[i].with : table[i].without;
			enum tc_verdict v =
			    test_try(&l, table[i].user, NULL, NULL, 0);

			if (v != (fits ? TC_VALID : TC_WRONG_USER))
				fail_msg("\"%s\": %s", table[i].user,
					 tc_verdict_name(v));
			assert_true(!fits ||
				    strcmp(l.res.user, "unit-alice") == 0);
		}
		EXPECT(&l, NULL, NULL, NULL, 0, TC_VALID);
		assert_string_equal(l.res.user, "unit-alice");
		memset(name, 'x', sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		EXPECT(&l, name, NULL, NULL, 0, TC_WRONG_USER);
		name[256] = '\0';
		EXPECT(&l, name, NULL, NULL, 0, TC_WRONG_USER);
		name[255] = '\0';
		EXPECT(&l, name, NULL, NULL, 0, TC_WRONG_USER);
	}
	tc_record_free(l.rec);
}

/* The realm is cut off from each claim, so a token of such a name would be
 * nobody's. */
static void
names_with_the_realm(void **state)
{
	struct tc_create spec = { .user = "unit-alice@example.org",
				  .label = "x" };
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1];

	test_host_conf(host, NULL, "default_realm = example.org\n");
	assert_int_equal(
	    tc_create(host->h, &test_actor, &spec, token, NULL, &host->err),
	    TC_E_INVALID);
	assert_non_null(strstr(host->err.text, "without it"));
	assert_string_equal(token, "");
	spec.user = "unit-alice@example.com";
	assert_int_equal(
	    tc_create(host->h, &test_actor, &spec, token, NULL, &host->err),
	    TC_OK);
	OPENSSL_cleanse(token, sizeof(token));
}

/* In all of these it would be shown and logged. */
static void
tokens_in_texts(void **state)
{
	static const char one[] = "tkc1_24003851maht99d6m";
	const struct tc_property key = { one, "x" }, value = { "x", one };
	const struct tc_create specs[] = {
		{ .user = one, .label = "x" },
		{ .user = "unit-alice", .label = one },
		{ .user = "unit-alice",
		  .label = "x",
		  .properties = &key,
		  .n_properties = 1 },
		{ .user = "unit-alice",
		  .label = "x",
		  .properties = &value,
		  .n_properties = 1 },
	};
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1];

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(tc_create(host->h, &test_actor, &specs[i],
					   token, NULL, &host->err),
				 TC_E_INVALID);
		assert_non_null(strstr(host->err.text, "looks like a token"));
		assert_null(strstr(host->err.text, one));
	}
}

static void
longest_name(void **state)
{
	struct test_host *host = *state;
	char name[TC_USER_MAX + 2], claim[TC_USER_MAX + 20];
	struct tc_create spec = { .user = name, .label = "x" };
	struct test_login l;

	memset(name, 'x', sizeof(name));
	name[TC_USER_MAX] = '\0';
	l = test_login(host, &spec);
	EXPECT(&l, name, NULL, NULL, 0, TC_VALID);
	assert_string_equal(l.res.user, name);
	test_host_conf(host, NULL, "default_realm = example.org\n");
	(void)snprintf(claim, sizeof(claim), "%s@example.org", name);
	EXPECT(&l, claim, NULL, NULL, 0, TC_VALID);
	name[TC_USER_MAX] = 'x';
	name[TC_USER_MAX + 1] = '\0';
	EXPECT(&l, name, NULL, NULL, 0, TC_WRONG_USER);
	tc_record_free(l.rec);
}

/* ---- services and sources ---- */

static const char mail_conf[] = "[services]\nimap = dovecot, imaps\nmail = "
				"imap, smtp\n";

static void
services(void **state)
{
	static const char *const names[] = { "imap", "sieve" };
	struct test_host *host = *state;
	struct tc_create spec = plain;
	struct test_login any, some;

	any = test_login(host, &plain);
	spec.services = names;
	spec.n_services = 2;
	some = test_login(host, &spec);
	test_host_conf(host, NULL, "");
	EXPECT(&any, NULL, "sshd", NULL, 0, TC_VALID);
	EXPECT(&any, NULL, NULL, NULL, 0, TC_VALID);
	EXPECT(&some, NULL, "imap", NULL, 0, TC_VALID);
	EXPECT(&some, NULL, "sieve", NULL, 0, TC_VALID);
	EXPECT(&some, NULL, "dovecot", NULL, 0, TC_WRONG_SERVICE);
	EXPECT(&some, NULL, "sshd", NULL, 0, TC_WRONG_SERVICE);
	EXPECT(&some, NULL, "IMAP", NULL, 0, TC_WRONG_SERVICE);
	EXPECT(&some, NULL, "imap,sieve", NULL, 0, TC_WRONG_SERVICE);
	EXPECT(&some, NULL, "", NULL, 0, TC_WRONG_SERVICE);
	EXPECT(&some, NULL, NULL, NULL, 0, TC_WRONG_SERVICE);
	test_host_conf(host, NULL, mail_conf);
	EXPECT(&some, NULL, "imap", NULL, 0, TC_VALID);
	EXPECT(&some, NULL, "dovecot", NULL, 0, TC_VALID);
	EXPECT(&some, NULL, "imaps", NULL, 0, TC_VALID);
	EXPECT(&some, NULL, "smtp", NULL, 0, TC_WRONG_SERVICE);
	EXPECT(&some, NULL, "mail", NULL, 0, TC_WRONG_SERVICE);
	tc_record_free(any.rec);
	tc_record_free(some.rec);
}

static void
sources(void **state)
{
	struct test_host *host = *state;
	struct tc_source nets[2];
	struct tc_create spec = plain;
	struct test_login l;

	assert_int_equal(tc_parse_source("192.0.2.0/24", &nets[0], NULL), 0);
	assert_int_equal(tc_parse_source("2001:db8::/32", &nets[1], NULL), 0);
	spec.sources = nets;
	spec.n_sources = 2;
	l = test_login(host, &spec);
	EXPECT(&l, NULL, NULL, "192.0.2.7", 0, TC_VALID);
	EXPECT(&l, NULL, NULL, "::ffff:192.0.2.7", 0, TC_VALID);
	EXPECT(&l, NULL, NULL, "2001:db8::1", 0, TC_VALID);
	EXPECT(&l, NULL, NULL, "2001:db8::1%eth0", 0, TC_VALID);
	EXPECT(&l, NULL, NULL, "192.0.3.7", 0, TC_WRONG_SOURCE);
	EXPECT(&l, NULL, NULL, "2001:db9::1", 0, TC_WRONG_SOURCE);
	EXPECT(&l, NULL, NULL, NULL, 0, TC_WRONG_SOURCE);
	EXPECT(&l, NULL, NULL, "", 0, TC_WRONG_SOURCE);
	EXPECT(&l, NULL, NULL, "UNKNOWN", 0, TC_WRONG_SOURCE);
	EXPECT(&l, NULL, NULL, "localhost", 0, TC_WRONG_SOURCE);
	EXPECT(&l, NULL, NULL, "host.example.org", 0, TC_WRONG_SOURCE);
	tc_record_free(l.rec);
}

/* ---- caveats ---- */

static const char *caveats;
static size_t caveats_len;

static void
put_caveats(struct tc_token *tok)
{
	memcpy(tok->caveats, caveats, caveats_len);
	tok->caveats_len = caveats_len;
}

#define CAVEATS(text) text, sizeof(text) - 1
#define IMAP "\2\4imap"
#define BOTH "\2\x09imap,smtp"
#define NET "\3\5\xc0\0\2\0\x18"
#define NET6 "\3\x11\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x20"

static void
narrowed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *service, *rhost;
		enum tc_verdict want;
	} table[] = {
		{ CAVEATS(IMAP), "imap", NULL, TC_VALID },
		{ CAVEATS(IMAP), "smtp", NULL, TC_WRONG_SERVICE },
		{ CAVEATS(IMAP), NULL, NULL, TC_WRONG_SERVICE },
		{ CAVEATS(IMAP), "", NULL, TC_WRONG_SERVICE },
		{ CAVEATS(IMAP), "dovecot", NULL, TC_VALID },
		{ CAVEATS(BOTH), "imap", NULL, TC_VALID },
		{ CAVEATS(BOTH), "smtp", NULL, TC_VALID },
		{ CAVEATS(BOTH), "imaps", NULL, TC_VALID },
		{ CAVEATS(BOTH), "sshd", NULL, TC_WRONG_SERVICE },
		{ CAVEATS(BOTH), "imap,smtp", NULL, TC_WRONG_SERVICE },
		/* Several must all hold. */
		{ CAVEATS(BOTH IMAP), "imap", NULL, TC_VALID },
		{ CAVEATS(BOTH IMAP), "smtp", NULL, TC_WRONG_SERVICE },
		{ CAVEATS(IMAP BOTH), "smtp", NULL, TC_WRONG_SERVICE },
		{ CAVEATS(IMAP "\2\4smtp"), "imap", NULL, TC_WRONG_SERVICE },
		{ CAVEATS("\2\4mail"), "smtp", NULL, TC_VALID },
		{ CAVEATS(NET), NULL, "192.0.2.7", TC_VALID },
		{ CAVEATS(NET), NULL, "::ffff:192.0.2.7", TC_VALID },
		{ CAVEATS(NET), NULL, "198.51.100.7", TC_WRONG_SOURCE },
		{ CAVEATS(NET), NULL, NULL, TC_WRONG_SOURCE },
		{ CAVEATS(NET), NULL, "UNKNOWN", TC_WRONG_SOURCE },
		{ CAVEATS(NET), NULL, "2001:db8::1", TC_WRONG_SOURCE },
		{ CAVEATS(NET6), NULL, "2001:db8::1", TC_VALID },
		{ CAVEATS(NET6), NULL, "192.0.2.7", TC_WRONG_SOURCE },
		{ CAVEATS(NET NET6), NULL, "192.0.2.7", TC_WRONG_SOURCE },
		{ CAVEATS(NET IMAP), "imap", "192.0.2.7", TC_VALID },
		{ CAVEATS(NET IMAP), "smtp", "10.0.0.1", TC_WRONG_SERVICE },
		{ CAVEATS(NET "\1\5\0\0\0\0\1" IMAP), "smtp", "10.0.0.1",
		  TC_EXPIRED },
	};
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	char whole[TC_TOKEN_MAX + 1];

	memcpy(whole, l.token, sizeof(whole));
	test_host_conf(host, NULL, mail_conf);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		enum tc_verdict v;

		caveats = table[i].bytes;
		caveats_len = table[i].len;
		test_host_remake(whole, plain.user, put_caveats, l.token);
		v = test_try(&l, plain.user, table[i].service, table[i].rhost,
			     0);
		if (v != table[i].want)
			fail_msg("row %zu: %s", i, tc_verdict_name(v));
		assert_string_equal(l.res.id, l.rec->id);
		assert_int_equal(l.res.proof.caveats_len, caveats_len);
	}
	tc_record_free(l.rec);
}

/* ---- who may ---- */

static void
users_refused(void **state)
{
	struct test_host *host = *state;
	struct tc_create spec = plain;
	struct tc_request req = { .flags = TC_ALLOW_ROOT };
	struct test_login root, daemon, mailbox;

	mailbox = test_login(host, &plain);
	spec.user = "root";
	root = test_login(host, &spec);
	spec.user = "daemon"; /* uid 1, wherever there is one */
	daemon = test_login(host, &spec);
	EXPECT(&root, NULL, NULL, NULL, 0, TC_USER_REFUSED);
	assert_non_null(strstr(root.res.detail, "allow_root"));
	EXPECT(&daemon, NULL, NULL, NULL, 0, TC_VALID);
	test_host_conf(host, NULL, "minimum_uid = 1000\n");
	EXPECT(&daemon, NULL, NULL, NULL, 0, TC_USER_REFUSED);
	assert_non_null(strstr(daemon.res.detail, "minimum_uid"));
	EXPECT(&mailbox, NULL, NULL, NULL, 0, TC_VALID);
	test_host_conf(host, NULL, "minimum_uid = 1000\nallow_root = yes\n");
	EXPECT(&root, NULL, NULL, NULL, 0, TC_VALID);
	EXPECT(&daemon, NULL, NULL, NULL, 0, TC_USER_REFUSED);
	test_host_conf(host, NULL, "");
	req.authtok = root.token;
	req.authtok_len = strlen(root.token);
	assert_int_equal(tc_verify(host->h, &req, &root.res), TC_VALID);
	req.authtok = daemon.token;
	req.authtok_len = strlen(daemon.token);
	req.minimum_uid = 2;
	assert_int_equal(tc_verify(host->h, &req, &daemon.res),
			 TC_USER_REFUSED);
	req.minimum_uid = 1;
	assert_int_equal(tc_verify(host->h, &req, &daemon.res), TC_VALID);
	tc_record_free(root.rec);
	tc_record_free(daemon.rec);
	tc_record_free(mailbox.rec);
}

/* ---- the second look ---- */

/* A length that reaches behind the proof, to caveats that would hold. */
static void
too_long_a_proof(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	struct tc_request req = { .user = plain.user };
	struct {
		struct tc_proof proof;
		unsigned char behind[7];
	} both = { .behind = { 1, 5, 0xff, 0xff, 0xff, 0xff, 0xff } };
	struct tc_result res;

	EXPECT(&l, plain.user, NULL, NULL, 0, TC_VALID);
	both.proof = l.res.proof;
	for (size_t at = 0; at < 112; at += 7)
		memcpy(both.proof.caveats + at, both.behind, 7);
	both.proof.caveats_len = 56;
	assert_int_equal(tc_recheck(host->h, &both.proof, &req, &res),
			 TC_VALID);
	memset(both.proof.caveats, 0, sizeof(both.proof.caveats));
	for (size_t at = 0; at < 116; at += 29)
		memcpy(both.proof.caveats + at,
		       "\2\x1b"
		       "imap,012345678901234567890b",
		       29);
	req.service = "imap";
	both.proof.caveats_len = 116;
	assert_int_equal(tc_recheck(host->h, &both.proof, &req, &res),
			 TC_VALID);
	both.proof.caveats_len = 123;
	assert_int_equal(tc_recheck(host->h, &both.proof, &req, &res),
			 TC_MALFORMED);
	tc_record_free(l.rec);
}

static void
second_look(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	struct tc_request req = { .user = plain.user, .service = "imap" };
	struct tc_proof proof, other;
	struct tc_result res;
	const char *id = l.rec->id;

	EXPECT(&l, plain.user, "imap", NULL, 0, TC_VALID);
	proof = other = l.res.proof;
	host->lines = 0;
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res), TC_VALID);
	assert_string_equal(res.id, id);
	assert_string_equal(res.label, "laptop");
	assert_int_equal(host->lines, 0); /* only refusals are told */
	req.user = "unit-bob";
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res),
			 TC_WRONG_USER);
	assert_int_equal(host->lines, 1);
	req.user = plain.user;
	other.id[0] ^= 1;
	assert_int_equal(tc_recheck(host->h, &other, &req, &res),
			 TC_UNKNOWN_TOKEN);
	assert_int_equal(res.proved, 0);
	other = proof;
	other.caveats_len = 3;
	assert_int_equal(tc_recheck(host->h, &other, &req, &res), TC_MALFORMED);
	other.caveats_len = 255;
	assert_int_equal(tc_recheck(host->h, &other, &req, &res), TC_MALFORMED);
	memcpy(other.caveats, IMAP, 6);
	other.caveats_len = 6;
	assert_int_equal(tc_recheck(host->h, &other, &req, &res), TC_VALID);
	req.service = "sshd";
	assert_int_equal(tc_recheck(host->h, &other, &req, &res),
			 TC_WRONG_SERVICE);
	test_host_conf(host, NULL, "enabled = no\n");
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res), TC_DISABLED);
	test_host_conf(host, NULL, "");
	assert_int_equal(tc_revoke(host->h, &test_actor, &id, 1, "", NULL),
			 TC_OK);
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res), TC_REVOKED);
	assert_int_equal(unlink(test_host_path(host, "store/state")), 0);
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res),
			 TC_UNAVAILABLE);
	tc_record_free(l.rec);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(realms),	     WITH_HOST(names_with_the_realm),
		WITH_HOST(tokens_in_texts),  WITH_HOST(longest_name),
		WITH_HOST(services),	     WITH_HOST(sources),
		WITH_HOST(narrowed),	     WITH_HOST(users_refused),
		WITH_HOST(too_long_a_proof), WITH_HOST(second_look),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
