/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * New tokens after the pattern of others: copies, new values for old ones, and
 * many at once.  What goes wrong gives out nothing and changes nothing.
 */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#define T TEST_CLOCK_T

#define IS(l, want) EXPECT(l, NULL, "imap", "192.0.2.1", 0, want)

/* A copy or a new value, as something to log in with; freed by the caller. */
static struct test_login
copied(struct test_host *host, const char *id, const struct tc_edit *changes,
       const char *user)
{
	struct test_login l = { .host = host };

	WORKS(host, tc_copy(host->h, &test_actor, id, changes, user, l.token,
			    &l.rec, &host->err));
	return l;
}

static struct test_login
renewed(struct test_host *host, const char *id, int64_t expires)
{
	struct test_login l = { .host = host };

	WORKS(host, tc_regenerate(host->h, &test_actor, id, expires, l.token,
				  &l.rec, &host->err));
	return l;
}

#define NOT_COPIED(host, want, words, id, changes, user)                       \
	do {                                                                   \
		char token_[TC_TOKEN_MAX + 1] = "x";                           \
		struct tc_record *rec_ = NULL;                                 \
		REFUSES(host, want, words,                                     \
			tc_copy((host)->h, &test_actor, id, changes, user,     \
				token_, &rec_, &(host)->err));                 \
		assert_string_equal(token_, "");                               \
		assert_null(rec_);                                             \
	} while (0)

#define NOT_REGENERATED(host, want, words, id, expires)                        \
	do {                                                                   \
		char token_[TC_TOKEN_MAX + 1] = "x";                           \
		struct tc_record *rec_ = NULL;                                 \
		REFUSES(host, want, words,                                     \
			tc_regenerate((host)->h, &test_actor, id, expires,     \
				      token_, &rec_, &(host)->err));           \
		assert_string_equal(token_, "");                               \
		assert_null(rec_);                                             \
	} while (0)

/* ---- copies ---- */

static void
a_copy(void **state)
{
	static const struct tc_actor carol = { .uid = 0, .name = "carol" };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &test_full);
	struct test_login b = { .host = host };
	struct test_told before = test_told_now(host);
	struct test_line line = { .event = "copy",
				  .label = test_full.label,
				  .user = "unit-alice",
				  .kid = 1,
				  .actor = "carol" };
	char why[40];
	struct tc_record *r;

	test_clock = T + 10;
	WORKS(host, tc_copy(host->h, &carol, a.rec->id, NULL, NULL, b.token,
			    &b.rec, &host->err));
	line.id = b.rec->id;
	(void)snprintf(why, sizeof(why), "of %s", a.rec->id);
	line.why = why;
	test_told(host, before, &line, 1);
	IS(&a, TC_VALID);
	IS(&b, TC_VALID);
	EXPECT(&b, "unit-alice", "sshd", "192.0.2.1", 0, TC_WRONG_SERVICE);
	EXPECT(&b, "unit-alice", "imap", "192.0.3.1", 0, TC_WRONG_SOURCE);
	EXPECT(&b, NULL, "imap", "192.0.2.1", T + 1000, TC_EXPIRED);
	assert_string_not_equal(a.rec->id, b.rec->id);
	assert_string_not_equal(a.token, b.token);
	test_same_parameters(a.rec, b.rec);
	assert_true(b.rec->expires == T + 1000);
	assert_true(b.rec->created == T + 10);
	assert_string_equal(b.rec->created_by, "carol");
	assert_string_equal(b.rec->replaces, "");
	assert_memory_not_equal(a.rec->scram, b.rec->scram,
				sizeof(*a.rec->scram));
	r = test_show(host, a.rec->id);
	test_same_parameters(a.rec, r);
	assert_string_equal(r->replaced_by, "");
	assert_int_equal(r->state, TC_STATE_ACTIVE);
	tc_record_free(r);
	/* The end of one is not the end of the other. */
	WORKS(host,
	      tc_revoke(host->h, &test_actor,
			(const char *const[]){ a.rec->id }, 1, "", &host->err));
	IS(&a, TC_REVOKED);
	IS(&b, TC_VALID);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

