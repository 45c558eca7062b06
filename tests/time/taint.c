/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "taint.h"

#include <string.h>

#include <openssl/crypto.h>
#include <valgrind/memcheck.h>

#include "decoy.h"
#include "record.h"
#include "token.h"

static int on;
static unsigned compared, naive;
static unsigned of_decoy; /* HMACs of one that is being made; 0: none is */
/* What the key file's parser is at. */
static const void *secret;
static size_t secret_len;

void
taint_on(int yes)
{
	on = yes;
}

void
taint_naive(unsigned number)
{
	naive = number;
	compared = 0;
}

unsigned
taint_compared(void)
{
	return compared;
}

unsigned
taint_found(void)
{
	return (unsigned)VALGRIND_COUNT_ERRORS;
}

int
taint_is_secret(const void *p, size_t len)
{
	unsigned char bits[256];

	if (len > sizeof(bits) || VALGRIND_GET_VBITS(p, bits, len) != 1)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (bits[i] != 0xff)
			return 0;
	return 1;
}

static int
holds_secret(const void *p, size_t len)
{
	const char *at = p;

	for (size_t i = 0; i < len; i++)
		if (taint_is_secret(at + i, 1))
			return 1;
	return 0;
}

static void
mark(const void *p, size_t len)
{
	if (on)
		(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

static void
clear(const void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

/* ---- where secrets come from ---- */

int __real_tc_derive_key(const struct tc_crypto *c, const char *purpose,
			 unsigned kid, const void *text, size_t len,
			 unsigned char key[TC_KEY_LEN]);
int __wrap_tc_derive_key(const struct tc_crypto *c, const char *purpose,
			 unsigned kid, const void *text, size_t len,
			 unsigned char key[TC_KEY_LEN]);

/* The parser has to look at a line's characters to find its end; behind it the
 * secret is one.  The keys are secret because they are computed from it. */
int
__wrap_tc_derive_key(const struct tc_crypto *c, const char *purpose,
		     unsigned kid, const void *text, size_t len,
		     unsigned char key[TC_KEY_LEN])
{
	int rc;

	secret = text;
	secret_len = len;
	mark(text, len);
	rc = __real_tc_derive_key(c, purpose, kid, text, len, key);
	clear(text, len);
	return rc;
}

int __real_tc_sha256(const struct tc_crypto *c, const struct tc_bytes *parts,
		     size_t n, unsigned char out[TC_HASH_LEN]);
int __wrap_tc_sha256(const struct tc_crypto *c, const struct tc_bytes *parts,
		     size_t n, unsigned char out[TC_HASH_LEN]);

/* Of the secret, too: its print, by which two keys that are one are found. */
int
__wrap_tc_sha256(const struct tc_crypto *c, const struct tc_bytes *parts,
		 size_t n, unsigned char out[TC_HASH_LEN])
{
	const int print =
	    n == 1 && parts[0].data == secret && parts[0].len == secret_len;
	int rc;

	if (print)
		mark(secret, secret_len);
	rc = __real_tc_sha256(c, parts, n, out);
	if (print)
		clear(secret, secret_len);
	return rc;
}

struct tc_record *__real_tc_record_read(const unsigned char *item_key,
					const unsigned char *data, size_t len);
struct tc_record *__wrap_tc_record_read(const unsigned char *item_key,
					const unsigned char *data, size_t len);

/* A record's seal, which who does not have the key may not guess, and of a
 * verifier the two keys; salt and iterations the peer is shown.  tag, length
 * and iterations stand before them. */
struct tc_record *
__wrap_tc_record_read(const unsigned char *item_key, const unsigned char *data,
		      size_t len)
{
	static const unsigned char head[] = { 16, 0, 84, 0, 0, 16, 0 };
	const unsigned char *at = memmem(data, len, head, sizeof(head));

	if (at)
		mark(at + sizeof(head) + TC_SCRAM_SALT, 2 * TC_SCRAM_KEY);
	if (len > TC_SEAL_LEN)
		mark(data + len - TC_SEAL_LEN, TC_SEAL_LEN);
	return __real_tc_record_read(item_key, data, len);
}

/* ---- where they may be told from ---- */

int __wrap_CRYPTO_memcmp(const void *a, const void *b, size_t len);
int __real_CRYPTO_memcmp(const void *a, const void *b, size_t len);

/* Whether two secrets are one is what a verdict depends on: nothing else of
 * them is. */
int
__wrap_CRYPTO_memcmp(const void *a, const void *b, size_t len)
{
	const int secrets = holds_secret(a, len) || holds_secret(b, len);
	int differ;

	if (secrets)
		compared++;
	differ = secrets && compared == naive ? memcmp(a, b, len)
					      : __real_CRYPTO_memcmp(a, b, len);
	clear(&differ, sizeof(differ));
	return differ;
}

void __real_tc_key_token(struct tc_lookup *item, const unsigned char id[15]);
void __wrap_tc_key_token(struct tc_lookup *item, const unsigned char id[15]);

/* An id is no secret.  Of a value made elsewhere it is a keyed hash: where a
 * search for it stops says nothing to who has no key, of the value that was
 * tried as little as of those that are stored. */
void
__wrap_tc_key_token(struct tc_lookup *item, const unsigned char id[15])
{
	__real_tc_key_token(item, id);
	clear(item->key, sizeof(item->key));
}

int __real_tc_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
		   const struct tc_bytes *parts, size_t n,
		   unsigned char out[TC_HASH_LEN]);
int __wrap_tc_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
		   const struct tc_bytes *parts, size_t n,
		   unsigned char out[TC_HASH_LEN]);

/* The first HMAC of a decoy is its key.  The others give the salt, which the
 * peer is shown, and on the way to it characters that the peer finds out by
 * asking for each of the 32: one of them has the salt it knows. */
int
__wrap_tc_hmac(const struct tc_crypto *c, const void *key, size_t key_len,
	       const struct tc_bytes *parts, size_t n,
	       unsigned char out[TC_HASH_LEN])
{
	int rc = __real_tc_hmac(c, key, key_len, parts, n, out);

	if (of_decoy > 0 && of_decoy++ > 1)
		clear(out, TC_HASH_LEN);
	return rc;
}

int __real_tc_decoy_make(tc_handle *h, const struct tc_policy *p,
			 const char *user, const char *beginning,
			 const unsigned char *salt, struct tc_scram *out);
int __wrap_tc_decoy_make(tc_handle *h, const struct tc_policy *p,
			 const char *user, const char *beginning,
			 const unsigned char *salt, struct tc_scram *out);

int
__wrap_tc_decoy_make(tc_handle *h, const struct tc_policy *p, const char *user,
		     const char *beginning, const unsigned char *salt,
		     struct tc_scram *out)
{
	int rc;

	of_decoy = 1;
	rc = __real_tc_decoy_make(h, p, user, beginning, salt, out);
	of_decoy = 0;
	return rc;
}
