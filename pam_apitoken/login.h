/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login.h - one login by token: the question to the library, and what of the
 * answer the account phase needs again.
 */
#ifndef PAM_APITOKEN_LOGIN_H
#define PAM_APITOKEN_LOGIN_H

#include <security/pam_modules.h>

#include "authtok.h"
#include "options.h"
#include "tokencore.h"

/**
 * Verifies a token, or with imported=yes a value made elsewhere, and if it is
 * valid leaves the proof for the account phase.  Every decision is logged, but
 * not that a text is neither.
 * @param verdict  set to what was decided
 * @return the table's code, see verdict.h
 */
int login_verify(pam_handle_t *pamh, const struct options *opt,
		 const char *user, const struct authtok *a,
		 enum tc_verdict *verdict);

/** Verifies once more what this login used.
 *  @return the table's code; PAM_IGNORE if the login used no token */
int login_recheck(pam_handle_t *pamh, const struct options *opt);

/** Forgets what an earlier login on the same handle proved.
 *  @return PAM_SUCCESS or PAM's error */
int login_forget(pam_handle_t *pamh);

#endif
