/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may be given a token, by what the host says of the account; and the
 * properties that a token must have.  tests/cli/owners.t asks a real host. */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "owner.h"
#include "spec.h"

#define DAY INT64_C(86400)
#define NOW (20000 * DAY + 1) /* 2024-10-04 */

static void
config(struct tc_config *cfg, const char *more)
{
	struct tc_error err = { .text = "" };
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "enabled = yes\nsecret_file = s\nstore = s\n"
		       "audit_log = none\n%s",
		       more);
	if (tc_config_parse(cfg, text, strlen(text), "/etc/a.conf", "/etc",
			    &err) != TC_OK)
		fail_msg("%s", err.text);
}

static void
expect(const char *more, const struct tc_owner_facts *f, int code,
       const char *why)
{
	struct tc_config cfg;
	struct tc_error err = { .text = "" };
	int rc;

	config(&cfg, more);
	rc = tc_owner_judge(&cfg, "alice", f, NOW, &err);
	if (rc != code || strcmp(err.text, why) != 0)
		fail_msg("%s: %d and not %d: \"%s\"", more, rc, code, err.text);
	tc_config_free(&cfg);
}

/* An account like any other. */
static const struct tc_owner_facts plain = { .found = 1,
					     .account = { 1000, 1000, 0 },
					     .listed = 1,
					     .shadow = 1,
					     .shadow_needed = 1,
					     .entry = { -1, 0 } };

static void
existence(void **state)
{
	struct tc_owner_facts f = plain;

	(void)state;
	expect("", &f, TC_OK, "");
	expect("owners = alice\n", &f, TC_OK, "");
	expect("owners = any\n", &f, TC_OK, "");
	f.found = 0;
	expect("", &f, TC_E_REFUSED,
	       "alice has no account on this host (owners in /etc/a.conf)");
	expect("owners = alice\n", &f, TC_E_REFUSED,
	       "alice has no account on this host (owners in /etc/a.conf)");
	expect("owners = any\n", &f, TC_OK, "");
	f.found = -1;
	expect("", &f, TC_E_UNAVAILABLE,
	       "the account of alice cannot be looked up");
	expect("owners = any\n", &f, TC_E_UNAVAILABLE,
	       "the account of alice cannot be looked up");
	f = plain;
	f.listed = 0;
	expect("owners = bob\n", &f, TC_E_REFUSED,
	       "alice may not own a token (owners in /etc/a.conf)");
	f.listed = -1;
	expect("owners = @staff\n", &f, TC_E_UNAVAILABLE,
	       "the groups of alice cannot be looked up");
}

static void
user_ids(void **state)
{
	static const char root[] = "alice may not own a token (allow_root in "
				   "/etc/a.conf)";
	static const char low[] = "the user id of alice is below minimum_uid "
				  "(/etc/a.conf)";
	struct tc_owner_facts f = plain;

	(void)state;
	expect("minimum_uid = 1000\n", &f, TC_OK, "");
	expect("minimum_uid = 1001\n", &f, TC_E_REFUSED, low);
	expect("minimum_uid = 1001\nowners = any\n", &f, TC_E_REFUSED, low);
	f.named = 1;
	expect("minimum_uid = 1001\nowners = alice\n", &f, TC_E_REFUSED, low);
	f.named = 0;
	f.account.uid = 0;
	expect("", &f, TC_E_REFUSED, root);
	expect("owners = @staff\n", &f, TC_E_REFUSED, root);
	expect("allow_root = yes\n", &f, TC_OK, "");
	expect("allow_root = yes\nminimum_uid = 1000\n", &f, TC_OK, "");
	expect("owners = any\n", &f, TC_OK, "");
	f.named = 1;
	expect("owners = alice\nminimum_uid = 1000\n", &f, TC_OK, "");
}

static void
expiry(void **state)
{
	struct tc_owner_facts f = plain;

	(void)state;
	f.entry.expires = 20001;
	expect("", &f, TC_OK, "");
	f.entry.expires = 20000;
	expect("", &f, TC_E_REFUSED,
	       "the account of alice expired on 2024-10-04");
	expect("owners = any\n", &f, TC_E_REFUSED,
	       "the account of alice expired on 2024-10-04");
	f.entry.expires = 0;
	expect("", &f, TC_E_REFUSED,
	       "the account of alice expired on 1970-01-01");
	f.entry.expires = INT64_MAX;
	expect("", &f, TC_OK, "");
	f.entry.expires = INT64_MIN;
	expect("", &f, TC_OK, "");
}

