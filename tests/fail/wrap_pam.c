/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wrappers of calls_pam.h, and what the module says to the system's log. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "pam.h"
#include "wrap.h"

#define HAND(name)
#include "calls_pam.h"
#undef HAND

int __wrap_pam_prompt(pam_handle_t *pamh, int style, char **reply,
		      const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void __wrap_pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt,
		       ...) __attribute__((format(printf, 3, 4)));

/* An application may give back any number: in its other way, one that would
 * let the user in. */
int
__wrap_pam_prompt(pam_handle_t *pamh, int style, char **reply, const char *fmt,
		  ...)
{
	va_list ap;
	int rc;

	if (DUE(pam_prompt, PLAIN, EIO, EINTR))
		return inject_in_other_way() ? PAM_IGNORE : PAM_CONV_ERR;
	va_start(ap, fmt);
	rc = pam_vprompt(pamh, style, reply, fmt, ap);
	va_end(ap);
	return rc;
}

void
__wrap_pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	(void)pamh;
	(void)priority;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	pam_logged(line);
}
