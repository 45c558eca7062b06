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
	assert_int_equal(cfg.scram, 1);
	assert_string_equal(cfg.secret_file, "/etc/a/secret.conf");
	assert_string_equal(cfg.store, "/srv/tokens");
	assert_string_equal(cfg.audit_log, "/srv/audit");
	assert_null(cfg.default_realm);
	assert_null(cfg.default_lifetime);
	assert_true(cfg.clock_skew == 60);
	assert_true(cfg.max_lifetime == 0);
	assert_int_equal(cfg.minimum_uid, 0);
	assert_int_equal(cfg.services.n, 0);
	assert_int_equal(cfg.sets.n, 0);
	assert_null(cfg.owners);
	assert_null(cfg.required_properties);
	assert_null(cfg.permissions.list_own);
	assert_null(cfg.permissions.delete_all);
	assert_string_equal(cfg.file, "/etc/a/a.conf");
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
		   "scram = no\n"
		   "allow_root = yes\n"
		   "minimum_uid = 1000\n"
		   "owners = alice , @staff,bob@example.org\n"
		   "required_properties = application,\thow to use \n"
		   "[services]\n"
		   "imap = dovecot, imaps ,cyrus\n"
		   "mail = imap\n"
		   "[sets]\n"
		   "post = imap, smtp\n");
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
	assert_int_equal(cfg.scram, 0);
	assert_int_equal(cfg.allow_root, 1);
	assert_int_equal(cfg.minimum_uid, 1000);
	assert_int_equal(cfg.services.n, 2);
	assert_string_equal(cfg.services.rows[0].name, "imap");
	assert_string_equal(cfg.services.rows[0].services, "dovecot,imaps,"
							   "cyrus");
	assert_string_equal(cfg.services.rows[1].name, "mail");
	assert_string_equal(cfg.services.rows[1].services, "imap");
	assert_int_equal(cfg.sets.n, 1);
	assert_string_equal(cfg.sets.rows[0].name, "post");
	assert_string_equal(cfg.sets.rows[0].services, "imap,smtp");
	assert_string_equal(cfg.owners, "alice,@staff,bob@example.org");
	assert_string_equal(cfg.required_properties, "application,how to use");
	tc_config_free(&cfg);
	assert_null(cfg.store);
	assert_null(cfg.owners);
}

