/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an application can answer to the PAM module, and what stands in PAM's
 * items, through the real libpam (see shim.c).
 *
 *	input = options(1) how(1) repeat(2) user earlier rhost reply...
 *
 * Texts end in 0x00; one that begins with 0x01 is missing.  `how` says what the
 * conversation does besides answering; with `repeat` its last answer is that
 * long.  Nobody gets in but alice, by her token or by the value that was
 * imported for her; IGNORE comes only where the line asks for it, or the
 * account phase has no token to judge; and no token stays behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "fuzz.h"
#include "host.h"
#include "pamkit.h"
#include "tokencore.h"

#define REPLIES 3

#define EXPORTED __attribute__((visibility("default")))
typedef int entry(pam_handle_t *pamh, int flags, int argc, const char **argv);
EXPORTED entry fuzz_authenticate, fuzz_acct_mgmt, fuzz_setcred;

/* Of pam_apitoken.c: no header has them. */
static const char *const options[] = {
	"nontoken=ignore", "try_first_pass", "use_first_pass",
	"imported=yes",	   "keep_authtok",   "debug",
};
enum { IGNORE = 1, TRY_FIRST = 2, USE_FIRST = 4, IMPORTED = 8, KEEP = 16 };

/* What conversations do. */
enum { ANSWERS, NO_TEXT, NO_REPLY, FAILS, HOWS };

static struct {
	unsigned options, how, code;
	char *user, *earlier, *rhost, *replies[REPLIES];
	size_t n_replies, next;
	int in; /* by a token or a value */
} now;

/* ---- the application ---- */

/* Any text may be the secret by which alice got in. */
static int
is_hers(const char *text)
{
	size_t len = strlen(text);

	return fuzz_holds_token(text, len, FUZZ_TOKEN) ||
	       ((now.options & IMPORTED) && strcmp(text, FUZZ_VALUE) == 0);
}

static int
some_text_is(int (*like)(const char *))
{
	int found = now.earlier && like(now.earlier);

	for (size_t i = 0; i < now.n_replies; i++)
		found |= like(now.replies[i]);
	return found;
}

static int
is_no_token(const char *text)
{
	return *text && !tc_is_token(text, strlen(text));
}

/* Names may be anything, and are logged; what was typed is not. */
static void
check_log(const char *line)
{
	int named = !now.user || strstr(now.user, FUZZ_VALUE) ||
		    (now.rhost && strstr(now.rhost, FUZZ_VALUE));

	CHECK(named || !strstr(line, FUZZ_VALUE));
}

static int
converse(int n, const struct pam_message **messages,
	 struct pam_response **responses, void *arg)
{
	struct pam_response *r;

	(void)arg;
	CHECK(n == 1 && fuzz_is_line(messages[0]->msg, 511));
	*responses = NULL;
	if (now.how == FAILS)
		return (int)now.code;
	if (now.how == NO_REPLY)
		return PAM_SUCCESS;
	r = calloc(1, sizeof(*r));
	NEED(r);
	if (now.how == ANSWERS && now.n_replies > 0) {
		r->resp = strdup(now.replies[now.next]);
		NEED(r->resp);
		now.next += now.next + 1 < now.n_replies;
	}
	*responses = r;
	return PAM_SUCCESS;
}

/* ---- the module, and what it leaves ---- */

static void
no_token_left(const pam_handle_t *pamh, int rc)
{
	const void *left = NULL;

	if (rc == PAM_SUCCESS && (now.options & KEEP))
		return;
	CHECK(pam_get_item(pamh, PAM_AUTHTOK, &left) == PAM_SUCCESS);
	CHECK(!left || !tc_is_token(left, strlen(left)));
}

int
fuzz_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int rc;

	if (now.earlier)
		NEED(pam_set_item(pamh, PAM_AUTHTOK, now.earlier) ==
		     PAM_SUCCESS);
	rc = pam_sm_authenticate(pamh, flags, argc, argv);
	no_token_left(pamh, rc);
	now.in = rc == PAM_SUCCESS;
	if (rc == PAM_SUCCESS)
		CHECK(some_text_is(is_hers));
	if (rc == PAM_IGNORE)
		CHECK((now.options & IGNORE) && some_text_is(is_no_token));
	/* What libpam's "required" takes for a success, too. */
	CHECK(rc != PAM_NEW_AUTHTOK_REQD);
	return rc;
}

