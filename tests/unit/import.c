/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking in values that were made elsewhere: what is acceptable, each item by
 * itself, one commit, what is refused for good; and that the value is nowhere
 * afterwards.
 */
#include "host.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "imported.h"

#define V20 "12345678901234567890"
#define V60 V20 V20 V20
/* Twenty characters of two bytes, and of four. */
#define A5 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
#define K5                                                                     \
	"\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91"     \
	"\xf0\x9f\x94\x91"

static const struct tc_create plain = { .user = "unit-alice",
					.label = "from the portal" };

/* ---- values ---- */

static const struct {
	const char *value, *fault; /* NULL: none */
} values[] = {
	{ V20, NULL },
	{ "correct horse battery staple", NULL },
	{ "\"quotes\", commas; \\ and $more", NULL },
	{ A5 A5 A5 A5, NULL },
	{ K5 K5 K5 K5, NULL },
	{ V60 V60 V60 V60 "123456789012345", NULL },
	{ "tkc2_5678901234567890", NULL },
	{ "tkc1-5678901234567890", NULL },
	{ "", "fewer than 20 char" },
	{ "1234567890123456789", "fewer than 20 char" },
	{ A5 A5 A5 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "fewer than 20 char" },
	{ K5 K5 K5 "123x", "fewer than 20 char" },
	{ V60 V60 V60 V60 "1234567890123456", "more than 255 bytes" },
	{ A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5
	      A5 A5 A5,
	  "more than 255 bytes" },
	{ "tab\t" V20, "control" },
	{ V20 "\n", "control" },
	{ V20 "\x7f", "control" },
	{ V20 "\xc2\x85", "control" },
	{ V20 "\xff", "not UTF-8" },
	{ V20 "\xc3", "not UTF-8" },
	{ V20 "\xe2\x80\xae.", "not UTF-8" },
	{ " " V20, "white space" },
	{ V20 " ", "white space" },
	{ "\xef\xbb\xbf" V20, "white space" },
	{ V20 "\xc2\xa0", "white space" },
	{ "\xe3\x80\x80" V20, "white space" },
	{ "tkc1_" V20, "like a token" },
	{ "TKCL_" V20, "like a token" },
	{ "tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmera093qkebdc59wkn11g"
	  "g",
	  "like a token" },
};

static void
acceptable(void **state)
{
	struct test_host *host = *state;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const char *value = values[i].value, *want = values[i].fault;
		size_t len = strlen(value);
		char *copy = test_malloc(len + 1);
		const char *fault;

		/* It need not end in NUL. */
		memcpy(copy, value, len);
		copy[len] = 'x';
		fault = tc_imported_fault(copy, len);
		test_free(copy);
		if (!fault != !want || (want && !strstr(fault, want)))
			fail_msg("value %zu: %s", i, fault ? fault : "taken");
		assert_int_equal(test_host_import(host, &plain, value, NULL),
				 want ? TC_E_INVALID : TC_OK);
		if (want && len > 0)
			assert_null(strstr(host->err.text, value));
	}
	assert_non_null(tc_imported_fault(NULL, 0));
	assert_non_null(tc_imported_fault(V20 "\0" V20, 41));
}

/* All of them as Apitoken::Reference and others compute them. */
static void
known_answers(void **state)
{
	static const struct {
		const char *user, *value, *id;
	} table[] = {
		{ "alice", "correct horse battery staple",
		  "fkft9txrye7nbbap1yq77zry" },
		{ "bob", "correct horse battery staple",
		  "4new6st0jcszkwbsc99qyfys" },
		{ "alice",
		  "\xc3\x96l f\xc3\xbcr J\xc3\xbcrgens Fahrr\xc3\xa4"
		  "der",
		  "17jkac7a02mjze7jr45xrbhw" },
		{ "unit-alice", V20, "eeq5ys2ztdcd04npgyaynt89" },
	};
	struct test_host *host = *state;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_create spec = plain;
		char id[TC_ID_LEN + 1];

		spec.user = table[i].user;
		assert_int_equal(
		    test_host_import(host, &spec, table[i].value, id), TC_OK);
		assert_string_equal(id, table[i].id);
	}
}

