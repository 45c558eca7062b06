/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A verifier that no password fits, for SCRAM logins that are refused.  To the
 * peer it looks like that of a token. */
#ifndef TC_DECOY_H
#define TC_DECOY_H

#include "handle.h"

/* user is whom the peer names, without the default realm; beginning the id
 * that it names or a beginning of it; salt that of the token it means, or NULL
 * if there is none.  out is wiped by the caller; -1, and unset: random bytes
 * cannot be had for now. */
int tc_decoy_make(tc_handle *h, const struct tc_policy *p, const char *user,
		  const char *beginning, const unsigned char *salt,
		  struct tc_scram *out);

#endif
