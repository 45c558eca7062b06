/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision.  Every function here gives a verdict that refuses unless it
 * found a reason not to; the order of the steps is doc/DESIGN.md's.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "audit.h"
#include "caveat.h"
#include "clock.h"
#include "error.h"
#include "imported.h"
#include "lastuse.h"
#include "look.h"
#include "match.h"
#include "owner.h"
#include "record.h"
#include "standing.h"
#include "verify.h"

enum tc_verdict
tc_trial_say(struct tc_trial *t, enum tc_verdict verdict, const char *why)
{
	if (why)
		(void)snprintf(t->res->detail, sizeof(t->res->detail), "%s",
			       why);
	return verdict;
}

int
tc_trial_claim(struct tc_trial *t)
{
	return tc_config_claim(&t->policy->config, t->req->user, t->claimed);
}

/* Reads record and mark. */
static enum tc_verdict
read_record(struct tc_trial *t, const unsigned char id[TC_ID_BYTES],
	    const struct tc_key *key)
{
	enum tc_verdict verdict = tc_trial_read(t, id);
	int sealed;

	if (verdict != TC_VALID)
		return verdict;
	sealed = tc_trial_sealed(t, key);
	if (!t->found)
		return TC_VALID;
	/* Without its key a record cannot be judged, only refused. */
	if (key->kid && (!sealed || t->record->kid != key->kid))
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the record's seal does not fit");
	if (t->record->imported)
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the record is not of a token");
	return TC_VALID;
}

static void
fill_in(struct tc_trial *t, const struct tc_proof *proof)
{
	const struct tc_record *r = t->record;
	struct tc_result *res = t->res;

	res->proved = 1;
	(void)snprintf(res->user, sizeof(res->user), "%s", r->user);
	(void)snprintf(res->id, sizeof(res->id), "%s", r->id);
	(void)snprintf(res->label, sizeof(res->label), "%s", r->label);
	res->expires = r->expires;
	res->kid = r->kid;
	res->proof = *proof;
}

/* The mark of the owner, if nobody was claimed. */
static enum tc_verdict
read_mark(struct tc_trial *t, int wrong)
{
	struct tc_lookup *item = &t->items[1];
	struct tc_head head;
	struct tc_error err;

	if (!wrong && strcmp(t->claimed, t->record->user) != 0) {
		tc_lookup_free(item, 1);
		tc_key_user(item, t->record->user);
		if (tc_store_read(&t->policy->store, item, 1, &head, &err))
			return tc_trial_say(t, TC_UNAVAILABLE, err.text);
	}
	if (item->found &&
	    tc_user_mark(item->value, item->len, &t->user_before))
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the user's mark is damaged");
	return TC_VALID;
}

static int
service_fits(const struct tc_trial *t)
{
	const struct tc_record *r = t->record;

	if (r->n_services == 0)
		return 1;
	for (size_t i = 0; t->req->service && i < r->n_services; i++)
		if (tc_config_fits(&t->policy->config, r->services[i],
				   t->req->service))
			return 1;
	return 0;
}

static int
source_fits(const struct tc_trial *t, const struct tc_source *peer)
{
	const struct tc_record *r = t->record;

	if (r->n_sources == 0)
		return 1;
	for (size_t i = 0; peer && i < r->n_sources; i++)
		if (tc_source_contains(&r->sources[i], peer))
			return 1;
	return 0;
}

/* Does the caveat's list of services name this login's? */
static int
caveat_service_fits(const struct tc_trial *t, const char *joined)
{
	char name[TC_SERVICE_MAX + 1];

	while (t->req->service && *joined) {
		size_t len = strcspn(joined, ",");

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, joined);
		if (tc_config_fits(&t->policy->config, name, t->req->service))
			return 1;
		joined += len + (joined[len] == ',');
	}
	return 0;
}

