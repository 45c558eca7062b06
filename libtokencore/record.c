/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "match.h"

#define VERSION 1

enum tag {
	TAG_USER = 1,
	TAG_LABEL,
	TAG_KID,
	TAG_CREATED,
	TAG_CREATED_BY,
	TAG_EXPIRES,
	TAG_SERVICE,
	TAG_SOURCE,
	TAG_PROPERTY,
	TAG_STATE,
	TAG_REVOKED,
	TAG_REVOKED_BY,
	TAG_REASON,
	TAG_REPLACES,
	TAG_REPLACED_BY,
	TAG_SCRAM,
	TAG_IMPORTED, /* empty: it is there or not */
	TAG_END
};

/* A record and everything it points to, in one block: behind this come its
 * properties, services, sources and texts. */
struct whole {
	struct tc_record pub;
	struct tc_scram scram;
	struct tc_property *properties;
	const char **services;
	struct tc_source *sources;
	char *to; /* where the next string goes */
	size_t size; /* of the whole block */
};

/* How many there are of the fields that repeat. */
struct counts {
	size_t services, sources, properties;
};

static void
put_field(struct tc_writer *w, enum tag tag, const void *data, size_t len)
{
	tc_put(w, tag, 1);
	tc_put(w, len, 2);
	tc_put_bytes(w, data, len);
}

static void
put_text(struct tc_writer *w, enum tag tag, const char *text)
{
	if (text && *text)
		put_field(w, tag, text, strlen(text));
}

static void
put_number(struct tc_writer *w, enum tag tag, int64_t value, unsigned n_bytes)
{
	tc_put(w, tag, 1);
	tc_put(w, n_bytes, 2);
	tc_put(w, (uint64_t)value, n_bytes);
}

static void
put_source(struct tc_writer *w, const struct tc_source *s)
{
	size_t len = s->family == 4 ? 4 : 16;

	tc_put(w, TAG_SOURCE, 1);
	tc_put(w, len + 1, 2);
	tc_put(w, s->prefix, 1);
	tc_put_bytes(w, s->addr, len);
}

static void
put_property(struct tc_writer *w, const struct tc_property *p)
{
	size_t key_len = strlen(p->key), len = strlen(p->value);

	tc_put(w, TAG_PROPERTY, 1);
	tc_put(w, 1 + key_len + len, 2);
	tc_put(w, key_len, 1);
	tc_put_bytes(w, p->key, key_len);
	tc_put_bytes(w, p->value, len);
}

static void
put_id(struct tc_writer *w, enum tag tag, const char *text)
{
	unsigned char id[TC_ID_BYTES];

	if (*text && tc_id_bytes(text, id) == 0)
		put_field(w, tag, id, sizeof(id));
}

static void
put_scram(struct tc_writer *w, const struct tc_scram *s)
{
	tc_put(w, TAG_SCRAM, 1);
	tc_put(w, TC_SCRAM_LEN, 2);
	tc_put(w, s->iterations, 4);
	tc_put_bytes(w, s->salt, sizeof(s->salt));
	tc_put_bytes(w, s->stored_key, sizeof(s->stored_key));
	tc_put_bytes(w, s->server_key, sizeof(s->server_key));
}

