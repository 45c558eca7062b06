/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records for people: one, or all that fit, each with how it stands.  Read as
 * walk.h says: the records of a step are held back until they are known to be
 * true, then handed out and forgotten.
 */
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "base32.h"
#include "clock.h"
#include "error.h"
#include "filter.h"
#include "lastuse.h"
#include "permit.h"
#include "record.h"
#include "standing.h"
#include "walk.h"

#define USERS 32

/* The marks over users that were looked up last, or that there are none. */
struct user_marks {
	uint64_t seq; /* the commit that they are of */
	struct {
		char user[TC_USER_MAX + 1];
		int64_t before;
	} of[USERS];
};

struct reading {
	tc_handle *h;
	struct tc_policy *policy;
	struct tc_policy *later; /* the keys that were read last */
	struct tc_crypto crypto; /* keeps mac */
	struct tc_mac mac;
	const struct tc_actor *actor;
	unsigned may;
	int64_t now;
	const struct tc_filter *filter;
	const unsigned char *id; /* this one alone; NULL: all */
	struct tc_walk walk;
	struct tc_uses uses;
	struct user_marks marks;
	struct tc_record **recs; /* n of this step; what lies behind them, to */
	size_t n, room; /* `room`, was of others: its memory is used anew */
	struct tc_error trouble; /* while they were gathered */
};

/* Takes back what a step gathered. */
static void
drop(void *arg)
{
	struct reading *r = arg;

	r->n = 0;
	r->trouble.code = TC_OK;
}

static void
end(struct reading *r)
{
	for (size_t i = 0; i < r->room; i++)
		tc_record_free(r->recs[i]);
	free(r->recs);
	tc_walk_end(&r->walk);
	tc_mac_free(&r->mac);
	tc_policy_put(r->h, r->later);
	tc_policy_put(r->h, r->policy);
	free(r);
}

/* Who may nothing is told so; who may something does not learn of the rest.
 * page as in tc_walk_begin(). */
static struct reading *
begin(tc_handle *h, const struct tc_actor *actor, const unsigned char *page,
      struct tc_error *err)
{
	struct tc_policy *p = tc_policy_get(h, err);
	struct reading *r = p ? calloc(1, sizeof(*r)) : NULL;

	if (!r) {
		if (p)
			tc_fail(err, TC_E_NOMEM, "out of memory");
		tc_policy_put(h, p);
		return NULL;
	}
	r->h = h;
	r->policy = p;
	r->crypto = *h->crypto;
	r->crypto.kept = &r->mac;
	r->actor = actor;
	r->may = tc_may(p, actor, TC_ACT_LIST);
	tc_walk_begin(&r->walk, &p->store, page);
	if (tc_clock(&r->now, err) ||
	    (!r->may && tc_permit(p, actor, TC_ACT_LIST,
				  actor ? actor->name : NULL, err))) {
		end(r);
		return NULL;
	}
	return r;
}

/* A key that was added after the reading began is no stranger. */
static const struct tc_key *
find_key(struct reading *r, unsigned kid)
{
	struct tc_policy *now;
	const struct tc_key *key = tc_keys_find(&r->policy->keys, kid);

	if (key)
		return key;
	now = tc_policy_get(r->h, NULL);
	if (now) {
		tc_policy_put(r->h, r->later);
		r->later = now;
	}
	return r->later ? tc_keys_find(&r->later->keys, kid) : NULL;
}

static int
look_up_mark(struct reading *r, const char *user, int64_t *before)
{
	struct tc_lookup item = { .key_len = 0 };
	int rc;

	*before = 0;
	tc_key_user(&item, user);
	rc = tc_map_get(&r->walk.view->map, item.key, item.key_len, &item.value,
			&item.len);
	if (rc > 0)
		rc = tc_user_mark(item.value, item.len, before);
	free(item.value);
	return rc;
}

/* In the same view as the record: 0, or -1 for damage. */
static int
user_mark(struct reading *r, const char *user, int64_t *before)
{
	const struct tc_head *head = r->walk.view->map.head;
	size_t len = strlen(user);
	unsigned at;

	*before = 0;
	if (head->items == head->tokens)
		return 0;
	at = tc_crc32(user, len) % USERS;
	if (r->marks.seq != head->seq) {
		memset(&r->marks, 0, sizeof(r->marks));
		r->marks.seq = head->seq;
	}
	if (strcmp(r->marks.of[at].user, user) == 0) {
		*before = r->marks.of[at].before;
		return 0;
	}
	if (look_up_mark(r, user, before))
		return -1;
	memcpy(r->marks.of[at].user, user, len + 1);
	r->marks.of[at].before = *before;
	return 0;
}

/* How it stands, and what ended it if it was a mark.  What cannot be told is
 * trouble: a filter would leave the record out. */
static int
judge(struct reading *r, struct tc_record *rec, const unsigned char *key,
      const unsigned char *value, size_t len)
{
	const struct tc_head *head = r->walk.view->map.head;
	const struct tc_key *k = find_key(r, rec->kid);
	const char *path = r->policy->store.paths[r->walk.view->state.side];
	const char *why;
	int64_t before;
	int sealed = !r->policy->stale;

	if (user_mark(r, rec->user, &before))
		return tc_fail(&r->trouble, TC_E_UNAVAILABLE,
			       "%s: the mark over the tokens of %s: is damaged",
			       path, rec->user);
	if (k && tc_record_seal(&r->crypto, k->rec, key, value, len, &sealed))
		return tc_fail(&r->trouble, TC_E_UNAVAILABLE, "no HMAC");
	rec->standing = TC_UNAVAILABLE;
	if (!sealed)
		return TC_OK;
	rec->standing = tc_standing(rec, k, head, before,
				    r->policy->config.clock_skew, r->now, &why);
	if (why) {
		rec->revoked_reason = why;
		(void)tc_mark_over(rec, k, head, before, &rec->revoked);
	}
	return TC_OK;
}

