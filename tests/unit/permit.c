/* SPDX-License-Identifier: GPL-3.0-or-later */
/* [permissions]: who may do what with whose tokens.  Group ids are those of
 * /etc/group's first lines, so that no account has to be made. */
#include "common.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"
#include "names.h"
#include "permit.h"

#define OWNER 4711 /* the uid that the store belongs to */
#define BOTH (TC_MAY_OWN | TC_MAY_ALL)

static char group_name[64];
static gid_t group_id;

/* Any group of this host whose name a list can have, but not gid 0. */
static int
find_group(void **state)
{
	struct group *g;

	(void)state;
	setgrent();
	while (!group_id && (g = getgrent()) != NULL)
		if (g->gr_gid != 0 && strlen(g->gr_name) < 60 &&
		    tc_name_fits(g->gr_name, strlen(g->gr_name))) {
			group_id = g->gr_gid;
			(void)snprintf(group_name, sizeof(group_name), "@%s",
				       g->gr_name);
		}
	endgrent();
	return group_id ? 0 : -1;
}

static const char base[] = "enabled = yes\nsecret_file = s\nstore = s\n"
			   "audit_log = none\n";

static void
policy(struct tc_policy *p, const char *permissions)
{
	struct tc_error err = { .text = "" };
	char text[2048];

	memset(p, 0, sizeof(*p));
	p->store_stat.st_uid = OWNER;
	(void)snprintf(text, sizeof(text), "%s[permissions]\n%s", base,
		       permissions);
	if (tc_config_parse(&p->config, text, strlen(text), "/etc/a.conf",
			    "/etc", &err) != TC_OK)
		fail_msg("%s", err.text);
}

static struct tc_actor
person(const char *name)
{
	return (struct tc_actor){ .uid = 1000, .name = name };
}

static void
root_and_owner(void **state)
{
	struct tc_policy p;
	struct tc_actor a = person("alice");

	(void)state;
	policy(&p, "");
	for (int act = 0; act < TC_ACTS; act++) {
		a.uid = OWNER;
		assert_int_equal(tc_may(&p, &a, (enum tc_act)act), BOTH);
		a.uid = 0;
		assert_int_equal(tc_may(&p, &a, (enum tc_act)act), BOTH);
		a.uid = 1000;
		assert_int_equal(tc_may(&p, &a, (enum tc_act)act), 0);
		assert_int_equal(tc_may(&p, NULL, (enum tc_act)act),
				 act == TC_ACT_LIST ? BOTH : 0);
	}
	tc_config_free(&p.config);
}

static const char *const verbs[] = { "list", "create", "change", "revoke",
				     "delete" };

/* Each key grants its own act and no other; administration, none. */
static void
each_key(void **state)
{
	struct tc_actor alice = person("alice"), bob = person("bob");

	(void)state;
	for (size_t k = 0; k < 2 * ARRAY_LEN(verbs); k++) {
		unsigned want = k % 2 ? BOTH : TC_MAY_OWN;
		struct tc_policy p;
		char line[64];

		(void)snprintf(line, sizeof(line), "%s_%s = alice\n",
			       verbs[k / 2], k % 2 ? "all" : "own");
		policy(&p, line);
		for (size_t act = 0; act < TC_ACTS; act++) {
			enum tc_act which = (enum tc_act)act;

			if (tc_may(&p, &alice, which) !=
			    (act == k / 2 ? want : 0U))
				fail_msg("%s: act %zu", line, act);
			assert_int_equal(tc_may(&p, &bob, which), 0);
		}
		tc_config_free(&p.config);
	}
}

static void
everyone(void **state)
{
	struct tc_actor alice = person("alice");
	struct tc_policy p;

	(void)state;
	policy(&p, "list_own = *\nrevoke_all = *\n");
	assert_int_equal(tc_may(&p, &alice, TC_ACT_LIST), TC_MAY_OWN);
	assert_int_equal(tc_may(&p, &alice, TC_ACT_REVOKE), BOTH);
	assert_int_equal(tc_may(&p, &alice, TC_ACT_CREATE), 0);
	assert_int_equal(tc_may(&p, &alice, TC_ACT_ADMIN), 0);
	tc_config_free(&p.config);
}

