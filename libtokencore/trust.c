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

static int
trusted_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* What a folder is to us. */
enum role { WE_PASS, WE_WRITE };

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

/* One step down; -1 with the reason in err.  "O_PATH" would not let us check
 * what we then open, and search permission alone has to be enough. */
static int
step(int parent, const char *name, const char *so_far, int flags,
     enum role role, struct tc_error *err)
{
	int fd =
	    openat(parent, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	const char *fault;

	if (fd < 0 || fstat(fd, &st)) {
		tc_fail_errno(err, "%s", so_far);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	fault = dir_fault(&st, role);
	if (!fault)
		return fd;
	tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", so_far, fault);
	close(fd);
	return -1;
}

/* Walks down a path that realpath() made: absolute, no links, no "..". */
static int
walk(char *path, enum role role, struct tc_error *err)
{
	int fd = step(AT_FDCWD, "/", "/", O_PATH, WE_PASS, err);
	char *at = path;

	while (fd >= 0 && *at == '/' && at[1]) {
		char *name = at + 1;
		int next;

		at = name + strcspn(name, "/");
		if (*at == '/') {
			*at = '\0';
			next = step(fd, name, path, O_PATH, WE_PASS, err);
			*at = '/';
		} else {
			next = step(fd, name, path, O_RDONLY, role, err);
		}
		close(fd);
		fd = next;
	}
	return fd;
}

/* Where a link leads, as a path; NULL with errno. */
static char *
target_of(const char *link)
{
	char target[PATH_MAX], *path;
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	const char *base;
	char *folder;

	if (n < 0)
		return NULL;
	target[n] = '\0';
	if (*target == '/')
		return strdup(target);
	folder = tc_dirname(link, &base);
	if (!folder || asprintf(&path, "%s/%s", folder, target) < 0)
		path = NULL;
	free(folder);
	return path;
}

static int links(const char *path, unsigned deep, struct tc_error *err);

static int
link_at(const char *path, unsigned deep, struct tc_error *err)
{
	struct stat st;
	char *target;
	int rc;

	if (lstat(path, &st))
		return tc_fail_errno(err, "%s", path);
	if (!S_ISLNK(st.st_mode))
		return TC_OK;
	if (!trusted_owner(st.st_uid))
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "%s: is a symbolic link of another user", path);
	if (deep == LINKS_MAX)
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "%s: too many symbolic links", path);
	target = target_of(path);
	if (!target)
		return tc_fail_errno(err, "%s", path);
	rc = links(target, deep + 1, err);
	free(target);
	return rc;
}

/* In a sticky folder anyone may put a link and would decide where a path leads:
 * every link on the way has to be ours. */
static int
links(const char *path, unsigned deep, struct tc_error *err)
{
	char *copy = strdup(path);
	int rc = TC_OK;

	if (!copy)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	for (size_t end = 0; rc == TC_OK && path[end];) {
		end += strspn(path + end, "/");
		end += strcspn(path + end, "/");
		copy[end] = '\0';
		rc = link_at(copy, deep, err);
		copy[end] = path[end];
	}
	free(copy);
	return rc;
}

char *
tc_trust_path(const char *path, struct tc_error *err)
{
	char *real;

	if (links(path, 0, err) != TC_OK)
		return NULL;
	real = realpath(path, NULL);
	if (!real)
		tc_fail_errno(err, "%s", path);
	return real;
}

static int
trust_dir(const char *path, enum role role, struct tc_error *err)
{
	char *real = tc_trust_path(path, err);
	int fd = real ? walk(real, role, err) : -1;

	free(real);
	return fd;
}

int
tc_trust_dir(const char *path, struct tc_error *err)
{
	return trust_dir(path, WE_PASS, err);
}

int
tc_trust_own_dir(const char *path, struct tc_error *err)
{
	return trust_dir(path, WE_WRITE, err);
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

int
tc_read_all(int fd, const char *path, size_t max, char **out, size_t *len,
	    struct tc_error *err)
{
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
			OPENSSL_clear_free(data, max + 1);
			*out = fit;
			*len = have;
			return TC_OK;
		}
		errno = ENOMEM;
		n = -1;
	}
	OPENSSL_clear_free(data, max + 1);
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
