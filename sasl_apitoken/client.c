/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.c - a client that has a token where others have a password.  It asks
 * for user name and password like any mechanism, so programs need not know of
 * tokens, and it needs no configuration.
 */
#include <stdint.h>
#include <string.h>

#include "bearer.h"
#include "client.h"

enum step { STEP_START, STEP_SENT, STEP_REFUSED };

struct session {
	const struct bearer_mech *mech;
	enum step step;
	char *message; /* BEARER_MESSAGE_MAX bytes or NULL */
	sasl_interact_t *prompts; /* what we asked for last, or NULL */
};

/* What we need to know. */
enum { ANSWER_USER, ANSWER_AUTHNAME, ANSWER_PASS, ANSWERS };

static const struct question {
	unsigned long id;
	const char *prompt;
	int optional;
} questions[ANSWERS] = {
	[ANSWER_USER] = { SASL_CB_USER, "User to act for", 1 },
	[ANSWER_AUTHNAME] = { SASL_CB_AUTHNAME, "User name", 0 },
	[ANSWER_PASS] = { SASL_CB_PASS, "Token", 0 },
};

struct answer {
	const char *text; /* NULL: none */
	size_t len;
};

static const unsigned long required[] = {
	SASL_CB_AUTHNAME,
	SASL_CB_PASS,
	SASL_CB_LIST_END,
};

static int
session_new(void *glob_context, sasl_client_params_t *cparams,
	    void **conn_context)
{
	struct session *s = cparams->utils->calloc(1, sizeof(*s));

	if (s == NULL)
		return SASL_NOMEM;
	s->mech = glob_context;
	*conn_context = s;
	return SASL_OK;
}

static void
forget_prompts(struct session *s, const sasl_utils_t *utils)
{
	if (s->prompts != NULL)
		utils->free(s->prompts);
	s->prompts = NULL;
}

static void
session_free(void *conn_context, const sasl_utils_t *utils)
{
	struct session *s = conn_context;

	if (s == NULL)
		return;
	if (s->message != NULL) {
		explicit_bzero(s->message, BEARER_MESSAGE_MAX);
		utils->free(s->message);
	}
	forget_prompts(s, utils);
	utils->free(s);
}

/* ---- asking the application ---- */

/* Calls back.  SASL_INTERACT: the application wants to be prompted. */
static int
call_back(const struct question *q, const sasl_utils_t *utils,
	  struct answer *answer)
{
	sasl_callback_ft found = NULL;
	void *context = NULL;
	sasl_secret_t *secret = NULL;
	int rc = utils->getcallback(utils->conn, q->id, &found, &context);

	if (rc != SASL_OK || found == NULL)
		return rc == SASL_INTERACT ? rc : SASL_FAIL;
	if (q->id == SASL_CB_PASS) {
		rc = ((sasl_getsecret_t *)(void (*)(void))found)(
		    utils->conn, context, (int)q->id, &secret);
		if (rc == SASL_OK && secret != NULL) {
			answer->text = (const char *)secret->data;
			answer->len = secret->len;
			/* A file that was read whole ends in one. */
			while (answer->len > 0 &&
			       answer->text[answer->len - 1] == '\n')
				answer->len--;
		}
		return rc;
	}
	rc = ((sasl_getsimple_t *)(void (*)(void))found)(context, (int)q->id,
							 &answer->text, NULL);
	if (rc == SASL_OK && answer->text != NULL)
		answer->len = strlen(answer->text);
	return rc;
}

/* What was typed at the prompt; NULL: we did not ask. */
static const sasl_interact_t *
typed(const sasl_interact_t *prompts, unsigned long id)
{
	for (; prompts != NULL && prompts->id != SASL_CB_LIST_END; prompts++) {
		if (prompts->id == id)
			return prompts;
	}
	return NULL;
}

