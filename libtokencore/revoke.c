/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ending tokens: one by one, by a mark over all of them, or with their
 * records. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "alter.h"
#include "error.h"
#include "text.h"

/* ---- one by one ---- */

static int
revoke(void *arg, struct tc_change *c, struct tc_record *r,
       const struct tc_key *key, struct tc_error *err)
{
	(void)key;
	(void)err;
	if (r->state != TC_STATE_ACTIVE)
		return TC_LEAVE;
	r->state = TC_STATE_REVOKED;
	r->revoked = c->now;
	r->revoked_by = c->actor->name;
	r->revoked_reason = *(const char **)arg;
	return TC_OK;
}

int
tc_revoke(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	  size_t n, const char *reason, struct tc_error *err)
{
	const struct tc_alteration how = { "revoke", reason, TC_ACT_REVOKE,
					   revoke, &reason };
	struct tc_error local;
	int rc;

	if (!err)
		err = &local;
	rc = tc_reason_check(reason, err);
	return rc == TC_OK ? tc_alter(h, actor, ids, n, &how, err) : rc;
}

/* ---- with their records ---- */

/* What is left refuses the value as "revoked": were nothing left, a right tag
 * without a record would look like a store that was rolled back. */
static int
take_away(void *arg, struct tc_change *c, struct tc_record *r,
	  const struct tc_key *key, struct tc_error *err)
{
	struct tc_record rest = {
		.user = r->user,
		.kid = r->kid,
		.created = r->created,
		.state = TC_STATE_DELETED,
		.revoked = c->now,
		.revoked_by = c->actor->name,
		.imported = r->imported,
	};

	(void)arg;
	(void)key;
	(void)err;
	memcpy(rest.id, r->id, sizeof(rest.id));
	*r = rest;
	return TC_OK;
}

int
tc_delete(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	  size_t n, const char *reason, struct tc_error *err)
{
	const struct tc_alteration how = { "delete", reason, TC_ACT_DELETE,
					   take_away, NULL };
	struct tc_error local;
	int rc;

	if (!err)
		err = &local;
	rc = tc_reason_check(reason, err);
	return rc == TC_OK ? tc_alter(h, actor, ids, n, &how, err) : rc;
}

/* ---- by a mark ---- */

/* A mark that lies further ahead stays. */
static int
mark_user(struct tc_change *c, const char *user, int64_t before,
	  struct tc_error *err)
{
	struct tc_lookup at = { .key_len = 0 };
	unsigned char value[8];
	int64_t was;
	int rc = tc_change_user_mark(c, user, &was, err);

	if (rc != TC_OK || was >= before)
		return rc;
	for (int i = 0; i < 8; i++)
		value[i] = (unsigned char)((uint64_t)before >> (56 - 8 * i));
	tc_key_user(&at, user);
	tc_txn_put(c->txn, &at, value, sizeof(value));
	return TC_OK;
}

int
tc_mark(struct tc_change *c, const char *user, int64_t before,
	struct tc_error *err)
{
	if (user)
		return mark_user(c, user, before, err);
	tc_txn_mark_all(c->txn, before);
	return TC_OK;
}

static void
say_before(int64_t before, const char *reason, char *why, size_t size)
{
	const time_t moment = (time_t)before;
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&moment, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)snprintf(why, size, "everything issued before %s%s%s", when,
		       *reason ? ": " : "", reason);
}

static int
mark(struct tc_change *c, const char *user, int64_t before, const char *reason,
     struct tc_error *err)
{
	int64_t last = before - 1;
	char why[TC_REASON_MAX + 64];
	int rc = tc_permit(c->policy, c->actor, TC_ACT_REVOKE, user, err);

	if (rc == TC_OK && before > c->now)
		rc = tc_fail(err, TC_E_INVALID,
			     "that is in the future: only what was issued "
			     "already can be revoked");
	if (rc == TC_OK && before == 0) {
		last = c->latest;
		rc = tc_change_clock(c, tc_txn_map(c->txn)->head->time,
				     "the last change", err);
	}
	if (rc == TC_OK)
		rc = tc_mark(c, user, last, err);
	say_before(last + 1, reason, why, sizeof(why));
	if (rc == TC_OK)
		rc = tc_change_note(c, "revoke", why, user, 0, err);
	return rc == TC_OK ? tc_change_commit(c, err) : rc;
}

int
tc_revoke_all(tc_handle *h, const struct tc_actor *actor, const char *user,
	      int64_t before, const char *reason, struct tc_error *err)
{
	struct tc_error local;
	struct tc_change c;
	int rc;

	if (!err)
		err = &local;
	rc = tc_reason_check(reason, err);
	if (rc != TC_OK)
		return rc;
	if ((user && !tc_text_fits(user, 1, TC_USER_MAX)) || before < 0)
		return tc_fail(err, TC_E_INVALID, "not a user, or not a time");
	rc = tc_change_begin(&c, h, actor, err);
	if (rc == TC_OK)
		rc = mark(&c, user, before, reason, err);
	tc_change_end(&c);
	return rc;
}
