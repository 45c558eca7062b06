/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "inifile.h"
#include "lists.h"
#include "names.h"
#include "number.h"
#include "text.h"
#include "trust.h"
#include "when.h"

static const char no_memory[] = "out of memory";

struct parse {
	struct tc_config *cfg;
	const char *folder;
	uint32_t seen; /* a bit per row of the table */
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
	char *whole;

	if (*value == '\0')
		return "no file is named";
	whole = *value == '/' ? strdup(value) : tc_join(p->folder, value);
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
	int64_t seconds = 1;

	(void)p;
	if (strcmp(value, "today") != 0 && strcmp(value, "never") != 0 &&
	    tc_span(value, &seconds))
		return "not a span of time such as 90d, nor today nor never";
	if (seconds == 0)
		return "is no time at all";
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

/* "any" is a word for everyone in one place, so it is a name in none. */
static int
name_fits(const char *item, size_t len)
{
	return (len != 3 || memcmp(item, "any", 3) != 0) &&
	       tc_name_fits(item, len);
}

static const char *
words(const char *word, const char *value, const char *unfit, char **field)
{
	if (strcmp(value, word) != 0)
		return tc_list_join(value, name_fits, TC_LIST_MAX, unfit,
				    field);
	*field = strdup(value);
	return *field ? NULL : no_memory;
}

static const char *
owner_names(struct parse *p, const char *value, void *field)
{
	(void)p;
	return words(TC_OWNERS_ANY, value,
		     "neither any nor a list of user names and @groups joined "
		     "by commas",
		     field);
}

static const char *
who(struct parse *p, const char *value, void *field)
{
	(void)p;
	return words(TC_EVERYONE, value,
		     "neither * nor a list of user names and @groups joined by "
		     "commas",
		     field);
}

static int
property_fits(const char *item, size_t len)
{
	char key[TC_PROP_KEY_MAX + 1];

	if (len > TC_PROP_KEY_MAX)
		return 0;
	memcpy(key, item, len);
	key[len] = '\0';
	return tc_text_fits(key, 1, TC_PROP_KEY_MAX);
}

static const char *
property_keys(struct parse *p, const char *value, void *field)
{
	(void)p;
	return tc_list_join(value, property_fits, TC_PROPERTIES_MAX,
			    "not a list of properties, 16 at most, joined by "
			    "commas",
			    field);
}

/* What is required shows that the file is whole: one that was emptied would
 * else mean the host's own store, and "enabled = no" would be gone. */
#define REQUIRED 1U
#define MALLOCED 2U /* by its parser */
#define NAMES 4U /* and a list of users and @groups */
#define AT(member) offsetof(struct tc_config, member)

static const struct {
	const char *section, *key;
	value_fn *parse;
	size_t field;
	unsigned flags;
} table[] = {
	{ "", "enabled", yes_no, AT(enabled), REQUIRED },
	{ "", "secret_file", path, AT(secret_file), REQUIRED | MALLOCED },
	{ "", "store", path, AT(store), REQUIRED | MALLOCED },
	{ "", "audit_log", path_or_none, AT(audit_log), REQUIRED | MALLOCED },
	{ "", "syslog", yes_no, AT(syslog), 0 },
	{ "", "default_realm", realm, AT(default_realm), MALLOCED },
	{ "", "clock_skew", span, AT(clock_skew), 0 },
	{ "", "default_lifetime", lifetime, AT(default_lifetime), MALLOCED },
	{ "", "max_lifetime", some_span, AT(max_lifetime), 0 },
	{ "", "allow_never", yes_no, AT(allow_never), 0 },
	{ "", "required_properties", property_keys, AT(required_properties),
	  MALLOCED },
	{ "", "scram", yes_no, AT(scram), 0 },
	{ "", "owners", owner_names, AT(owners), MALLOCED | NAMES },
	{ "", "allow_root", yes_no, AT(allow_root), 0 },
	{ "", "minimum_uid", uid, AT(minimum_uid), 0 },
#define PERMISSION(name)                                                       \
	{                                                                      \
		"permissions", #name, who, AT(permissions.name),               \
		    MALLOCED | NAMES                                           \
	}
	PERMISSION(list_own),
	PERMISSION(list_all),
	PERMISSION(create_own),
	PERMISSION(create_all),
	PERMISSION(change_own),
	PERMISSION(change_all),
	PERMISSION(revoke_own),
	PERMISSION(revoke_all),
	PERMISSION(delete_own),
	PERMISSION(delete_all),
#undef PERMISSION
};

#define ROWS (sizeof(table) / sizeof(table[0]))
_Static_assert(ROWS <= 32, "a bit for each in struct parse");

const char *
tc_config_key(size_t i, const char **section)
{
	if (i >= ROWS)
		return NULL;
	*section = table[i].section;
	return table[i].key;
}

const char *
tc_config_names(const struct tc_config *cfg, size_t i)
{
	if (!(table[i].flags & NAMES))
		return NULL;
	return *(char *const *)((const char *)cfg + table[i].field);
}

/* The sections whose keys are the administrator's own. */
static struct tc_alias_table *
aliases_of(struct tc_config *cfg, const char *section)
{
	if (strcmp(section, "services") == 0)
		return &cfg->services;
	return strcmp(section, "sets") == 0 ? &cfg->sets : NULL;
}

static const char *
set_field(struct parse *p, size_t row, const char *value)
{
	if (p->seen & (UINT32_C(1) << row))
		return "stands here twice";
	p->seen |= UINT32_C(1) << row;
	return table[row].parse(p, value, (char *)p->cfg + table[row].field);
}

/* What was appended to the file, say "enabled = no", would be taken for the
 * name of a service and mean nothing. */
static int
is_key(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(table[i].key, name) == 0)
			return 1;
	return 0;
}

