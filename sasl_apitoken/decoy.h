/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decoy.h - a verifier that no password fits, for SCRAM logins that are
 * refused.  To the peer it looks like that of a token.
 */
#ifndef SASL_APITOKEN_DECOY_H
#define SASL_APITOKEN_DECOY_H

#include "tokencore.h"

/**
 * Makes one.
 * @param user       whom the peer names
 * @param beginning  the id that it names, or TC_ID_PREFIX_MIN characters or
 *                   more of its beginning
 * @param out        wiped by the caller; unset on failure
 * @return 0; -1: keys or random bytes cannot be had for now
 */
int decoy_make(tc_handle *h, const char *user, const char *beginning,
	       struct tc_scram *out);

#endif
