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

#include "account.h"
#include "advice.h"
#include "audit.h"
#include "commit.h"
#include "error.h"
#include "handle.h"
#include "mend.h"
#include "record.h"
#include "standby.h"
#include "standing.h"
#include "trust.h"

struct check {
	tc_check_fn *fn;
	void *arg;
	const char *config;
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

/* "path: why" in two. */
static void
say_error(struct check *c, enum tc_severity severity, const char *text)
{
	const char *colon = strstr(text, ": ");
	const char *why = colon ? colon + 2 : text;
	char what[TC_ERROR_MAX] = "installation", mend[TC_MEND_MAX];

	if (colon)
		(void)snprintf(what, sizeof(what), "%.*s", (int)(colon - text),
			       text);
	say(c, severity, what, why, tc_mend(c->config, what, why, mend));
}

static void
check_file(struct check *c, const struct tc_store *s, enum tc_store_file f)
{
	struct tc_error err;
	struct stat st;
	int fd = tc_trust_file(s->dir, tc_store_names[f], s->paths[f], O_RDONLY,
			       TC_GROUP_MAY_READ, &st, &err);

	if (fd >= 0)
		close(fd);
	else if (f == TC_FILE_JOURNAL && errno == ENOENT)
		say(c, TC_WARNING, s->paths[f], "is missing",
		    "nothing to do: "
		    "the next change begins a new one");
	else if (f != TC_FILE_LOCK || (errno != ENOENT && errno != EACCES))
		say_error(c, TC_PROBLEM, err.text);
}

/* Nothing depends on it.  What somebody put in its place is worth a word. */
static void
check_lastuse(struct check *c, const struct tc_store *s)
{
	const char *why = NULL;
	struct stat st;

	if (fstatat(s->dir, tc_store_names[TC_FILE_LASTUSE], &st,
		    AT_SYMLINK_NOFOLLOW))
		return;
	if (!S_ISREG(st.st_mode))
		why = "is not a regular file";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		why = "belongs neither to root nor to the effective user";
	else if (st.st_mode & S_IWOTH)
		why = "is writable by everyone";
	if (why)
		say(c, TC_WARNING, s->paths[TC_FILE_LASTUSE], why,
		    "remove it: the next change makes it anew");
}

/* ---- the items of one data file ---- */

struct tally {
	tc_handle *h;
	const struct tc_policy *policy;
	uint64_t items, tokens, deleted, bad_seals, no_key, future;
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
	else if (!tc_record_sealed(t->h->crypto, k->rec, key, value, len))
		t->bad_seals++;
	if (r->created > t->now + t->policy->config.clock_skew)
		t->future++;
	if (r->state == TC_STATE_DELETED)
		t->deleted++;
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

/* A finding that begins with a number; none for zero. */
static void
say_count(struct check *c, enum tc_severity severity, const char *what,
	  uint64_t n, const char *why, const char *mend)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "%" PRIu64 " %s", n, why);
	if (n > 0)
		say(c, severity, what, text, mend);
}

static void
say_tally(struct check *c, const struct tally *t, const char *path)
{
	char text[80];

	say_count(c, TC_PROBLEM, path, t->bad_seals,
		  "records have seals that do not fit: they are damaged, or "
		  "the secret was changed",
		  "put the old secret back and add a new key beside it, or "
		  "restore the store");
	say_count(c, TC_WARNING, path, t->no_key,
		  "tokens are of keys that are not in the secret file",
		  "put the key's section back, or take it that they are "
		  "refused");
	say_count(c, TC_PROBLEM, "clock", t->future,
		  "tokens were made in the future", "set the clock");
	if (t->bad_seals > 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "store: %" PRIu64 " tokens, every record whole",
		       t->tokens - t->deleted);
	say(c, TC_FINE, text, "", "");
}

/* What was seen of the store, said only if no commit came between. */
struct look {
	struct tally tally;
	const char *current; /* what is wrong with each file, or NULL */
	char standby[TC_ERROR_MAX];
	char planted[TC_ERROR_MAX]; /* a standby that stops every change */
	int journal_odd;
};

