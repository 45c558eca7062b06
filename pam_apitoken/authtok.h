/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * authtok.h - gets what the user typed, from an earlier module or by asking,
 * and sees to it that a token does not travel on to the modules behind us.
 */
#ifndef PAM_APITOKEN_AUTHTOK_H
#define PAM_APITOKEN_AUTHTOK_H

#include <stddef.h>

#include <security/pam_modules.h>

#include "options.h"

struct authtok {
	const char *text; /* NUL-terminated; typed, or PAM's own item */
	size_t len; /* never 0 */
	char *typed; /* the reply to our prompt; NULL: PAM's item */
};

/**
 * @param a  filled in on success; ends with authtok_end() in any case
 * @return PAM_SUCCESS, or an error that is never PAM_IGNORE: PAM_AUTH_ERR
 *         for an empty reply or none, else why the conversation failed
 */
int authtok_get(struct authtok *a, pam_handle_t *pamh,
		const struct options *opt);

/** Hands a reply to our prompt on to the modules behind us. */
int authtok_pass_on(const struct authtok *a, pam_handle_t *pamh);

/** Wipes and frees the reply to our prompt. */
void authtok_end(struct authtok *a);

/** Takes PAM_AUTHTOK away from the modules behind us if it is a token.
 *  @return PAM_SUCCESS, also if it was not one, or PAM's error */
int authtok_forget_token(pam_handle_t *pamh);

/** The same for a value that does not show what it is: takes PAM_AUTHTOK away
 *  if it is what `a` came from.
 *  @param a  ended by this call, since its text may be PAM's item */
int authtok_forget(struct authtok *a, pam_handle_t *pamh);

/** The user's name.  @return as authtok_get(); PAM_AUTH_ERR for an empty
 *  name or one of more than TC_USER_MAX bytes */
int authtok_user(const char **user, pam_handle_t *pamh);

#endif
