/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything a login depends on, looked at for the administrator. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "handle.h"
#include "record.h"
#include "standby.h"
#include "standing.h"
#include "trust.h"

struct check {
	tc_check_fn *fn;
	void *arg;
	enum tc_severity worst;
};

static void
say(struct check *c, enum tc_severity severity, const char *what,
    const char *why, const char *mend)
{
	c->fn(c->arg, severity, what, why, mend);
	if (severity > c->worst)
		c->worst = severity;
}

/* What to do about an error, by the words it is told with. */
static const char *
mend_for(const char *why)
{
	static const struct {
		const char *words, *mend;
	} table[] = {
		{ "writable by others", "take the permission away: "
		  "chmod go-w" },
		{ "readable by everyone", "chmod o-r; if it held a secret, "
		  "make a new key: apitoken key add --activate" },
		{ "belongs neither", "give it to root: chown root" },
		{ "symbolic link", "put the file itself there" },
		{ "No such file", "make an installation with \"apitoken "
		  "init\", or restore the file from a backup" },
		{ "Permission denied", "run it as root, or add the service's "
		  "user to the group apitoken" },
		{ "shorter than", "choose a longer secret in secret.conf, or "
		  "let \"apitoken key add\" make one" },
		{ "no key is active", "apitoken key activate N, or set "
		  "\"state = active\" in one section" },
		{ "damaged", "restore the store from a backup" },
		{ "missing", "restore the store from a backup" },
		{ "not of the commit", "restore the whole store from one "
		  "backup, not single files" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strstr(why, table[i].words))
			return table[i].mend;
	return "mend the file that is named";
}

/* "path: why" in two. */
static void
say_error(struct check *c, enum tc_severity severity, const char *text)
{
	const char *colon = strstr(text, ": ");
	char what[TC_ERROR_MAX];

	if (!colon) {
		say(c, severity, "installation", text, mend_for(text));
		return;
	}
	(void)snprintf(what, sizeof(what), "%.*s", (int)(colon - text), text);
	say(c, severity, what, colon + 2, mend_for(text));
}

static void
check_file(struct check *c, const struct tc_store *s, enum tc_store_file f)
{
	struct tc_error err;
	struct stat st;
	int fd = tc_trust_file(s->dir, tc_store_names[f], s->paths[f],
			       O_RDONLY, TC_GROUP_MAY_READ, &st, &err);

	if (fd >= 0)
		close(fd);
	else if (f == TC_FILE_JOURNAL && errno == ENOENT)
		say(c, TC_WARNING, s->paths[f], "is missing", "nothing to do: "
		    "the next change begins a new one");
	else if (f != TC_FILE_LOCK || (errno != ENOENT && errno != EACCES))
		say_error(c, TC_PROBLEM, err.text);
}

/* ---- the items of one data file ---- */

struct tally {
	tc_handle *h;
	const struct tc_policy *policy;
	uint64_t items, tokens, bad_seals, no_key, future;
	int64_t now;
};

static int
tally_item(void *arg, const unsigned char *key, size_t key_len,
	   const unsigned char *value, size_t len)
{
	struct tally *t = arg;
	const struct tc_key *k;
	struct tc_record *r;
	int64_t before;

	t->items++;
	if (key[0] == 'u')
		return tc_user_mark(value, len, &before);
	if (key[0] != 't' || key_len != 1 + TC_ID_BYTES)
		return -1;
	t->tokens++;
	r = tc_record_read(key, value, len);
	if (!r)
		return -1;
	k = tc_keys_find(&t->policy->keys, r->kid);
	if (!k)
		t->no_key++;
	else if (!tc_record_sealed(&t->h->crypto, k->rec, key, value, len))
		t->bad_seals++;
	if (r->created > t->now + t->policy->config.clock_skew)
		t->future++;
	tc_record_free(r);
	return 0;
}

static int
walk(struct tc_map *m, struct tally *t)
{
	for (uint32_t i = 0; i < m->head->pages; i++)
		if (tc_map_page(m, i, tally_item, t))
			return -1;
	if (t->items != m->head->items || t->tokens != m->head->tokens) {
		m->why = "does not hold what its head counts: damaged";
		return -1;
	}
	return 0;
}

static void
say_tally(struct check *c, const struct tally *t, const char *path)
{
	char text[160];

	if (t->bad_seals > 0) {
		(void)snprintf(text, sizeof(text), "the seals of %" PRIu64
			       " records do not fit: the records are damaged, "
			       "or the secret was changed", t->bad_seals);
		say(c, TC_PROBLEM, path, text, "put the old secret back and "
		    "add a new key beside it, or restore the store");
	}
	if (t->no_key > 0) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 " tokens are of "
			       "keys that are not in the secret file",
			       t->no_key);
		say(c, TC_WARNING, path, text, "put the key's section back, "
		    "or take it that they are refused");
	}
	if (t->future > 0) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 " tokens were "
			       "made in the future", t->future);
		say(c, TC_PROBLEM, "clock", text, "set the clock");
	}
	if (t->bad_seals == 0) {
		(void)snprintf(text, sizeof(text), "store: %" PRIu64
			       " tokens, every record whole", t->tokens);
		say(c, TC_FINE, text, "", "");
	}
}

