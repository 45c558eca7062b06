/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Revoked and deleted: refused for good wherever it is asked, and what of it
 * is left where.
 */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "clock.h"

#define T TEST_CLOCK_T
#define LABEL "a label that is nowhere else"
#define VALUE "a property's value that is nowhere else"

static const struct tc_property props[] = { { "an uncommon key", VALUE } };
static const char *const mail[] = { "imap", "uncommon-service" };
static const struct tc_create plain = {
	.user = "unit-alice",
	.label = LABEL,
	.expires = T + 1000,
	.n_services = 2,
	.n_properties = 1,
	.services = mail,
	.properties = props,
};

#define IS(l, want) EXPECT(l, "unit-alice", "imap", NULL, 0, want)

static int
revoke(struct test_host *host, const char *id, const char *reason)
{
	return tc_revoke(host->h, &test_actor, &id, 1, reason, &host->err);
}

static int
take_away(struct test_host *host, const char *id)
{
	return tc_delete(host->h, &test_actor, &id, 1, "tidying", &host->err);
}

/* The account phase, and a SCRAM login by the id. */
static enum tc_verdict
second_look(struct test_host *host, const struct tc_proof *proof)
{
	const struct tc_request req = { .user = "unit-alice",
					.service = "imap" };
	struct tc_result res;

	return tc_recheck(host->h, proof, &req, &res);
}

static enum tc_verdict
by_scram(struct test_host *host, const char *beginning)
{
	const struct tc_request req = { .user = "unit-alice",
					.service = "imap" };
	struct tc_scram scram;
	struct tc_result res;

	return tc_scram_find(host->h, beginning, &req, &scram, &res);
}

/* ---- revoked ---- */

static void
revoked(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	const char *id = l.rec->id;
	struct tc_proof proof;
	struct tc_record *r;
	struct test_still still;

	IS(&l, TC_VALID);
	proof = l.res.proof;
	assert_int_equal(second_look(host, &proof), TC_VALID);
	assert_int_equal(by_scram(host, id), TC_VALID);
	test_clock = T + 10;
	WORKS(host, revoke(host, id, "lost"));
	IS(&l, TC_REVOKED);
	EXPECT(&l, "unit-alice", "imap", NULL, T, TC_REVOKED);
	EXPECT(&l, "unit-alice", "imap", NULL, T + 5000, TC_REVOKED);
	EXPECT(&l, "unit-bob", "imap", NULL, 0, TC_WRONG_USER);
	assert_int_equal(second_look(host, &proof), TC_REVOKED);
	assert_int_equal(by_scram(host, id), TC_REVOKED);
	r = test_show(host, id);
	assert_int_equal(r->state, TC_STATE_REVOKED);
	assert_int_equal(r->standing, TC_REVOKED);
	assert_true(r->revoked == T + 10);
	assert_string_equal(r->revoked_by, "admin");
	assert_string_equal(r->revoked_reason, "lost");
	assert_string_equal(r->label, LABEL);
	assert_int_equal(r->n_properties, 1);
	tc_record_free(r);

	/* Once more: it stays as it is, which is no commit and no line. */
	test_clock = T + 20;
	still = test_still_now(host);
	WORKS(host, revoke(host, id, "again"));
	test_still(host, &still);
	tc_record_free(l.rec);
}

static void
reasons(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	const char *id = l.rec->id;
	char reason[TC_REASON_MAX + 2];
	struct tc_record *r;

	memset(reason, 'x', sizeof(reason));
	reason[TC_REASON_MAX + 1] = '\0';
	REFUSES(host, TC_E_INVALID, "256", revoke(host, id, reason));
	REFUSES(host, TC_E_INVALID, "control", revoke(host, id, "a\nb"));
	REFUSES(host, TC_E_INVALID, "UTF-8", revoke(host, id, "\xff"));
	REFUSES(host, TC_E_INVALID, "UTF-8",
		tc_delete(host->h, &test_actor, &id, 1, "\x1b[0m", &host->err));
	REFUSES(host, TC_E_INVALID, "256",
		tc_delete(host->h, &test_actor, &id, 1, reason, &host->err));
	IS(&l, TC_VALID);
	reason[TC_REASON_MAX] = '\0';
	memcpy(reason + TC_REASON_MAX - 4, "\xf0\x9f\x94\x91", 4);
	WORKS(host, revoke(host, id, reason));
	r = test_show(host, id);
	assert_string_equal(r->revoked_reason, reason);
	tc_record_free(r);
	tc_record_free(l.rec);
}

