/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which records a caller wants: struct tc_filter, in two steps, so that seals
 * and last use are looked at only where the rest fits.  f may be NULL. */
#ifndef TC_FILTER_H
#define TC_FILTER_H

#include "tokencore.h"

/* By what the record says of itself. */
int tc_filter_record(const struct tc_filter *f, const struct tc_record *r);

/* By r->standing. */
int tc_filter_standing(const struct tc_filter *f, const struct tc_record *r);

/* By r->last_used. */
int tc_filter_use(const struct tc_filter *f, const struct tc_record *r);

#endif
