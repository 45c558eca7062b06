/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seal of a record: that it was made with a key of ours, for this id. */
#include "record.h"

#include <openssl/crypto.h>

#define ITEM_KEY_LEN (1 + TC_ID_BYTES)

int
tc_seal(const struct tc_crypto *c, const unsigned char rec_key[TC_KEY_LEN],
	const unsigned char *item_key, const unsigned char *data, size_t len,
	unsigned char out[TC_HASH_LEN])
{
	struct tc_bytes parts[] = { { item_key, ITEM_KEY_LEN }, { data, len } };

	return tc_hmac(c, rec_key, TC_KEY_LEN, parts, 2, out);
}

int
tc_record_seal(const struct tc_crypto *c,
	       const unsigned char rec_key[TC_KEY_LEN],
	       const unsigned char *item_key, const unsigned char *data,
	       size_t len, int *fits)
{
	unsigned char mac[TC_HASH_LEN];

	*fits = 0;
	if (len <= TC_SEAL_LEN)
		return 0;
	if (tc_seal(c, rec_key, item_key, data, len - TC_SEAL_LEN, mac))
		return -1;
	*fits = CRYPTO_memcmp(mac, data + len - TC_SEAL_LEN, TC_SEAL_LEN) == 0;
	return 0;
}

int
tc_record_sealed(const struct tc_crypto *c,
		 const unsigned char rec_key[TC_KEY_LEN],
		 const unsigned char *item_key, const unsigned char *data,
		 size_t len)
{
	int fits;

	return tc_record_seal(c, rec_key, item_key, data, len, &fits) == 0 &&
	       fits;
}