static void
copies_that_differ(void **state)
{
	static const char *const ssh[] = { "sshd" };
	static const struct tc_property p[] = { { "app", NULL },
						{ "new", "1" } };
	struct tc_edit e = { .what = TC_EDIT_LABEL | TC_EDIT_EXPIRES |
				     TC_EDIT_SERVICES | TC_EDIT_SOURCES |
				     TC_EDIT_PROPERTIES,
			     .label = "desk",
			     .expires = T + 50,
			     .n_services = 1,
			     .n_properties = 2,
			     .services = ssh,
			     .properties = p };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &test_full), b;

	b = copied(host, a.rec->id, &e, "unit-bob");
	EXPECT(&b, "unit-bob", "sshd", NULL, T + 49, TC_VALID);
	EXPECT(&b, "unit-bob", "sshd", NULL, T + 50, TC_EXPIRED);
	EXPECT(&b, "unit-alice", "sshd", NULL, T, TC_WRONG_USER);
	EXPECT(&b, "unit-bob", "imap", NULL, T, TC_WRONG_SERVICE);
	assert_string_equal(b.rec->label, "desk");
	assert_int_equal(b.rec->n_sources, 0);
	assert_int_equal(b.rec->n_properties, 3);
	assert_string_equal(b.rec->properties[0].key, "host");
	assert_string_equal(b.rec->properties[1].key, "note");
	assert_string_equal(b.rec->properties[2].key, "new");
	tc_record_free(b.rec);
	e.what = 0; /* nothing differs */
	b = copied(host, a.rec->id, &e, NULL);
	test_same_parameters(a.rec, b.rec);
	assert_true(b.rec->expires == a.rec->expires);
	tc_record_free(b.rec);
	e.what = TC_EDIT_EXPIRES;
	e.expires = 0;
	b = copied(host, a.rec->id, &e, NULL);
	assert_true(b.rec->expires == 0);
	tc_record_free(b.rec);
	e.what = 0x20;
	NOT_COPIED(host, TC_E_INVALID, "unknown", a.rec->id, &e, NULL);
	e.what = TC_EDIT_PROPERTIES;
	e.properties = (const struct tc_property[]){ { "gone", NULL } };
	e.n_properties = 1;
	NOT_COPIED(host, TC_E_INVALID, "gone", a.rec->id, &e, NULL);
	e.what = TC_EDIT_LABEL;
	e.label = "";
	NOT_COPIED(host, TC_E_INVALID, "label", a.rec->id, &e, NULL);
	tc_record_free(a.rec);
}

static void
when_a_copy_ends(void **state)
{
	struct test_host *host = *state;
	struct tc_create spec = test_full;
	struct test_login a = test_login(host, &test_full), never, b;

	spec.expires = 0;
	never = test_login(host, &spec);
	test_host_conf(host, NULL, "default_lifetime = 2h\n");
	test_clock = T + 999; /* a second is still to come */
	b = copied(host, a.rec->id, NULL, NULL);
	assert_true(b.rec->expires == T + 1000);
	tc_record_free(b.rec);
	test_clock = T + 1000;
	b = copied(host, a.rec->id, NULL, NULL);
	assert_true(b.rec->expires == T + 1000 + 7200);
	IS(&a, TC_EXPIRED);
	IS(&b, TC_VALID);
	tc_record_free(b.rec);
	b = copied(host, never.rec->id, NULL, NULL);
	assert_true(b.rec->expires == 0);
	tc_record_free(b.rec);
	test_host_conf(host, NULL, "max_lifetime = 1h\n");
	NOT_COPIED(host, TC_E_REFUSED, "never", never.rec->id, NULL, NULL);
	NOT_COPIED(host, TC_E_REFUSED, "never", a.rec->id, NULL, NULL);
	test_host_conf(host, NULL,
		       "max_lifetime = 1h\ndefault_lifetime = 1h\n");
	b = copied(host, a.rec->id, NULL, NULL);
	tc_record_free(b.rec);
	tc_record_free(a.rec);
	tc_record_free(never.rec);
}