static enum tc_verdict
caveat_holds(struct tc_trial *t, const struct tc_caveat *c,
	     const struct tc_source *peer)
{
	switch (c->type) {
	case TC_CAVEAT_NOT_AFTER:
		if (!t->res->expires || c->not_after + 1 < t->res->expires)
			t->res->expires = c->not_after + 1;
		return t->now > c->not_after ? TC_EXPIRED : TC_VALID;
	case TC_CAVEAT_SERVICE:
		return caveat_service_fits(t, c->services) ? TC_VALID
							   : TC_WRONG_SERVICE;
	case TC_CAVEAT_SOURCE:
		return peer && tc_source_contains(&c->source, peer)
			   ? TC_VALID
			   : TC_WRONG_SOURCE;
	}
	return TC_MALFORMED;
}

/* The least of the verdicts by the enum's order, which is the order of the
 * steps: "expired" is said before "wrong-service". */
static enum tc_verdict
limits(struct tc_trial *t, const struct tc_proof *proof)
{
	struct tc_caveat caveats[TC_CAVEATS_MAX];
	size_t n =
	    tc_caveats_decode(proof->caveats, proof->caveats_len, caveats);
	struct tc_source address, *peer = NULL;
	enum tc_verdict worst = TC_VALID;

	if (tc_peer_address(t->req->rhost, &address) == 0)
		peer = &address;
	if (!source_fits(t, peer))
		worst = TC_WRONG_SOURCE;
	if (!service_fits(t))
		worst = TC_WRONG_SERVICE;
	for (size_t i = 0; i < n; i++) {
		enum tc_verdict v = caveat_holds(t, &caveats[i], peer);

		if (v < worst)
			worst = v;
	}
	return worst;
}

/* Everything that is asked of a token whose tag is right, but for its owner's
 * account.  It goes on to the end whatever was found, so that each refusal
 * takes as long; what comes first is said. */
static enum tc_verdict
weigh(struct tc_trial *t, const struct tc_proof *proof,
      const struct tc_key *key)
{
	int wrong = t->req->user && strcmp(t->claimed, t->record->user) != 0;
	enum tc_verdict verdict, limit;
	const char *why = NULL;

	fill_in(t, proof);
	/* Of a user who is not the owner the mark is as good as the owner's. */
	verdict = read_mark(t, wrong);
	if (verdict != TC_VALID)
		return wrong ? TC_WRONG_USER : verdict;
	verdict = tc_standing(t->record, key, &t->head, t->user_before,
			      t->policy->config.clock_skew, t->now, &why);
	limit = limits(t, proof);
	if (limit < verdict)
		verdict = limit;
	if (wrong)
		return TC_WRONG_USER;
	return tc_trial_say(t, verdict, why);
}

enum tc_verdict
tc_trial_judge(struct tc_trial *t, const struct tc_proof *proof,
	       const struct tc_key *key)
{
	enum tc_verdict verdict = weigh(t, proof, key);
	const char *why;

	if (verdict != TC_VALID)
		return verdict;
	why = tc_owner_refused(&t->policy->config, t->policy->roots, t->req,
			       t->record->user, &verdict);
	return tc_trial_say(t, verdict, why);
}

/* The same work for what is refused already, with nothing to show for it. */
static enum tc_verdict
refuse(struct tc_trial *t, enum tc_verdict verdict,
       const struct tc_proof *proof, const struct tc_key *key)
{
	struct tc_result unseen, *res = t->res;

	t->res = &unseen;
	(void)weigh(t, proof, key);
	t->res = res;
	return verdict;
}

/* The key that stands in for one we do not have: refusing has to take as long
 * as accepting. */
static const struct tc_key no_key;

/* What a right tag without a record means. */
static const char out_of_hand[] = "the tag is right: the store was rolled "
				  "back, or the key is known to "
				  "someone";

