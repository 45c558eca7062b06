/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision, on a real store: every verdict, which one is said when several
 * things are wrong at once, and that trouble is never taken for an answer;
 * standing.c and limits.c look closer at what each of them depends on.
 */
#include "host.h"

#include <syslog.h>

#include "fill.h"

static void
expect(struct test_host *host, const struct tc_request *req,
       enum tc_verdict want)
{
	static const struct tc_result zero;
	struct tc_result res = test_expect(host, req, want, 1);

	if (!res.proved) {
		assert_string_equal(res.id, "");
		assert_string_equal(res.user, "");
		assert_string_equal(res.label, "");
		assert_memory_equal(&res.proof, &zero.proof, sizeof(res.proof));
		assert_null(strstr(host->line, " id="));
	}
}

/* ---- several things wrong at once ---- */

static const enum tc_verdict wrongs[] = {
	TC_FORGED,	  TC_WRONG_USER,    TC_REVOKED,	     TC_EXPIRED,
	TC_NOT_YET_VALID, TC_WRONG_SERVICE, TC_WRONG_SOURCE, TC_USER_REFUSED,
};
enum { FORGED, WRONG_USER, REVOKED, EXPIRED, EARLY, SERVICE, SOURCE, REFUSED };

#define IS(set, wrong) ((set) >> (wrong)&1)

static void
add_caveat(struct tc_token *tok, const void *bytes, size_t len)
{
	memcpy(tok->caveats + tok->caveats_len, bytes, len);
	tok->caveats_len += len;
}

static void
add_past(struct tc_token *tok)
{
	add_caveat(tok, "\1\5\0\0\0\0\1", 7);
}

static void
add_limits(struct tc_token *tok)
{
	add_caveat(tok, "\2\4imap\3\5\xc0\0\2\0\x18", 13);
}

static void
flip_tag(struct tc_token *tok)
{
	tok->tag[15] ^= 1;
}

static void
one_set(struct test_host *host, const char *const tokens[2], int64_t created,
	unsigned set, int limits)
{
	char token[TC_TOKEN_MAX + 1] = "";
	struct tc_request req =
	    test_request(token, IS(set, WRONG_USER) ? "alice" : "root", 0);
	struct tc_result res;
	struct tc_proof proof;
	enum tc_verdict want = TC_VALID, again = TC_VALID;

	memcpy(token, tokens[IS(set, REVOKED)], 69);
	if (limits)
		test_host_remake(token, "root", add_limits, token);
	if (IS(set, EXPIRED))
		test_host_remake(token, "root", add_past, token);
	req.authtok_len = strlen(token);
	req.service = IS(set, SERVICE) ? "smtp" : "imap";
	req.rhost = IS(set, SOURCE) ? "198.51.100.7" : "192.0.2.7";
	req.now = created - (IS(set, EARLY) ? 1000 : 0);
	req.flags = IS(set, REFUSED) ? 0 : TC_ALLOW_ROOT;
	for (size_t i = ARRAY_LEN(wrongs); i-- > 0;) {
		if (!IS(set, i))
			continue;
		want = wrongs[i];
		again = i == FORGED ? again : wrongs[i];
	}
	/* The proof of a login comes from before it was forged. */
	assert_int_equal(tc_verify(host->h, &req, &res), again);
	assert_int_equal(res.proved, 1);
	proof = res.proof;
	req.authtok = "";
	if (tc_recheck(host->h, &proof, &req, &res) != again)
		fail_msg("again, %02x: %s and not %s", set,
			 tc_verdict_name(res.verdict), tc_verdict_name(again));
	req.authtok = token;
	if (IS(set, FORGED))
		test_host_remake(token, NULL, flip_tag, token);
	expect(host, &req, want);
}

static void
order(void **state)
{
	static const char *const services[] = { "imap" };
	static const struct tc_source sources[] = { { 4, 24, { 192, 0, 2 } } };
	struct test_host *host = *state;
	struct tc_create spec = { .user = "root", .label = "x" };

	for (int limits = 0; limits < 2; limits++) {
		char live[TC_TOKEN_MAX + 1], dead[TC_TOKEN_MAX + 1];
		const char *const tokens[2] = { live, dead };
		struct tc_record *rec, *gone;
		const char *id;

		if (!limits) {
			spec.services = services;
			spec.sources = sources;
		}
		spec.n_services = spec.n_sources = !limits;
		rec = test_host_token(host, &spec, live);
		gone = test_host_token(host, &spec, dead);
		id = gone->id;
		assert_int_equal(
		    tc_revoke(host->h, &test_actor, &id, 1, "", NULL), TC_OK);
		for (unsigned set = 0; set < 256; set++)
			one_set(host, tokens, rec->created, set, limits);
		tc_record_free(rec);
		tc_record_free(gone);
	}
}

/* ---- before any store is opened ---- */

#define REST "_24003851maht99d6mymakanbnjptxbya42k54j9fhmera093qkebdc59wkn"

