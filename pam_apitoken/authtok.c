/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * authtok.c - the module's side of PAM's conversation.  A reply stays in a
 * buffer of our own until it is known not to be a token; so PAM_AUTHTOK never
 * holds one that was typed here, unless the line says keep_authtok.
 */
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>

#include "authtok.h"
#include "tokencore.h"

/*
 * An application can give back any number when its conversation fails, and
 * PAM_IGNORE, or PAM_NEW_AUTHTOK_REQD, which "required" takes for a success,
 * would let the user in.  Only errors that cannot do so are passed on.
 */
static int
conversation_failed(int code)
{
	static const int passed_on[] = {
		PAM_CONV_ERR,	 PAM_BUF_ERR,  PAM_SYSTEM_ERR, PAM_ABORT,
		PAM_SERVICE_ERR, PAM_AUTH_ERR, PAM_MAXTRIES,
	};
	size_t i;

	/* "Call again when the reply is there", as libpam spells it. */
	if (code == PAM_CONV_AGAIN || code == PAM_INCOMPLETE)
		return PAM_INCOMPLETE;
	for (i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		if (code == passed_on[i])
			return code;
	}
	return PAM_CONV_ERR;
}

/* What is in PAM_AUTHTOK; NULL: nothing. */
static int
earlier(const pam_handle_t *pamh, const char **text)
{
	const void *item = NULL;
	int rc = pam_get_item(pamh, PAM_AUTHTOK, &item);

	*text = item;
	return rc == PAM_SUCCESS ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}

/* An ordinary password asked for earlier is of no use to a line that wants
 * a token, so try_first_pass asks once more.  Where any text may be a value
 * made elsewhere, it is of use. */
static int
good_enough(const char *text, const struct options *opt)
{
	if (!opt->try_first_pass || opt->imported ||
	    opt->nontoken == NONTOKEN_IGNORE)
		return 1;
	return tc_is_token(text, strlen(text));
}

/*
 * One prompt with ECHO_OFF and no message before or after it: sshd's password
 * authentication answers exactly that.
 */
static int
ask(struct authtok *a, pam_handle_t *pamh, const struct options *opt)
{
	const char *prompt = opt->prompt;
	int rc;

	if (prompt == NULL) {
		prompt = opt->nontoken == NONTOKEN_IGNORE ? "Token or "
							    "password: "
							  : "Token: ";
	}
	rc = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &a->typed, "%s", prompt);
	if (rc != PAM_SUCCESS)
		return conversation_failed(rc);
	a->text = a->typed;
	return PAM_SUCCESS;
}

int
authtok_get(struct authtok *a, pam_handle_t *pamh, const struct options *opt)
{
	memset(a, 0, sizeof(*a));
	if (earlier(pamh, &a->text) != PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	if (a->text != NULL && !good_enough(a->text, opt))
		a->text = NULL;
	if (a->text == NULL && !opt->use_first_pass) {
		int rc = ask(a, pamh, opt);

		if (rc != PAM_SUCCESS)
			return rc;
	}
	/* No reply is a refusal, whatever else the line says. */
	if (a->text == NULL || a->text[0] == '\0')
		return PAM_AUTH_ERR;
	a->len = strlen(a->text);
	return PAM_SUCCESS;
}

int
authtok_pass_on(const struct authtok *a, pam_handle_t *pamh)
{
	if (a->typed == NULL)
		return PAM_SUCCESS;
	return pam_set_item(pamh, PAM_AUTHTOK, a->typed);
}

void
authtok_end(struct authtok *a)
{
	if (a->typed != NULL) {
		explicit_bzero(a->typed, strlen(a->typed));
		free(a->typed);
	}
	memset(a, 0, sizeof(*a));
}

int
authtok_forget_token(pam_handle_t *pamh)
{
	const char *text;

	if (earlier(pamh, &text) != PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	if (text == NULL || !tc_is_token(text, strlen(text)))
		return PAM_SUCCESS;
	/* libpam wipes the old value. */
	return pam_set_item(pamh, PAM_AUTHTOK, NULL);
}

int
authtok_forget(struct authtok *a, pam_handle_t *pamh)
{
	const int from_pam = a->typed == NULL;

	authtok_end(a);
	return from_pam ? pam_set_item(pamh, PAM_AUTHTOK, NULL) : PAM_SUCCESS;
}

int
authtok_user(const char **user, pam_handle_t *pamh)
{
	const char *name = NULL;
	int rc = pam_get_user(pamh, &name, NULL);

	if (rc != PAM_SUCCESS)
		return conversation_failed(rc);
	if (name == NULL || name[0] == '\0' ||
	    strnlen(name, TC_USER_MAX + 1) > TC_USER_MAX)
		return PAM_AUTH_ERR;
	*user = name;
	return PAM_SUCCESS;
}
