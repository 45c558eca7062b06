/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of many tokens at once: by marks and by keys. */
#include <stdio.h>
#include <string.h>

#include "writer.h"

/* Retired keys stay in the store's head for good. */
#define KEYS_MAX 40
/* Seconds.  A mark is followed by tokens that count as made a second later, and
 * the next mark lies behind them: faster than that, and it would run ahead of
 * the clock. */
#define MARK_PAUSE 1.5
#define KEY_PAUSE 2.0

typedef int chosen_fn(const struct oracle_slot *slot, const void *arg);

/* Marks reach what lives.  A retired key is not looked under for values, also
 * not for those that had ended before. */
static int
is_reached(const struct oracle_slot *slot, enum oracle_life was,
	   enum oracle_life life)
{
	return was == LIVES || (life == KEY_RETIRED && slot->imported);
}

static int
is_of_user(const struct oracle_slot *slot, const void *user)
{
	return user == NULL || strcmp(slot->user, user) == 0;
}

static int
is_of_key(const struct oracle_slot *slot, const void *kid)
{
	return slot->kid == *(const unsigned *)kid;
}

/* Begins (or ends) what the mark means for each token that lives. */
static void
mark_part(struct oracle_part *part, enum oracle_life life, chosen_fn *chosen,
	  const void *arg, unsigned char *marked, int end)
{
	unsigned n = part->n;

	for (unsigned i = 0; i < n; i++) {
		struct oracle_slot *slot = &part->slot[i];
		struct oracle_status s = oracle_status(slot);

		if (end && marked[i]) {
			oracle_end(slot);
		} else if (!end && is_reached(slot, s.life, life) &&
			   chosen(slot, arg)) {
			s.life = life;
			oracle_begin(slot, &s);
			if (i + ORACLE_HOT > n)
				oracle_heat(part, slot);
			marked[i] = 1;
		}
	}
}

static void
mark(struct oracle_part *first, unsigned n, enum oracle_life life,
     chosen_fn *chosen, const void *arg, int end)
{
	static unsigned char marked[ORACLE_WRITERS][ORACLE_SLOTS];

	for (unsigned i = 0; i < n; i++) {
		if (!end)
			memset(marked[i], 0, sizeof(marked[i]));
		mark_part(&first[i], life, chosen, arg, marked[i], end);
	}
}

static void
revoke_user(struct writer *w)
{
	char user[ORACLE_USER_MAX + 1];
	struct tc_error err;
	uint64_t begun;
	int rc;

	(void)snprintf(user, sizeof(user), "soak%u-%u", w->at,
		       (unsigned)kit_below(&w->seed, WRITER_USERS));
	begun = timeline_now();
	mark(w->part, 1, REVOKED, is_of_user, user, 0);
	rc = tc_revoke_all(w->h, &kit_actor, user, 0, "soak", &err);
	soak_changed(REVOKE_USER, begun, rc, err.text);
	mark(w->part, 1, REVOKED, is_of_user, user, 1);
}

static void
revoke_all(struct writer *w)
{
	struct oracle_part *parts = soak->oracle.part;
	struct tc_error err;
	uint64_t begun = timeline_now();
	int rc;

	mark(parts, ORACLE_WRITERS, REVOKED, is_of_user, NULL, 0);
	rc = tc_revoke_all(w->h, &kit_actor, NULL, 0, "soak", &err);
	soak_changed(REVOKE_ALL, begun, rc, err.text);
	mark(parts, ORACLE_WRITERS, REVOKED, is_of_user, NULL, 1);
}

/* A new active key; the one before ends, and all its tokens with it. */
static void
change_keys(struct writer *w)
{
	struct oracle_part *parts = soak->oracle.part;
	struct tc_error err;
	uint64_t begun = timeline_now();
	unsigned active = soak->active_kid, kid = 0;
	int rc = tc_key_add(w->h, &kit_actor, 0, NULL, &kid, &err);

	soak_changed(KEY_ADD, begun, rc, err.text);
	begun = timeline_now();
	rc = tc_key_activate(w->h, &kit_actor, kid, &err);
	soak_changed(KEY_ACTIVATE, begun, rc, err.text);
	begun = timeline_now();
	mark(parts, ORACLE_WRITERS, KEY_RETIRED, is_of_key, &active, 0);
	rc = tc_key_retire(w->h, &kit_actor, active, &err);
	soak_changed(KEY_RETIRE, begun, rc, err.text);
	mark(parts, ORACLE_WRITERS, KEY_RETIRED, is_of_key, &active, 1);
	soak->active_kid = kid;
}

void
writer_marks(struct writer *w)
{
	double now = kit_clock();
	int whole = kit_below(&w->seed, 4) == 0;

	if (w->next_mark == 0)
		w->next_mark = now + MARK_PAUSE;
	if (w->next_key == 0)
		w->next_key = now + KEY_PAUSE;
	if (now >= w->next_mark) {
		/* What reaches the other's tokens is done alone. */
		if (whole)
			pthread_rwlock_wrlock(&soak->lock);
		else
			pthread_rwlock_rdlock(&soak->lock);
		if (whole)
			revoke_all(w);
		else
			revoke_user(w);
		pthread_rwlock_unlock(&soak->lock);
		w->next_mark = kit_clock() + ORACLE_WRITERS * MARK_PAUSE;
	}
	if (w->at == 0 && now >= w->next_key && w->n_keys < KEYS_MAX) {
		pthread_rwlock_wrlock(&soak->lock);
		change_keys(w);
		pthread_rwlock_unlock(&soak->lock);
		w->n_keys++;
		w->next_key = kit_clock() + KEY_PAUSE;
	}
}