static void
permissions(void **state)
{
	static const char text[] = BASE "[permissions]\n"
					"list_own = *\nlist_all = a, "
					"@a\ncreate_own = b\n"
					"create_all = @b\nchange_own = "
					"c\nchange_all = @c\n"
					"revoke_own = d\nrevoke_all = "
					"@d\ndelete_own = e\n"
					"delete_all = @e, f\n";
	struct tc_config cfg;
	const struct tc_permissions *p = &cfg.permissions;

	(void)state;
	good(&cfg, text);
	assert_string_equal(p->list_own, "*");
	assert_string_equal(p->list_all, "a,@a");
	assert_string_equal(p->create_own, "b");
	assert_string_equal(p->create_all, "@b");
	assert_string_equal(p->change_own, "c");
	assert_string_equal(p->change_all, "@c");
	assert_string_equal(p->revoke_own, "d");
	assert_string_equal(p->revoke_all, "@d");
	assert_string_equal(p->delete_own, "e");
	assert_string_equal(p->delete_all, "@e,f");
	tc_config_free(&cfg);
	good(&cfg, BASE "[permissions]\n");
	assert_null(p->list_own);
	tc_config_free(&cfg);
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
	assert_string_equal(cfg.services.rows[0].services, "b,c");
	tc_config_free(&cfg);
	good(&cfg, BASE "[services]\n[sets]\n");
	assert_int_equal(cfg.services.n, 0);
	tc_config_free(&cfg);
	good(&cfg, BASE "owners = any\n");
	assert_string_equal(cfg.owners, "any");
	tc_config_free(&cfg);
	good(&cfg, BASE "owners = anyone, @any1, DOM\\al, \xc3\xa4\n");
	assert_string_equal(cfg.owners, "anyone,@any1,DOM\\al,\xc3\xa4");
	tc_config_free(&cfg);
	good(&cfg, BASE "required_properties = 1,2,3,4,5,6,7,8,9,10,11,12,13,"
			"14,15,16\n");
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
	{ "scram = No\n", 1, "scram: neither yes nor no" },
	{ "scram = no\nscram = no\n", 2, "scram: stands here twice" },
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
	{ "[services]\nenabled = no\n", 2, "enabled: is a key" },
	{ "[sets]\na = b\nowners = root\n", 3, "owners: is a key" },
	{ "[services]\nlist_own = *\n", 2, "list_own: is a key" },
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
	{ "default_lifetime = 0d\n", 1, "default_lifetime: is no time" },
	{ "owners =\n", 1, "owners: neither any nor" },
	{ "owners = *\n", 1, "owners: neither" },
	{ "owners = any, alice\n", 1, "owners: neither" },
	{ "owners = alice bob\n", 1, "owners: neither" },
	{ "owners = alice,\n", 1, "owners: neither" },
	{ "owners = @\n", 1, "owners: neither" },
	{ "owners = @@staff\n", 1, "owners: neither" },
	{ "owners = @any\n" /* a group, of whatever name */
	  "owners = alice\n",
	  2, "owners: stands here twice" },
	{ "owners = a/b\n", 1, "owners: neither" },
	{ "owners = a*\n", 1, "owners: neither" },
	{ "owners = \xc3\n", 1, "owners: neither" },
	{ "owners = a\xc2\x85\n", 1, "owners: neither" }, /* a C1 control */
	{ "required_properties =\n", 1, "1: not a list of properties" },
	{ "required_properties = a,,b\n", 1, "1: not a list of prop" },
	{ "required_properties = \xff\n", 1, "1: not a list of prop" },
	{ "required_properties = " NAME32 NAME32 "6\n", 1,
	  "1: not a list of prop" },
	{ "required_properties = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n",
	  1, "1: not a list of prop" },
	{ "[permissions]\nlist_own =\n", 2, "list_own: neither * nor" },
	{ "[permissions]\nlist_own = any\n", 2, "list_own: neither" },
	{ "[permissions]\nlist_all = *, alice\n", 2, "list_all: neither" },
	{ "[permissions]\nlist_all = **\n", 2, "list_all: neither" },
	{ "[permissions]\nrevoke_all = @staff bob\n", 2, "revoke_all: " },
	{ "[permissions]\nrevoke = *\n", 2, "revoke: unknown key" },
	{ "[permissions]\nadmin_all = *\n", 2, "admin_all: unknown key" },
	{ "[permissions]\nenabled = no\n", 2, "enabled: unknown key" },
	{ "list_own = *\n", 1, "list_own: unknown key" },
	{ "[permissions]\ndelete_all = a\nsyslog_ = a\n", 3, "unknown key" },
	{ "[permissions]\ndelete_all = a\ndelete_all = a\n", 3,
	  "delete_all: stands here twice" },
	{ "[Permissions]\n", 1, "unknown section" },
	{ "[sets]\nMAIL = imap\n", 2, "MAIL: not a service name" },
	{ "[sets]\nmail =\n", 2, "mail: not a list" },
	{ "[sets]\nmail = imap,\n", 2, "mail: not a list" },
	{ "[sets]\nmail = a\nweb = b\nmail = c\n", 4, "mail: stands here" },
	{ "[sets]\nmail = a, b, a\n", 2, "mail: names a service twice" },
	{ "[sets]\nmail = a, mail\n", 2, "mail: a set cannot hold a set" },
	{ "[sets]\nall = sshd, mail\nmail = imap\n", 2, "all: a set cannot" },
	{ "[sets]\nmail = imap\nall = sshd, mail\n", 3, "all: a set cannot" },
	{ "[sets]\nmail = a\n[services]\nmail = b\n", 2,
	  "mail: is the name of a set and of a service" },
	{ "[services]\nmail = b\n[sets]\nx = y\nmail = a\n", 5,
	  "mail: is the name of a set and" },
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
	static const char *const sections[] = { "services", "sets" };
	char text[TC_ALIASES_MAX * 16 + 200];
	struct tc_config cfg;
	struct tc_error err;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sections); s++) {
		size_t len = (size_t)snprintf(text, sizeof(text), BASE "[%s]\n",
					      sections[s]);

		for (int i = 0; i < TC_ALIASES_MAX; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"s%d = a\n", i);
		good(&cfg, text);
		assert_int_equal(cfg.services.n + cfg.sets.n, TC_ALIASES_MAX);
		tc_config_free(&cfg);
		(void)snprintf(text + len, sizeof(text) - len, "more = a\n");
		assert_int_equal(parse(&cfg, text, &err), TC_E_UNAVAILABLE);
		assert_non_null(strstr(err.text, ":70: more: too many"));
		tc_config_free(&cfg);
	}
}

static const struct fit {
	const char *token, *login;
	int fits;
} fit_table[] = {
	{ "sshd", "sshd", 1 },
	{ "imap", "imap", 1 },
	{ "imap", "dovecot", 1 },
	{ "imap", "cyrus", 1 },
	{ "imap", "sshd", 0 },
	{ "dovecot", "imap", 0 },
	{ "old", "imap", 1 },
	{ "old", "pop", 1 },
	{ "old", "dovecot", 0 }, /* services are not looked up twice */
	{ "imap", "dovecot,cyrus", 0 },
	{ "imap", "", 0 },
	{ "imap", "IMAP", 0 },
	{ "sshd", "ssh", 0 },
	{ "mail", "imap", 1 },
	{ "mail", "dovecot", 1 }, /* by the name of [services] */
	{ "mail", "cyrus", 1 },
	{ "mail", "smtp", 1 },
	{ "mail", "mail", 0 }, /* a set is only its members */
	{ "mail", "sshd", 0 },
	{ "mail", "smt", 0 },
	{ "mail", "", 0 },
	{ "imap", "mail", 0 },
	{ "smtp", "mail", 0 },
};

/* The order of the sections does not matter. */
static void
what_fits(void **state)
{
	static const char *const texts[] = {
		BASE "[services]\nimap = dovecot,cyrus\nold = imap, pop\n"
		     "[sets]\nmail = imap, smtp\n",
		BASE "[sets]\nmail = imap, smtp\n"
		     "[services]\nimap = dovecot,cyrus\nold = imap, pop\n",
	};

	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
		struct tc_config cfg;

		good(&cfg, texts[t]);
		for (size_t i = 0; i < ARRAY_LEN(fit_table); i++) {
			const struct fit *f = &fit_table[i];

			if (tc_config_fits(&cfg, f->token, f->login) != f->fits)
				fail_msg("%s for %s", f->token, f->login);
		}
		tc_config_free(&cfg);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(permissions),
		cmocka_unit_test(other_good_values),
		cmocka_unit_test(lines_missing),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(many_services),
		cmocka_unit_test(what_fits),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
