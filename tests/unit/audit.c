/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit log: every line is JSON and one write, names from the wire cannot
 * break out of theirs, and a log that cannot be written stops changes but no
 * login.
 */
#include "host.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "audit.h"

static unsigned writes;

/* Stands before the C library's, to count. */
ssize_t
write(int fd, const void *data, size_t len)
{
	writes++;
	return syscall(SYS_write, fd, data, len);
}

/* Line n of the log, from 0; -1: the last one. */
static json_t *
json_line(const struct test_host *host, int n)
{
	size_t len;
	char *text = test_read(test_host_path(host, "audit.json"), &len);
	char *line = text, *end;
	json_error_t why;
	json_t *o;

	assert_true(len > 0 && text[len - 1] == '\n');
	if (n < 0) {
		text[len - 1] = '\0';
		line = strrchr(text, '\n');
		line = line ? line + 1 : text;
	}
	while (n-- > 0) {
		line = strchr(line, '\n');
		assert_non_null(line);
		line++;
	}
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	o = json_loads(line, JSON_REJECT_DUPLICATES, &why);
	if (!o)
		fail_msg("%s: %s", why.text, line);
	free(text);
	return o;
}

static void
has(json_t *o, const char *key, const char *want)
{
	json_t *v = json_object_get(o, key);

	assert_non_null(v);
	if (!want)
		assert_true(json_is_null(v));
	else if (!json_is_string(v) || strcmp(json_string_value(v), want) != 0)
		fail_msg("%s is %s and not %s", key, json_string_value(v),
			 want);
}

static size_t
file_size(const struct test_host *host)
{
	struct stat st;

	assert_int_equal(stat(test_host_path(host, "audit.json"), &st), 0);
	return (size_t)st.st_size;
}

/* Writes one event to both logs. */
static void
tell(struct test_host *host, const struct tc_event *e)
{
	struct tc_policy *p = tc_policy_get(host->h, &host->err);

	assert_non_null(p);
	tc_audit(host->h, p, e);
	tc_policy_put(host->h, p);
}

static const struct tc_event whole = {
	.event = "login",
	.result = "deny",
	.reason = "revoked",
	.id = "k7mm6hetf9w81mhq2mpvx68f",
	.label = "laptop \xc3\xbc",
	.user = "alice",
	.service = "imap",
	.rhost = "192.0.2.7",
	.kid = 7,
	.actor = "admin",
	.why = "lost",
	.priority = LOG_NOTICE,
};

static void
every_member(void **state)
{
	struct test_host *host = *state;
	json_t *o;

	tell(host, &whole);
	o = json_line(host, 0);
	assert_int_equal(json_integer_value(json_object_get(o, "v")), 1);
	assert_int_equal(strlen(json_string_value(json_object_get(o, "ts"))),
			 strlen("2026-11-21T21:18:03Z"));
	has(o, "event", "login");
	has(o, "result", "deny");
	has(o, "reason", "revoked");
	has(o, "id", whole.id);
	has(o, "label", whole.label);
	has(o, "user", "alice");
	has(o, "service", "imap");
	has(o, "rhost", "192.0.2.7");
	assert_int_equal(json_integer_value(json_object_get(o, "kid")), 7);
	has(o, "actor", "admin");
	assert_int_equal(json_integer_value(json_object_get(o, "pid")),
			 getpid());
	json_decref(o);
	assert_int_equal(host->lines, 1);
	assert_int_equal(host->priority, LOG_NOTICE);
	assert_string_equal(host->line, "login deny reason=revoked user="
					"\"alice\" service=imap "
					"rhost=192.0.2.7 id="
					"k7mm6hetf9w81mhq2mpvx68f "
					"label=\"laptop \xc3\xbc"
					"\" kid=7 by=\"admin\" why=\"lost\"");
}

