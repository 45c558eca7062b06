/* SPDX-License-Identifier: GPL-3.0-or-later */
/* codes.h - PAM's return codes by name. */
#ifndef TESTS_PAM_CODES_H
#define TESTS_PAM_CODES_H

#define CODES_MAX 64

/** "PAM_SUCCESS" and so on; "PAM_?" for a number that is none.  Static. */
const char *code_name(int code);

#endif
