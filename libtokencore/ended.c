/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marks: everything of a user, of a key or at all that was issued up to a
 * moment has ended.  Those over users are items, the others in the head. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "permit.h"
#include "standing.h"
#include "walk.h"

struct user_mark {
	char user[TC_USER_MAX + 1];
	int64_t before;
};

/* Those of one step; see walk.h. */
struct reading {
	struct user_mark *marks;
	size_t n, room;
	int no_memory;
};

static void
drop(void *arg)
{
	struct reading *r = arg;

	r->n = 0;
	r->no_memory = 0;
}

static int
gather(void *arg, const unsigned char *key, size_t key_len,
       const unsigned char *value, size_t len)
{
	struct reading *r = arg;
	struct user_mark *mark;

	if (key[0] != 'u')
		return 0;
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 16;

		mark = realloc(r->marks, room * sizeof(*mark));
		r->no_memory = !mark;
		if (!mark)
			return 1;
		r->marks = mark;
		r->room = room;
	}
	mark = &r->marks[r->n++];
	if (key_len < 2 || key_len > sizeof(mark->user))
		return -1;
	memcpy(mark->user, key + 1, key_len - 1);
	mark->user[key_len - 1] = '\0';
	return tc_user_mark(value, len, &mark->before);
}

static int
hand_out(const struct reading *r, tc_ended_fn *fn, void *arg)
{
	int stop = 0;

	for (size_t i = 0; !stop && i < r->n; i++) {
		struct tc_ended ended = { .user = r->marks[i].user,
					  .before = r->marks[i].before };

		stop = fn(arg, &ended);
	}
	return stop;
}

static int
hand_out_head(const struct tc_head *head, tc_ended_fn *fn, void *arg)
{
	struct tc_ended ended = { .user = "", .before = head->all_before };
	int stop = ended.before > 0 ? fn(arg, &ended) : 0;

	for (unsigned i = 0; !stop && i < head->n_marks; i++) {
		ended.kid = head->marks[i].kid;
		ended.before = head->marks[i].before;
		stop = fn(arg, &ended);
	}
	return stop;
}

/* The head's own with the first step: it is of that commit. */
static int
read_all(const struct tc_store *s, tc_ended_fn *fn, void *arg,
	 struct tc_error *err)
{
	struct reading r = { .n = 0 };
	struct tc_walk walk;
	int first = 1, stop = 0, rc = TC_OK;

	tc_walk_begin(&walk, s, NULL);
	while (rc == TC_OK && !stop && tc_walk_more(&walk)) {
		rc = tc_walk_step(&walk, gather, drop, &r, err);
		if (rc == TC_OK && r.no_memory)
			rc = tc_fail(err, TC_E_NOMEM, "out of memory");
		if (rc == TC_OK && first)
			stop = hand_out_head(&walk.view->state.head, fn, arg);
		if (rc == TC_OK && !stop)
			stop = hand_out(&r, fn, arg);
		first = 0;
		drop(&r);
	}
	tc_walk_end(&walk);
	free(r.marks);
	return rc;
}

int
tc_list_ended(tc_handle *h, const struct tc_actor *actor, tc_ended_fn *fn,
	      void *arg, struct tc_error *err)
{
	struct tc_error local;
	struct tc_policy *p;
	int rc;

	if (!err)
		err = &local;
	p = tc_policy_get(h, err);
	if (!p)
		return err->code;
	rc = tc_permit(p, actor, TC_ACT_LIST, NULL, err);
	if (rc == TC_OK)
		rc = read_all(&p->store, fn, arg, err);
	tc_policy_put(h, p);
	return rc;
}