static void
locks(void **state)
{
	struct tc_owner_facts f = plain;

	(void)state;
	f.entry.locked = 1;
	expect("", &f, TC_E_REFUSED, "the account of alice is locked");
	expect("owners = any\n", &f, TC_E_REFUSED,
	       "the account of alice is locked");
	/* A host without shadow. */
	f = plain;
	f.shadow = 0;
	expect("", &f, TC_OK, "");
	f.account.locked = 1;
	expect("", &f, TC_E_REFUSED, "the account of alice is locked");
}

static void
no_shadow(void **state)
{
	struct tc_owner_facts f = plain;

	(void)state;
	f.shadow = -1;
	f.shadow_errno = EACCES;
	expect("", &f, TC_E_UNAVAILABLE,
	       "whether the account of alice expired or is locked cannot be "
	       "told: shadow: Permission denied");
	f.shadow_needed = 0;
	expect("", &f, TC_OK, "");
}

static void
passwords(void **state)
{
	static const struct {
		const char *field;
		int locked;
	} table[] = {
		{ "", 0 },
		{ "!", 0 },
		{ "!!", 0 },
		{ "*", 0 },
		{ "!*", 0 },
		{ "x", 0 },
		{ "$6$salt$hash", 0 },
		{ "*$6$salt$hash", 0 },
		{ "!$6$salt$hash", 1 },
		{ "!!$6$salt$hash", 1 },
		{ "!*$6$salt$hash", 1 },
		{ "!x", 1 },
		{ "$6$salt$ha!h", 0 },
		{ NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (tc_password_locked(table[i].field) != table[i].locked)
			fail_msg("%s", table[i].field);
}

/* The host that the test runs on: nobody has such a name. */
static void
this_host(void **state)
{
	static const char name[] = "apitoken-no-such-user";
	struct tc_policy p = { .users = 0 };
	struct tc_error err = { .text = "" };

	(void)state;
	config(&p.config, "");
	assert_int_equal(tc_owner_may_own(&p, name, NOW, &err), TC_E_REFUSED);
	assert_string_equal(err.text, "apitoken-no-such-user has no account on "
				      "this "
				      "host (owners in /etc/a.conf)");
	assert_int_equal(tc_owner_may_own(&p, "root", NOW, &err), TC_E_REFUSED);
	assert_non_null(strstr(err.text, "allow_root"));
	tc_config_free(&p.config);
	config(&p.config, "owners = any\n");
	assert_int_equal(tc_owner_may_own(&p, name, NOW, &err), TC_OK);
	tc_config_free(&p.config);
}

static void
properties(void **state)
{
	static const char first[] = "the property application has to be given "
				    "(required_properties in /etc/a.conf)";
	static const char second[] = "the property how to use has to be given "
				     "(required_properties in /etc/a.conf)";
	struct tc_property given[] = { { "other", "x" },
				       { "application", "backup" },
				       { "how to use", "daily" } };
	struct tc_create spec = { .properties = given };
	struct tc_config cfg;
	struct tc_error err;

	(void)state;
	config(&cfg, "required_properties = application, how to use\n");
	for (spec.n_properties = 0; spec.n_properties < 3;
	     spec.n_properties++) {
		assert_int_equal(tc_spec_required(&cfg, &spec, &err),
				 TC_E_REFUSED);
		assert_string_equal(err.text,
				    spec.n_properties < 2 ? first : second);
	}
	assert_int_equal(tc_spec_required(&cfg, &spec, &err), TC_OK);
	given[1].value = "";
	assert_int_equal(tc_spec_required(&cfg, &spec, &err), TC_E_REFUSED);
	given[1].value = "x";
	given[1].key = "Application";
	assert_int_equal(tc_spec_required(&cfg, &spec, &err), TC_E_REFUSED);
	given[1].key = "application2";
	assert_int_equal(tc_spec_required(&cfg, &spec, &err), TC_E_REFUSED);
	tc_config_free(&cfg);
	config(&cfg, "");
	spec.n_properties = 0;
	assert_int_equal(tc_spec_required(&cfg, &spec, &err), TC_OK);
	tc_config_free(&cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(existence), cmocka_unit_test(user_ids),
		cmocka_unit_test(expiry),    cmocka_unit_test(locks),
		cmocka_unit_test(no_shadow), cmocka_unit_test(passwords),
		cmocka_unit_test(this_host), cmocka_unit_test(properties),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
