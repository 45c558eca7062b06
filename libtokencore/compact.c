/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "change.h"

/* Each commit makes the other file current, so two of them reach both. */
int
tc_compact(tc_handle *h, const struct tc_actor *actor, struct tc_error *err)
{
	struct tc_error local;
	int rc = TC_OK;

	if (!err)
		err = &local;
	for (int round = 0; rc == TC_OK && round < 2; round++) {
		struct tc_change c;

		rc = tc_change_begin(&c, h, actor, err);
		if (rc == TC_OK)
			rc =
			    tc_permit(c.policy, actor, TC_ACT_ADMIN, NULL, err);
		if (rc == TC_OK)
			rc = tc_txn_compact(c.txn, err);
		if (rc == TC_OK && round == 0)
			rc = tc_change_note(&c, "compact", NULL, NULL, 0, err);
		if (rc == TC_OK)
			rc = tc_change_commit(&c, err);
		tc_change_end(&c);
	}
	return rc;
}
