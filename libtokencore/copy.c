/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New tokens out of ones that are there: a copy, or a new value. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "alter.h"
#include "edit.h"
#include "error.h"
#include "mint.h"
#include "spec.h"

/* An expiry that is still to come stays, "never" too; else the default. */
static int64_t
kept(int64_t expires, int64_t now)
{
	return expires == 0 || expires > now ? expires : TC_EXPIRES_DEFAULT;
}

/* Hands out what was made once it is on disk. */
static int
hand_out(struct tc_change *c, const struct tc_token *tok,
	 struct tc_record *made, char token[TC_TOKEN_MAX + 1],
	 struct tc_record **rec, struct tc_error *err)
{
	int rc = tc_change_commit(c, err);

	if (rc == TC_OK)
		tc_token_write(tok, token);
	if (rc == TC_OK && rec)
		*rec = made;
	else
		tc_record_free(made);
	return rc;
}

/* ---- a copy ---- */

struct copying {
	const char *id, *user;
	const struct tc_edit *changes;
};

static int
copy(struct tc_change *c, const struct copying *what,
     char token[TC_TOKEN_MAX + 1], struct tc_record **rec, struct tc_error *err)
{
	char why[TC_ID_LEN + 16];
	const struct tc_minting how = { .event = "copy", .why = why };
	const struct tc_edit *changes = what->changes;
	struct tc_record *old = NULL, *made = NULL;
	const struct tc_key *key;
	struct tc_edited e;
	struct tc_token tok;
	int rc = tc_change_get(c, what->id, &old, &key, err);

	if (rc == TC_OK)
		rc =
		    tc_permit(c->policy, c->actor, TC_ACT_LIST, old->user, err);
	if (rc == TC_OK)
		rc = tc_edit_merge(&e, old, changes, err);
	if (rc == TC_OK && what->user)
		e.spec.user = what->user;
	if (rc == TC_OK && !(changes && (changes->what & TC_EDIT_EXPIRES)))
		e.spec.expires = kept(old->expires, c->now);
	if (rc == TC_OK)
		rc = tc_spec_check(&e.spec, err);
	if (rc == TC_OK)
		rc = tc_permit(c->policy, c->actor, TC_ACT_CREATE, e.spec.user,
			       err);
	(void)snprintf(why, sizeof(why), "of %s", what->id);
	if (rc == TC_OK)
		rc = tc_mint(c, &e.spec, &how, &tok, &made, err);
	if (rc == TC_OK)
		rc = hand_out(c, &tok, made, token, rec, err);
	OPENSSL_cleanse(&tok, sizeof(tok));
	tc_record_free(old);
	return rc;
}

int
tc_copy(tc_handle *h, const struct tc_actor *actor, const char *id,
	const struct tc_edit *changes, const char *user,
	char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
	struct tc_error *err)
{
	const struct copying what = { id, user, changes };
	struct tc_error local;
	struct tc_change c;
	int rc;

	if (!err)
		err = &local;
	token[0] = '\0';
	rc = tc_change_begin(&c, h, actor, err);
	if (rc == TC_OK)
		rc = copy(&c, &what, token, rec, err);
	tc_change_end(&c);
	return rc;
}

/* ---- a new value ---- */

/* The old one is over; what ended it before stays written down. */
static int
replace(struct tc_change *c, struct tc_record *old, const struct tc_key *key,
	const struct tc_record *made, const char *why, struct tc_error *err)
{
	if (old->state == TC_STATE_ACTIVE) {
		old->state = TC_STATE_REVOKED;
		old->revoked = c->now;
		old->revoked_by = c->actor->name;
		old->revoked_reason = "replaced by a new value";
	}
	memcpy(old->replaced_by, made->id, sizeof(old->replaced_by));
	return tc_change_put(c, key, old, "regenerate", why, err);
}

/* What was revoked is over: a new value for it is a new token, which not all
 * who may change tokens may make. */
static int
may_replace(struct tc_change *c, const struct tc_record *old,
	    const struct tc_key *key, struct tc_error *err)
{
	int rc = tc_permit(c->policy, c->actor, TC_ACT_CHANGE, old->user, err);

	if (rc == TC_OK)
		rc = tc_must_live(c, old, key, err);
	if (rc == TC_E_REFUSED)
		rc = tc_permit(c->policy, c->actor, TC_ACT_CREATE, old->user,
			       err);
	if (rc != TC_OK || *old->replaced_by == '\0')
		return rc;
	return tc_fail(err, TC_E_REFUSED,
		       "%s: was replaced already, by %s: regenerate that one",
		       old->id, old->replaced_by);
}

static int
regenerate(struct tc_change *c, const char *id, int64_t expires,
	   char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
	   struct tc_error *err)
{
	char was[TC_ID_LEN + 16], is[TC_ID_LEN + 16] = "";
	const struct tc_minting how = { "regenerate", was, id };
	struct tc_record *old = NULL, *made = NULL;
	const struct tc_key *key;
	struct tc_edited e;
	struct tc_token tok;
	int rc = tc_change_get(c, id, &old, &key, err);

	(void)snprintf(was, sizeof(was), "replaces %s", id);
	if (rc == TC_OK)
		rc = may_replace(c, old, key, err);
	if (rc == TC_OK)
		rc = tc_edit_merge(&e, old, NULL, err);
	if (rc == TC_OK)
		e.spec.expires = expires == TC_EXPIRES_KEEP
				     ? kept(old->expires, c->now)
				     : expires;
	if (rc == TC_OK)
		rc = tc_mint(c, &e.spec, &how, &tok, &made, err);
	if (rc == TC_OK) {
		(void)snprintf(is, sizeof(is), "replaced by %s", made->id);
		rc = replace(c, old, key, made, is, err);
		if (rc == TC_OK)
			rc = hand_out(c, &tok, made, token, rec, err);
		else
			tc_record_free(made);
	}
	OPENSSL_cleanse(&tok, sizeof(tok));
	tc_record_free(old);
	return rc;
}

int
tc_regenerate(tc_handle *h, const struct tc_actor *actor, const char *id,
	      int64_t expires, char token[TC_TOKEN_MAX + 1],
	      struct tc_record **rec, struct tc_error *err)
{
	struct tc_error local;
	struct tc_change c;
	int rc;

	if (!err)
		err = &local;
	token[0] = '\0';
	rc = tc_change_begin(&c, h, actor, err);
	if (rc == TC_OK)
		rc = regenerate(&c, id, expires, token, rec, err);
	tc_change_end(&c);
	return rc;
}
