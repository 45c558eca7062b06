/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host's databases of users say.  "No such account" and "cannot tell"
 * are different answers: a database that is down has no say in who exists. */
#ifndef TC_ACCOUNT_H
#define TC_ACCOUNT_H

#include <stddef.h>
#include <sys/types.h>

struct tc_account {
	uid_t uid;
	gid_t gid; /* the primary group */
	int locked; /* as in struct tc_shadow, where there is none */
};

/* 1: *out is set; 0: no such account; -1: cannot tell. */
int tc_account_find(const char *user, struct tc_account *out);

/* The services that verify tokens without being root are in it. */
#define TC_SERVICES_GROUP "apitoken"

/* 1: *gid is set; 0: no such group; -1: cannot tell. */
int tc_account_group(const char *name, gid_t *gid);

/* The ids of the primary and all supplementary groups, *n of them, malloced.
 * NULL: out of memory, or more than anyone can have. */
gid_t *tc_account_groups(const char *user, gid_t primary, size_t *n);

struct tc_shadow {
	long expires; /* days since 1970; negative: never */
	int locked; /* somebody put a '!' before a password */
};

/* 1: *out is set; 0: no such entry; -1: cannot tell, see errno. */
int tc_account_shadow(const char *user, struct tc_shadow *out);

/* Did somebody lock a password, as "passwd -l" does?  A lone "!", "!!" or "*"
 * says that there never was one. */
int tc_password_locked(const char *field);

#endif
