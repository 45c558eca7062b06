/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verifier of SCRAM-SHA-256 (RFC 5802, RFC 7677), made when a token is
 * minted: with it a server checks a client that knows the token, and neither
 * can make the token from it.
 */
#ifndef TC_SCRAM_H
#define TC_SCRAM_H

#include "crypto.h"
#include "tokencore.h"

/* SaltedPassword = PBKDF2(token, salt, iterations)
 * StoredKey = H(HMAC(SaltedPassword, "Client Key"))
 * ServerKey = HMAC(SaltedPassword, "Server Key") */
int tc_scram_make(const struct tc_crypto *c, const char *token,
		  struct tc_scram *out);

#endif
