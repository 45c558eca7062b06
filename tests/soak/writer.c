/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A writer: changes of all kinds, one after another.  Its users are its own,
 * so that it knows what its tokens are; what reaches the other writer's, too,
 * it does alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "writer.h"

#define AT_ONCE 5
#define LIVING_WANTED 250
#define SLOW 0.05 /* seconds of a change that the other may wait for */

static const char *const services[NAMES] = { "sshd", "imap", "smtp", "ldap",
					     "mail" };
static struct tc_source network;

static unsigned
below(struct writer *w, unsigned limit)
{
	return (unsigned)kit_below(&w->seed, limit);
}

static struct oracle_slot *
slot_of(const struct writer *w, unsigned i)
{
	return &w->part->slot[w->living[i]];
}

/* ---- what a token is to be ---- */

struct wish {
	struct oracle_status status;
	char user[ORACLE_USER_MAX + 1];
	const char *names[NAMES];
	struct tc_create spec;
};

static int64_t
draw_expiry(struct writer *w)
{
	int64_t now = (int64_t)time(NULL);

	switch (below(w, 4)) {
	case 0:
		return now + 3 + below(w, 3);
	case 1:
		return now + 86400;
	default:
		return 0;
	}
}

/* A moment that was to come had passed when the change came to be made: then it
 * is refused, and changes nothing. */
static int
too_late(int rc, int64_t expires)
{
	return rc == TC_E_INVALID && expires != 0 &&
	       expires <= (int64_t)time(NULL);
}

static size_t
list_names(unsigned names, const char *out[NAMES])
{
	size_t n = 0;

	for (unsigned i = 0; i < NAMES; i++)
		if ((names & 1U << i) != 0)
			out[n++] = services[i];
	return n;
}

static unsigned
draw_names(struct writer *w)
{
	return below(w, 3) == 0 ? 0 : 1 + below(w, (1U << NAMES) - 1);
}

static void
draw_wish(struct writer *w, struct wish *wish)
{
	*wish = (struct wish){
		.status = { .life = LIVES,
			    .names = draw_names(w),
			    .network = below(w, 4) == 0,
			    .expires = draw_expiry(w) },
	};
	(void)snprintf(wish->user, sizeof(wish->user), "soak%u-%u", w->at,
		       below(w, WRITER_USERS));
	wish->spec = (struct tc_create){
		.user = wish->user,
		.label = "soak",
		.expires = wish->status.expires,
		.n_services = list_names(wish->status.names, wish->names),
		.services = wish->names,
		.n_sources = wish->status.network ? 1 : 0,
		.sources = &network,
	};
}

/* ---- new tokens ---- */

static void
enter(struct writer *w, const char *token, const struct tc_record *rec,
      const struct oracle_status *status)
{
	struct oracle_slot *slot = oracle_new(w->part);

	if (slot == NULL)
		return;
	(void)snprintf(slot->user, sizeof(slot->user), "%s", rec->user);
	(void)snprintf(slot->text, sizeof(slot->text), "%s", token);
	memcpy(slot->id, rec->id, sizeof(slot->id));
	slot->kid = rec->kid;
	memcpy(slot->stored_key, rec->scram->stored_key,
	       sizeof(slot->stored_key));
	oracle_begin(slot, status);
	oracle_publish(w->part);
	oracle_heat(w->part, slot);
	w->living[w->n_living++] = (unsigned)(slot - w->part->slot);
}

static void
create(struct writer *w, unsigned n)
{
	char tokens[AT_ONCE][TC_TOKEN_MAX + 1];
	struct tc_record *recs[AT_ONCE];
	struct tc_create specs[AT_ONCE];
	struct wish wishes[AT_ONCE];
	struct tc_error err;
	uint64_t begun;
	int rc;

	for (unsigned i = 0; i < n; i++) {
		draw_wish(w, &wishes[i]);
		specs[i] = wishes[i].spec;
	}
	begun = timeline_now();
	rc = tc_create_many(w->h, &kit_actor, specs, n, tokens, recs, &err);
	for (unsigned i = 0; i < n; i++)
		if (too_late(rc, specs[i].expires))
			return;
	soak_changed(n > 1 ? CREATE_MANY : CREATE, begun, rc, err.text);
	for (unsigned i = 0; rc == TC_OK && i < n; i++) {
		enter(w, tokens[i], recs[i], &wishes[i].status);
		tc_record_free(recs[i]);
	}
}

