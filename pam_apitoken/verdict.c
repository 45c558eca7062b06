/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.c - the one place where a verdict becomes a PAM code.  PAM_IGNORE
 * stands in four cells and comes from nowhere else in this module but an
 * account phase without a token.
 */
#include <stddef.h>

#include <security/pam_modules.h>

#include "verdict.h"

struct row {
	int deny; /* authenticate, nontoken=deny */
	int ignore; /* authenticate, nontoken=ignore */
	int account;
};

/* How most refusals look; which one it was is the log's business alone. */
#define REFUSED                                                                \
	{                                                                      \
		PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_PERM_DENIED                    \
	}

static const struct row table[] = {
	[TC_UNAVAILABLE] = { PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
			     PAM_AUTHINFO_UNAVAIL },
	/* An unasked-for IGNORE would let a "required pam_env.so" behind us
	 * succeed alone, so it has to be asked for. */
	[TC_NOT_A_TOKEN] = { PAM_AUTH_ERR, PAM_IGNORE, PAM_IGNORE },
	[TC_DISABLED] = { PAM_AUTH_ERR, PAM_IGNORE, PAM_IGNORE },
	[TC_MALFORMED] = REFUSED,
	[TC_BAD_CHECKSUM] = REFUSED,
	[TC_UNKNOWN_KEY] = REFUSED,
	[TC_UNKNOWN_TOKEN] = REFUSED,
	[TC_FORGED] = REFUSED,
	[TC_WRONG_USER] = REFUSED,
	[TC_REVOKED] = REFUSED,
	[TC_EXPIRED] = { PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_ACCT_EXPIRED },
	[TC_NOT_YET_VALID] = REFUSED,
	[TC_WRONG_SERVICE] = REFUSED,
	[TC_WRONG_SOURCE] = REFUSED,
	[TC_USER_REFUSED] = REFUSED,
	[TC_VALID] = { PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS },
};

_Static_assert(sizeof(table) / sizeof(table[0]) == TC_VERDICTS, "a row for "
								"every "
								"verdict");

static const struct row *
find(enum tc_verdict verdict)
{
	/* The enum may be signed or not: compare as unsigned. */
	if ((unsigned)verdict >= TC_VERDICTS)
		return NULL;
	return &table[verdict];
}

/* PAM_SUCCESS is 0, which a row that was forgotten would hold as well. */
static int
guard(enum tc_verdict verdict, int code, int refusal)
{
	if (code == PAM_SUCCESS && verdict != TC_VALID)
		return refusal;
	return code;
}

int
verdict_auth(enum tc_verdict verdict, enum nontoken nontoken)
{
	const struct row *row = find(verdict);
	int code;

	if (row == NULL)
		return PAM_AUTH_ERR;
	code = nontoken == NONTOKEN_IGNORE ? row->ignore : row->deny;
	return guard(verdict, code, PAM_AUTH_ERR);
}

int
verdict_account(enum tc_verdict verdict)
{
	const struct row *row = find(verdict);

	if (row == NULL)
		return PAM_PERM_DENIED;
	return guard(verdict, row->account, PAM_PERM_DENIED);
}
