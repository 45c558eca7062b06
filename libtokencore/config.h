/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken.conf: policy, and where the rest is. */
#ifndef TC_CONFIG_H
#define TC_CONFIG_H

#include "tokencore.h"

#define TC_CONFIG_MAX 65536 /* bytes of the file */
#define TC_ALIASES_MAX 64

/* [services]: a token's service name and the services that it stands for. */
struct tc_alias {
	char name[TC_SERVICE_MAX + 1];
	char *services; /* joined by ',' */
};

struct tc_config {
	int enabled, syslog, allow_root, allow_never;
	char *secret_file, *store; /* whole paths */
	char *audit_log; /* whole path, or NULL: none */
	char *default_realm; /* or NULL */
	int64_t clock_skew; /* seconds */
	char *default_lifetime; /* WHEN, or NULL: never */
	int64_t max_lifetime; /* seconds; 0: no limit */
	uint32_t minimum_uid;
	size_t n_aliases;
	struct tc_alias aliases[TC_ALIASES_MAX];
};

/* Parses text.  folder is what relative paths are relative to.  cfg is set
 * up by the call and freed by tc_config_free(), also after a failure. */
int tc_config_parse(struct tc_config *cfg, const char *text, size_t len,
		    const char *path, const char *folder, struct tc_error *err);
void tc_config_free(struct tc_config *cfg);

/* Does a token made for `token_service` fit a login at `service`? */
int tc_config_fits(const struct tc_config *cfg, const char *token_service,
		   const char *service);

/* The user that a login claims to be: "alice@example.org" is "alice" where
 * that is the default realm; "" for NULL.  -1 for a name that fits nobody. */
int tc_config_claim(const struct tc_config *cfg, const char *user,
		    char out[TC_USER_MAX + 1]);

#endif
