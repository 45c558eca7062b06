/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names that people have for tokens. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "list.h"
#include "token.h"

struct search {
	const char *beginning; /* of an id; or NULL */
	size_t len;
	const char *label; /* if it is not that */
	char id[TC_ID_LEN + 1];
	size_t n; /* how many fit, all of the same rank: the best so far */
	unsigned rank;
};

/* A label may be used again, and is by every regeneration: the one that still
 * works is meant, else the last of those that replaced each other. */
static unsigned
rank_of(const struct tc_record *r)
{
	if (r->state == TC_STATE_ACTIVE && r->standing != TC_REVOKED)
		return 3;
	return *r->replaced_by == '\0' ? 2 : 1;
}

static int
consider(void *arg, const struct tc_record *r)
{
	struct search *s = arg;
	unsigned rank = s->beginning ? 1 : rank_of(r);

	if (s->beginning ? strncmp(r->id, s->beginning, s->len) != 0
			 : strcmp(r->label, s->label) != 0)
		return 0;
	if (rank < s->rank)
		return 0;
	if (rank > s->rank)
		s->n = 0;
	s->rank = rank;
	s->n++;
	memcpy(s->id, r->id, sizeof(s->id));
	return 0;
}

/* The bits of the first six characters, which name the page; the rest may
 * be missing or anything. */
static int
first_bytes(const char *name, unsigned char out[4])
{
	char text[] = "000000000000000000000000";
	unsigned char id[TC_ID_BYTES];

	memcpy(text, name, TC_ID_PREFIX_MIN);
	if (tc_id_bytes(text, id))
		return -1;
	memcpy(out, id, 4);
	return 0;
}

static int
find_beginning(tc_handle *h, const struct tc_actor *actor, struct search *s,
	       struct tc_error *err)
{
	unsigned char page[4];

	if (s->len < TC_ID_PREFIX_MIN || s->len > TC_ID_LEN)
		return tc_fail(err, TC_E_INVALID,
			       "a token is named by %d to %d characters of "
			       "its id, or by USER/LABEL: %.40s",
			       TC_ID_PREFIX_MIN, TC_ID_LEN,
			       /* Half of a token, maybe. */
			       s->len > TC_ID_LEN ? "this is longer"
						  : s->beginning);
	if (first_bytes(s->beginning, page))
		return TC_OK; /* not the alphabet of ids: there is none */
	return tc_list_alike(h, actor, page, consider, s, err);
}

static int
find_label(tc_handle *h, const struct tc_actor *actor, const char *name,
	   struct search *s, struct tc_error *err)
{
	char *user = strndup(name, (size_t)(s->label - 1 - name));
	struct tc_filter filter = { .user = user };
	int rc = user ? tc_list(h, actor, &filter, consider, s, err)
		      : tc_fail(err, TC_E_NOMEM, "out of memory");

	free(user);
	return rc;
}

int
tc_find(tc_handle *h, const struct tc_actor *actor, const char *name,
	char id[TC_ID_LEN + 1], struct tc_error *err)
{
	const char *slash = strchr(name, '/');
	struct search s = { .beginning = slash ? NULL : name,
			    .len = strlen(name),
			    .label = slash ? slash + 1 : NULL };
	int rc = slash ? find_label(h, actor, name, &s, err)
		       : find_beginning(h, actor, &s, err);
	if (rc != TC_OK)
		return rc;
	if (s.n == 0)
		return tc_fail(err, TC_E_NOTFOUND, "no such token: %.200s",
			       name);
	if (s.n > 1)
		return tc_fail(err, TC_E_AMBIGUOUS,
			       "%.200s: fits %zu tokens: name it by its id",
			       name, s.n);
	memcpy(id, s.id, TC_ID_LEN + 1);
	return TC_OK;
}
