/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole exchanges with the server's side of the plug-in, through libsasl.
 *
 *	input   = mechanism(1) start(1) message...
 *	message = length(2) bytes
 *
 * The mechanism is OAUTHBEARER, XOAUTH2 or SCRAM-SHA-256 (if libsasl has it),
 * in whose messages a byte 0xfe stands for the server's nonce.  The first
 * message goes with the command (start 0), after an empty response or after
 * none.  Nobody gets in but alice, by a message with her token; all that was
 * allocated is freed; and no log holds a token.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "../sasl/answers.h"
#include "fuzz.h"
#include "host.h"

#define MESSAGES 4
#define MESSAGE_MAX 8192

sasl_server_plug_init_t sasl_server_plug_init;
sasl_auxprop_init_t sasl_auxprop_plug_init;
sasl_canonuser_init_t sasl_canonuser_init;

static const char *const mechs[] = { "OAUTHBEARER", "XOAUTH2",
				     "SCRAM-SHA-256" };
#define SCRAM 2
static size_t n_mechs = SCRAM;
static const char *plugins;

/* ---- the application ---- */

static size_t blocks;

static void *
counted(void *block)
{
	blocks += block != NULL;
	return block;
}

static void *
count_malloc(size_t size)
{
	return counted(malloc(size));
}

static void *
count_calloc(size_t n, size_t size)
{
	return counted(calloc(n, size));
}

static void *
count_realloc(void *block, size_t size)
{
	blocks -= block != NULL;
	return counted(realloc(block, size));
}

static void
count_free(void *block)
{
	blocks -= block != NULL;
	free(block);
}

static struct answer_option options[] = {
	{ "apitoken_config", NULL },
	{ "apitoken_scope", "mail" },
	{ "canon_user_plugin", "apitoken" },
	{ "auxprop_plugin", "apitoken" },
	{ "log_level", "7" },
	{ NULL, NULL },
};

static int
log_line(void *context, int level, const char *line)
{
	(void)context;
	(void)level;
	CHECK(!fuzz_holds_token(line, strlen(line), FUZZ_TOKEN));
	if (strncmp(line, "apitoken: ", 10) == 0)
		fuzz_check_line(line);
	return SASL_OK;
}

static const sasl_callback_t callbacks[] = {
	{ SASL_CB_GETOPT, ANSWER(answer_option), options },
	{ SASL_CB_GETPATH, ANSWER(answer_path), &plugins },
	{ SASL_CB_LOG, ANSWER(log_line), NULL },
	{ SASL_CB_PROXY_POLICY, ANSWER(answer_policy), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

/* A folder with the one plug-in of libsasl's own that we work with. */
static void
find_scram(void)
{
	glob_t found;

	plugins = strdup(fuzz_path("plugins"));
	NEED(plugins && mkdir(plugins, 0755) == 0);
	if (glob("/usr/lib*/*/sasl2/libscram.so", 0, NULL, &found) == 0) {
		NEED(symlink(found.gl_pathv[0], fuzz_path("plugins/"
							  "libscram.so")) == 0);
		n_mechs = SCRAM + 1;
	}
	globfree(&found);
}

static void
set_up(void)
{
	static char path[] = "/nonexistent";

	NEED(setenv("SASL_CONF_PATH", path, 1) == 0);
	options[0].value = fuzz_host();
	find_scram();
	sasl_set_alloc(count_malloc, count_calloc, count_realloc, count_free);
	NEED(sasl_server_init(callbacks, "fuzz") == SASL_OK);
	NEED(sasl_server_add_plugin("apitoken", sasl_server_plug_init) ==
	     SASL_OK);
	NEED(sasl_auxprop_add_plugin("apitoken", sasl_auxprop_plug_init) ==
	     SASL_OK);
	NEED(sasl_canonuser_add_plugin("apitoken", sasl_canonuser_init) ==
	     SASL_OK);
	NEED(atexit(sasl_done) == 0);
}

/* ---- an exchange ---- */

struct message {
	char bytes[MESSAGE_MAX];
	size_t len;
};

struct said {
	const char *bytes;
	unsigned len;
	char nonce[256]; /* the last one, or "" */
};

/* libsasl wants a NUL behind it. */
static void
next_message(struct fuzz *in, const struct said *said, struct message *m)
{
	size_t left = (size_t)fuzz_number(in, 2);
	const uint8_t *from = fuzz_take(in, left, &left);

	m->len = 0;
	for (; left > 0 && m->len < MESSAGE_MAX - 300; left--, from++) {
		size_t n = *from == 0xfe ? strlen(said->nonce) : 1;

		memcpy(m->bytes + m->len,
		       n == 1 ? (const char *)from : said->nonce, n);
		m->len += n;
	}
	m->bytes[m->len] = '\0';
}

static void
note_nonce(struct said *said)
{
	size_t n = 0;

	if (said->len < 3 || memcmp(said->bytes, "r=", 2) != 0)
		return;
	while (n + 2 < said->len && n < sizeof(said->nonce) - 1 &&
	       said->bytes[n + 2] != ',')
		n++;
	memcpy(said->nonce, said->bytes + 2, n);
	said->nonce[n] = '\0';
}

static void
check_end(sasl_conn_t *conn, size_t mech, int code, const struct message *last)
{
	const void *authid = NULL, *user = NULL;

	CHECK(!fuzz_holds_token(sasl_errdetail(conn),
				strlen(sasl_errdetail(conn)), FUZZ_TOKEN));
	if (mech == SCRAM) {
		CHECK(code != SASL_OK);
		return;
	}
	CHECK(code == SASL_OK || code == SASL_BADAUTH || code == SASL_CONTINUE);
	if (code != SASL_OK)
		return;
	CHECK(fuzz_holds_token(last->bytes, last->len, FUZZ_TOKEN));
	CHECK(sasl_getprop(conn, SASL_AUTHUSER, &authid) == SASL_OK);
	CHECK(sasl_getprop(conn, SASL_USERNAME, &user) == SASL_OK);
	CHECK(strcmp(authid, "alice") == 0 && strcmp(user, "alice") == 0);
}

static void
exchange(sasl_conn_t *conn, struct fuzz *in)
{
	static struct message m;
	size_t mech = fuzz_number(in, 1) % n_mechs;
	unsigned start = (unsigned)fuzz_number(in, 1) % 3;
	struct said said = { .len = 0 };
	int code = SASL_CONTINUE;

	if (start > 0) {
		code =
		    sasl_server_start(conn, mechs[mech], start == 1 ? "" : NULL,
				      0, &said.bytes, &said.len);
		CHECK(code != SASL_OK);
	}
	for (int i = 0; i < MESSAGES && code == SASL_CONTINUE; i++) {
		next_message(in, &said, &m);
		said.len = 0;
		code = start == 0 && i == 0
			   ? sasl_server_start(conn, mechs[mech], m.bytes,
					       (unsigned)m.len, &said.bytes,
					       &said.len)
			   : sasl_server_step(conn, m.bytes, (unsigned)m.len,
					      &said.bytes, &said.len);
		if (code == SASL_CONTINUE)
			note_nonce(&said);
	}
	check_end(conn, mech, code, &m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	sasl_conn_t *conn = NULL;
	size_t before;

	if (!plugins)
		set_up();
	before = blocks;
	NEED(sasl_server_new("imap", "mail.example.org", NULL, NULL,
			     "192.0.2.7;4711", callbacks, 0, &conn) == SASL_OK);
	exchange(conn, &in);
	sasl_dispose(&conn);
	CHECK(blocks == before);
	return 0;
}
