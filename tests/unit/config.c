/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken.conf: every key, good and bad, and the table of services. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"

static int
parse(struct tc_config *cfg, const char *text, struct tc_error *err)
{
	return tc_config_parse(cfg, text, strlen(text), "/etc/a/a.conf",
			       "/etc/a", err);
}

static void
good(struct tc_config *cfg, const char *text)
{
	struct tc_error err = { .text = "" };

	if (parse(cfg, text, &err) != TC_OK)
		fail_msg("\"%s\": %s", text, err.text);
}

/* What no configuration can do without. */
#define PLACES                                                                 \
	"secret_file = secret.conf\nstore = /srv/tokens\n"                     \
	"audit_log = /srv/audit\n"
#define BASE "enabled = yes\n" PLACES

static void
defaults(void **state)
{
	struct tc_config cfg;

	(void)state;
	good(&cfg, BASE);
	assert_int_equal(cfg.enabled, 1);
	assert_int_equal(cfg.syslog, 1);
	assert_int_equal(cfg.allow_root, 0);
	assert_int_equal(cfg.allow_never, 1);
	assert_string_equal(cfg.secret_file, "/etc/a/secret.conf");
	assert_string_equal(cfg.store, "/srv/tokens");
	assert_string_equal(cfg.audit_log, "/srv/audit");
	assert_null(cfg.default_realm);
	assert_null(cfg.default_lifetime);
	assert_true(cfg.clock_skew == 60);
	assert_true(cfg.max_lifetime == 0);
	assert_int_equal(cfg.minimum_uid, 0);
	assert_int_equal(cfg.n_aliases, 0);
	tc_config_free(&cfg);
}

static void
every_key(void **state)
{
	struct tc_config cfg;

	(void)state;
	good(&cfg, "enabled = no\n"
		   "secret_file = keys/secret\n"
		   "store = /srv/tokens\n"
		   "audit_log = log/audit\n"
		   "syslog = no\n"
		   "default_realm = example.org\n"
		   "clock_skew = 5m\n"
		   "default_lifetime = 90d\n"
		   "max_lifetime = 1w\n"
		   "allow_never = no\n"
		   "allow_root = yes\n"
		   "minimum_uid = 1000\n"
		   "[services]\n"
		   "imap = dovecot, imaps ,cyrus\n"
		   "mail = imap\n");
	assert_int_equal(cfg.enabled, 0);
	assert_string_equal(cfg.secret_file, "/etc/a/keys/secret");
	assert_string_equal(cfg.store, "/srv/tokens");
	assert_string_equal(cfg.audit_log, "/etc/a/log/audit");
	assert_int_equal(cfg.syslog, 0);
	assert_string_equal(cfg.default_realm, "example.org");
	assert_true(cfg.clock_skew == 300);
	assert_string_equal(cfg.default_lifetime, "90d");
	assert_true(cfg.max_lifetime == 604800);
	assert_int_equal(cfg.allow_never, 0);
	assert_int_equal(cfg.allow_root, 1);
	assert_int_equal(cfg.minimum_uid, 1000);
	assert_int_equal(cfg.n_aliases, 2);
	assert_string_equal(cfg.aliases[0].name, "imap");
	assert_string_equal(cfg.aliases[0].services, "dovecot,imaps,cyrus");
	assert_string_equal(cfg.aliases[1].name, "mail");
	assert_string_equal(cfg.aliases[1].services, "imap");
	tc_config_free(&cfg);
	assert_null(cfg.store);
}

static void
other_good_values(void **state)
{
	struct tc_config cfg;

	(void)state;
	good(&cfg, "enabled = yes\nsecret_file = s\nstore = s\n"
		   "audit_log = none\nminimum_uid = 0\nclock_skew = 0s\n"
		   "default_lifetime = never\n");
	assert_null(cfg.audit_log);
	assert_string_equal(cfg.store, "/etc/a/s");
	assert_true(cfg.clock_skew == 0);
	assert_string_equal(cfg.default_lifetime, "never");
	tc_config_free(&cfg);
	good(&cfg, BASE "default_lifetime = today\n"
			"minimum_uid = 4294967294\n");
	assert_true(cfg.minimum_uid == 4294967294U);
	tc_config_free(&cfg);
	good(&cfg, "# CRLF\r\n" PLACES "enabled = no\r\n[services]\r\n"
		   "a = b,c\r\n");
	assert_int_equal(cfg.enabled, 0);
	assert_string_equal(cfg.aliases[0].services, "b,c");
	tc_config_free(&cfg);
	good(&cfg, BASE "[services]\n");
	assert_int_equal(cfg.n_aliases, 0);
	tc_config_free(&cfg);
}

