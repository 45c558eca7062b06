/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "change.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "error.h"
#include "record.h"
#include "text.h"

/* Takes the lock.  Keys and configuration may have changed while it was
 * waited for: then once more, under the new ones. */
static int
begin_once(struct tc_change *c, int *settled, struct tc_error *err)
{
	struct tc_policy *now;
	int rc = tc_txn_begin(&c->policy->store, &c->txn, err);

	if (rc != TC_OK)
		return rc;
	now = tc_policy_get(c->h, err);
	if (!now)
		return err->code;
	*settled = now == c->policy;
	if (!*settled) {
		tc_txn_abort(c->txn);
		c->txn = NULL;
	}
	tc_policy_put(c->h, c->policy);
	c->policy = now;
	return TC_OK;
}

int
tc_change_begin(struct tc_change *c, tc_handle *h, const struct tc_actor *actor,
		struct tc_error *err)
{
	int rc = TC_OK, settled = 0;

	memset(c, 0, sizeof(*c));
	c->h = h;
	c->actor = actor;
	if (!tc_text_fits(actor->name, 1, TC_USER_MAX))
		return tc_fail(err, TC_E_INVALID, "who asks has no name");
	c->policy = tc_policy_get(h, err);
	if (!c->policy)
		return err->code;
	while (rc == TC_OK && !settled)
		rc = begin_once(c, &settled, err);
	c->now = (int64_t)time(NULL);
	if (rc == TC_OK && !c->policy->config.enabled)
		return tc_fail(err, TC_E_REFUSED,
			       "%s: \"enabled = no\": "
			       "nothing may be changed",
			       h->config_path);
	return rc;
}

static int
grow(struct tc_change *c)
{
	size_t room = c->room ? 2 * c->room : 8;
	struct tc_note *notes = realloc(c->notes, room * sizeof(*notes));

	if (!notes)
		return -1;
	c->notes = notes;
	c->room = room;
	return 0;
}

int
tc_change_note(struct tc_change *c, const char *event, const char *why,
	       struct tc_record *r, unsigned kid, struct tc_error *err)
{
	if (c->n == c->room && grow(c)) {
		tc_record_free(r);
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	}
	c->notes[c->n].record = r;
	c->notes[c->n++].event = (struct tc_event){
		.event = event,
		.result = "ok",
		.why = why,
		.id = r ? r->id : NULL,
		.label = r ? r->label : NULL,
		.user = r ? r->user : NULL,
		.kid = kid,
		.actor = c->actor->name,
		.priority = LOG_NOTICE,
	};
	return TC_OK;
}

int
tc_change_lines(struct tc_change *c, struct tc_error *err)
{
	int rc = TC_OK;

	for (size_t i = 0; rc == TC_OK && i < c->n; i++)
		rc = tc_audit_change(c->policy, &c->notes[i].event, err);
	return rc;
}

static int
lines_hook(void *arg, struct tc_error *err)
{
	return tc_change_lines(arg, err);
}

int
tc_change_commit(struct tc_change *c, struct tc_error *err)
{
	struct tc_txn *txn = c->txn;
	int rc;

	c->txn = NULL;
	rc = tc_txn_commit(txn, c->now, lines_hook, c, err);
	if (rc == TC_OK)
		tc_change_tell(c);
	return rc;
}

void
tc_change_tell(const struct tc_change *c)
{
	for (size_t i = 0; i < c->n; i++)
		tc_audit_text(c->h, c->policy, &c->notes[i].event);
}

void
tc_change_end(struct tc_change *c)
{
	tc_txn_abort(c->txn);
	for (size_t i = 0; i < c->n; i++)
		tc_record_free(c->notes[i].record);
	free(c->notes);
	tc_policy_put(c->h, c->policy);
	memset(c, 0, sizeof(*c));
}

static int
item_key(const char *id, struct tc_lookup *key, struct tc_error *err)
{
	unsigned char bytes[TC_ID_BYTES];

	if (tc_id_bytes(id, bytes))
		return tc_fail(err, TC_E_INVALID, "not an id: %.40s", id);
	tc_key_token(key, bytes);
	return TC_OK;
}

int
tc_change_put(struct tc_change *c, const struct tc_key *key,
	      const struct tc_record *r, struct tc_error *err)
{
	struct tc_writer w = { 0 };
	struct tc_lookup at;
	int rc = item_key(r->id, &at, err);

	if (rc != TC_OK)
		return rc;
	tc_record_write(&c->h->crypto, &w, key->rec, &at, r);
	if (w.bad)
		rc = tc_fail(err, TC_E_NOMEM, "out of memory");
	else
		tc_txn_put(c->txn, &at, w.data, w.len);
	tc_writer_free(&w);
	return rc;
}

int
tc_change_get(struct tc_change *c, const char *id, struct tc_record **r,
	      const struct tc_key **key, struct tc_error *err)
{
	struct tc_map *m = tc_txn_map(c->txn);
	const char *path = tc_txn_path(c->txn);
	struct tc_lookup at = { .key_len = 0 };
	int rc = item_key(id, &at, err);

	if (rc != TC_OK)
		return rc;
	rc = tc_map_get(m, at.key, at.key_len, &at.value, &at.len);
	if (rc < 0)
		return tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", path, m->why);
	if (rc == 0)
		return tc_fail(err, TC_E_NOTFOUND, "no such token: %s", id);
	*r = tc_record_read(at.key, at.value, at.len);
	*key = *r ? tc_keys_find(&c->policy->keys, (*r)->kid) : NULL;
	if (!*r)
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "%s: the record %s is "
			     "damaged",
			     path, id);
	else if (!*key)
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "%s: its key %u is not "
			     "in %s",
			     id, (*r)->kid, c->policy->config.secret_file);
	else if (!tc_record_sealed(&c->h->crypto, (*key)->rec, at.key, at.value,
				   at.len))
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "%s: the seal of record "
			     "%s does not fit",
			     path, id);
	else
		rc = TC_OK;
	free(at.value);
	if (rc != TC_OK) {
		tc_record_free(*r);
		*r = NULL;
	}
	return rc;
}
