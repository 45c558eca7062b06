/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all changes have in common: who may, that nothing is done which cannot
 * be logged, that a selection is changed as a whole or not at all, and what
 * both logs are told.
 */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "permit.h"
#include "store.h"

#define T TEST_CLOCK_T
#define NEVER_MADE "0123456789abcdefghjkmnpq"

static const struct tc_create spec = { .user = "unit-alice",
				       .label = "laptop" };

/* ---- the calls, each under one shape ---- */

struct call {
	struct test_host *host;
	const struct tc_actor *actor;
	const char *const *ids;
	size_t n;
	char token[TC_TOKEN_MAX + 1]; /* of calls that make one */
	struct tc_record *rec;
};

typedef int call_fn(struct call *c);

static int
do_edit(struct call *c)
{
	static const struct tc_edit e = { .what =
					      TC_EDIT_LABEL | TC_EDIT_EXPIRES,
					  .label = "new",
					  .expires = T + 500 };

	return tc_edit(c->host->h, c->actor, c->ids, c->n, &e, &c->host->err);
}

static int
do_renew(struct call *c)
{
	return tc_renew(c->host->h, c->actor, c->ids, c->n, T + 500,
			&c->host->err);
}

static int
do_revoke(struct call *c)
{
	return tc_revoke(c->host->h, c->actor, c->ids, c->n, "lost",
			 &c->host->err);
}

static int
do_delete(struct call *c)
{
	return tc_delete(c->host->h, c->actor, c->ids, c->n, "old",
			 &c->host->err);
}

static int
do_create(struct call *c)
{
	return tc_create(c->host->h, c->actor, &spec, c->token, &c->rec,
			 &c->host->err);
}

static int
do_copy(struct call *c)
{
	return tc_copy(c->host->h, c->actor, c->ids[0], NULL, NULL, c->token,
		       &c->rec, &c->host->err);
}

static int
do_regenerate(struct call *c)
{
	return tc_regenerate(c->host->h, c->actor, c->ids[0], TC_EXPIRES_KEEP,
			     c->token, &c->rec, &c->host->err);
}

static int
do_revoke_all(struct call *c)
{
	return tc_revoke_all(c->host->h, c->actor, "unit-alice", 0, "lost",
			     &c->host->err);
}

static int
do_restore(struct call *c)
{
	static const struct tc_ended ended = { .user = "unit-alice",
					       .before = T };
	enum tc_restored unused;

	return tc_restore(c->host->h, c->actor, NULL, 0, &ended, 1, 0, &unused,
			  &c->host->err);
}

static int
do_compact(struct call *c)
{
	return tc_compact(c->host->h, c->actor, &c->host->err);
}

#define LIST (1U << TC_ACT_LIST)
#define CREATE (1U << TC_ACT_CREATE)
#define CHANGE (1U << TC_ACT_CHANGE)
#define REVOKE (1U << TC_ACT_REVOKE)
#define DELETE (1U << TC_ACT_DELETE)

static const struct verb {
	const char *name; /* the event */
	call_fn *call;
	int many; /* of the first four: a selection */
	unsigned takes; /* of enum tc_act, what lets others; 0: nothing does */
	const char *why; /* of a selection's, for the logs */
} verbs[] = {
	{ "edit", do_edit, 1, CHANGE, "label,expires" },
	{ "renew", do_renew, 1, CHANGE, "expires" },
	{ "revoke", do_revoke, 1, REVOKE, "lost" },
	{ "delete", do_delete, 1, DELETE, "old" },
	{ "create", do_create, 0, CREATE, NULL },
	{ "copy", do_copy, 0, LIST | CREATE, NULL },
	{ "regenerate", do_regenerate, 0, CHANGE, NULL },
	{ "revoke", do_revoke_all, 0, REVOKE, NULL },
	{ "import", do_restore, 0, 0, NULL },
	{ "compact", do_compact, 0, 0, NULL },
};