/* ---- items ---- */

static struct tc_import
item(const char *user, const char *label, const char *value)
{
	struct tc_import it = { .spec = { .user = user, .label = label },
				.value = value,
				.len = strlen(value) };

	memset(it.id, 'x', TC_ID_LEN);
	it.error.code = -1;
	return it;
}

static uint64_t
commits(struct test_host *host)
{
	struct tc_policy *p = tc_policy_get(host->h, &host->err);
	struct tc_head head;

	assert_non_null(p);
	assert_int_equal(tc_store_read(&p->store, NULL, 0, &head, &host->err),
			 TC_OK);
	tc_policy_put(host->h, p);
	return head.seq;
}

static size_t
audit_lines(struct test_host *host, const char *what)
{
	size_t len, n = 0;
	char *text = test_read(test_host_path(host, "audit.json"), &len);

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	free(text);
	return n;
}

static void
each_by_itself(void **state)
{
	static const char *const shifted[] = { "abcdefghijklmnopqrstuvwxyz" };
	static const struct tc_property twice[] = { { "k", V60 } };
	struct test_host *host = *state;
	struct tc_import items[] = {
		item("unit-alice", "a", "first " V20),
		item("unit-alice", "b", "short"),
		item("unit-bob", "c", "first " V20), /* another's is no same */
		item("unit alice", "d", "second " V20),
		item("unit-alice", "", "third " V20),
		item("unit-alice", "e", "first " V20),
		item("unit-alice", "f", "third " V20),
		item("unit-alice", V20, V20), /* slipped by a column */
		item(V20, "g", V20),
		item("unit-alice", "h", shifted[0]),
		item("unit-alice", "i", V60),
		item("unit-alice", "j", "past " V20),
		item(NULL, NULL, "nobody's " V20),
	};
	static const int codes[] = {
		TC_OK,	      TC_E_INVALID, TC_OK,	  TC_E_INVALID,
		TC_E_INVALID, TC_E_EXISTS,  TC_OK,	  TC_E_INVALID,
		TC_E_INVALID, TC_E_INVALID, TC_E_INVALID, TC_E_INVALID,
		TC_E_INVALID,
	};
	uint64_t before = commits(host);

	items[9].spec.services = shifted;
	items[9].spec.n_services = 1;
	items[10].spec.properties = twice;
	items[10].spec.n_properties = 1;
	items[11].spec.expires = 1;
	assert_int_equal(tc_import(host->h, &test_actor, items,
				   ARRAY_LEN(items), &host->err),
			 TC_OK);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		const struct tc_import *it = &items[i];

		if (it->error.code != codes[i])
			fail_msg("item %zu: %s", i, it->error.text);
		assert_int_equal(strlen(it->id), codes[i] ? 0 : TC_ID_LEN);
		assert_int_equal(strlen(it->error.text) == 0, !codes[i]);
		assert_null(strstr(it->error.text, it->value));
	}
	assert_true(commits(host) == before + 1);
	assert_int_equal(audit_lines(host, "\"event\":\"import\""), 3);
	assert_int_equal(audit_lines(host, items[6].id), 1);
	/* Once more there is nothing to do, and nothing is done. */
	assert_int_equal(tc_import(host->h, &test_actor, items,
				   ARRAY_LEN(items), &host->err),
			 TC_OK);
	assert_int_equal(items[0].error.code, TC_E_EXISTS);
	assert_int_equal(items[6].error.code, TC_E_EXISTS);
	assert_int_equal(tc_import(host->h, &test_actor, items, 0, NULL),
			 TC_OK);
	assert_true(commits(host) == before + 1);
	assert_int_equal(audit_lines(host, "\"event\":\"import\""), 3);
}

