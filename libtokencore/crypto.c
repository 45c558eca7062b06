/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto.h"

#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

static char digest_name[] = "SHA256";

/* What OpenSSL says about a failure stays in its queue, which belongs to the
 * host: there it would pass for an error of the host's own TLS. */
static int
forget_errors(int ok)
{
	ERR_pop_to_mark();
	return ok ? 0 : -1;
}

/* Never freed: who is still in there cannot be known, and at the end of the
 * process OpenSSL may be gone before us. */
static _Atomic(struct tc_crypto *) shared;

static void
crypto_free(struct tc_crypto *c)
{
	if (!c)
		return;
	EVP_MAC_free(c->hmac);
	EVP_MD_free(c->sha256);
	OSSL_LIB_CTX_free(c->lib);
	OPENSSL_free(c);
}

static struct tc_crypto *
crypto_new(void)
{
	struct tc_crypto *c = OPENSSL_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	ERR_set_mark();
	c->lib = OSSL_LIB_CTX_new();
	if (c->lib) {
		c->hmac = EVP_MAC_fetch(c->lib, "HMAC", NULL);
		c->sha256 = EVP_MD_fetch(c->lib, digest_name, NULL);
	}
	ERR_pop_to_mark();
	if (c->hmac && c->sha256)
		return c;
	crypto_free(c);
	return NULL;
}

/* Without a lock, which a fork() in another thread would leave locked in the
 * child for good: threads that come here at the same time make one each, and
 * the first one stays. */
const struct tc_crypto *
tc_crypto(void)
{
	struct tc_crypto *there = atomic_load(&shared), *made;

	if (there)
		return there;
	made = crypto_new();
	if (!made || atomic_compare_exchange_strong(&shared, &there, made))
		return made;
	crypto_free(made);
	return there;
}

void
tc_crypto_forget(void)
{
	crypto_free(atomic_exchange(&shared, NULL));
}

void
tc_mac_free(struct tc_mac *mac)
{
	EVP_MAC_CTX_free(mac->ctx);
	mac->ctx = NULL;
}

static EVP_MAC_CTX *
new_mac(const struct tc_crypto *c, const void *key, size_t key_len)
{
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_MAC_PARAM_DIGEST, digest_name, 0),
				OSSL_PARAM_construct_end() };
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(c->hmac);

	if (ctx && EVP_MAC_init(ctx, key, key_len, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

/* Its key anew, though it is mostly the same: without one OpenSSL before 3.0.3
 * does not begin again and says that it did. */
static EVP_MAC_CTX *
kept_mac(const struct tc_crypto *c, const void *key)
{
	struct tc_mac *kept = c->kept;

	if (kept->ctx && EVP_MAC_init(kept->ctx, key, TC_HASH_LEN, NULL) == 1)
		return kept->ctx;
	tc_mac_free(kept);
	kept->ctx = new_mac(c, key, TC_HASH_LEN);
	return kept->ctx;
}

int
tc_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
	const struct tc_bytes *parts, size_t n, unsigned char out[TC_HASH_LEN])
{
	const int keep = c->kept && key_len == TC_HASH_LEN;
	EVP_MAC_CTX *ctx;
	size_t len = 0;
	int ok;

	ERR_set_mark();
	ctx = keep ? kept_mac(c, key) : new_mac(c, key, key_len);
	ok = ctx != NULL;
	for (size_t i = 0; ok && i < n; i++)
		if (parts[i].len > 0)
			ok = EVP_MAC_update(ctx, parts[i].data, parts[i].len) ==
			     1;
	ok = ok && EVP_MAC_final(ctx, out, &len, TC_HASH_LEN) == 1 &&
	     len == TC_HASH_LEN;
	if (!keep)
		EVP_MAC_CTX_free(ctx);
	if (!ok)
		OPENSSL_cleanse(out, TC_HASH_LEN);
	return forget_errors(ok);
}

int
tc_sha256(const struct tc_crypto *c, const struct tc_bytes *parts, size_t n,
	  unsigned char out[TC_HASH_LEN])
{
	EVP_MD_CTX *ctx;
	unsigned len = 0;
	int ok;

	ERR_set_mark();
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestInit_ex2(ctx, c->sha256, NULL) == 1;
	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	ok =
	    ok && EVP_DigestFinal_ex(ctx, out, &len) == 1 && len == TC_HASH_LEN;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		OPENSSL_cleanse(out, TC_HASH_LEN);
	return forget_errors(ok);
}

/* OSSL_PARAM takes its inputs by pointers that are not const. */
static OSSL_PARAM
octets(const char *name, const void *data, size_t len)
{
	union {
		const void *in;
		void *out;
	} cast = { .in = data };

	return OSSL_PARAM_construct_octet_string(name, cast.out, len);
}

/* Two HMACs, and not EVP_KDF, which looks for its digest by name each time and
 * was most of what tc_open() computes (doc/BENCHMARKS.md). */
int
tc_hkdf(const struct tc_crypto *c, const char *salt, const void *secret,
	size_t secret_len, const struct tc_bytes *info,
	unsigned char out[TC_HASH_LEN])
{
	const struct tc_bytes whole = { secret, secret_len };
	const struct tc_bytes first[] = { *info, { "\1", 1 } };
	unsigned char prk[TC_HASH_LEN];
	int rc = tc_hmac(c, salt, strlen(salt), &whole, 1, prk);

	if (rc == 0)
		rc = tc_hmac(c, prk, sizeof(prk), first, 2, out);
	else
		OPENSSL_cleanse(out, TC_HASH_LEN);
	OPENSSL_cleanse(prk, sizeof(prk));
	return rc;
}

/* Fetched when it is needed: only minting a token needs it. */
int
tc_pbkdf2(const struct tc_crypto *c, const void *secret, size_t secret_len,
	  const void *salt, size_t salt_len, unsigned iterations,
	  unsigned char out[TC_HASH_LEN])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 digest_name, 0),
		octets(OSSL_KDF_PARAM_PASSWORD, secret, secret_len),
		octets(OSSL_KDF_PARAM_SALT, salt, salt_len),
		OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &iterations),
		OSSL_PARAM_construct_end()
	};
	EVP_KDF_CTX *ctx = NULL;
	EVP_KDF *kdf;
	int ok;

	ERR_set_mark();
	kdf = EVP_KDF_fetch(c->lib, "PBKDF2", NULL);
	if (kdf)
		ctx = EVP_KDF_CTX_new(kdf);
	ok = ctx && EVP_KDF_derive(ctx, out, TC_HASH_LEN, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	if (!ok)
		OPENSSL_cleanse(out, TC_HASH_LEN);
	return forget_errors(ok);
}

int
tc_random(const struct tc_crypto *c, void *out, size_t len)
{
	int ok;

	ERR_set_mark();
	ok = RAND_bytes_ex(c->lib, out, len, 0) == 1;
	if (!ok)
		OPENSSL_cleanse(out, len);
	return forget_errors(ok);
}