static int
make_room(struct reading *r)
{
	size_t room = r->room ? 2 * r->room : 16;
	struct tc_record **recs;

	if (r->n < r->room)
		return TC_OK;
	recs = realloc(r->recs, room * sizeof(struct tc_record *));
	if (!recs)
		return tc_fail(&r->trouble, TC_E_NOMEM, "out of memory");
	memset(recs + r->room, 0,
	       (room - r->room) * sizeof(struct tc_record *));
	r->recs = recs;
	r->room = room;
	return TC_OK;
}

static int
wanted(const struct reading *r, const struct tc_record *rec)
{
	return rec->state != TC_STATE_DELETED &&
	       tc_may_touch(r->may, r->actor, rec->user) &&
	       tc_filter_record(r->filter, rec);
}

/* Who asks for unused tokens may be about to revoke them: what is not known
 * must not look like that. */
static int
judge_use(struct reading *r, struct tc_record *rec,
	  const unsigned char id[TC_ID_BYTES], int *fits)
{
	struct tc_use use;
	int known = !tc_lastuse_get(&r->policy->store, &r->uses, id, &use);

	if (!known && r->filter && r->filter->unused_since)
		return tc_fail(&r->trouble, TC_E_UNAVAILABLE,
			       "%s: cannot be read, so nobody knows what is "
			       "unused",
			       r->policy->store.paths[TC_FILE_LASTUSE]);
	rec->last_used = use.time;
	memcpy(rec->last_service, use.service, sizeof(rec->last_service));
	rec->last_source = use.source;
	*fits = tc_filter_use(r->filter, rec);
	return TC_OK;
}

/* Adds the record, which lies behind the last one, if it fits. */
static int
consider(struct reading *r, struct tc_record *rec, const unsigned char *key,
	 const unsigned char *value, size_t len)
{
	int fits = wanted(r, rec), rc = TC_OK;

	if (fits)
		rc = judge(r, rec, key, value, len);
	fits = fits && rc == TC_OK && tc_filter_standing(r->filter, rec);
	if (fits)
		rc = judge_use(r, rec, key + 1, &fits);
	if (fits && rc == TC_OK)
		r->n++;
	return rc;
}

static int
gather(void *arg, const unsigned char *key, size_t key_len,
       const unsigned char *value, size_t len)
{
	struct reading *r = arg;
	struct tc_record *rec;
	char id[TC_ID_LEN + 1];

	if (key_len != 1 + TC_ID_BYTES || key[0] != 't' ||
	    (r->id && memcmp(key + 1, r->id, TC_ID_BYTES) != 0))
		return 0;
	if (make_room(r))
		return r->trouble.code;
	rec = tc_record_reread(r->recs[r->n], key, value, len);
	r->recs[r->n] = rec;
	if (rec)
		return consider(r, rec, key, value, len);
	tc_id_text(key + 1, id);
	return tc_fail(&r->trouble, TC_E_UNAVAILABLE,
		       "%s: the record %s is damaged",
		       r->policy->store.paths[r->walk.view->state.side], id);
}

static int
step(struct reading *r, struct tc_error *err)
{
	int rc = tc_walk_step(&r->walk, gather, drop, r, err);

	tc_lastuse_close(&r->uses);
	if (rc == TC_OK && r->trouble.code != TC_OK) {
		*err = r->trouble;
		rc = err->code;
	}
	return rc;
}

static int
list(tc_handle *h, const struct tc_actor *actor, const struct tc_filter *filter,
     const unsigned char *page, tc_list_fn *fn, void *arg, struct tc_error *err)
{
	struct tc_error local;
	struct reading *r;
	int stop = 0, rc = TC_OK;

	if (!err)
		err = &local;
	r = begin(h, actor, page, err);
	if (!r)
		return err->code;
	r->filter = filter;
	while (rc == TC_OK && !stop && tc_walk_more(&r->walk)) {
		rc = step(r, err);
		for (size_t i = 0; rc == TC_OK && !stop && i < r->n; i++)
			stop = fn(arg, r->recs[i]);
		drop(r);
	}
	end(r);
	return rc;
}

int
tc_list(tc_handle *h, const struct tc_actor *actor,
	const struct tc_filter *filter, tc_list_fn *fn, void *arg,
	struct tc_error *err)
{
	return list(h, actor, filter, NULL, fn, arg, err);
}

int
tc_list_alike(tc_handle *h, const struct tc_actor *actor,
	      const unsigned char id[4], tc_list_fn *fn, void *arg,
	      struct tc_error *err)
{
	return list(h, actor, NULL, id, fn, arg, err);
}

int
tc_show(tc_handle *h, const struct tc_actor *actor, const char *id,
	struct tc_record **rec, struct tc_error *err)
{
	unsigned char bytes[TC_ID_BYTES];
	struct tc_error local;
	struct reading *r;
	int rc;

	if (!err)
		err = &local;
	if (tc_id_bytes(id, bytes))
		return tc_fail(err, TC_E_INVALID, "not an id: %.40s", id);
	r = begin(h, actor, bytes, err);
	if (!r)
		return err->code;
	r->id = bytes;
	rc = step(r, err);
	if (rc == TC_OK && r->n == 0)
		rc = tc_fail(err, TC_E_NOTFOUND, "no such token: %s", id);
	if (rc == TC_OK) {
		*rec = r->recs[0];
		r->recs[0] = NULL;
	}
	end(r);
	return rc;
}
