/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tokencore.h"

const char *
tc_verdict_name(enum tc_verdict verdict)
{
	static const char *const names[TC_VERDICTS] = {
		[TC_UNAVAILABLE] = "unavailable",
		[TC_NOT_A_TOKEN] = "not-a-token",
		[TC_DISABLED] = "disabled",
		[TC_MALFORMED] = "malformed",
		[TC_BAD_CHECKSUM] = "bad-checksum",
		[TC_UNKNOWN_KEY] = "unknown-key",
		[TC_UNKNOWN_TOKEN] = "unknown-token",
		[TC_FORGED] = "forged",
		[TC_WRONG_USER] = "wrong-user",
		[TC_REVOKED] = "revoked",
		[TC_EXPIRED] = "expired",
		[TC_NOT_YET_VALID] = "not-yet-valid",
		[TC_WRONG_SERVICE] = "wrong-service",
		[TC_WRONG_SOURCE] = "wrong-source",
		[TC_USER_REFUSED] = "user-refused",
		[TC_VALID] = "valid",
	};

	if ((unsigned)verdict >= TC_VERDICTS)
		verdict = TC_UNAVAILABLE;
	return names[verdict];
}
