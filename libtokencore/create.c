/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "change.h"
#include "error.h"
#include "match.h"
#include "record.h"
#include "scram.h"
#include "text.h"

static int
check_properties(const struct tc_create *spec, struct tc_error *err)
{
	const struct tc_property *p = spec->properties;

	for (size_t i = 0; i < spec->n_properties; i++) {
		if (!tc_text_fits(p[i].key, 1, TC_PROP_KEY_MAX) ||
		    !tc_text_fits(p[i].value, 0, TC_PROP_VALUE_MAX))
			return tc_fail(err, TC_E_INVALID,
				       "property %zu: a "
				       "key has 1 to %d bytes, a value at "
				       "most %d, of UTF-8",
				       i + 1, TC_PROP_KEY_MAX,
				       TC_PROP_VALUE_MAX);
		for (size_t k = 0; k < i; k++)
			if (strcmp(p[k].key, p[i].key) == 0)
				return tc_fail(err, TC_E_INVALID,
					       "the "
					       "property %s is given twice",
					       p[i].key);
	}
	return TC_OK;
}

static int
check_spec(const struct tc_create *spec, struct tc_error *err)
{
	if (!spec->user || !tc_text_fits(spec->user, 1, TC_USER_MAX) ||
	    strpbrk(spec->user, "/ "))
		return tc_fail(err, TC_E_INVALID,
			       "the user has 1 to %d bytes "
			       "of UTF-8 without spaces and slashes",
			       TC_USER_MAX);
	if (!spec->label || !tc_text_fits(spec->label, 1, TC_LABEL_MAX))
		return tc_fail(err, TC_E_INVALID,
			       "the label has 1 to %d "
			       "bytes of UTF-8 without control characters",
			       TC_LABEL_MAX);
	if (spec->n_services > TC_SERVICES_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d services",
			       TC_SERVICES_MAX);
	for (size_t i = 0; i < spec->n_services; i++)
		if (!tc_service_fits(spec->services[i],
				     strlen(spec->services[i])))
			return tc_fail(err, TC_E_INVALID,
				       "not a service "
				       "name, [a-z0-9_.-]{1,32}: %.40s",
				       spec->services[i]);
	if (spec->n_sources > TC_SOURCES_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d sources",
			       TC_SOURCES_MAX);
	for (size_t i = 0; i < spec->n_sources; i++)
		if (!tc_source_fits(&spec->sources[i]))
			return tc_fail(err, TC_E_INVALID,
				       "source %zu is not "
				       "a network",
				       i + 1);
	if (spec->n_properties > TC_PROPERTIES_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d properties",
			       TC_PROPERTIES_MAX);
	return check_properties(spec, err);
}

/* What was asked for, or the default, within what policy allows. */
static int
lifetime(const struct tc_config *cfg, int64_t asked, int64_t now,
	 int64_t *expires, struct tc_error *err)
{
	int rc = TC_OK;

	*expires = asked;
	if (asked == -1 && cfg->default_lifetime)
		rc = tc_parse_when(cfg->default_lifetime, now, expires, err);
	else if (asked == -1)
		*expires = 0;
	if (rc != TC_OK)
		return rc;
	if (*expires == 0)
		return cfg->allow_never && !cfg->max_lifetime
			   ? TC_OK
			   : tc_fail(err, TC_E_REFUSED,
				     "a token that never "
				     "expires is not allowed here");
	if (*expires <= now)
		return tc_fail(err, TC_E_INVALID, "the expiry is in the past");
	if (cfg->max_lifetime && *expires - now > cfg->max_lifetime)
		return tc_fail(err, TC_E_REFUSED,
			       "the expiry is further away "
			       "than max_lifetime allows");
	return TC_OK;
}

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

/* A claim's default realm is cut off, so nobody could use such a token. */
static int
check_realm(const struct tc_config *cfg, const char *user, struct tc_error *err)
{
	const char *at = strrchr(user, '@');

	if (!at || !cfg->default_realm ||
	    strcmp(at + 1, cfg->default_realm) != 0)
		return TC_OK;
	return tc_fail(err, TC_E_INVALID,
		       "%s is the default realm: name the "
		       "user without it",
		       cfg->default_realm);
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
	int rc = check_realm(&c->policy->config, spec->user, err);

	if (rc == TC_OK)
		rc = lifetime(&c->policy->config, spec->expires, c->now,
			      &r.expires, err);
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
	rc = check_spec(spec, err);
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