/* Known to readers before it is in the store. */
static void
import(struct writer *w)
{
	const struct oracle_status not_yet = { .life = NOT_YET };
	struct oracle_slot *slot = oracle_new(w->part);
	struct tc_import item;
	struct wish wish;
	struct tc_error err;
	uint64_t begun;
	int rc;

	if (slot == NULL)
		return;
	draw_wish(w, &wish);
	(void)snprintf(slot->user, sizeof(slot->user), "%s", wish.user);
	(void)snprintf(slot->text, sizeof(slot->text), "made elsewhere %016llx",
		       (unsigned long long)kit_random(&w->seed));
	slot->imported = 1;
	slot->kid = soak->active_kid;
	oracle_begin(slot, &not_yet);
	oracle_publish(w->part);
	oracle_heat(w->part, slot);
	item = (struct tc_import){ .spec = wish.spec,
				   .value = slot->text,
				   .len = strlen(slot->text) };
	begun = timeline_now();
	oracle_begin(slot, &wish.status);
	rc = tc_import(w->h, &kit_actor, &item, 1, &err);
	if (rc == TC_OK && item.error.code != TC_OK) {
		rc = item.error.code;
		err = item.error;
	}
	oracle_end(slot);
	if (too_late(rc, wish.status.expires)) {
		oracle_begin(slot, &not_yet);
		oracle_end(slot);
		return;
	}
	soak_changed(IMPORT, begun, rc, err.text);
	memcpy(slot->id, item.id, sizeof(slot->id));
	w->living[w->n_living++] = (unsigned)(slot - w->part->slot);
}

/* ---- changes of tokens that are there ---- */

/* Those that a change is about. */
struct some {
	unsigned at[AT_ONCE]; /* in living */
	const char *ids[AT_ONCE];
	unsigned n;
};

static void
draw_some(struct writer *w, struct some *s, unsigned most)
{
	unsigned from = below(w, w->n_living);

	s->n = 1 + below(w, most);
	if (s->n > w->n_living)
		s->n = w->n_living;
	for (unsigned i = 0; i < s->n; i++) {
		s->at[i] = (from + i) % w->n_living;
		s->ids[i] = slot_of(w, s->at[i])->id;
	}
}

static void
begin_all(struct writer *w, const struct some *s,
	  const struct oracle_status *next)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct oracle_slot *slot = slot_of(w, s->at[i]);

		oracle_heat(w->part, slot);
		oracle_begin(slot, &next[i]);
	}
}

static void
end_all(struct writer *w, const struct some *s)
{
	for (unsigned i = 0; i < s->n; i++)
		oracle_end(slot_of(w, s->at[i]));
}

void
writer_bury(struct writer *w)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->n_living; i++)
		if (oracle_status(slot_of(w, i)).life == LIVES)
			w->living[kept++] = w->living[i];
	w->n_living = kept;
}

static void
edit(struct writer *w)
{
	struct oracle_status next[AT_ONCE];
	unsigned names = draw_names(w);
	int network_only = below(w, 4) == 0;
	const char *list[NAMES];
	const struct tc_edit change = {
		.what = TC_EDIT_SERVICES | TC_EDIT_SOURCES | TC_EDIT_LABEL,
		.label = "edited",
		.n_services = list_names(names, list),
		.services = list,
		.n_sources = network_only ? 1 : 0,
		.sources = &network,
	};
	struct tc_error err;
	struct some s;
	uint64_t begun;
	int rc;

	draw_some(w, &s, AT_ONCE);
	for (unsigned i = 0; i < s.n; i++) {
		next[i] = oracle_status(slot_of(w, s.at[i]));
		next[i].names = names;
		next[i].network = network_only;
	}
	begun = timeline_now();
	begin_all(w, &s, next);
	rc = tc_edit(w->h, &kit_actor, s.ids, s.n, &change, &err);
	soak_changed(EDIT, begun, rc, err.text);
	end_all(w, &s);
}

static void
renew(struct writer *w)
{
	struct oracle_status was[AT_ONCE], next[AT_ONCE];
	int64_t expires = draw_expiry(w);
	struct tc_error err;
	struct some s;
	uint64_t begun;
	int rc;

	draw_some(w, &s, AT_ONCE);
	for (unsigned i = 0; i < s.n; i++) {
		was[i] = next[i] = oracle_status(slot_of(w, s.at[i]));
		next[i].expires = expires;
	}
	begun = timeline_now();
	begin_all(w, &s, next);
	rc = tc_renew(w->h, &kit_actor, s.ids, s.n, expires, &err);
	end_all(w, &s);
	if (too_late(rc, expires)) {
		begin_all(w, &s, was);
		end_all(w, &s);
		return;
	}
	soak_changed(RENEW, begun, rc, err.text);
}

