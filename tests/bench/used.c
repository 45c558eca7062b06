/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes of the program that it is linked into one that has used libcrypto
 * before PAM, as sshd has for the connection: random numbers, a digest, an
 * HMAC.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "turns.h"

__attribute__((constructor)) static void
use_libcrypto(void)
{
	unsigned char key[32], out[EVP_MAX_MD_SIZE];
	size_t mac_len;
	unsigned len;

	if (RAND_bytes(key, sizeof(key)) != 1 ||
	    EVP_Digest(key, sizeof(key), out, &len, EVP_sha256(), NULL) != 1 ||
	    !EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, sizeof(key),
		       out, len, out, sizeof(out), &mac_len))
		turns_die("no libcrypto");
}
