/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The token's text and its tag: pure functions, no files, no clock.
 *
 *	token    = text checksum
 *	text     = "tkc1_" b32(header caveats tag)
 *	header   = 0x11 kid(2) nonce(16)
 *	caveat   = type(1) len(1) value(len)
 *	checksum = b32(CRC-32 of text)
 */
#ifndef TC_TOKEN_H
#define TC_TOKEN_H

#include "crypto.h"
#include "tokencore.h"

#define TC_PREFIX_LEN 5 /* "tkc1_" */
#define TC_FORMAT_BYTE 0x11 /* format 1, type 1 */
#define TC_HEADER_LEN 19
#define TC_NONCE_LEN 16
#define TC_TAG_LEN 16
#define TC_ID_BYTES 15
#define TC_CHECKSUM_CHARS 7
#define TC_KEY_LEN TC_HASH_LEN

/* Holds the tag, which is what makes a token valid: wipe it after use. */
struct tc_token {
	unsigned char header[TC_HEADER_LEN];
	unsigned char tag[TC_TAG_LEN];
	unsigned char caveats[TC_CAVEAT_BYTES];
	size_t caveats_len;
};

/* TC_VALID (well formed), TC_NOT_A_TOKEN, TC_MALFORMED or TC_BAD_CHECKSUM;
 * tok is all zero unless TC_VALID. */
enum tc_verdict tc_token_read(const char *text, size_t len,
			      struct tc_token *tok);

/* Writes text and NUL.  The parts have to be well formed. */
void tc_token_write(const struct tc_token *tok, char out[TC_TOKEN_MAX + 1]);

unsigned tc_token_kid(const struct tc_token *tok);

/* The key that tags tokens ("mac"), seals records ("rec") or hashes values made
 * elsewhere ("imp") of a kid. */
int tc_derive_key(const struct tc_crypto *c, const char *purpose, unsigned kid,
		  const void *secret, size_t len,
		  unsigned char key[TC_KEY_LEN]);

/* The tag that header, caveats and user ought to have. */
int tc_token_tag(const struct tc_crypto *c, const unsigned char key[TC_KEY_LEN],
		 const char *user, const struct tc_token *tok,
		 unsigned char tag[TC_TAG_LEN]);

/* Chains a tag over one more caveat, as encoded: what tc_token_tag() does for
 * each.  After a failure the tag is wiped. */
int tc_token_chain(const struct tc_crypto *c, unsigned char tag[TC_TAG_LEN],
		   const unsigned char *caveat, size_t len);

/* The id under which the record is found: a one-way function of the header. */
int tc_token_id(const struct tc_crypto *c, const struct tc_token *tok,
		unsigned char id[TC_ID_BYTES]);

/* Text of an id and back; reading takes canonical text only (0 or -1). */
void tc_id_text(const unsigned char id[TC_ID_BYTES], char out[TC_ID_LEN + 1]);
int tc_id_bytes(const char *text, unsigned char id[TC_ID_BYTES]);

#endif
