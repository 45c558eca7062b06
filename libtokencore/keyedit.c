/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changing keys.  secret.conf belongs to the administrator: only the lines
 * that have to change are changed, comments and order stay.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "bytes.h"
#include "change.h"
#include "error.h"
#include "newfile.h"
#include "trust.h"

/* The file being edited, under the writer's lock. */
struct edit {
	struct tc_change change;
	char *text;
	size_t len;
	struct stat st;
	struct tc_keys keys;
	struct tc_writer out;
	char note[32];
};

static void
edit_end(struct edit *e)
{
	tc_change_end(&e->change);
	OPENSSL_clear_free(e->text, e->len + 1);
	tc_writer_free(&e->out);
	OPENSSL_cleanse(&e->keys, sizeof(e->keys));
}

/* The keys are read again: the policy's may be older than the lock. */
static int
edit_begin(struct edit *e, tc_handle *h, const struct tc_actor *actor,
	   struct tc_error *err)
{
	int rc;

	memset(e, 0, sizeof(*e));
	rc = tc_change_begin(&e->change, h, actor, err);
	if (rc == TC_OK)
		rc =
		    tc_permit(e->change.policy, actor, TC_ACT_ADMIN, NULL, err);
	if (rc == TC_OK)
		rc = tc_read_secrets(e->change.policy, &e->text, &e->len,
				     &e->st, err);
	if (rc == TC_OK)
		rc = tc_keys_parse(h->crypto, &e->keys, e->text, e->len,
				   e->change.policy->config.secret_file, err);
	return rc;
}

/* Copies the text with "state =" of up to two keys replaced. */
static void
set_states(struct edit *e, const struct tc_key *const keys[2],
	   const enum tc_key_state states[2])
{
	const char *at = e->text, *end = e->text + e->len;

	for (unsigned line = 1; at < end; line++) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *next = nl ? nl + 1 : end;
		int done = 0;

		for (int i = 0; i < 2; i++) {
			char text[32];

			if (!keys[i] || keys[i]->state_line != line)
				continue;
			(void)snprintf(text, sizeof(text), "state = %s\n",
				       tc_key_state_name(states[i]));
			tc_put_bytes(&e->out, text, strlen(text));
			done = 1;
		}
		if (!done)
			tc_put_bytes(&e->out, at, (size_t)(next - at));
		at = next;
	}
}

static int
write_out(struct edit *e, struct tc_error *err)
{
	const struct tc_policy *p = e->change.policy;
	int rc = TC_OK, renamed, fd;

	fd = tc_new_begin(p->secret_dir, p->secret_base, err);
	if (fd < 0)
		return err->code;
	if (fchown(fd, e->st.st_uid, e->st.st_gid) ||
	    tc_write_all(fd, e->out.data, e->out.len))
		rc = tc_fail_errno(err, "%s", p->config.secret_file);
	if (rc == TC_OK)
		rc = tc_new_sync(fd, e->st.st_mode & 0777, err);
	close(fd);
	if (rc == TC_OK)
		return tc_new_publish(p->secret_dir, p->secret_base, &renamed,
				      err);
	tc_new_abandon(p->secret_dir, p->secret_base);
	return rc;
}

/* What was written has to be readable before it counts. */
static int
publish(struct edit *e, const char *what, unsigned kid, struct tc_error *err)
{
	struct tc_change *c = &e->change;
	struct tc_keys check;
	int rc;

	tc_put(&e->out, 0, 1); /* the parser wants a NUL behind the text */
	if (e->out.bad)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	e->out.len--;
	if (e->out.len > TC_SECRETS_MAX)
		return tc_fail(err, TC_E_REFUSED, "%s: would be too long",
			       c->policy->config.secret_file);
	rc = tc_keys_parse(c->h->crypto, &check, (char *)e->out.data,
			   e->out.len, c->policy->config.secret_file, err);
	OPENSSL_cleanse(&check, sizeof(check));
	(void)snprintf(e->note, sizeof(e->note), "%s", what);
	if (rc == TC_OK)
		rc = tc_change_note(c, "key", e->note, NULL, kid, err);
	if (rc == TC_OK)
		rc = tc_change_lines(c, err);
	if (rc == TC_OK)
		rc = write_out(e, err);
	if (rc == TC_OK)
		tc_change_tell(c);
	return rc;
}

