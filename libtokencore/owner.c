/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MAX ((size_t)1 << 20)

/* 1: *uid is set; 0: no such account; -1: cannot tell. */
static int
look_up(const char *user, uid_t *uid)
{
	size_t size = 1024;
	int rc = ERANGE, found = 0;

	while (rc == ERANGE && size <= BUFFER_MAX) {
		struct passwd pw, *result = NULL;
		char *buffer = malloc(size);

		if (!buffer)
			return -1;
		rc = getpwnam_r(user, &pw, buffer, size, &result);
		found = rc == 0 && result;
		if (found)
			*uid = pw.pw_uid;
		free(buffer);
		size *= 4;
	}
	if (found)
		return 1;
	/* ENOENT and the like say that a user database is missing, not that
	 * the name is: in a chroot, say. */
	return rc == 0 ? 0 : -1;
}

const char *
tc_owner_refused(const struct tc_config *cfg, const struct tc_request *req,
		 const char *user, enum tc_verdict *verdict)
{
	uint32_t minimum = req->minimum_uid ? req->minimum_uid
					    : cfg->minimum_uid;
	int root_may = cfg->allow_root || (req->flags & TC_ALLOW_ROOT);
	uid_t uid = 0;
	int found = 1;

	*verdict = TC_USER_REFUSED;
	if (strcmp(user, "root") != 0)
		found = look_up(user, &uid);
	if (found < 0) {
		*verdict = TC_UNAVAILABLE;
		return "the account cannot be looked up";
	}
	if (found && uid == 0 && !root_may)
		return "root may not use a token (allow_root)";
	if (found && uid != 0 && uid < minimum)
		return "the user id is below minimum_uid";
	*verdict = TC_VALID;
	return NULL;
}