/* A file that lost lines is not a file that says less. */
static void
lines_missing(void **state)
{
	static const char *const keys[] = { "enabled", "secret_file", "store",
					    "audit_log" };

	(void)state;
	for (unsigned set = 0; set < 15; set++) {
		struct tc_config cfg;
		struct tc_error err;
		char text[200] = "syslog = yes\n", why[64];
		int missing = 0;

		for (int k = 3; k >= 0; k--) {
			size_t len = strlen(text);

			if (set >> k & 1)
				(void)snprintf(text + len, sizeof(text) - len,
					       "%s = no\n", keys[k]);
			else
				missing = k;
		}
		assert_int_equal(parse(&cfg, text, &err), TC_E_UNAVAILABLE);
		(void)snprintf(why, sizeof(why), "\"%s\" is missing",
			       keys[missing]);
		if (!strstr(err.text, why))
			fail_msg("%s: %s", text, err.text);
		tc_config_free(&cfg);
	}
}

#define NAME32 "abcdefghijklmnopqrstuvwxyz012345"

static const struct {
	const char *text;
	unsigned line;
	const char *why; /* a part of it */
} faults[] = {
	{ "enabled = true\n", 1, "enabled: neither yes nor no" },
	{ "enabled = Yes\n", 1, "enabled: " },
	{ "enabled = 1\n", 1, "enabled: " },
	{ "enabled =\n", 1, "enabled: " },
	{ "enabled = yes no\n", 1, "enabled: " },
	{ "\nsyslog = maybe\n", 2, "syslog: " },
	{ "allow_root = on\n", 1, "allow_root: " },
	{ "allow_never = off\n", 1, "allow_never: " },
	{ "secret_file =\n", 1, "secret_file: " },
	{ "store =\n", 1, "store: " },
	{ "audit_log =\n", 1, "audit_log: " },
	{ "default_realm =\n", 1, "default_realm: " },
	{ "default_realm = a@b\n", 1, "default_realm: " },
	{ "default_realm = @b\n", 1, "default_realm: " },
	{ "clock_skew = 60\n", 1, "clock_skew: " },
	{ "clock_skew = -5m\n", 1, "clock_skew: " },
	{ "clock_skew = soon\n", 1, "clock_skew: " },
	{ "clock_skew =\n", 1, "clock_skew: " },
	{ "max_lifetime = never\n", 1, "max_lifetime: " },
	{ "max_lifetime = 1y\n", 1, "max_lifetime: " },
	{ "default_lifetime =\n", 1, "default_lifetime: " },
	{ "default_lifetime = 90\n", 1, "default_lifetime: " },
	{ "default_lifetime = 2027-03-31\n", 1, "default_lifetime: " },
	{ "minimum_uid =\n", 1, "minimum_uid: " },
	{ "minimum_uid = alice\n", 1, "minimum_uid: " },
	{ "minimum_uid = -1\n", 1, "minimum_uid: " },
	{ "minimum_uid = 4294967295\n", 1, "minimum_uid: " },
	{ "minimum_uid = 1000x\n", 1, "minimum_uid: " },
	{ "colour = red\n", 1, "colour: unknown key" },
	{ "Enabled = yes\n", 1, "Enabled: unknown key" },
	{ "= yes\n", 1, "unknown key" },
	{ "enabled = yes\nenabled = yes\n", 2, "enabled: stands here twice" },
	{ "store = a\nsyslog = no\nstore = b\n", 3, "store: stands here" },
	{ "audit_log = none\naudit_log = none\n", 2, "audit_log: stands" },
	{ "clock_skew = 1s\nclock_skew = 1s\n", 2, "clock_skew: stands" },
	{ "enabled = yes\n[policy]\n", 2, "unknown section" },
	{ "[Services]\n", 1, "unknown section" },
	{ "[ services ]\n", 1, "unknown section" },
	{ "[services]\na = b\n[other]\nx = y\n", 3, "unknown section" },
	{ "[services]\nenabled = YES\n", 2, "enabled: " },
	{ "[services]\nIMAP = dovecot\n", 2, "IMAP: not a service name" },
	{ "[services]\n" NAME32 "6 = a\n", 2, "not a service name" },
	{ "[services]\nimap = a\nimap = b\n", 3, "imap: stands here twice" },
	{ "[services]\nimap =\n", 2, "imap: not a list" },
	{ "[services]\nimap = ,\n", 2, "imap: not a list" },
	{ "[services]\nimap = a,\n", 2, "imap: not a list" },
	{ "[services]\nimap = ,a\n", 2, "imap: not a list" },
	{ "[services]\nimap = a,,b\n", 2, "imap: not a list" },
	{ "[services]\nimap = a b\n", 2, "imap: not a list" },
	{ "[services]\nimap = a, B\n", 2, "imap: not a list" },
	{ "[services]\nimap = a;b\n", 2, "imap: not a list" },
	{ "[services]\nimap = " NAME32 "6\n", 2, "imap: not a list" },
	{ "\xef\xbb\xbf[policy]\nallow_root = yes\n", 1, "" },
};

