/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a token. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "error.h"
#include "mint.h"
#include "record.h"
#include "scram.h"
#include "spec.h"

/* The token's text and what a SCRAM server keeps of it. */
static int
make_verifier(const struct tc_crypto *c, const struct tc_token *tok,
	      struct tc_scram *scram)
{
	char text[TC_TOKEN_MAX + 1];
	int rc;

	tc_token_write(tok, text);
	rc = tc_scram_make(c, text, scram);
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

static int
mint(const struct tc_crypto *c, const struct tc_key *key, const char *user,
     struct tc_token *tok, char id[TC_ID_LEN + 1])
{
	unsigned char bytes[TC_ID_BYTES];

	memset(tok, 0, sizeof(*tok));
	tok->header[0] = TC_FORMAT_BYTE;
	tok->header[1] = (unsigned char)(key->kid >> 8);
	tok->header[2] = (unsigned char)key->kid;
	if (tc_random(c, tok->header + 3, TC_NONCE_LEN) ||
	    tc_token_tag(c, key->mac, user, tok, tok->tag) ||
	    tc_token_id(c, tok, bytes))
		return -1;
	tc_id_text(bytes, id);
	return 0;
}

static int
must_be_new(struct tc_change *c, const char *id, struct tc_error *err)
{
	const struct tc_key *key;
	struct tc_record *r = NULL;
	int rc = tc_change_get(c, id, &r, &key, err);

	tc_record_free(r);
	if (rc == TC_E_NOTFOUND)
		return TC_OK;
	return rc == TC_OK
		   ? tc_fail(err, TC_E_UNAVAILABLE, "the random numbers repeat")
		   : rc;
}

int
tc_issue_time(struct tc_change *c, const char *user, int64_t *created,
	      struct tc_error *err)
{
	const struct tc_head *head = tc_txn_map(c->txn)->head;
	int64_t before;
	int rc = tc_change_user_mark(c, user, &before, err);

	if (before < head->all_before)
		before = head->all_before;
	*created = before < c->now ? c->now : before + 1;
	return rc == TC_OK
		   ? tc_change_clock(c, *created, "a mark of revocation", err)
		   : rc;
}

int
tc_mint(struct tc_change *c, const struct tc_create *spec,
	const struct tc_minting *how, struct tc_token *tok,
	struct tc_record **rec, struct tc_error *err)
{
	const struct tc_key *key = tc_keys_active(&c->policy->keys);
	struct tc_scram scram;
	struct tc_record r = {
		.user = spec->user,
		.label = spec->label,
		.kid = key->kid,
		.created_by = c->actor->name,
		.n_services = spec->n_services,
		.n_sources = spec->n_sources,
		.n_properties = spec->n_properties,
		.services = spec->services,
		.sources = spec->sources,
		.properties = spec->properties,
		.state = TC_STATE_ACTIVE,
		.revoked_by = "",
		.revoked_reason = "",
		.standing = TC_VALID,
	};
	int rc = tc_spec_check(spec, err);

	if (how->replaces)
		memcpy(r.replaces, how->replaces, sizeof(r.replaces));
	if (rc == TC_OK)
		rc = tc_spec_allowed(c->policy, spec, c->now, &c->owner,
				     &r.expires, err);
	if (rc == TC_OK)
		rc = tc_issue_time(c, spec->user, &r.created, err);
	if (rc == TC_OK && mint(c->h->crypto, key, spec->user, tok, r.id))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "no random numbers");
	if (rc == TC_OK && c->policy->config.scram) {
		r.scram = &scram;
		if (make_verifier(c->h->crypto, tok, &scram))
			rc = tc_fail(err, TC_E_UNAVAILABLE, "no PBKDF2");
	}
	if (rc == TC_OK)
		rc = must_be_new(c, r.id, err);
	if (rc == TC_OK)
		rc = tc_change_put(c, key, &r, how->event, how->why, err);
	if (rc == TC_OK) {
		*rec = tc_record_copy(c->h->crypto, &r);
		if (!*rec)
			rc = tc_fail(err, TC_E_NOMEM, "out of memory");
	}
	OPENSSL_cleanse(&scram, sizeof(scram));
	return rc;
}

/* ---- the calls ---- */

static int
create_one(struct tc_change *c, const struct tc_create *spec,
	   char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
	   struct tc_error *err)
{
	static const struct tc_minting how = { .event = "create" };
	struct tc_token tok;
	int rc;

	/* What is no name is not repeated in a message. */
	rc = tc_spec_check(spec, err);
	if (rc == TC_OK)
		rc = tc_permit(c->policy, c->actor, TC_ACT_CREATE, spec->user,
			       err);
	if (rc == TC_OK)
		rc = tc_mint(c, spec, &how, &tok, rec, err);
	if (rc == TC_OK)
		tc_token_write(&tok, token);
	OPENSSL_cleanse(&tok, sizeof(tok));
	return rc;
}

int
tc_create_many(tc_handle *h, const struct tc_actor *actor,
	       const struct tc_create *specs, size_t n,
	       char (*tokens)[TC_TOKEN_MAX + 1], struct tc_record **recs,
	       struct tc_error *err)
{
	struct tc_record **made;
	struct tc_error local;
	struct tc_change c;
	int rc;

	if (!err)
		err = &local;
	for (size_t i = 0; i < n; i++)
		tokens[i][0] = '\0';
	if (n < 1 || n > TC_MANY_MAX)
		return tc_fail(err, TC_E_INVALID, "1 to %d tokens at once",
			       TC_MANY_MAX);
	made = calloc(n, sizeof(struct tc_record *));
	if (!made)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	rc = tc_change_begin(&c, h, actor, err);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = create_one(&c, &specs[i], tokens[i], &made[i], err);
	if (rc == TC_OK)
		rc = tc_change_commit(&c, err);
	tc_change_end(&c);
	if (rc != TC_OK)
		OPENSSL_cleanse(tokens, n * sizeof(*tokens));
	for (size_t i = 0; i < n; i++) {
		if (rc == TC_OK && recs)
			recs[i] = made[i];
		else
			tc_record_free(made[i]);
	}
	free(made);
	return rc;
}

int
tc_create(tc_handle *h, const struct tc_actor *actor,
	  const struct tc_create *spec, char token[TC_TOKEN_MAX + 1],
	  struct tc_record **rec, struct tc_error *err)
{
	char tokens[1][TC_TOKEN_MAX + 1];
	int rc = tc_create_many(h, actor, spec, 1, tokens, rec, err);

	memcpy(token, tokens[0], sizeof(tokens[0]));
	OPENSSL_cleanse(tokens, sizeof(tokens));
	return rc;
}