int
fuzz_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int rc = pam_sm_acct_mgmt(pamh, flags, argc, argv);

	CHECK(rc == (now.in ? PAM_SUCCESS : PAM_IGNORE));
	return rc;
}

int
fuzz_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int rc = pam_sm_setcred(pamh, flags, argc, argv);

	CHECK(rc == PAM_SUCCESS);
	return rc;
}

/* ---- a transaction ---- */

/* The folder that the program is in. */
static const char *
here(void)
{
	static char path[1024];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	NEED(n > 0);
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	return path;
}

static const char *
service_file(const char *name)
{
	char text[4000] = "", line[300] = "";
	static const char *const types[] = { "auth", "account" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if ((now.options & 1U << i) == 0)
			continue;
		(void)strcat(line, " ");
		(void)strcat(line, options[i]);
	}
	for (size_t i = 0; i < 2; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "%s required %s/pam_shim.so nodelay "
			       "config=%s%s\n",
			       types[i], here(), fuzz_host(), line);
	return pamkit_service(name, text);
}

static char *
text_or_none(struct fuzz *in)
{
	char *text = fuzz_until(in, 0);

	if (text[0] != '\x01')
		return text;
	free(text);
	return NULL;
}

static char *
longer(char *text, size_t len)
{
	size_t was = strlen(text);
	char *more = malloc(len + 1);

	NEED(more);
	for (size_t i = 0; i < len; i++)
		more[i] = was > 0 ? text[i % was] : 'x';
	more[len] = '\0';
	free(text);
	return more;
}

static void
read_input(struct fuzz *in)
{
	size_t repeat;

	memset(&now, 0, sizeof(now));
	now.options = (unsigned)fuzz_number(in, 1) & 63;
	now.code = (unsigned)fuzz_number(in, 1);
	now.how = now.code % HOWS;
	now.code = now.code / HOWS % 40;
	repeat = (size_t)fuzz_number(in, 2) & 2047;
	now.user = text_or_none(in);
	now.earlier = text_or_none(in);
	now.rhost = text_or_none(in);
	while (in->left > 0 && now.n_replies < REPLIES)
		now.replies[now.n_replies++] = fuzz_until(in, 0);
	if (repeat > 0 && now.n_replies > 0)
		now.replies[now.n_replies - 1] =
		    longer(now.replies[now.n_replies - 1], repeat);
}

static void
transact(const char *folder, const char *service)
{
	static const struct pam_conv conv = { converse, NULL };
	pam_handle_t *pamh = NULL;
	const void *user = NULL;
	int rc;

	NEED(pam_start_confdir(service, now.user, &conv, folder, &pamh) ==
	     PAM_SUCCESS);
	if (now.rhost)
		NEED(pam_set_item(pamh, PAM_RHOST, now.rhost) == PAM_SUCCESS);
	rc = pam_authenticate(pamh, 0);
	if (rc == PAM_SUCCESS) {
		CHECK(now.in);
		CHECK(pam_get_item(pamh, PAM_USER, &user) == PAM_SUCCESS);
		CHECK(strcmp(user, "alice") == 0 || strcmp(user, "alice@"
								 "example."
								 "org") == 0);
		CHECK(pam_setcred(pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS);
	}
	if (rc != PAM_INCOMPLETE) {
		int account = pam_acct_mgmt(pamh, 0);

		CHECK((account == PAM_SUCCESS) == now.in);
	}
	NEED(pam_end(pamh, rc) == PAM_SUCCESS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	static const char *folder;
	static uint64_t made;
	char service[16];

	read_input(&in);
	pamkit_line = check_log;
	(void)snprintf(service, sizeof(service), "fuzz%u", now.options);
	if ((made >> now.options & 1) == 0)
		folder = service_file(service);
	made |= UINT64_C(1) << now.options;
	transact(folder, service);
	free(now.user);
	free(now.earlier);
	free(now.rhost);
	for (size_t i = 0; i < now.n_replies; i++)
		free(now.replies[i]);
	return 0;
}