static void
bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct tc_config cfg;
		struct tc_error err = { .text = "" };
		char where[40];
		int rc = parse(&cfg, faults[i].text, &err);

		tc_config_free(&cfg);
		if (rc != TC_E_UNAVAILABLE)
			fail_msg("\"%s\" was taken", faults[i].text);
		(void)snprintf(where, sizeof(where),
			       "/etc/a/a.conf:%u: ", faults[i].line);
		if (strncmp(err.text, where, strlen(where)) != 0 ||
		    !strstr(err.text, faults[i].why))
			fail_msg("\"%s\": \"%s\"", faults[i].text, err.text);
	}
}

static void
many_services(void **state)
{
	char text[TC_ALIASES_MAX * 16 + 200] = BASE "[services]\n";
	size_t len = strlen(text);
	struct tc_config cfg;
	struct tc_error err;

	(void)state;
	for (int i = 0; i < TC_ALIASES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"s%d = a\n", i);
	good(&cfg, text);
	assert_int_equal(cfg.n_aliases, TC_ALIASES_MAX);
	tc_config_free(&cfg);
	(void)snprintf(text + len, sizeof(text) - len, "more = a\n");
	assert_int_equal(parse(&cfg, text, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, ":70: more: too many"));
	tc_config_free(&cfg);
}

static void
what_fits(void **state)
{
	static const struct {
		const char *token, *login;
		int fits;
	} table[] = {
		{ "sshd", "sshd", 1 },		{ "imap", "imap", 1 },
		{ "imap", "dovecot", 1 },	{ "imap", "cyrus", 1 },
		{ "imap", "sshd", 0 },		{ "dovecot", "imap", 0 },
		{ "mail", "imap", 1 },		{ "mail", "pop", 1 },
		{ "mail", "dovecot", 0 }, /* sets are not looked up twice */
		{ "imap", "dovecot,cyrus", 0 }, { "imap", "", 0 },
		{ "imap", "IMAP", 0 },		{ "sshd", "ssh", 0 },
	};
	struct tc_config cfg;

	(void)state;
	good(&cfg, BASE "[services]\nimap = dovecot,cyrus\n"
			"mail = imap, pop\n");
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (tc_config_fits(&cfg, table[i].token, table[i].login) !=
		    table[i].fits)
			fail_msg("%s for %s", table[i].token, table[i].login);
	tc_config_free(&cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(other_good_values),
		cmocka_unit_test(lines_missing),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(many_services),
		cmocka_unit_test(what_fits),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
