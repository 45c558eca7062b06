/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FAIL_PAM_H
#define TESTS_FAIL_PAM_H

/* Takes a line that the module said to the system's log. */
void pam_logged(const char *line);

#endif
