/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one writer's lock: a file of its own that no reader can hold. */
#ifndef TC_LOCK_H
#define TC_LOCK_H

#include "store.h"

/* Waits for it, ten seconds at most.  A descriptor that holds it until it is
 * closed, or -1 with the reason. */
int tc_lock_take(const struct tc_store *s, struct tc_error *err);

#endif
