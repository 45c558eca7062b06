/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading records for people: one by id, one by name, all. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "handle.h"
#include "record.h"
#include "standing.h"

/* Copies of all items of one commit, so that callers see none of the writers
 * that overtake them. */
struct item {
	unsigned char *key, *value;
	size_t key_len, len;
};

struct all {
	tc_handle *h;
	struct tc_policy *policy;
	struct tc_head head;
	struct item *items;
	size_t n, room;
	size_t n_marks; /* items of users, sorted to the front */
};

static void
drop(void *arg)
{
	struct all *a = arg;

	for (size_t i = 0; i < a->n; i++)
		free(a->items[i].key);
	a->n = 0;
}

static int
collect(void *arg, const unsigned char *key, size_t key_len,
	const unsigned char *value, size_t len)
{
	struct all *a = arg;
	struct item *it;

	if (a->n == a->room) {
		size_t room = a->room ? 2 * a->room : 64;

		it = realloc(a->items, room * sizeof(*it));
		if (!it)
			return -1;
		a->items = it;
		a->room = room;
	}
	it = &a->items[a->n];
	it->key = malloc(key_len + len);
	if (!it->key)
		return -1;
	it->value = it->key + key_len;
	it->key_len = key_len;
	it->len = len;
	memcpy(it->key, key, key_len);
	memcpy(it->value, value, len);
	a->n++;
	return 0;
}

static void
all_end(struct all *a)
{
	drop(a);
	free(a->items);
	tc_policy_put(a->h, a->policy);
}

static void
marks_first(struct all *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct item swap = a->items[i];

		if (swap.key[0] != 'u')
			continue;
		a->items[i] = a->items[a->n_marks];
		a->items[a->n_marks++] = swap;
	}
}

/* All records, or those whose ids begin with the same 30 bits. */
static int
all_begin(struct all *a, tc_handle *h, const unsigned char *id,
	  struct tc_error *err)
{
	int rc;

	memset(a, 0, sizeof(*a));
	a->h = h;
	a->policy = tc_policy_get(h, err);
	if (!a->policy)
		return err->code;
	rc = id ? tc_store_alike(&a->policy->store, id, &a->head, collect, drop,
				 a, err)
		: tc_store_each(&a->policy->store, &a->head, collect, drop, a,
				err);
	if (rc != TC_OK)
		all_end(a);
	else
		marks_first(a);
	return rc;
}

static int
find_mark(const struct all *a, const char *user, int64_t *before)
{
	size_t len = strlen(user);

	*before = 0;
	for (size_t i = 0; i < a->n_marks; i++) {
		const struct item *it = &a->items[i];

		if (it->key_len == len + 1 &&
		    memcmp(it->key + 1, user, len) == 0)
			return tc_user_mark(it->value, it->len, before);
	}
	return 0;
}

/* Decodes and says how it stands; the seal counts, too. */
static struct tc_record *
record_of(tc_handle *h, const struct tc_policy *p, const struct tc_head *head,
	  const unsigned char *key, const unsigned char *value, size_t len)
{
	struct tc_record *r = tc_record_read(key, value, len);
	const struct tc_key *k = r ? tc_keys_find(&p->keys, r->kid) : NULL;

	if (!r)
		return NULL;
	r->standing = TC_UNAVAILABLE;
	if (!k || tc_record_sealed(&h->crypto, k->rec, key, value, len))
		r->standing = tc_standing(r, k, head, 0, p->config.clock_skew,
					  (int64_t)time(NULL), NULL);
	return r;
}

static void
apply_mark(struct tc_record *r, int64_t before)
{
	if (r->created <= before && r->standing != TC_UNAVAILABLE &&
	    r->standing != TC_UNKNOWN_KEY)
		r->standing = TC_REVOKED;
}

static int
list(tc_handle *h, const unsigned char *id, tc_list_fn *fn, void *arg,
     struct tc_error *err)
{
	struct all a;
	int rc, stop = 0;

	rc = all_begin(&a, h, id, err);
	if (rc != TC_OK)
		return rc;
	for (size_t i = a.n_marks; rc == TC_OK && !stop && i < a.n; i++) {
		const struct item *it = &a.items[i];
		struct tc_record *r;
		int64_t before;

		r = record_of(h, a.policy, &a.head, it->key, it->value,
			      it->len);
		if (!r || find_mark(&a, r->user, &before)) {
			rc = tc_fail(err, TC_E_UNAVAILABLE,
				     "%s: a record or "
				     "a mark is damaged",
				     a.policy->config.store);
		} else {
			apply_mark(r, before);
			stop = fn(arg, r);
		}
		tc_record_free(r);
	}
	all_end(&a);
	return rc;
}

int
tc_list(tc_handle *h, const struct tc_actor *actor,
	const struct tc_filter *filter, tc_list_fn *fn, void *arg,
	struct tc_error *err)
{
	struct tc_error local;

