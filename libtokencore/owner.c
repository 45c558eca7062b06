/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "names.h"

#define DAY INT64_C(86400)

/* The list with one more name, or NULL. */
static char *
with_name(char *names, const char *name)
{
	char *more = NULL;

	if (asprintf(&more, "%s%s\n", names, name) < 0)
		more = NULL;
	free(names);
	return more;
}

/* Is it a line of /etc/passwd whose third field is 0?  Then it ends behind its
 * name.  What is no number counts as 0: it only refuses more. */
static int
cut_root(char *line)
{
	char *password = strchr(line, ':');
	const char *uid = password ? strchr(password + 1, ':') : NULL;

	if (!uid || strtoul(uid + 1, NULL, 10) != 0)
		return 0;
	*password = '\0';
	return 1;
}

/* By lines: fgetpwent() asks the kernel at each one where it is. */
char *
tc_owner_roots(void)
{
	FILE *f = fopen("/etc/passwd", "re");
	char *names = f ? strdup("\n") : NULL, *line = NULL;
	size_t size = 0;

	while (names && getdelim(&line, &size, '\n', f) > 0) {
		/* The C library leaves them out, too. */
		char *begin = line + strspn(line, " \t\v\f\r");

		if (cut_root(begin))
			names = with_name(names, begin);
	}
	/* A part of the names would pass for all of them. */
	if (names && (!feof(f) || ferror(f))) {
		free(names);
		names = NULL;
	}
	free(line);
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
	/* Each name stands behind a line end, and "" everywhere. */
	for (const char *at = roots && len > 0 ? roots + 1 : NULL;
	     at && (at = strstr(at, user)); at++)
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
	/* Without a user database a minimum cannot be judged, nor, without the
	 * list of root's names, who is not root. */
	if (found < 0 && (minimum > 0 || (!roots && !root_may))) {
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

/* ---- at creation ---- */

static int
is_any(const struct tc_config *cfg)
{
	return cfg->owners && strcmp(cfg->owners, TC_OWNERS_ANY) == 0;
}

static int
uid_fits(const struct tc_config *cfg, const char *user,
	 const struct tc_owner_facts *f, struct tc_error *err)
{
	int root_may = cfg->allow_root || is_any(cfg) || f->named;

	if (f->account.uid == 0 && !root_may)
		return tc_fail(err, TC_E_REFUSED,
			       "%s may not own a token (allow_root in %s)",
			       user, cfg->file);
	if (f->account.uid != 0 && f->account.uid < cfg->minimum_uid)
		return tc_fail(err, TC_E_REFUSED,
			       "the user id of %s is below minimum_uid (%s)",
			       user, cfg->file);
	return TC_OK;
}

static int
is_open(const char *user, const struct tc_owner_facts *f, int64_t now,
	struct tc_error *err)
{
	char day[16], why[128];
	struct tm tm;
	time_t end;

	if (f->shadow < 0 && f->shadow_needed)
		return tc_fail(
		    err, TC_E_UNAVAILABLE,
		    "whether the account of %s expired or is locked "
		    "cannot be told: shadow: %s",
		    user, tc_errno_text(f->shadow_errno, why, sizeof(why)));
	if (f->account.locked || f->entry.locked)
		return tc_fail(err, TC_E_REFUSED, "the account of %s is locked",
			       user);
	if (f->entry.expires < 0 || now / DAY < f->entry.expires)
		return TC_OK;
	end = (time_t)(f->entry.expires * DAY);
	(void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&end, &tm));
	return tc_fail(err, TC_E_REFUSED, "the account of %s expired on %s",
		       user, day);
}

int
tc_owner_judge(const struct tc_config *cfg, const char *user,
	       const struct tc_owner_facts *f, int64_t now,
	       struct tc_error *err)
{
	int rc;

	if (f->found < 0)
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "the account of %s cannot be looked up", user);
	if (!f->found && is_any(cfg))
		return TC_OK;
	if (!f->found)
		return tc_fail(err, TC_E_REFUSED,
			       "%s has no account on this host (owners in %s)",
			       user, cfg->file);
	if (f->listed < 0)
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "the groups of %s cannot be looked up", user);
	if (!f->listed)
		return tc_fail(err, TC_E_REFUSED,
			       "%s may not own a token (owners in %s)", user,
			       cfg->file);
	rc = uid_fits(cfg, user, f, err);
	return rc == TC_OK ? is_open(user, f, now, err) : rc;
}

/* As tc_names_hold(). */
static int
in_list(const char *list, const char *user, const struct tc_account *account)
{
	size_t n = 0;
	gid_t *groups = tc_account_groups(user, account->gid, &n);
	int answer = tc_names_hold(list, user, groups, n);

	/* Without the groups a no is none. */
	if (!groups && answer == 0)
		answer = -1;
	free(groups);
	return answer;
}

int
tc_owner_may_own(const struct tc_policy *p, const char *user, int64_t now,
		 struct tc_error *err)
{
	const struct tc_config *cfg = &p->config;
	struct tc_owner_facts f = { .listed = 1, .entry = { .expires = -1 } };

	f.found = tc_account_find(user, &f.account);
	if (f.found == 1) {
		f.shadow = tc_account_shadow(user, &f.entry);
		f.shadow_errno = errno;
		f.shadow_needed = geteuid() == 0 && p->store_stat.st_uid == 0;
	}
	if (f.found == 1 && cfg->owners && !is_any(cfg)) {
		f.named = tc_names_user(cfg->owners, user);
		f.listed = in_list(cfg->owners, user, &f.account);
	}
	return tc_owner_judge(cfg, user, &f, now, err);
}
