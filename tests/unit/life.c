/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Editing and renewing: each member to its bounds, one and many tokens, and
 * that what is refused changes nothing.  gone.c, copies.c and marks.c have the
 * rest of a token's life.
 */
#include "told.h"

#include <stdio.h>

#include "clock.h"

#define T TEST_CLOCK_T

static int
edit(struct test_host *host, const char *id, const struct tc_edit *e)
{
	return tc_edit(host->h, &test_actor, &id, 1, e, &host->err);
}

/* Each property as key=value, in their order. */
static void
has_properties(struct test_host *host, const char *id, const char *want)
{
	struct tc_record *r = test_show(host, id);
	char text[2048] = "";

	for (size_t i = 0; i < r->n_properties; i++) {
		size_t at = strlen(text);

		(void)snprintf(text + at, sizeof(text) - at, "%s%s=%s",
			       i ? " " : "", r->properties[i].key,
			       r->properties[i].value);
	}
	assert_string_equal(text, want);
	tc_record_free(r);
}

/* What no edit touches. */
static void
same_token(const struct tc_record *a, const struct tc_record *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->user, b->user);
	assert_int_equal(a->kid, b->kid);
	assert_true(a->created == b->created);
	assert_string_equal(a->created_by, b->created_by);
	assert_int_equal(a->state, b->state);
	assert_memory_equal(a->scram, b->scram, sizeof(*a->scram));
	assert_string_equal(a->replaces, b->replaces);
	assert_string_equal(a->replaced_by, b->replaced_by);
}

/* Which members differ, as bits of struct tc_edit's what. */
static unsigned
differences(const struct tc_record *a, const struct tc_record *b)
{
	unsigned d = strcmp(a->label, b->label) ? TC_EDIT_LABEL : 0;

	if (a->expires != b->expires)
		d |= TC_EDIT_EXPIRES;
	if (a->n_services != b->n_services ||
	    strcmp(a->services[0], b->services[0]) != 0)
		d |= TC_EDIT_SERVICES;
	if (a->n_sources != b->n_sources ||
	    memcmp(a->sources, b->sources, sizeof(*a->sources)) != 0)
		d |= TC_EDIT_SOURCES;
	if (a->n_properties != b->n_properties ||
	    strcmp(a->properties[0].value, b->properties[0].value) != 0)
		d |= TC_EDIT_PROPERTIES;
	return d;
}

/* Every set of members at once: those change, the others do not. */
static void
each_member(void **state)
{
	static const char *const ssh[] = { "sshd" };
	static const struct tc_source v6 = { .family = 6,
					     .prefix = 32,
					     .addr = { 0x20, 1, 0xd, 0xb8 } };
	static const struct tc_property other = { "app", "ssh" };
	struct tc_edit e = { .label = "desk \xf0\x9f\x94\x91",
			     .expires = T + 2000,
			     .n_services = 1,
			     .n_sources = 1,
			     .n_properties = 1,
			     .services = ssh,
			     .sources = &v6,
			     .properties = &other };
	struct test_host *host = *state;

	for (e.what = 1; e.what < 0x20; e.what++) {
		struct test_login l = test_login(host, &test_full);
		struct tc_record *now;
		int moved = (e.what & TC_EDIT_EXPIRES) != 0;

		test_clock++;
		WORKS(host, edit(host, l.rec->id, &e));
		now = test_show(host, l.rec->id);
		same_token(l.rec, now);
		assert_int_equal(differences(l.rec, now), e.what);
		EXPECT(&l, "unit-alice",
		       e.what & TC_EDIT_SERVICES ? "sshd" : "imap",
		       e.what & TC_EDIT_SOURCES ? "2001:db8::1" : "192.0.2.1",
		       T + 999 + 1000 * moved, TC_VALID);
		assert_string_equal(l.res.label, now->label);
		EXPECT(&l, "unit-alice", "imap", "192.0.2.1",
		       T + 1000 + 1000 * moved, TC_EXPIRED);
		EXPECT(&l, "unit-alice",
		       e.what & TC_EDIT_SERVICES ? "imap" : "sshd",
		       e.what & TC_EDIT_SOURCES ? "2001:db8::1" : "192.0.2.1",
		       T, TC_WRONG_SERVICE);
		tc_record_free(now);
		tc_record_free(l.rec);
	}
}

