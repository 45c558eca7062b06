/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new installation: the host's, or one in a folder of its own.  What was
 * made is taken away again when a later step fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "bytes.h"
#include "clock.h"
#include "error.h"
#include "keys.h"
#include "newfile.h"
#include "newstore.h"
#include "trust.h"

#define NO_GID ((gid_t)-1)

struct layout {
	char *config, *folder, *secret, *store, *audit, *audit_folder;
	const char *store_text, *audit_text; /* as the configuration says */
	const char *owners_text;
	gid_t gid;
	int made_folder, made_store, made_audit_folder, made_audit;
	int made_secret, made_files, made_config;
};

/* The keys that have to be there come after the others: a file that was cut
 * off lacks them, and so does not pass for one that says less. */
static const char config_text[] = "# Policy of apitoken; apitoken.conf(5) "
				  "lists every key.\n"
				  "# A key or value that is not understood "
				  "refuses every token.\n"
				  "syslog = yes\n"
				  "allow_root = no\n"
				  "\n"
				  "# Who may own tokens: user names and "
				  "@groups, or any: users without an\n"
				  "# account here, too.  Without the key, "
				  "every account of this host.\n"
				  "%s\n"
				  "\n"
				  "enabled = yes\n"
				  "secret_file = secret.conf\n"
				  "store = %s\n"
				  "audit_log = %s\n"
				  "\n"
				  "# A token's service name, and the services "
				  "that it stands for.\n"
				  "[services]\n"
				  "imap = dovecot, imaps, cyrus\n";

static int
plan(struct layout *l, const char *config, struct tc_error *err)
{
	const char *base;
	int host = strcmp(config, TC_DEFAULT_CONFIG) == 0;

	memset(l, 0, sizeof(*l));
	if (geteuid() != 0 || tc_account_group(TC_SERVICES_GROUP, &l->gid) <= 0)
		l->gid = NO_GID;
	l->config = strdup(config);
	l->folder = tc_dirname(config, &base);
	if (*base == '\0')
		return tc_fail(err, TC_E_INVALID, "%s: not a file name",
			       config);
	l->store_text = host ? "/var/lib/apitoken" : "store";
	l->audit_text = host ? "/var/log/apitoken/audit.json" : "audit.json";
	/* Away from the host's own, users need not be this host's. */
	l->owners_text = host ? "#owners = alice, @staff" : "owners = any";
	if (l->folder) {
		l->secret = tc_join(l->folder, "secret.conf");
		l->store = host ? strdup(l->store_text)
				: tc_join(l->folder, l->store_text);
		l->audit = host ? strdup(l->audit_text)
				: tc_join(l->folder, l->audit_text);
		l->audit_folder = l->audit ? tc_dirname(l->audit, &base) : NULL;
	}
	if (!l->config || !l->folder || !l->secret || !l->store || !l->audit ||
	    !l->audit_folder)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	return TC_OK;
}

static void
plan_free(struct layout *l)
{
	free(l->config);
	free(l->folder);
	free(l->secret);
	free(l->store);
	free(l->audit);
	free(l->audit_folder);
}

