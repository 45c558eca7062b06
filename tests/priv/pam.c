/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pam CONFDIR SERVICE USER
 *
 * A login through libpam, the password being stdin.  Its memory is written
 * down while it knows the password, when it has logged in, and at the end.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>
#include <security/pam_ext.h>

#include "memory.h"

static char password[512];

/* An application that is careful: the module's copy is all that there is. */
static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
	 void *arg)
{
	(void)msg;
	(void)arg;
	if (n != 1)
		return PAM_CONV_ERR;
	*resp = calloc(1, sizeof(**resp));
	if (!*resp)
		return PAM_BUF_ERR;
	(*resp)->resp = strdup(password);
	explicit_bzero(password, sizeof(password));
	return PAM_SUCCESS;
}

static void
must(pam_handle_t *pamh, const char *what, int rc)
{
	if (rc != PAM_SUCCESS)
		errx(2, "%s: %s", what, pam_strerror(pamh, rc));
}

int
main(int argc, char **argv)
{
	struct pam_conv conv = { converse, NULL };
	pam_handle_t *pamh = NULL;

	if (argc != 4)
		errx(2, "usage: pam CONFDIR SERVICE USER");
	(void)memory_read(password, sizeof(password));
	must(NULL, "pam_start",
	     pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pamh));
	memory_dump();
	must(pamh, "authenticate", pam_authenticate(pamh, 0));
	memory_dump();
	must(pamh, "acct_mgmt", pam_acct_mgmt(pamh, 0));
	must(pamh, "setcred", pam_setcred(pamh, PAM_ESTABLISH_CRED));
	must(NULL, "pam_end", pam_end(pamh, PAM_SUCCESS));
	memory_end(0);
}