static const struct {
	const char *text;
	enum tc_verdict verdict;
} texts[] = {
	{ "", TC_NOT_A_TOKEN },
	{ "hunter2", TC_NOT_A_TOKEN },
	{ "\b\n\r\177INCORRECT", TC_NOT_A_TOKEN },
	{ "tkc2" REST "11gg", TC_NOT_A_TOKEN },
	{ "tkc1_", TC_MALFORMED },
	{ "tkc1" REST "11g", TC_MALFORMED },
	{ "tkc1" REST "11gu", TC_MALFORMED },
	{ "tkc1" REST "11gh", TC_BAD_CHECKSUM },
	{ "tkc1" REST "11gg", TC_UNKNOWN_TOKEN },
};

static void
text_alone(void **state)
{
	struct test_host *host = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct tc_request req = test_request(texts[i].text, "alice", 0);
		struct tc_result res;
		enum tc_verdict want = texts[i].verdict;

		if (want == TC_UNKNOWN_TOKEN)
			want = TC_UNAVAILABLE;
		assert_int_equal(tc_verify(NULL, &req, &res), want);
		assert_int_equal(res.verdict, want);
		host->lines = 0;
		assert_int_equal(tc_verify(host->h, &req, &res),
				 texts[i].verdict);
		/* Passwords are nobody's business, unless asked for. */
		assert_int_equal(host->lines,
				 texts[i].verdict != TC_NOT_A_TOKEN);
		req.flags = TC_LOG_NONTOKEN;
		expect(host, &req, texts[i].verdict);
	}
}

static void
switched_off(void **state)
{
	struct test_host *host = *state;

	test_host_conf(host, NULL, "enabled = no\n");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct tc_request req = test_request(texts[i].text, "alice", 0);

		req.flags = TC_LOG_NONTOKEN;
		expect(host, &req,
		       texts[i].verdict == TC_NOT_A_TOKEN ? TC_NOT_A_TOKEN
							  : TC_DISABLED);
	}
}

static void
of_any_length(void **state)
{
	static char huge[100000];
	struct test_host *host = *state;
	struct tc_request req = test_request("", NULL, 0);

	req.authtok = NULL;
	req.flags = TC_LOG_NONTOKEN;
	expect(host, &req, TC_NOT_A_TOKEN);
	memset(huge, 'x', sizeof(huge));
	req.authtok = huge;
	req.authtok_len = sizeof(huge);
	expect(host, &req, TC_NOT_A_TOKEN);
	memcpy(huge, "tkc1_", 5);
	for (size_t len = 250; len < 262; len++) {
		req.authtok_len = len;
		expect(host, &req, len > 255 ? TC_MALFORMED : TC_BAD_CHECKSUM);
	}
	req.authtok_len = sizeof(huge);
	expect(host, &req, TC_MALFORMED);
}

/* ---- keys, records and tags ---- */

static const struct tc_create plain = { .user = "unit-alice",
					.label = "laptop" };

static void
other_kid(struct tc_token *tok)
{
	tok->header[2] ^= 2;
}

static void
other_nonce(struct tc_token *tok)
{
	tok->header[10] ^= 1;
}

static void
strangers(void **state)
{
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1] = "", changed[TC_TOKEN_MAX + 1];
	struct tc_request req = test_request(token, "unit-alice", 0);

	tc_record_free(test_host_token(host, &plain, token));
	req.authtok_len = strlen(token);
	expect(host, &req, TC_VALID);
	assert_int_equal(host->priority, LOG_INFO);
	req.authtok = changed;
	test_host_remake(token, "unit-alice", other_kid, changed);
	expect(host, &req, TC_UNKNOWN_KEY);
	test_host_remake(token, NULL, flip_tag, changed);
	expect(host, &req, TC_FORGED);
	assert_int_equal(host->priority, LOG_WARNING);
	test_host_remake(token, NULL, other_nonce, changed);
	expect(host, &req, TC_UNKNOWN_TOKEN);
	assert_int_equal(host->priority, LOG_NOTICE);
	/* A right tag that we know nothing of is an alarm. */
	test_host_remake(token, "unit-alice", other_nonce, changed);
	expect(host, &req, TC_UNKNOWN_TOKEN);
	assert_int_equal(host->priority, LOG_CRIT);
	test_host_remake(token, "unit-bob", other_nonce, changed);
	expect(host, &req, TC_UNKNOWN_TOKEN);
	assert_int_equal(host->priority, LOG_NOTICE);
	/* A caveat that somebody cut off, or added without chaining. */
	test_host_remake(token, NULL, add_limits, changed);
	req.authtok_len = strlen(changed);
	expect(host, &req, TC_FORGED);
}

