/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The few primitives everything else is made of, fetched once from OpenSSL in
 * a library context of our own: neither the host's openssl.cnf nor its FIPS
 * and engine settings can change a token's value.
 *
 * Once for the process: to set OpenSSL up takes as long as ten logins.  What
 * stays is constant and knows no key; keys belong to handles and go with them.
 */
#ifndef TC_CRYPTO_H
#define TC_CRYPTO_H

#include <stddef.h>

#include <openssl/types.h>

#define TC_HASH_LEN 32 /* SHA-256 */

/* What HMACs under one key begin with, for who makes many.  Zeros to begin
 * with; for one thread. */
struct tc_mac {
	EVP_MD_CTX *inner, *outer; /* the key's block is in */
	EVP_MD_CTX *work; /* NULL: none yet */
	unsigned char key[TC_HASH_LEN];
};

struct tc_crypto {
	OSSL_LIB_CTX *lib;
	EVP_MD *sha256;
	/* NULL in the process's own; for who makes many HMACs, in a copy. */
	struct tc_mac *kept;
};

void tc_mac_free(struct tc_mac *mac);

/* One piece of a message that is hashed as the concatenation of pieces. */
struct tc_bytes {
	const void *data;
	size_t len;
};

/* The one of this process, for all of its threads; NULL when OpenSSL has not
 * got what we need, which may be different the next time. */
const struct tc_crypto *tc_crypto(void);
/* As in a process that just began: for tests, which make OpenSSL fail. */
void tc_crypto_forget(void);

/* All give 0, or -1 on failure with the output wiped. */
/* HMAC-SHA-256 (RFC 2104, FIPS 198-1); the key has at most 64 bytes. */
int tc_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
	    const struct tc_bytes *parts, size_t n,
	    unsigned char out[TC_HASH_LEN]);
int tc_sha256(const struct tc_crypto *c, const struct tc_bytes *parts, size_t n,
	      unsigned char out[TC_HASH_LEN]);
/* HKDF-SHA-256 (RFC 5869), both steps. */
int tc_hkdf(const struct tc_crypto *c, const char *salt, const void *secret,
	    size_t secret_len, const struct tc_bytes *info,
	    unsigned char out[TC_HASH_LEN]);
/* PBKDF2 with HMAC-SHA-256 (RFC 8018). */
int tc_pbkdf2(const struct tc_crypto *c, const void *secret, size_t secret_len,
	      const void *salt, size_t salt_len, unsigned iterations,
	      unsigned char out[TC_HASH_LEN]);
int tc_random(const struct tc_crypto *c, void *out, size_t len);

#endif