/* What the tag says: TC_VALID when it is right. */
static enum tc_verdict
believe(struct tc_trial *t, const struct tc_key *known, int right)
{
	if (!known && t->policy->stale)
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the keys changed and this "
				    "process may not read them");
	if (!known)
		return TC_UNKNOWN_KEY;
	if (!t->found) {
		t->rightful = right && t->req->user;
		return tc_trial_say(t, TC_UNKNOWN_TOKEN,
				    t->rightful ? out_of_hand : NULL);
	}
	return right ? TC_VALID : TC_FORGED;
}

static enum tc_verdict
check_tag(struct tc_trial *t, const struct tc_token *tok)
{
	const struct tc_key *key, *known;
	struct tc_proof proof = { .caveats_len =
				      (unsigned char)tok->caveats_len };
	unsigned char want[TC_TAG_LEN];
	enum tc_verdict verdict;
	int right;

	known = tc_keys_find(&t->policy->keys, tc_token_kid(tok));
	key = known ? known : &no_key;
	if (tc_token_id(t->h->crypto, tok, proof.id))
		return tc_trial_say(t, TC_UNAVAILABLE, "no SHA-256");
	verdict = read_record(t, proof.id, key);
	if (!t->record)
		return verdict;
	if (tc_token_tag(t->h->crypto, key->mac,
			 t->found ? t->record->user : t->claimed, tok, want))
		return tc_trial_say(t, TC_UNAVAILABLE, "no HMAC");
	right = CRYPTO_memcmp(want, tok->tag, TC_TAG_LEN) == 0;
	OPENSSL_cleanse(want, sizeof(want));
	if (verdict != TC_VALID)
		return verdict;
	memcpy(proof.caveats, tok->caveats, tok->caveats_len);
	verdict = believe(t, known, right);
	return verdict == TC_VALID ? tc_trial_judge(t, &proof, key)
				   : refuse(t, verdict, &proof, key);
}

/* A look-up for SCRAM that found nothing asks with a proof without an id. */
static enum tc_verdict
unknown(struct tc_trial *t, const struct tc_proof *proof)
{
	static const unsigned char none[TC_ID_BYTES];
	const int blank = memcmp(proof->id, none, sizeof(none)) == 0;

	return tc_trial_say(t, TC_UNKNOWN_TOKEN,
			    blank ? "there is no token of that name with a "
				    "verifier for SCRAM, or more than one"
				  : NULL);
}

static enum tc_verdict
recheck(struct tc_trial *t, const struct tc_proof *proof)
{
	const struct tc_key *key = NULL;
	enum tc_verdict verdict;
	int sealed;

	if (proof->caveats_len > TC_CAVEAT_BYTES ||
	    tc_caveats_check(proof->caveats, proof->caveats_len) < 0)
		return TC_MALFORMED;
	verdict = tc_trial_read(t, proof->id);
	if (verdict != TC_VALID)
		return verdict;
	/* The kid is in the record alone, so the seal comes second. */
	if (t->found)
		key = tc_keys_find(&t->policy->keys, t->record->kid);
	sealed = tc_trial_sealed(t, key ? key : &no_key);
	if (!t->found)
		return refuse(t, unknown(t, proof), proof, &no_key);
	if (!key)
		return refuse(t, TC_UNKNOWN_KEY, proof, &no_key);
	if (!sealed)
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the record's seal does not fit");
	return tc_trial_judge(t, proof, key);
}

/* What a decision is about. */
enum matter {
	A_TOKEN, /* begins like one */
	A_VALUE, /* may have been made elsewhere */
	A_PASSWORD, /* neither */
	A_PROOF /* of what was verified a moment ago */
};

static enum matter
matter_of(const struct tc_proof *proof, const struct tc_request *req)
{
	if (proof)
		return A_PROOF;
	if (tc_is_token(req->authtok, req->authtok_len))
		return A_TOKEN;
	return tc_imported_wanted(req) ? A_VALUE : A_PASSWORD;
}

