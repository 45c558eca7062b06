/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes of the program that it is linked into one that does the same in each
 * run: its tokens are the same ones, and lie in the same pages, and its clock
 * stands, so that a last use is noted once however long a run takes.
 */
#include <stdint.h>
#include <time.h>

#include <openssl/rand.h>

#define NOW 1795000000

time_t
time(time_t *out)
{
	if (out)
		*out = NOW;
	return NOW;
}

/* SplitMix64. */
int
RAND_bytes_ex(OSSL_LIB_CTX *lib, unsigned char *out, size_t len,
	      unsigned strength)
{
	static uint64_t state;

	(void)lib;
	(void)strength;
	for (size_t i = 0; i < len; i++) {
		uint64_t z = state += 0x9e3779b97f4a7c15U;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
		out[i] = (unsigned char)(z >> 56);
	}
	return 1;
}
