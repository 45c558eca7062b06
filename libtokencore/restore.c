/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting records back that were exported, here or on another host. */
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

	tc_record_write(&c->h->crypto, &wa, no_key, &at, a);
	tc_record_write(&c->h->crypto, &wb, no_key, &at, b);
	if (!wa.bad && !wb.bad)
		equal = wa.len == wb.len &&
			memcmp(wa.data, wb.data, wa.len) == 0;
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
	else if (force)
		*result = TC_RESTORED_OVER;
	else if (old->state != TC_STATE_ACTIVE && r->state == TC_STATE_ACTIVE)
		*result = TC_RESTORED_UNDOES;
	else
		*result = TC_RESTORED_KEPT;
	return TC_OK;
}

static int
restore_one(struct tc_change *c, const struct tc_record *given, unsigned flags,
	    enum tc_restored *result, struct tc_error *err)
{
	const struct tc_key *key = tc_keys_find(&c->policy->keys, given->kid);
	struct tc_record r = *given, *old = NULL;
	int rc = well_formed(given, err);

	/* A list says of an active record what mark ended it. */
	if (r.state == TC_STATE_ACTIVE) {
		r.revoked = 0;
		r.revoked_by = r.revoked_reason = "";
	}

	*result = TC_RESTORED_BAD;
	if (rc != TC_OK)
		return TC_OK;
	if (!key)
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "%s: its key %u is not in %s", given->id,
			       given->kid, c->policy->config.secret_file);
	rc = existing(c, given->id, &old, err);
	/* An export need not hold the verifiers for SCRAM. */
	if (old && !r.scram)
		r.scram = old->scram;
	if (rc == TC_OK)
		rc = compare(c, old, &r, flags & TC_RESTORE_FORCE, result, err);
	if (rc == TC_OK &&
	    (*result == TC_RESTORED || *result == TC_RESTORED_OVER))
		rc = tc_change_put(c, key, &r, "import", "a record put back",
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

/* A mark that is there and lies no earlier needs nothing. */
static int
mark(struct tc_change *c, const struct tc_ended *e, struct tc_error *err)
{
	const struct tc_head *head = tc_txn_map(c->txn)->head;
	int64_t was = head->all_before;
	int rc = TC_OK;

	if (!tc_text_fits(e->user, 0, TC_USER_MAX) || e->kid > TC_KID_MAX ||
	    e->before <= 0)
		return tc_fail(err, TC_E_INVALID, "not a mark");
	if (*e->user)
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

/* ---- the call ---- */

static int
all_fine(const enum tc_restored *results, size_t n, struct tc_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (results[i] == TC_RESTORED_BAD)
			return tc_fail(err, TC_E_REFUSED,
				       "record %zu is not one", i + 1);
	for (size_t i = 0; i < n; i++)
		if (results[i] == TC_RESTORED_UNDOES)
			return tc_fail(err, TC_E_REFUSED,
				       "a revocation would be undone");
	return TC_OK;
}

int
tc_restore(tc_handle *h, const struct tc_actor *actor,
	   const struct tc_record *const *recs, size_t n,
	   const struct tc_ended *ended, size_t n_ended, unsigned flags,
	   enum tc_restored *results, struct tc_error *err)
{
	struct tc_error local;
	struct tc_change c;
	int rc;

	if (!err)
		err = &local;
	if (n > TC_MANY_MAX)
		return tc_fail(err, TC_E_INVALID, "at most %d records at once",
			       TC_MANY_MAX);
	rc = tc_change_begin(&c, h, actor, err);
	if (rc == TC_OK)
		rc = tc_permit(c.policy, actor, TC_ACT_ADMIN, NULL, err);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = restore_one(&c, recs[i], flags, &results[i], err);
	for (size_t i = 0; rc == TC_OK && i < n_ended; i++)
		rc = mark(&c, &ended[i], err);
	if (rc == TC_OK)
		rc = all_fine(results, n, err);
	if (rc == TC_OK && c.n > 0 && !(flags & TC_RESTORE_CHECK))
		rc = tc_change_commit(&c, err);
	tc_change_end(&c);
	return rc;
}