static enum tc_verdict
run_token(struct tc_trial *t)
{
	struct tc_token tok;
	enum tc_verdict verdict =
	    tc_token_read(t->req->authtok, t->req->authtok_len, &tok);

	/* Nobody's name is that long: refused like any other stranger's. */
	if (verdict == TC_VALID && tc_trial_claim(t))
		verdict = TC_WRONG_USER;
	if (verdict == TC_VALID)
		verdict = check_tag(t, &tok);
	OPENSSL_cleanse(&tok, sizeof(tok));
	return verdict;
}

static enum tc_verdict
run(struct tc_trial *t, enum matter matter, const struct tc_proof *proof)
{
	if (matter == A_PASSWORD)
		return TC_NOT_A_TOKEN;
	if (matter == A_VALUE)
		return tc_imported_verify(t);
	if (!t->policy->config.enabled)
		return TC_DISABLED;
	if (matter == A_TOKEN)
		return run_token(t);
	return tc_trial_claim(t) ? TC_WRONG_USER : recheck(t, proof);
}

/* Without configuration only the text can be judged. */
static enum tc_verdict
text_alone(struct tc_trial *t, enum matter matter, const char *why)
{
	struct tc_token tok;
	enum tc_verdict verdict;

	if (matter == A_PROOF)
		return tc_trial_say(t, TC_UNAVAILABLE, why);
	if (matter == A_VALUE)
		return tc_imported_unavailable(t, why);
	verdict = tc_token_read(t->req->authtok, t->req->authtok_len, &tok);
	OPENSSL_cleanse(&tok, sizeof(tok));
	return verdict == TC_VALID ? tc_trial_say(t, TC_UNAVAILABLE, why)
				   : verdict;
}

/* Passwords are nobody's business, unless asked for. */
static int
is_logged(enum matter matter, const struct tc_request *req,
	  enum tc_verdict verdict)
{
	if (verdict == TC_NOT_A_TOKEN)
		return (req->flags & TC_LOG_NONTOKEN) != 0;
	return matter != A_PROOF || verdict != TC_VALID;
}

static void
note_use(const struct tc_trial *t)
{
	struct tc_source address;
	int known = tc_peer_address(t->req->rhost, &address) == 0;

	tc_lastuse_note(&t->policy->store, t->res->proof.id, t->req->service,
			known ? &address : NULL, t->now);
}

static enum tc_verdict
decide(tc_handle *h, const struct tc_proof *proof, const struct tc_request *req,
       struct tc_result *res)
{
	struct tc_trial t = { .h = h, .req = req, .res = res };
	enum matter matter = matter_of(proof, req);
	enum tc_verdict verdict;
	struct tc_error err;
	int able;

	memset(res, 0, sizeof(*res));
	if (matter == A_PASSWORD && !is_logged(matter, req, TC_NOT_A_TOKEN))
		return res->verdict = TC_NOT_A_TOKEN;
	if (!h)
		return res->verdict = text_alone(&t, matter,
						 "tokens cannot be checked "
						 "now");
	t.now = req->now;
	able = tc_trial_policy(&t, &err) == TC_OK &&
	       (t.now || tc_clock(&t.now, &err) == TC_OK);
	verdict =
	    able ? run(&t, matter, proof) : text_alone(&t, matter, err.text);
	res->verdict = verdict;
	if (is_logged(matter, req, verdict))
		tc_audit_login(h, t.policy, req, res, t.rightful);
	if (matter != A_PROOF && verdict == TC_VALID)
		note_use(&t);
	tc_trial_end(&t);
	return verdict;
}

enum tc_verdict
tc_verify(tc_handle *h, const struct tc_request *req, struct tc_result *res)
{
	return decide(h, NULL, req, res);
}

enum tc_verdict
tc_recheck(tc_handle *h, const struct tc_proof *proof,
	   const struct tc_request *req, struct tc_result *res)
{
	/* The caller's proof may be the one in res. */
	struct tc_proof copy = *proof;

	return decide(h, &copy, req, res);
}
