/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of user names and @groups, as the configuration has them. */
#ifndef TC_NAMES_H
#define TC_NAMES_H

#include <stddef.h>
#include <sys/types.h>

#include "tokencore.h"

#define TC_NAME_MAX TC_USER_MAX /* bytes of a name, without the '@' */

/* Is this a user's name, or '@' and a group's?  1..TC_NAME_MAX bytes of UTF-8
 * each, without control characters, spaces, commas, slashes and '*'.  A
 * tc_listed_fn. */
int tc_name_fits(const char *item, size_t len);

/* Does a joined list name the user, or one of the groups?
 * groups  n group ids; groups of the list that the host does not know hold
 *         nobody
 * 1 or 0; -1: not by what could be looked up, and a group could not. */
int tc_names_hold(const char *joined, const char *user, const gid_t *groups,
		  size_t n);

/* Does it name the user, groups left out of account? */
int tc_names_user(const char *joined, const char *user);

#endif
