/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is there once for the process. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common.h"

#define THREADS 16

static pthread_barrier_t gate;

static void *
get(void *arg)
{
	(void)arg;
	(void)pthread_barrier_wait(&gate);
	/* Read-only for everyone, handed on as what pthread_create() takes. */
	return (void *)(uintptr_t)tc_crypto();
}

/* All at once, the first time. */
static void
one_for_all_threads(void **state)
{
	pthread_t thread[THREADS];
	void *got;

	(void)state;
	tc_crypto_forget();
	assert_int_equal(pthread_barrier_init(&gate, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, get, NULL),
				 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &got), 0);
		assert_non_null(got);
		assert_ptr_equal(got, tc_crypto());
	}
	pthread_barrier_destroy(&gate);
}

static int
abc_is_right(void)
{
	static const unsigned char want[TC_HASH_LEN] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
		0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
		0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
		0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	const struct tc_bytes abc = { "abc", 3 };
	unsigned char out[TC_HASH_LEN];

	return tc_sha256(tc_crypto(), &abc, 1, out) == 0 &&
	       memcmp(out, want, sizeof(want)) == 0;
}

/* A child has the parent's, and makes its own when it is the first. */
static void
also_in_a_child(void **state)
{
	(void)state;
	for (int made = 0; made < 2; made++) {
		int status = -1;
		pid_t pid;

		tc_crypto_forget();
		if (made)
			assert_non_null(tc_crypto());
		pid = fork();
		if (pid == 0)
			_exit(abc_is_right() ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_true(abc_is_right());
	}
}

/* As OpenSSL's own says, with each length that matters; and RFC 4231, case
 * 2. */
static void
hmac(void **state)
{
	static const unsigned char want[TC_HASH_LEN] = {
		0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
		0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
		0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
		0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
	};
	const struct tc_bytes ask = { "what do ya want for nothing?", 28 };
	unsigned char bytes[200], got[TC_HASH_LEN], theirs[TC_HASH_LEN];

	(void)state;
	assert_int_equal(tc_hmac(tc_crypto(), "Jefe", 4, &ask, 1, got), 0);
	assert_memory_equal(got, want, sizeof(want));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(7 * i + 1);
	for (size_t key = 0; key <= 64; key++) {
		for (size_t len = 0; len <= sizeof(bytes); len++) {
			const struct tc_bytes parts[] = {
				{ bytes, len / 3 },
				{ bytes + len / 3, len - len / 3 },
			};
			size_t n;

			assert_int_equal(
			    tc_hmac(tc_crypto(), bytes, key, parts, 2, got), 0);
			assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256",
						  NULL, bytes, key, bytes, len,
						  theirs, sizeof(theirs), &n));
			assert_memory_equal(got, theirs, sizeof(got));
		}
	}
	assert_int_equal(tc_hmac(tc_crypto(), bytes, 65, &ask, 1, got), -1);
}

/* Whether it is kept makes no difference, under one key or another. */
static void
kept(void **state)
{
	static const unsigned char keys[2][TC_HASH_LEN] = { "one", "other" };
	struct tc_mac mac = { .work = NULL };
	struct tc_crypto keeping = *tc_crypto();
	unsigned char want[TC_HASH_LEN], got[TC_HASH_LEN];

	(void)state;
	keeping.kept = &mac;
	for (unsigned i = 0; i < 8; i++) {
		const struct tc_bytes text = { "some text", i + 1 };
		const unsigned char *key = keys[i / 2 % 2];

		assert_int_equal(
		    tc_hmac(tc_crypto(), key, TC_HASH_LEN, &text, 1, want), 0);
		assert_int_equal(
		    tc_hmac(&keeping, key, TC_HASH_LEN, &text, 1, got), 0);
		assert_memory_equal(got, want, sizeof(want));
	}
	assert_non_null(mac.work);
	tc_mac_free(&mac);
	assert_null(mac.work);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_for_all_threads),
		cmocka_unit_test(also_in_a_child),
		cmocka_unit_test(hmac),
		cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
