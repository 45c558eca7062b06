/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "error.h"
#include "lastuse.h"
#include "owner.h"

static int
same_file(int dir, const char *name, const struct tc_stamp *stamp)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       tc_stamp_fits(stamp, &st);
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
policy_free(struct tc_policy *p)
{
	if (!p)
		return;
	close_fd(p->secret_dir);
	tc_store_close(&p->store);
	close_fd(p->audit_dir);
	tc_config_free(&p->config);
	free(p->roots);
	OPENSSL_clear_free(p, sizeof(*p));
}

static int
read_config(const tc_handle *h, struct tc_policy *p, struct tc_error *err)
{
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	int rc,
	    fd = tc_trust_file(h->config_dir, h->config_base, h->config_path,
			       O_RDONLY, TC_WORLD_MAY_READ, &st, err);

	if (fd < 0)
		return err->code;
	p->config_stamp = tc_stamp_of(&st);
	rc = tc_read_all(fd, h->config_path, TC_CONFIG_MAX, &text, &len, err);
	close(fd);
	if (rc != TC_OK)
		return rc;
	rc = tc_config_parse(&p->config, text, len, h->config_path, h->folder,
			     err);
	OPENSSL_clear_free(text, len + 1);
	return rc;
}

int
tc_read_secrets(const struct tc_policy *p, char **text, size_t *len,
		struct stat *st, struct tc_error *err)
{
	const char *path = p->config.secret_file;
	int rc, fd = tc_trust_file(p->secret_dir, p->secret_base, path,
				   O_RDONLY, TC_GROUP_MAY_READ, st, err);

	if (fd < 0)
		return err->code;
	rc = tc_read_all(fd, path, TC_SECRETS_MAX, text, len, err);
	close(fd);
	return rc;
}

static int
read_keys(const tc_handle *h, struct tc_policy *p, struct tc_error *err)
{
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	int rc = tc_read_secrets(p, &text, &len, &st, err);

	if (rc != TC_OK)
		return rc;
	p->secret_stamp = tc_stamp_of(&st);
	rc = tc_keys_parse(h->crypto, &p->keys, text, len,
			   p->config.secret_file, err);
	OPENSSL_clear_free(text, len + 1);
	return rc;
}

/* A folder that is open already, once more. */
static int
same_folder(int fd, const char *path, struct tc_error *err)
{
	if (tc_trust_open_dir(fd, path, err))
		return -1;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		tc_fail_errno(err, "%s", path);
	return fd;
}

/* A folder whose path leads nowhere any more, as after a chroot(), or may no
 * longer be walked keeps its descriptor. */
static int
folder(const char *path, const char *old_path, int old_fd, struct tc_error *err)
{
	int known = old_path && strcmp(path, old_path) == 0 && old_fd >= 0;
	struct stat named;
	int fd;

	if (!known || stat(path, &named) == 0) {
		fd = tc_trust_own_dir(path, err);
		if (fd >= 0 || !known || err->code != TC_E_PERMISSION)
			return fd;
	}
	return same_folder(old_fd, path, err);
}

/* Mostly that of the configuration, whose path was looked at a moment ago. */
static int
secret_folder(const tc_handle *h, const char *path, const struct tc_policy *old,
	      struct tc_error *err)
{
	const char *base;
	char *dir = tc_dirname(path, &base);
	char *was = old ? tc_dirname(old->config.secret_file, &base) : NULL;
	int fd = -1;

	if (!dir || (old && !was))
		tc_fail(err, TC_E_NOMEM, "out of memory");
	else if (!old && strcmp(dir, h->folder) == 0)
		fd = same_folder(h->config_dir, dir, err);
	else
		fd = folder(dir, was, old ? old->secret_dir : -1, err);
	free(dir);
	free(was);
	return fd;
}

/* The audit log grants nothing: its folder need not be there, and then the
 * system's log has to do. */
static int
audit_folder(const struct tc_policy *p, const struct tc_policy *old)
{
	struct tc_error unused;
	const char *base;
	char *dir;
	int fd;

	if (old && old->config.audit_log && old->audit_dir >= 0 &&
	    strcmp(old->config.audit_log, p->config.audit_log) == 0)
		return fcntl(old->audit_dir, F_DUPFD_CLOEXEC, 0);
	dir = tc_dirname(p->config.audit_log, &base);
	fd = dir ? tc_trust_links(dir, &unused) : -1;
	free(dir);
	return fd;
}

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
open_folders(const tc_handle *h, struct tc_policy *p,
	     const struct tc_policy *old, struct tc_error *err)
{
	const struct tc_config *was = old ? &old->config : NULL;
	int fd;

	p->secret_base = base_of(p->config.secret_file);
	p->secret_dir = secret_folder(h, p->config.secret_file, old, err);
	if (p->secret_dir < 0)
		return err->code;
	fd = folder(p->config.store, was ? was->store : NULL,
		    old ? old->store.dir : -1, err);
	if (fd < 0)
		return err->code;
	if (tc_store_init(&p->store, fd, p->config.store, h->crypto))
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	tc_lastuse_open(&p->store, old ? &old->store : NULL);
	if (fstat(fd, &p->store_stat))
		return tc_fail_errno(err, "%s", p->config.store);
	if (p->config.audit_log) {
		p->audit_base = base_of(p->config.audit_log);
		p->audit_dir = audit_folder(p, old);
	}
	return TC_OK;
}

/* A process that dropped its privileges may not read the keys again.  It goes
 * on with those it has, under what the configuration says now. */
