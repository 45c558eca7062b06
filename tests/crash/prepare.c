/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is there before a change: tokens of every standing. */
#include "act.h"

#include <stdlib.h>
#include <string.h>

#define MANY 250
#define LONG_ROUNDS 24 /* of 40 long records: a journal of over 4 MiB */

static const char *const services[] = { "sshd", "imap" };
static const struct tc_source sources[] = {
	{ .family = 4, .prefix = 24, .addr = { 192, 0, 2, 0 } },
};
static const struct tc_property properties[] = { { "application", "backup" } };

int
make_tokens(struct stage *s, const char *user, const char *prefix, size_t n,
	    struct tc_error *err)
{
	static char tokens[MANY][TC_TOKEN_MAX + 1], labels[MANY][32];
	static struct tc_create specs[MANY];
	int rc;

	for (size_t i = 0; i < n && i < MANY; i++) {
		snprintf(labels[i], sizeof(labels[i]), "%s%03zu", prefix, i);
		specs[i] =
		    (struct tc_create){ .user = user, .label = labels[i] };
		if (i % 4 != 1)
			continue;
		specs[i].n_services = 2;
		specs[i].services = services;
		specs[i].n_sources = 1;
		specs[i].sources = sources;
		specs[i].n_properties = 1;
		specs[i].properties = properties;
		specs[i].expires = 4102444800; /* 2100 */
	}
	rc = tc_create_many(s->h, &s->actor, specs, n, tokens, NULL, err);
	/* Those in the middle of many are like the others. */
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		if (i < 2 || i + 1 == n)
			fprintf(s->known, "%s %s\n", user, tokens[i]);
	return rc;
}

struct wanted {
	const char *prefix;
	size_t prefix_len, room;
	char (*ids)[TC_ID_LEN + 1];
	size_t found;
};

static int
is_wanted(void *arg, const struct tc_record *r)
{
	struct wanted *w = arg;
	unsigned long i;

	if (strncmp(r->label, w->prefix, w->prefix_len) != 0)
		return 0;
	i = strtoul(r->label + w->prefix_len, NULL, 10);
	if (i < w->room) {
		snprintf(w->ids[i], sizeof(w->ids[i]), "%s", r->id);
		w->found++;
	}
	return 0;
}

size_t
ids_of(struct stage *s, const char *user, const char *prefix, size_t room,
       char (*ids)[TC_ID_LEN + 1])
{
	const struct tc_filter filter = { .user = user, .search = prefix };
	struct wanted w = { prefix, strlen(prefix), room, ids, 0 };
	struct tc_error err = { .text = "" };

	if (tc_list(s->h, &s->actor, &filter, is_wanted, &w, &err) ||
	    w.found == 0)
		kit_die("%s/%s: %s", user, prefix, err.text);
	return w.found;
}

/* A key, tokens made with it, and the first key active again. */
static int
tokens_of_key(struct stage *s, unsigned kid, const char *prefix,
	      struct tc_error *err)
{
	int rc = tc_key_add(s->h, &s->actor, kid, NULL, NULL, err);

	if (rc == TC_OK)
		rc = tc_key_activate(s->h, &s->actor, kid, err);
	if (rc == TC_OK)
		rc = make_tokens(s, "carol", prefix, 3, err);
	if (rc == TC_OK)
		rc = tc_key_activate(s->h, &s->actor, 1, err);
	return rc;
}

static int
keys(struct stage *s, struct tc_error *err)
{
	int rc = tokens_of_key(s, 2, "second", err);

	if (rc == TC_OK)
		rc = tokens_of_key(s, 3, "third", err);
	return rc == TC_OK ? tc_key_retire(s->h, &s->actor, 3, err) : rc;
}

/* Only a record that is put back can have ended long ago. */
static int
expire(struct stage *s, const char *prefix, struct tc_error *err)
{
	char ids[1][TC_ID_LEN + 1];
	const struct tc_record *given;
	enum tc_restored result;
	struct tc_record *r, past;
	int rc;

	ids_of(s, "alice", prefix, 1, ids);
	rc = tc_show(s->h, &s->actor, ids[0], &r, err);
	if (rc != TC_OK)
		return rc;
	past = *r;
	past.created = 1700000000;
	past.expires = 1700000001;
	given = &past;
	rc = tc_restore(s->h, &s->actor, &given, 1, NULL, 0, TC_RESTORE_FORCE,
			&result, err);
	tc_record_free(r);
	return rc;
}

