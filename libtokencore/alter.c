/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alter.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "spec.h"
#include "standing.h"
#include "text.h"

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the store's order, and each one once. */
static const char **
sorted(const char *const *ids, size_t *n)
{
	const char **out = calloc(*n, sizeof(*out));
	size_t kept = 0;

	if (!out)
		return NULL;
	memcpy(out, ids, *n * sizeof(*out));
	qsort(out, *n, sizeof(*out), compare);
	for (size_t i = 0; i < *n; i++)
		if (i == 0 || strcmp(out[i], out[kept - 1]) != 0)
			out[kept++] = out[i];
	*n = kept;
	return out;
}

/* Who made a token may end it: one that could not be handed over, say. */
static int
may(struct tc_change *c, enum tc_act act, const struct tc_record *r,
    struct tc_error *err)
{
	if (act == TC_ACT_REVOKE && strcmp(r->created_by, c->actor->name) == 0)
		return TC_OK;
	return tc_permit(c->policy, c->actor, act, r->user, err);
}

/* The logs name a token that is taken away as people knew it. */
static int
put(struct tc_change *c, const struct tc_alteration *a,
    const struct tc_key *key, const struct tc_record *r, const char *label,
    struct tc_error *err)
{
	int rc = tc_change_put(c, key, r, a->event, a->why, err);

	return rc == TC_OK && r->state == TC_STATE_DELETED
		   ? tc_change_label(c, label, err)
		   : rc;
}

static int
alter_one(struct tc_change *c, const char *id, const struct tc_alteration *a,
	  struct tc_error *err)
{
	const struct tc_key *key;
	struct tc_record *r = NULL;
	int rc = tc_change_get(c, id, &r, &key, err);
	const char *label = "";

	if (rc == TC_OK) {
		label = r->label;
		rc = may(c, a->act, r, err);
	}
	if (rc == TC_OK)
		rc = a->fn(a->arg, c, r, key, err);
	if (rc == TC_OK)
		rc = put(c, a, key, r, label, err);
	tc_record_free(r);
	return rc == TC_LEAVE ? TC_OK : rc;
}

int
tc_alter(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	 size_t n, const struct tc_alteration *a, struct tc_error *err)
{
	const char **each;
	struct tc_change c;
	int rc;

	if (n == 0)
		return tc_fail(err, TC_E_INVALID, "no token is named");
	each = sorted(ids, &n);
	if (!each)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	rc = tc_change_begin(&c, h, actor, err);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = alter_one(&c, each[i], a, err);
	if (rc == TC_OK && c.n > 0)
		rc = tc_change_commit(&c, err);
	tc_change_end(&c);
	free(each);
	return rc;
}

int
tc_must_live(struct tc_change *c, const struct tc_record *r,
	     const struct tc_key *key, struct tc_error *err)
{
	const struct tc_head *head = tc_txn_map(c->txn)->head;
	const char *why = NULL;
	int64_t before;
	int rc = tc_change_user_mark(c, r->user, &before, err);

	if (rc != TC_OK)
		return rc;
	if (tc_standing(r, key, head, before, 0, c->now, &why) != TC_REVOKED)
		return TC_OK;
	return tc_fail(err, TC_E_REFUSED, "%s: is revoked, for good%s%s", r->id,
		       why ? ": " : "", why ? why : "");
}

int
tc_reason_check(const char *reason, struct tc_error *err)
{
	if (tc_text_fits(reason, 0, TC_REASON_MAX))
		return tc_spec_no_token("a reason", reason, err);
	return tc_fail(err, TC_E_INVALID,
		       "a reason has at most %d bytes of UTF-8 without "
		       "control characters",
		       TC_REASON_MAX);
}
