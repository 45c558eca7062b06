/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking values that were made elsewhere. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "imported.h"
#include "mint.h"
#include "spec.h"

struct batch {
	struct tc_change change;
	const struct tc_key *key; /* the active one */
	unsigned may; /* what the actor is permitted */
	void *seen; /* tree of the items that go in */
	size_t accepted;
};

static int
by_id(const void *a, const void *b)
{
	const struct tc_import *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int
holds(const char *text, const struct tc_import *item)
{
	return text &&
	       memmem(text, strlen(text), item->value, item->len) != NULL;
}

/* A table that slipped by a column would have us keep the value, or name it in
 * an error. */
static int
is_repeated(const struct tc_import *item)
{
	const struct tc_create *spec = &item->spec;
	int repeated = holds(spec->user, item) || holds(spec->label, item);

	for (size_t i = 0; i < spec->n_services; i++)
		repeated |= holds(spec->services[i], item);
	for (size_t i = 0; i < spec->n_properties; i++)
		repeated |= holds(spec->properties[i].key, item) ||
			    holds(spec->properties[i].value, item);
	return repeated;
}

/* Names that were not looked at yet are not repeated in a message. */
static int
check_text(const struct tc_import *item, struct tc_error *err)
{
	const char *fault = tc_imported_fault(item->value, item->len);

	if (fault)
		return tc_fail(err, TC_E_INVALID, "the value %s", fault);
	if (is_repeated(item))
		return tc_fail(err, TC_E_INVALID,
			       "the value stands among the other fields, too");
	return tc_spec_check(&item->spec, err);
}

/* Everything but what the store has to say. */
static int
check(struct batch *b, const struct tc_import *item, int64_t *expires,
      struct tc_error *err)
{
	struct tc_change *c = &b->change;
	int rc = check_text(item, err);

	if (rc == TC_OK && !tc_may_touch(b->may, c->actor, item->spec.user))
		rc = tc_permit(c->policy, c->actor, TC_ACT_CREATE,
			       item->spec.user, err);
	if (rc == TC_OK)
		rc = tc_spec_allowed(c->policy, &item->spec, c->now, &c->owner,
				     expires, err);
	return rc;
}

static int
already_there(const struct tc_record *r, struct tc_error *err)
{
	switch (r->state) {
	case TC_STATE_ACTIVE:
		return tc_fail(err, TC_E_EXISTS,
			       "the user has this value already: %s", r->id);
	case TC_STATE_REVOKED:
		return tc_fail(err, TC_E_EXISTS,
			       "this value was revoked for good: %s", r->id);
	case TC_STATE_DELETED:
		break;
	}
	return tc_fail(err, TC_E_EXISTS, "this value was deleted for good: %s",
		       r->id);
}

static int
set_id(const struct batch *b, const struct tc_key *key,
       const struct tc_import *item, char id[TC_ID_LEN + 1],
       struct tc_error *err)
{
	unsigned char bytes[TC_ID_BYTES];

	if (tc_imported_id(b->change.h->crypto, key, item->spec.user,
			   item->value, item->len, bytes))
		return tc_fail(err, TC_E_UNAVAILABLE, "no HMAC");
	tc_id_text(bytes, id);
	return TC_OK;
}

/* TC_OK, and the id that it would have under that key; TC_E_EXISTS, the item's
 * own affair; or trouble.  What ended with its key alone may come again under
 * another. */
static int
look_for(struct batch *b, const struct tc_key *key,
	 const struct tc_import *item, char id[TC_ID_LEN + 1],
	 struct tc_error *err)
{
	const struct tc_key *known;
	struct tc_record *r = NULL;
	int rc = set_id(b, key, item, id, err);

	if (rc == TC_OK)
		rc = tc_change_get_any(&b->change, id, &r, &known, err);
	if (rc == TC_E_NOTFOUND)
		return TC_OK;
	if (rc == TC_OK &&
	    (key->state != TC_KEY_RETIRED || r->state != TC_STATE_ACTIVE))
		rc = already_there(r, err);
	tc_record_free(r);
	return rc;
}

static int
must_be_new(struct batch *b, struct tc_import *item, struct tc_error *err)
{
	const struct tc_keys *keys = &b->change.policy->keys;
	const struct tc_import **first;
	int rc = TC_OK;

	for (size_t i = 0; rc == TC_OK && i < keys->n; i++) {
		char id[TC_ID_LEN + 1] = "";

		rc = look_for(b, &keys->key[i], item, id, err);
		if (&keys->key[i] == b->key)
			memcpy(item->id, id, sizeof(id));
	}
	if (rc != TC_OK)
		return rc;
	first = tsearch(item, &b->seen, by_id);
	if (!first)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	return *first == item ? TC_OK
			      : tc_fail(err, TC_E_EXISTS,
					"the same value for the same user "
					"came before");
}

static int
put(struct batch *b, const struct tc_import *item, int64_t expires,
    struct tc_error *err)
{
	const struct tc_create *spec = &item->spec;
	struct tc_record r = {
		.user = spec->user,
		.label = spec->label,
		.kid = b->key->kid,
		.created_by = b->change.actor->name,
		.expires = expires,
		.n_services = spec->n_services,
		.n_sources = spec->n_sources,
		.n_properties = spec->n_properties,
		.services = spec->services,
		.sources = spec->sources,
		.properties = spec->properties,
		.state = TC_STATE_ACTIVE,
		.imported = 1,
	};
	int rc = tc_issue_time(&b->change, spec->user, &r.created, err);

	memcpy(r.id, item->id, sizeof(r.id));
	return rc == TC_OK
		   ? tc_change_put(&b->change, b->key, &r, "import", NULL, err)
		   : rc;
}

/* TC_OK, whether it goes in or item->error says why not; else trouble. */
static int
consider(struct batch *b, struct tc_import *item, struct tc_error *err)
{
	int64_t expires = 0;
	int rc = check(b, item, &expires, &item->error);

	/* Whether its owner may have it cannot be told. */
	if (rc == TC_E_UNAVAILABLE || rc == TC_E_NOMEM)
		*err = item->error;
	else if (rc != TC_OK)
		return TC_OK;
	if (rc == TC_OK)
		rc = must_be_new(b, item, err);
	if (rc == TC_E_EXISTS) {
		item->id[0] = '\0';
		item->error = *err;
		return TC_OK;
	}
	if (rc == TC_OK)
		rc = put(b, item, expires, err);
	b->accepted += rc == TC_OK;
	return rc;
}

static int
import(struct batch *b, struct tc_import *items, size_t n, struct tc_error *err)
{
	int rc = TC_OK;

	b->key = tc_keys_active(&b->change.policy->keys);
	b->may = tc_may(b->change.policy, b->change.actor, TC_ACT_CREATE);
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = consider(b, &items[i], err);
	if (rc == TC_OK && b->accepted > 0)
		rc = tc_change_commit(&b->change, err);
	return rc;
}

static void
keep(void *item)
{
	(void)item;
}

int
tc_import(tc_handle *h, const struct tc_actor *actor, struct tc_import *items,
	  size_t n, struct tc_error *err)
{
	struct batch b = { .accepted = 0 };
	struct tc_error local;
	int rc = TC_OK;

	if (!err)
		err = &local;
	for (size_t i = 0; i < n; i++) {
		items[i].id[0] = '\0';
		memset(&items[i].error, 0, sizeof(items[i].error));
	}
	if (n > TC_IMPORT_MANY)
		rc = tc_fail(err, TC_E_INVALID, "at most %d values at once",
			     TC_IMPORT_MANY);
	if (rc == TC_OK)
		rc = tc_change_begin(&b.change, h, actor, err);
	if (rc == TC_OK)
		rc = import(&b, items, n, err);
	for (size_t i = 0; rc != TC_OK && i < n; i++) {
		items[i].id[0] = '\0';
		if (items[i].error.code == TC_OK)
			items[i].error = *err;
	}
	tdestroy(b.seen, keep);
	tc_change_end(&b.change);
	return rc;
}
