/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "error.h"
#include "record.h"
#include "standing.h"
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
		tc_txn_end(c->txn);
		c->txn = NULL;
	}
	tc_policy_put(c->h, c->policy);
	c->policy = now;
	return TC_OK;
}

/* Does a moment lie further ahead of the clock than tokens may? */
static int
ahead(const struct tc_change *c, int64_t moment)
{
	int64_t skew = c->policy->config.clock_skew;

	return moment > c->now && moment - c->now > (skew > 0 ? skew : 1);
}

static void
not_before(struct tc_change *c, int64_t moment)
{
	if (moment > c->latest && !ahead(c, moment))
		c->latest = moment;
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
	if (rc == TC_OK)
		rc = tc_clock(&c->now, err);
	if (rc == TC_OK) {
		c->latest = c->now;
		not_before(c, tc_txn_map(c->txn)->head->time);
	}
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

/* ---- lines for the logs ---- */

typedef int sink_fn(struct tc_change *c, const struct tc_event *e,
		    struct tc_error *err);

struct telling {
	struct tc_change *c;
	sink_fn *sink;
	size_t at; /* the next note */
	int rc;
	struct tc_error *err;
};

static void
tell(struct telling *t, const struct tc_note *n, const struct tc_record *r)
{
	const struct tc_event e = {
		.event = n->event,
		.result = "ok",
		.why = n->why,
		.id = r ? r->id : NULL,
		.label = n->label ? n->label
			 : r	  ? r->label
				  : NULL,
		.user = r ? r->user : n->user,
		.kid = r ? r->kid : n->kid,
		.actor = t->c->actor->name,
		.priority = LOG_NOTICE,
	};

	t->rc = t->sink(t->c, &e, t->err);
}

/* Those before the next record. */
static void
tell_plain(struct telling *t)
{
	struct tc_change *c = t->c;

	for (; t->rc == TC_OK && t->at < c->n && !c->notes[t->at].put; t->at++)
		tell(t, &c->notes[t->at], NULL);
}

static int
tell_put(void *arg, const unsigned char *key, size_t key_len,
	 const unsigned char *value, size_t len)
{
	struct telling *t = arg;
	struct tc_change *c = t->c;
	struct tc_record *r;

	(void)key_len;
	if (key[0] != 't')
		return 0;
	tell_plain(t);
	if (t->rc != TC_OK || t->at == c->n)
		return t->rc;
	if (c->notes[t->at].event) {
		r = tc_record_read(key, value, len);
		if (r)
			tell(t, &c->notes[t->at], r);
		else
			t->rc = tc_fail(t->err, TC_E_NOMEM, "out of memory");
		tc_record_free(r);
	}
	t->at++;
	return t->rc;
}

static int
tell_all(struct tc_change *c, sink_fn *sink, struct tc_error *err)
{
	struct telling t = { .c = c, .sink = sink, .err = err };

	if (c->txn && tc_txn_puts(c->txn, tell_put, &t) < 0)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	tell_plain(&t);
	return t.rc;
}

static int
to_audit(struct tc_change *c, const struct tc_event *e, struct tc_error *err)
{
	return tc_audit_change(c->policy, e, err);
}

static int
to_syslog(struct tc_change *c, const struct tc_event *e, struct tc_error *err)
{
	(void)err;
	tc_audit_text(c->h, c->policy, e);
	return TC_OK;
}

int
tc_change_lines(struct tc_change *c, struct tc_error *err)
{
	return tell_all(c, to_audit, err);
}

void
tc_change_tell(struct tc_change *c)
{
	struct tc_error unused;

	(void)tell_all(c, to_syslog, &unused);
}

static int
lines_hook(void *arg, struct tc_error *err)
{
	return tc_change_lines(arg, err);
}

static int
note(struct tc_change *c, const struct tc_note *n, struct tc_error *err)
{
	if (c->n == c->room && grow(c))
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	c->notes[c->n++] = *n;
	return TC_OK;
}

int
tc_change_note(struct tc_change *c, const char *event, const char *why,
	       const char *user, unsigned kid, struct tc_error *err)
{
	const struct tc_note n = {
		.event = event, .why = why, .user = user, .kid = kid
	};

	return note(c, &n, err);
}

int
tc_change_label(struct tc_change *c, const char *label, struct tc_error *err)
{
	char *copy = strdup(label);

	if (!copy)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	c->notes[c->n - 1].label = copy;
	return TC_OK;
}

int
tc_change_commit(struct tc_change *c, struct tc_error *err)
{
	int rc = tc_txn_commit(c->txn, c->latest, lines_hook, c, err);

	if (rc == TC_OK)
		tc_change_tell(c);
	return rc;
}

void
tc_change_end(struct tc_change *c)
{
	tc_txn_end(c->txn);
	for (size_t i = 0; i < c->n; i++)
		free(c->notes[i].label);
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
	      const struct tc_record *r, const char *event, const char *why,
	      struct tc_error *err)
{
	const struct tc_note n = { .event = event, .why = why, .put = 1 };
	struct tc_writer w = { 0 };
	struct tc_lookup at;
	int rc = item_key(r->id, &at, err);

	if (rc != TC_OK)
		return rc;
	not_before(c, r->created);
	tc_record_write(c->h->crypto, &w, key->rec, &at, r);
	if (w.bad)
		rc = tc_fail(err, TC_E_NOMEM, "out of memory");
	else
		tc_txn_put(c->txn, &at, w.data, w.len);
	tc_writer_free(&w);
	return rc == TC_OK ? note(c, &n, err) : rc;
}

int
tc_change_get_any(struct tc_change *c, const char *id, struct tc_record **r,
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
	rc = TC_E_UNAVAILABLE;
	if (!*r)
		(void)tc_fail(err, rc, "%s: the record %s is damaged", path,
			      id);
	else if (!*key)
		(void)tc_fail(err, rc, "%s: its key %u is not in %s", id,
			      (*r)->kid, c->policy->config.secret_file);
	else if (!tc_record_sealed(c->h->crypto, (*key)->rec, at.key, at.value,
				   at.len))
		(void)tc_fail(err, rc, "%s: the seal of record %s does not fit",
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

int
tc_change_get(struct tc_change *c, const char *id, struct tc_record **r,
	      const struct tc_key **key, struct tc_error *err)
{
	int rc = tc_change_get_any(c, id, r, key, err);

	if (rc != TC_OK || !*r || (*r)->state != TC_STATE_DELETED)
		return rc;
	tc_record_free(*r);
	*r = NULL;
	return tc_fail(err, TC_E_NOTFOUND, "no such token: %s", id);
}

int
tc_change_clock(const struct tc_change *c, int64_t moment, const char *what,
		struct tc_error *err)
{
	if (!ahead(c, moment))
		return TC_OK;
	return tc_fail(err, TC_E_UNAVAILABLE,
		       "%s lies %" PRId64 " seconds ahead of the clock: set it",
		       what, moment - c->now);
}

int
tc_change_user_mark(struct tc_change *c, const char *user, int64_t *before,
		    struct tc_error *err)
{
	struct tc_map *m = tc_txn_map(c->txn);
	struct tc_lookup at = { .key_len = 0 };
	int rc;

	*before = 0;
	/* Only marks are no tokens. */
	if (m->head->items == m->head->tokens)
		return TC_OK;
	tc_key_user(&at, user);
	rc = tc_map_get(m, at.key, at.key_len, &at.value, &at.len);
	if (rc > 0) {
		rc = tc_user_mark(at.value, at.len, before);
		m->why = "a user's mark is damaged";
		free(at.value);
	}
	return rc < 0 ? tc_fail(err, TC_E_UNAVAILABLE, "%s: %s",
				tc_txn_path(c->txn), m->why)
		      : TC_OK;
}