/* Refused, with these words, and no token is given out. */
static void
refused(struct call *c, const struct verb *v, int want, const char *words)
{
	memset(c->token, 'x', sizeof(c->token));
	c->rec = NULL;
	REFUSES(c->host, want, words, v->call(c));
	assert_null(c->rec);
	if (v->call == do_create || v->call == do_copy ||
	    v->call == do_regenerate)
		assert_string_equal(c->token, "");
}

static void
works(struct call *c, const struct verb *v)
{
	c->rec = NULL;
	WORKS(c->host, v->call(c));
	tc_record_free(c->rec);
}

/* ---- */

static void
switched_off(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &spec);
	const char *id = l.rec->id;
	struct call c = { host, &test_actor, &id, 1, "", NULL };

	test_host_conf(host, NULL, "enabled = no\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		refused(&c, &verbs[i], TC_E_REFUSED, "enabled = no");
	test_host_conf(host, NULL, "");
	EXPECT(&l, NULL, NULL, NULL, 0, TC_VALID);
	tc_record_free(l.rec);
}

static void
not_told_not_done(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &spec);
	const char *id = l.rec->id;
	struct call c = { host, &test_actor, &id, 1, "", NULL };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		test_host_conf(host, "absent/audit.json", "");
		refused(&c, &verbs[i], TC_E_UNAVAILABLE, "absent/audit.json");
		EXPECT(&l, NULL, NULL, NULL, 0, TC_VALID);
		/* What failed late left nothing that harms the next one. */
		test_host_conf(host, NULL, "");
		c.n = 1;
		WORKS(host, do_renew(&c));
	}
	tc_record_free(l.rec);
}

/* Grants everyone the acts whose bit is set. */
static void
grant(struct test_host *host, unsigned acts, const char *whose)
{
	static const char *const names[] = { "list", "create", "change",
					     "revoke", "delete" };
	char conf[300] = "[permissions]\n";

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (acts & (1U << i))
			(void)snprintf(conf + strlen(conf), 40, "%s_%s = *\n",
				       names[i], whose);
	test_host_conf(host, NULL, conf);
}

/* Whoever does not own the store may what is granted, and no more. */
static void
who_may(void **state)
{
	static const struct tc_actor alice = { .uid = 1000,
					       .name = "unit-alice" };
	static const struct tc_actor bob = { .uid = 1001, .name = "unit-bob" };
	struct test_host *host = *state;

	if (geteuid() != 0) {
		print_error("skipped: must run as root\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		const struct verb *v = &verbs[i];
		struct tc_record *rec;
		char token[TC_TOKEN_MAX + 1];
		const char *id;
		struct call c = { host, &alice, &id, 1, "", NULL };

		grant(host, 0, "all");
		test_clock++;
		rec = test_host_token(host, &spec, token);
		id = rec->id;
		refused(&c, v, TC_E_PERMISSION, "unit-alice may not");
		/* Everything but one of what it takes. */
		for (unsigned bit = 1; bit < 0x20; bit <<= 1) {
			grant(host, 0x1f & ~bit, "all");
			if (v->takes & bit || !v->takes)
				refused(&c, v, TC_E_PERMISSION,
					"unit-alice may not");
		}
		grant(host, v->takes, "own");
		c.actor = &bob;
		refused(&c, v, TC_E_PERMISSION, "unit-bob may not");
		c.actor = &alice;
		if (v->takes)
			works(&c, v);
		tc_record_free(rec);
	}
}

/* Revoked by a mark or by itself: over, for those who may not make new ones. */
static void
revoked_and_regenerated(void **state)
{
	static const struct tc_actor alice = { .uid = 1000,
					       .name = "unit-alice" };
	static const struct verb regenerate = { "regenerate", do_regenerate, 0,
						CHANGE, NULL };
	struct test_host *host = *state;

	if (geteuid() != 0) {
		print_error("skipped: must run as root\n");
		return;
	}
	for (int mark = 0; mark < 2; mark++) {
		struct test_login l = test_login(host, &spec);
		const char *id = l.rec->id;
		struct call c = { host, &test_actor, &id, 1, "", NULL };

		WORKS(host, mark ? do_revoke_all(&c) : do_revoke(&c));
		c.actor = &alice;
		grant(host, CHANGE, "own");
		refused(&c, &regenerate, TC_E_PERMISSION,
			"unit-alice may not create");
		grant(host, CREATE, "own");
		refused(&c, &regenerate, TC_E_PERMISSION,
			"unit-alice may not change");
		grant(host, CHANGE | CREATE, "own");
		works(&c, &regenerate);
		test_clock++;
		tc_record_free(l.rec);
	}
}

static void
nobody_asks(void **state)
{
	static char longer[TC_USER_MAX + 2];
	static const char *const names[] = { "", "a\nb", "\xff", longer };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &spec);
	const char *id = l.rec->id;
	struct tc_actor actor = { .uid = 0 };
	struct call c = { host, &actor, &id, 1, "", NULL };

	memset(longer, 'x', TC_USER_MAX + 1);
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		actor.name = names[k];
		for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
			refused(&c, &verbs[i], TC_E_INVALID, "name");
	}
	tc_record_free(l.rec);
}

