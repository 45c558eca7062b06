/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scram.c - SCRAM with tokens.  The peer logs in as `alice~ID`, where ID is a
 * token's id or the beginning of one, and proves that it knows the token
 * without sending it.
 *
 * For each login libsasl asks two plug-ins, one right after the other and in
 * the same thread.  canon_user makes `alice` of the name, so that this is what
 * the server will see, and keeps the id; the auxprop look-up that follows for
 * `alice` finds the id there and hands over the token's verifier instead of
 * alice's password.
 *
 * A name is cut only where this second half is certain to follow.  That is so
 * when we are the last of auxprop_plugin's list: libsasl prefers passwords to
 * verifiers, so what others found for `alice` has to go, and what comes after
 * us could bring it back.  A peer whose name was proved by other means
 * (SASL_CU_EXTERNALLY_VERIFIED) keeps it whole: someone whom a directory knows
 * as `alice~abcdef` must not become alice.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "login.h"
#include "scram.h"
#include "state.h"

#define VERIFIER "*authPassword"
#define NAME_MAX_BYTES 1024 /* libsasl's buffer for a name */

/* Base64 of salt and keys, and what stands around them. */
#define VERIFIER_MAX 200

/* NULL: this process has nothing to do with tokens. */
static struct state *tokens;

/* What canon_user has for the look-up that follows it. */
static _Thread_local struct {
	const sasl_server_params_t *sparams; /* NULL: nothing */
	char user[NAME_MAX_BYTES + 1];
	char id[TC_ID_LEN + 1];
} known;

/* ---- names ---- */

struct name {
	const char *text;
	size_t len;
};

static struct name
trimmed(const char *text, size_t len)
{
	struct name n = { text, len > 0 ? len : strlen(text) };

	while (n.len > 0 && isspace((unsigned char)n.text[n.len - 1]))
		n.len--;
	while (n.len > 0 && isspace((unsigned char)*n.text)) {
		n.text++;
		n.len--;
	}
	return n;
}

/* Cuts "~ID" off.  Gives 0, and changes nothing, where there is none. */
static int
cut_id(struct name *n, char separator, char id[TC_ID_LEN + 1])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	const char *at = memrchr(n->text, separator, n->len);
	size_t i, len;

	if (at == NULL || at == n->text)
		return 0;
	len = (size_t)(n->text + n->len - (at + 1));
	if (len < TC_ID_PREFIX_MIN || len > TC_ID_LEN)
		return 0;
	for (i = 0; i < len; i++) {
		id[i] = (char)tolower((unsigned char)at[1 + i]);
		if (id[i] == '\0' || strchr(digits, id[i]) == NULL)
			return 0;
	}
	id[len] = '\0';
	*n = trimmed(n->text, (size_t)(at - n->text));
	return 1;
}

static int
may_cut(const sasl_server_params_t *sparams, unsigned flags)
{
	if (tokens == NULL || (flags & SASL_CU_EXTERNALLY_VERIFIED) != 0)
		return 0;
	if (options_auxprop_last(sparams->utils))
		return 1;
	log_say(sparams->utils, SASL_LOG_ERR, "a token's login name",
		"auxprop_plugin has to name apitoken, and last");
	return 0;
}

/* The name with the server's realm, as libsasl itself does it; out may be
 * where the name is. */
static int
write_name(const struct name *n, const char *realm, char *out, unsigned max,
	   unsigned *out_len)
{
	size_t more = 0;

	if (n->len == 0)
		return SASL_BADPROT;
	if (realm != NULL && memchr(n->text, '@', n->len) == NULL)
		more = 1 + strlen(realm);
	if (n->len + more >= max)
		return SASL_BUFOVER;
	memmove(out, n->text, n->len);
	if (more > 0) {
		out[n->len] = '@';
		memcpy(out + n->len + 1, realm, more - 1);
	}
	out[n->len + more] = '\0';
	*out_len = (unsigned)(n->len + more);
	return SASL_OK;
}

static int
canon_server(void *glob_context, sasl_server_params_t *sparams,
	     const char *user, unsigned len, unsigned flags, char *out,
	     unsigned max, unsigned *out_len)
{
	struct name n = trimmed(user, len), whole = n;
	char id[TC_ID_LEN + 1];
	int cut, rc;

	(void)glob_context;
	/* Whom to act for may be named the same way, but proves nothing. */
	if ((flags & SASL_CU_AUTHID) != 0)
		known.sparams = NULL;
	cut = tokens != NULL && cut_id(&n, tokens->options.separator, id);
	if (cut && !may_cut(sparams, flags)) {
		n = whole;
		cut = 0;
	}
	rc = write_name(&n, sparams->user_realm, out, max, out_len);
	if (rc != SASL_OK || !cut || (flags & SASL_CU_AUTHID) == 0)
		return rc;
	if (*out_len > NAME_MAX_BYTES)
		return SASL_BUFOVER;
	memcpy(known.user, out, *out_len + 1);
	memcpy(known.id, id, sizeof(known.id));
	known.sparams = sparams;
	return SASL_OK;
}

static int
canon_client(void *glob_context, sasl_client_params_t *cparams,
	     const char *user, unsigned len, unsigned flags, char *out,
	     unsigned max, unsigned *out_len)
{
	struct name n = trimmed(user, len);

	(void)glob_context;
	(void)cparams;
	(void)flags;
	return write_name(&n, NULL, out, max, out_len);
}

/* ---- verifiers ---- */

