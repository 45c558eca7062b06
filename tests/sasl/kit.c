/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kit.h"

#include <ctype.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <sasl/saslplug.h>

struct kit kit;

/* ---- the allocator ---- */

/* In front of each block, so that malloc's alignment is kept. */
union head {
	size_t size;
	max_align_t align;
};

static size_t bytes_left, blocks_left;

static void *
count(union head *head, size_t size)
{
	if (head == NULL)
		return NULL;
	head->size = size;
	bytes_left += size;
	blocks_left++;
	return head + 1;
}

static void *
kit_malloc(size_t size)
{
	return count(malloc(sizeof(union head) + size), size);
}

static void *
kit_calloc(size_t n, size_t size)
{
	return count(calloc(1, sizeof(union head) + n * size), n * size);
}

static void
kit_free(void *block)
{
	union head *head = block;

	if (head == NULL)
		return;
	head--;
	bytes_left -= head->size;
	blocks_left--;
	free(head);
}

static void *
kit_realloc(void *block, size_t size)
{
	union head *head = block;
	void *fresh = kit_malloc(size);

	if (fresh == NULL || head == NULL)
		return fresh;
	head--;
	memcpy(fresh, block, head->size < size ? head->size : size);
	kit_free(block);
	return fresh;
}

void
kit_alloc(void)
{
	sasl_set_alloc(kit_malloc, kit_calloc, kit_realloc, kit_free);
	/* No file of the host's is read. */
	setenv("SASL_CONF_PATH", "/nonexistent", 1);
}

void
kit_left(size_t *bytes, size_t *blocks)
{
	*bytes = bytes_left;
	*blocks = blocks_left;
}

/* ---- callbacks ---- */

static int
log_line(void *context, int level, const char *line)
{
	(void)context;
	if (kit.quiet == NULL)
		printf("log %d %s\n", level, line);
	return SASL_OK;
}

/* While plug-ins are loaded there is no connection yet, and libsasl goes to
 * the system's log.  Here it finds these in place of the C library's. */
#undef syslog /* a macro with clang and _FORTIFY_SOURCE */
#define EXPORTED __attribute__((visibility("default"), format(printf, 2, 3)))
#define CHECKED __attribute__((visibility("default"), format(printf, 3, 4)))
EXPORTED void syslog(int priority, const char *fmt, ...);
CHECKED void __syslog_chk(int priority, int flag, const char *fmt, ...);

static void __attribute__((format(printf, 2, 0)))
system_log(int priority, const char *fmt, va_list ap)
{
	if (kit.quiet != NULL)
		return;
	printf("syslog %d ", LOG_PRI(priority));
	vprintf(fmt, ap);
	printf("\n");
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	system_log(priority, fmt, ap);
	va_end(ap);
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	system_log(priority, fmt, ap);
	va_end(ap);
}

/* In place of slapd, which takes the first name that is canonicalised as
 * AUTHID on a connection for good. */
static char first_name[256];

