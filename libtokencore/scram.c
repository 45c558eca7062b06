/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scram.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "audit.h"
#include "decoy.h"
#include "error.h"
#include "owner.h"
#include "record.h"
#include "token.h"
#include "walk.h"

int
tc_scram_make(const struct tc_crypto *c, const char *token,
	      struct tc_scram *out)
{
	static const struct tc_bytes client = { "Client Key", 10 };
	static const struct tc_bytes server = { "Server Key", 10 };
	unsigned char salted[TC_HASH_LEN], key[TC_HASH_LEN];
	struct tc_bytes whole = { key, sizeof(key) };
	int rc;

	memset(out, 0, sizeof(*out));
	out->iterations = TC_SCRAM_ITERATIONS;
	rc = tc_random(c, out->salt, sizeof(out->salt));
	if (rc == 0)
		rc = tc_pbkdf2(c, token, strlen(token), out->salt,
			       sizeof(out->salt), out->iterations, salted);
	if (rc == 0)
		rc = tc_hmac(c, salted, sizeof(salted), &client, 1, key);
	if (rc == 0)
		rc = tc_sha256(c, &whole, 1, out->stored_key);
	if (rc == 0)
		rc = tc_hmac(c, salted, sizeof(salted), &server, 1,
			     out->server_key);
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

/* ---- looking one up ---- */

struct search {
	const char *beginning;
	char user[TC_USER_MAX + 1]; /* without the default realm */
	size_t len, n; /* of beginning; how many fit */
	struct tc_proof proof;
	struct tc_scram scram;
	int has;
};

static void
start_over(void *arg)
{
	struct search *s = arg;

	s->n = 0;
	s->has = 0;
}

static int
consider(void *arg, const unsigned char *key, size_t key_len,
	 const unsigned char *value, size_t len)
{
	struct search *s = arg;
	struct tc_record *r;

	if (key[0] != 't' || key_len != 1 + TC_ID_BYTES)
		return 0;
	r = tc_record_read(key, value, len);
	if (!r)
		return -1;
	/* Of a deleted token only what refuses it is left. */
	if (r->state != TC_STATE_DELETED && strcmp(r->user, s->user) == 0 &&
	    strncmp(r->id, s->beginning, s->len) == 0) {
		s->n++;
		memcpy(s->proof.id, key + 1, TC_ID_BYTES);
		s->has = r->scram != NULL;
		if (r->scram)
			s->scram = *r->scram;
	}
	tc_record_free(r);
	return 0;
}

/* The first four bytes of the ids that begin so; -1: no id does. */
static int
page_of(const char *beginning, size_t len, unsigned char page[4])
{
	char text[TC_ID_LEN + 1] = "000000000000000000000000";
	unsigned char id[TC_ID_BYTES];

	if (len < TC_ID_PREFIX_MIN || len > TC_ID_LEN)
		return -1;
	memcpy(text, beginning, len);
	if (tc_id_bytes(text, id))
		return -1;
	memcpy(page, id, 4);
	return 0;
}

/* TC_OK also when nothing is found, or more than one. */
static int
search(const struct tc_policy *p, const struct tc_request *req,
       struct search *s, struct tc_error *err)
{
	struct tc_walk walk;
	unsigned char page[4];
	int rc;

	if (!p->config.enabled ||
	    tc_config_claim(&p->config, req->user, s->user) ||
	    page_of(s->beginning, s->len, page))
		return TC_OK;
	tc_walk_begin(&walk, &p->store, page);
	rc = tc_walk_step(&walk, consider, start_over, s, err);
	tc_walk_end(&walk);
	return rc;
}

/* The account is looked up for everyone: that may mean asking another host. */
static void
look_up_owner(const struct tc_policy *p, const struct tc_request *req,
	      const struct search *s)
{
	enum tc_verdict unused;

	(void)tc_owner_refused(&p->config, p->roots, req, s->user, &unused);
}

/*
 * To the peer a token that is refused looks like one that is not, and neither
 * does the time that the answer takes tell them apart: one that was not found
 * is judged by a proof that fits nothing, and a decoy is always made.
 */
static enum tc_verdict
judge(tc_handle *h, const struct tc_policy *p, const struct tc_request *req,
      struct search *s, struct tc_scram *scram, struct tc_result *res)
{
	const int found = s->n == 1 && s->has;
	enum tc_verdict verdict;
	struct tc_scram decoy;

	if (!found)
		memset(&s->proof, 0, sizeof(s->proof));
	verdict = tc_recheck(h, &s->proof, req, res);
	if (verdict == TC_UNAVAILABLE)
		return verdict;
	memset(&decoy, 0, sizeof(decoy));
	(void)tc_decoy_make(h, p, s->user, s->beginning,
			    found ? s->scram.salt : NULL, &decoy);
	/* No use is noted: the peer has yet to prove that it knows it. */
	*scram = verdict == TC_VALID ? s->scram : decoy;
	if (verdict == TC_VALID)
		tc_audit_begin(h, p, req, res);
	if (verdict != TC_VALID && verdict != TC_USER_REFUSED)
		look_up_owner(p, req, s);
	OPENSSL_cleanse(&decoy, sizeof(decoy));
	return verdict;
}

static enum tc_verdict
find(tc_handle *h, const struct tc_request *req, struct search *s,
     struct tc_scram *scram, struct tc_result *res)
{
	struct tc_error err;
	struct tc_policy *p = tc_policy_get(h, &err);
	enum tc_verdict verdict = TC_UNAVAILABLE;
	int rc = p ? search(p, req, s, &err) : err.code;

	if (p && rc == TC_OK) {
		verdict = judge(h, p, req, s, scram, res);
	} else {
		memcpy(res->detail, err.text, sizeof(res->detail));
		tc_audit_login(h, p, req, res, 0);
	}
	tc_policy_put(h, p);
	return verdict;
}

enum tc_verdict
tc_scram_find(tc_handle *h, const char *beginning, const struct tc_request *req,
	      struct tc_scram *scram, struct tc_result *res)
{
	struct search s = { .beginning = beginning,
			    .len = strnlen(beginning, TC_ID_LEN + 1) };
	enum tc_verdict verdict = TC_UNAVAILABLE;

	memset(res, 0, sizeof(*res));
	memset(scram, 0, sizeof(*scram));
	if (h)
		verdict = find(h, req, &s, scram, res);
	OPENSSL_cleanse(&s.scram, sizeof(s.scram));
	return verdict;
}