void
tc_record_write(const struct tc_crypto *c, struct tc_writer *w,
		const unsigned char rec_key[TC_KEY_LEN],
		const struct tc_lookup *key, const struct tc_record *r)
{
	unsigned char mac[TC_HASH_LEN];

	tc_put(w, VERSION, 1);
	put_text(w, TAG_USER, r->user);
	put_text(w, TAG_LABEL, r->label);
	put_number(w, TAG_KID, r->kid, 2);
	put_number(w, TAG_CREATED, r->created, 8);
	put_text(w, TAG_CREATED_BY, r->created_by);
	if (r->expires)
		put_number(w, TAG_EXPIRES, r->expires, 8);
	for (size_t i = 0; i < r->n_services; i++)
		put_text(w, TAG_SERVICE, r->services[i]);
	for (size_t i = 0; i < r->n_sources; i++)
		put_source(w, &r->sources[i]);
	for (size_t i = 0; i < r->n_properties; i++)
		put_property(w, &r->properties[i]);
	put_number(w, TAG_STATE, r->state, 1);
	if (r->state != TC_STATE_ACTIVE)
		put_number(w, TAG_REVOKED, r->revoked, 8);
	put_text(w, TAG_REVOKED_BY, r->revoked_by);
	put_text(w, TAG_REASON, r->revoked_reason);
	put_id(w, TAG_REPLACES, r->replaces);
	put_id(w, TAG_REPLACED_BY, r->replaced_by);
	if (r->scram)
		put_scram(w, r->scram);
	if (r->imported)
		put_field(w, TAG_IMPORTED, "", 0);
	if (w->bad || tc_seal(c, rec_key, key->key, w->data, w->len, mac))
		w->bad = 1;
	tc_put_bytes(w, mac, TC_SEAL_LEN);
}

/* ---- reading: each function takes one field's value, 0 or -1 ---- */

static const char *
keep(struct whole *w, const unsigned char *data, size_t len)
{
	char *text = w->to;

	memcpy(text, data, len);
	text[len] = '\0';
	w->to += len + 1;
	return text;
}

static int
read_service(struct whole *w, struct tc_reader *r, size_t len)
{
	struct tc_record *p = &w->pub;

	if (p->n_services == TC_SERVICES_MAX ||
	    !tc_service_fits((const char *)r->at, len))
		return -1;
	w->services[p->n_services++] = keep(w, tc_take(r, len), len);
	return 0;
}

static int
read_source(struct whole *w, struct tc_reader *r, size_t len)
{
	struct tc_source *s = &w->sources[w->pub.n_sources];

	if (w->pub.n_sources == TC_SOURCES_MAX || (len != 5 && len != 17))
		return -1;
	s->family = len == 5 ? 4 : 6;
	s->prefix = (unsigned char)tc_get(r, 1);
	memcpy(s->addr, tc_take(r, len - 1), len - 1);
	w->pub.n_sources++;
	return s->prefix <= (len - 1) * 8 ? 0 : -1;
}

static int
read_property(struct whole *w, struct tc_reader *r, size_t len)
{
	struct tc_property *p = &w->properties[w->pub.n_properties];
	size_t key_len = (size_t)tc_get(r, 1);

	if (w->pub.n_properties == TC_PROPERTIES_MAX || len < 1 ||
	    key_len > len - 1)
		return -1;
	p->key = keep(w, tc_take(r, key_len), key_len);
	len -= 1 + key_len;
	p->value = keep(w, tc_take(r, len), len);
	w->pub.n_properties++;
	return 0;
}

static int
read_id(struct tc_reader *r, size_t len, char out[TC_ID_LEN + 1])
{
	if (len != TC_ID_BYTES)
		return -1;
	tc_id_text(tc_take(r, len), out);
	return 0;
}

static int
read_number(struct tc_reader *r, size_t len, size_t want, int64_t *out)
{
	if (len != want)
		return -1;
	*out = (int64_t)tc_get(r, (unsigned)len);
	return 0;
}

static int
read_scram(struct whole *w, struct tc_reader *r, size_t len)
{
	struct tc_scram *s = &w->scram;

	if (len != TC_SCRAM_LEN)
		return -1;
	s->iterations = (unsigned)tc_get(r, 4);
	memcpy(s->salt, tc_take(r, sizeof(s->salt)), sizeof(s->salt));
	memcpy(s->stored_key, tc_take(r, sizeof(s->stored_key)),
	       sizeof(s->stored_key));
	memcpy(s->server_key, tc_take(r, sizeof(s->server_key)),
	       sizeof(s->server_key));
	w->pub.scram = s;
	return s->iterations > 0 ? 0 : -1;
}

