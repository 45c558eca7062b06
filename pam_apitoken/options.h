/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - what stands behind pam_apitoken.so on a line of PAM's
 * configuration.  Nothing is guessed: an option that is not known, or has a
 * value it cannot have, makes the whole line an error.
 */
#ifndef PAM_APITOKEN_OPTIONS_H
#define PAM_APITOKEN_OPTIONS_H

#include <limits.h>
#include <stdint.h>

#include <security/pam_modules.h>

#define OPT_CONFIG_MAX (PATH_MAX - 1) /* bytes of config=; what open takes */
#define OPT_PROMPT_MAX 200 /* bytes of prompt=; PAM allows 512 */

enum nontoken { NONTOKEN_DENY = 0, NONTOKEN_IGNORE };

/* Strings belong to argv and live as long as the entry point's call. */
struct options {
	const char *config; /* NULL: the library's default */
	const char *service; /* NULL: PAM_SERVICE */
	const char *prompt; /* NULL: the default text */
	enum nontoken nontoken;
	uint32_t minimum_uid; /* 0: what the configuration says */
	int try_first_pass;
	int use_first_pass;
	int allow_root;
	int imported; /* look up what does not begin like a token */
	int keep_authtok;
	int nodelay;
	int debug;
};

/**
 * Reads a line's options.  The first one that is wrong is named in the log.
 * @param opt  set to the defaults, then to what the line says
 * @return PAM_SUCCESS or PAM_SERVICE_ERR
 */
int options_parse(struct options *opt, const pam_handle_t *pamh, int argc,
		  const char **argv);

#endif