static void
retired_key(void **state)
{
	struct test_host *host = *state;
	char old[TC_TOKEN_MAX + 1] = "", young[TC_TOKEN_MAX + 1];
	struct tc_request req = test_request(old, "unit-alice", 0);
	unsigned kid = 0;

	tc_record_free(test_host_token(host, &plain, old));
	req.authtok_len = strlen(old);
	assert_int_equal(
	    tc_key_add(host->h, &test_actor, 0, NULL, &kid, &host->err), TC_OK);
	assert_int_equal(kid, 2);
	assert_int_equal(tc_key_activate(host->h, &test_actor, 2, NULL), TC_OK);
	expect(host, &req, TC_VALID); /* the old key goes on verifying */
	tc_record_free(test_host_token(host, &plain, young));
	assert_int_equal(tc_key_retire(host->h, &test_actor, 1, NULL), TC_OK);
	expect(host, &req, TC_REVOKED);
	req.authtok = young;
	expect(host, &req, TC_VALID);
	/* Putting the old key back does not bring its tokens back. */
	test_text(test_host_path(host, "secret.conf"), 0600,
		  "[key 1]\nsecret = " TEST_SECRET "\nstate = active\n");
	req.authtok = old;
	expect(host, &req, TC_REVOKED);
	req.authtok = young;
	expect(host, &req, TC_UNKNOWN_KEY);
}

/* A record counts only under its own id, whole, and for its own user. */
static void
records_changed(void **state)
{
	struct test_host *host = *state;
	char a[TC_TOKEN_MAX + 1], b[TC_TOKEN_MAX + 1];
	struct tc_record *ra = test_host_token(host, &plain, a);
	struct tc_record *rb = test_host_token(host, &plain, b);
	struct tc_request req = test_request(a, "unit-alice", 0);
	struct tc_record moved = *ra;
	const char *id = ra->id;

	assert_int_equal(tc_revoke(host->h, &test_actor, &id, 1, "", NULL),
			 TC_OK);
	expect(host, &req, TC_REVOKED);
	test_host_put(host, rb, ra->id, 0); /* b's record in place of a's */
	expect(host, &req, TC_UNAVAILABLE);
	assert_non_null(strstr(host->line, "seal"));
	assert_int_equal(host->priority, LOG_ERR);
	for (size_t flip = 1; flip <= 20; flip++) {
		test_host_put(host, ra, ra->id, flip);
		expect(host, &req, TC_UNAVAILABLE);
	}
	moved.user = "unit-bob"; /* with the right seal, even */
	test_host_put(host, &moved, ra->id, 0);
	expect(host, &req, TC_FORGED);
	req.user = "unit-bob";
	expect(host, &req, TC_FORGED);
	req.user = NULL;
	expect(host, &req, TC_FORGED);
	test_host_put(host, ra, ra->id, 0);
	expect(host, &req, TC_VALID);
	tc_record_free(ra);
	tc_record_free(rb);
}

/* ---- trouble ---- */

static void
each_file(void **state)
{
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1] = "";
	struct tc_request req = test_request(token, "unit-alice", 0);
	struct tc_request password =
	    test_request("a password", "unit-alice", 0);
	struct tc_request typo = test_request(texts[7].text, "unit-alice", 0);

	password.flags = TC_LOG_NONTOKEN;
	tc_record_free(test_host_token(host, &plain, token));
	req.authtok_len = strlen(token);
	for (unsigned turn = 0; turn < TEST_SPOILS; turn++) {
		struct test_spoilt s = test_spoil(host, turn);

		expect(host, &req, TC_UNAVAILABLE);
		if (!strstr(host->line, s.name))
			fail_msg("%s is not named: %s", s.name, host->line);
		expect(host, &password, TC_NOT_A_TOKEN);
		expect(host, &typo, TC_BAD_CHECKSUM);
		test_mend(&s);
		expect(host, &req, TC_VALID);
	}
}

static void
no_handle(void **state)
{
	struct tc_proof proof = { .caveats_len = 0 };
	struct tc_request req = test_request("", "alice", 0);
	struct tc_result res = { .verdict = TC_VALID };

	(void)state;
	assert_int_equal(tc_recheck(NULL, &proof, &req, &res), TC_UNAVAILABLE);
	assert_int_equal(res.proved, 0);
}

/* In a whole page, where only the library itself could have put it. */
static void
no_record(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	struct tc_lookup key = { .key_len = 0 };
	const struct tc_request req = test_request(l.token, "unit-alice", 0);
	unsigned char id[TC_ID_BYTES];

	assert_int_equal(tc_id_bytes(l.rec->id, id), 0);
	tc_key_token(&key, id);
	assert_int_equal(
	    test_fill_item(host->h, &key, "what is no record", 17, &host->err),
	    TC_OK);
	expect(host, &req, TC_UNAVAILABLE);
	assert_non_null(strstr(host->line, "the record is damaged"));
	tc_record_free(l.rec);
}

static void
words(void **state)
{
	(void)state;
	for (int a = 0; a < TC_VERDICTS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
			    tc_verdict_name((enum tc_verdict)a),
			    tc_verdict_name((enum tc_verdict)b));
	assert_string_equal(tc_verdict_name(TC_VALID), "valid");
	assert_string_equal(tc_verdict_name(TC_VERDICTS), "unavailable");
	assert_string_equal(tc_verdict_name((enum tc_verdict) - 1), "unavailabl"
								    "e");
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(order),	    WITH_HOST(text_alone),
		WITH_HOST(switched_off),    WITH_HOST(of_any_length),
		WITH_HOST(strangers),	    WITH_HOST(retired_key),
		WITH_HOST(records_changed), WITH_HOST(each_file),
		WITH_HOST(no_record),	    cmocka_unit_test(no_handle),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
