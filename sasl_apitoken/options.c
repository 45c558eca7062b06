/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - the table of the plug-in's options.  A value that is mistyped
 * turns tokens off and says so at each use; it never means something else.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "options.h"

#define PLUGIN "apitoken"

/* Each setter gives NULL, or says what is wrong with the value. */
typedef const char *setter(struct options *opt, const char *value);

struct option {
	const char *name;
	setter *set;
	const char *doc; /* the first line of its entry in the manual */
};

static const char *
copy(char *out, size_t room, const char *value)
{
	size_t len = strlen(value);

	if (len >= room)
		return "too long";
	memcpy(out, value, len + 1);
	return NULL;
}

static const char *
set_config(struct options *opt, const char *value)
{
	/* Where the process happens to stand must not matter. */
	if (value[0] != '/')
		return "not an absolute path";
	return copy(opt->config, sizeof(opt->config), value);
}

static const char *
set_service(struct options *opt, const char *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	if (value[strspn(value, allowed)] != '\0')
		return "only a-z 0-9 _ . - make a service name";
	return copy(opt->service, sizeof(opt->service), value);
}

static unsigned
mech_bit(const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < BEARER_MECHS; i++) {
		if (strlen(bearer_mechs[i].name) == len &&
		    strncasecmp(bearer_mechs[i].name, name, len) == 0)
			return 1u << i;
	}
	return 0;
}

static const char *
set_mechs(struct options *opt, const char *value)
{
	static const char between[] = " \t";
	unsigned mechs = 0;

	for (;;) {
		size_t len;
		unsigned bit;

		value += strspn(value, between);
		if (*value == '\0')
			break;
		len = strcspn(value, between);
		bit = mech_bit(value, len);
		if (bit == 0)
			return "names a mechanism that is not ours";
		mechs |= bit;
		value += len;
	}
	if (mechs == 0)
		return "names no mechanism";
	opt->mechs = mechs;
	return NULL;
}

static const char *
set_separator(struct options *opt, const char *value)
{
	/* These make neither a part of an id nor a realm, nor mean anything
	 * in SCRAM's messages. */
	if (strlen(value) != 1 || strchr("~+%!:#", value[0]) == NULL)
		return "not one of ~ + % ! : #";
	opt->separator = value[0];
	return NULL;
}

static const char *
set_scope(struct options *opt, const char *value)
{
	if (!bearer_scope_fits(value))
		return "not a list of scopes";
	return copy(opt->scope, sizeof(opt->scope), value);
}

/* doc/sasl_apitoken.8 has the same names and lines; a test compares them. */
static const struct option table[] = {
	{ "apitoken_config", set_config,
	  "The configuration file, an absolute path." },
	{ "apitoken_service", set_service,
	  "The service that a token has to be good for." },
	{ "apitoken_mechs", set_mechs,
	  "The mechanisms to offer, separated by spaces." },
	{ "apitoken_separator", set_separator,
	  "What stands between user and token in a login name for SCRAM." },
	{ "apitoken_scope", set_scope, "The scope that a refusal names." },
};

#define OPTIONS (sizeof(table) / sizeof(table[0]))

/* The value lives until the next call; NULL: it was not given. */
static const char *
get(const sasl_utils_t *utils, const char *plugin, const char *name)
{
	const char *value = NULL;

	if (utils->getopt == NULL ||
	    utils->getopt(utils->getopt_context, plugin, name, &value, NULL) !=
		SASL_OK)
		return NULL;
	return value;
}

void
options_read(struct options *opt, const sasl_utils_t *utils)
{
	size_t i;

	memset(opt, 0, sizeof(*opt));
	opt->mechs = (1u << BEARER_MECHS) - 1;
	opt->separator = '~';
	for (i = 0; i < OPTIONS; i++) {
		const char *value = get(utils, PLUGIN, table[i].name);
		const char *wrong = NULL;

		if (value != NULL)
			wrong = *value != '\0' ? table[i].set(opt, value)
					       : "needs a value";
		if (wrong != NULL)
			(void)snprintf(opt->wrong, sizeof(opt->wrong),
				       "option %s: %s", table[i].name, wrong);
	}
}

int
options_auxprop_last(const sasl_utils_t *utils)
{
	const char *value = get(utils, NULL, "auxprop_plugin");
	size_t len = value != NULL ? strlen(value) : 0, from;

	while (len > 0 && isspace((unsigned char)value[len - 1]))
		len--;
	from = len;
	while (from > 0 && !isspace((unsigned char)value[from - 1]))
		from--;
	return len - from == sizeof(PLUGIN) - 1 &&
	       strncasecmp(value + from, PLUGIN, len - from) == 0;
}

int
options_auto_transition(const sasl_utils_t *utils)
{
	/* What libsasl itself takes for a yes, by the first characters. */
	static const char *const yes[] = { "1", "y", "t", "on", "noplain" };
	const char *value = get(utils, NULL, "auto_transition");
	size_t i;

	for (i = 0; value != NULL && i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strncmp(value, yes[i], strlen(yes[i])) == 0)
			return 1;
	}
	return 0;
}
