/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ending tokens. */
#include <string.h>

#include "change.h"
#include "error.h"
#include "text.h"

static int
revoke_one(struct tc_change *c, const char *id, const char *reason,
	   struct tc_error *err)
{
	const struct tc_key *key;
	struct tc_record *r;
	int rc;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->notes[i].record->id, id) == 0)
			return TC_OK;
	rc = tc_change_get(c, id, &r, &key, err);
	if (rc != TC_OK)
		return rc;
	if (r->state == TC_STATE_REVOKED) {
		tc_record_free(r);
		return TC_OK;
	}
	r->state = TC_STATE_REVOKED;
	r->revoked = c->now;
	r->revoked_by = c->actor->name;
	r->revoked_reason = reason;
	rc = tc_change_put(c, key, r, err);
	if (rc == TC_OK)
		return tc_change_note(c, "revoke", reason, r, r->kid, err);
	tc_record_free(r);
	return rc;
}

int
tc_revoke(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	  size_t n, const char *reason, struct tc_error *err)
{
	struct tc_error local;
	struct tc_change c;
	int rc;

	if (!err)
		err = &local;
	if (n == 0 || !tc_text_fits(reason, 0, TC_REASON_MAX))
		return tc_fail(err, TC_E_INVALID,
			       "a reason has at most %d "
			       "bytes of UTF-8",
			       TC_REASON_MAX);
	rc = tc_change_begin(&c, h, actor, err);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = revoke_one(&c, ids[i], reason, err);
	if (rc == TC_OK && c.n > 0)
		rc = tc_change_commit(&c, err);
	tc_change_end(&c);
	return rc;
}
