/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken.conf: policy, and where the rest is. */
#ifndef TC_CONFIG_H
#define TC_CONFIG_H

#include "alias.h"
#include "tokencore.h"

#define TC_CONFIG_MAX 65536 /* bytes of the file */
#define TC_OWNERS_ANY "any" /* also users without an account */
#define TC_EVERYONE "*"

/* NULL: nobody; TC_EVERYONE; or a joined list of names, see names.h. */
struct tc_permissions {
	char *list_own, *list_all;
	char *create_own, *create_all;
	char *change_own, *change_all;
	char *revoke_own, *revoke_all;
	char *delete_own, *delete_all;
};

struct tc_config {
	char *file; /* its own path, for what people are told */
	int enabled, syslog, allow_root, allow_never;
	int scram; /* new tokens get a verifier for it */
	char *secret_file, *store; /* whole paths */
	char *audit_log; /* whole path, or NULL: none */
	char *default_realm; /* or NULL */
	int64_t clock_skew; /* seconds */
	char *default_lifetime; /* WHEN, or NULL: never */
	int64_t max_lifetime; /* seconds; 0: no limit */
	char *required_properties; /* a joined list, or NULL */
	char *owners; /* NULL: accounts of this host; TC_OWNERS_ANY; or a
			 joined list of names, see names.h */
	uint32_t minimum_uid;
	struct tc_permissions permissions;
	struct tc_alias_table services, sets;
};

/* Parses text.  folder is what relative paths are relative to.  cfg is set
 * up by the call and freed by tc_config_free(), also after a failure. */
int tc_config_parse(struct tc_config *cfg, const char *text, size_t len,
		    const char *path, const char *folder, struct tc_error *err);
void tc_config_free(struct tc_config *cfg);

/* The key in row i of the table of all keys, and its section ("": none);
 * NULL behind the last one. */
const char *tc_config_key(size_t i, const char **section);

/* What that key was given, if that is a list of users and @groups, see names.h;
 * NULL: it is another kind of key, or nothing was given. */
const char *tc_config_names(const struct tc_config *cfg, size_t i);

/* Does a token made for `token_service` fit a login at `service`? */
int tc_config_fits(const struct tc_config *cfg, const char *token_service,
		   const char *service);

/* The user that a login claims to be: "alice@example.org" is "alice" where
 * that is the default realm; "" for NULL.  -1 for a name that fits nobody. */
int tc_config_claim(const struct tc_config *cfg, const char *user,
		    char out[TC_USER_MAX + 1]);

#endif