static void
all_taken_away(void **state)
{
	struct test_host *host = *state;
	struct tc_edit e = { .what = TC_EDIT_SERVICES | TC_EDIT_SOURCES };
	struct test_login l = test_login(host, &test_full);

	EXPECT(&l, NULL, NULL, NULL, 0, TC_WRONG_SERVICE);
	WORKS(host, edit(host, l.rec->id, &e));
	EXPECT(&l, NULL, NULL, NULL, 0, TC_VALID);
	has_properties(host, l.rec->id, "app=mutt host=box note=");
	tc_record_free(l.rec);
}

/* ---- properties ---- */

static int
set(struct test_host *host, const char *id, const char *const *pairs)
{
	struct tc_property p[40];
	struct tc_edit e = { .what = TC_EDIT_PROPERTIES, .properties = p };

	for (; pairs[0]; pairs += 2)
		p[e.n_properties++] =
		    (struct tc_property){ pairs[0], pairs[1] };
	return edit(host, id, &e);
}

#define SET(...) set(host, id, (const char *const[]){ __VA_ARGS__, NULL })

static void
properties(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	const char *id = l.rec->id;

	WORKS(host, SET("host", "other"));
	has_properties(host, id, "app=mutt host=other note=");
	WORKS(host, SET("new", "1", "app", "x=y z"));
	has_properties(host, id, "app=x=y z host=other note= new=1");
	WORKS(host, SET("app", NULL));
	has_properties(host, id, "host=other note= new=1");
	WORKS(host, SET("app", "back", "new", NULL, "note", "n"));
	has_properties(host, id, "host=other note=n app=back");
	/* One by one: the last one counts. */
	WORKS(host, SET("a", "1", "a", "2", "note", NULL, "note", "3"));
	has_properties(host, id, "host=other app=back a=2 note=3");
	WORKS(host, SET("a", "1", "a", NULL));
	has_properties(host, id, "host=other app=back note=3");
	REFUSES(host, TC_E_INVALID, "no property a", SET("a", NULL));
	REFUSES(host, TC_E_INVALID, "no property App", SET("App", NULL));
	REFUSES(host, TC_E_INVALID, "no property a",
		SET("app", "z", "a", NULL, "b", "1"));
	REFUSES(host, TC_E_INVALID, "property", SET("", "1"));
	REFUSES(host, TC_E_INVALID, "property", SET("a\n", "1"));
	REFUSES(host, TC_E_INVALID, "property", SET("a", "1\x1b[0m"));
	REFUSES(host, TC_E_INVALID, "property", SET("a", "\xc3"));
	WORKS(host, SET("host", NULL, "app", NULL, "note", NULL));
	has_properties(host, id, "");
	EXPECT(&l, NULL, "imap", "192.0.2.1", 0, TC_VALID);
	tc_record_free(l.rec);
}

static void
seventeen(void **state)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f",
					    "g", "h", "i", "j", "k", "l",
					    "m", "n", "o", "p", "q" };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	const char *id = l.rec->id;
	const char *pairs[40] = { NULL };

	for (size_t i = 0; i < 13; i++) {
		pairs[2 * i] = keys[i];
		pairs[2 * i + 1] = "1";
	}
	WORKS(host, set(host, id, pairs));
	has_properties(host, id,
		       "app=mutt host=box note= a=1 b=1 c=1 d=1 e=1 f=1 "
		       "g=1 h=1 i=1 j=1 k=1 l=1 m=1");
	REFUSES(host, TC_E_INVALID, "at most 16", SET("q", "1"));
	REFUSES(host, TC_E_INVALID, "at most 16", SET("q", "1", "a", NULL));
	WORKS(host, SET("a", NULL, "q", "1")); /* in this order there is room */
	WORKS(host, SET("m", "2"));
	has_properties(host, id,
		       "app=mutt host=box note= b=1 c=1 d=1 e=1 f=1 g=1 "
		       "h=1 i=1 j=1 k=1 l=1 m=2 q=1");
	tc_record_free(l.rec);
}