static int
sync_folder(const char *path, struct tc_error *err)
{
	int rc = TC_OK, fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		rc = tc_fail_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* The name that a folder has in the one above it. */
static int
sync_name(const char *path, struct tc_error *err)
{
	const char *base;
	char *above = tc_dirname(path, &base);
	int rc = above ? sync_folder(above, err)
		       : tc_fail(err, TC_E_NOMEM, "out of memory");

	free(above);
	return rc;
}

/* A folder that is there already is taken as it is. */
static int
make_folder(const char *path, mode_t mode, gid_t gid, int *made,
	    struct tc_error *err)
{
	/* plan() failed unless it had every path.
	 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (mkdir(path, 0700)) {
		if (errno == EEXIST)
			return TC_OK;
		return tc_fail_errno(err, "%s", path);
	}
	*made = 1;
	if ((gid != NO_GID && chown(path, (uid_t)-1, gid)) || chmod(path, mode))
		return tc_fail_errno(err, "%s", path);
	return sync_name(path, err);
}

static int
must_be_absent(const char *path, struct tc_error *err)
{
	struct stat st;

	/* As above. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (lstat(path, &st) == 0)
		return tc_fail(err, TC_E_EXISTS, "%s: exists already", path);
	return errno == ENOENT || errno == ENOTDIR
		   ? TC_OK
		   : tc_fail_errno(err, "%s", path);
}

static int
nothing_there(const struct layout *l, struct tc_error *err)
{
	int rc = must_be_absent(l->config, err);

	if (rc == TC_OK)
		rc = must_be_absent(l->secret, err);
	for (int i = 0; rc == TC_OK && i < TC_STORE_FILES; i++) {
		char *path = tc_join(l->store, tc_store_names[i]);

		rc = path ? must_be_absent(path, err)
			  : tc_fail(err, TC_E_NOMEM, "out of memory");
		free(path);
	}
	return rc;
}

/* Readable by the group only where that is the services' group. */
static int
make_file(const char *path, mode_t mode, gid_t gid, const void *data,
	  size_t len, int *made, struct tc_error *err)
{
	int rc = TC_OK;
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return tc_fail_errno(err, "%s", path);
	*made = 1;
	if (gid == NO_GID && mode == 0640)
		mode = 0600;
	if ((gid != NO_GID && fchown(fd, (uid_t)-1, gid)) ||
	    tc_write_all(fd, data, len) || fchmod(fd, mode) || fsync(fd))
		rc = tc_fail_errno(err, "%s", path);
	close(fd);
	return rc;
}

static int
make_secret(struct layout *l, const struct tc_crypto *c, const char *secret,
	    struct tc_error *err)
{
	static const char head[] = "# The keys that make tokens valid: whoever "
				   "reads this file "
				   "can make them.\n"
				   "# See apitoken-secret.conf(5) and "
				   "\"apitoken key\".\n";
	struct tc_writer w = { 0 };
	int rc;

	tc_put_bytes(&w, head, sizeof(head) - 1);
	rc = tc_keys_write(c, &w, 1, secret, TC_KEY_ACTIVE, err);
	if (rc == TC_OK)
		rc = make_file(l->secret, 0640, l->gid, w.data, w.len,
			       &l->made_secret, err);
	tc_writer_free(&w);
	return rc;
}

static int
make_store(struct layout *l, const struct tc_crypto *c, struct tc_error *err)
{
	struct tc_store s;
	int64_t now;
	int fd, rc = tc_clock(&now, err);

	if (rc != TC_OK)
		return rc;
	rc = make_folder(l->store, l->gid == NO_GID ? 0700 : 02750, l->gid,
			 &l->made_store, err);
	if (rc != TC_OK)
		return rc;
	fd = tc_trust_own_dir(l->store, err);
	if (fd < 0)
		return err->code;
	l->made_files = 1;
	rc = tc_store_init(&s, fd, l->store, c) == 0
		 ? tc_store_create(&s, now, err)
		 : tc_fail(err, TC_E_NOMEM, "out of memory");
	tc_store_close(&s);
	return rc;
}

static int
make_config(struct layout *l, struct tc_error *err)
{
	char *text;
	int rc, len;

	len = asprintf(&text, config_text, l->owners_text, l->store_text,
		       l->audit_text);
	if (len < 0)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	rc = make_file(l->config, 0644, NO_GID, text, (size_t)len,
		       &l->made_config, err);
	free(text);
	return rc;
}

static int
make_all(struct layout *l, const struct tc_crypto *c, const char *secret,
	 struct tc_error *err)
{
	int rc = make_folder(l->folder, 0755, NO_GID, &l->made_folder, err);
	int fd = rc == TC_OK ? tc_trust_own_dir(l->folder, err) : -1;

	if (fd < 0)
		return err->code;
	rc = make_folder(l->audit_folder, l->gid == NO_GID ? 0700 : 02750,
			 l->gid, &l->made_audit_folder, err);
	if (rc == TC_OK && access(l->audit, F_OK))
		rc = make_file(l->audit, 0640, l->gid, "", 0, &l->made_audit,
			       err);
	if (rc == TC_OK && l->made_audit)
		rc = sync_folder(l->audit_folder, err);
	if (rc == TC_OK)
		rc = make_secret(l, c, secret, err);
	if (rc == TC_OK)
		rc = make_store(l, c, err);
	if (rc == TC_OK)
		rc = make_config(l, err);
	if (rc == TC_OK && fsync(fd))
		rc = tc_fail_errno(err, "%s", l->folder);
	close(fd);
	return rc;
}

/* By a descriptor: there may be no memory for paths. */
static void
empty_store(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < TC_STORE_FILES; i++)
		(void)unlinkat(fd, tc_store_names[i], 0);
	if (fd >= 0)
		close(fd);
}

static void
take_away(const struct layout *l)
{
	if (l->made_config)
		(void)unlink(l->config);
	if (l->made_files)
		empty_store(l->store);
	if (l->made_store)
		(void)rmdir(l->store);
	if (l->made_secret)
		(void)unlink(l->secret);
	if (l->made_audit)
		(void)unlink(l->audit);
	if (l->made_audit_folder)
		(void)rmdir(l->audit_folder);
	if (l->made_folder)
		(void)rmdir(l->folder);
}

int
tc_init(const char *config, const char *secret, struct tc_error *err)
{
	struct tc_error local;
	const struct tc_crypto *crypto = tc_crypto();
	struct layout l;
	int rc;

	if (!err)
		err = &local;
	if (!config)
		config = TC_DEFAULT_CONFIG;
	rc = plan(&l, config, err);
	if (rc == TC_OK)
		rc = nothing_there(&l, err);
	if (rc == TC_OK && !crypto)
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "OpenSSL has no HMAC "
			     "or SHA-256");
	else if (rc == TC_OK) {
		rc = make_all(&l, crypto, secret, err);
		if (rc != TC_OK)
			take_away(&l);
	}
	plan_free(&l);
	return rc;
}
