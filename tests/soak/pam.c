/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins through libpam with the module that was built, each with a PAM handle
 * of its own. */
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "soak.h"

/* The system's log is the host's: libpam finds these in place of the C
 * library's. */
#undef syslog /* a macro with clang and _FORTIFY_SOURCE */
#define EXPORTED __attribute__((visibility("default"), format(printf, 2, 3)))
#define CHECKED __attribute__((visibility("default"), format(printf, 3, 4)))
EXPORTED void syslog(int priority, const char *fmt, ...);
CHECKED void __syslog_chk(int priority, int flag, const char *fmt, ...);

void
syslog(int priority, const char *fmt, ...)
{
	(void)priority;
	(void)fmt;
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	(void)priority;
	(void)flag;
	(void)fmt;
}

/* Answers every prompt with the text. */
static int
converse(int n, const struct pam_message **messages,
	 struct pam_response **responses, void *text)
{
	struct pam_response *made = calloc((size_t)n, sizeof(*made));

	if (made == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			made[i].resp = strdup(text);
	*responses = made;
	return PAM_SUCCESS;
}

/* What the module's code may stand for; nothing that a login should get. */
static unsigned
of_auth(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return 1U << TC_VALID;
	case PAM_AUTH_ERR:
		return SOAK_REFUSALS;
	case PAM_AUTHINFO_UNAVAIL:
		return 1U << TC_UNAVAILABLE;
	default:
		return 0;
	}
}

static unsigned
of_account(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return 1U << TC_VALID;
	case PAM_ACCT_EXPIRED:
		return 1U << TC_EXPIRED;
	case PAM_PERM_DENIED:
		return SOAK_REFUSALS & ~(1U << TC_EXPIRED);
	case PAM_AUTHINFO_UNAVAIL:
		return 1U << TC_UNAVAILABLE;
	default:
		return 0;
	}
}

static int
account(pam_handle_t *pamh, const struct oracle_ask *before)
{
	struct oracle_ask ask = *before;
	int code;

	if (ask.what == ASK_TEXT)
		ask.what = ASK_PROOF;
	oracle_start(&ask);
	code = pam_acct_mgmt(pamh, 0);
	oracle_stop(&ask);
	soak_judge(BY_PAM_ACCOUNT, &ask, of_account(code),
		   pam_strerror(pamh, code));
	return code;
}

static void
log_in(struct oracle_ask *ask, uint64_t *seed)
{
	char text[TC_TOKEN_MAX + 1];
	struct pam_conv conv = { converse, text };
	pam_handle_t *pamh = NULL;
	int code;

	reader_text(ask, seed, text);
	oracle_start(ask);
	if (pam_start_confdir(oracle_logins[ask->login], reader_user(ask),
			      &conv, soak_options.pam, &pamh) != PAM_SUCCESS ||
	    pam_set_item(pamh, PAM_RHOST, reader_address(ask)) != PAM_SUCCESS)
		kit_die("pam_start_confdir");
	code = pam_authenticate(pamh, 0);
	oracle_stop(ask);
	soak_judge(ask->slot->imported ? BY_PAM_VALUE : BY_PAM, ask,
		   of_auth(code), pam_strerror(pamh, code));
	if (code == PAM_SUCCESS)
		code = account(pamh, ask);
	(void)pam_end(pamh, code);
}

static void
log_in_all(void *arg, uint64_t seed)
{
	static const enum oracle_what kinds[] = {
		ASK_TEXT,     ASK_TEXT,	      ASK_TEXT,	    ASK_TEXT,
		ASK_TEXT,     ASK_TEXT,	      ASK_NARROWED, ASK_FORGED,
		ASK_STRANGER, ASK_OTHER_USER,
	};
	struct oracle_ask ask;

	(void)arg;
	while (!soak->stop)
		if (reader_draw(&ask, kinds, sizeof(kinds) / sizeof(*kinds),
				&seed))
			log_in(&ask, &seed);
}

void
pam_run(unsigned threads, uint64_t seed)
{
	reader_threads(threads, log_in_all, NULL, seed);
}