static int
find(const struct edit *e, unsigned kid, const struct tc_key **key,
     struct tc_error *err)
{
	*key = tc_keys_find(&e->keys, kid);
	return *key ? TC_OK
		    : tc_fail(err, TC_E_NOTFOUND, "no such key: %u", kid);
}

/* A number that was retired stays dead, also when its section is gone. */
static int
was_retired(const struct tc_head *head, unsigned kid)
{
	for (unsigned i = 0; i < head->n_marks; i++)
		if (head->marks[i].kid == kid)
			return 1;
	return 0;
}

static unsigned
free_kid(const struct tc_keys *keys, const struct tc_head *head)
{
	unsigned highest = 0;

	for (size_t i = 0; i < keys->n; i++)
		if (keys->key[i].kid > highest)
			highest = keys->key[i].kid;
	for (unsigned i = 0; i < head->n_marks; i++)
		if (head->marks[i].kid > highest)
			highest = head->marks[i].kid;
	return highest + 1;
}

/* Two keys of one secret would make the file unreadable; told here it is a
 * refusal, and not taken for damage. */
static int
is_new(const struct edit *e, const char *secret, struct tc_error *err)
{
	struct tc_bytes whole = { secret, strlen(secret) };
	unsigned char print[TC_KEY_LEN];
	const struct tc_key *same = NULL;
	int rc = tc_sha256(e->change.h->crypto, &whole, 1, print);

	for (size_t i = 0; i < e->keys.n; i++)
		if (e->keys.key[i].has_secret &&
		    CRYPTO_memcmp(e->keys.key[i].print, print, TC_KEY_LEN) == 0)
			same = &e->keys.key[i];
	OPENSSL_cleanse(print, sizeof(print));
	if (rc)
		return tc_fail(err, TC_E_NOMEM, "SHA-256 failed");
	return same ? tc_fail(err, TC_E_EXISTS,
			      "another key has the same secret: %u", same->kid)
		    : TC_OK;
}

static int
add(struct edit *e, unsigned *kid, const char *secret, struct tc_error *err)
{
	const struct tc_head *head = tc_txn_map(e->change.txn)->head;
	int rc;

	if (*kid == 0)
		*kid = free_kid(&e->keys, head);
	if (*kid > TC_KID_MAX)
		return tc_fail(err, TC_E_INVALID,
			       "a key's number is 1 to "
			       "%d",
			       TC_KID_MAX);
	if (tc_keys_find(&e->keys, *kid))
		return tc_fail(err, TC_E_EXISTS, "key %u exists already", *kid);
	if (was_retired(head, *kid))
		return tc_fail(err, TC_E_REFUSED,
			       "key %u was retired, for "
			       "good: take another number",
			       *kid);
	if (e->keys.n == TC_KEYS_MAX)
		return tc_fail(err, TC_E_REFUSED, "there are %d keys already",
			       TC_KEYS_MAX);
	rc = secret ? is_new(e, secret, err) : TC_OK;
	if (rc != TC_OK)
		return rc;
	tc_put_bytes(&e->out, e->text, e->len);
	tc_put(&e->out, '\n', 1); /* the last line need not end in one */
	rc = tc_keys_write(e->change.h->crypto, &e->out, *kid, secret,
			   TC_KEY_VERIFY, err);
	return rc == TC_OK ? publish(e, "add", *kid, err) : rc;
}

int
tc_key_add(tc_handle *h, const struct tc_actor *actor, unsigned kid,
	   const char *secret, unsigned *made, struct tc_error *err)
{
	struct tc_error local;
	struct edit e;
	int rc;

	if (!err)
		err = &local;
	rc = edit_begin(&e, h, actor, err);
	if (rc == TC_OK)
		rc = add(&e, &kid, secret, err);
	if (rc == TC_OK && made)
		*made = kid;
	edit_end(&e);
	return rc;
}

static int
activate(struct edit *e, unsigned kid, struct tc_error *err)
{
	static const enum tc_key_state states[2] = { TC_KEY_ACTIVE,
						     TC_KEY_VERIFY };
	const struct tc_key *keys[2];
	int rc = find(e, kid, &keys[0], err);

	if (rc != TC_OK)
		return rc;
	if (keys[0]->state == TC_KEY_RETIRED ||
	    was_retired(tc_txn_map(e->change.txn)->head, kid))
		return tc_fail(err, TC_E_REFUSED,
			       "key %u is retired, for "
			       "good",
			       kid);
	keys[1] = tc_keys_active(&e->keys);
	if (keys[1] == keys[0])
		return TC_OK;
	set_states(e, keys, states);
	return publish(e, "activate", kid, err);
}