static int
read_field(struct whole *w, unsigned tag, struct tc_reader *r, size_t len)
{
	struct tc_record *p = &w->pub;
	int64_t n = 0;
	int rc = 0;

	switch ((enum tag)tag) {
	case TAG_USER:
		p->user = keep(w, tc_take(r, len), len);
		return len <= TC_USER_MAX ? 0 : -1;
	case TAG_LABEL:
		p->label = keep(w, tc_take(r, len), len);
		return len <= TC_LABEL_MAX ? 0 : -1;
	case TAG_KID:
		rc = read_number(r, len, 2, &n);
		p->kid = (unsigned)n;
		return rc;
	case TAG_CREATED:
		return read_number(r, len, 8, &p->created);
	case TAG_CREATED_BY:
		p->created_by = keep(w, tc_take(r, len), len);
		return 0;
	case TAG_EXPIRES:
		return read_number(r, len, 8, &p->expires);
	case TAG_SERVICE:
		return read_service(w, r, len);
	case TAG_SOURCE:
		return read_source(w, r, len);
	case TAG_PROPERTY:
		return read_property(w, r, len);
	case TAG_STATE:
		rc = read_number(r, len, 1, &n);
		p->state = (enum tc_state)n;
		return rc;
	case TAG_REVOKED:
		return read_number(r, len, 8, &p->revoked);
	case TAG_REVOKED_BY:
		p->revoked_by = keep(w, tc_take(r, len), len);
		return 0;
	case TAG_REASON:
		p->revoked_reason = keep(w, tc_take(r, len), len);
		return 0;
	case TAG_REPLACES:
		return read_id(r, len, p->replaces);
	case TAG_REPLACED_BY:
		return read_id(r, len, p->replaced_by);
	case TAG_SCRAM:
		return read_scram(w, r, len);
	case TAG_IMPORTED:
		p->imported = 1;
		return len == 0 ? 0 : -1;
	case TAG_END:
		break;
	}
	return -1;
}

static int
may_repeat(unsigned tag)
{
	return tag == TAG_SERVICE || tag == TAG_SOURCE || tag == TAG_PROPERTY;
}

static int
read_fields(struct whole *w, struct tc_reader *r)
{
	unsigned last = 0;

	if (tc_get(r, 1) != VERSION)
		return -1;
	while (r->at < r->end) {
		unsigned tag = (unsigned)tc_get(r, 1);
		size_t len = (size_t)tc_get(r, 2);
		struct tc_reader value = *r;
		const unsigned char *after;

		if (!tc_take(r, len) || tag < last ||
		    (tag == last && !may_repeat(tag)))
			return -1;
		after = r->at;
		value.end = after;
		if (read_field(w, tag, &value, len) || value.bad ||
		    value.at != after)
			return -1;
		last = tag;
	}
	return 0;
}

static int
complete(const struct tc_record *p)
{
	switch (p->state) {
	case TC_STATE_ACTIVE:
	case TC_STATE_REVOKED:
		return *p->user && *p->label && p->kid && p->created > 0;
	case TC_STATE_DELETED:
		return *p->user && !*p->label && p->kid && p->created > 0;
	}
	return 0;
}

/* Up to where they make sense; read_fields() tells whether all do. */
static struct counts
count_fields(struct tc_reader r)
{
	struct counts n = { 0, 0, 0 };

	tc_take(&r, 1);
	while (r.at < r.end && !r.bad) {
		unsigned tag = (unsigned)tc_get(&r, 1);

		tc_take(&r, (size_t)tc_get(&r, 2));
		n.services += tag == TAG_SERVICE;
		n.sources += tag == TAG_SOURCE;
		n.properties += tag == TAG_PROPERTY;
	}
	return n;
}

/* In the block of an older one if that is long enough.  texts: as long as the
 * encoded record, since a field's head is longer than the NULs that its strings
 * need. */
