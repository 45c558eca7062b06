/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "change.h"
#include "error.h"
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

/* The logs need a record that lives until the end of the change. */
static int
note(struct tc_change *c, const struct tc_record *made, struct tc_error *err)
{
	struct tc_writer w = { 0 };
	static const unsigned char no_key[TC_KEY_LEN];
	struct tc_record *copy = NULL;
	struct tc_lookup at = { .key_len = 0 };
	unsigned char id[TC_ID_BYTES];

	if (tc_id_bytes(made->id, id) == 0) {
		tc_key_token(&at, id);
		tc_record_write(&c->h->crypto, &w, no_key, &at, made);
		if (!w.bad)
			copy = tc_record_read(at.key, w.data, w.len);
	}
	tc_writer_free(&w);
	if (!copy)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	copy->standing = TC_VALID;
	return tc_change_note(c, "create", NULL, copy, made->kid, err);
}

static int
create(struct tc_change *c, const struct tc_create *spec, struct tc_token *tok,
       struct tc_error *err)
{
	const struct tc_key *key = tc_keys_active(&c->policy->keys);
	struct tc_scram scram;
	struct tc_record r = {
		.user = spec->user,
		.label = spec->label,
		.kid = key->kid,
		.created = c->now,
		.created_by = c->actor->name,
		.n_services = spec->n_services,
		.n_sources = spec->n_sources,
		.n_properties = spec->n_properties,
		.services = spec->services,
		.sources = spec->sources,
		.properties = spec->properties,
		.state = TC_STATE_ACTIVE,
		.scram = &scram,
	};
	int rc = tc_spec_allowed(c->policy, spec, c->now, &r.expires, err);

	if (rc == TC_OK && mint(&c->h->crypto, key, spec->user, tok, r.id))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "no random numbers");
	if (rc == TC_OK && make_verifier(&c->h->crypto, tok, &scram))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "no PBKDF2");
	if (rc == TC_OK)
		rc = must_be_new(c, r.id, err);
	if (rc == TC_OK)
		rc = tc_change_put(c, key, &r, err);
	if (rc == TC_OK)
		rc = note(c, &r, err);
	OPENSSL_cleanse(&scram, sizeof(scram));
	return rc == TC_OK ? tc_change_commit(c, err) : rc;
}

int
tc_create(tc_handle *h, const struct tc_actor *actor,
	  const struct tc_create *spec, char token[TC_TOKEN_MAX + 1],
	  struct tc_record **rec, struct tc_error *err)
{
	struct tc_error local;
	struct tc_change c;
	struct tc_token tok;
	int rc;

	if (!err)
		err = &local;
	token[0] = '\0';
	memset(&tok, 0, sizeof(tok));
	rc = tc_spec_check(spec, err);
	if (rc != TC_OK)
		return rc;
	rc = tc_change_begin(&c, h, actor, err);
	if (rc == TC_OK)
		rc = create(&c, spec, &tok, err);
	if (rc == TC_OK) {
		tc_token_write(&tok, token);
		if (rec) {
			*rec = c.notes[0].record;
			c.notes[0].record = NULL;
		}
	}
	tc_change_end(&c);
	OPENSSL_cleanse(&tok, sizeof(tok));
	return rc;
}
