/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting records back that were exported, here or on another host. */
#include <stdlib.h>
#include <string.h>

#include "alter.h"
#include "error.h"
#include "record.h"
#include "spec.h"
#include "text.h"

static int
is_id_or_none(const char *id)
{
	unsigned char bytes[TC_ID_BYTES];

	return *id == '\0' || tc_id_bytes(id, bytes) == 0;
}

static int
well_formed(const struct tc_record *r, struct tc_error *err)
{
	const struct tc_create spec = {
		.user = r->user,
		.label = r->label,
		.n_services = r->n_services,
		.n_sources = r->n_sources,
		.n_properties = r->n_properties,
		.services = r->services,
		.sources = r->sources,
		.properties = r->properties,
	};

	if (r->kid < 1 || r->kid > TC_KID_MAX)
		return tc_fail(err, TC_E_INVALID, "not a key's number");
	if (*r->id == '\0' || !is_id_or_none(r->id) ||
	    !is_id_or_none(r->replaces) || !is_id_or_none(r->replaced_by))
		return tc_fail(err, TC_E_INVALID, "not an id");
	if (r->created <= 0 || r->expires < 0 || r->revoked < 0)
		return tc_fail(err, TC_E_INVALID, "not a time");
	if (r->state != TC_STATE_ACTIVE && r->state != TC_STATE_REVOKED)
		return tc_fail(err, TC_E_INVALID, "not a state");
	if (!tc_text_fits(r->created_by, 0, TC_USER_MAX) ||
	    !tc_text_fits(r->revoked_by, 0, TC_USER_MAX) ||
	    !tc_text_fits(r->revoked_reason, 0, TC_REASON_MAX))
		return tc_fail(err, TC_E_INVALID,
			       "a name or a reason is no text, or too long");
	return tc_spec_check(&spec, err);
}

/* What is in the store already, or NULL. */
static int
existing(struct tc_change *c, const char *id, struct tc_record **r,
	 struct tc_error *err)
{
	const struct tc_key *key;
	int rc = tc_change_get_any(c, id, r, &key, err);

	if (rc != TC_E_NOTFOUND)
		return rc;
	*r = NULL;
	return TC_OK;
}

/* 1 or 0; -1 out of memory. */
static int
same(struct tc_change *c, const struct tc_record *a, const struct tc_record *b)
{
	static const unsigned char no_key[TC_KEY_LEN];
	struct tc_lookup at = { .key_len = 1 + TC_ID_BYTES };
	struct tc_writer wa = { 0 }, wb = { 0 };
	int equal = -1;

	tc_record_write(c->h->crypto, &wa, no_key, &at, a);
	tc_record_write(c->h->crypto, &wb, no_key, &at, b);
	if (!wa.bad && !wb.bad)
		equal =
		    wa.len == wb.len && memcmp(wa.data, wb.data, wa.len) == 0;
	tc_writer_free(&wa);
	tc_writer_free(&wb);
	return equal;
}

static int
compare(struct tc_change *c, const struct tc_record *old,
	const struct tc_record *r, int force, enum tc_restored *result,
	struct tc_error *err)
{
	int equal = old ? same(c, old, r) : 0;

	if (equal < 0)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	if (!old)
		*result = TC_RESTORED;
	else if (equal)
		*result = TC_RESTORED_SAME;
	else if (force || (old->state == TC_STATE_ACTIVE &&
			   r->state == TC_STATE_REVOKED))
		*result = TC_RESTORED_OVER;
	else if (old->state != TC_STATE_ACTIVE && r->state == TC_STATE_ACTIVE)
		*result = TC_RESTORED_UNDOES;
	else
		*result = TC_RESTORED_KEPT;
	return TC_OK;
}

/* What one call puts back. */
struct restoring {
	struct tc_change c;
	const struct tc_record *const *recs;
	unsigned flags;
	enum tc_restored *results;
	struct tc_error bad; /* why the first one that is none is none */
};

static int
stands_twice(const struct restoring *r, size_t at, struct tc_error *err)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(r->recs[i]->id, r->recs[at]->id) == 0)
			return tc_fail(err, TC_E_INVALID,
				       "its id stands there twice");
	return TC_OK;
}

static int
is_bad(struct restoring *r, size_t at)
{
	struct tc_error why;
	int rc = well_formed(r->recs[at], &why);

	if (rc == TC_OK)
		rc = stands_twice(r, at, &why);
	if (rc != TC_OK && r->bad.code == TC_OK)
		tc_fail(&r->bad, TC_E_REFUSED, "record %zu: %.400s", at + 1,
			why.text);
	return rc != TC_OK;
}

