/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"

char *
tc_owner_roots(void)
{
	FILE *f = fopen("/etc/passwd", "re");
	char *names = f ? strdup("\n") : NULL;
	struct passwd *pw, entry;
	char line[4096];

	while (names && fgetpwent_r(f, &entry, line, sizeof(line), &pw) == 0) {
		char *more = NULL;

		if (pw->pw_uid != 0)
			continue;
		if (asprintf(&more, "%s%s\n", names, pw->pw_name) < 0)
			more = NULL;
		free(names);
		names = more;
	}
	if (f)
		(void)fclose(f);
	return names;
}

static int
is_root(const char *roots, const char *user)
{
	size_t len = strlen(user);

	if (strcmp(user, "root") == 0)
		return 1;
	for (const char *at = roots; at && (at = strstr(at, user)); at++)
		if (at[-1] == '\n' && at[len] == '\n')
			return 1;
	return 0;
}

const char *
tc_owner_refused(const struct tc_config *cfg, const char *roots,
		 const struct tc_request *req, const char *user,
		 enum tc_verdict *verdict)
{
	uint32_t minimum =
	    req->minimum_uid ? req->minimum_uid : cfg->minimum_uid;
	int root_may = cfg->allow_root || (req->flags & TC_ALLOW_ROOT);
	struct tc_account account = { .uid = 0 };
	int found = 1;

	*verdict = TC_USER_REFUSED;
	if (!is_root(roots, user))
		found = tc_account_find(user, &account);
	/* Without a user database only a minimum cannot be judged. */
	if (found < 0 && minimum > 0) {
		*verdict = TC_UNAVAILABLE;
		return "the account cannot be looked up";
	}
	if (found > 0 && account.uid == 0 && !root_may)
		return "root may not use a token (allow_root)";
	if (found > 0 && account.uid != 0 && account.uid < minimum)
		return "the user id is below minimum_uid";
	*verdict = TC_VALID;
	return NULL;
}
