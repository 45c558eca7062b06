/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "inifile.h"
#include "match.h"
#include "number.h"
#include "when.h"

static const char no_memory[] = "out of memory";

struct parse {
	struct tc_config *cfg;
	const char *folder;
	unsigned seen; /* a bit per row of the table */
};

/* A parser gives NULL, or why the value is not understood. */
typedef const char *value_fn(struct parse *p, const char *value, void *field);

static const char *
yes_no(struct parse *p, const char *value, void *field)
{
	(void)p;
	if (strcmp(value, "yes") == 0)
		*(int *)field = 1;
	else if (strcmp(value, "no") == 0)
		*(int *)field = 0;
	else
		return "neither yes nor no";
	return NULL;
}

static const char *
path(struct parse *p, const char *value, void *field)
{
	char *whole = NULL;

	if (*value == '\0')
		return "no file is named";
	if (*value == '/')
		whole = strdup(value);
	else if (asprintf(&whole, "%s/%s", p->folder, value) < 0)
		whole = NULL;
	if (!whole)
		return no_memory;
	free(*(char **)field);
	*(char **)field = whole;
	return NULL;
}

static const char *
path_or_none(struct parse *p, const char *value, void *field)
{
	if (strcmp(value, "none") != 0)
		return path(p, value, field);
	free(*(char **)field);
	*(char **)field = NULL;
	return NULL;
}

static const char *
realm(struct parse *p, const char *value, void *field)
{
	(void)p;
	if (*value == '\0' || strchr(value, '@'))
		return "not a realm, which stands behind the '@'";
	*(char **)field = strdup(value);
	return *(char **)field ? NULL : no_memory;
}

static const char *
span(struct parse *p, const char *value, void *field)
{
	(void)p;
	return tc_span(value, field) ? "not a span of time such as 90d, 12h or "
				       "60s"
				     : NULL;
}

static const char *
some_span(struct parse *p, const char *value, void *field)
{
	const char *why = span(p, value, field);

	return !why && *(int64_t *)field == 0 ? "is no time at all" : why;
}

static const char *
lifetime(struct parse *p, const char *value, void *field)
{
	int64_t unused;

	(void)p;
	if (strcmp(value, "today") != 0 && strcmp(value, "never") != 0 &&
	    tc_span(value, &unused))
		return "not a span of time such as 90d, nor today nor never";
	*(char **)field = strdup(value);
	return *(char **)field ? NULL : no_memory;
}

static const char *
uid(struct parse *p, const char *value, void *field)
{
	uint64_t n;

	(void)p;
	if (tc_number(value, UINT32_MAX - 1, &n))
		return "not a user id";
	*(uint32_t *)field = (uint32_t)n;
	return NULL;
}

/* What is required shows that the file is whole: one that was emptied would
 * else mean the host's own store, and "enabled = no" would be gone. */
static const struct {
	const char *key;
	value_fn *parse;
	size_t field;
	int required;
} table[] = {
#define ROW(key, parse)                                                        \
	{                                                                      \
#key, parse, offsetof(struct tc_config, key), 0                \
	}
#define REQUIRED(key, parse)                                                   \
	{                                                                      \
#key, parse, offsetof(struct tc_config, key), 1                \
	}
	REQUIRED(enabled, yes_no),    REQUIRED(secret_file, path),
	REQUIRED(store, path),	      REQUIRED(audit_log, path_or_none),
	ROW(syslog, yes_no),	      ROW(default_realm, realm),
	ROW(clock_skew, span),	      ROW(default_lifetime, lifetime),
	ROW(max_lifetime, some_span), ROW(allow_never, yes_no),
	ROW(allow_root, yes_no),      ROW(minimum_uid, uid),
#undef REQUIRED
#undef ROW
};

#define ROWS (sizeof(table) / sizeof(table[0]))

