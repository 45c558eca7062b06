/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a decision rested on, by the names under which a new handle would look
 * for it: a link on the way to them may lead elsewhere since.  Neither a key
 * nor a descriptor stays: a host may close what it did not open, drop its
 * privileges and keep us for the length of a session.
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
enum { CONFIG_FOLDER, SECRET_FOLDER, STORE, FOLDERS };

struct tc_basis {
	struct {
		char *path;
		struct tc_stamp stamp;
	} file[FILES];
	struct {
		char *path;
		struct stat st;
	} folder[FOLDERS];
	/* Of the commit.  An inode's number comes again, and two commits in
	 * one tick of the clock have the same time. */
	uint64_t seq;
	unsigned char store_id[TC_STORE_ID_LEN];
	const struct tc_crypto *crypto;
	/* What was asked. */
	char *user, *service, *rhost;
	unsigned flags;
	uint32_t minimum_uid;
	uid_t euid; /* who decided whose files are trusted */
	int64_t taken, until; /* 0: for good */
	int64_t age; /* by a clock that nobody sets */
};

void
tc_basis_free(tc_basis *b)
{
	if (!b)
		return;
	for (int i = 0; i < FILES; i++)
		free(b->file[i].path);
	for (int i = 0; i < FOLDERS; i++)
		free(b->folder[i].path);
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

/* fd is the one that was used, which path has to lead to while it holds. */
static int
keep_folder(struct tc_basis *b, int which, char *path, int fd)
{
	b->folder[which].path = path;
	return path && fstat(fd, &b->folder[which].st) == 0 ? 0 : -1;
}

static int
keep_request(struct tc_basis *b, const struct tc_request *req)
{
	b->flags = req->flags;
	b->minimum_uid = req->minimum_uid;
	b->euid = geteuid();
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
	struct tc_view *v = tc_keep_take(&p->store);
	const char *base;
	int rc = v ? keep_view(b, &p->store, v) : -1;

	if (v)
		tc_keep_give(p->store.keep, v);
	return rc || atomic_load(&p->stale) ||
		       keep_file(b, CONFIG, h->asked, &p->config_stamp) ||
		       keep_file(b, SECRET, p->config.secret_file,
				 &p->secret_stamp) ||
		       keep_folder(b, CONFIG_FOLDER,
				   tc_dirname(h->asked, &base),
				   h->config_dir) ||
		       keep_folder(b, SECRET_FOLDER,
				   tc_dirname(p->config.secret_file, &base),
				   p->secret_dir) ||
		       keep_folder(b, STORE, strdup(p->config.store),
				   p->store.dir)
		   ? -1
		   : 0;
}

tc_basis *
tc_basis_take(tc_handle *h, const struct tc_request *req,
	      const struct tc_result *res)
{
	/* Of nobody the mark was read after the record, perhaps from another
	 * commit; and a time of the caller's own is none to go by. */
	const int able = res->verdict == TC_VALID && req->user && req->now == 0;
	struct tc_basis *b = able ? calloc(1, sizeof(*b)) : NULL;

	if (!b)
		return NULL;
	b->until = res->expires;
	b->age = tc_since_boot();
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
	       b->minimum_uid == req->minimum_uid && b->euid == geteuid();
}

static int
in_time(const struct tc_basis *b)
{
	const int64_t age = tc_since_boot();
	int64_t now;

	return tc_clock(&now, NULL) == TC_OK && now >= b->taken &&
	       now - b->taken <= AGE_MAX && age >= 0 && age >= b->age &&
	       age - b->age <= AGE_MAX && (b->until == 0 || now < b->until);
}

static int
same_files(const struct tc_basis *b)
{
	struct stat st;

	for (int i = 0; i < FILES; i++)
		if (lstat(b->file[i].path, &st) ||
		    !tc_stamp_fits(&b->file[i].stamp, &st))
			return 0;
	for (int i = 0; i < FOLDERS; i++)
		if (stat(b->folder[i].path, &st) ||
		    !tc_same_folder(&b->folder[i].st, &st))
			return 0;
	return 1;
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
