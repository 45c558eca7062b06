/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TC_NEWSTORE_H
#define TC_NEWSTORE_H

#include "store.h"

/* Makes the files of an empty store in an empty folder. */
int tc_store_create(const struct tc_store *s, int64_t now,
		    struct tc_error *err);

#endif