/* ---- bounds ---- */

static void
lengths(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	const char *id = l.rec->id;
	char text[400];
	struct tc_property p = { text, "1" };
	struct tc_edit e = { .what = TC_EDIT_LABEL, .label = text };

	memset(text, 'x', sizeof(text));
	text[TC_LABEL_MAX + 1] = '\0';
	REFUSES(host, TC_E_INVALID, "label", edit(host, id, &e));
	memcpy(text + TC_LABEL_MAX - 4, "\xf0\x9f\x94\x91", 5);
	WORKS(host, edit(host, id, &e));
	e = (struct tc_edit){ .what = TC_EDIT_PROPERTIES,
			      .properties = &p,
			      .n_properties = 1 };
	memset(text, 'k', sizeof(text));
	text[TC_PROP_KEY_MAX + 1] = '\0';
	REFUSES(host, TC_E_INVALID, "property", edit(host, id, &e));
	text[TC_PROP_KEY_MAX] = '\0';
	WORKS(host, edit(host, id, &e));
	memset(text, 'v', sizeof(text));
	text[TC_PROP_VALUE_MAX + 1] = '\0';
	p = (struct tc_property){ "key", text };
	REFUSES(host, TC_E_INVALID, "property", edit(host, id, &e));
	text[TC_PROP_VALUE_MAX] = '\0';
	WORKS(host, edit(host, id, &e));
	EXPECT(&l, NULL, "imap", "192.0.2.1", 0, TC_VALID);
	tc_record_free(l.rec);
}

static void
labels(void **state)
{
	static const char *const bad[] = {
		"",	"a\nb",	    "\x7f",	    "\x1b[2J",	     "a\tb",
		"\xff", "\xc0\x80", "\xed\xa0\x80", "a\xe2\x80\xae", "\xc2\x85",
	};
	static const char *const good[] = { " ", "a/b", "\"quoted\", and",
					    "\xe6\x97\xa5\xe6\x9c\xac", "'" };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	struct tc_edit e = { .what = TC_EDIT_LABEL };

	REFUSES(host, TC_E_INVALID, "label", edit(host, l.rec->id, &e));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e.label = bad[i];
		REFUSES(host, TC_E_INVALID, "label", edit(host, l.rec->id, &e));
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		e.label = good[i];
		WORKS(host, edit(host, l.rec->id, &e));
		EXPECT(&l, NULL, "imap", "192.0.2.1", 0, TC_VALID);
		assert_string_equal(l.res.label, good[i]);
	}
	tc_record_free(l.rec);
}

static void
how_many(void **state)
{
	static const char *many[TC_SERVICES_MAX + 1];
	static struct tc_source nets[TC_SOURCES_MAX + 1];
	static const char *const bad[] = { "", "SSHD", "a b", "a,b", "a\n" };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	const char *id = l.rec->id;
	struct tc_edit e = { .what = TC_EDIT_SERVICES,
			     .services = many,
			     .sources = nets };

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = i % 2 ? "abcdefghijklmnopqrstuvwxyz012345" : "sshd";
	e.n_services = TC_SERVICES_MAX + 1;
	REFUSES(host, TC_E_INVALID, "32 services", edit(host, id, &e));
	e.n_services = TC_SERVICES_MAX;
	WORKS(host, edit(host, id, &e));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		many[TC_SERVICES_MAX - 1] = bad[i];
		REFUSES(host, TC_E_INVALID, "service", edit(host, id, &e));
	}
	e.what = TC_EDIT_SOURCES;
	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		nets[i] = test_full.sources[0];
	e.n_sources = TC_SOURCES_MAX + 1;
	REFUSES(host, TC_E_INVALID, "16 sources", edit(host, id, &e));
	e.n_sources = TC_SOURCES_MAX;
	WORKS(host, edit(host, id, &e));
	nets[3].addr[3] = 1;
	REFUSES(host, TC_E_INVALID, "source 4", edit(host, id, &e));
	nets[3].family = 5;
	REFUSES(host, TC_E_INVALID, "source 4", edit(host, id, &e));
	EXPECT(&l, NULL, "sshd", "192.0.2.1", 0, TC_VALID);
	tc_record_free(l.rec);
}