/* Revokes or deletes. */
static void
end_some(struct writer *w, enum change how)
{
	struct oracle_status next[AT_ONCE];
	struct tc_error err;
	struct some s;
	uint64_t begun;
	int rc;

	draw_some(w, &s, AT_ONCE);
	for (unsigned i = 0; i < s.n; i++) {
		next[i] = oracle_status(slot_of(w, s.at[i]));
		next[i].life = how == DELETE ? DELETED : REVOKED;
	}
	begun = timeline_now();
	begin_all(w, &s, next);
	rc = how == DELETE
		 ? tc_delete(w->h, &kit_actor, s.ids, s.n, "soak", &err)
		 : tc_revoke(w->h, &kit_actor, s.ids, s.n, "soak", &err);
	soak_changed(how, begun, rc, err.text);
	end_all(w, &s);
}

/* A copy, or a new value for the old one. */
static void
make_again(struct writer *w, enum change how)
{
	struct tc_record *rec = NULL;
	struct oracle_status status;
	char token[TC_TOKEN_MAX + 1];
	struct tc_error err;
	struct some s;
	uint64_t begun;
	int rc;

	draw_some(w, &s, 1);
	if (slot_of(w, s.at[0])->imported)
		return;
	status = oracle_status(slot_of(w, s.at[0]));
	begun = timeline_now();
	if (how == REGENERATE) {
		struct oracle_status old = status;

		old.life = REVOKED;
		begin_all(w, &s, &old);
		rc = tc_regenerate(w->h, &kit_actor, s.ids[0], TC_EXPIRES_KEEP,
				   token, &rec, &err);
		end_all(w, &s);
	} else {
		rc = tc_copy(w->h, &kit_actor, s.ids[0], NULL, NULL, token,
			     &rec, &err);
	}
	soak_changed(how, begun, rc, err.text);
	if (rc != TC_OK)
		return;
	status.expires = rec->expires;
	enter(w, token, rec, &status);
	tc_record_free(rec);
}

static void
compact(struct writer *w)
{
	uint64_t begun = timeline_now();
	struct tc_error err;
	int rc = tc_compact(w->h, &kit_actor, &err);

	soak_changed(COMPACT, begun, rc, err.text);
}

/* ---- one after another ---- */

static void
create_one(struct writer *w)
{
	create(w, 1);
}

static void
create_some(struct writer *w)
{
	create(w, 2 + below(w, AT_ONCE - 1));
}

static void
revoke(struct writer *w)
{
	end_some(w, REVOKE);
}

static void delete (struct writer *w)
{
	end_some(w, DELETE);
}

static void
copy(struct writer *w)
{
	make_again(w, COPY);
}

static void
regenerate(struct writer *w)
{
	make_again(w, REGENERATE);
}

/* More are made while there are few, more are ended while there are many. */
static const struct {
	void (*fn)(struct writer *w);
	unsigned while_few, while_many; /* how often */
} table[] = {
	{ create_one, 30, 10 }, { create_some, 20, 2 }, { edit, 15, 15 },
	{ renew, 12, 12 },	{ copy, 6, 4 },		{ regenerate, 8, 8 },
	{ import, 10, 6 },	{ revoke, 6, 14 },	{ delete, 3, 8 },
	{ compact, 1, 1 },
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static size_t
draw_row(struct writer *w)
{
	int few = w->n_living < LIVING_WANTED;
	unsigned sum = 0, dice;
	size_t i;

	for (i = 0; i < ROWS; i++)
		sum += few ? table[i].while_few : table[i].while_many;
	dice = below(w, sum);
	for (i = 0; i < ROWS - 1; i++) {
		unsigned share = few ? table[i].while_few : table[i].while_many;

		if (dice < share)
			break;
		dice -= share;
	}
	return i;
}

/* Each kind in its turn first: where the disk is slow, marks would leave few of
 * the tokens that rare kinds need. */
static void
change_something(struct writer *w)
{
	size_t row = w->turn < ROWS ? w->turn : draw_row(w);

	pthread_rwlock_rdlock(&soak->lock);
	writer_bury(w);
	if (w->n_living == 0) {
		create_one(w);
	} else {
		table[row].fn(w);
		w->turn += w->turn < ROWS;
	}
	pthread_rwlock_unlock(&soak->lock);
}

void
writer_run(unsigned at, uint64_t seed)
{
	static struct writer w;
	struct tc_error err;

	w = (struct writer){ .at = at,
			     .seed = seed,
			     .h = kit_open(soak_options.config),
			     .part = &soak->oracle.part[at] };
	if (tc_parse_source(ORACLE_NETWORK, &network, &err) != TC_OK)
		kit_die("%s: %s", ORACLE_NETWORK, err.text);
	while (!soak->stop) {
		double begun = kit_clock();

		change_something(&w);
		if (w.turn == ROWS)
			writer_marks(&w);
		if (kit_clock() - begun > SLOW)
			kit_nap(KIT_TURN);
	}
	tc_free(w.h);
}
