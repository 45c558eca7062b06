/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.c - the exchange: one message from the client, and where it is
 * refused a JSON object back and one more message, whatever that says.
 */
#include <string.h>

#include "bearer.h"
#include "log.h"
#include "login.h"
#include "server.h"
#include "state.h"

/* What libsasl hands to each of our functions. */
struct offered {
	struct server *server;
	const struct bearer_mech *mech;
};

struct server {
	struct state *state;
	unsigned users; /* mechanisms that libsasl has not freed */
	struct offered offered[BEARER_MECHS];
	sasl_server_plug_t plugs[BEARER_MECHS];
};

enum step { STEP_START, STEP_ASKED, STEP_REFUSED };

struct exchange {
	const struct offered *offered;
	enum step step;
	char error[BEARER_ERROR_MAX];
};

/* What slapd shows to the peer, so it is the same for every refusal. */
static int
give_up(const sasl_utils_t *utils, int code)
{
	utils->seterror(utils->conn, SASL_NOLOG, "%s",
			code == SASL_UNAVAIL ? "tokens cannot be checked now"
					     : "authentication failed");
	return code;
}

static int
exchange_new(void *glob_context, sasl_server_params_t *sparams,
	     const char *challenge, unsigned challen, void **conn_context)
{
	struct exchange *x = sparams->utils->calloc(1, sizeof(*x));

	(void)challenge;
	(void)challen;
	if (x == NULL)
		return SASL_NOMEM;
	x->offered = glob_context;
	*conn_context = x;
	return SASL_OK;
}

static int
accepted(sasl_out_params_t *out)
{
	out->doneflag = 1;
	out->maxoutbuf = 0;
	out->mech_ssf = 0;
	out->encode_context = NULL;
	out->encode = NULL;
	out->decode_context = NULL;
	out->decode = NULL;
	return SASL_OK;
}

/* Decided and logged; the client may say one thing more.  What libsasl noted
 * as an error on the way would tell refusals apart. */
static int
refuse(struct exchange *x, const sasl_utils_t *utils, enum bearer_refusal why,
       const char **serverout, unsigned *serveroutlen)
{
	const struct options *opt = &x->offered->server->state->options;

	(void)give_up(utils, SASL_BADAUTH);
	x->step = STEP_REFUSED;
	*serveroutlen = (unsigned)bearer_error(
	    x->offered->mech, why, opt->scope[0] != '\0' ? opt->scope : NULL,
	    x->error);
	*serverout = x->error;
	return SASL_CONTINUE;
}

static int
first_message(struct exchange *x, sasl_server_params_t *sparams,
	      const char *message, size_t len, const char **serverout,
	      unsigned *serveroutlen, sasl_out_params_t *out)
{
	const struct state *s = x->offered->server->state;
	struct bearer_request req;
	const char *wrong = x->offered->mech->read(&req, message, len);
	int rc = login_verify(s, sparams, wrong == NULL ? &req : NULL, out);

	if (wrong != NULL)
		log_say(sparams->utils, SASL_LOG_DEBUG, x->offered->mech->name,
			wrong);
	if (rc == SASL_OK && wrong == NULL)
		return accepted(out);
	if (rc != SASL_BADAUTH)
		return give_up(sparams->utils, rc);
	return refuse(x, sparams->utils,
		      wrong == NULL ? BEARER_REFUSED : BEARER_MALFORMED,
		      serverout, serveroutlen);
}

static int
exchange_step(void *conn_context, sasl_server_params_t *sparams,
	      const char *clientin, unsigned clientinlen,
	      const char **serverout, unsigned *serveroutlen,
	      sasl_out_params_t *out)
{
	struct exchange *x = conn_context;

	*serverout = NULL;
	*serveroutlen = 0;
	/* A second token in one exchange is not tried. */
	if (x == NULL || x->step == STEP_REFUSED)
		return give_up(sparams->utils, SASL_BADAUTH);
	/* An empty initial response asks to be asked, once. */
	if (clientinlen == 0 && x->step == STEP_START) {
		x->step = STEP_ASKED;
		*serverout = "";
		return SASL_CONTINUE;
	}
	return first_message(x, sparams, clientin != NULL ? clientin : "",
			     clientinlen, serverout, serveroutlen, out);
}

static void
exchange_free(void *conn_context, const sasl_utils_t *utils)
{
	if (conn_context != NULL)
		utils->free(conn_context);
}

static void
server_free(void *glob_context, const sasl_utils_t *utils)
{
	struct server *s = ((struct offered *)glob_context)->server;

	if (--s->users > 0)
		return;
	state_put(s->state, utils);
	utils->free(s);
}

static void
add(struct server *s, const struct bearer_mech *mech)
{
	struct offered *o = &s->offered[s->users];

	o->server = s;
	o->mech = mech;
	s->plugs[s->users++] = (sasl_server_plug_t){
		.mech_name = mech->name,
		.max_ssf = 0,
		.security_flags =
		    SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS,
		.features =
		    SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY,
		.glob_context = o,
		.mech_new = exchange_new,
		.mech_step = exchange_step,
		.mech_dispose = exchange_free,
		.mech_free = server_free,
	};
}

int
server_plugs(const sasl_utils_t *utils, sasl_server_plug_t **list, int *count)
{
	struct server *s = utils->calloc(1, sizeof(*s));
	unsigned i;
	int rc;

	if (s == NULL)
		return SASL_NOMEM;
	rc = state_get(&s->state, utils);
	if (rc != SASL_OK) {
		utils->free(s);
		return rc;
	}
	for (i = 0; i < BEARER_MECHS; i++) {
		if ((s->state->options.mechs & 1u << i) != 0)
			add(s, &bearer_mechs[i]);
	}
	*list = s->plugs;
	*count = (int)s->users;
	return SASL_OK;
}