static const char *
set_value(void *arg, const char *section, const char *key, const char *value,
	  unsigned line)
{
	struct parse *p = arg;
	struct tc_alias_table *aliases = aliases_of(p->cfg, section);
	int known = 0;

	if (aliases && key && is_key(key))
		return "is a key of the policy and no service: it belongs "
		       "above the first section";
	if (aliases)
		return key ? tc_alias_add(aliases, key, value, line) : NULL;
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(table[i].section, section) != 0)
			continue;
		known = 1;
		if (key && strcmp(table[i].key, key) == 0)
			return set_field(p, i, value);
	}
	if (!known)
		return "unknown section";
	return key ? "unknown key" : NULL;
}

/* What no line shows by itself. */
static int
whole(const struct parse *p, const char *file, struct tc_error *err)
{
	const struct tc_alias *where;
	const char *why =
	    tc_alias_clash(&p->cfg->services, &p->cfg->sets, &where);

	if (why)
		return tc_fail(err, TC_E_UNAVAILABLE, "%s:%u: %s: %s", file,
			       where->line, where->name, why);
	for (size_t i = 0; i < ROWS; i++)
		if ((table[i].flags & REQUIRED) &&
		    !(p->seen & (UINT32_C(1) << i)))
			return tc_fail(err, TC_E_UNAVAILABLE,
				       "%s: the key \"%s\" is missing", file,
				       table[i].key);
	return TC_OK;
}

int
tc_config_parse(struct tc_config *cfg, const char *text, size_t len,
		const char *file, const char *folder, struct tc_error *err)
{
	struct parse p = { .cfg = cfg, .folder = folder };
	int rc;

	memset(cfg, 0, sizeof(*cfg));
	cfg->syslog = cfg->allow_never = cfg->scram = 1;
	cfg->clock_skew = 60;
	cfg->file = strdup(file);
	if (!cfg->file)
		return tc_fail(err, TC_E_NOMEM, "%s", no_memory);
	rc = tc_ini_parse(text, len, file, set_value, &p, err);
	return rc == TC_OK ? whole(&p, file, err) : rc;
}

void
tc_config_free(struct tc_config *cfg)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].flags & MALLOCED)
			free(*(char **)((char *)cfg + table[i].field));
	tc_alias_free(&cfg->services);
	tc_alias_free(&cfg->sets);
	free(cfg->file);
	memset(cfg, 0, sizeof(*cfg));
}

int
tc_config_fits(const struct tc_config *cfg, const char *token_service,
	       const char *service)
{
	return tc_alias_fits(&cfg->services, &cfg->sets, token_service,
			     service);
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
