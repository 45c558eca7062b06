/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fill.h"

#include <string.h>

#include "commit.h"
#include "handle.h"
#include "record.h"

#define MADE 1700000000

struct tc_record
test_fill_record(unsigned i, const char *user, const char *label)
{
	struct tc_record r = { .user = user,
			       .label = label,
			       .kid = 1,
			       .created = MADE,
			       .created_by = "test",
			       .state = TC_STATE_ACTIVE,
			       .revoked_by = "",
			       .revoked_reason = "" };
	unsigned char id[TC_ID_BYTES];
	uint64_t z = i;

	/* SplitMix64 spreads the numbers over the pages. */
	for (size_t at = 0; at < sizeof(id); at++) {
		uint64_t x = z += 0x9e3779b97f4a7c15U;

		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
		x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
		id[at] = (unsigned char)(x >> 40);
		z ^= x;
	}
	tc_id_text(id, r.id);
	return r;
}

static int
put_record(struct tc_txn *txn, const struct tc_policy *p,
	   const struct tc_record *r)
{
	const struct tc_key *key = tc_keys_find(&p->keys, r->kid);
	static const struct tc_key unknown;
	struct tc_lookup at = { .key_len = 0 };
	struct tc_writer w = { 0 };
	unsigned char id[TC_ID_BYTES];
	int bad = tc_id_bytes(r->id, id);

	tc_key_token(&at, id);
	tc_record_write(p->store.crypto, &w, key ? key->rec : unknown.rec, &at,
			r);
	if (!bad && !w.bad)
		tc_txn_put(txn, &at, w.data, w.len);
	bad |= w.bad;
	tc_writer_free(&w);
	return bad;
}

/* One commit; what is put depends on which of the arguments are there. */
struct change {
	const struct tc_record *recs;
	size_t n;
	const struct tc_lookup *key; /* an item */
	const void *value;
	size_t len;
	int marks; /* or a mark in the head */
	unsigned kid;
	int64_t before;
};

static int
put(struct tc_txn *txn, const struct tc_policy *p, const struct change *c)
{
	int bad = 0;

	for (size_t i = 0; !bad && i < c->n; i++)
		bad = put_record(txn, p, &c->recs[i]);
	if (c->key)
		tc_txn_put(txn, c->key, c->value, c->len);
	if (c->marks && c->kid)
		tc_txn_mark_key(txn, c->kid, c->before);
	else if (c->marks)
		tc_txn_mark_all(txn, c->before);
	return bad ? TC_E_INVALID : TC_OK;
}

static int
commit(tc_handle *h, const struct change *c, struct tc_error *err)
{
	struct tc_policy *p = tc_policy_get(h, err);
	struct tc_txn *txn = NULL;
	int rc;

	if (!p)
		return err->code;
	rc = tc_txn_begin(&p->store, &txn, err);
	if (rc == TC_OK)
		rc = put(txn, p, c);
	if (rc == TC_OK)
		rc = tc_txn_commit(txn, MADE, NULL, NULL, err);
	tc_txn_end(txn);
	tc_policy_put(h, p);
	return rc;
}

int
test_fill(tc_handle *h, const struct tc_record *recs, size_t n,
	  struct tc_error *err)
{
	return commit(h, &(struct change){ .recs = recs, .n = n }, err);
}

int
test_fill_item(tc_handle *h, const struct tc_lookup *key, const void *value,
	       size_t len, struct tc_error *err)
{
	return commit(
	    h, &(struct change){ .key = key, .value = value, .len = len }, err);
}

int
test_fill_mark(tc_handle *h, const char *user, unsigned kid, int64_t before,
	       struct tc_error *err)
{
	struct change c = { .marks = 1, .kid = kid, .before = before };
	struct tc_lookup key = { .key_len = 0 };
	unsigned char value[8];

	if (!user)
		return commit(h, &c, err);
	for (int i = 0; i < 8; i++)
		value[i] = (unsigned char)((uint64_t)before >> (56 - 8 * i));
	tc_key_user(&key, user);
	return test_fill_item(h, &key, value, sizeof(value), err);
}
