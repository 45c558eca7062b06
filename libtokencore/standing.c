/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "standing.h"

int
tc_user_mark(const unsigned char *value, size_t len, int64_t *before)
{
	struct tc_reader r = { value, value + len, 0 };

	*before = (int64_t)tc_get(&r, 8);
	return r.bad || r.at != r.end ? -1 : 0;
}

static int64_t
key_mark(const struct tc_head *head, unsigned kid)
{
	for (unsigned i = 0; i < head->n_marks; i++)
		if (head->marks[i].kid == kid)
			return head->marks[i].before;
	return 0;
}

const char *
tc_mark_over(const struct tc_record *r, const struct tc_key *key,
	     const struct tc_head *head, int64_t user_before, int64_t *moment)
{
	int64_t key_before = key_mark(head, r->kid);

	/* A retired key's mark is over all times. */
	*moment = key_before == INT64_MAX ? 0 : key_before;
	if (key->state == TC_KEY_RETIRED || r->created <= key_before)
		return "its key is retired";
	*moment = user_before;
	if (r->created <= user_before)
		return "everything of the user was revoked";
	*moment = head->all_before;
	if (r->created <= head->all_before)
		return "everything was revoked";
	*moment = 0;
	return NULL;
}

enum tc_verdict
tc_standing(const struct tc_record *r, const struct tc_key *key,
	    const struct tc_head *head, int64_t user_before, int64_t skew,
	    int64_t now, const char **why)
{
	const char *unused, *mark;
	int64_t moment;

	if (!why)
		why = &unused;
	*why = NULL;
	if (!key)
		return TC_UNKNOWN_KEY;
	/* Looked for in any case, which takes its time. */
	mark = tc_mark_over(r, key, head, user_before, &moment);
	if (r->state != TC_STATE_ACTIVE) {
		*why = r->state == TC_STATE_DELETED ? "it was deleted" : NULL;
		return TC_REVOKED;
	}
	*why = mark;
	if (mark)
		return TC_REVOKED;
	if (r->expires && now >= r->expires)
		return TC_EXPIRED;
	if (r->created > now + skew)
		return TC_NOT_YET_VALID;
	return TC_VALID;
}
