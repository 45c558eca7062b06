/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "names.h"

#include <string.h>

#include "account.h"
#include "lists.h"
#include "text.h"

int
tc_name_fits(const char *item, size_t len)
{
	char name[TC_NAME_MAX + 1];

	if (len > 0 && *item == '@') {
		item++;
		len--;
	}
	if (len < 1 || len > TC_NAME_MAX)
		return 0;
	memcpy(name, item, len);
	name[len] = '\0';
	return *name != '@' && !strpbrk(name, " ,/*") &&
	       tc_text_fits(name, 1, TC_NAME_MAX);
}

int
tc_names_user(const char *joined, const char *user)
{
	size_t len, want = strlen(user);
	const char *item;

	while ((item = tc_list_next(&joined, &len)) != NULL)
		if (*item != '@' && len == want && memcmp(item, user, len) == 0)
			return 1;
	return 0;
}

static int
has_gid(const gid_t *groups, size_t n, gid_t gid)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i] == gid)
			return 1;
	return 0;
}

int
tc_names_hold(const char *joined, const char *user, const gid_t *groups,
	      size_t n)
{
	int answer = tc_names_user(joined, user);
	const char *item;
	size_t len;

	while (answer != 1 && (item = tc_list_next(&joined, &len)) != NULL) {
		char name[TC_NAME_MAX + 1];
		gid_t gid = 0;
		int found;

		if (*item != '@' || len > TC_NAME_MAX + 1)
			continue;
		memcpy(name, item + 1, len - 1);
		name[len - 1] = '\0';
		found = tc_account_group(name, &gid);
		if (found < 0)
			answer = -1;
		else if (found > 0 && has_gid(groups, n, gid))
			answer = 1;
	}
	return answer;
}