static void
names(void **state)
{
	static const struct {
		const char *list, *name;
		int may;
	} table[] = {
		{ "alice", "alice", 1 },
		{ "bob, alice", "alice", 1 },
		{ "bob, alice, carol", "carol", 1 },
		{ "alice", "Alice", 0 },
		{ "alice", "alic", 0 },
		{ "alice", "alice2", 0 },
		{ "alice", "alice,", 0 },
		{ "bob, alice", "bob,alice", 0 },
		{ "alice", "", 0 },
		{ "alice@example.org", "alice", 0 },
		{ "alice@example.org", "alice@example.org", 1 },
		{ "@staff", "@staff", 0 }, /* a group is nobody's name */
		{ "@staff", "staff", 0 },
		{ "alice", "*", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_actor a = person(table[i].name);
		struct tc_policy p;
		char line[128];

		(void)snprintf(line, sizeof(line), "list_all = %s\n",
			       table[i].list);
		policy(&p, line);
		if (tc_may(&p, &a, TC_ACT_LIST) != (table[i].may ? BOTH : 0))
			fail_msg("%s for \"%s\"", table[i].list, table[i].name);
		tc_config_free(&p.config);
	}
}

static void
groups(void **state)
{
	struct tc_actor a = person("alice");
	gid_t gids[] = { 0, group_id + 1, group_id };
	struct tc_policy p;
	char line[256];

	(void)state;
	(void)snprintf(line, sizeof(line),
		       "list_own = @apitoken-no-such-group, %s\n"
		       "list_all = @apitoken-no-such-group\n",
		       group_name);
	policy(&p, line);
	assert_int_equal(tc_may(&p, &a, TC_ACT_LIST), 0);
	a.groups = gids;
	a.n_groups = 2;
	assert_int_equal(tc_may(&p, &a, TC_ACT_LIST), 0);
	a.n_groups = 3;
	assert_int_equal(tc_may(&p, &a, TC_ACT_LIST), TC_MAY_OWN);
	assert_int_equal(tc_may(&p, &a, TC_ACT_CREATE), 0);
	tc_config_free(&p.config);
}

static void
whose(void **state)
{
	struct tc_actor alice = person("alice");

	(void)state;
	assert_int_equal(tc_may_touch(0, &alice, "alice"), 0);
	assert_int_equal(tc_may_touch(0, &alice, NULL), 0);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, &alice, "alice"), 1);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, &alice, "Alice"), 0);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, &alice, "alic"), 0);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, &alice, "alice "), 0);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, &alice, ""), 0);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, &alice, NULL), 0);
	assert_int_equal(tc_may_touch(TC_MAY_OWN, NULL, "alice"), 0);
	assert_int_equal(tc_may_touch(BOTH, &alice, "bob"), 1);
	assert_int_equal(tc_may_touch(BOTH, &alice, NULL), 1);
	assert_int_equal(tc_may_touch(BOTH, NULL, NULL), 1);
	assert_int_equal(tc_may_touch(TC_MAY_ALL, NULL, "bob"), 1);
}

static void
sentences(void **state)
{
	static const struct {
		const char *name, *owner;
		enum tc_act act;
		const char *text;
	} table[] = {
		{ "alice", "bob", TC_ACT_REVOKE,
		  "alice may not revoke tokens of bob ([permissions] in "
		  "/etc/a.conf)" },
		{ "alice", NULL, TC_ACT_LIST,
		  "alice may not list tokens of others ([permissions] in "
		  "/etc/a.conf)" },
		{ "bob", "bob", TC_ACT_CREATE,
		  "bob may not create tokens of bob ([permissions] in "
		  "/etc/a.conf)" },
		{ "a\nb\x1b[1m", "c\x7f", TC_ACT_DELETE,
		  "a\\x0ab\\x1b[1m may not delete tokens of c\\x7f "
		  "([permissions] in /etc/a.conf)" },
		{ NULL, "bob", TC_ACT_CHANGE,
		  "a service may not change tokens of bob ([permissions] in "
		  "/etc/a.conf)" },
		{ "alice", NULL, TC_ACT_ADMIN,
		  "alice may not administer keys and store: root may" },
	};
	struct tc_policy p;

	(void)state;
	policy(&p, "list_own = alice\n");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_actor a = person(table[i].name);
		struct tc_error err = { .text = "" };

		assert_int_equal(tc_permit(&p, table[i].name ? &a : NULL,
					   table[i].act, table[i].owner, &err),
				 TC_E_PERMISSION);
		assert_int_equal(err.code, TC_E_PERMISSION);
		assert_string_equal(err.text, table[i].text);
	}
	tc_config_free(&p.config);
}