/* Typed at a prompt for a name, say. */
static void
tokens(void **state)
{
	static const char token[] = "tkcl_24003851maht99d6mymakanbnjptxbya42k54"
				    "j9fhmera093qkebdc59wkn11gg";
	static const char *const keys[] = { "label", "user",  "service",
					    "rhost", "actor", "why" };
	struct tc_event e = whole;
	struct test_host *host = *state;
	json_t *o;

	e.label = e.user = e.service = e.rhost = e.actor = e.why = token;
	tell(host, &e);
	o = json_line(host, 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		has(o, keys[i], "tkcl_...");
	json_decref(o);
	assert_null(strstr(host->line, "24003851"));
}

static void
what_is_not_known(void **state)
{
	static const struct tc_event e = { .event = "login",
					   .result = "deny",
					   .priority = LOG_INFO };
	static const char *const keys[] = {
		"reason",  "id",    "label", "user",
		"service", "rhost", "kid",   "actor"
	};
	struct test_host *host = *state;
	json_t *o;

	tell(host, &e);
	o = json_line(host, 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		has(o, keys[i], NULL);
	json_decref(o);
	assert_string_equal(host->line, "login deny");
}

static void
one_write(void **state)
{
	struct test_host *host = *state;
	size_t before = 0;

	for (int i = 0; i < 3; i++) {
		writes = 0;
		tell(host, &whole);
		assert_int_equal(writes, 1);
		assert_true(file_size(host) > before); /* appended */
		before = file_size(host);
	}
	json_decref(json_line(host, 2));
}

/* Takes away what stands between quotes, which have to be in pairs. */
static void
outside_quotes(char *line)
{
	char *to = line;
	int inside = 0;

	for (const char *p = line; *p; p++) {
		if (*p == '"')
			inside = !inside;
		if (!inside || *p == '"')
			*to++ = *p;
	}
	*to = '\0';
	assert_false(inside);
}

static void
hostile_names(void **state)
{
	static const char *const names[] = {
		"\n",
		"a\nlogin allow user=\"root\"",
		"\r\n\t\v\f",
		"\x1b[2J",
		"\"",
		"\\",
		"\",\"result\":\"allow\",\"x\":\"",
		"a\\\"b",
		"\\u0000",
		"\xff\xfe",
		"\xc3",
		"caf\xe9",
		"\xed\xa0\x80",
		"\xe2\x80\xa8",
		"\xe2\x80\xae",
		"\xc2\x85",
		"%s%n%s",
		"\x7f",
		"root\" reason=valid id=x label=\"",
		" ",
		"'; rm -rf /",
	};
	struct test_host *host = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct tc_event e = { .event = "login",
				      .result = "deny",
				      .user = names[i],
				      .service = names[i],
				      .rhost = names[i],
				      .label = names[i],
				      .actor = names[i],
				      .why = names[i] };
		json_t *o;

		tell(host, &e);
		o = json_line(host, (int)i); /* so every one is one line */
		has(o, "event", "login");
		has(o, "result", "deny");
		has(o, "reason", NULL);
		has(o, "id", NULL);
		json_decref(o);
		assert_memory_equal(host->line, "login deny user=\"", 17);
		for (const char *p = host->line; *p; p++)
			assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
		outside_quotes(host->line);
		assert_null(strstr(host->line, " id="));
		assert_null(strstr(host->line, " reason="));
		assert_non_null(strstr(host->line, " user=\"\" service="));
	}
}

static void
endless_names(void **state)
{
	struct test_host *host = *state;
	static char name[200000];
	struct tc_event e = { .event = "login",
			      .result = "deny",
			      .user = name,
			      .service = name,
			      .rhost = name,
			      .label = name,
			      .actor = name,
			      .why = name };

	for (int c = 1; c < 256; c += 127) {
		size_t before = file_size(host);

		memset(name, c, sizeof(name) - 1);
		tell(host, &e);
		assert_in_range(file_size(host) - before, 500, 16384);
		json_decref(json_line(host, -1));
		assert_in_range(strlen(host->line), 500, 2047);
	}
}

/* ---- changes ---- */

static const struct tc_create alice = { .user = "unit-alice",
					.label = "laptop",
					.expires = -1 };

static void
what_changes_say(void **state)
{
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1];
	struct tc_record *rec = test_host_token(host, &alice, token);
	struct tc_request req = { .authtok = token,
				  .authtok_len = strlen(token),
				  .user = "unit-alice",
				  .service = "imap",
				  .rhost = "192.0.2.7" };
	static const char *const events[] = { "create", "login", "revoke" };
	const char *id = rec->id;
	struct tc_result res;
	char *text;
	size_t len;

	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	assert_int_equal(tc_revoke(host->h, &test_actor, &id, 1, "lost", NULL),
			 TC_OK);
	for (int i = 0; i < 3; i++) {
		json_t *o = json_line(host, i);

		has(o, "event", events[i]);
		has(o, "result", i == 1 ? "allow" : "ok");
		has(o, "id", rec->id);
		has(o, "label", "laptop");
		has(o, "user", "unit-alice");
		has(o, "service", i == 1 ? "imap" : NULL);
		has(o, "rhost", i == 1 ? "192.0.2.7" : NULL);
		has(o, "actor", i == 1 ? NULL : "admin");
		json_decref(o);
	}
	tc_record_free(rec);
	text = test_read(test_host_path(host, "audit.json"), &len);
	assert_false(test_holds(text, len, token, 20));
	assert_false(test_holds(text, len, TEST_SECRET, 32));
	free(text);
}

