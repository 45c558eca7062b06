/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "error.h"
#include "handle.h"
#include "record.h"
#include "token.h"

/* Stands in for one that we do not have, or that is asked for in vain. */
static const struct tc_key no_key;

/* The same is done for what is not there, with a blank. */
static int
read_owner(const tc_handle *h, const struct tc_policy *p,
	   const struct tc_lookup *item, int found, char user[TC_USER_MAX + 1],
	   struct tc_error *err)
{
	const struct tc_key *key;
	struct tc_record *r = tc_record_read(item->key, item->value, item->len);
	int sealed, rc = TC_OK;

	if (!r)
		return tc_fail(err, TC_E_UNAVAILABLE, "the record is damaged");
	key = tc_keys_find(&p->keys, r->kid);
	sealed = tc_record_sealed(h->crypto, key ? key->rec : no_key.rec,
				  item->key, item->value, item->len);
	if (!found)
		rc = tc_fail(err, TC_E_NOTFOUND, "no such token");
	else if (!key || !sealed)
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "the record's seal does not fit");
	else
		(void)snprintf(user, TC_USER_MAX + 1, "%s", r->user);
	tc_record_free(r);
	return rc;
}

static int
find_owner(const tc_handle *h, const struct tc_policy *p,
	   const unsigned char id[TC_ID_BYTES], char user[TC_USER_MAX + 1],
	   struct tc_error *err)
{
	struct tc_lookup item = { .usual_len = TC_RECORD_USUAL };
	struct tc_head head;
	int found, rc;

	tc_key_token(&item, id);
	rc = tc_store_read(&p->store, &item, 1, &head, err);
	if (rc != TC_OK)
		return rc;
	found = item.found;
	if (!found && tc_record_blank(&item))
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	rc = read_owner(h, p, &item, found, user, err);
	tc_lookup_free(&item, 1);
	return rc;
}

int
tc_find_owner(tc_handle *h, const char *text, size_t len,
	      char user[TC_USER_MAX + 1], struct tc_error *err)
{
	unsigned char id[TC_ID_BYTES];
	struct tc_policy *p;
	struct tc_token tok;
	struct tc_error local;
	int rc = TC_OK;

	if (!err)
		err = &local;
	*user = '\0';
	if (tc_token_read(text, len, &tok) != TC_VALID)
		rc = tc_fail(err, TC_E_INVALID, "not a token");
	else if (tc_token_id(h->crypto, &tok, id))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "no SHA-256");
	OPENSSL_cleanse(&tok, sizeof(tok));
	if (rc != TC_OK)
		return rc;
	p = tc_policy_get(h, err);
	if (!p)
		return err->code;
	rc = find_owner(h, p, id, user, err);
	tc_policy_put(h, p);
	return rc;
}
