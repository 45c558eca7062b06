/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a configuration says that is allowed, and hardly meant. */
#ifndef TC_ADVICE_H
#define TC_ADVICE_H

#include "config.h"

/* what: the key; why: what is odd about it; mend: what to do. */
typedef void tc_advice_fn(void *arg, const char *what, const char *why,
			  const char *mend);

/* Calls back for each thing.  Asks the host's database of groups. */
void tc_advise(const struct tc_config *cfg, int64_t now, tc_advice_fn *fn,
	       void *arg);

#endif
