/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "keep.h"

#define MOVED (-1)

/* Of those that there were at the beginning, in one step: as many as are read
 * in less time than a commit takes. */
#define STEP_PAGES 16

void
tc_walk_begin(struct tc_walk *w, const struct tc_store *s,
	      const unsigned char *id)
{
	memset(w, 0, sizeof(*w));
	w->store = s;
	w->id = id;
}

static void
close_view(struct tc_walk *w)
{
	if (w->view)
		tc_view_close(w->view);
	free(w->view);
	w->view = NULL;
}

/* What was one look-up leaves its view to the next. */
void
tc_walk_end(struct tc_walk *w)
{
	if (w->view && w->id)
		tc_keep_give(w->store->keep, w->view);
	else
		close_view(w);
	w->view = NULL;
}

int
tc_walk_more(const struct tc_walk *w)
{
	return !w->done;
}

static int
new_view(struct tc_walk *w, struct tc_error *err)
{
	w->view = malloc(sizeof(*w->view));
	return w->view ? tc_view_open(w->store, w->view, err)
		       : tc_fail(err, TC_E_NOMEM, "out of memory");
}

/* The view of the step before, the one that was kept, or a new one. */
static int
open_view(struct tc_walk *w, struct tc_error *err)
{
	const struct tc_head *head;
	int rc = TC_OK;

	if (w->view)
		return TC_OK;
	w->view = w->id ? tc_keep_take(w->store) : NULL;
	w->kept = w->view != NULL;
	if (!w->view)
		rc = new_view(w, err);
	if (rc != TC_OK)
		return rc;
	head = &w->view->state.head;
	/* One look-up is one step: nothing was told yet that has to fit. */
	if (w->pages == 0 || w->id) {
		w->pages = head->pages;
		memcpy(w->store_id, head->store_id, TC_STORE_ID_LEN);
	}
	if (head->pages >= w->pages &&
	    memcmp(head->store_id, w->store_id, TC_STORE_ID_LEN) == 0)
		return TC_OK;
	return tc_fail(err, TC_E_UNAVAILABLE,
		       "%s: another store was put there meanwhile",
		       w->store->paths[TC_FILE_STATE]);
}

/* A page and what came out of it; `pages` is how many there were. */
static int
line(struct tc_walk *w, uint32_t pages, uint32_t from, tc_item_fn *fn,
     void *arg)
{
	struct tc_map *m = &w->view->map;
	uint64_t apart = tc_map_step(pages, from);
	int stop = 0;

	for (uint64_t at = from; stop == 0 && at < m->head->pages; at += apart)
		stop = tc_map_page(m, (uint32_t)at, fn, arg);
	return stop;
}

/* *next: where the next ones begin; 0: there are none. */
static int
some_pages(struct tc_walk *w, uint32_t *next, tc_item_fn *fn, void *arg)
{
	int stop = 0;

	*next = w->next;
	for (int i = 0; stop == 0 && i < STEP_PAGES; i++) {
		stop = line(w, w->pages, *next, fn, arg);
		*next = tc_map_after(w->pages, *next);
		if (*next == 0)
			break;
	}
	return stop;
}

/* *next: where the step after this one begins. */
static int
step_once(struct tc_walk *w, uint32_t *next, tc_item_fn *fn, void *arg,
	  struct tc_error *err)
{
	struct tc_view *v;
	int stop, rc = open_view(w, err);

	if (rc != TC_OK)
		return rc;
	v = w->view;
	if (w->id)
		stop = line(w, v->state.head.pages,
			    tc_map_page_of_id(&v->map, w->id), fn, arg);
	else
		stop = some_pages(w, next, fn, arg);
	if (stop < 0)
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s",
			     w->store->paths[v->state.side], v->map.why);
	/* Whatever is wrong with a view that was kept, a new one will tell. */
	if (w->kept)
		return rc == TC_OK && tc_keep_holds(w->store, v) ? TC_OK
								 : MOVED;
	return tc_view_moved(w->store, v) ? MOVED : rc;
}

int
tc_walk_step(struct tc_walk *w, tc_item_fn *fn, void (*restart)(void *),
	     void *arg, struct tc_error *err)
{
	for (int i = 0; i < TC_STORE_TRIES; i++) {
		uint32_t next = 0;
		int rc = step_once(w, &next, fn, arg, err);

		if (rc == TC_OK) {
			w->next = next;
			w->done = next == 0;
		} else {
			close_view(w);
		}
		if (rc != MOVED)
			return rc;
		restart(arg);
	}
	return tc_store_restless(w->store, err);
}
