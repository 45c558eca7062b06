/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec.h"

#include <string.h>

#include "error.h"
#include "lists.h"
#include "match.h"
#include "owner.h"
#include "text.h"
#include "token.h"

int
tc_spec_no_token(const char *what, const char *text, struct tc_error *err)
{
	size_t len;

	if (!tc_token_in(text, &len))
		return TC_OK;
	return tc_fail(err, TC_E_INVALID,
		       "what looks like a token does not belong in %s, which "
		       "is shown and logged",
		       what);
}

static int
check_properties(const struct tc_create *spec, struct tc_error *err)
{
	const struct tc_property *p = spec->properties;

	for (size_t i = 0; i < spec->n_properties; i++) {
		if (!tc_text_fits(p[i].key, 1, TC_PROP_KEY_MAX) ||
		    !tc_text_fits(p[i].value, 0, TC_PROP_VALUE_MAX))
			return tc_fail(err, TC_E_INVALID,
				       "property %zu: a "
				       "key has 1 to %d bytes, a value at "
				       "most %d, of UTF-8",
				       i + 1, TC_PROP_KEY_MAX,
				       TC_PROP_VALUE_MAX);
		if (tc_spec_no_token("a property", p[i].key, err) ||
		    tc_spec_no_token("a property", p[i].value, err))
			return err->code;
		for (size_t k = 0; k < i; k++)
			if (strcmp(p[k].key, p[i].key) == 0)
				return tc_fail(err, TC_E_INVALID,
					       "the "
					       "property %s is given twice",
					       p[i].key);
	}
	return TC_OK;
}

static int
check_names(const struct tc_create *spec, struct tc_error *err)
{
	if (!spec->user || !tc_text_fits(spec->user, 1, TC_USER_MAX) ||
	    strpbrk(spec->user, "/ "))
		return tc_fail(err, TC_E_INVALID,
			       "the user has 1 to %d bytes "
			       "of UTF-8 without spaces and slashes",
			       TC_USER_MAX);
	if (!spec->label || !tc_text_fits(spec->label, 1, TC_LABEL_MAX))
		return tc_fail(err, TC_E_INVALID,
			       "the label has 1 to %d "
			       "bytes of UTF-8 without control characters",
			       TC_LABEL_MAX);
	if (tc_spec_no_token("a user's name", spec->user, err))
		return err->code;
	return tc_spec_no_token("a label", spec->label, err);
}

int
tc_spec_check(const struct tc_create *spec, struct tc_error *err)
{
	int rc = check_names(spec, err);

	if (rc != TC_OK)
		return rc;
	if (spec->n_services > TC_SERVICES_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d services",
			       TC_SERVICES_MAX);
	for (size_t i = 0; i < spec->n_services; i++)
		if (!tc_service_fits(spec->services[i],
				     strlen(spec->services[i])))
			return tc_fail(err, TC_E_INVALID,
				       "not a service "
				       "name, [a-z0-9_.-]{1,32}: %.40s",
				       spec->services[i]);
	if (spec->n_sources > TC_SOURCES_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d sources",
			       TC_SOURCES_MAX);
	for (size_t i = 0; i < spec->n_sources; i++)
		if (!tc_source_fits(&spec->sources[i]))
			return tc_fail(err, TC_E_INVALID,
				       "source %zu is not "
				       "a network",
				       i + 1);
	if (spec->n_properties > TC_PROPERTIES_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d properties",
			       TC_PROPERTIES_MAX);
	return check_properties(spec, err);
}

/* What was asked for, or the default, within what policy allows. */
int
tc_spec_lifetime(const struct tc_config *cfg, int64_t asked, int64_t now,
		 int64_t *expires, struct tc_error *err)
{
	int rc = TC_OK;

	*expires = asked;
	if (asked == TC_EXPIRES_DEFAULT && cfg->default_lifetime)
		rc = tc_parse_when(cfg->default_lifetime, now, expires, err);
	else if (asked == TC_EXPIRES_DEFAULT)
		*expires = 0;
	if (rc != TC_OK)
		return rc;
	if (*expires == 0)
		return cfg->allow_never && !cfg->max_lifetime
			   ? TC_OK
			   : tc_fail(err, TC_E_REFUSED,
				     "a token that never "
				     "expires is not allowed here");
	if (*expires <= now)
		return tc_fail(err, TC_E_INVALID, "the expiry is in the past");
	if (cfg->max_lifetime && *expires - now > cfg->max_lifetime)
		return tc_fail(err, TC_E_REFUSED,
			       "the expiry is further away "
			       "than max_lifetime allows");
	return TC_OK;
}

/* A claim's default realm is cut off, so nobody could use such a token. */
static int
check_realm(const struct tc_config *cfg, const char *user, struct tc_error *err)
{
	const char *at = strrchr(user, '@');

	if (!at || !cfg->default_realm ||
	    strcmp(at + 1, cfg->default_realm) != 0)
		return TC_OK;
	return tc_fail(err, TC_E_INVALID,
		       "%s is the default realm: name the "
		       "user without it",
		       cfg->default_realm);
}

static int
has_value(const struct tc_create *spec, const char *key, size_t len)
{
	for (size_t i = 0; i < spec->n_properties; i++) {
		const struct tc_property *p = &spec->properties[i];

		if (strlen(p->key) == len && memcmp(p->key, key, len) == 0)
			return *p->value != '\0';
	}
	return 0;
}

int
tc_spec_required(const struct tc_config *cfg, const struct tc_create *spec,
		 struct tc_error *err)
{
	const char *at = cfg->required_properties, *key;
	size_t len;

	while (at && (key = tc_list_next(&at, &len)) != NULL)
		if (!has_value(spec, key, len))
			return tc_fail(err, TC_E_REFUSED,
				       "the property %.*s has to be given "
				       "(required_properties in %s)",
				       (int)len, key, cfg->file);
	return TC_OK;
}

static int
check_owner(const struct tc_policy *p, const char *user, int64_t now,
	    const char **owner, struct tc_error *err)
{
	int rc;

	if (*owner && strcmp(*owner, user) == 0)
		return TC_OK;
	rc = check_realm(&p->config, user, err);
	if (rc == TC_OK)
		rc = tc_owner_may_own(p, user, now, err);
	if (rc == TC_OK)
		*owner = user;
	return rc;
}

int
tc_spec_allowed(const struct tc_policy *p, const struct tc_create *spec,
		int64_t now, const char **owner, int64_t *expires,
		struct tc_error *err)
{
	int rc = check_owner(p, spec->user, now, owner, err);

	if (rc == TC_OK)
		rc = tc_spec_required(&p->config, spec, err);
	return rc == TC_OK ? tc_spec_lifetime(&p->config, spec->expires, now,
					      expires, err)
			   : rc;
}