static void
whole_records(void **state)
{
	static const char *const services[] = { "imap", "smtp" };
	static const struct tc_source sources[] = { { 4, 24, { 192, 0, 2 } } };
	static const struct tc_property properties[] = { { "from", "portal" } };
	const struct tc_create spec = { .user = "unit-alice",
					.label = "mail",
					.expires = INT64_C(4102444800),
					.n_services = 2,
					.n_sources = 1,
					.n_properties = 1,
					.services = services,
					.sources = sources,
					.properties = properties };
	struct test_host *host = *state;
	struct tc_record *r;
	char id[TC_ID_LEN + 1];

	assert_int_equal(test_host_import(host, &spec, V20, id), TC_OK);
	assert_int_equal(tc_show(host->h, &test_actor, id, &r, &host->err),
			 TC_OK);
	assert_string_equal(r->id, id);
	assert_string_equal(r->user, "unit-alice");
	assert_string_equal(r->label, "mail");
	assert_string_equal(r->created_by, "admin");
	assert_true(r->expires == spec.expires);
	assert_int_equal(r->n_services, 2);
	assert_int_equal(r->n_sources, 1);
	assert_string_equal(r->properties[0].value, "portal");
	assert_int_equal(r->state, TC_STATE_ACTIVE);
	assert_int_equal(r->standing, TC_VALID);
	assert_int_equal(r->imported, 1);
	assert_null(r->scram);
	tc_record_free(r);
}

/* ---- who and whether ---- */

static void
expect_trouble(struct test_host *host, const struct tc_actor *actor, size_t n,
	       int code)
{
	static struct tc_import items[TC_IMPORT_MANY + 1];

	for (size_t i = 0; i < n; i++)
		items[i] = item("unit-alice", "x", i == 1 ? "short" : V20);
	assert_int_equal(tc_import(host->h, actor, items, n, &host->err), code);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(items[i].id, "");
		assert_int_not_equal(items[i].error.code, TC_OK);
		assert_null(strstr(items[i].error.text, V20));
	}
}

static void
not_at_all(void **state)
{
	static const struct tc_actor stranger = { .uid = 4242,
						  .name = "unit-bob" };
	struct test_host *host = *state;
	struct tc_import it = item("unit-alice", "x", V20);
	uint64_t before = commits(host);

	expect_trouble(host, &test_actor, TC_IMPORT_MANY + 1, TC_E_INVALID);
	assert_int_equal(tc_import(host->h, &stranger, &it, 1, NULL), TC_OK);
	assert_int_equal(it.error.code, TC_E_PERMISSION);
	test_host_conf(host, NULL, "enabled = no\n");
	expect_trouble(host, &test_actor, 3, TC_E_REFUSED);
	test_host_conf(host, NULL, "max_lifetime = 30d\n");
	assert_int_equal(test_host_import(host, &plain, V20, NULL),
			 TC_E_REFUSED);
	/* Nothing goes in without its line in the audit log. */
	test_host_conf(host, "nowhere/audit.json", "");
	expect_trouble(host, &test_actor, 3, TC_E_UNAVAILABLE);
	assert_true(commits(host) == before);
	test_host_conf(host, NULL, "");
	assert_int_equal(test_host_import(host, &plain, V20, NULL), TC_OK);
	assert_true(commits(host) == before + 1);
	test_text(test_host_path(host, "store/state"), 0600, "nonsense");
	expect_trouble(host, &test_actor, 3, TC_E_UNAVAILABLE);
}

/* ---- for good ---- */

static void
refused_for_good(void **state)
{
	static const char *const gone[] = { "revoked " V20, "deleted " V20 };
	struct test_host *host = *state;
	char ids[2][TC_ID_LEN + 1];
	const char *id;

	assert_int_equal(test_host_import(host, &plain, V20, NULL), TC_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    test_host_import(host, &plain, gone[i], ids[i]), TC_OK);
	id = ids[0];
	assert_int_equal(tc_revoke(host->h, &test_actor, &id, 1, "", NULL),
			 TC_OK);
	id = ids[1];
	assert_int_equal(tc_delete(host->h, &test_actor, &id, 1, "", NULL),
			 TC_OK);
	assert_int_equal(
	    tc_key_add(host->h, &test_actor, 2, NULL, NULL, &host->err), TC_OK);
	for (int step = 0; step < 3; step++) {
		if (step == 1)
			assert_int_equal(
			    tc_key_activate(host->h, &test_actor, 2, NULL),
			    TC_OK);
		if (step == 2)
			assert_int_equal(
			    tc_key_retire(host->h, &test_actor, 1, NULL),
			    TC_OK);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(
			    test_host_import(host, &plain, gone[i], NULL),
			    TC_E_EXISTS);
			assert_non_null(strstr(host->err.text, ids[i]));
			assert_non_null(
			    strstr(host->err.text, i ? "deleted" : "revoked"));
		}
		/* What only its key ended may be imported again. */
		assert_int_equal(test_host_import(host, &plain, V20, NULL),
				 step < 2 ? TC_E_EXISTS : TC_OK);
	}
	assert_int_equal(test_host_import(host, &plain, V20, NULL),
			 TC_E_EXISTS);
}

