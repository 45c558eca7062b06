/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "advice.h"

#include <stdio.h>
#include <string.h>

#include "account.h"
#include "lists.h"
#include "names.h"
#include "spec.h"

struct advising {
	tc_advice_fn *fn;
	void *arg;
};

/* A list with a spelling mistake in it holds fewer people than it seems to. */
static void
look_at_group(const struct advising *a, const char *key, const char *item,
	      size_t len)
{
	char name[TC_NAME_MAX + 1], why[2 * TC_NAME_MAX + 96];
	gid_t gid;
	int found;

	if (len < 2 || len > sizeof(name) || *item != '@')
		return;
	memcpy(name, item + 1, len - 1);
	name[len - 1] = '\0';
	found = tc_account_group(name, &gid);
	if (found > 0)
		return;
	(void)snprintf(why, sizeof(why),
		       found == 0 ? "there is no group %s here, so @%s holds "
				    "nobody"
				  : "the group %s cannot be looked up, so @%s "
				    "holds "
				    "nobody now",
		       name, name);
	a->fn(a->arg, key, why,
	      found == 0 ? "make the group, or take it out of the list"
			 : "look at nsswitch.conf and what it names");
}

static void
look_at_list(const struct advising *a, const char *key, const char *joined)
{
	const char *item, *suffix = strrchr(key, '_');
	size_t len;

	if (strcmp(joined, TC_EVERYONE) == 0) {
		if (suffix && strcmp(suffix, "_all") == 0)
			a->fn(a->arg, key,
			      "every user of this host may do that to the "
			      "tokens of all others",
			      "name those who are to, or a @group");
		return;
	}
	while ((item = tc_list_next(&joined, &len)) != NULL)
		look_at_group(a, key, item, len);
}

void
tc_advise(const struct tc_config *cfg, int64_t now, tc_advice_fn *fn, void *arg)
{
	const struct advising a = { fn, arg };
	char why[TC_ERROR_MAX + 96];
	const char *key, *section;
	struct tc_error err;
	int64_t expires;

	for (size_t i = 0; (key = tc_config_key(i, &section)) != NULL; i++) {
		const char *joined = tc_config_names(cfg, i);

		if (joined)
			look_at_list(&a, key, joined);
	}
	if (tc_spec_lifetime(cfg, TC_EXPIRES_DEFAULT, now, &expires, &err) ==
	    TC_OK)
		return;
	(void)snprintf(why, sizeof(why),
		       "no token can be made without an expiry being named: %s",
		       err.text);
	fn(arg, "default_lifetime", why,
	   "set default_lifetime to what max_lifetime and allow_never allow");
}