/* "dovecot, imaps" to "dovecot,imaps"; NULL when a name is none. */
static char *
join_services(const char *value)
{
	char *out = malloc(strlen(value) + 1), *to = out;

	while (out && *value) {
		size_t len;

		value += strspn(value, " \t");
		len = strcspn(value, ", \t");
		if (!tc_service_fits(value, len)) {
			free(out);
			return NULL;
		}
		memcpy(to, value, len);
		to += len;
		value += len;
		value += strspn(value, " \t");
		*to++ = *value == ',' ? ',' : '\0';
		if (*value != ',' && *value != '\0') {
			free(out);
			return NULL;
		}
		value += *value == ',';
	}
	if (!out || to == out || to[-1] != '\0') {
		free(out);
		return NULL;
	}
	return out;
}

static const char *
add_alias(struct tc_config *cfg, const char *key, const char *value)
{
	struct tc_alias *alias = &cfg->aliases[cfg->n_aliases];

	if (!tc_service_fits(key, strlen(key)))
		return "not a service name, [a-z0-9_.-]{1,32}";
	for (size_t i = 0; i < cfg->n_aliases; i++)
		if (strcmp(cfg->aliases[i].name, key) == 0)
			return "stands here twice";
	if (cfg->n_aliases == TC_ALIASES_MAX)
		return "too many services";
	alias->services = join_services(value);
	if (!alias->services)
		return "not a list of service names joined by commas";
	(void)snprintf(alias->name, sizeof(alias->name), "%s", key);
	cfg->n_aliases++;
	return NULL;
}

static const char *
set_value(void *arg, const char *section, const char *key, const char *value,
	  unsigned line)
{
	struct parse *p = arg;

	int services = strcmp(section, "services") == 0;

	(void)line;
	if (!services && *section != '\0')
		return "unknown section";
	if (!key)
		return services ? NULL : "unknown section";
	if (services)
		return add_alias(p->cfg, key, value);
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(table[i].key, key) != 0)
			continue;
		if (p->seen & (1U << i))
			return "stands here twice";
		p->seen |= 1U << i;
		return table[i].parse(p, value,
				      (char *)p->cfg + table[i].field);
	}
	return "unknown key";
}

int
tc_config_parse(struct tc_config *cfg, const char *text, size_t len,
		const char *file, const char *folder, struct tc_error *err)
{
	struct parse p = { .cfg = cfg, .folder = folder };

	int rc;

	memset(cfg, 0, sizeof(*cfg));
	cfg->syslog = cfg->allow_never = 1;
	cfg->clock_skew = 60;
	rc = tc_ini_parse(text, len, file, set_value, &p, err);
	for (size_t i = 0; rc == TC_OK && i < ROWS; i++)
		if (table[i].required && !(p.seen & (1U << i)))
			rc = tc_fail(err, TC_E_UNAVAILABLE,
				     "%s: the key \"%s\" is missing", file,
				     table[i].key);
	return rc;
}

void
tc_config_free(struct tc_config *cfg)
{
	free(cfg->secret_file);
	free(cfg->store);
	free(cfg->audit_log);
	free(cfg->default_realm);
	free(cfg->default_lifetime);
	for (size_t i = 0; i < cfg->n_aliases; i++)
		free(cfg->aliases[i].services);
	memset(cfg, 0, sizeof(*cfg));
}

int
tc_config_fits(const struct tc_config *cfg, const char *token_service,
	       const char *service)
{
	if (strcmp(token_service, service) == 0)
		return 1;
	for (size_t i = 0; i < cfg->n_aliases; i++)
		if (strcmp(cfg->aliases[i].name, token_service) == 0)
			return tc_service_in(cfg->aliases[i].services, service);
	return 0;
}

int
tc_config_claim(const struct tc_config *cfg, const char *user,
		char out[TC_USER_MAX + 1])
{
	const char *realm;
	size_t len;

	out[0] = '\0';
	if (!user)
		return 0;
	len = strnlen(user, TC_USER_MAX + 1);
	realm = cfg->default_realm ? strrchr(user, '@') : NULL;
	if (realm && strcmp(realm + 1, cfg->default_realm) == 0)
		len = (size_t)(realm - user);
	if (len == 0 || len > TC_USER_MAX)
		return -1;
	memcpy(out, user, len);
	out[len] = '\0';
	return 0;
}
