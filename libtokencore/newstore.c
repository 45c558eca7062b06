/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of an empty store. */
#include "newstore.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "journal.h"
#include "lastuse.h"
#include "newfile.h"
#include "spare.h"
#include "standby.h"

static int
create_data(const struct tc_store *s, struct tc_head *head,
	    struct tc_error *err)
{
	const char *name = tc_store_names[TC_LEFT], *why = "";
	struct tc_map m = { .crypto = s->crypto, .head = head };
	int rc = TC_OK, fd = tc_new_begin(s->dir, name, err);

	if (fd < 0)
		return err->code;
	if (fchmod(fd, 0640))
		rc = tc_fail_errno(err, "%s", s->paths[TC_LEFT]);
	m.file = tc_gdbm_open(fd, TC_GDBM_NEW, &why);
	if (!m.file)
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", s->paths[TC_LEFT],
			     why);
	else if (tc_map_create(&m) || tc_map_put_head(&m))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", s->paths[TC_LEFT],
			     tc_gdbm_why(m.file));
	if (rc != TC_OK)
		tc_gdbm_close(m.file);
	else if (tc_gdbm_finish(m.file, &why))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", s->paths[TC_LEFT],
			     why);
	if (rc == TC_OK)
		return tc_new_publish(s->dir, name, NULL, err);
	tc_new_abandon(s->dir, name);
	return rc;
}

static int
create_journal(const struct tc_store *s, struct tc_state_file *state,
	       struct tc_error *err)
{
	unsigned char start[TC_JOURNAL_START];

	tc_journal_start(start, state->head.store_id);
	state->journal_len = state->journal_last = sizeof(start);
	return tc_new_file(s->dir, tc_store_names[TC_FILE_JOURNAL], 0640, start,
			   sizeof(start), err);
}

int
tc_store_create(const struct tc_store *s, int64_t now, struct tc_error *err)
{
	struct tc_state_file state;
	int rc = TC_OK, in_force;

	memset(&state, 0, sizeof(state));
	state.side = TC_LEFT;
	state.head.seq = 1;
	state.head.time = now;
	if (tc_random(s->crypto, state.head.store_id, TC_STORE_ID_LEN))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "no random numbers");
	if (rc == TC_OK)
		rc = create_data(s, &state.head, err);
	if (rc == TC_OK)
		rc = tc_standby_copy(s, TC_LEFT, err);
	if (rc == TC_OK)
		rc = create_journal(s, &state, err);
	if (rc == TC_OK)
		rc = tc_spare_write(s, &state, err);
	if (rc == TC_OK)
		rc = tc_spare_publish(s, &in_force, err);
	if (rc == TC_OK)
		tc_lastuse_fit(s, 0);
	return rc;
}
