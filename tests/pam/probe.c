/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe.c - a PAM module that stands before or behind the one under test.
 *
 *	probe.so [name=NAME] [known=FILE]	says what PAM_AUTHTOK holds
 *	probe.so ask				prompts, and leaves the reply
 *						in PAM_AUTHTOK as a password
 *						module would
 *
 * What it says is "NAME: unset", "NAME: ordinary" (the contents of FILE) or
 * "NAME: set:" with the SHA-256 of what is there, never that itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define EXPORTED __attribute__((visibility("default")))

static const char *
argument(int argc, const char **argv, const char *name)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], name, len) == 0)
			return argv[i] + len;
	}
	return NULL;
}

static int
is_known(const char *text, const char *path)
{
	char known[512] = "";
	FILE *in = path != NULL ? fopen(path, "r") : NULL;
	int same;

	if (in == NULL)
		return 0;
	same = fgets(known, sizeof(known), in) != NULL;
	(void)fclose(in);
	known[strcspn(known, "\n")] = '\0';
	return same && strcmp(known, text) == 0;
}

static void
sha256(const char *text, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	size_t i;

	hex[0] = '\0';
	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) !=
	    1)
		return;
	for (i = 0; i < len && i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void
say(pam_handle_t *pamh, int argc, const char **argv)
{
	const char *name = argument(argc, argv, "name=");
	const void *item = NULL;
	char hex[65];

	if (name == NULL)
		name = "probe";
	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS ||
	    item == NULL) {
		(void)pam_info(pamh, "%s: unset", name);
	} else if (is_known(item, argument(argc, argv, "known="))) {
		(void)pam_info(pamh, "%s: ordinary", name);
	} else {
		sha256(item, hex);
		(void)pam_info(pamh, "%s: set:%s", name, hex);
	}
}

static void
ask(pam_handle_t *pamh)
{
	char *reply = NULL;

	if (pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &reply, "Probe: ") !=
		PAM_SUCCESS ||
	    reply == NULL)
		return;
	(void)pam_set_item(pamh, PAM_AUTHTOK, reply);
	explicit_bzero(reply, strlen(reply));
	free(reply);
}

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	if (argument(argc, argv, "ask") != NULL)
		ask(pamh);
	else
		say(pamh, argc, argv);
	return PAM_IGNORE;
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
