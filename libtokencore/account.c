/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define BUFFER_MAX ((size_t)1 << 20)
#define GROUPS_MAX (1 << 17) /* Linux' own limit is half of it */

/* Asks one database with this buffer: 0 and *found, or an errno. */
typedef int ask_fn(const char *name, void *out, char *buffer, size_t size,
		   int *found);

static int
ask_passwd(const char *name, void *out, char *buffer, size_t size, int *found)
{
	struct tc_account *account = out;
	struct passwd entry, *result = NULL;
	int rc = getpwnam_r(name, &entry, buffer, size, &result);

	*found = rc == 0 && result;
	if (*found) {
		account->uid = entry.pw_uid;
		account->gid = entry.pw_gid;
		account->locked = tc_password_locked(entry.pw_passwd);
	}
	return rc;
}

static int
ask_group(const char *name, void *out, char *buffer, size_t size, int *found)
{
	struct group entry, *result = NULL;
	int rc = getgrnam_r(name, &entry, buffer, size, &result);

	*found = rc == 0 && result;
	if (*found)
		*(gid_t *)out = entry.gr_gid;
	return rc;
}

static int
ask_shadow(const char *name, void *out, char *buffer, size_t size, int *found)
{
	struct tc_shadow *shadow = out;
	struct spwd entry, *result = NULL;
	int rc = getspnam_r(name, &entry, buffer, size, &result);

	*found = rc == 0 && result;
	if (*found) {
		shadow->expires = entry.sp_expire;
		shadow->locked = tc_password_locked(entry.sp_pwdp);
	}
	return rc;
}

static int
look_up(ask_fn *ask, const char *name, void *out)
{
	int rc = ERANGE, found = 0;

	for (size_t size = 1024; rc == ERANGE && size <= BUFFER_MAX;
	     size *= 4) {
		char *buffer = OPENSSL_malloc(size);

		/* glibc hands back errno as it finds it when a source of names
		 * cannot be loaded; 0 would say "no such name". */
		errno = EIO;
		rc = buffer ? ask(name, out, buffer, size, &found) : ENOMEM;
		/* It may hold the hash of a password. */
		OPENSSL_clear_free(buffer, size);
	}
	/* ENOENT and the like say that a database is missing, not that the
	 * name is: in a chroot, say. */
	errno = rc;
	return rc == 0 ? found : -1;
}

int
tc_account_find(const char *user, struct tc_account *out)
{
	return look_up(ask_passwd, user, out);
}

int
tc_account_group(const char *name, gid_t *gid)
{
	return look_up(ask_group, name, gid);
}

int
tc_account_shadow(const char *user, struct tc_shadow *out)
{
	return look_up(ask_shadow, user, out);
}

gid_t *
tc_account_groups(const char *user, gid_t primary, size_t *n)
{
	for (int room = 64; room <= GROUPS_MAX; room *= 2) {
		gid_t *groups = malloc((size_t)room * sizeof(*groups));
		int used = room;

		if (!groups)
			return NULL;
		if (getgrouplist(user, primary, groups, &used) >= 0) {
			*n = (size_t)used;
			return groups;
		}
		free(groups);
	}
	return NULL;
}

int
tc_password_locked(const char *field)
{
	return field && *field == '!' && field[strspn(field, "!*")] != '\0';
}
