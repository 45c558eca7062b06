/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client and a server in one process, driven by the lines of a script on
 * standard input; what came of each line goes to standard output.
 *
 *	set NAME VALUE		a member of struct kit; "-" takes it away, and
 *				"\\n" at its end is a newline
 *	option NAME VALUE	as in the application's SASL configuration
 *	init server|client
 *	mechs server|client	-> "mechs NAMES"
 *	start MECH BYTES	-> "server CODE BYTES"
 *	step BYTES		-> the same
 *	client MECH		-> "client CODE BYTES"
 *	answer BYTES		-> the same
 *	login MECH		both sides until one is done
 *	done			-> "left BYTES BLOCKS"
 *
 * BYTES are hexadecimal, "empty" or "none".  With UNCOUNTED in the environment
 * the allocator is the C library's: libsasl's own sasldb plug-in gives to one
 * what it has from the other.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static sasl_conn_t *server, *client;

static void
show(const char *who, int code, const char *bytes, unsigned len)
{
	printf("%s %s ", who, kit_code(code));
	if (bytes == NULL)
		printf("none");
	else if (len == 0)
		printf("empty");
	for (unsigned i = 0; bytes != NULL && i < len; i++)
		printf("%02x", (unsigned char)bytes[i]);
	printf("\n");
}

/* A block of its own, so that reading past its end is noticed; libsasl wants
 * a NUL behind the bytes. */
static char *
bytes_of(const char *word, unsigned *len)
{
	size_t n = strlen(word) / 2;
	char *bytes;

	*len = 0;
	if (strcmp(word, "none") == 0)
		return NULL;
	if (strcmp(word, "empty") == 0)
		return strdup("");
	bytes = malloc(n + 1);
	if (bytes == NULL)
		err(1, "malloc");
	for (size_t i = 0; i < n; i++) {
		char pair[3] = { word[2 * i], word[2 * i + 1], '\0' };

		bytes[i] = (char)strtoul(pair, NULL, 16);
	}
	bytes[n] = '\0';
	*len = (unsigned)n;
	return bytes;
}

static void
show_names(void)
{
	const void *authid = NULL, *user = NULL;

	(void)sasl_getprop(server, SASL_AUTHUSER, &authid);
	(void)sasl_getprop(server, SASL_USERNAME, &user);
	printf("names %s %s\n", authid ? (const char *)authid : "-",
	       user ? (const char *)user : "-");
}

static int
server_turn(const char *mech, const char *in, unsigned len, const char **out,
	    unsigned *out_len)
{
	int code = mech != NULL
		       ? sasl_server_start(server, mech, in, len, out, out_len)
		       : sasl_server_step(server, in, len, out, out_len);

	if (code != SASL_OK && code != SASL_CONTINUE)
		*out = NULL;
	show("server", code, *out, *out_len);
	if (code == SASL_OK)
		show_names();
	else if (code != SASL_CONTINUE)
		printf("detail %s\n", sasl_errdetail(server));
	return code;
}

static int
client_turn(const char *mech, const char *in, unsigned len, const char **out,
	    unsigned *out_len)
{
	sasl_interact_t *prompts = NULL;
	const char *chosen;
	int code;

	do {
		if (prompts != NULL)
			kit_prompts(prompts);
		*out = NULL;
		*out_len = 0;
		code = mech != NULL ? sasl_client_start(client, mech, &prompts,
							out, out_len, &chosen)
				    : sasl_client_step(client, in, len,
						       &prompts, out, out_len);
	} while (code == SASL_INTERACT);
	show("client", code, *out, *out_len);
	return code;
}

static void
do_start(const char *mech, const char *word)
{
	const char *out = NULL;
	unsigned len, out_len = 0;
	char *in = bytes_of(word, &len);

	sasl_dispose(&server);
	server = kit_server();
	server_turn(mech, in, len, &out, &out_len);
	free(in);
}

static void
do_step(const char *word, const char *unused)
{
	const char *out = NULL;
	unsigned len, out_len = 0;
	char *in = bytes_of(word, &len);

	(void)unused;
	server_turn(NULL, in, len, &out, &out_len);
	free(in);
}

static void
do_client(const char *mech, const char *unused)
{
	const char *out;
	unsigned len;

	(void)unused;
	sasl_dispose(&client);
	client = kit_client();
	client_turn(mech, NULL, 0, &out, &len);
}

static void
do_answer(const char *word, const char *unused)
{
	const char *out;
	unsigned len, out_len;
	char *in = bytes_of(word, &len);

	(void)unused;
	client_turn(NULL, in, len, &out, &out_len);
	free(in);
}

