/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pam.c - makes the calls fail that the PAM module makes, with a real libpam
 * around it:
 *
 *	pam DIR HOOK [BEGINNING]
 *
 * DIR is an empty folder, HOOK the path of hook.so.
 */
#include "pam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <security/pam_appl.h>
#include <security/pam_modules.h>

#include "../store/kit.h"
#include "run.h"
#include "site.h"
#include "tokencore.h"

#define EXPORTED __attribute__((visibility("default")))
#define NEVER_CALLED (-1)

/* A login; for the account phase it is one that has succeeded. */
struct login {
	const char *user;
	const char *typed; /* NULL: none has been, only the account phase is */
	const char *options, *account; /* of the two lines */
	int due; /* what the module is to answer */
};

static struct {
	pam_handle_t *pamh;
	int rc; /* what the module answered */
	int token_left; /* in PAM_AUTHTOK */
	int in_earnest; /* this call's calls fail */
	char log[8192];
} now;

void
pam_logged(const char *line)
{
	size_t len = strlen(now.log);

	(void)snprintf(now.log + len, sizeof(now.log) - len, "%s\n", line);
}

/* ---- from libpam into the module ---- */

EXPORTED int hook_authenticate(pam_handle_t *pamh, int flags, int argc,
			       const char **argv);
EXPORTED int hook_acct_mgmt(pam_handle_t *pamh, int flags, int argc,
			    const char **argv);

static void
look_at_authtok(pam_handle_t *pamh)
{
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS || !item)
		item = "";
	now.token_left =
	    tc_is_token(item, strlen(item)) ||
	    (now.rc == PAM_SUCCESS && strcmp(item, SITE_VALUE) == 0);
}

/* What libpam itself does is not to fail here; nor is it to know the peer,
 * whose address libaudit would look up. */
static int
call(int (*entry)(pam_handle_t *, int, int, const char **), pam_handle_t *pamh,
     int flags, int argc, const char **argv)
{
	const struct login *l = run_arg();

	(void)pam_set_item(pamh, PAM_RHOST, "192.0.2.7");
	/* What a module before ours has asked for. */
	if (strstr(l->options, "first_pass"))
		(void)pam_set_item(pamh, PAM_AUTHTOK, l->typed);
	inject_resume(now.in_earnest);
	now.rc = entry(pamh, flags, argc, argv);
	(void)inject_pause();
	(void)pam_set_item(pamh, PAM_RHOST, NULL);
	look_at_authtok(pamh);
	return now.rc;
}

int
hook_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return call(pam_sm_authenticate, pamh, flags, argc, argv);
}

int
hook_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return call(pam_sm_acct_mgmt, pamh, flags, argc, argv);
}

/* ---- the application ---- */

static int
converse(int n, const struct pam_message **messages,
	 struct pam_response **responses, void *arg)
{
	const struct login *l = arg;
	struct pam_response *all;
	int was_on;

	(void)messages;
	was_on = inject_pause();
	all = calloc((size_t)n, sizeof(*all));
	if (!all)
		kit_die("out of memory");
	for (int i = 0; i < n; i++)
		all[i].resp = strdup(l->typed);
	*responses = all;
	inject_resume(was_on);
	return PAM_SUCCESS;
}

static void
no_delay(int rc, unsigned usec, void *arg)
{
	(void)rc;
	(void)usec;
	(void)arg;
}

static void
start(void)
{
	static struct pam_conv conv = { .conv = converse };
	const struct login *l = run_arg();
	void (*delay)(int, unsigned, void *) = no_delay;
	const void *pointer;

	memset(&now, 0, sizeof(now));
	now.rc = NEVER_CALLED;
	conv.appdata_ptr = (void *)(uintptr_t)l;
	memcpy(&pointer, &delay, sizeof(pointer));
	if (pam_start_confdir("fail", l->user, &conv, site_path("pam.d"),
			      &now.pamh) ||
	    pam_set_item(now.pamh, PAM_FAIL_DELAY, pointer))
		kit_die("pam_start_confdir");
}