static int
get_answer(const struct question *q, const struct session *s,
	   const sasl_utils_t *utils, struct answer *answer)
{
	const sasl_interact_t *prompt = typed(s->prompts, q->id);
	int rc = SASL_OK;

	if (prompt != NULL) {
		answer->text = prompt->result;
		answer->len = prompt->result != NULL ? prompt->len : 0;
	} else {
		rc = call_back(q, utils, answer);
	}
	if (rc == SASL_INTERACT)
		return rc;
	if (rc != SASL_OK || answer->text == NULL || answer->len == 0) {
		answer->text = NULL;
		return q->optional ? SASL_OK : SASL_BADPARAM;
	}
	return SASL_OK;
}

static int
prompt_for(struct session *s, const sasl_utils_t *utils, unsigned missing,
	   sasl_interact_t **prompt_need)
{
	sasl_interact_t *next;
	unsigned i;

	if (prompt_need == NULL)
		return SASL_BADPARAM;
	forget_prompts(s, utils);
	s->prompts = utils->calloc(ANSWERS + 1, sizeof(*s->prompts));
	if (s->prompts == NULL)
		return SASL_NOMEM;
	next = s->prompts;
	for (i = 0; i < ANSWERS; i++) {
		if ((missing & 1u << i) == 0)
			continue;
		next->id = questions[i].id;
		next->challenge = questions[i].prompt;
		next->prompt = questions[i].prompt;
		next->defresult = "";
		next++;
	}
	next->id = SASL_CB_LIST_END;
	*prompt_need = s->prompts;
	return SASL_INTERACT;
}

static int
get_answers(struct session *s, const sasl_utils_t *utils,
	    sasl_interact_t **prompt_need, struct answer answers[ANSWERS])
{
	unsigned i, missing = 0;

	memset(answers, 0, ANSWERS * sizeof(answers[0]));
	for (i = 0; i < ANSWERS; i++) {
		int rc = get_answer(&questions[i], s, utils, &answers[i]);

		if (rc == SASL_INTERACT)
			missing |= 1u << i;
		else if (rc != SASL_OK)
			return rc;
	}
	return missing != 0 ? prompt_for(s, utils, missing, prompt_need)
			    : SASL_OK;
}

/* ---- the exchange ---- */

static int
name_us(const sasl_client_params_t *cparams, const char *authname,
	const char *user, sasl_out_params_t *out)
{
	sasl_conn_t *conn = cparams->utils->conn;
	int rc;

	if (strcmp(authname, user) == 0)
		return cparams->canon_user(
		    conn, user, 0, SASL_CU_AUTHID | SASL_CU_AUTHZID, out);
	rc = cparams->canon_user(conn, authname, 0, SASL_CU_AUTHID, out);
	if (rc != SASL_OK)
		return rc;
	return cparams->canon_user(conn, user, 0, SASL_CU_AUTHZID, out);
}

/* "address;port", of the server. */
static const char *
server_port(const sasl_utils_t *utils)
{
	const void *value = NULL;
	const char *port;

	if (utils->getprop(utils->conn, SASL_IPREMOTEPORT, &value) != SASL_OK ||
	    value == NULL)
		return NULL;
	port = strchr(value, ';');
	return port != NULL ? port + 1 : NULL;
}

static int
make_message(struct session *s, const sasl_client_params_t *cparams,
	     const char *user, const struct answer *pass, size_t *len)
{
	const sasl_utils_t *utils = cparams->utils;
	struct bearer_offer offer = {
		.user = user,
		.token = pass->text,
		.token_len = pass->len,
		.host = cparams->serverFQDN,
		.port = server_port(utils),
	};

	if (s->message == NULL)
		s->message = utils->malloc(BEARER_MESSAGE_MAX);
	if (s->message == NULL)
		return SASL_NOMEM;
	*len = s->mech->write(&offer, s->message, BEARER_MESSAGE_MAX);
	if (*len > 0)
		return SASL_OK;
	utils->seterror(utils->conn, 0, "%s",
			"user name or token cannot be sent");
	return SASL_BADPARAM;
}

/* SASL_CONTINUE even though nothing is left to be said after it: the server
 * may still answer with the reason why it refuses. */