static void
look_at_standby(struct look *k, const struct tc_policy *p,
		const struct tc_view *v)
{
	struct tally t = k->tally;
	struct tc_head head;
	struct tc_map m = { .crypto = p->store.crypto, .head = &head };
	enum tc_standby standing;
	struct tc_error err = { .text = "" };
	const char *why = NULL;

	if (tc_standby_look(&p->store, &v->state, TC_GDBM_READ, &standing,
			    &m.file, &err)) {
		memcpy(k->planted, err.text, sizeof(k->planted));
		return;
	}
	t.items = t.tokens = 0;
	if (standing == TC_STANDBY_UNUSABLE)
		why = "is missing, damaged, of another commit, or "
		      "has another name (a hard link)";
	else if (tc_map_get_head(&m, &head) || walk(&m, &t))
		why = m.why;
	(void)snprintf(k->standby, sizeof(k->standby), "%s", why ? why : "");
	tc_gdbm_close(m.file);
}

static void
look(struct look *k, tc_handle *h, const struct tc_policy *p, struct tc_view *v)
{
	struct stat st;

	memset(k, 0, sizeof(*k));
	k->tally.h = h;
	k->tally.policy = p;
	k->tally.now = (int64_t)time(NULL);
	look_at_standby(k, p, v);
	if (walk(&v->map, &k->tally))
		k->current = v->map.why;
	k->journal_odd = fstatat(p->store.dir, tc_store_names[TC_FILE_JOURNAL],
				 &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			 (uint64_t)st.st_size != v->state.journal_len;
}

/* The standby and the journal harm no login. */
static void
say_look(struct check *c, const struct look *k, const struct tc_policy *p,
	 const struct tc_view *v)
{
	enum tc_side side = v->state.side == TC_LEFT ? TC_RIGHT : TC_LEFT;
	const char *path = p->store.paths[v->state.side];
	char mend[TC_MEND_MAX];

	if (k->current)
		say(c, TC_PROBLEM, path, k->current,
		    tc_mend(c->config, path, k->current, mend));
	else
		say_tally(c, &k->tally, path);
	if (v->state.head.time > k->tally.now + p->config.clock_skew)
		say(c, TC_PROBLEM, "clock", "the last commit is in the future",
		    "set the clock");
	if (*k->planted)
		say_error(c, TC_PROBLEM, k->planted);
	if (*k->standby)
		say(c, TC_WARNING, p->store.paths[side], k->standby,
		    "nothing to do: the next change makes it anew from "
		    "the current file");
	if (k->journal_odd)
		say(c, TC_WARNING, p->store.paths[TC_FILE_JOURNAL],
		    "ends elsewhere than the state file says: a change was "
		    "cut off",
		    "nothing to do: the next change brings the "
		    "store in order");
}

/* 1: said; 0: a commit came between, or may be in the making. */
static int
check_once(struct check *c, tc_handle *h, const struct tc_policy *p, int locked)
{
	struct tc_error err;
	struct tc_view v;
	struct look k;
	int still, rc = tc_view_open(&p->store, &v, &err);

	if (rc > 0)
		say_error(c, TC_PROBLEM, err.text);
	if (rc != TC_OK)
		return rc > 0;
	look(&k, h, p, &v);
	still = !tc_view_moved(&p->store, &v) &&
		(locked || (!*k.standby && !k.journal_odd));
	if (still)
		say_look(c, &k, p, &v);
	tc_view_close(&v);
	return still;
}

/* Whatever else it is, the next change makes it anew. */
static void
check_spare(struct check *c, const struct tc_store *s)
{
	struct stat st;

	if (fstatat(s->dir, tc_store_names[TC_FILE_SPARE], &st,
		    AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		say(c, TC_PROBLEM, s->paths[TC_FILE_SPARE],
		    "is a folder: nothing can be changed", "take it away");
}

/* The writer's lock tells a commit in the making from damage.  It is taken
 * only where there is a doubt: it holds up changes. */
static void
check_store(struct check *c, tc_handle *h, const struct tc_policy *p)
{
	struct tc_txn *txn = NULL;
	struct tc_error err;
	int said = 0;

	check_file(c, &p->store, TC_FILE_JOURNAL);
	check_file(c, &p->store, TC_FILE_LOCK);
	check_spare(c, &p->store);
	check_lastuse(c, &p->store);
	for (int i = 0; !said && i < 3; i++)
		said = check_once(c, h, p, 0);
	if (!said && tc_txn_begin(&p->store, &txn, &err) == TC_OK)
		said = check_once(c, h, p, 1);
	tc_txn_end(txn);
	for (int i = 0; !said && i < 20; i++)
		said = check_once(c, h, p, 1);
	if (!said)
		say(c, TC_WARNING, p->config.store,
		    "changes all the time: "
		    "not looked at",
		    "run it again, as root");
}

/* What is wrong with the file, if it is there. */
static const char *
audit_fault(const struct tc_policy *p)
{
	struct stat st;
	const char *fault;

	if (fstatat(p->audit_dir, p->audit_base, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? NULL : strerror(errno);
	fault = tc_audit_fault(&st);
	if (!fault && (st.st_mode & S_IWOTH))
		fault = "is writable by everyone: it proves nothing";
	if (!fault && faccessat(p->audit_dir, p->audit_base, W_OK, AT_EACCESS))
		fault = "cannot be written by this user";
	return fault;
}

static void
check_audit(struct check *c, const struct tc_policy *p)
{
	const char *path = p->config.audit_log, *fault;

	if (!path)
		return;
	if (p->audit_dir < 0) {
		say(c, TC_PROBLEM, path,
		    "its folder is missing: logins are "
		    "not logged there and changes are refused",
		    "make the folder, or set \"audit_log = none\"");
		return;
	}
	fault = audit_fault(p);
	if (fault)
		say(c, geteuid() == 0 ? TC_PROBLEM : TC_WARNING, path, fault,
		    "as root, look at its owner, its mode and at the file "
		    "system");
}

static int
is_roots_alone(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_uid == 0 && (st.st_gid == 0 || !(st.st_mode & S_IRGRP));
}

/* An installation that was made before the group, or put back without it. */
static void
check_group(struct check *c, const struct tc_policy *p)
{
	static const char why[] = "is for root alone, so the services in the "
				  "group " TC_SERVICES_GROUP " cannot use it";
	const char *secret = p->config.secret_file;
	const char *const *names = tc_store_names;
	const struct tc_store *s = &p->store;
	char mend[2 * TC_ERROR_MAX];
	gid_t gid;

	if (geteuid() != 0 || tc_account_group(TC_SERVICES_GROUP, &gid) <= 0)
		return;
	(void)snprintf(mend, sizeof(mend), "chgrp %s %s; chmod 640 %s",
		       TC_SERVICES_GROUP, secret, secret);
	if (is_roots_alone(AT_FDCWD, secret))
		say(c, TC_WARNING, secret, why, mend);
	(void)snprintf(mend, sizeof(mend),
		       "cd %s; chgrp %s . *; chmod 2750 .; chmod 640 %s %s %s "
		       "%s; chmod 660 %s",
		       p->config.store, TC_SERVICES_GROUP, names[TC_FILE_STATE],
		       names[TC_FILE_JOURNAL], names[TC_FILE_LEFT],
		       names[TC_FILE_RIGHT], names[TC_FILE_LASTUSE]);
	if (is_roots_alone(s->dir, ".") ||
	    is_roots_alone(s->dir, names[TC_FILE_STATE]) ||
	    is_roots_alone(s->dir, names[TC_FILE_LEFT]) ||
	    is_roots_alone(s->dir, names[TC_FILE_RIGHT]))
		say(c, TC_WARNING, p->config.store, why, mend);
}

static void
check_keys(struct check *c, const struct tc_policy *p)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "keys: %zu, number %u is active",
		       p->keys.n, tc_keys_active(&p->keys)->kid);
	say(c, TC_FINE, text, "", "");
	if (!p->config.enabled)
		say(c, TC_WARNING, "configuration",
		    "\"enabled = no\": every "
		    "token is refused",
		    "set \"enabled = yes\"");
}

static void
pass_on(void *arg, const char *what, const char *why, const char *mend)
{
	say(arg, TC_WARNING, what, why, mend);
}

enum tc_severity
tc_check(const char *config, tc_check_fn *fn, void *arg)
{
	struct check c = { .fn = fn, .arg = arg, .worst = TC_FINE };
	struct tc_options options = { .config = config };
	struct tc_error err;
	struct tc_policy *p;
	tc_handle *h;

	c.config = config ? config : TC_DEFAULT_CONFIG;
	if (tc_open(&h, &options, &err)) {
		say_error(&c, TC_PROBLEM, err.text);
		return c.worst;
	}
	p = tc_policy_get(h, &err);
	if (p) {
		say(&c, TC_FINE, h->config_path, "", "");
		check_keys(&c, p);
		tc_advise(&p->config, (int64_t)time(NULL), pass_on, &c);
		check_store(&c, h, p);
		check_audit(&c, p);
		check_group(&c, p);
	} else {
		say_error(&c, TC_PROBLEM, err.text);
	}
	tc_policy_put(h, p);
	tc_free(h);
	return c.worst;
}