static void
end(void)
{
	(void)pam_end(now.pamh, PAM_SUCCESS);
}

/* The line of each phase, before the transaction begins. */
static void
configure(void)
{
	const struct login *l = run_arg();
	FILE *f = fopen(site_path("pam.d/fail"), "w");

	if (!f)
		kit_die("pam.d/fail cannot be written");
	fprintf(f, "auth required %s config=%s %s\n", getenv("FAIL_HOOK"),
		site.config, l->options);
	fprintf(f, "account required %s config=%s %s\n", getenv("FAIL_HOOK"),
		site.config, l->account);
	fclose(f);
}

static void
log_in(void)
{
	const struct login *l = run_arg();

	start();
	if (!l->typed)
		return;
	if (pam_authenticate(now.pamh, 0) != PAM_SUCCESS)
		kit_die("the login fails: %s", now.log);
	now.rc = NEVER_CALLED;
}

static enum said
authenticate(void)
{
	now.in_earnest = inject_pause();
	(void)pam_authenticate(now.pamh, 0);
	return SAID_YES;
}

static enum said
account(void)
{
	now.in_earnest = inject_pause();
	(void)pam_acct_mgmt(now.pamh, 0);
	return SAID_YES;
}

/* ---- what must not be ---- */

/* An error refuses; which of them it is is not what matters here. */
static int
refuses(int rc)
{
	static const int refusals[] = {
		PAM_AUTH_ERR,	 PAM_AUTHINFO_UNAVAIL, PAM_BUF_ERR,
		PAM_SYSTEM_ERR,	 PAM_CONV_ERR,	       PAM_PERM_DENIED,
		PAM_SERVICE_ERR, PAM_ACCT_EXPIRED,     NEVER_CALLED,
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (rc == refusals[i])
			return 1;
	return 0;
}

/* Values made elsewhere are left to the next module when they cannot be
 * looked up, if that is what the line says about passwords. */
static int
may_ignore(const struct login *l)
{
	return strstr(l->options, "imported=yes") && strstr(l->options, "nontok"
									"en="
									"ignor"
									"e");
}

static void
judge(int due)
{
	run_told(now.log);
	if (now.rc == due)
		return;
	if (run_is_clean())
		problem(FAULT_RESULT, "%d instead of %d (%s)", now.rc, due,
			now.log);
	else if (!refuses(now.rc) &&
		 !(now.rc == PAM_IGNORE && may_ignore(run_arg())))
		problem(FAULT_RESULT, "%d instead of %d", now.rc, due);
	if (now.rc == PAM_AUTHINFO_UNAVAIL && *now.log == '\0')
		problem(FAULT_RESULT, "nothing in the log");
}

static void
judge_login(void)
{
	const struct login *l = run_arg();
	int kept =
	    strstr(l->options, "keep_authtok") != NULL && now.rc == PAM_SUCCESS;

	judge(l->due);
	if (now.token_left && !kept && now.rc != PAM_SYSTEM_ERR)
		problem(FAULT_RESULT, "the next module gets the token");
}

static void
judge_account(void)
{
	const struct login *l = run_arg();

	judge(l->due);
}

/* ---- all of them ---- */

#define LOGIN(who, text, line, other, code)                                    \
	&(const struct login)                                                  \
	{                                                                      \
		.user = who, .typed = text, .options = line, .account = other, \
		.due = code                                                    \
	}
#define AUTH(n, who, text, line, code)                                         \
	{                                                                      \
		.name = "auth " n, .arg = LOGIN(who, text, line, "", code),    \
		.setup = configure, .prepare = start, .run = authenticate,     \
		.judge = judge_login, .finish = end                            \
	}
#define ACCOUNT(n, who, text, line, other, code)                               \
	{                                                                      \
		.name = "account " n,                                          \
		.arg = LOGIN(who, text, line, other, code),                    \
		.setup = configure, .prepare = log_in, .run = account,         \
		.judge = judge_account, .finish = end                          \
	}

static const struct scenario scenarios[] = {
	AUTH("with a token", "alice", site.valid.text, "service=imap debug",
	     PAM_SUCCESS),
	AUTH("with a token that stays", "alice", site.valid.text,
	     "service=imap keep_authtok", PAM_SUCCESS),
	AUTH("with a token, passwords left alone", "alice", site.valid.text,
	     "service=imap nontoken=ignore", PAM_SUCCESS),
	AUTH("with a token given before", "alice", site.valid.text,
	     "service=imap use_first_pass", PAM_SUCCESS),
	AUTH("with a revoked token given before", "alice", site.revoked.text,
	     "service=imap try_first_pass", PAM_AUTH_ERR),
	AUTH("with a value given before", "carol", SITE_VALUE,
	     "imported=yes use_first_pass", PAM_SUCCESS),
	AUTH("with a revoked token", "alice", site.revoked.text,
	     "service=imap nontoken=ignore", PAM_AUTH_ERR),
	AUTH("with a forged token", "alice", site.forged.text,
	     "service=imap nontoken=ignore", PAM_AUTH_ERR),
	AUTH("with an unknown token", "alice", site.unknown.text,
	     "service=imap nontoken=ignore", PAM_AUTH_ERR),
	AUTH("with a token for something else", "alice", site.valid.text,
	     "service=ftp nontoken=ignore", PAM_AUTH_ERR),
	AUTH("of root", "root", site.root.text, "service=imap nontoken=ignore",
	     PAM_AUTH_ERR),
	AUTH("with a password", "alice", "correct horse", "service=imap",
	     PAM_AUTH_ERR),
	AUTH("with a password, left alone", "alice", "correct horse",
	     "nontoken=ignore debug", PAM_IGNORE),
	AUTH("with nothing", "alice", "", "nontoken=ignore", PAM_AUTH_ERR),
	AUTH("without a user", NULL, "alice", "nontoken=ignore", PAM_IGNORE),
	AUTH("with a value", "carol", SITE_VALUE, "imported=yes", PAM_SUCCESS),
	AUTH("with a value that stays", "carol", SITE_VALUE,
	     "imported=yes keep_authtok nontoken=ignore", PAM_SUCCESS),
	AUTH("with an unknown value", "carol", "an-ordinary-long-password",
	     "imported=yes", PAM_AUTH_ERR),
	AUTH("with an unknown value, left alone", "carol",
	     "an-ordinary-long-password", "imported=yes nontoken=ignore",
	     PAM_IGNORE),
	AUTH("by a wrong option", "alice", "correct horse", "nontoken=ignored",
	     PAM_SERVICE_ERR),
	ACCOUNT("after a token", "alice", site.valid.text, "service=imap",
		"debug", PAM_SUCCESS),
	ACCOUNT("after a token for something else", "alice", site.valid.text,
		"service=imap", "service=ftp", PAM_PERM_DENIED),
	ACCOUNT("after a value", "carol", SITE_VALUE, "imported=yes", "",
		PAM_SUCCESS),
	ACCOUNT("without a token", "alice", NULL, "", "", PAM_IGNORE),
};

int
main(int argc, char **argv)
{
	if (argc < 3)
		kit_die("usage: pam DIR HOOK [BEGINNING]");
	kit_note("calls that fail"); /* takes what it needs for good */
	setenv("TZ", "Europe/Berlin", 1);
	setenv("FAIL_HOOK", argv[2], 1);
	site_make(argv[1]);
	if (mkdir(site_path("pam.d"), 0755))
		kit_die("pam.d cannot be made");
	run_all(scenarios, sizeof(scenarios) / sizeof(scenarios[0]),
		argc > 3 ? argv[3] : "");
	run_report();
	return 0;
}