/* A process that has been running since before. */
static void
in_another_process(void **state)
{
	struct test_host *host = *state;
	const struct tc_options o = { .config = test_host_path(host, "apitoken."
								     "conf") };
	struct test_login a = test_login(host, &plain);
	struct test_login b = test_login(host, &plain);
	struct test_host other = *host;

	WORKS(host, tc_open(&other.h, &o, &host->err));
	a.host = b.host = &other;
	IS(&a, TC_VALID);
	IS(&b, TC_VALID);
	WORKS(host, revoke(host, a.rec->id, ""));
	IS(&a, TC_REVOKED);
	WORKS(host, take_away(host, b.rec->id));
	IS(&b, TC_REVOKED);
	tc_free(other.h);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

static void
expired_first(void **state)
{
	struct test_host *host = *state;
	struct test_login a = test_login(host, &plain);
	struct test_login b = test_login(host, &plain);
	const char *id = a.rec->id;

	test_clock = T + 1000;
	IS(&a, TC_EXPIRED);
	WORKS(host, revoke(host, id, ""));
	IS(&a, TC_REVOKED);
	REFUSES(host, TC_E_REFUSED, "for good",
		tc_renew(host->h, &test_actor, &id, 1, T + 5000, &host->err));
	WORKS(host, take_away(host, b.rec->id));
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

/* ---- deleted ---- */

static void
refused_for_good(void **state)
{
	static const char joined[] = "imap,smtp";
	struct tc_caveat c = { .type = TC_CAVEAT_SERVICE };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	char narrow[TC_TOKEN_MAX + 1];
	struct tc_proof proof;

	IS(&l, TC_VALID);
	proof = l.res.proof;
	memcpy(c.services, joined, sizeof(joined));
	assert_int_equal(
	    tc_narrow(l.token, strlen(l.token), &c, 1, narrow, NULL), TC_OK);
	WORKS(host, take_away(host, l.rec->id));
	for (int64_t when = T - 60; when < T + 100000000; when += 20000000)
		EXPECT(&l, "unit-alice", "imap", NULL, when, TC_REVOKED);
	EXPECT(&l, NULL, NULL, NULL, 0, TC_REVOKED);
	/* No alarm, as for a value whose record was never there. */
	assert_int_equal(host->priority, LOG_NOTICE);
	assert_string_equal(l.res.id, l.rec->id);
	assert_string_equal(l.res.user, "unit-alice");
	assert_string_equal(l.res.label, "");
	EXPECT(&l, "unit-bob", "imap", NULL, 0, TC_WRONG_USER);
	assert_int_equal(second_look(host, &proof), TC_REVOKED);
	assert_int_not_equal(by_scram(host, l.rec->id), TC_VALID);
	memcpy(l.token, narrow, sizeof(narrow));
	IS(&l, TC_REVOKED);
	/* Commits that follow, compacting and marks change nothing of it. */
	WORKS(host, tc_compact(host->h, &test_actor, &host->err));
	IS(&l, TC_REVOKED);
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, NULL, 0, "", &host->err));
	IS(&l, TC_REVOKED);
	tc_record_free(l.rec);
}