/* Without its key a record is not changed: its seal could not be proved. */
static void
keys_that_differ(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &spec);
	const char *id = l.rec->id;
	struct call c = { host, &test_actor, &id, 1, "", NULL };

	for (int missing = 0; missing < 2; missing++) {
		test_text(test_host_path(host, "secret.conf"), 0600,
			  missing ? "[key 7]\nsecret = "
				    "fedcba9876543210fedcba9876543210\n"
				    "state = active\n"
				  : "[key 1]\nsecret = "
				    "fedcba9876543210fedcba98765432101\n"
				    "state = active\n");
		for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
			if (verbs[i].many || verbs[i].call == do_copy ||
			    verbs[i].call == do_regenerate)
				refused(&c, &verbs[i], TC_E_UNAVAILABLE,
					missing ? "key 1 is not in" : "seal");
	}
	tc_record_free(l.rec);
}

/* ---- selections ---- */

#define N 5

struct selection {
	struct test_login l[N];
	const char *ids[N + 3];
};

static void
select_some(struct test_host *host, struct selection *s)
{
	static const char *const labels[N] = { "a", "b", "c", "d", "e" };

	for (size_t i = 0; i < N; i++) {
		const struct tc_create some = { .user = i % 2 ? "unit-bob"
							      : "unit-alice",
						.label = labels[i] };

		s->l[i] = test_login(host, &some);
		s->ids[i] = s->l[i].rec->id;
	}
}

static void
selection_free(struct selection *s)
{
	for (size_t i = 0; i < N; i++)
		tc_record_free(s->l[i].rec);
}

static uint64_t
commits(struct test_host *host)
{
	struct tc_policy *p = tc_policy_get(host->h, &host->err);
	struct tc_head head;

	assert_int_equal(tc_store_read(&p->store, NULL, 0, &head, &host->err),
			 TC_OK);
	tc_policy_put(host->h, p);
	return head.seq;
}

static int
by_id(const void *a, const void *b)
{
	const struct test_login *x = a, *y = b;

	return strcmp(x->rec->id, y->rec->id);
}

/* Five tokens, one of them named three times: one commit, five lines. */
static void
all_in_one_commit(void **state)
{
	struct test_host *host = *state;

	for (const struct verb *v = verbs; v->many; v++) {
		struct selection s;
		struct call c = { host, &test_actor, s.ids, N + 2, "", NULL };
		struct test_line lines[N];
		struct test_told before;
		uint64_t seq;

		select_some(host, &s);
		s.ids[N] = s.ids[2];
		s.ids[N + 1] = s.ids[2];
		before = test_told_now(host);
		seq = commits(host);
		works(&c, v);
		assert_true(commits(host) == seq + 1);
		qsort(s.l, N, sizeof(s.l[0]), by_id);
		for (size_t i = 0; i < N; i++)
			lines[i] = (struct test_line){ v->name,
						       s.l[i].rec->id,
						       v->call == do_edit
							   ? "new"
							   : s.l[i].rec->label,
						       s.l[i].rec->user,
						       1,
						       "admin",
						       v->why };
		test_told(host, before, lines, N);
		for (size_t i = 0; i < N; i++)
			EXPECT(&s.l[i], NULL, NULL, NULL, 0,
			       v->call == do_edit || v->call == do_renew
				   ? TC_VALID
				   : TC_REVOKED);
		selection_free(&s);
	}
}

