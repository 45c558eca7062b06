/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login.c - brings together the names that a client claims, the names that
 * the server makes of them, and the owner of the token.
 *
 * The one rule: a login succeeds only after the library has found that the
 * name which the server will take for authenticated (authid, after the
 * server's canonicalisation) is the owner of the token, byte for byte.  Acting
 * for someone else (user) is up to the server's proxy policy.
 *
 * A server may remember the first name that is canonicalised as AUTHID and
 * not look at later ones; slapd does.  So the claim is never passed as AUTHID
 * while it might be that of someone else: the owner is looked up first,
 * unproved, and what the names were made of is proved afterwards.
 */
#include <string.h>

#include "log.h"
#include "login.h"
#include "verdict.h"

/* The owner need not be known to the server's own databases. */
#define AUTHID (SASL_CU_AUTHID | SASL_CU_EXTERNALLY_VERIFIED)
#define AUTHZID (SASL_CU_AUTHZID | SASL_CU_EXTERNALLY_VERIFIED)

struct login {
	const struct state *state;
	sasl_server_params_t *sparams;
	const sasl_utils_t *utils;
	sasl_out_params_t *out;
	const char *claim; /* NULL: none */
	const char *owner; /* "": unknown; not proved */
	char rhost[LOGIN_ADDRESS_MAX];
	struct tc_request ask;
	struct tc_result res;
};

/* libsasl writes "address;port". */
const char *
login_address(const sasl_utils_t *utils, char out[LOGIN_ADDRESS_MAX])
{
	const void *value = NULL;
	size_t len;

	if (utils->getprop(utils->conn, SASL_IPREMOTEPORT, &value) != SASL_OK ||
	    value == NULL)
		return NULL;
	len = strcspn(value, ";");
	if (len >= LOGIN_ADDRESS_MAX)
		return NULL;
	memcpy(out, value, len);
	out[len] = '\0';
	return out;
}

const char *
login_service(const struct state *s, const sasl_server_params_t *sparams)
{
	return s->options.service[0] != '\0' ? s->options.service
					     : sparams->service;
}

static int
canonicalise(struct login *l, const char *name, unsigned flags)
{
	return l->sparams->canon_user(l->utils->conn, name,
				      (unsigned)strlen(name), flags, l->out);
}

/* The server has no use for a name, or cannot say for now. */
static int
no_name(const struct login *l, int code)
{
	switch (code) {
	case SASL_NOMEM:
		return SASL_NOMEM;
	case SASL_UNAVAIL:
	case SASL_TRYAGAIN:
		log_say(l->utils, SASL_LOG_ERR,
			"the server cannot look up the user's name", NULL);
		return SASL_UNAVAIL;
	default:
		log_say(l->utils, SASL_LOG_FAIL, "login deny",
			"the server does not take the name");
		return SASL_BADAUTH;
	}
}

static enum tc_verdict
verify_as(struct login *l, const char *user)
{
	l->ask.user = user;
	return tc_verify(l->state->tokens, &l->ask, &l->res);
}

static int
same_names(const sasl_out_params_t *out)
{
	return out->alen == out->ulen &&
	       memcmp(out->authid, out->user, out->alen) == 0;
}

/* libsasl asks the policy itself, after us: but then the log would have a
 * login that did not happen, and the code would be the policy's. */
static int
policy_allows(const struct login *l)
{
	const sasl_out_params_t *out = l->out;
	sasl_callback_ft found = NULL;
	sasl_authorize_t *policy;
	void *context = NULL;

	if (l->utils->getcallback(l->utils->conn, SASL_CB_PROXY_POLICY, &found,
				  &context) != SASL_OK ||
	    found == NULL)
		return 0;
	policy = (sasl_authorize_t *)(void (*)(void))found;
	return policy(l->utils->conn, context, out->user, out->ulen,
		      out->authid, out->alen, l->sparams->user_realm,
		      l->sparams->user_realm != NULL
			  ? (unsigned)strlen(l->sparams->user_realm)
			  : 0,
		      l->sparams->propctx) == SASL_OK;
}

/*
 * The token is someone's who is not the claimed user; that is in the log as
 * wrong-user already.  Before the policy is asked, and the server perhaps
 * notes what this user may do, the token must be good for its owner.
 */
static enum tc_verdict
verify_proxy(struct login *l)
{
	struct tc_result again;
	enum tc_verdict verdict;

	l->ask.user = l->out->authid;
	verdict = tc_recheck(l->state->tokens, &l->res.proof, &l->ask, &again);
	if (verdict != TC_VALID)
		return verdict;
	if (!policy_allows(l))
		return TC_WRONG_USER;
	return verify_as(l, l->out->authid);
}

/* One name for both. */
static int
login_alone(struct login *l, const char *name)
{
	int rc = canonicalise(l, name, AUTHID | SASL_CU_AUTHZID);

	if (rc != SASL_OK)
		return no_name(l, rc);
	return verdict_sasl(verify_as(l, l->out->authid));
}

/* The owner all the same, by the realm that the library knows. */
static int
login_renamed(struct login *l)
{
	struct tc_result again;
	int rc = canonicalise(l, l->claim, AUTHID | SASL_CU_AUTHZID);

	if (rc != SASL_OK)
		return no_name(l, rc);
	l->ask.user = l->out->authid;
	return verdict_sasl(
	    tc_recheck(l->state->tokens, &l->res.proof, &l->ask, &again));
}

/* The claim is not spelt as the owner is. */
static int
login_for(struct login *l)
{
	enum tc_verdict verdict;
	int named = canonicalise(l, l->owner, AUTHID);

	if (named != SASL_OK)
		return no_name(l, named);
	/* At once: slapd keeps a pointer to the one name until the other. */
	named = canonicalise(l, l->claim, AUTHZID);
	if (named == SASL_OK && same_names(l->out))
		return verdict_sasl(verify_as(l, l->out->authid));
	verdict = verify_as(l, named == SASL_OK ? l->out->user : l->claim);
	if (verdict == TC_VALID)
		return login_renamed(l);
	if (verdict == TC_WRONG_USER && l->res.proved && named == SASL_OK)
		verdict = verify_proxy(l);
	return verdict_sasl(verdict);
}

/* Without any name there is nothing that a server could be told. */
static int
login_nobody(struct login *l)
{
	int rc = verdict_sasl(verify_as(l, NULL));

	return rc == SASL_OK ? SASL_UNAVAIL : rc;
}

static int
decide_for(struct login *l)
{
	if (l->claim != NULL && l->owner[0] != '\0' &&
	    strcmp(l->claim, l->owner) != 0)
		return login_for(l);
	if (l->claim != NULL)
		return login_alone(l, l->claim);
	if (l->owner[0] != '\0')
		return login_alone(l, l->owner);
	return login_nobody(l);
}

/* What goes wrong with the look goes wrong once more when the token is
 * verified, and is logged then. */
static int
decide(struct login *l)
{
	tc_look *look =
	    tc_look_up(l->state->tokens, l->ask.authtok, l->ask.authtok_len);
	int rc;

	l->ask.look = look;
	l->owner = tc_look_owner(look);
	rc = decide_for(l);
	tc_look_free(look);
	return rc;
}

int
login_verify(const struct state *s, sasl_server_params_t *sparams,
	     const struct bearer_request *req, sasl_out_params_t *out)
{
	/* Begins like a token and is none: gets "malformed" into both logs. */
	static const char malformed[] = "tkc1_";
	struct login l = {
		.state = s,
		.sparams = sparams,
		.utils = sparams->utils,
		.out = out,
	};
	int rc;

	if (s->tokens == NULL) {
		log_say(l.utils, SASL_LOG_ERR, "tokens cannot be checked",
			s->why);
		return SASL_UNAVAIL;
	}
	l.ask.authtok = req != NULL ? req->token : malformed;
	l.ask.authtok_len =
	    req != NULL ? req->token_len : sizeof(malformed) - 1;
	l.ask.service = login_service(s, sparams);
	l.ask.rhost = login_address(l.utils, l.rhost);
	l.ask.flags = TC_LOG_NONTOKEN;
	if (req != NULL && req->user[0] != '\0')
		l.claim = req->user;
	log_begin(l.utils);
	rc = req != NULL ? decide(&l) : login_nobody(&l);
	log_end();
	return rc;
}