static struct whole *
new_whole(struct whole *w, const struct counts *n, size_t texts)
{
	size_t lists = n->properties * sizeof(struct tc_property) +
		       n->services * sizeof(const char *) +
		       n->sources * sizeof(struct tc_source);
	size_t size = sizeof(*w) + lists + texts;

	if (w && w->size >= size) {
		size = w->size;
	} else {
		free(w);
		w = malloc(size);
	}
	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w) + lists);
	w->size = size;
	w->properties = (struct tc_property *)(w + 1);
	w->services = (const char **)(w->properties + n->properties);
	w->sources = (struct tc_source *)(w->services + n->services);
	w->to = (char *)(w->sources + n->sources);
	w->pub.user = w->pub.label = w->pub.created_by = "";
	w->pub.revoked_by = w->pub.revoked_reason = "";
	w->pub.services = w->services;
	w->pub.sources = w->sources;
	w->pub.properties = w->properties;
	return w;
}

struct tc_record *
tc_record_reread(struct tc_record *old, const unsigned char *item_key,
		 const unsigned char *data, size_t len)
{
	struct tc_reader r = { data, data + len, 0 };
	struct whole *w = (struct whole *)old;
	struct counts n;

	if (len > TC_SEAL_LEN)
		r.end -= TC_SEAL_LEN;
	n = count_fields(r);
	w = new_whole(w, &n, len);
	if (!w)
		return NULL;
	tc_id_text(item_key + 1, w->pub.id);
	if (len > TC_SEAL_LEN && read_fields(w, &r) == 0 && complete(&w->pub))
		return &w->pub;
	free(w);
	return NULL;
}

struct tc_record *
tc_record_read(const unsigned char *item_key, const unsigned char *data,
	       size_t len)
{
	return tc_record_reread(NULL, item_key, data, len);
}

/* Tag, length in two bytes and value of each field; behind what is named there
 * are zeros: salt and keys.  The verifier is the last, so a record without one
 * is the beginning of this. */
static const unsigned char blank[TC_RECORD_USUAL - TC_SEAL_LEN] =
    "\1" /* the version */
    "\1\0\5blank" /* user */
    "\2\0\5token" /* label */
    "\3\0\2\0\1" /* kid */
    "\4\0\10\0\0\0\0\0\0\0\1" /* created */
    "\5\0\5blank" /* created by */
    "\6\0\10\0\0\0\0\0\0\0\1" /* expires */
    "\7\0\4sshd\7\0\4imap" /* services */
    "\12\0\1\1" /* active */
    "\20\0\124\0\0\20\0"; /* SCRAM, 4096 iterations */

int
tc_record_blank(struct tc_lookup *item)
{
	item->value = calloc(1, item->usual_len);
	if (!item->value)
		return -1;
	memcpy(item->value, blank, item->usual_len - TC_SEAL_LEN);
	item->len = item->usual_len;
	return 0;
}

struct tc_record *
tc_record_copy(const struct tc_crypto *c, const struct tc_record *r)
{
	static const unsigned char no_key[TC_KEY_LEN];
	struct tc_writer w = { 0 };
	struct tc_lookup at = { .key_len = 0 };
	struct tc_record *copy = NULL;
	unsigned char id[TC_ID_BYTES];

	if (tc_id_bytes(r->id, id))
		return NULL;
	tc_key_token(&at, id);
	tc_record_write(c, &w, no_key, &at, r);
	if (!w.bad)
		copy = tc_record_read(at.key, w.data, w.len);
	tc_writer_free(&w);
	if (!copy)
		return NULL;
	copy->standing = r->standing;
	copy->last_used = r->last_used;
	memcpy(copy->last_service, r->last_service, sizeof(r->last_service));
	copy->last_source = r->last_source;
	return copy;
}

void
tc_record_free(struct tc_record *rec)
{
	/* pub is the first member. */
	free(rec);
}
