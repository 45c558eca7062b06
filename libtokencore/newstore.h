/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TC_NEWSTORE_H
#define TC_NEWSTORE_H

#include "store.h"

/* Makes the files of an empty store in an empty folder. */
int tc_store_create(const struct tc_store *s, int64_t now,
		    struct tc_error *err);

/* A state file, on disk, that tc_new_publish() has still to put in force. */
int tc_state_prepare(const struct tc_store *s,
		     const struct tc_state_file *state, struct tc_error *err);

#endif
