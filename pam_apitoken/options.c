/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - the table of the module's options.  An administrator who
 * mistypes "nontoken=ignore" must find a line in the log and a login that
 * fails, not a module that quietly does something else.
 */
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "options.h"
#include "tokencore.h"

/* How much of a wrong option the log repeats. */
#define SHOWN 120

enum kind { FLAG, VALUE };

/* Each setter gives NULL, or says what is wrong with the value. */
typedef const char *setter(struct options *opt, const char *value);

struct option {
	const char *name;
	enum kind kind;
	setter *set;
};

static const char *
set_config(struct options *opt, const char *value)
{
	/* Where the calling process happens to stand must not matter. */
	if (value[0] != '/')
		return "not an absolute path";
	if (strlen(value) > OPT_CONFIG_MAX)
		return "too long";
	opt->config = value;
	return NULL;
}

static const char *
set_service(struct options *opt, const char *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	if (value[strspn(value, allowed)] != '\0')
		return "only a-z 0-9 _ . - make a service name";
	if (strlen(value) > TC_SERVICE_MAX)
		return "too long";
	opt->service = value;
	return NULL;
}

static const char *
set_nontoken(struct options *opt, const char *value)
{
	if (strcmp(value, "ignore") == 0)
		opt->nontoken = NONTOKEN_IGNORE;
	else if (strcmp(value, "deny") == 0)
		opt->nontoken = NONTOKEN_DENY;
	else
		return "neither \"ignore\" nor \"deny\"";
	return NULL;
}

static const char *
set_imported(struct options *opt, const char *value)
{
	opt->imported = strcmp(value, "yes") == 0;
	if (!opt->imported && strcmp(value, "no") != 0)
		return "neither \"yes\" nor \"no\"";
	return NULL;
}

static const char *
set_prompt(struct options *opt, const char *value)
{
	const unsigned char *c;

	if (strlen(value) > OPT_PROMPT_MAX)
		return "too long";
	for (c = (const unsigned char *)value; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			return "holds a control character";
	}
	opt->prompt = value;
	return NULL;
}

static const char *
set_minimum_uid(struct options *opt, const char *value)
{
	static const char wrong[] = "not a number from 1 to 4294967294";
	uint64_t uid = 0;

	if (strlen(value) > 10 || value[strspn(value, "0123456789")] != '\0')
		return wrong;
	for (; *value != '\0'; value++)
		uid = uid * 10 + (uint64_t)(*value - '0');
	/* The last uid means "none"; 0 would mean "not given". */
	if (uid == 0 || uid >= UINT32_MAX)
		return wrong;
	opt->minimum_uid = (uint32_t)uid;
	return NULL;
}

#define SET_FLAG(member)                                                       \
	static const char *set_##member(struct options *opt,                   \
					const char *value)                     \
	{                                                                      \
		(void)value;                                                   \
		opt->member = 1;                                               \
		return NULL;                                                   \
	}

SET_FLAG(try_first_pass)
SET_FLAG(use_first_pass)
SET_FLAG(allow_root)
SET_FLAG(keep_authtok)
SET_FLAG(nodelay)
SET_FLAG(debug)

/* doc/pam_apitoken.8 lists the same names; a test compares the two. */
static const struct option table[] = {
	{ "config", VALUE, set_config },
	{ "service", VALUE, set_service },
	{ "nontoken", VALUE, set_nontoken },
	{ "imported", VALUE, set_imported },
	{ "try_first_pass", FLAG, set_try_first_pass },
	{ "use_first_pass", FLAG, set_use_first_pass },
	{ "prompt", VALUE, set_prompt },
	{ "allow_root", FLAG, set_allow_root },
	{ "minimum_uid", VALUE, set_minimum_uid },
	{ "keep_authtok", FLAG, set_keep_authtok },
	{ "nodelay", FLAG, set_nodelay },
	{ "debug", FLAG, set_debug },
};

#define OPTIONS (sizeof(table) / sizeof(table[0]))

static const struct option *
find(const char *arg, size_t len)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		if (strncmp(table[i].name, arg, len) == 0 &&
		    table[i].name[len] == '\0')
			return &table[i];
	}
	return NULL;
}

/* One word of the line; gives NULL, or what is wrong with it. */
static const char *
apply(struct options *opt, uint32_t *seen, const char *arg)
{
	size_t len = strcspn(arg, "=");
	const struct option *o = find(arg, len);
	const char *value = arg[len] == '=' ? arg + len + 1 : NULL;
	uint32_t bit;

	if (o == NULL)
		return "unknown option";
	if (o->kind == FLAG && value != NULL)
		return "takes no value";
	if (o->kind == VALUE && (value == NULL || *value == '\0'))
		return "needs a value";
	/* Of two, one would be ignored: say so instead. */
	bit = UINT32_C(1) << (o - table);
	if ((*seen & bit) != 0)
		return "given twice";
	*seen |= bit;
	return o->set(opt, value);
}

/* A log line is one line, whatever stands in PAM's configuration. */
static void
complain(const pam_handle_t *pamh, const char *arg, const char *wrong)
{
	char shown[SHOWN + 1];
	size_t i;

	for (i = 0; i < SHOWN && arg[i] != '\0'; i++) {
		unsigned char c = (unsigned char)arg[i];

		shown[i] = arg[i];
		if (c < 0x20 || c == 0x7f)
			shown[i] = '?';
	}
	shown[i] = '\0';
	pam_syslog(pamh, LOG_ERR, "option \"%s\": %s", shown, wrong);
}

int
options_parse(struct options *opt, const pam_handle_t *pamh, int argc,
	      const char **argv)
{
	uint32_t seen = 0;
	int i;

	_Static_assert(OPTIONS <= 32, "one bit of \"seen\" for each option");
	memset(opt, 0, sizeof(*opt));
	for (i = 0; i < argc; i++) {
		const char *wrong = apply(opt, &seen, argv[i]);

		if (wrong != NULL) {
			complain(pamh, argv[i], wrong);
			return PAM_SERVICE_ERR;
		}
	}
	return PAM_SUCCESS;
}