/* Names of any length leave room for the reason. */
static void
long_names(void **state)
{
	char name[4096] = "";
	struct tc_actor a = person(name);
	struct tc_error err = { .text = "" };
	struct tc_policy p;

	(void)state;
	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	policy(&p, "");
	assert_int_equal(tc_permit(&p, &a, TC_ACT_LIST, name, &err),
			 TC_E_PERMISSION);
	assert_non_null(strstr(err.text, "may not list"));
	assert_non_null(strstr(err.text, "/etc/a.conf)"));
	assert_null(strchr(err.text, '\n'));
	assert_int_equal(tc_permit(&p, &a, TC_ACT_LIST, name, NULL),
			 TC_E_PERMISSION);
	tc_config_free(&p.config);
}

static void
permitted(void **state)
{
	struct tc_actor alice = person("alice");
	struct tc_policy p;

	(void)state;
	policy(&p, "revoke_own = alice\nlist_all = alice\n");
	assert_int_equal(tc_permit(&p, &alice, TC_ACT_REVOKE, "alice", NULL),
			 TC_OK);
	assert_int_equal(tc_permit(&p, &alice, TC_ACT_REVOKE, "bob", NULL),
			 TC_E_PERMISSION);
	assert_int_equal(tc_permit(&p, &alice, TC_ACT_REVOKE, NULL, NULL),
			 TC_E_PERMISSION);
	assert_int_equal(tc_permit(&p, &alice, TC_ACT_LIST, "bob", NULL),
			 TC_OK);
	assert_int_equal(tc_permit(&p, &alice, TC_ACT_LIST, NULL, NULL), TC_OK);
	assert_int_equal(tc_permit(&p, NULL, TC_ACT_LIST, NULL, NULL), TC_OK);
	tc_config_free(&p.config);
}

/* Bytes of a name, which a line of the file has no room for. */
static void
name_lengths(void **state)
{
	char name[TC_NAME_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(tc_name_fits(name, 0), 0);
	assert_int_equal(tc_name_fits(name, 1), 1);
	assert_int_equal(tc_name_fits(name, TC_NAME_MAX), 1);
	assert_int_equal(tc_name_fits(name, TC_NAME_MAX + 1), 0);
	name[0] = '@';
	assert_int_equal(tc_name_fits(name, 1), 0);
	assert_int_equal(tc_name_fits(name, TC_NAME_MAX + 1), 1);
	assert_int_equal(tc_name_fits(name, TC_NAME_MAX + 2), 0);
}

/* Who may make tokens may take back one that could not be handed over, and
 * nobody else's. */
static void
makers(void **state)
{
	const struct tc_actor bob = person("bob"), carol = person("carol");
	const struct tc_create spec = { .user = "alice",
					.label = "x",
					.expires = TC_EXPIRES_DEFAULT };
	char token[TC_TOKEN_MAX + 1];
	struct test_host *host = *state;
	struct tc_record *rec = NULL;
	const char *id;

	if (geteuid() != 0) {
		print_error("skipped: must run as root\n");
		return;
	}
	test_host_conf(host, NULL,
		       "owners = any\n[permissions]\ncreate_all = *\n");
	assert_int_equal(
	    tc_create(host->h, &bob, &spec, token, &rec, &host->err), TC_OK);
	id = rec->id;
	assert_int_equal(tc_delete(host->h, &bob, &id, 1, "", &host->err),
			 TC_E_PERMISSION);
	assert_int_equal(tc_revoke(host->h, &carol, &id, 1, "", &host->err),
			 TC_E_PERMISSION);
	assert_int_equal(tc_revoke(host->h, &bob, &id, 1, "", &host->err),
			 TC_OK);
	tc_record_free(rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_owner),
		cmocka_unit_test(each_key),
		cmocka_unit_test(everyone),
		cmocka_unit_test(names),
		cmocka_unit_test(groups),
		cmocka_unit_test(whose),
		cmocka_unit_test(sentences),
		cmocka_unit_test(long_names),
		cmocka_unit_test(permitted),
		cmocka_unit_test(name_lengths),
		cmocka_unit_test_setup_teardown(makers, test_host_make,
						test_host_remove),
	};

	return cmocka_run_group_tests_name("permit", tests, find_group, NULL);
}