/* Whatever is asked of it: there is no such token. */
static void
not_there(void **state)
{
	const struct tc_edit e = { .what = TC_EDIT_LABEL, .label = "x" };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	struct test_login stays = test_login(host, &plain);
	const char *id = l.rec->id;
	char found[TC_ID_LEN + 1], beginning[7], token[TC_TOKEN_MAX + 1];
	struct tc_record *r = NULL;

	(void)snprintf(beginning, sizeof(beginning), "%.6s", id);
	assert_int_equal(test_records(host), 2);
	WORKS(host, take_away(host, id));
	assert_int_equal(test_records(host), 1);
	REFUSES(host, TC_E_NOTFOUND, id,
		tc_show(host->h, NULL, id, &r, &host->err));
	REFUSES(host, TC_E_NOTFOUND, id,
		tc_find(host->h, NULL, id, found, &host->err));
	REFUSES(host, TC_E_NOTFOUND, beginning,
		tc_find(host->h, NULL, beginning, found, &host->err));
	/* Nor does it make another one's name ambiguous. */
	WORKS(host,
	      tc_find(host->h, NULL, "unit-alice/" LABEL, found, &host->err));
	assert_string_equal(found, stays.rec->id);
	REFUSES(host, TC_E_NOTFOUND, id, take_away(host, id));
	REFUSES(host, TC_E_NOTFOUND, id, revoke(host, id, ""));
	REFUSES(host, TC_E_NOTFOUND, id,
		tc_edit(host->h, &test_actor, &id, 1, &e, &host->err));
	REFUSES(host, TC_E_NOTFOUND, id,
		tc_renew(host->h, &test_actor, &id, 1, 0, &host->err));
	REFUSES(host, TC_E_NOTFOUND, id,
		tc_copy(host->h, &test_actor, id, NULL, NULL, token, &r,
			&host->err));
	REFUSES(
	    host, TC_E_NOTFOUND, id,
	    tc_regenerate(host->h, &test_actor, id, 0, token, &r, &host->err));
	IS(&stays, TC_VALID);
	tc_record_free(l.rec);
	tc_record_free(stays.rec);
}

static void
after_a_revocation(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);

	WORKS(host, revoke(host, l.rec->id, "an uncommon reason"));
	WORKS(host, take_away(host, l.rec->id));
	IS(&l, TC_REVOKED);
	tc_record_free(l.rec);
	/* And of one that only a mark had ended. */
	l = test_login(host, &plain);
	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-alice", 0, "",
				  &host->err));
	WORKS(host, take_away(host, l.rec->id));
	IS(&l, TC_REVOKED);
	tc_record_free(l.rec);
}

/* ---- what is left in the files ---- */

static int
in_file(struct test_host *host, const char *name, const void *what, size_t len)
{
	size_t size;
	char *data = test_read(test_host_path(host, name), &size);
	int found = test_holds(data, size, what, len);

	free(data);
	return found;
}

/* In how many of these files something of the token stands. */
static int
left_in(struct test_host *host, const struct tc_record *r,
	const char *const *names, size_t n)
{
	int found = 0;

	for (size_t i = 0; i < n; i++)
		found +=
		    in_file(host, names[i], LABEL, strlen(LABEL)) ||
		    in_file(host, names[i], VALUE, strlen(VALUE)) ||
		    in_file(host, names[i], "uncommon", 8) ||
		    in_file(host, names[i], r->scram->salt, TC_SCRAM_SALT) ||
		    in_file(host, names[i], r->scram->stored_key, TC_SCRAM_KEY);
	return found;
}

static const char *const data_files[] = { "store/left.gdbm", "store/"
							     "right.gdbm" };
static const char *const journal[] = { "store/journal" };

/* The file that is current has nothing of it at once, the other one with the
 * next commit, the journal when it is begun anew. */