static void
copies_of_dead_ones(void **state)
{
	struct test_host *host = *state;
	struct test_login a = test_login(host, &test_full), b;
	const char *id = a.rec->id;

	WORKS(host,
	      tc_revoke(host->h, &test_actor, &id, 1, "lost", &host->err));
	b = copied(host, id, NULL, NULL);
	IS(&a, TC_REVOKED);
	IS(&b, TC_VALID);
	assert_string_equal(b.rec->revoked_by, "");
	assert_string_equal(b.rec->revoked_reason, "");
	tc_record_free(b.rec);
	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-alice", 0, "",
				  &host->err));
	b = copied(host, id, NULL, NULL);
	IS(&b, TC_VALID);
	tc_record_free(b.rec);
	/* Its key retired: the copy is made with the active one. */
	WORKS(host,
	      tc_key_add(host->h, &test_actor, 2, NULL, NULL, &host->err));
	WORKS(host, tc_key_activate(host->h, &test_actor, 2, &host->err));
	WORKS(host, tc_key_retire(host->h, &test_actor, 1, &host->err));
	b = copied(host, id, NULL, NULL);
	IS(&b, TC_VALID);
	assert_int_equal(b.rec->kid, 2);
	tc_record_free(b.rec);
	tc_record_free(a.rec);
}

static void
no_copy(void **state)
{
	static const char *const users[] = { "", "a b", "a/b", "a\n", "\xff" };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &test_full);
	char name[TC_USER_MAX + 2], token[TC_TOKEN_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		NOT_COPIED(host, TC_E_INVALID, "user", a.rec->id, NULL,
			   users[i]);
	memset(name, 'x', sizeof(name));
	name[TC_USER_MAX + 1] = '\0';
	NOT_COPIED(host, TC_E_INVALID, "user", a.rec->id, NULL, name);
	NOT_COPIED(host, TC_E_NOTFOUND, "no such token",
		   "0123456789abcdefghjkmnpq", NULL, NULL);
	NOT_COPIED(host, TC_E_INVALID, "not an id", "unit-alice/laptop", NULL,
		   NULL);
	NOT_COPIED(host, TC_E_INVALID, "not an id", "", NULL, NULL);
	/* Neither a record nor a reason need be wanted. */
	assert_int_equal(tc_copy(host->h, &test_actor, a.rec->id, NULL, NULL,
				 token, NULL, NULL),
			 TC_OK);
	assert_int_equal(
	    tc_copy(host->h, &test_actor, "x", NULL, NULL, token, NULL, NULL),
	    TC_E_INVALID);
	tc_record_free(a.rec);
}

/* ---- a new value ---- */

static void
a_new_value(void **state)
{
	struct test_host *host = *state;
	struct test_login a = test_login(host, &test_full), b;
	struct test_told before = test_told_now(host);
	struct test_line lines[2];
	struct tc_info was, is;
	char replaces[40], replaced[40];
	struct tc_record *old;

	test_clock = T + 10;
	WORKS(host, tc_info(host->h, &was, &host->err));
	b = renewed(host, a.rec->id, TC_EXPIRES_KEEP);
	WORKS(host, tc_info(host->h, &is, &host->err));
	assert_true(is.commits == was.commits + 1);
	(void)snprintf(replaces, sizeof(replaces), "replaces %s", a.rec->id);
	(void)snprintf(replaced, sizeof(replaced), "replaced by %s", b.rec->id);
	lines[0] = (struct test_line){ "regenerate", b.rec->id, test_full.label,
				       "unit-alice", 1,		"admin",
				       replaces };
	lines[1] = (struct test_line){ "regenerate", a.rec->id, test_full.label,
				       "unit-alice", 1,		"admin",
				       replaced };
	test_told(host, before, lines, 2);
	IS(&a, TC_REVOKED);
	IS(&b, TC_VALID);
	EXPECT(&b, NULL, "imap", "192.0.2.1", T + 1000, TC_EXPIRED);
	test_same_parameters(a.rec, b.rec);
	assert_string_equal(b.rec->replaces, a.rec->id);
	assert_string_equal(b.rec->replaced_by, "");
	old = test_show(host, a.rec->id);
	test_same_parameters(a.rec, old);
	assert_int_equal(old->state, TC_STATE_REVOKED);
	assert_true(old->revoked == T + 10);
	assert_string_equal(old->revoked_by, "admin");
	assert_string_equal(old->revoked_reason, "replaced by a new value");
	assert_string_equal(old->replaced_by, b.rec->id);
	tc_record_free(old);
	NOT_REGENERATED(host, TC_E_REFUSED, b.rec->id, a.rec->id,
			TC_EXPIRES_KEEP);
	tc_record_free(a.rec);
	/* The new one has its turn, and lives on when the old one is gone. */
	a = b;
	b = renewed(host, a.rec->id, T + 77);
	IS(&a, TC_REVOKED);
	assert_true(b.rec->expires == T + 77);
	WORKS(host,
	      tc_delete(host->h, &test_actor,
			(const char *const[]){ a.rec->id }, 1, "", &host->err));
	IS(&a, TC_REVOKED);
	IS(&b, TC_VALID);
	old = test_show(host, b.rec->id);
	assert_string_equal(old->replaces, a.rec->id);
	tc_record_free(old);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

/* What ended it before stays written down. */
static void
of_a_revoked_one(void **state)
{
	struct test_host *host = *state;
	struct test_login a = test_login(host, &test_full), b;
	const char *id = a.rec->id;
	struct tc_record *old;

	WORKS(host,
	      tc_revoke(host->h, &test_actor, &id, 1, "lost", &host->err));
	test_clock = T + 10;
	b = renewed(host, id, TC_EXPIRES_KEEP);
	IS(&a, TC_REVOKED);
	IS(&b, TC_VALID);
	old = test_show(host, id);
	assert_true(old->revoked == T);
	assert_string_equal(old->revoked_reason, "lost");
	assert_string_equal(old->replaced_by, b.rec->id);
	tc_record_free(old);
	tc_record_free(a.rec);
	/* By a mark, in whose second the new one is made. */
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, NULL, 0, "", &host->err));
	IS(&b, TC_REVOKED);
	a = renewed(host, b.rec->id, TC_EXPIRES_KEEP);
	IS(&a, TC_VALID);
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