static void
unknown_kinds(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	struct tc_edit e = { .label = "x" };

	REFUSES(host, TC_E_INVALID, "nothing", edit(host, l.rec->id, &e));
	for (unsigned bit = 5; bit < 32; bit++) {
		e.what = 1U << bit | TC_EDIT_LABEL;
		REFUSES(host, TC_E_INVALID, "unknown",
			edit(host, l.rec->id, &e));
	}
	tc_record_free(l.rec);
}

/* ---- expiry ---- */

static int
renew(struct test_host *host, const char *id, int64_t expires)
{
	return tc_renew(host->h, &test_actor, &id, 1, expires, &host->err);
}

static void
renewed(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	const char *id = l.rec->id;

	test_clock = T + 5000;
	EXPECT(&l, NULL, "imap", "192.0.2.1", 0, TC_EXPIRED);
	WORKS(host, renew(host, id, T + 6000));
	EXPECT(&l, NULL, "imap", "192.0.2.1", 0, TC_VALID);
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 5999, TC_VALID);
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 6000, TC_EXPIRED);
	WORKS(host, renew(host, id, T + 5001)); /* also to less */
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 5001, TC_EXPIRED);
	WORKS(host, renew(host, id, 0));
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 99999999, TC_VALID);
	REFUSES(host, TC_E_INVALID, "past", renew(host, id, T + 5000));
	REFUSES(host, TC_E_INVALID, "past", renew(host, id, 1));
	REFUSES(host, TC_E_INVALID, "past", renew(host, id, TC_EXPIRES_KEEP));
	REFUSES(host, TC_E_INVALID, "past", renew(host, id, INT64_MIN));
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 99999999, TC_VALID);
	WORKS(host, renew(host, id, TC_EXPIRES_DEFAULT)); /* never, here */
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 99999999, TC_VALID);
	tc_record_free(l.rec);
}

static void
by_policy(void **state)
{
	const struct tc_edit e = { .what = TC_EDIT_LABEL, .label = "x" };
	struct test_host *host = *state;
	struct test_login l = test_login(host, &test_full);
	const char *id = l.rec->id;

	test_host_conf(host, NULL, "default_lifetime = 2h\n");
	WORKS(host, renew(host, id, TC_EXPIRES_DEFAULT));
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 7199, TC_VALID);
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 7200, TC_EXPIRED);
	test_host_conf(host, NULL, "max_lifetime = 1h\n");
	REFUSES(host, TC_E_REFUSED, "max_lifetime", renew(host, id, T + 3601));
	REFUSES(host, TC_E_REFUSED, "never", renew(host, id, 0));
	REFUSES(host, TC_E_REFUSED, "never",
		renew(host, id, TC_EXPIRES_DEFAULT));
	REFUSES(host, TC_E_REFUSED, "max_lifetime", renew(host, id, INT64_MAX));
	/* What was allowed once stays when something else is changed. */
	WORKS(host, edit(host, id, &e));
	EXPECT(&l, NULL, "imap", "192.0.2.1", T + 7199, TC_VALID);
	WORKS(host, renew(host, id, T + 3600));
	test_host_conf(host, NULL, "allow_never = no\n");
	REFUSES(host, TC_E_REFUSED, "never", renew(host, id, 0));
	WORKS(host, renew(host, id, T + 999999999));
	tc_record_free(l.rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_CLOCKED(each_member), TEST_CLOCKED(all_taken_away),
		TEST_CLOCKED(properties),  TEST_CLOCKED(seventeen),
		TEST_CLOCKED(lengths),	   TEST_CLOCKED(labels),
		TEST_CLOCKED(how_many),	   TEST_CLOCKED(unknown_kinds),
		TEST_CLOCKED(renewed),	   TEST_CLOCKED(by_policy),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