static void
check_current(struct check *c, tc_handle *h, const struct tc_policy *p,
	      struct tc_view *v)
{
	struct tally t = { .h = h, .policy = p, .now = (int64_t)time(NULL) };
	const char *path = p->store.paths[v->state.side];

	if (walk(&v->map, &t))
		say(c, TC_PROBLEM, path, v->map.why, mend_for(v->map.why));
	else
		say_tally(c, &t, path);
	if (v->state.head.time > t.now + p->config.clock_skew)
		say(c, TC_PROBLEM, "clock",
		    "the last commit is in the future", "set the clock");
}

/* The standby harms no login; the next change makes it anew. */
static void
check_standby(struct check *c, tc_handle *h, const struct tc_policy *p,
	      const struct tc_view *v)
{
	enum tc_side side = v->state.side == TC_LEFT ? TC_RIGHT : TC_LEFT;
	struct tally t = { .h = h, .policy = p, .now = (int64_t)time(NULL) };
	struct tc_map m = { .crypto = p->store.crypto };
	enum tc_standby standing;
	struct tc_head head;
	struct tc_error err;
	const char *why = NULL;

	if (tc_standby_look(&p->store, &v->state, &standing, &err)) {
		say_error(c, TC_PROBLEM, err.text);
		return;
	}
	if (standing == TC_STANDBY_UNUSABLE)
		why = "is missing, damaged, or of another commit";
	else if (tc_side_open(&p->store, side, TC_GDBM_READ, &m, &err))
		why = err.text;
	else if (m.head = &head, tc_map_get_head(&m, &head) || walk(&m, &t))
		why = m.why;
	tc_gdbm_close(m.file);
	if (why)
		say(c, TC_WARNING, p->store.paths[side], why, "remove it: the "
		    "next change makes it anew from the current file");
}

static void
check_journal(struct check *c, const struct tc_policy *p,
	      const struct tc_view *v)
{
	const char *path = p->store.paths[TC_FILE_JOURNAL];
	struct stat st;

	if (fstatat(p->store.dir, tc_store_names[TC_FILE_JOURNAL], &st,
		    AT_SYMLINK_NOFOLLOW) == 0 &&
	    (uint64_t)st.st_size != v->state.journal_len)
		say(c, TC_WARNING, path, "ends elsewhere than the state file "
		    "says: a change was cut off", "nothing to do: the next "
		    "change brings the store in order");
}

static void
check_store(struct check *c, tc_handle *h, const struct tc_policy *p)
{
	struct tc_error err;
	struct tc_view v;
	int rc;

	check_file(c, &p->store, TC_FILE_JOURNAL);
	check_file(c, &p->store, TC_FILE_LOCK);
	rc = tc_view_open(&p->store, &v, &err);
	if (rc < 0) /* a change came between: once more */
		rc = tc_view_open(&p->store, &v, &err);
	if (rc != TC_OK) {
		say_error(c, TC_PROBLEM, rc < 0 ? "store: is busy"
						: err.text);
		return;
	}
	check_current(c, h, p, &v);
	check_standby(c, h, p, &v);
	check_journal(c, p, &v);
	tc_view_close(&v);
}

static void
check_audit(struct check *c, const struct tc_policy *p)
{
	const char *path = p->config.audit_log;

	if (!path)
		return;
	if (p->audit_dir < 0)
		say(c, TC_PROBLEM, path, "its folder is missing: logins are "
		    "not logged there and changes are refused",
		    "make the folder, or set \"audit_log = none\"");
	else if (faccessat(p->audit_dir, p->audit_base, W_OK, AT_EACCESS) &&
		 errno != ENOENT)
		say(c, geteuid() == 0 ? TC_PROBLEM : TC_WARNING, path,
		    "cannot be written by this user",
		    "as root, look at its mode and at the file system");
}

static void
check_keys(struct check *c, const struct tc_policy *p)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "keys: %zu, number %u is active",
		 p->keys.n, tc_keys_active(&p->keys)->kid);
	say(c, TC_FINE, text, "", "");
	if (!p->config.enabled)
		say(c, TC_WARNING, "configuration", "\"enabled = no\": every "
		    "token is refused", "set \"enabled = yes\"");
}

enum tc_severity
tc_check(const char *config, tc_check_fn *fn, void *arg)
{
	struct check c = { fn, arg, TC_FINE };
	struct tc_options options = { .config = config };
	struct tc_error err;
	struct tc_policy *p;
	tc_handle *h;

	if (tc_open(&h, &options, &err)) {
		say_error(&c, TC_PROBLEM, err.text);
		return c.worst;
	}
	p = tc_policy_get(h, &err);
	if (p) {
		say(&c, TC_FINE, h->config_path, "", "");
		check_keys(&c, p);
		check_store(&c, h, p);
		check_audit(&c, p);
	} else {
		say_error(&c, TC_PROBLEM, err.text);
	}
	tc_policy_put(h, p);
	tc_free(h);
	return c.worst;
}
