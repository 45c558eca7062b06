/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An installation with tokens by the thousand, and logins of each kind with
 * them: what the programs of this folder measure or look at.
 *
 * Each kind has as many tokens as there are records, of as many users, so that
 * what one token costs (how much else lies in its page, whether the cache has
 * it) is not taken for what its kind costs.
 */
#ifndef TESTS_TIME_SITE_H
#define TESTS_TIME_SITE_H

#include "tokencore.h"

enum kind {
	UNKNOWN, /* from here on: what nobody may tell from each other */
	FORGED,
	REVOKED,
	WRONG_USER,
	UNKNOWN_KEY, /* up to here */
	EXPIRED,
	WRONG_SERVICE,
	REVOKED_LONG,
	ACCEPTED,
	KINDS
};

#define SITE_ALIKE EXPIRED /* how many are alike */
#define SITE_SECRET "0123456789abcdef0123456789abcdef"
#define SITE_SERVICE "sshd"

struct site_login {
	char token[TC_TOKEN_MAX + 1];
	char user[16];
	const char *service;
};

extern const char *const site_names[KINDS];
extern const enum tc_verdict site_verdicts[KINDS];

/* Makes it in the folder of config, with n records of each state, with
 * verifiers for SCRAM or without.  Ends the program when it cannot. */
void site_make(const char *config, unsigned n, int verifiers);

/* The login of that kind with the record i; i below the n above. */
void site_login(enum kind kind, unsigned i, struct site_login *login);

/* A request for it; login has to stay. */
struct tc_request site_request(const struct site_login *login);

#endif
