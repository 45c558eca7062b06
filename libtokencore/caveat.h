/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Caveats: limits that a token's holder may add.  Pure functions over their
 * encoded form; what is not understood refuses the whole token.
 */
#ifndef TC_CAVEAT_H
#define TC_CAVEAT_H

#include "tokencore.h"

/* How many there are, or -1 when the list is not well formed. */
int tc_caveats_check(const unsigned char *bytes, size_t len);

/* Decodes a list that tc_caveats_check() took; returns how many. */
size_t tc_caveats_decode(const unsigned char *bytes, size_t len,
			 struct tc_caveat out[TC_CAVEATS_MAX]);

#endif
