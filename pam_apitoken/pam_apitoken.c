/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pam_apitoken.c - the six functions that libpam calls.  They read the line's
 * options and leave the rest to authtok.c and login.c; nothing outside the
 * PAM handle is changed, because the process belongs to someone else.  What the
 * library keeps for the process (crypto.h, keep.c) is constant and its own.
 */
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "authtok.h"
#include "login.h"
#include "options.h"
#include "tokencore.h"
#include "verdict.h"

/* -fvisibility=hidden would win over the linker map. */
#define EXPORTED __attribute__((visibility("default")))

#define FAIL_DELAY_USEC 2000000u

static void
debug_line(const pam_handle_t *pamh, const struct options *opt,
	   const char *text)
{
	if (opt->debug)
		pam_syslog(pamh, LOG_DEBUG, "%s", text);
}

/*
 * An ordinary password, or the string that sshd sends for users who may not
 * log in: neither is an attack, so neither is logged as one.
 */
static int
not_a_token(pam_handle_t *pamh, const struct options *opt,
	    const struct authtok *a)
{
	int rc = authtok_pass_on(a, pamh);

	if (rc != PAM_SUCCESS)
		return PAM_BUF_ERR;
	debug_line(pamh, opt,
		   opt->nontoken == NONTOKEN_IGNORE ? "not a token, left to "
						      "the next module"
						    : "not a token, refused");
	return verdict_auth(TC_NOT_A_TOKEN, opt->nontoken);
}

static int
token(pam_handle_t *pamh, const struct options *opt, const char *user,
      const struct authtok *a)
{
	enum tc_verdict verdict;
	int rc = login_verify(pamh, opt, user, a, &verdict);

	if (rc != PAM_SUCCESS || !opt->keep_authtok)
		return rc;
	return authtok_pass_on(a, pamh) == PAM_SUCCESS ? rc : PAM_BUF_ERR;
}

/* Most passwords are too short to be a value made elsewhere: for them nothing
 * is opened. */
static int
may_be_imported(const struct options *opt, const struct authtok *a)
{
	return opt->imported && a->len >= TC_IMPORT_MIN &&
	       a->len <= TC_IMPORT_MAX;
}

/* Once it is recognised, it is treated like a token. */
static int
imported(pam_handle_t *pamh, const struct options *opt, const char *user,
	 struct authtok *a)
{
	enum tc_verdict verdict;
	int rc = login_verify(pamh, opt, user, a, &verdict);

	if (verdict == TC_NOT_A_TOKEN)
		return not_a_token(pamh, opt, a);
	if (rc == PAM_SUCCESS && opt->keep_authtok)
		return authtok_pass_on(a, pamh) == PAM_SUCCESS ? rc
							       : PAM_BUF_ERR;
	return authtok_forget(a, pamh) == PAM_SUCCESS ? rc : PAM_SYSTEM_ERR;
}

static int
authenticate(pam_handle_t *pamh, const struct options *opt)
{
	struct authtok a;
	const char *user = NULL;
	int rc;

	if (login_forget(pamh) != PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	rc = authtok_user(&user, pamh);
	if (rc != PAM_SUCCESS)
		return rc;
	rc = authtok_get(&a, pamh, opt);
	if (rc == PAM_SUCCESS) {
		/* Decided before anything is opened: passwords go on working
		 * when configuration, keys or store do not. */
		if (tc_is_token(a.text, a.len))
			rc = token(pamh, opt, user, &a);
		else if (may_be_imported(opt, &a))
			rc = imported(pamh, opt, user, &a);
		else
			rc = not_a_token(pamh, opt, &a);
	}
	authtok_end(&a);
	return rc;
}

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options opt;
	int rc;

	/* PAM_SILENT: no message is ever shown.  An empty reply is refused
	 * with or without PAM_DISALLOW_NULL_AUTHTOK. */
	(void)flags;
	rc = options_parse(&opt, pamh, argc, argv);
	if (rc == PAM_SUCCESS)
		rc = authenticate(pamh, &opt);
	/* Whatever happened, the modules behind us get no token to try on
	 * other servers or to write into their logs. */
	if ((rc != PAM_SUCCESS || !opt.keep_authtok) &&
	    authtok_forget_token(pamh) != PAM_SUCCESS)
		rc = PAM_SYSTEM_ERR;
	if (rc != PAM_SUCCESS && rc != PAM_IGNORE && !opt.nodelay)
		(void)pam_fail_delay(pamh, FAIL_DELAY_USEC);
	return rc;
}

/* Never PAM_IGNORE: libpam repeats the jumps of pam_authenticate here, and a
 * stack that jumps over an ignored module fails. */
EXPORTED int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options opt;

	(void)flags;
	return options_parse(&opt, pamh, argc, argv);
}

EXPORTED int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options opt;
	int rc;

	(void)flags;
	rc = options_parse(&opt, pamh, argc, argv);
	if (rc != PAM_SUCCESS)
		return rc;
	/* IGNORE for a login without a token (public key, password), or this
	 * line could stand in for pam_nologin or pam_access. */
	return login_recheck(pamh, &opt);
}

EXPORTED int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options opt;

	(void)flags;
	return options_parse(&opt, pamh, argc, argv);
}

EXPORTED int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options opt;

	(void)flags;
	return options_parse(&opt, pamh, argc, argv);
}

/* A token is made by "apitoken create"; there is nothing to change here, and
 * a success would claim that a password was. */
EXPORTED int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options opt;
	int rc;

	(void)flags;
	rc = options_parse(&opt, pamh, argc, argv);
	return rc != PAM_SUCCESS ? rc : PAM_AUTHTOK_ERR;
}
