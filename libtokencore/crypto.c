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
	if (c->lib)
		c->sha256 = EVP_MD_fetch(c->lib, digest_name, NULL);
	ERR_pop_to_mark();
	if (c->sha256)
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

static int
digest(EVP_MD_CTX *ctx, const struct tc_bytes *parts, size_t n,
       unsigned char out[TC_HASH_LEN])
{
	unsigned len = 0;
	int ok = 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	return ok && EVP_DigestFinal_ex(ctx, out, &len) == 1 &&
	       len == TC_HASH_LEN;
}

/* ---- HMAC (RFC 2104) by its two digests: an EVP_MAC looks for its digest by
 * name each time, and takes three times as long (doc/BENCHMARKS.md) ---- */

#define BLOCK ((size_t)64) /* of SHA-256 */
#define INNER 0x36
#define OUTER 0x5c

/* A digest that the key's block is in. */
static int
begin(EVP_MD_CTX *ctx, const struct tc_crypto *c, const unsigned char *key,
      size_t key_len, unsigned char with)
{
	unsigned char pad[BLOCK];
	int ok;

	for (size_t i = 0; i < BLOCK; i++)
		pad[i] = (unsigned char)((i < key_len ? key[i] : 0) ^ with);
	ok = EVP_DigestInit_ex2(ctx, c->sha256, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, pad, BLOCK) == 1;
	OPENSSL_cleanse(pad, sizeof(pad));
	return ok;
}

static int
one_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
	 const struct tc_bytes *parts, size_t n, unsigned char out[TC_HASH_LEN])
{
	const struct tc_bytes first = { out, TC_HASH_LEN };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && begin(ctx, c, key, key_len, INNER) &&
		 digest(ctx, parts, n, out) &&
		 begin(ctx, c, key, key_len, OUTER) &&
		 digest(ctx, &first, 1, out);

	EVP_MD_CTX_free(ctx);
	return ok;
}

void
tc_mac_free(struct tc_mac *mac)
{
	EVP_MD_CTX_free(mac->inner);
	EVP_MD_CTX_free(mac->outer);
	EVP_MD_CTX_free(mac->work);
	OPENSSL_cleanse(mac, sizeof(*mac));
}

static EVP_MD_CTX *
begun(const struct tc_crypto *c, const unsigned char key[TC_HASH_LEN],
      unsigned char with)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx && begin(ctx, c, key, TC_HASH_LEN, with))
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

/* Is it of that key, or can it be made so? */
static int
is_kept(const struct tc_crypto *c, const void *key)
{
	struct tc_mac *kept = c->kept;

	if (kept->work && CRYPTO_memcmp(kept->key, key, TC_HASH_LEN) == 0)
		return 1;
	tc_mac_free(kept);
	memcpy(kept->key, key, TC_HASH_LEN);
	kept->inner = begun(c, key, INNER);
	kept->outer = begun(c, key, OUTER);
	if (kept->inner && kept->outer)
		kept->work = EVP_MD_CTX_new();
	return kept->work != NULL;
}

static int
kept_hmac(const struct tc_crypto *c, const void *key,
	  const struct tc_bytes *parts, size_t n,
	  unsigned char out[TC_HASH_LEN])
{
	const struct tc_bytes first = { out, TC_HASH_LEN };
	const struct tc_mac *m = c->kept;

	return is_kept(c, key) && EVP_MD_CTX_copy_ex(m->work, m->inner) == 1 &&
	       digest(m->work, parts, n, out) &&
	       EVP_MD_CTX_copy_ex(m->work, m->outer) == 1 &&
	       digest(m->work, &first, 1, out);
}

int
tc_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
	const struct tc_bytes *parts, size_t n, unsigned char out[TC_HASH_LEN])
{
	int ok = 0;

	ERR_set_mark();
	if (c->kept && key_len == TC_HASH_LEN)
		ok = kept_hmac(c, key, parts, n, out);
	else if (key_len <= BLOCK)
		ok = one_hmac(c, key, key_len, parts, n, out);
	if (!ok)
		OPENSSL_cleanse(out, TC_HASH_LEN);
	return forget_errors(ok);
}

int
tc_sha256(const struct tc_crypto *c, const struct tc_bytes *parts, size_t n,
	  unsigned char out[TC_HASH_LEN])
{
	EVP_MD_CTX *ctx;
	int ok;

	ERR_set_mark();
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestInit_ex2(ctx, c->sha256, NULL) == 1 &&
	     digest(ctx, parts, n, out);
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
