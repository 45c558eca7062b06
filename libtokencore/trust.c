/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "error.h"

#define LINKS_MAX 40 /* of which one leads to the next, as in the kernel */
#define TRIES 100 /* while folders take each other's place */

static int
trusted_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* What a folder is to us. */
enum role { WE_LOOK, WE_PASS, WE_WRITE };

/* Why a folder cannot be trusted; NULL if it can. */
static const char *
dir_fault(const struct stat *st, enum role role)
{
	if (!S_ISDIR(st->st_mode))
		return "is not a folder";
	if (!trusted_owner(st->st_uid))
		return "belongs neither to root nor to the effective user";
	if (!(st->st_mode & (S_IWGRP | S_IWOTH)))
		return NULL;
	if (!(st->st_mode & S_ISVTX))
		return "is writable by others (chmod go-w)";
	return role == WE_PASS ? NULL
			       : "others may put files there: it takes a "
				 "folder of its own";
}

static const char *
file_fault(const struct stat *st, enum tc_readers readers)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (!trusted_owner(st->st_uid))
		return "belongs neither to root nor to the effective user";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "is writable by others (chmod go-w)";
	if (readers == TC_GROUP_MAY_READ && (st->st_mode & S_IROTH))
		return "is readable by everyone (chmod o-r)";
	return NULL;
}

/* On the way down a path: the folder that was reached, without links and dots,
 * and what is left of the path. */
struct way {
	char name[PATH_MAX]; /* "" for the root */
	struct stat st; /* of what was looked at last */
	int here; /* which is the folder of that name */
	char *text, *left; /* malloced, and where in it we are */
	unsigned links;
	enum role role;
};

static const char *
name_of(const struct way *w)
{
	return *w->name ? w->name : "/";
}

static int
stop(const struct way *w, const char *fault, struct tc_error *err)
{
	return tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", name_of(w), fault);
}

/* In a sticky folder anyone may put a link and would decide where a path leads:
 * every link on the way has to be ours. */
static int
follow(struct way *w, size_t above, struct tc_error *err)
{
	char target[PATH_MAX], *text;
	ssize_t n;

	if (!trusted_owner(w->st.st_uid))
		return stop(w, "is a symbolic link of another user", err);
	if (w->links++ == LINKS_MAX)
		return stop(w, "too many symbolic links", err);
	n = readlink(w->name, target, sizeof(target) - 1);
	if (n < 0)
		return tc_fail_errno(err, "%s", w->name);
	target[n] = '\0';
	if (asprintf(&text, "%s/%s", target, w->left) < 0)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	free(w->text);
	w->text = w->left = text;
	w->name[*target == '/' ? 0 : above] = '\0';
	return TC_OK;
}

/* Looks at the folder by its name.  Who could make it lead elsewhere would have
 * been found above it: to that length the name has been looked at. */
static int
arrive(struct way *w, size_t above, struct tc_error *err)
{
	const char *fault;

	if (lstat(name_of(w), &w->st))
		return tc_fail_errno(err, "%s", name_of(w));
	w->here = !S_ISLNK(w->st.st_mode);
	if (!w->here)
		return follow(w, above, err);
	if (!S_ISDIR(w->st.st_mode) || w->role != WE_LOOK) {
		fault = dir_fault(&w->st, WE_PASS);
		if (fault)
			return stop(w, fault, err);
	}
	return TC_OK;
}

static int
down(struct way *w, const char *name, struct tc_error *err)
{
	size_t len = strlen(w->name), more = strlen(name);

	if (len + 1 + more >= sizeof(w->name)) {
		errno = ENAMETOOLONG;
		return tc_fail_errno(err, "%s", w->name);
	}
	w->name[len] = '/';
	memcpy(w->name + len + 1, name, more + 1);
	return arrive(w, len, err);
}

static void
up(struct way *w)
{
	char *slash = strrchr(w->name, '/');

	if (slash)
		*slash = '\0';
	w->here = 0;
}

static int
begin(struct way *w, const char *path, struct tc_error *err)
{
	char here[PATH_MAX];

	if (*path == '/')
		w->text = strdup(path);
	else if (!getcwd(here, sizeof(here)))
		return tc_fail_errno(err, "%s", path);
	else if (asprintf(&w->text, "%s/%s", here, path) < 0)
		w->text = NULL;
	w->left = w->text;
	return w->text ? arrive(w, 0, err)
		       : tc_fail(err, TC_E_NOMEM, "out of memory");
}

static int
walk(struct way *w, const char *path, struct tc_error *err)
{
	int rc = begin(w, path, err);

	while (rc == TC_OK && w->left) {
		char *name = w->left + strspn(w->left, "/");
		size_t len = strcspn(name, "/");

		if (len == 0)
			break;
		w->left = name + len + (name[len] == '/');
		name[len] = '\0';
		if (strcmp(name, "..") == 0)
			up(w);
		else if (strcmp(name, ".") != 0)
			rc = down(w, name, err);
	}
	return rc == TC_OK && !w->here ? arrive(w, 0, err) : rc;
}

/* Is what was opened the folder that the way leads to?  *again: another one
 * took its place meanwhile. */