static void
until_when(void **state)
{
	struct test_host *host = *state;
	struct tc_create spec = test_full;
	struct test_login a = test_login(host, &test_full), never, b;

	spec.expires = 0;
	never = test_login(host, &spec);
	test_clock = T + 1000;
	IS(&a, TC_EXPIRED);
	NOT_REGENERATED(host, TC_E_INVALID, "past", a.rec->id, T + 1000);
	NOT_REGENERATED(host, TC_E_INVALID, "past", a.rec->id, -3);
	test_host_conf(host, NULL, "max_lifetime = 1h\n");
	NOT_REGENERATED(host, TC_E_REFUSED, "never", a.rec->id,
			TC_EXPIRES_KEEP);
	NOT_REGENERATED(host, TC_E_REFUSED, "never", never.rec->id,
			TC_EXPIRES_KEEP);
	NOT_REGENERATED(host, TC_E_REFUSED, "never", a.rec->id, 0);
	NOT_REGENERATED(host, TC_E_REFUSED, "max_lifetime", a.rec->id,
			T + 1000 + 3601);
	test_host_conf(host, NULL, "allow_never = no\n");
	NOT_REGENERATED(host, TC_E_REFUSED, "never", never.rec->id,
			TC_EXPIRES_KEEP);
	test_host_conf(host, NULL, "default_lifetime = 2h\n");
	IS(&never, TC_VALID); /* it was refused each time */
	b = renewed(host, a.rec->id, TC_EXPIRES_KEEP);
	assert_true(b.rec->expires == T + 1000 + 7200);
	IS(&b, TC_VALID);
	tc_record_free(b.rec);
	b = renewed(host, never.rec->id, TC_EXPIRES_KEEP);
	assert_true(b.rec->expires == 0);
	tc_record_free(never.rec);
	never = b;
	b = renewed(host, never.rec->id, TC_EXPIRES_DEFAULT);
	assert_true(b.rec->expires == T + 1000 + 7200);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
	tc_record_free(never.rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_CLOCKED(a_copy),
		TEST_CLOCKED(copies_that_differ),
		TEST_CLOCKED(when_a_copy_ends),
		TEST_CLOCKED(copies_of_dead_ones),
		TEST_CLOCKED(no_copy),
		TEST_CLOCKED(a_new_value),
		TEST_CLOCKED(of_a_revoked_one),
		TEST_CLOCKED(until_when),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
