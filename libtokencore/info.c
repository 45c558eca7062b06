/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store as a whole, in a few numbers. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "handle.h"

/* A file that is missing counts nothing: doctor is for that. */
static uint64_t
bytes_of(const struct tc_store *s)
{
	uint64_t sum = 0;
	struct stat st;

	for (int i = 0; i < TC_STORE_FILES; i++)
		/* Most of that one is a hole. */
		if (i != TC_FILE_LASTUSE &&
		    fstatat(s->dir, tc_store_names[i], &st,
			    AT_SYMLINK_NOFOLLOW) == 0)
			sum += (uint64_t)st.st_size;
	return sum;
}

static void
fill_in_config(struct tc_info *info, const struct tc_config *cfg)
{
	info->enabled = cfg->enabled;
	info->allow_root = cfg->allow_root;
	(void)snprintf(info->store, sizeof(info->store), "%s", cfg->store);
	(void)snprintf(info->audit_log, sizeof(info->audit_log), "%s",
		       cfg->audit_log ? cfg->audit_log : "");
}

static void
fill_in_store(struct tc_info *info, const struct tc_store *s,
	      const struct tc_head *head)
{
	for (size_t i = 0; i < TC_STORE_ID_LEN; i++)
		(void)snprintf(info->store_id + 2 * i, 3, "%02x",
			       head->store_id[i]);
	info->commits = head->seq;
	info->committed = head->time;
	info->tokens = head->tokens;
	info->bytes = bytes_of(s);
}

int
tc_info(tc_handle *h, struct tc_info *info, struct tc_error *err)
{
	struct tc_error local;
	struct tc_head head;
	struct tc_policy *p;
	int rc;

	if (!err)
		err = &local;
	memset(info, 0, sizeof(*info));
	p = tc_policy_get(h, err);
	if (!p)
		return err->code;
	fill_in_config(info, &p->config);
	rc = tc_store_read(&p->store, NULL, 0, &head, err);
	if (rc == TC_OK)
		fill_in_store(info, &p->store, &head);
	tc_policy_put(h, p);
	return rc;
}