	(void)actor;
	(void)filter;
	return list(h, NULL, fn, arg, err ? err : &local);
}

int
tc_show(tc_handle *h, const struct tc_actor *actor, const char *id,
	struct tc_record **rec, struct tc_error *err)
{
	(void)actor;
	struct tc_error local;
	struct tc_policy *p;
	struct tc_lookup items[2] = { { .key_len = 0 } };
	unsigned char bytes[TC_ID_BYTES];
	struct tc_head head;
	struct tc_record *r = NULL;
	int64_t before = 0;
	int rc;

	if (!err)
		err = &local;
	if (tc_id_bytes(id, bytes))
		return tc_fail(err, TC_E_INVALID, "not an id: %.40s", id);
	p = tc_policy_get(h, err);
	if (!p)
		return err->code;
	tc_key_token(&items[0], bytes);
	rc = tc_store_read(&p->store, items, 1, &head, err);
	if (rc == TC_OK && !items[0].found)
		rc = tc_fail(err, TC_E_NOTFOUND, "no such token: %s", id);
	if (rc == TC_OK) {
		r = record_of(h, p, &head, items[0].key, items[0].value,
			      items[0].len);
		if (!r)
			rc = tc_fail(err, TC_E_UNAVAILABLE,
				     "%s: the record "
				     "%s is damaged",
				     p->config.store, id);
	}
	if (rc == TC_OK) {
		tc_key_user(&items[1], r->user);
		rc = tc_store_read(&p->store, &items[1], 1, &head, err);
	}
	if (rc == TC_OK && items[1].found &&
	    tc_user_mark(items[1].value, items[1].len, &before))
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "%s: the user's mark is "
			     "damaged",
			     p->config.store);
	tc_lookup_free(items, 2);
	tc_policy_put(h, p);
	if (rc != TC_OK) {
		tc_record_free(r);
		return rc;
	}
	apply_mark(r, before);
	*rec = r;
	return TC_OK;
}

/* ---- names ---- */

struct search {
	const char *name;
	size_t len;
	const char *slash; /* USER/LABEL, else the beginning of an id */
	char id[TC_ID_LEN + 1];
	size_t live, dead; /* how many fit: not revoked, revoked */
};

static int
fits(const struct search *s, const struct tc_record *r)
{
	size_t user_len;

	if (!s->slash)
		return strncmp(r->id, s->name, s->len) == 0;
	user_len = (size_t)(s->slash - s->name);
	return strlen(r->user) == user_len &&
	       memcmp(r->user, s->name, user_len) == 0 &&
	       strcmp(r->label, s->slash + 1) == 0;
}

static int
consider(void *arg, const struct tc_record *r)
{
	struct search *s = arg;
	int dead = r->state == TC_STATE_REVOKED && s->slash;

	if (!fits(s, r))
		return 0;
	if (!dead || s->live == 0)
		memcpy(s->id, r->id, sizeof(s->id));
	if (dead)
		s->dead++;
	else
		s->live++;
	return 0;
}

/* The bits of the first six characters, which name the page; the rest may
 * be missing or anything. */
static int
first_bytes(const char *name, unsigned char out[4])
{
	char text[] = "000000000000000000000000";
	unsigned char id[TC_ID_BYTES];

	for (int i = 0; i < TC_ID_PREFIX_MIN; i++)
		text[i] = name[i];
	if (tc_id_bytes(text, id))
		return -1;
	memcpy(out, id, 4);
	return 0;
}

int
tc_find(tc_handle *h, const struct tc_actor *actor, const char *name,
	char id[TC_ID_LEN + 1], struct tc_error *err)
{
	(void)actor;
	unsigned char page[4];
	struct search s = { .name = name,
			    .len = strlen(name),
			    .slash = strchr(name, '/') };
	struct tc_error local;
	int rc;

	if (!err)
		err = &local;
	if (!s.slash && (s.len < TC_ID_PREFIX_MIN || s.len > TC_ID_LEN))
		return tc_fail(err, TC_E_INVALID,
			       "a token is named by %d to "
			       "%d characters of its id, or by USER/LABEL: "
			       "%.40s",
			       TC_ID_PREFIX_MIN, TC_ID_LEN, name);
	if (s.slash)
		rc = list(h, NULL, consider, &s, err);
	else if (first_bytes(name, page) == 0)
		rc = list(h, page, consider, &s, err);
	else
		rc = TC_OK; /* not the alphabet of ids: there is none */
	if (rc != TC_OK)
		return rc;
	if (s.live + s.dead == 0)
		return tc_fail(err, TC_E_NOTFOUND, "no such token: %.200s",
			       name);
	if (s.live > 1 || (s.live == 0 && s.dead > 1))
		return tc_fail(err, TC_E_AMBIGUOUS,
			       "%.200s: fits %zu tokens: "
			       "name it by its id",
			       name, s.live ? s.live : s.dead);
	memcpy(id, s.id, TC_ID_LEN + 1);
	return TC_OK;
}
