/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hook.c - a module for libpam that leads back into the program: what libpam
 * allows to modules alone has to be called from one, and the calls of the
 * module's own objects fail only where they are linked into the program.
 */
#include <security/pam_modules.h>

#define EXPORTED __attribute__((visibility("default")))

int hook_authenticate(pam_handle_t *pamh, int flags, int argc,
		      const char **argv);
int hook_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv);

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return hook_authenticate(pamh, flags, argc, argv);
}

EXPORTED int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

EXPORTED int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return hook_acct_mgmt(pamh, flags, argc, argv);
}
