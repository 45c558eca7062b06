/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.c - decides whether this process has to do with tokens at all.  The
 * plug-in is loaded by every program on the host that uses libsasl, so on a
 * host without configuration it has to be as good as absent; where there is
 * one, trouble with it must not look like a wrong token.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "state.h"

/* One for the process: entry points share it, and nothing else changes it. */
static struct state *shared;

/* A file that is named but missing is trouble; a host where none is named and
 * the default one is missing does not use tokens. */
static int
not_configured(const struct options *opt)
{
	struct stat st;

	if (opt->wrong[0] != '\0' || opt->config[0] != '\0')
		return 0;
	return lstat(TC_DEFAULT_CONFIG, &st) != 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

/* The library tells a login that is refused, but not beforehand, and a
 * mechanism that refuses everyone should not be offered.  A store that cannot
 * be read just now is no reason. */
static int
turned_off(tc_handle *tokens)
{
	struct tc_info info;

	if (tc_info(tokens, &info, NULL) != TC_OK && info.store[0] == '\0')
		return 0;
	return !info.enabled;
}

static int
open_tokens(struct state *s, const sasl_utils_t *utils)
{
	struct tc_options options = {
		.config =
		    s->options.config[0] != '\0' ? s->options.config : NULL,
		.log = log_library,
		/* The library does not change it. */
		.log_arg = (void *)(uintptr_t)utils,
	};
	struct tc_error err = { .code = TC_OK };

	if (s->options.wrong[0] != '\0') {
		(void)snprintf(s->why, sizeof(s->why), "%s", s->options.wrong);
		return SASL_OK;
	}
	if (tc_open(&s->tokens, &options, &err) != TC_OK) {
		(void)snprintf(s->why, sizeof(s->why), "%s",
			       err.text[0] != '\0' ? err.text
						   : tc_strerror(err.code));
		return SASL_OK;
	}
	return turned_off(s->tokens) ? SASL_NOMECH : SASL_OK;
}

static void
state_free(struct state *s, const sasl_utils_t *utils)
{
	tc_free(s->tokens);
	utils->free(s);
}

static int
state_new(struct state **out, const sasl_utils_t *utils)
{
	struct state *s = utils->calloc(1, sizeof(*s));
	int rc = SASL_NOMECH;

	if (s == NULL)
		return SASL_NOMEM;
	options_read(&s->options, utils);
	if (!not_configured(&s->options)) {
		/* A token that libsasl took for a password and copied would
		 * go on working after it was revoked. */
		if (options_auto_transition(utils))
			log_say(utils, SASL_LOG_ERR, "not loaded",
				"with auto_transition a token would be kept "
				"as a permanent password");
		else
			rc = open_tokens(s, utils);
	}
	if (rc == SASL_OK)
		*out = s;
	else
		state_free(s, utils);
	return rc;
}

int
state_get(struct state **out, const sasl_utils_t *utils)
{
	if (shared == NULL) {
		int rc = state_new(&shared, utils);

		if (rc != SASL_OK)
			return rc;
	}
	shared->users++;
	*out = shared;
	return SASL_OK;
}

struct state *
state_share(void)
{
	if (shared != NULL)
		shared->users++;
	return shared;
}

void
state_put(struct state *s, const sasl_utils_t *utils)
{
	if (--s->users > 0)
		return;
	state_free(s, utils);
	shared = NULL;
}