static void
do_login(const char *mech, const char *unused)
{
	const char *from_client = NULL, *from_server = NULL;
	unsigned client_len = 0, server_len = 0;
	const char *first = mech;
	int theirs = SASL_FAIL, ours;

	(void)unused;
	sasl_dispose(&server);
	sasl_dispose(&client);
	server = kit_server();
	client = kit_client();
	ours = client_turn(mech, NULL, 0, &from_client, &client_len);
	while (ours == SASL_CONTINUE) {
		theirs = server_turn(first, from_client, client_len,
				     &from_server, &server_len);
		first = NULL;
		if (theirs == SASL_OK)
			from_server = NULL;
		else if (theirs != SASL_CONTINUE)
			break;
		ours = client_turn(NULL, from_server, server_len, &from_client,
				   &client_len);
	}
	/* What the client had to check before it answers with nothing. */
	if (ours == SASL_OK && theirs == SASL_CONTINUE)
		server_turn(NULL, from_client, client_len, &from_server,
			    &server_len);
}

static void
do_init(const char *side, const char *unused)
{
	(void)unused;
	if (strcmp(side, "server") == 0)
		kit_server_init();
	else
		kit_client_init();
}

static void
do_mechs(const char *side, const char *unused)
{
	sasl_conn_t *conn =
	    strcmp(side, "server") == 0 ? kit_server() : kit_client();
	const char *names = "none";

	(void)unused;
	(void)sasl_listmech(conn, NULL, "", " ", "", &names, NULL, NULL);
	printf("mechs %s\n", *names != '\0' ? names : "none");
	sasl_dispose(&conn);
}

static size_t n_options;

static void
do_option(const char *name, const char *value)
{
	if (n_options == KIT_OPTIONS)
		errx(1, "too many options");
	kit.options[n_options++] =
	    (struct answer_option){ strdup(name), strdup(value) };
}

static char *
value_of(const char *word)
{
	char *value = strcmp(word, "-") != 0 ? strdup(word) : NULL;
	char *end = value != NULL ? strrchr(value, '\\') : NULL;

	if (end != NULL && strcmp(end, "\\n") == 0)
		strcpy(end, "\n");
	return value;
}

static void
do_set(const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **member;
	} members[] = {
		{ "plugins", &kit.plugins },
		{ "service", &kit.service },
		{ "realm", &kit.realm },
		{ "remote", &kit.remote },
		{ "proxy", &kit.proxy },
		{ "canon", &kit.canon },
		{ "authname", &kit.client.authname },
		{ "user", &kit.client.user },
		{ "pass", &kit.client.pass },
		{ "interact", &kit.interact },
		{ "quiet", &kit.quiet },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(members[i].name, name) != 0)
			continue;
		free((char *)*members[i].member);
		*members[i].member = value_of(value);
		return;
	}
	errx(1, "no member is called %s", name);
}

static void
do_done(const char *unused, const char *unused2)
{
	size_t bytes, blocks;

	(void)unused;
	(void)unused2;
	sasl_dispose(&server);
	sasl_dispose(&client);
	(void)sasl_client_done();
	(void)sasl_server_done();
	kit_left(&bytes, &blocks);
	if (getenv("UNCOUNTED") == NULL)
		printf("left %zu %zu\n", bytes, blocks);
}

static const struct {
	const char *name;
	void (*run)(const char *, const char *);
} commands[] = {
	{ "set", do_set },	 { "option", do_option }, { "init", do_init },
	{ "mechs", do_mechs },	 { "start", do_start },	  { "step", do_step },
	{ "client", do_client }, { "answer", do_answer }, { "login", do_login },
	{ "done", do_done },
};

static void
run(char *line)
{
	char *first, *second;

	line[strcspn(line, "\n")] = '\0';
	first = strchr(line, ' ');
	if (first != NULL)
		*first++ = '\0';
	second = first != NULL ? strchr(first, ' ') : NULL;
	if (second != NULL)
		*second++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, line) != 0)
			continue;
		commands[i].run(first != NULL ? first : "",
				second != NULL ? second : "");
		fflush(stdout);
		return;
	}
	errx(1, "no command is called %s", line);
}

static void
forget_kit(void)
{
	static const char *const names[] = {
		"plugins",  "service", "realm", "remote",   "proxy", "canon",
		"authname", "user",    "pass",	"interact", "quiet",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		do_set(names[i], "-");
	while (n_options-- > 0) {
		free((char *)kit.options[n_options].name);
		free((char *)kit.options[n_options].value);
	}
}

int
main(void)
{
	char *line = NULL;
	size_t room = 0;

	if (getenv("UNCOUNTED") == NULL)
		kit_alloc();
	else
		setenv("SASL_CONF_PATH", "/nonexistent", 1);
	while (getline(&line, &room, stdin) > 0)
		run(line);
	free(line);
	forget_kit();
	return 0;
}