static int
end_some(struct stage *s, struct tc_error *err)
{
	char ids[3][TC_ID_LEN + 1], token[TC_TOKEN_MAX + 1];
	const char *one[1];
	int rc;

	ids_of(s, "alice", "gone", 3, ids);
	one[0] = ids[0];
	rc = tc_revoke(s->h, &s->actor, one, 1, "left on a train", err);
	one[0] = ids[1];
	if (rc == TC_OK)
		rc = tc_delete(s->h, &s->actor, one, 1, "", err);
	if (rc == TC_OK)
		rc = tc_regenerate(s->h, &s->actor, ids[2], TC_EXPIRES_KEEP,
				   token, NULL, err);
	if (rc == TC_OK)
		fprintf(s->known, "alice %s\n", token);
	return rc == TC_OK ? expire(s, "past", err) : rc;
}

static int
outside_values(struct stage *s, struct tc_error *err)
{
	static const char *const values[] = {
		"portal-value-one-0123456789",
		"portal-value-two-0123456789",
	};
	struct tc_import items[2];
	const char *one[1] = { items[1].id };
	int rc;

	memset(items, 0, sizeof(items));
	for (int i = 0; i < 2; i++) {
		items[i].spec.user = "alice";
		items[i].spec.label = "portal";
		items[i].value = values[i];
		items[i].len = strlen(values[i]);
		fprintf(s->known, "alice %s\n", values[i]);
	}
	rc = tc_import(s->h, &s->actor, items, 2, err);
	return rc == TC_OK ? tc_revoke(s->h, &s->actor, one, 1, "", err) : rc;
}

int
prepare_small(struct stage *s, struct tc_error *err)
{
	int rc = make_tokens(s, "alice", "a", 40, err);

	if (rc == TC_OK)
		rc = make_tokens(s, "alice", "gone", 3, err);
	if (rc == TC_OK)
		rc = make_tokens(s, "alice", "past", 1, err);
	if (rc == TC_OK)
		rc = make_tokens(s, "bob", "old", 2, err);
	if (rc == TC_OK)
		rc = tc_revoke_all(s->h, &s->actor, "bob", 0, "", err);
	if (rc == TC_OK)
		rc = make_tokens(s, "bob", "new", 2, err);
	if (rc == TC_OK)
		rc = keys(s, err);
	if (rc == TC_OK)
		rc = end_some(s, err);
	return rc == TC_OK ? outside_values(s, err) : rc;
}

/* A commit after them, so that the next need not make them once more. */
int
prepare_medium(struct stage *s, struct tc_error *err)
{
	int rc = make_tokens(s, "alice", "b", 60, err);

	return rc == TC_OK ? make_tokens(s, "alice", "a", 1, err) : rc;
}

int
prepare_large(struct stage *s, struct tc_error *err)
{
	int rc = make_tokens(s, "alice", "b", 200, err);

	return rc == TC_OK ? make_tokens(s, "alice", "a", 1, err) : rc;
}

/* Long records, changed again and again, make a long journal. */
int
prepare_journal(struct stage *s, struct tc_error *err)
{
	static char text[TC_PROP_VALUE_MAX + 1], names[16][8];
	struct tc_property many[TC_PROPERTIES_MAX - 1];
	struct tc_edit edit = { .what = TC_EDIT_PROPERTIES,
				.n_properties = TC_PROPERTIES_MAX - 1,
				.properties = many };
	char ids[40][TC_ID_LEN + 1];
	const char *all[40];
	int rc = prepare_small(s, err);

	ids_of(s, "alice", "a", 40, ids);
	for (size_t i = 0; i < 40; i++)
		all[i] = ids[i];
	for (size_t i = 0; i < edit.n_properties; i++) {
		snprintf(names[i], sizeof(names[i]), "p%zu", i);
		many[i] = (struct tc_property){ names[i], text };
	}
	for (int i = 0; rc == TC_OK && i < LONG_ROUNDS; i++) {
		memset(text, 'a' + i, TC_PROP_VALUE_MAX);
		rc = tc_edit(s->h, &s->actor, all, 40, &edit, err);
	}
	return rc;
}
