/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pam CONFDIR N TRIES
 *
 * Refusals by pam_authenticate(), through the real libpam.  CONFDIR has a
 * service for each of the library's service names.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#include "race.h"

static int
answer(int n, const struct pam_message **msg, struct pam_response **resp,
       void *arg)
{
	const struct site_login *login = arg;
	struct pam_response *r = calloc((size_t)n, sizeof(*r));

	(void)msg;
	if (!r || n != 1)
		errx(3, "%d prompts", n);
	r->resp = strdup(login->token);
	*resp = r;
	return PAM_SUCCESS;
}

static double
authenticate(void *confdir, enum kind kind, const struct site_login *login)
{
	struct site_login copy = *login;
	const struct pam_conv conv = { answer, &copy };
	pam_handle_t *pamh = NULL;
	double took;
	int rc;

	if (pam_start_confdir(login->service, login->user, &conv, confdir,
			      &pamh) != PAM_SUCCESS ||
	    pam_set_item(pamh, PAM_RHOST, "192.0.2.7") != PAM_SUCCESS)
		errx(3, "libpam does not start");
	took = race_clock();
	rc = pam_authenticate(pamh, 0);
	took = race_clock() - took;
	if (rc != PAM_AUTH_ERR)
		errx(3, "%s: %s", site_names[kind], pam_strerror(pamh, rc));
	pam_end(pamh, rc);
	return took;
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: see the source");
	race(&(struct race){ authenticate, argv[1], ACCEPTED, RACE_ALIKE,
			     race_number(argv[2], 1000000),
			     race_number(argv[3], 10000000) });
	return 0;
}
