/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two targets of the PAM module share: service files of their own,
 * and a system log that goes nowhere but is looked at. */
#ifndef PAMKIT_H
#define PAMKIT_H

#include <security/pam_appl.h>

/* Writes a service file; the folder of them all. */
const char *pamkit_service(const char *name, const char *text);

/* Called for each line; NULL: it is only checked. */
extern void (*pamkit_line)(const char *line);

#endif
