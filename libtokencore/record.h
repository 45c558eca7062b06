/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token's record as bytes:
 *
 *	record = version(1) field... seal(16)
 *	field  = tag(1) len(2) value, tags ascending
 *
 * The seal is an HMAC over the item's key and everything before it, so that a
 * record that was altered, or copied under another id, does not verify.
 */
#ifndef TC_RECORD_H
#define TC_RECORD_H

#include "bytes.h"
#include "store.h"
#include "token.h"

#define TC_SEAL_LEN 16
#define TC_SCRAM_LEN (4 + TC_SCRAM_SALT + 2 * TC_SCRAM_KEY)

/* Encodes and seals; w->bad is set when it cannot. */
void tc_record_write(const struct tc_crypto *c, struct tc_writer *w,
		     const unsigned char rec_key[TC_KEY_LEN],
		     const struct tc_lookup *key, const struct tc_record *r);

/* A copy with everything it points to; NULL: out of memory.  What stands in no
 * record but is known of it comes along, too. */
struct tc_record *tc_record_copy(const struct tc_crypto *c,
				 const struct tc_record *r);

/* NULL when it is not well formed, of another version, or out of memory.
 * Proves nothing without tc_record_sealed().  Freed by tc_record_free(). */
struct tc_record *tc_record_read(const unsigned char *item_key,
				 const unsigned char *data, size_t len);

/* The same, taking the memory of one that is no longer needed, or NULL; that is
 * gone in any case. */
struct tc_record *tc_record_reread(struct tc_record *old,
				   const unsigned char *item_key,
				   const unsigned char *data, size_t len);

/* How long records usually are: without a verifier for SCRAM, and with one. */
#define TC_RECORD_BARE (70 + TC_SEAL_LEN)
#define TC_RECORD_USUAL (TC_RECORD_BARE + 3 + TC_SCRAM_LEN)

/* Gives what was not found a well-formed record of its usual_len, one of those
 * two, whose seal fits nothing: what is done with it takes as long.  -1: out of
 * memory. */
int tc_record_blank(struct tc_lookup *item);

/* The whole HMAC over what comes before the seal; -1: it cannot be computed. */
int tc_seal(const struct tc_crypto *c, const unsigned char rec_key[TC_KEY_LEN],
	    const unsigned char *item_key, const unsigned char *data,
	    size_t len, unsigned char out[TC_HASH_LEN]);

/* 1 when the seal fits, else 0, also when that cannot be computed. */
int tc_record_sealed(const struct tc_crypto *c,
		     const unsigned char rec_key[TC_KEY_LEN],
		     const unsigned char *item_key, const unsigned char *data,
		     size_t len);

/* The same in *fits; -1 when it cannot be computed. */
int tc_record_seal(const struct tc_crypto *c,
		   const unsigned char rec_key[TC_KEY_LEN],
		   const unsigned char *item_key, const unsigned char *data,
		   size_t len, int *fits);

#endif
