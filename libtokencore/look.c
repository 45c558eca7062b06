/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "look.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "record.h"

/* Stands in for one that we do not have. */
static const struct tc_key no_key;

struct tc_look {
	tc_handle *h;
	struct tc_policy *policy;
	uint64_t seq; /* of the commit that the record was read from */
	struct tc_lookup item;
	struct tc_record *record; /* a blank, if none was found */
	int found, sealed;
	const char *owner;
};

void
tc_look_free(tc_look *look)
{
	if (!look)
		return;
	tc_record_free(look->record);
	tc_lookup_free(&look->item, 1);
	tc_policy_put(look->h, look->policy);
	free(look);
}

/* 0, or -1 when it is none. */
static int
read_id(const tc_handle *h, const char *text, size_t len, struct tc_lookup *key)
{
	unsigned char id[TC_ID_BYTES];
	struct tc_token tok;
	int rc = -1;

	if (tc_token_read(text, len, &tok) == TC_VALID)
		rc = tc_token_id(h->crypto, &tok, id);
	OPENSSL_cleanse(&tok, sizeof(tok));
	if (rc == 0)
		tc_key_token(key, id);
	return rc;
}

/* Parses what was read, or a blank in its place.  NULL, or why not. */
static const char *
parse(struct tc_lookup *item, struct tc_record **record)
{
	if (!item->found && tc_record_blank(item))
		return "out of memory";
	*record = tc_record_read(item->key, item->value, item->len);
	return *record ? NULL : "the record is damaged";
}

static int
is_sealed(const tc_handle *h, const struct tc_lookup *item,
	  const struct tc_key *key)
{
	return tc_record_sealed(h->crypto, key->rec, item->key, item->value,
				item->len);
}

/* Records are mostly as they are made now. */
static size_t
usual_len(const struct tc_policy *p)
{
	return p->config.scram ? TC_RECORD_USUAL : TC_RECORD_BARE;
}

/* 0 or -1. */
static int
read_record(tc_look *look)
{
	struct tc_lookup *item = &look->item;
	const struct tc_key *key;
	struct tc_error unused;
	struct tc_head head;

	item->usual_len = usual_len(look->policy);
	if (tc_store_glance(&look->policy->store, item, &head, &unused))
		return -1;
	look->seq = head.seq;
	look->found = item->found;
	if (parse(item, &look->record))
		return -1;
	key = tc_keys_find(&look->policy->keys, look->record->kid);
	look->sealed = is_sealed(look->h, item, key ? key : &no_key);
	look->owner =
	    look->found && key && look->sealed ? look->record->user : "";
	return 0;
}

tc_look *
tc_look_up(tc_handle *h, const char *text, size_t len)
{
	tc_look *look = calloc(1, sizeof(*look));
	struct tc_error unused;

	if (!look)
		return NULL;
	look->h = h;
	if (read_id(h, text, len, &look->item) == 0)
		look->policy = tc_policy_get(h, &unused);
	if (look->policy && read_record(look) == 0)
		return look;
	tc_look_free(look);
	return NULL;
}

const char *
tc_look_owner(const tc_look *look)
{
	return look ? look->owner : "";
}

/* ---- what a decision takes of it ---- */

/* A look is of use while the policy is the one that it was made under. */
int
tc_trial_policy(struct tc_trial *t, struct tc_error *err)
{
	const tc_look *look = t->req->look;

	t->policy = tc_policy_get(t->h, err);
	if (!t->policy)
		return err->code;
	if (look && look->h == t->h && look->policy == t->policy)
		t->look = look;
	return TC_OK;
}

/* A number comes again where a backup was put back, and two commits in one
 * tick of the clock leave the same stamp; not both. */
static int
same_commit(const tc_look *look, const struct tc_trial *t)
{
	const struct tc_stamp *a = &look->item.file, *b = &t->items[1].file;

	return look->seq == t->head.seq && memcmp(a, b, sizeof(*a)) == 0;
}

/* Is the look's record the one in force?  The mark is read and the view proved
 * after that as ever, and both have to be of one commit. */
static int
recall(struct tc_trial *t, const unsigned char id[TC_ID_BYTES])
{
	const tc_look *look = t->look;
	struct tc_error unused;

	if (!look || memcmp(look->item.key + 1, id, TC_ID_BYTES) != 0 ||
	    tc_store_read(&t->policy->store, &t->items[1], 1, &t->head,
			  &unused))
		return 0;
	if (!same_commit(look, t)) {
		tc_lookup_free(&t->items[1], 1);
		return 0;
	}
	t->found = look->found;
	t->record = look->record;
	t->recalled = 1;
	return 1;
}

enum tc_verdict
tc_trial_read(struct tc_trial *t, const unsigned char id[TC_ID_BYTES])
{
	struct tc_error err;
	const char *why;

	tc_key_user(&t->items[1], t->claimed);
	if (recall(t, id))
		return TC_VALID;
	tc_key_token(&t->items[0], id);
	t->items[0].usual_len = usual_len(t->policy);
	if (tc_store_read(&t->policy->store, t->items, 2, &t->head, &err))
		return tc_trial_say(t, TC_UNAVAILABLE, err.text);
	t->found = t->items[0].found;
	why = parse(&t->items[0], &t->record);
	return why ? tc_trial_say(t, TC_UNAVAILABLE, why) : TC_VALID;
}

int
tc_trial_sealed(const struct tc_trial *t, const struct tc_key *key)
{
	return t->recalled ? t->look->sealed
			   : is_sealed(t->h, &t->items[0], key);
}

void
tc_trial_end(struct tc_trial *t)
{
	tc_lookup_free(t->items, 2);
	if (!t->recalled)
		tc_record_free(t->record);
	tc_policy_put(t->h, t->policy);
}