static void
one_that_is_none(void **state)
{
	static const char *const bad[] = { "",
					   "x",
					   "k7mm6h",
					   "K7MM6HETF9W81MHQ2MPVX68F",
					   "k7mm6hetf9w81mhq2mpvx68fx",
					   "unit-alice/a",
					   "k7mm6hetf9w81mhq2mpvx68u",
					   "../../../../etc/passwd.." };
	struct test_host *host = *state;
	struct selection s;
	struct call c = { host, &test_actor, s.ids, N + 1, "", NULL };
	char upper[TC_ID_LEN + 1];

	select_some(host, &s);
	for (const struct verb *v = verbs; v->many; v++) {
		s.ids[N] = NEVER_MADE;
		refused(&c, v, TC_E_NOTFOUND, NEVER_MADE);
		s.ids[N] = s.ids[0];
		s.ids[0] = NEVER_MADE;
		refused(&c, v, TC_E_NOTFOUND, NEVER_MADE);
		s.ids[0] = s.ids[N];
		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			s.ids[N] = bad[i];
			refused(&c, v, TC_E_INVALID, "not an id");
		}
		for (size_t i = 0; i <= TC_ID_LEN; i++)
			upper[i] = s.ids[1][i] >= 'a' ? (char)(s.ids[1][i] - 32)
						      : s.ids[1][i];
		s.ids[N] = upper;
		refused(&c, v, TC_E_INVALID, "not an id");
		c.n = 0;
		refused(&c, v, TC_E_INVALID, "no token");
		c.n = N + 1;
	}
	for (size_t i = 0; i < N; i++)
		EXPECT(&s.l[i], NULL, NULL, NULL, 0, TC_VALID);
	selection_free(&s);
}

/* One that may not be changed: nor may the others. */
static void
one_that_may_not(void **state)
{
	static const struct tc_actor bob = { .uid = 1000, .name = "unit-bob" };
	struct test_host *host = *state;
	struct selection s;
	struct call c = { host, &bob, s.ids, N, "", NULL };
	struct call root = { host, &test_actor, s.ids, N, "", NULL };

	select_some(host, &s);
	if (geteuid() == 0)
		test_host_conf(host, NULL,
			       "[permissions]\nchange_own = *\n"
			       "revoke_own = *\ndelete_own = *\n");
	for (const struct verb *v = verbs; v->many && geteuid() == 0; v++)
		refused(&c, v, TC_E_PERMISSION, "unit-bob may not");
	/* Revoked ones are edited no more; revoked again they stay. */
	c = root;
	c.ids = s.ids + 3;
	c.n = 1;
	works(&c, &verbs[2]);
	refused(&root, &verbs[0], TC_E_REFUSED, s.ids[3]);
	refused(&root, &verbs[1], TC_E_REFUSED, s.ids[3]);
	for (size_t i = 0; i < N; i++)
		EXPECT(&s.l[i], NULL, NULL, NULL, 0,
		       i == 3 ? TC_REVOKED : TC_VALID);
	selection_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_CLOCKED(switched_off),
		TEST_CLOCKED(not_told_not_done),
		TEST_CLOCKED(who_may),
		TEST_CLOCKED(revoked_and_regenerated),
		TEST_CLOCKED(nobody_asks),
		TEST_CLOCKED(keys_that_differ),
		TEST_CLOCKED(all_in_one_commit),
		TEST_CLOCKED(one_that_is_none),
		TEST_CLOCKED(one_that_may_not),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
