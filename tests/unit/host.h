/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An installation in a directory of its own, with an open handle and a
 * system's log that remembers its last line.
 */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include "common.h"
#include "handle.h"
#include "token.h"

struct test_host {
	char *dir;
	tc_handle *h;
	struct tc_error err; /* of the last call that failed */
	unsigned lines; /* of the system's log */
	int priority; /* of the last one */
	char line[4096];
};

extern const struct tc_actor test_actor;

/* cmocka's setup and teardown; the secret of key 1 is TEST_SECRET. */
int test_host_make(void **state);
int test_host_remove(void **state);

/* Writes apitoken.conf: what is required, then more; audit NULL is as tc_init()
 * has it.  In force at the next call. */
void test_host_conf(struct test_host *host, const char *audit,
		    const char *more);

/* Makes a token; its record is the caller's, to be freed.  Fails the test if
 * it cannot. */
struct tc_record *test_host_token(struct test_host *host,
				  const struct tc_create *spec,
				  char token[TC_TOKEN_MAX + 1]);

/* A record as it is now; the caller's, to be freed. */
struct tc_record *test_show(struct test_host *host, const char *id);

/* How many are listed; tc_list()'s function adds 1 to an unsigned. */
unsigned test_records(struct test_host *host);
int test_count(void *arg, const struct tc_record *rec);

/* The parameters that a token was asked for are the same. */
void test_same_parameters(const struct tc_record *a, const struct tc_record *b);

/* tc_check() has nothing to say. */
void test_whole(struct test_host *host);

/* Puts a record into the store, sealed as it should be; flip counts from its
 * end to a byte that is changed then, 0 is none. */
void test_host_put(struct test_host *host, const struct tc_record *rec,
		   const char *under, size_t flip);

/* Imports one value.  TC_OK, id (or NULL) being set; else why it is refused,
 * and host->err. */
int test_host_import(struct test_host *host, const struct tc_create *spec,
		     const char *value, char id[TC_ID_LEN + 1]);

/* The same token under other caveats, a changed tag, ...: fn changes the
 * parts, then the tag is computed if user is not NULL. */
void test_host_remake(const char *token, const char *user,
		      void (*fn)(struct tc_token *), char out[]);

/* A login for imap, from 192.0.2.7; authtok is not copied. */
struct tc_request test_request(const char *authtok, const char *user,
			       unsigned flags);

/* Fails the test unless that is the verdict, in every place it is told: in as
 * many lines of the log, 0 or 1. */
struct tc_result test_expect(struct test_host *host,
			     const struct tc_request *req, enum tc_verdict want,
			     unsigned lines);

/*
 * A file that every decision needs, spoilt: each of them in every way, as turn
 * goes from 0 to TEST_SPOILS - 1.  test_mend() puts it back as it was.
 */
#define TEST_SPOILS 16
struct test_spoilt {
	const char *path, *name;
	char *data;
	size_t len;
};

struct test_spoilt test_spoil(const struct test_host *host, unsigned turn);
void test_mend(struct test_spoilt *s);

/* A token and what came of the last login with it. */
struct test_login {
	struct test_host *host;
	char token[TC_TOKEN_MAX + 1];
	struct tc_record *rec;
	struct tc_result res;
};

struct test_login test_login(struct test_host *host,
			     const struct tc_create *spec);
enum tc_verdict test_try(struct test_login *l, const char *user,
			 const char *service, const char *rhost, int64_t now);

#define EXPECT(l, user, service, rhost, now, want)                             \
	do {                                                                   \
		enum tc_verdict got_ = test_try(l, user, service, rhost, now); \
		if (got_ != (want))                                            \
			fail_msg("line %d: %s (%s) and not %s", __LINE__,      \
				 tc_verdict_name(got_), (l)->res.detail,       \
				 tc_verdict_name(want));                       \
	} while (0)

/* DIR/NAME as test_path(). */
const char *test_host_path(const struct test_host *host, const char *name);

#endif