int
tc_key_activate(tc_handle *h, const struct tc_actor *actor, unsigned kid,
		struct tc_error *err)
{
	struct tc_error local;
	struct edit e;
	int rc;

	if (!err)
		err = &local;
	rc = edit_begin(&e, h, actor, err);
	if (rc == TC_OK)
		rc = activate(&e, kid, err);
	edit_end(&e);
	return rc;
}

/* The mark in the store comes first: it reaches also the processes that may
 * not read the changed file.  From then on the key cannot be activated. */
static int
mark_retired(tc_handle *h, const struct tc_actor *actor, unsigned kid,
	     int *already, struct tc_error *err)
{
	const struct tc_key *key;
	struct edit e;
	int rc = edit_begin(&e, h, actor, err);

	if (rc == TC_OK)
		rc = find(&e, kid, &key, err);
	if (rc == TC_OK && key->state == TC_KEY_ACTIVE)
		rc = tc_fail(err, TC_E_REFUSED,
			     "key %u is the active one: "
			     "activate another first",
			     kid);
	if (rc == TC_OK)
		*already = key->state == TC_KEY_RETIRED;
	if (rc == TC_OK)
		rc = tc_change_note(&e.change, "revoke", "key retire", NULL,
				    kid, err);
	if (rc == TC_OK) {
		tc_txn_mark_key(e.change.txn, kid, INT64_MAX);
		rc = tc_change_commit(&e.change, err);
	}
	edit_end(&e);
	return rc;
}

static int
set_retired(tc_handle *h, const struct tc_actor *actor, unsigned kid,
	    struct tc_error *err)
{
	static const enum tc_key_state states[2] = { TC_KEY_RETIRED,
						     TC_KEY_RETIRED };
	const struct tc_key *keys[2] = { NULL, NULL };
	struct edit e;
	int rc = edit_begin(&e, h, actor, err);

	if (rc == TC_OK)
		rc = find(&e, kid, &keys[0], err);
	if (rc == TC_OK) {
		set_states(&e, keys, states);
		rc = publish(&e, "retire", kid, err);
	}
	edit_end(&e);
	return rc;
}

int
tc_key_retire(tc_handle *h, const struct tc_actor *actor, unsigned kid,
	      struct tc_error *err)
{
	struct tc_error local;
	int already = 0, rc;

	if (!err)
		err = &local;
	rc = mark_retired(h, actor, kid, &already, err);
	if (rc == TC_OK && !already)
		rc = set_retired(h, actor, kid, err);
	return rc;
}

/* ---- listing ---- */

struct counts {
	struct tc_key_info *keys;
	size_t n;
};

static int
count(void *arg, const struct tc_record *r)
{
	struct counts *c = arg;

	for (size_t i = 0; i < c->n; i++)
		if (c->keys[i].kid == r->kid)
			c->keys[i].tokens++;
	return 0;
}

static int
by_kid(const void *a, const void *b)
{
	const struct tc_key_info *x = a, *y = b;

	return (x->kid > y->kid) - (x->kid < y->kid);
}

int
tc_key_list(tc_handle *h, struct tc_key_info **keys, size_t *n,
	    struct tc_error *err)
{
	struct tc_error local;
	struct counts c;
	struct tc_policy *p;
	int rc;

	if (!err)
		err = &local;
	p = tc_policy_get(h, err);
	if (!p)
		return err->code;
	c.n = p->keys.n;
	c.keys = calloc(c.n, sizeof(*c.keys));
	for (size_t i = 0; c.keys && i < c.n; i++) {
		c.keys[i].kid = p->keys.key[i].kid;
		c.keys[i].state = p->keys.key[i].state;
	}
	tc_policy_put(h, p);
	if (!c.keys)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	rc = tc_list(h, NULL, NULL, count, &c, err);
	if (rc != TC_OK) {
		free(c.keys);
		return rc;
	}
	qsort(c.keys, c.n, sizeof(*c.keys), by_kid);
	*keys = c.keys;
	*n = c.n;
	return TC_OK;
}