static int
first_message(struct session *s, sasl_client_params_t *cparams,
	      sasl_interact_t **prompt_need, const char **clientout,
	      unsigned *clientoutlen, sasl_out_params_t *out)
{
	struct answer answers[ANSWERS];
	char authname[BEARER_USER_MAX + 1], user[BEARER_USER_MAX + 1];
	const struct answer *name = &answers[ANSWER_AUTHNAME];
	const struct answer *other = &answers[ANSWER_USER];
	size_t len = 0;
	int rc = get_answers(s, cparams->utils, prompt_need, answers);

	if (rc != SASL_OK)
		return rc;
	if (other->text == NULL)
		other = name;
	if (name->len > BEARER_USER_MAX || other->len > BEARER_USER_MAX)
		return SASL_BADPARAM;
	memcpy(authname, name->text, name->len);
	authname[name->len] = '\0';
	memcpy(user, other->text, other->len);
	user[other->len] = '\0';

	rc = name_us(cparams, authname, user, out);
	if (rc == SASL_OK)
		rc =
		    make_message(s, cparams, user, &answers[ANSWER_PASS], &len);
	if (prompt_need != NULL)
		*prompt_need = NULL;
	forget_prompts(s, cparams->utils);
	if (rc != SASL_OK)
		return rc;
	s->step = STEP_SENT;
	*clientout = s->message;
	*clientoutlen = (unsigned)len;
	return SASL_CONTINUE;
}

static int
answer_server(struct session *s, unsigned serverinlen, const char **clientout,
	      unsigned *clientoutlen, sasl_out_params_t *out)
{
	if (serverinlen > 0) {
		s->step = STEP_REFUSED;
		*clientout = s->mech->farewell;
		*clientoutlen = (unsigned)strlen(s->mech->farewell);
		return SASL_CONTINUE;
	}
	out->doneflag = 1;
	out->maxoutbuf = 0;
	out->mech_ssf = 0;
	out->encode_context = NULL;
	out->encode = NULL;
	out->decode_context = NULL;
	out->decode = NULL;
	return SASL_OK;
}

static int
session_step(void *conn_context, sasl_client_params_t *cparams,
	     const char *serverin, unsigned serverinlen,
	     sasl_interact_t **prompt_need, const char **clientout,
	     unsigned *clientoutlen, sasl_out_params_t *out)
{
	struct session *s = conn_context;
	const sasl_utils_t *utils = cparams->utils;

	(void)serverin;
	*clientout = NULL;
	*clientoutlen = 0;
	switch (s->step) {
	case STEP_START:
		if (serverinlen > 0)
			break;
		return first_message(s, cparams, prompt_need, clientout,
				     clientoutlen, out);
	case STEP_SENT:
		return answer_server(s, serverinlen, clientout, clientoutlen,
				     out);
	case STEP_REFUSED:
		/* Whatever it says now, it has refused. */
		utils->seterror(utils->conn, 0, "%s",
				"the server refused the token");
		return SASL_BADAUTH;
	}
	utils->seterror(utils->conn, 0, "%s", "the server spoke out of turn");
	return SASL_BADPROT;
}

static sasl_client_plug_t plugs[BEARER_MECHS];

/* The same bytes each time, whoever loads us. */
static void
fill_in(sasl_client_plug_t *plug, const struct bearer_mech *mech)
{
	*plug = (sasl_client_plug_t){
		.mech_name = mech->name,
		.max_ssf = 0,
		.security_flags =
		    SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS,
		.features =
		    SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY,
		.required_prompts = required,
		/* Never written to. */
		.glob_context = (void *)(uintptr_t)mech,
		.mech_new = session_new,
		.mech_step = session_step,
		.mech_dispose = session_free,
	};
}

void
client_plugs(sasl_client_plug_t **list, int *count)
{
	unsigned i;

	for (i = 0; i < BEARER_MECHS; i++)
		fill_in(&plugs[i], &bearer_mechs[i]);
	*list = plugs;
	*count = BEARER_MECHS;
}