static int
restore_one(struct restoring *r, size_t at, struct tc_error *err)
{
	struct tc_change *c = &r->c;
	struct tc_record rec = *r->recs[at], *old = NULL;
	const struct tc_key *key = tc_keys_find(&c->policy->keys, rec.kid);
	enum tc_restored *result = &r->results[at];
	int rc;

	*result = TC_RESTORED_BAD;
	if (is_bad(r, at))
		return TC_OK;
	if (!key)
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "%s: its key %u is not in %s", rec.id, rec.kid,
			       c->policy->config.secret_file);
	/* A list says of an active record what mark ended it. */
	if (rec.state == TC_STATE_ACTIVE)
		rec.revoked_by = rec.revoked_reason = "";
	rc = existing(c, rec.id, &old, err);
	/* An export need not hold the verifiers for SCRAM. */
	if (old && !rec.scram)
		rec.scram = old->scram;
	if (rc == TC_OK)
		rc = compare(c, old, &rec, (r->flags & TC_RESTORE_FORCE) != 0,
			     result, err);
	if (rc == TC_OK &&
	    (*result == TC_RESTORED || *result == TC_RESTORED_OVER))
		rc = tc_change_put(c, key, &rec, "import", "a record put back",
				   err);
	tc_record_free(old);
	return rc;
}

/* ---- marks ---- */

static int
key_marked(const struct tc_head *head, const struct tc_ended *e)
{
	for (unsigned i = 0; i < head->n_marks; i++)
		if (head->marks[i].kid == e->kid)
			return head->marks[i].before >= e->before;
	return 0;
}

/* One that would end what is made from now on is none that belongs here. */
static int
mark_fits(struct tc_change *c, const struct tc_ended *e, struct tc_error *err)
{
	const struct tc_key *active = tc_keys_active(&c->policy->keys);

	if (!tc_text_fits(e->user, 0, TC_USER_MAX) || e->kid > TC_KID_MAX ||
	    (e->kid && *e->user) || e->before <= 0)
		return tc_fail(err, TC_E_INVALID, "not a mark");
	if (e->kid == 0)
		return tc_change_clock(c, e->before, "a mark of revocation",
				       err);
	return active->kid == e->kid ? tc_fail(err, TC_E_REFUSED,
					       "a mark retires key %u, which "
					       "is the active one "
					       "here: activate another first",
					       e->kid)
				     : TC_OK;
}

/* A mark that is there and lies no earlier needs nothing. */
static int
mark(struct tc_change *c, const struct tc_ended *e, struct tc_error *err)
{
	const struct tc_head *head = tc_txn_map(c->txn)->head;
	int64_t was = head->all_before;
	int rc = mark_fits(c, e, err);

	if (rc == TC_OK && *e->user)
		rc = tc_change_user_mark(c, e->user, &was, err);
	if (rc != TC_OK || (e->kid ? key_marked(head, e) : was >= e->before))
		return rc;
	if (e->kid)
		tc_txn_mark_key(c->txn, e->kid, e->before);
	else
		rc = tc_mark(c, *e->user ? e->user : NULL, e->before, err);
	if (rc == TC_OK)
		rc = tc_change_note(c, "import", "a mark put back", e->user,
				    e->kid, err);
	return rc;
}

static int
by_moment(const void *a, const void *b)
{
	const struct tc_ended *x = a, *y = b;

	return (x->before > y->before) - (x->before < y->before);
}

/* The earliest first: of several over one user the last that is put stays. */
static int
mark_all(struct tc_change *c, const struct tc_ended *ended, size_t n,
	 struct tc_error *err)
{
	struct tc_ended *sorted = calloc(n + 1, sizeof(*sorted));
	int rc = TC_OK;

	if (!sorted)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	if (n > 0)
		memcpy(sorted, ended, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_moment);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = mark(c, &sorted[i], err);
	free(sorted);
	return rc;
}

/* ---- the call ---- */

static int
all_fine(const struct restoring *r, size_t n, struct tc_error *err)
{
	if (r->bad.code != TC_OK)
		return tc_fail(err, r->bad.code, "%s", r->bad.text);
	for (size_t i = 0; i < n; i++)
		if (r->results[i] == TC_RESTORED_UNDOES)
			return tc_fail(err, TC_E_REFUSED,
				       "%s: a revocation would be undone",
				       r->recs[i]->id);
	return TC_OK;
}

int
tc_restore(tc_handle *h, const struct tc_actor *actor,
	   const struct tc_record *const *recs, size_t n,
	   const struct tc_ended *ended, size_t n_ended, unsigned flags,
	   enum tc_restored *results, struct tc_error *err)
{
	struct restoring r = { .recs = recs,
			       .flags = flags,
			       .results = results };
	struct tc_error local;
	int rc;

	if (!err)
		err = &local;
	if (n > TC_MANY_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d records at once",
			       TC_MANY_MAX);
	if (flags & ~(TC_RESTORE_CHECK | TC_RESTORE_FORCE))
		return tc_fail(err, TC_E_INVALID, "an unknown flag");
	rc = tc_change_begin(&r.c, h, actor, err);
	if (rc == TC_OK)
		rc = tc_permit(r.c.policy, actor, TC_ACT_ADMIN, NULL, err);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = restore_one(&r, i, err);
	if (rc == TC_OK)
		rc = mark_all(&r.c, ended, n_ended, err);
	if (rc == TC_OK)
		rc = all_fine(&r, n, err);
	if (rc == TC_OK && r.c.n > 0 && !(flags & TC_RESTORE_CHECK))
		rc = tc_change_commit(&r.c, err);
	tc_change_end(&r.c);
	return rc;
}
