/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken.conf.  What was taken is within its bounds and is what another
 * reader finds in the text; what was not is an error of one line that names
 * the file.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "match.h"
#include "reini.h"

#define NOW 1795294800

static void
same_yes_no(const char *text, const char *key, int is, int unless)
{
	char *value;
	unsigned n = reini(text, "", key, &value);

	CHECK(n <= 1);
	CHECK(is == (n ? strcmp(value, "yes") == 0 : unless));
	CHECK(!n || is || strcmp(value, "no") == 0);
	free(value);
}

static void
same_path(const char *text, const char *key, const char *is)
{
	char *value;
	size_t len;

	CHECK(reini(text, "", key, &value) == 1);
	if (!is) {
		CHECK(strcmp(value, "none") == 0);
	} else if (*value == '/') {
		CHECK(strcmp(is, value) == 0);
	} else {
		len = strlen("/folder/");
		CHECK(strncmp(is, "/folder/", len) == 0 &&
		      strcmp(is + len, value) == 0);
	}
	free(value);
}

static void
same_uid(const char *text, uint32_t is)
{
	char *value;
	unsigned n = reini(text, "", "minimum_uid", &value);

	CHECK(n <= 1 && is == (n ? strtoul(value, NULL, 10) : 0));
	free(value);
}

static void
aliases(const struct tc_config *cfg, const struct tc_alias_table *t)
{
	CHECK(t->n <= TC_ALIASES_MAX);
	for (size_t i = 0; i < t->n; i++) {
		const char *name = t->rows[i].name;
		const char *list = t->rows[i].services;
		char first[TC_SERVICE_MAX + 1] = "";

		CHECK(tc_service_fits(name, strlen(name)));
		CHECK(strcspn(list, ",") < sizeof(first));
		memcpy(first, list, strcspn(list, ","));
		CHECK(tc_service_fits(first, strlen(first)));
		CHECK(tc_config_fits(cfg, name, first));
	}
}

static void
taken(const struct tc_config *cfg, const char *text)
{
	char claim[TC_USER_MAX + 1];

	same_yes_no(text, "enabled", cfg->enabled, -1);
	same_yes_no(text, "syslog", cfg->syslog, 1);
	same_yes_no(text, "allow_root", cfg->allow_root, 0);
	same_yes_no(text, "allow_never", cfg->allow_never, 1);
	same_yes_no(text, "scram", cfg->scram, 1);
	same_path(text, "secret_file", cfg->secret_file);
	same_path(text, "store", cfg->store);
	same_path(text, "audit_log", cfg->audit_log);
	same_uid(text, cfg->minimum_uid);
	CHECK(cfg->clock_skew >= 0 && cfg->max_lifetime >= 0);
	aliases(cfg, &cfg->services);
	aliases(cfg, &cfg->sets);
	CHECK(tc_config_claim(cfg, "alice", claim) == 0);
	CHECK(strcmp(claim, "alice") == 0);
	CHECK(!cfg->default_realm || !strchr(cfg->default_realm, '@'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	char *text = fuzz_rest(&in);
	struct tc_error err = { .code = TC_OK };
	struct tc_config cfg;

	if (tc_config_parse(&cfg, text, len, "test.conf", "/folder", &err) ==
	    TC_OK) {
		taken(&cfg, text);
	} else {
		CHECK(err.code == TC_E_UNAVAILABLE);
		CHECK(strncmp(err.text, "test.conf:", 10) == 0);
		CHECK(fuzz_is_line(err.text, TC_ERROR_MAX - 1));
	}
	tc_config_free(&cfg);
	free(text);
	return 0;
}