/* A record that cannot be trusted is not taken for a missing one. */
static void
damage(void **state)
{
	struct test_host *host = *state;
	struct tc_record *r;
	char id[TC_ID_LEN + 1];
	uint64_t before;

	assert_int_equal(test_host_import(host, &plain, V20, id), TC_OK);
	assert_int_equal(tc_show(host->h, &test_actor, id, &r, &host->err),
			 TC_OK);
	test_host_put(host, r, id, 1);
	before = commits(host);
	expect_trouble(host, &test_actor, 1, TC_E_UNAVAILABLE);
	assert_true(commits(host) == before);
	tc_record_free(r);
}

/* In the second of a revocation of everything. */
static void
after_a_mark(void **state)
{
	struct test_host *host = *state;
	struct tc_result res;
	const struct tc_request req = { .authtok = V20,
					.authtok_len = 20,
					.user = "unit-alice",
					.flags = TC_IMPORTED };

	for (int all = 0; all < 2; all++)
		assert_int_equal(tc_revoke_all(host->h, &test_actor,
					       all ? NULL : "unit-alice", 0, "",
					       &host->err),
				 TC_OK);
	assert_int_equal(test_host_import(host, &plain, V20, NULL), TC_OK);
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	assert_int_equal(tc_revoke_all(host->h, &test_actor, "unit-alice", 0,
				       "", &host->err),
			 TC_OK);
}

/* ---- nowhere ---- */

static void
look_through(const char *dir, const char *value, unsigned *files)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[600];
		size_t len;
		char *text;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR) {
			look_through(path, value, files);
			continue;
		}
		text = test_read(path, &len);
		if (test_holds(text, len, value, strlen(value)))
			fail_msg("the value is in %s", path);
		free(text);
		(*files)++;
	}
	(void)closedir(d);
}

static void
nowhere(void **state)
{
	static const char value[] = "a value that nobody must ever find";
	struct test_host *host = *state;
	struct tc_request req = { .authtok = value,
				  .authtok_len = sizeof(value) - 1,
				  .user = "unit-alice",
				  .service = "imap",
				  .flags = TC_IMPORTED | TC_LOG_NONTOKEN };
	struct tc_result res;
	unsigned files = 0;

	for (int i = 0; i < 4; i++) {
		struct tc_create spec = plain;

		if (i == 1)
			spec.label = value;
		(void)test_host_import(host, &spec, value, NULL);
		assert_null(strstr(host->err.text, value));
		assert_null(strstr(host->line, value));
		req.user = i == 3 ? "unit-bob" : "unit-alice";
		assert_int_equal(tc_verify(host->h, &req, &res),
				 i == 3 ? TC_NOT_A_TOKEN : TC_VALID);
		assert_false(
		    test_holds(&res, sizeof(res), value, sizeof(value) - 1));
		assert_null(strstr(host->line, value));
	}
	look_through(host->dir, value, &files);
	/* All there are; a spare where names can be exchanged. */
	assert_in_range(files, 9, 10);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(acceptable),	   WITH_HOST(known_answers),
		WITH_HOST(each_by_itself), WITH_HOST(whole_records),
		WITH_HOST(not_at_all),	   WITH_HOST(refused_for_good),
		WITH_HOST(damage),	   WITH_HOST(after_a_mark),
		WITH_HOST(nowhere),
	};

	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
