/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "told.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>

struct test_told
test_told_now(const struct test_host *host)
{
	struct test_told now = { .lines = host->lines };
	struct stat st;

	if (stat(test_host_path(host, "audit.json"), &st) == 0)
		now.bytes = (size_t)st.st_size;
	return now;
}

static void
has(json_t *o, const char *line, const char *key, const char *want)
{
	const char *is = json_string_value(json_object_get(o, key));

	if (!json_object_get(o, key) || !is != !want ||
	    (want && strcmp(is, want) != 0))
		fail_msg("%s is %s and not %s: %s", key, is ? is : "null",
			 want ? want : "null", line);
}

static void
check_json(const char *line, const struct test_line *want)
{
	json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	if (!o)
		fail_msg("not JSON: %s", line);
	has(o, line, "event", want->event);
	has(o, line, "result", "ok");
	has(o, line, "reason", NULL);
	has(o, line, "id", want->id);
	has(o, line, "label", want->label);
	has(o, line, "user", want->user);
	has(o, line, "actor", want->actor);
	has(o, line, "why", want->why);
	if (json_integer_value(json_object_get(o, "kid")) != want->kid)
		fail_msg("kid is not %u: %s", want->kid, line);
	json_decref(o);
}

static void
add(char *text, size_t size, const char *before, const char *value,
    const char *after)
{
	size_t len = strlen(text);

	if (value)
		(void)snprintf(text + len, size - len, "%s%s%s", before, value,
			       after);
}

static void
check_text(const struct test_host *host, const struct test_line *want)
{
	char text[2048] = "", kid[16];

	(void)snprintf(kid, sizeof(kid), "%u", want->kid);
	add(text, sizeof(text), "", want->event, " ok");
	add(text, sizeof(text), " user=\"", want->user, "\"");
	add(text, sizeof(text), " id=", want->id, "");
	add(text, sizeof(text), " label=\"", want->label, "\"");
	add(text, sizeof(text), " kid=", want->kid ? kid : NULL, "");
	add(text, sizeof(text), " by=\"", want->actor, "\"");
	add(text, sizeof(text), " why=\"", want->why, "\"");
	assert_string_equal(host->line, text);
	assert_int_equal(host->priority, LOG_NOTICE);
}

void
test_told(const struct test_host *host, struct test_told since,
	  const struct test_line *want, size_t n)
{
	size_t len, i = 0;
	char *all = test_read(test_host_path(host, "audit.json"), &len);
	char *at = all + since.bytes, *end;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1, i++) {
		*end = '\0';
		if (i >= n)
			fail_msg("one more line: %s", at);
		check_json(at, &want[i]);
	}
	assert_int_equal(*at, '\0');
	if (i < n)
		fail_msg("%zu lines and not %zu", i, n);
	free(all);
	assert_int_equal(host->lines - since.lines, n);
	if (n > 0)
		check_text(host, &want[n - 1]);
}

/* FNV-1a: against accidents, not against people. */
static uint64_t
hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The standby may be gone: a commit that fails late takes it away. */
struct test_still
test_still_now(const struct test_host *host)
{
	struct test_still now = { .told = test_told_now(host) };
	const char *names[] = { "secret.conf", "store/state",
				"store/left.gdbm" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len;
		char *data = test_read(test_host_path(host, names[i]), &len);

		if (i == 1 && data[4] == 'R')
			names[2] = "store/right.gdbm";
		now.print = hash(now.print, names[i], strlen(names[i]));
		now.print = hash(now.print, data, len);
		free(data);
	}
	return now;
}

void
test_still(const struct test_host *host, const struct test_still *since)
{
	struct test_still now = test_still_now(host);

	if (now.print != since->print)
		fail_msg("the store was changed");
	assert_int_equal(now.told.bytes, since->told.bytes);
	assert_int_equal(now.told.lines, since->told.lines);
}