static int
is_there(const struct way *w, int fd, int *again, struct tc_error *err)
{
	const char *fault;
	struct stat st;

	if (fstat(fd, &st))
		return tc_fail_errno(err, "%s", name_of(w));
	*again = st.st_dev != w->st.st_dev || st.st_ino != w->st.st_ino;
	if (*again)
		return stop(w, "does not come to rest", err);
	fault = w->role == WE_LOOK ? NULL : dir_fault(&st, w->role);
	return fault ? stop(w, fault, err) : TC_OK;
}

/* Opened first, so that what is mounted on the way when it is needed is, and
 * stays. */
static int
open_once(const char *path, enum role role, char **real, int *again,
	  struct tc_error *err)
{
	const int access = role == WE_LOOK ? O_PATH : O_RDONLY;
	struct way w = { .role = role };
	int fd = open(path, access | O_DIRECTORY | O_CLOEXEC);
	int why = errno, rc = walk(&w, path, err);

	errno = why;
	if (rc == TC_OK)
		rc = fd < 0 ? tc_fail_errno(err, "%s", name_of(&w))
			    : is_there(&w, fd, again, err);
	if (rc == TC_OK && real) {
		*real = strdup(name_of(&w));
		if (!*real)
			rc = tc_fail(err, TC_E_NOMEM, "out of memory");
	}
	free(w.text);
	if (rc == TC_OK)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
open_folder(const char *path, enum role role, char **real, struct tc_error *err)
{
	int again = 1, fd = -1;

	for (int i = 0; again && i < TRIES; i++) {
		again = 0;
		fd = open_once(path, role, real, &again, err);
	}
	return fd;
}

int
tc_trust_dir(const char *path, char **real, struct tc_error *err)
{
	return open_folder(path, WE_PASS, real, err);
}

int
tc_trust_own_dir(const char *path, struct tc_error *err)
{
	return open_folder(path, WE_WRITE, NULL, err);
}

int
tc_trust_links(const char *path, struct tc_error *err)
{
	return open_folder(path, WE_LOOK, NULL, err);
}

int
tc_trust_open_dir(int fd, const char *path, struct tc_error *err)
{
	struct stat st;
	const char *fault;

	if (fstat(fd, &st)) {
		tc_fail_errno(err, "%s", path);
		return -1;
	}
	fault = dir_fault(&st, WE_WRITE);
	if (fault)
		tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", path, fault);
	return fault ? -1 : 0;
}

int
tc_trust_file(int dir, const char *name, const char *path, int flags,
	      enum tc_readers readers, struct stat *st, struct tc_error *err)
{
	const char *fault;
	int fd = openat(dir, name,
			flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ELOOP) {
		tc_fail(err, TC_E_UNAVAILABLE, "%s: is a symbolic link", path);
		return -1;
	}
	if (fd < 0 || fstat(fd, st)) {
		tc_fail_errno(err, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	fault = file_fault(st, readers);
	if (!fault)
		return fd;
	tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", path, fault);
	close(fd);
	errno = EPERM; /* never what an earlier call left, such as ENOENT */
	return -1;
}

struct tc_stamp
tc_stamp_of(const struct stat *st)
{
	struct tc_stamp s;

	memset(&s, 0, sizeof(s)); /* padding too: stamps are compared */
	s.dev = st->st_dev;
	s.ino = st->st_ino;
	s.size = st->st_size;
	s.mtime = st->st_mtim;
	s.ctime = st->st_ctim;
	return s;
}

int
tc_stamp_fits(const struct tc_stamp *stamp, const struct stat *st)
{
	struct tc_stamp now = tc_stamp_of(st);

	return memcmp(&now, stamp, sizeof(now)) == 0;
}

char *
tc_dirname(const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');

	*base = slash ? slash + 1 : path;
	if (!slash)
		return strdup(".");
	if (slash == path)
		return strdup("/");
	return strndup(path, (size_t)(slash - path));
}

char *
tc_join(const char *folder, const char *name)
{
	const char *slash = strcmp(folder, "/") == 0 ? "" : "/";
	char *path;

	return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

int
tc_read_all(int fd, const char *path, size_t max, char **out, size_t *len,
	    struct tc_error *err)
{
	/* Wiped is what was read: the rest of it was never touched. */
	char *data = OPENSSL_malloc(max + 1);
	size_t have = 0;
	ssize_t n = 1;

	if (!data)
		return tc_fail(err, TC_E_NOMEM, "%s: out of memory", path);
	while (n > 0 && have <= max) {
		n = read(fd, data + have, max + 1 - have);
		if (n > 0)
			have += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n == 0 && have <= max) {
		/* Shrink to fit, so that what is freed is what is wiped. */
		char *fit = OPENSSL_malloc(have + 1);

		if (fit) {
			memcpy(fit, data, have);
			fit[have] = '\0';
			OPENSSL_cleanse(data, have);
			OPENSSL_free(data);
			*out = fit;
			*len = have;
			return TC_OK;
		}
		errno = ENOMEM;
		n = -1;
	}
	OPENSSL_cleanse(data, have);
	OPENSSL_free(data);
	if (n < 0)
		return tc_fail_errno(err, "%s", path);
	return tc_fail(err, TC_E_UNAVAILABLE, "%s: is larger than %zu bytes",
		       path, max);
}

int
tc_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
tc_may_write(off_t end)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       (limit.rlim_cur == RLIM_INFINITY ||
		(rlim_t)end <= limit.rlim_cur);
}
