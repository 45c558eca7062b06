/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An installation with the secret that everyone knows, and three ways of
 * logging in: FUZZ_TOKEN is alice's, FUZZ_REVOKED was bob's, and FUZZ_VALUE
 * was made elsewhere and is alice's, too.
 */
#ifndef HOST_H
#define HOST_H

#define FUZZ_REVOKED                                                           \
	"tkc1_24003c5hpasv9ddppywbkenvqjyvxfynm3jzwy937rc9q6y1y2cvrnsa9599wjg"
#define FUZZ_VALUE "correct horse battery staple"

/* Made at the first call: the path of its apitoken.conf. */
const char *fuzz_host(void);

/* A line that ours sent to a log: printable, and without those tokens. */
void fuzz_check_line(const char *line);

#endif