/* Everything that a mechanism could prove a user by.  Servers keep other
 * things here as well, so that not simply all may be erased. */
static int
is_secret(const char *property)
{
	static const char *const secrets[] = {
		"*userPassword",
		VERIFIER,
		"*cmusaslsecret",
	};
	size_t i;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (strncasecmp(property, secrets[i], strlen(secrets[i])) == 0)
			return 1;
	}
	return 0;
}

/* Does the mechanism, once rid of what others found, want a verifier? */
static int
make_room(const sasl_server_params_t *sparams)
{
	const struct propval *p = sparams->utils->prop_get(sparams->propctx);
	int wanted = 0;

	for (; p != NULL && p->name != NULL; p++) {
		if (is_secret(p->name))
			sparams->utils->prop_erase(sparams->propctx, p->name);
		wanted |= strcmp(p->name, VERIFIER) == 0;
	}
	return wanted;
}

static int
put_base64(const sasl_utils_t *utils, char **at, const char *end,
	   const unsigned char *bytes, unsigned len, char before)
{
	unsigned n;

	*(*at)++ = before;
	if (utils->encode64((const char *)bytes, len, *at,
			    (unsigned)(end - *at), &n) != SASL_OK)
		return -1;
	*at += n;
	return 0;
}

/* SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey, as libsasl reads it */
static int
hand_over(const sasl_server_params_t *sparams, const struct tc_scram *scram)
{
	const sasl_utils_t *utils = sparams->utils;
	char text[VERIFIER_MAX], *at = text, *end = text + sizeof(text);
	int rc = SASL_FAIL;

	at +=
	    snprintf(text, sizeof(text), "SCRAM-SHA-256$%u", scram->iterations);
	if (put_base64(utils, &at, end, scram->salt, sizeof(scram->salt),
		       ':') == 0 &&
	    put_base64(utils, &at, end, scram->stored_key,
		       sizeof(scram->stored_key), '$') == 0 &&
	    put_base64(utils, &at, end, scram->server_key,
		       sizeof(scram->server_key), ':') == 0)
		rc = utils->prop_set(sparams->propctx, VERIFIER, text,
				     (int)(at - text));
	explicit_bzero(text, sizeof(text));
	return rc;
}

static int
not_now(const sasl_utils_t *utils, const char *why)
{
	log_say(utils, SASL_LOG_ERR, "tokens cannot be checked", why);
	return SASL_UNAVAIL;
}

/* A refusal is the peer's to find out at the end of the exchange, as with a
 * wrong password. */
static int
look_up(const sasl_server_params_t *sparams, const struct tc_request *ask,
	const char *id)
{
	struct tc_scram scram;
	struct tc_result res;
	enum tc_verdict verdict =
	    tc_scram_find(tokens->tokens, id, ask, &scram, &res);
	int rc;

	if (verdict == TC_UNAVAILABLE)
		return SASL_UNAVAIL;
	if (scram.iterations == 0)
		rc = not_now(sparams->utils, "no decoy can be made");
	else
		rc = hand_over(sparams, &scram);
	explicit_bzero(&scram, sizeof(scram));
	return rc;
}

static int
token_login(sasl_server_params_t *sparams)
{
	char rhost[LOGIN_ADDRESS_MAX];
	struct tc_request ask = {
		.user = known.user,
		.service = login_service(tokens, sparams),
		.rhost = login_address(sparams->utils, rhost),
	};
	int wanted = make_room(sparams);
	int rc;

	if (tokens->tokens == NULL)
		return not_now(sparams->utils, tokens->why);
	if (!wanted) {
		log_say(sparams->utils, SASL_LOG_FAIL, "login deny",
			"a token's login name is for SCRAM");
		/* NOUSER counts for nothing beside a database that knows the
		 * user: a mechanism that proved the whole name by other means
		 * would be in as the one before the separator. */
		return SASL_BADAUTH;
	}
	log_begin(sparams->utils);
	rc = look_up(sparams, &ask, known.id);
	log_end();
	return rc;
}

static int
auxprop_lookup(void *glob_context, sasl_server_params_t *sparams,
	       unsigned flags, const char *user, unsigned len)
{
	(void)glob_context;
	/* NOMECH is as good as not being there. */
	if (tokens == NULL || sparams == NULL || user == NULL ||
	    known.sparams != sparams)
		return SASL_NOMECH;
	/* Whom to act for need not be in a database. */
	if ((flags & SASL_AUXPROP_AUTHZID) != 0)
		return SASL_OK;
	if (strlen(known.user) != len || memcmp(known.user, user, len) != 0)
		return SASL_NOMECH;
	return token_login(sparams);
}

static void
auxprop_free(void *glob_context, const sasl_utils_t *utils)
{
	(void)glob_context;
	if (tokens != NULL)
		state_put(tokens, utils);
	tokens = NULL;
}

static char plug_name[] = "apitoken";

sasl_auxprop_plug_t *
scram_auxprop(void)
{
	static sasl_auxprop_plug_t plug = {
		.name = plug_name,
		.auxprop_lookup = auxprop_lookup,
		.auxprop_free = auxprop_free,
	};

	if (tokens == NULL)
		tokens = state_share();
	return &plug;
}

sasl_canonuser_plug_t *
scram_canon(void)
{
	static sasl_canonuser_plug_t plug = {
		.name = plug_name,
		.canon_user_server = canon_server,
		.canon_user_client = canon_client,
	};

	return &plug;
}
