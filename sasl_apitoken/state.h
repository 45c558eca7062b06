/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - what the server's parts of the plug-in share: options and one
 * handle of the library, opened while the process may still read everything.
 */
#ifndef SASL_APITOKEN_STATE_H
#define SASL_APITOKEN_STATE_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "options.h"
#include "tokencore.h"

struct state {
	struct options options;
	tc_handle *tokens; /* NULL: see why */
	char why[TC_ERROR_MAX]; /* tokens cannot be checked */
	unsigned users;
};

/**
 * Makes the state, or hands out the one that is there.
 * @param out  given back by state_put()
 * @return SASL_OK, also when tokens cannot be checked; SASL_NOMECH when
 *         there is nothing to do here: no configuration, tokens are turned
 *         off, or libsasl would keep them for good; SASL_NOMEM
 * Called from entry points alone, which libsasl runs one at a time.
 */
int state_get(struct state **out, const sasl_utils_t *utils);

/** Hands out the state if there is one; NULL: this process has nothing to do
 *  with tokens. */
struct state *state_share(void);

/** Gives it back; the last one closes the handle. */
void state_put(struct state *s, const sasl_utils_t *utils);

#endif
