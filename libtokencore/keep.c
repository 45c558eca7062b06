/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keep.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct tc_keep {
	_Atomic(struct tc_view *) view;
	atomic_int restless; /* the last view that was looked at had moved */
};

/* ---- which process this is ---- */

/* A page that the kernel clears in a child: unlike the process's number it
 * cannot come out the same, in another namespace say.  One for the process, and
 * it stays. */
static _Atomic(atomic_uint_least64_t *) page;
static atomic_uint_least64_t generation;

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static atomic_uint_least64_t *
make_page(void)
{
	const size_t size = page_size();
	void *made = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	atomic_uint_least64_t *there = NULL;

	if (made == MAP_FAILED)
		return NULL;
	if (madvise(made, size, MADV_WIPEONFORK) == 0 &&
	    atomic_compare_exchange_strong(&page, &there, made))
		return made;
	munmap(made, size);
	return there;
}

/* Another number than in the processes that this one was forked from; 0: it
 * cannot be told. */
static uint64_t
this_process(void)
{
	atomic_uint_least64_t *p = atomic_load(&page);
	uint64_t number;

	if (!p)
		p = make_page();
	if (!p)
		return 0;
	number = atomic_load(p);
	if (number == 0) {
		uint64_t fresh = atomic_fetch_add(&generation, 1) + 1;

		/* Else another thread was first. */
		if (atomic_compare_exchange_strong(p, &number, fresh))
			number = fresh;
	}
	return number;
}

void
tc_keep_forget(void)
{
	void *made = atomic_exchange(&page, NULL);

	if (made)
		munmap(made, page_size());
}

/* ---- the view ---- */

static void
view_free(struct tc_view *v)
{
	if (v)
		tc_view_close(v);
	free(v);
}

struct tc_keep *
tc_keep_new(void)
{
	return calloc(1, sizeof(struct tc_keep));
}

void
tc_keep_free(struct tc_keep *k)
{
	if (k)
		view_free(atomic_exchange(&k->view, NULL));
	free(k);
}

int
tc_keep_seems(const struct tc_store *s, const struct tc_view *v)
{
	struct stat st;

	return fstatat(s->dir, tc_store_names[TC_FILE_STATE], &st,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       tc_stamp_fits(&v->stamp, &st);
}

struct tc_view *
tc_keep_take(const struct tc_store *s)
{
	struct tc_view *v = atomic_exchange(&s->keep->view, NULL);

	/* To read moves an offset, which must not be the host's. */
	if (v && v->process == this_process() && tc_view_open_still(v) &&
	    (!atomic_load(&s->keep->restless) || tc_keep_seems(s, v)))
		return v;
	view_free(v);
	return NULL;
}

void
tc_keep_give(struct tc_keep *k, struct tc_view *v)
{
	struct tc_view *none = NULL;

	v->process = this_process();
	if (v->process == 0 ||
	    !atomic_compare_exchange_strong(&k->view, &none, v))
		view_free(v);
}

int
tc_keep_holds(const struct tc_store *s, const struct tc_view *v)
{
	int moved = tc_state_moved(s, v);
	struct stat st;

	atomic_store(&s->keep->restless, moved);
	/* The descriptor as well: a host may have closed all that it did not
	 * know, and another file may be behind the number now. */
	return !moved && fstat(tc_gdbm_fd(v->map.file), &st) == 0 &&
	       tc_stamp_fits(&v->data_stamp, &st);
}