static int
canon_user(sasl_conn_t *conn, void *context, const char *in, unsigned len,
	   unsigned flags, const char *realm, char *out, unsigned max,
	   unsigned *out_len)
{
	const char *how = kit.canon != NULL ? kit.canon : "";

	(void)conn;
	(void)context;
	(void)realm;
	if (strcmp(how, "refuse") == 0)
		return SASL_BADPROT;
	if (strcmp(how, "unavail") == 0)
		return SASL_UNAVAIL;
	if (len >= max)
		return SASL_BUFOVER;
	memmove(out, in, len);
	out[len] = '\0';
	*out_len = len;
	for (unsigned i = 0; strcmp(how, "lower") == 0 && i < len; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	if (strcmp(how, "first") == 0 && (flags & SASL_CU_AUTHID) != 0 &&
	    first_name[0] == '\0')
		snprintf(first_name, sizeof(first_name), "%s", out);
	return SASL_OK;
}

static int
may_act(sasl_conn_t *conn, void *context, const char *user, unsigned user_len,
	const char *authid, unsigned authid_len, const char *realm,
	unsigned realm_len, struct propctx *props)
{
	(void)context;
	kit.policies++;
	if (kit.quiet == NULL)
		printf("policy %s>%s\n", authid, user);
	if (kit.canon != NULL && strcmp(kit.canon, "first") == 0)
		return strcmp(first_name, authid) == 0 ? SASL_NOAUTHZ : SASL_OK;
	return answer_policy(conn, (char *)kit.proxy, user, user_len, authid,
			     authid_len, realm, realm_len, props);
}

void
kit_prompts(sasl_interact_t *prompts)
{
	for (; prompts->id != SASL_CB_LIST_END; prompts++) {
		const char *text = prompts->id == SASL_CB_PASS ? kit.client.pass
				   : prompts->id == SASL_CB_USER
				       ? kit.client.user
				       : kit.client.authname;

		prompts->result = text;
		prompts->len = text != NULL ? (unsigned)strlen(text) : 0;
	}
}

static const sasl_callback_t globals[] = {
	{ SASL_CB_GETOPT, ANSWER(answer_option), kit.options },
	{ SASL_CB_GETPATH, ANSWER(answer_path), &kit.plugins },
	{ SASL_CB_LOG, ANSWER(log_line), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static const sasl_callback_t server_callbacks[] = {
	{ SASL_CB_LOG, ANSWER(log_line), NULL },
	{ SASL_CB_CANON_USER, ANSWER(canon_user), NULL },
	{ SASL_CB_PROXY_POLICY, ANSWER(may_act), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static const sasl_callback_t client_callbacks[] = {
	{ SASL_CB_USER, ANSWER(answer_name), &kit.client },
	{ SASL_CB_AUTHNAME, ANSWER(answer_name), &kit.client },
	{ SASL_CB_PASS, ANSWER(answer_secret), &kit.client },
	{ SASL_CB_LIST_END, NULL, NULL },
};

/* Without a function: the application wants to be prompted. */
static const sasl_callback_t prompted_callbacks[] = {
	{ SASL_CB_USER, NULL, NULL },
	{ SASL_CB_AUTHNAME, NULL, NULL },
	{ SASL_CB_PASS, NULL, NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

/* ---- libsasl ---- */

const char *
kit_code(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ SASL_OK, "OK" },
		{ SASL_CONTINUE, "CONTINUE" },
		{ SASL_INTERACT, "INTERACT" },
		{ SASL_FAIL, "FAIL" },
		{ SASL_NOMEM, "NOMEM" },
		{ SASL_NOMECH, "NOMECH" },
		{ SASL_BADPROT, "BADPROT" },
		{ SASL_BADPARAM, "BADPARAM" },
		{ SASL_BADAUTH, "BADAUTH" },
		{ SASL_NOAUTHZ, "NOAUTHZ" },
		{ SASL_UNAVAIL, "UNAVAIL" },
		{ SASL_BADVERS, "BADVERS" },
	};
	static char number[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].code == code)
			return names[i].name;
	}
	snprintf(number, sizeof(number), "%d", code);
	return number;
}

static void
must(int code, const char *what)
{
	if (code != SASL_OK)
		errx(1, "%s: %s", what, kit_code(code));
}

void
kit_server_init(void)
{
	must(sasl_server_init(globals, "apitokentest"), "sasl_server_init");
}

void
kit_client_init(void)
{
	must(sasl_client_init(globals), "sasl_client_init");
}

sasl_conn_t *
kit_server(void)
{
	sasl_conn_t *conn = NULL;

	first_name[0] = '\0';
	must(sasl_server_new(kit.service != NULL ? kit.service : "imap",
			     "mail.example.org", kit.realm, NULL, kit.remote,
			     server_callbacks, 0, &conn),
	     "sasl_server_new");
	return conn;
}

sasl_conn_t *
kit_client(void)
{
	sasl_conn_t *conn = NULL;

	must(sasl_client_new(kit.service != NULL ? kit.service : "imap",
			     "mail.example.org", NULL, kit.remote,
			     kit.interact != NULL ? prompted_callbacks
						  : client_callbacks,
			     0, &conn),
	     "sasl_client_new");
	return conn;
}
