/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.c - the one place where a verdict becomes a SASL code.  BADAUTH
 * means the same to every server.  FAIL does not: some take it for an outage,
 * some for a refusal; and NOUSER tells names apart.
 */
#include <sasl/sasl.h>

#include "verdict.h"

static const int table[] = {
	[TC_UNAVAILABLE] = SASL_UNAVAIL,   [TC_NOT_A_TOKEN] = SASL_BADAUTH,
	[TC_DISABLED] = SASL_BADAUTH,	   [TC_MALFORMED] = SASL_BADAUTH,
	[TC_BAD_CHECKSUM] = SASL_BADAUTH,  [TC_UNKNOWN_KEY] = SASL_BADAUTH,
	[TC_UNKNOWN_TOKEN] = SASL_BADAUTH, [TC_FORGED] = SASL_BADAUTH,
	[TC_WRONG_USER] = SASL_BADAUTH,	   [TC_REVOKED] = SASL_BADAUTH,
	[TC_EXPIRED] = SASL_BADAUTH,	   [TC_NOT_YET_VALID] = SASL_BADAUTH,
	[TC_WRONG_SERVICE] = SASL_BADAUTH, [TC_WRONG_SOURCE] = SASL_BADAUTH,
	[TC_USER_REFUSED] = SASL_BADAUTH,  [TC_VALID] = SASL_OK,
};

_Static_assert(sizeof(table) / sizeof(table[0]) == TC_VERDICTS, "a row for "
								"every "
								"verdict");

int
verdict_sasl(enum tc_verdict verdict)
{
	/* The enum may be signed or not: compare as unsigned. */
	if ((unsigned)verdict >= TC_VERDICTS)
		return SASL_BADAUTH;
	/* SASL_OK is 0, which a row that was forgotten would hold as well. */
	if (table[verdict] == SASL_OK && verdict != TC_VALID)
		return SASL_BADAUTH;
	return table[verdict];
}
