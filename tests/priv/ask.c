/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask
 *
 * Answers the lines of stdin, each in a process of its own that becomes the
 * caller first, and each with a line:
 *
 *	UID GID GROUP verify CONFIG PASSWORD	verdict and detail
 *	UID GID GROUP change CONFIG LABEL	"done" and the new token, or
 *						"refused" and the reason
 *	UID GID GROUP pam CONFDIR PASSWORD	PAM's codes of authenticate
 *						and acct_mgmt, 0 0: let in
 *
 * The PAM service is "test", the user alice.  GROUP is the one supplementary
 * group.  Who has no answer after 120 seconds is said to hang.
 */
#include <err.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "tokencore.h"

#define PATIENCE 120 /* seconds */
#define WORDS 6

static void
verify(const char *config, const char *password)
{
	const struct tc_options options = { .config = config };
	struct tc_request req = { .authtok = password,
				  .authtok_len = strlen(password),
				  .user = "alice",
				  .service = "test" };
	struct tc_result res;
	struct tc_error error = { .code = TC_OK };
	tc_handle *h = NULL;

	if (tc_open(&h, &options, &error) != TC_OK)
		h = NULL;
	printf("%s ", tc_verdict_name(tc_verify(h, &req, &res)));
	printf("%s\n", h ? res.detail : error.text);
	tc_free(h);
}

static void
change(const char *config, const char *label)
{
	const struct tc_options options = { .config = config };
	const struct tc_actor actor = { .uid = getuid(), .name = "tester" };
	const struct tc_create spec = { .user = "alice", .label = label };
	char token[TC_TOKEN_MAX + 1];
	struct tc_error error;
	tc_handle *h = NULL;
	int rc = tc_open(&h, &options, &error);

	if (rc == TC_OK)
		rc = tc_create(h, &actor, &spec, token, NULL, &error);
	if (rc == TC_OK)
		printf("done %s\n", token);
	else
		printf("refused %s\n", error.text);
	tc_free(h);
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
	 void *arg)
{
	(void)msg;
	*resp = calloc((size_t)n, sizeof(**resp));
	if (!*resp)
		return PAM_BUF_ERR;
	(*resp)->resp = strdup(arg);
	return PAM_SUCCESS;
}

static void
log_in(const char *confdir, const char *password)
{
	char copy[TC_TOKEN_MAX + 1];
	struct pam_conv conv = { converse, copy };
	pam_handle_t *pamh = NULL;
	int rc, account;

	(void)snprintf(copy, sizeof(copy), "%s", password);
	if (pam_start_confdir("test", "alice", &conv, confdir, &pamh) !=
	    PAM_SUCCESS)
		errx(2, "pam_start_confdir");
	rc = pam_authenticate(pamh, 0);
	account = pam_acct_mgmt(pamh, 0);
	printf("%d %d\n", rc, account);
	(void)pam_end(pamh, account);
}

static const struct {
	const char *name;
	void (*fn)(const char *where, const char *what);
} questions[] = {
	{ "verify", verify },
	{ "change", change },
	{ "pam", log_in },
};

static unsigned
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n > 100000)
		errx(2, "not a number: %s", text);
	return (unsigned)n;
}

static void
become(char **words)
{
	const uid_t uid = number(words[0]);
	const gid_t gid = number(words[1]), group = number(words[2]);

	if (setgroups(1, &group) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		err(2, "become");
}

static void
answer(char **words)
{
	become(words);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (strcmp(words[3], questions[i].name) == 0) {
			questions[i].fn(words[4], words[5]);
			return;
		}
	}
	errx(2, "no such question: %s", words[3]);
}

/* In a child: what it opens, loads and becomes goes with it. */
static void
ask(char *line)
{
	char *words[WORDS], *rest = NULL;
	int status;
	pid_t pid;

	for (int i = 0; i < WORDS; i++) {
		words[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!words[i])
			errx(2, "six words");
	}
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		(void)alarm(PATIENCE);
		answer(words);
		(void)fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(2, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		printf("hangs, or ended by %d\n", status);
	(void)fflush(stdout);
}

int
main(void)
{
	char line[8192];

	while (fgets(line, sizeof(line), stdin))
		ask(line);
	return 0;
}
