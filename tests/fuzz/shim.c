/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module that libpam loads in place of pam_apitoken.so: it calls the
 * target, in which the real one's functions are linked, so that the fuzzer
 * sees what they do.
 */
#include <dlfcn.h>
#include <string.h>

#include <security/pam_modules.h>

#define EXPORTED __attribute__((visibility("default")))

typedef int entry(pam_handle_t *pamh, int flags, int argc, const char **argv);

static int
pass_on(const char *name, pam_handle_t *pamh, int flags, int argc,
	const char **argv)
{
	void *found = dlsym(RTLD_DEFAULT, name);
	entry *fn;

	memcpy(&fn, &found, sizeof(fn));
	return fn ? fn(pamh, flags, argc, argv) : PAM_SYSTEM_ERR;
}

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pass_on("fuzz_authenticate", pamh, flags, argc, argv);
}

EXPORTED int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pass_on("fuzz_acct_mgmt", pamh, flags, argc, argv);
}

EXPORTED int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pass_on("fuzz_setcred", pamh, flags, argc, argv);
}
