/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to do about an error. */
#ifndef TC_MEND_H
#define TC_MEND_H

#include "tokencore.h"

#define TC_MEND_MAX (TC_ERROR_MAX + 192)

/* what, why: the error's two halves; config: the configuration's path.  The
 * advice, in out or elsewhere. */
const char *tc_mend(const char *config, const char *what, const char *why,
		    char out[TC_MEND_MAX]);

#endif
