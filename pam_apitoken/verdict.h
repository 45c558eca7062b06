/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - from the library's verdict to PAM's return code.
 */
#ifndef PAM_APITOKEN_VERDICT_H
#define PAM_APITOKEN_VERDICT_H

#include "options.h"
#include "tokencore.h"

/**
 * The code for pam_sm_authenticate.
 * @return PAM_SUCCESS for TC_VALID and for nothing else, PAM_IGNORE where
 *         the line asks for it, PAM_AUTH_ERR for what is no verdict
 */
int verdict_auth(enum tc_verdict verdict, enum nontoken nontoken);

/** The code for pam_sm_acct_mgmt; PAM_PERM_DENIED for what is no verdict. */
int verdict_account(enum tc_verdict verdict);

#endif
