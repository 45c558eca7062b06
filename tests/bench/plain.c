/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plain.h"

#include <gdbm.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "turns.h"

void
plain_key(unsigned i, unsigned char key[PLAIN_KEY])
{
	uint64_t z = i;

	/* SplitMix64, as keys are hashes. */
	for (size_t at = 0; at < PLAIN_KEY; at++) {
		uint64_t x = z += 0x9e3779b97f4a7c15U;

		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
		x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
		key[at] = (unsigned char)(x >> 40);
		z ^= x;
	}
}

void
plain_make(const char *path, unsigned n)
{
	GDBM_FILE f = gdbm_open(path, 0, GDBM_NEWDB, 0600, NULL);
	unsigned char key[PLAIN_KEY], value[PLAIN_VALUE];
	datum k = { .dptr = (char *)key, .dsize = PLAIN_KEY };
	datum v = { .dptr = (char *)value, .dsize = PLAIN_VALUE };

	if (!f)
		turns_die("%s: %s", path, gdbm_strerror(gdbm_errno));
	memset(value, 'v', sizeof(value));
	for (unsigned i = 0; i < n; i++) {
		plain_key(i, key);
		if (gdbm_store(f, k, v, GDBM_INSERT))
			turns_die("%s: %s", path, gdbm_db_strerror(f));
	}
	if (gdbm_close(f))
		turns_die("%s: %s", path, gdbm_strerror(gdbm_errno));
}

void
plain_fetch(const char *path, unsigned i)
{
	GDBM_FILE f = gdbm_open(path, 0, GDBM_READER | GDBM_NOMMAP, 0, NULL);
	unsigned char key[PLAIN_KEY];
	datum k = { .dptr = (char *)key, .dsize = PLAIN_KEY }, v;

	if (!f)
		turns_die("%s: %s", path, gdbm_strerror(gdbm_errno));
	plain_key(i, key);
	v = gdbm_fetch(f, k);
	if (!v.dptr)
		turns_die("%s: %s", path, gdbm_db_strerror(f));
	free(v.dptr);
	gdbm_close(f);
}

void
plain_hmac(void)
{
	static EVP_MAC *mac;
	static char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_MAC_PARAM_DIGEST, digest, 0),
				OSSL_PARAM_construct_end() };
	unsigned char key[32] = { 1 }, text[32] = { 2 }, out[32];
	EVP_MAC_CTX *ctx;
	size_t len;

	if (!mac)
		mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	ctx = EVP_MAC_CTX_new(mac);
	if (!ctx || !EVP_MAC_init(ctx, key, sizeof(key), params) ||
	    !EVP_MAC_update(ctx, text, sizeof(text)) ||
	    !EVP_MAC_final(ctx, out, &len, sizeof(out)))
		turns_die("no HMAC");
	EVP_MAC_CTX_free(ctx);
}
