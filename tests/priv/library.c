/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library CONFIG USER VERDICT [imported]
 *
 * A login by the library alone, the password being stdin, and what has to come
 * of it: opens, verifies, forgets the password, closes.  Its memory is written
 * down while it knows the password, when it has forgotten it, and at the end.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "tokencore.h"

static char password[4096];

int
main(int argc, char **argv)
{
	const struct tc_options options = { .config = argv[1] };
	struct tc_request req = { .authtok = password,
				  .user = argv[2],
				  .service = "sshd" };
	struct tc_result res;
	struct tc_error error;
	tc_handle *h;

	if (argc < 4)
		errx(2, "usage: library CONFIG USER VERDICT [imported]");
	if (argc > 4)
		req.flags = TC_IMPORTED;
	req.authtok_len = memory_read(password, sizeof(password));
	if (tc_open(&h, &options, &error) != TC_OK)
		errx(2, "%s", error.text);
	memory_dump();
	if (strcmp(tc_verdict_name(tc_verify(h, &req, &res)), argv[3]) != 0)
		errx(2, "%s %s", tc_verdict_name(res.verdict), res.detail);
	explicit_bzero(password, sizeof(password));
	memory_dump();
	tc_free(h);
	memory_end(0);
}