static int
keep_keys(struct tc_policy *p, const struct tc_policy *old)
{
	if (!old || strcmp(p->config.secret_file, old->config.secret_file) != 0)
		return TC_E_PERMISSION;
	p->keys = old->keys;
	p->secret_stamp = old->secret_stamp;
	p->stale = !same_file(p->secret_dir, p->secret_base, &p->secret_stamp);
	return TC_OK;
}

static int
load(const tc_handle *h, const struct tc_policy *old, struct tc_policy **out,
     struct tc_error *err)
{
	struct tc_policy *p = OPENSSL_zalloc(sizeof(*p));
	int rc;

	if (!p)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	p->secret_dir = p->audit_dir = -1;
	p->store.dir = p->store.lastuse = -1;
	p->users = 1;
	p->roots = tc_owner_roots();
	if (!p->roots && old && old->roots)
		p->roots = strdup(old->roots);
	rc = read_config(h, p, err);
	if (rc == TC_OK)
		rc = open_folders(h, p, old, err);
	if (rc == TC_OK)
		rc = read_keys(h, p, err);
	if (rc == TC_E_PERMISSION && p->secret_base)
		rc = keep_keys(p, old);
	if (rc != TC_OK) {
		policy_free(p);
		return rc;
	}
	*out = p;
	return TC_OK;
}

int
tc_same_folder(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_uid == b->st_uid && a->st_mode == b->st_mode;
}

/* A store that was moved away and replaced, say by a backup, is a change too,
 * and so is another owner or mode; where its path cannot be looked up (after a
 * chroot) the descriptor counts. */
static int
same_store(const struct tc_policy *p)
{
	struct stat st;

	return (stat(p->config.store, &st) && fstat(p->store.dir, &st)) ||
	       tc_same_folder(&p->store_stat, &st);
}

static int
unchanged(const tc_handle *h, const struct tc_policy *p)
{
	return same_file(h->config_dir, h->config_base, &p->config_stamp) &&
	       same_file(p->secret_dir, p->secret_base, &p->secret_stamp) &&
	       same_store(p);
}

/* Takes the lock's place of the old policy; the lock is held. */
static struct tc_policy *
reload(tc_handle *h, struct tc_error *err)
{
	struct tc_policy *fresh = NULL, *old = h->policy;
	struct tc_error local;
	int rc = load(h, old, &fresh, &local);

	if (rc == TC_OK) {
		h->policy = fresh;
		if (--old->users == 0)
			policy_free(old);
		return fresh;
	}
	if (rc == TC_E_PERMISSION) {
		old->stale = 1;
		return old;
	}
	if (err)
		*err = local;
	return NULL;
}

struct tc_policy *
tc_policy_get(tc_handle *h, struct tc_error *err)
{
	struct tc_policy *p;
	int fresh;

	pthread_mutex_lock(&h->lock);
	p = h->policy;
	p->users++;
	pthread_mutex_unlock(&h->lock);
	fresh = unchanged(h, p);
	if (fresh)
		return p;
	tc_policy_put(h, p);
	pthread_mutex_lock(&h->lock);
	p = unchanged(h, h->policy) ? h->policy : reload(h, err);
	if (p)
		p->users++;
	pthread_mutex_unlock(&h->lock);
	return p;
}

void
tc_policy_put(tc_handle *h, struct tc_policy *policy)
{
	int last;

	if (!policy)
		return;
	pthread_mutex_lock(&h->lock);
	last = --policy->users == 0;
	pthread_mutex_unlock(&h->lock);
	if (last)
		policy_free(policy);
}

static int
open_config_folder(tc_handle *h, const char *config, struct tc_error *err)
{
	const char *base;
	char *dir = tc_dirname(config, &base);

	if (!dir)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	/* Whole paths, so that the process may change its folder. */
	h->config_dir = tc_trust_dir(dir, &h->folder, err);
	free(dir);
	if (h->config_dir < 0)
		return err->code;
	h->config_path = tc_join(h->folder, base);
	if (!h->config_path)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	h->config_base = base_of(h->config_path);
	h->asked = strdup(config);
	return h->asked ? TC_OK : tc_fail(err, TC_E_NOMEM, "out of memory");
}

int
tc_open(tc_handle **out, const struct tc_options *options, struct tc_error *err)
{
	static const struct tc_options defaults;
	const struct tc_options *o = options ? options : &defaults;
	struct tc_error local;
	tc_handle *h = OPENSSL_zalloc(sizeof(*h));
	int rc;

	*out = NULL;
	if (!err)
		err = &local;
	if (!h || pthread_mutex_init(&h->lock, NULL)) {
		OPENSSL_free(h);
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	}
	h->config_dir = -1;
	h->log = o->log;
	h->log_arg = o->log_arg;
	rc = open_config_folder(h, o->config ? o->config : TC_DEFAULT_CONFIG,
				err);
	h->crypto = rc == TC_OK ? tc_crypto() : NULL;
	if (rc == TC_OK && !h->crypto)
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "OpenSSL has no HMAC "
			     "or SHA-256");
	if (rc == TC_OK)
		rc = load(h, NULL, &h->policy, err);
	if (rc != TC_OK) {
		tc_free(h);
		return rc;
	}
	*out = h;
	return TC_OK;
}

void
tc_free(tc_handle *h)
{
	if (!h)
		return;
	policy_free(h->policy);
	close_fd(h->config_dir);
	free(h->config_path);
	free(h->folder);
	free(h->asked);
	pthread_mutex_destroy(&h->lock);
	OPENSSL_clear_free(h, sizeof(*h));
	tc_wipe_stack();
}
