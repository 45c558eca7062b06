/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken.conf(5) tells of every key that there is, and of no other. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"

static char *
page(void)
{
	const char *source = getenv("SRC");
	char path[4096];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/doc/apitoken.conf.5",
		       source ? source : ".");
	return test_read(path, &len);
}

struct item {
	char section[32], key[64];
};

/* The next line ".It Cm KEY No = ..."; *at is where to go on. */
static int
next_item(char **at, struct item *item)
{
	char *line;

	while ((line = strsep(at, "\n")) != NULL) {
		(void)sscanf(line, ".Ss Section [%31[a-z]]", item->section);
		if (sscanf(line, ".It Cm %63[a-z_] No =", item->key) == 1)
			return 1;
	}
	return 0;
}

/* In the order of the table, so that neither has what the other lacks. */
static void
keys(void **state)
{
	struct item item = { .section = "" };
	char *text = page(), *at = text;
	const char *section, *key;

	(void)state;
	for (size_t i = 0; (key = tc_config_key(i, &section)) != NULL; i++) {
		if (!next_item(&at, &item))
			fail_msg("%s is not on the page", key);
		if (strcmp(item.section, section) != 0 ||
		    strcmp(item.key, key) != 0)
			fail_msg("the page has [%s] %s, the table [%s] %s",
				 item.section, item.key, section, key);
	}
	if (next_item(&at, &item))
		fail_msg("[%s] %s is only on the page", item.section, item.key);
	free(text);
}

/* Their keys are the administrator's. */
static void
sections(void **state)
{
	char *text = page();

	(void)state;
	assert_non_null(strstr(text, "\n.Ss Section [services]"));
	assert_non_null(strstr(text, "\n.Ss Section [sets]"));
	free(text);
}

/* Every example can be copied into a file that is read. */
static void
examples(void **state)
{
	static const char whole[] = "enabled = yes\nsecret_file = s\n"
				    "store = s\naudit_log = none\n";
	char *text = page(), *at = text;
	int n = 0;

	(void)state;
	while ((at = strstr(at, "\n.Bd -literal")) != NULL) {
		struct tc_config cfg;
		struct tc_error err = { .text = "" };
		char conf[4096], *begin = strchr(at + 1, '\n') + 1;
		char *end = strstr(begin, ".Ed\n");

		assert_non_null(end);
		*end = '\0';
		at = end + 1;
		(void)snprintf(conf, sizeof(conf), "%s%s",
			       strstr(begin, "enabled = ") ? "" : whole, begin);
		if (tc_config_parse(&cfg, conf, strlen(conf), "page", "/etc",
				    &err) != TC_OK)
			fail_msg("\"%s\": %s", begin, err.text);
		tc_config_free(&cfg);
		n++;
	}
	assert_true(n >= 4);
	free(text);
}

/* ---- values in the text ---- */

/* A file that is whole, with this line in place of its own. */
static int
parse_with(struct tc_config *cfg, const char *key, const char *line)
{
	static const char *const base[] = { "enabled = yes", "secret_file = s",
					    "store = s", "audit_log = none" };
	size_t key_len = strlen(key);
	struct tc_error err = { .text = "" };
	char conf[512];
	int n = snprintf(conf, sizeof(conf), "%s\n", line);

	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++)
		if (strncmp(base[i], key, key_len) != 0)
			n += snprintf(conf + n, sizeof(conf) - (size_t)n,
				      "%s\n", base[i]);
	if (tc_config_parse(cfg, conf, (size_t)n, "page", "/etc", &err) ==
	    TC_OK)
		return 0;
	print_error("\"%s\": %s\n", line, err.text);
	return -1;
}

/* ".Ql key = value ." */
static void
values(void **state)
{
	char *text = page(), *at = text, *line;
	int n = 0;

	(void)state;
	while ((line = strsep(&at, "\n")) != NULL) {
		struct tc_config cfg;
		char key[64], *end;
		int is_pair = 0;

		(void)sscanf(line, ".Ql %63[a-z_] = %n", key, &is_pair);
		if (!is_pair || strcmp(key, "key") == 0)
			continue;
		end = line + strlen(line) - 2;
		if (end[0] == ' ' && strchr(".,:;", end[1]))
			*end = '\0';
		assert_int_equal(parse_with(&cfg, key, line + 4), 0);
		tc_config_free(&cfg);
		n++;
	}
	assert_true(n >= 10);
	free(text);
}

static int
same_defaults(const struct tc_config *a, const struct tc_config *b)
{
	return a->enabled == b->enabled && a->syslog == b->syslog &&
	       a->clock_skew == b->clock_skew &&
	       a->max_lifetime == b->max_lifetime &&
	       a->allow_never == b->allow_never && a->scram == b->scram &&
	       a->allow_root == b->allow_root &&
	       a->minimum_uid == b->minimum_uid;
}

/* "Default: yes.": without the key it is the same. */
static void
defaults(void **state)
{
	char *text = page(), *at = text, *line;
	char key[64] = "", value[64];
	struct tc_config without, with;
	int n = 0;

	(void)state;
	assert_int_equal(parse_with(&without, " ", "# nothing"), 0);
	while ((line = strsep(&at, "\n")) != NULL) {
		char set[160];
		int whole = 0; /* one word, which could be the value */

		(void)sscanf(line, ".It Cm %63[a-z_] No =", key);
		(void)sscanf(line, "Default: %63[a-z0-9].%n", value, &whole);
		if (!whole || strcmp(value, "none") == 0)
			continue;
		(void)snprintf(set, sizeof(set), "%s = %s", key, value);
		assert_int_equal(parse_with(&with, key, set), 0);
		assert_true(same_defaults(&without, &with));
		tc_config_free(&with);
		n++;
	}
	tc_config_free(&without);
	assert_int_equal(n, 7);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),	    cmocka_unit_test(sections),
		cmocka_unit_test(examples), cmocka_unit_test(values),
		cmocka_unit_test(defaults),
	};

	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