/* With the log as it is now: changes are refused, and the token that was
 * there before goes on logging in. */
static void
stops_changes_only(struct test_host *host, const char *token, const char *id,
		   const char *what)
{
	struct tc_request req = { .authtok = token,
				  .authtok_len = strlen(token) };
	char more[TC_TOKEN_MAX + 1] = "x";
	struct tc_record *rec = NULL;
	struct tc_result res;

	memset(&host->err, 0, sizeof(host->err));
	if (tc_create(host->h, &test_actor, &alice, more, &rec, &host->err) ==
	    TC_OK)
		fail_msg("%s: a token was made", what);
	assert_string_equal(more, "");
	assert_null(rec);
	assert_non_null(strstr(host->err.text, "audit.json"));
	if (tc_revoke(host->h, &test_actor, &id, 1, "", &host->err) == TC_OK)
		fail_msg("%s: a token was revoked", what);
	assert_non_null(strstr(host->err.text, "audit.json"));
	assert_int_equal(test_records(host), 1);
	if (tc_verify(host->h, &req, &res) != TC_VALID)
		fail_msg("%s: %s %s", what, tc_verdict_name(res.verdict),
			 res.detail);
}

static void
unwritable(void **state)
{
	struct test_host *host = *state;
	const char *path = test_host_path(host, "audit.json");
	char token[TC_TOKEN_MAX + 1], id[TC_ID_LEN + 1];
	struct tc_record *rec = test_host_token(host, &alice, token);
	int fd;

	memcpy(id, rec->id, sizeof(id));
	tc_record_free(rec);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	stops_changes_only(host, token, id, "a folder");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	stops_changes_only(host, token, id, "a FIFO");
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	stops_changes_only(host, token, id, "a FIFO that somebody reads");
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	stops_changes_only(host, token, id, "a link");
	assert_int_equal(access(test_host_path(host, "elsewhere"), F_OK), -1);
	test_host_conf(host, "absent/audit.json", "");
	stops_changes_only(host, token, id, "a folder that is missing");
	test_host_conf(host, "none", "");
	tc_record_free(test_host_token(host, &alice, token));
	assert_int_equal(test_records(host), 2);
}

/* The real thing: a file that may grow no more after part of a line. */
static void
no_space_for_a_line(void **state)
{
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1], id[TC_ID_LEN + 1];
	struct tc_record *rec = test_host_token(host, &alice, token);
	struct rlimit was, low;
	char *fill = test_malloc(1 << 20);

	/* The store's files are smaller than the log then. */
	memset(fill, '\n', 1 << 20);
	test_write(test_host_path(host, "audit.json"), 0600, fill, 1 << 20);
	test_free(fill);
	memcpy(id, rec->id, sizeof(id));
	tc_record_free(rec);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	for (rlim_t more = 0; more <= 20; more += 10) {
		low = was;
		low.rlim_cur = (1 << 20) + more;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
		stops_changes_only(host, token, id, "a full disk");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
		assert_int_equal(
		    truncate(test_host_path(host, "audit.json"), 1 << 20), 0);
	}
	tc_record_free(test_host_token(host, &alice, token));
	assert_int_equal(test_records(host), 2);
}

static void
without_syslog(void **state)
{
	struct test_host *host = *state;

	test_host_conf(host, NULL, "syslog = no\n");
	tell(host, &whole);
	assert_int_equal(host->lines, 0);
	json_decref(json_line(host, 0));
	test_host_conf(host, "none", "");
	tell(host, &whole);
	assert_int_equal(host->lines, 1);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(every_member),	WITH_HOST(tokens),
		WITH_HOST(what_is_not_known),	WITH_HOST(one_write),
		WITH_HOST(hostile_names),	WITH_HOST(endless_names),
		WITH_HOST(what_changes_say),	WITH_HOST(unwritable),
		WITH_HOST(no_space_for_a_line), WITH_HOST(without_syslog),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
