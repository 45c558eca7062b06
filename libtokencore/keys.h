/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secret.conf: the keys, their states, and how to change them on disk. */
#ifndef TC_KEYS_H
#define TC_KEYS_H

#include "bytes.h"
#include "token.h"

#define TC_SECRETS_MAX 65536 /* bytes of the file */
#define TC_KEYS_MAX 64
#define TC_KID_MAX 65535

/* The secret itself is forgotten as soon as these were derived from it. */
struct tc_key {
	unsigned kid;
	int has_secret;
	enum tc_key_state state;
	unsigned state_line; /* where "state =" stands in the file */
	unsigned char mac[TC_KEY_LEN], rec[TC_KEY_LEN], imp[TC_KEY_LEN];
	unsigned char print[TC_KEY_LEN]; /* tells equal secrets */
};

struct tc_keys {
	size_t n;
	struct tc_key key[TC_KEYS_MAX];
};

/* keys is wiped after a failure; the caller wipes it after a success. */
int tc_keys_parse(const struct tc_crypto *c, struct tc_keys *keys,
		  const char *text, size_t len, const char *path,
		  struct tc_error *err);
const struct tc_key *tc_keys_find(const struct tc_keys *keys, unsigned kid);
const struct tc_key *tc_keys_active(const struct tc_keys *keys);

/* Why a secret is not good enough; NULL if it is. */
const char *tc_secret_fault(const char *secret);

/* Writes a section for a key into w; a NULL secret is made at random. */
int tc_keys_write(const struct tc_crypto *c, struct tc_writer *w, unsigned kid,
		  const char *secret, enum tc_key_state state,
		  struct tc_error *err);

#endif