static void
what_is_left(void **state)
{
	struct test_host *host = *state;
	struct test_login l, other[40];

	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		other[i] =
		    test_login(host, &(struct tc_create){ .user = "unit-bob",
							  .label = "x" });
	l = test_login(host, &plain);
	WORKS(host, revoke(host, other[0].rec->id, ""));
	assert_int_equal(left_in(host, l.rec, data_files, 2), 2);
	WORKS(host, take_away(host, l.rec->id));
	assert_int_equal(left_in(host, l.rec, data_files, 2), 1);
	IS(&l, TC_REVOKED);
	WORKS(host, revoke(host, other[1].rec->id, ""));
	assert_int_equal(left_in(host, l.rec, data_files, 2), 0);
	assert_int_equal(left_in(host, l.rec, journal, 1), 1);
	WORKS(host, tc_compact(host->h, &test_actor, &host->err));
	assert_int_equal(left_in(host, l.rec, data_files, 2), 0);
	assert_int_equal(left_in(host, l.rec, journal, 1), 0);
	IS(&l, TC_REVOKED);
	/* The audit log goes on naming it. */
	assert_true(in_file(host, "audit.json", LABEL, strlen(LABEL)));
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		tc_record_free(other[i].rec);
	tc_record_free(l.rec);
}

/* A store of nothing but traces is a whole one. */
static void
all_deleted(void **state)
{
	struct test_host *host = *state;
	struct test_login l[30];
	const char *ids[30];
	struct test_told before;
	struct test_line last = { .event = "delete",
				  .label = LABEL,
				  .user = "unit-alice",
				  .kid = 1,
				  .actor = "admin",
				  .why = "tidying" };

	for (size_t i = 0; i < ARRAY_LEN(l); i++) {
		l[i] = test_login(host, &plain);
		ids[i] = l[i].rec->id;
	}
	last.id = ids[29];
	WORKS(host, tc_delete(host->h, &test_actor, ids, 29, "", &host->err));
	before = test_told_now(host);
	WORKS(host, take_away(host, ids[29]));
	test_told(host, before, &last, 1);
	WORKS(host, tc_compact(host->h, &test_actor, &host->err));
	for (size_t i = 0; i < ARRAY_LEN(l); i++)
		IS(&l[i], TC_REVOKED);
	test_whole(host);
	for (size_t i = 0; i < ARRAY_LEN(l); i++)
		tc_record_free(l[i].rec);
}

/* The system's log is told when the change is done, and by then another one may
 * be under way: this one makes two as soon as it hears of the first token. */
struct hasty {
	struct test_host *host;
	const char *ids[2];
	unsigned lines, labels;
};

static void
hear(void *arg, int priority, const char *line)
{
	struct hasty *h = arg;

	(void)priority;
	if (!strstr(line, "delete ok"))
		return;
	h->labels += strstr(line, "label=\"" LABEL "\"") != NULL;
	for (int i = 0; i < 2 && h->lines == 0; i++)
		WORKS(h->host, revoke(h->host, h->ids[i], ""));
	h->lines++;
}

static void
labels_beside_others(void **state)
{
	struct test_host *host = *state;
	struct hasty hasty = { .host = host };
	const struct tc_options o = { .config = test_host_path(host, "apitoken."
								     "conf"),
				      .log = hear,
				      .log_arg = &hasty };
	struct test_login l[20];
	const char *ids[20];
	tc_handle *h;

	for (size_t i = 0; i < ARRAY_LEN(l); i++) {
		l[i] = test_login(host, &plain);
		ids[i] = l[i].rec->id;
	}
	hasty.ids[0] = ids[18];
	hasty.ids[1] = ids[19];
	WORKS(host, tc_open(&h, &o, &host->err));
	WORKS(host, tc_delete(h, &test_actor, ids, 18, "", &host->err));
	tc_free(h);
	assert_int_equal(hasty.lines, 18);
	assert_int_equal(hasty.labels, 18);
	for (size_t i = 0; i < ARRAY_LEN(l); i++) {
		IS(&l[i], TC_REVOKED);
		tc_record_free(l[i].rec);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_CLOCKED(revoked),
		TEST_CLOCKED(reasons),
		TEST_CLOCKED(in_another_process),
		TEST_CLOCKED(expired_first),
		TEST_CLOCKED(refused_for_good),
		TEST_CLOCKED(not_there),
		TEST_CLOCKED(after_a_revocation),
		TEST_CLOCKED(what_is_left),
		TEST_CLOCKED(all_deleted),
		TEST_CLOCKED(labels_beside_others),
	};

	return cmocka_run_group_tests_name("gone", tests, NULL, NULL);
}
