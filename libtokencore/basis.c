/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a decision rested on.  Neither a key nor a descriptor stays: a host may
 * close what it did not open, drop its privileges and keep us for the length
 * of a session.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "handle.h"
#include "keep.h"

/* The owner's account is not looked at again while it holds. */
#define AGE_MAX 60

enum { CONFIG, SECRET, STATE, DATA, FILES };

struct tc_basis {
	struct {
		char *path;
		struct tc_stamp stamp;
	} file[FILES];
	char *store;
	struct stat store_stat;
	/* Of the commit.  An inode's number comes again, and two commits in
	 * one tick of the clock have the same time. */
	uint64_t seq;
	unsigned char store_id[TC_STORE_ID_LEN];
	const struct tc_crypto *crypto;
	/* What was asked. */
	char *user, *service, *rhost;
	unsigned flags;
	uint32_t minimum_uid;
	int64_t taken, until; /* 0: for good */
};

void
tc_basis_free(tc_basis *b)
{
	if (!b)
		return;
	for (int i = 0; i < FILES; i++)
		free(b->file[i].path);
	free(b->store);
	free(b->user);
	free(b->service);
	free(b->rhost);
	free(b);
}

/* 0, or -1 when out of memory. */
static int
keep(char **to, const char *text)
{
	*to = text ? strdup(text) : NULL;
	return text && !*to ? -1 : 0;
}

static int
keep_file(struct tc_basis *b, int which, const char *path,
	  const struct tc_stamp *stamp)
{
	b->file[which].stamp = *stamp;
	return keep(&b->file[which].path, path);
}

static int
keep_request(struct tc_basis *b, const struct tc_request *req)
{
	b->flags = req->flags;
	b->minimum_uid = req->minimum_uid;
	return keep(&b->user, req->user) || keep(&b->service, req->service) ||
		       keep(&b->rhost, req->rhost)
		   ? -1
		   : 0;
}

static int
keep_view(struct tc_basis *b, const struct tc_store *s, const struct tc_view *v)
{
	b->seq = v->state.head.seq;
	memcpy(b->store_id, v->state.head.store_id, sizeof(b->store_id));
	b->crypto = s->crypto;
	return keep_file(b, STATE, s->paths[TC_FILE_STATE], &v->stamp) ||
		       keep_file(b, DATA, s->paths[v->state.side],
				 &v->data_stamp)
		   ? -1
		   : 0;
}

static int
keep_policy(struct tc_basis *b, const tc_handle *h, const struct tc_policy *p)
{
	struct tc_view *v = tc_keep_take(p->store.keep);
	int rc = v ? keep_view(b, &p->store, v) : -1;

	if (v)
		tc_keep_give(p->store.keep, v);
	b->store_stat = p->store_stat;
	return rc || atomic_load(&p->stale) ||
		       keep(&b->store, p->config.store) ||
		       keep_file(b, CONFIG, h->config_path, &p->config_stamp) ||
		       keep_file(b, SECRET, p->config.secret_file,
				 &p->secret_stamp)
		   ? -1
		   : 0;
}

tc_basis *
tc_basis_take(tc_handle *h, const struct tc_request *req,
	      const struct tc_result *res)
{
	struct tc_basis *b =
	    res->verdict == TC_VALID ? calloc(1, sizeof(*b)) : NULL;

	if (!b)
		return NULL;
	b->until = res->expires;
	if (tc_clock(&b->taken, NULL) == TC_OK && keep_request(b, req) == 0 &&
	    keep_policy(b, h, h->policy) == 0)
		return b;
	tc_basis_free(b);
	return NULL;
}

static int
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int
same_request(const struct tc_basis *b, const struct tc_request *req)
{
	return same_text(b->user, req->user) &&
	       same_text(b->service, req->service) &&
	       same_text(b->rhost, req->rhost) && b->flags == req->flags &&
	       b->minimum_uid == req->minimum_uid;
}

static int
in_time(const struct tc_basis *b)
{
	int64_t now;

	return tc_clock(&now, NULL) == TC_OK && now >= b->taken &&
	       now - b->taken <= AGE_MAX && (b->until == 0 || now < b->until);
}

static int
same_files(const struct tc_basis *b)
{
	struct stat st;

	for (int i = 0; i < FILES; i++)
		if (lstat(b->file[i].path, &st) ||
		    !tc_stamp_fits(&b->file[i].stamp, &st))
			return 0;
	return stat(b->store, &st) == 0 && tc_same_store(&b->store_stat, &st);
}

static int
same_commit(const struct tc_basis *b)
{
	unsigned char text[TC_HEAD_MAX];
	struct tc_state_file state;
	int fd = open(b->file[STATE].path,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n > 0 &&
	       tc_state_read(b->crypto, text, (size_t)n, &state) == 0 &&
	       state.head.seq == b->seq &&
	       memcmp(state.head.store_id, b->store_id, sizeof(b->store_id)) ==
		   0;
}

int
tc_basis_holds(const tc_basis *b, const struct tc_request *req)
{
	return b && same_request(b, req) && in_time(b) && same_files(b) &&
	       same_commit(b);
}
