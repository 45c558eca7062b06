/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login.h - one login by bearer token at a SASL server: who it is, and
 * whether they may.
 */
#ifndef SASL_APITOKEN_LOGIN_H
#define SASL_APITOKEN_LOGIN_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "bearer.h"
#include "state.h"

/* An address, a zone and a NUL; what is longer is no address. */
#define LOGIN_ADDRESS_MAX 128

/** Where the client is, without its port; NULL: unknown. */
const char *login_address(const sasl_utils_t *utils,
			  char out[LOGIN_ADDRESS_MAX]);

/** What a token has to be good for. */
const char *login_service(const struct state *s,
			  const sasl_server_params_t *sparams);

/**
 * Decides, and logs the decision.
 * @param req  what the client said; NULL: nothing that was understood
 * @param out  on SASL_OK names the owner of the token (authid) and whom they
 *             act for (user), in the server's own spelling
 * @return SASL_OK, SASL_BADAUTH, SASL_UNAVAIL or SASL_NOMEM
 */
int login_verify(const struct state *s, sasl_server_params_t *sparams,
		 const struct bearer_request *req, sasl_out_params_t *out);

#endif
