/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sasl PLUGINS CONFIG MECHANISM CODE
 *
 * A login through libsasl, the client's message being stdin, and libsasl's
 * code that has to come of it.  Its memory is written down while it knows the
 * message, when it has logged in, and at the end.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "../sasl/kit.h"
#include "memory.h"

static char message[4096];

int
main(int argc, char **argv)
{
	const char *out, *code;
	unsigned out_len;
	sasl_conn_t *conn;
	size_t len;

	if (argc != 5)
		errx(2, "usage: sasl PLUGINS CONFIG MECHANISM CODE");
	kit.plugins = argv[1];
	kit.remote = "192.0.2.7;4711";
	kit.quiet = "yes";
	kit.options[0] = (struct answer_option){ "apitoken_config", argv[2] };
	len = memory_read(message, sizeof(message));
	kit_server_init();
	conn = kit_server();
	memory_dump();
	code = kit_code(sasl_server_start(conn, argv[3], message, (unsigned)len,
					  &out, &out_len));
	if (strcmp(code, argv[4]) != 0)
		errx(2, "%s", code);
	explicit_bzero(message, sizeof(message));
	memory_dump();
	sasl_dispose(&conn);
	sasl_done();
	memory_end(0);
}
