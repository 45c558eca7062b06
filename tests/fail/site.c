/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "site.h"

#include <stdio.h>
#include <string.h>

#include "../store/kit.h"
#include "memory.h"
#include "token.h"

#define FULL_PAGES 96 /* items, before a page is split */

struct site site;
const struct tc_actor site_actor = { .uid = 0, .name = "admin" };

const char *
site_path(const char *name)
{
	static char paths[8][2 * SITE_PATH];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", site.dir, name);
	return path;
}

static void
must(int rc, const struct tc_error *err, const char *what)
{
	if (rc != TC_OK)
		kit_die("%s: %s", what, err->text);
}

tc_handle *
site_open(void)
{
	struct tc_options o = { .config = site.config };
	struct tc_error err;
	tc_handle *h;

	must(tc_open(&h, &o, &err), &err, "tc_open");
	return h;
}

void
site_configure(const char *lines, const char *sections)
{
	FILE *f = fopen(site.config, "w");

	if (!f)
		kit_die("%s: cannot be written", site.config);
	fprintf(f,
		"enabled = yes\nsecret_file = secret.conf\nstore = store\n"
		"audit_log = audit.json\n%s"
		"[services]\nimap = dovecot, imaps\n%s",
		lines, sections);
	fclose(f);
}

/* ---- making it ---- */

static void
make(tc_handle *h, struct site_token *t, struct tc_create spec)
{
	struct tc_record *rec;
	struct tc_error err;

	must(tc_create(h, &site_actor, &spec, t->text, &rec, &err), &err,
	     "tc_create");
	memcpy(t->id, rec->id, sizeof(t->id));
	tc_record_free(rec);
}

static void
make_tokens(tc_handle *h)
{
	static const char *const services[] = { "imap", "sshd" };
	static const struct tc_property properties[] = { { "host", "a" } };
	struct tc_source source;
	struct tc_create spec = { .user = "alice", .label = "laptop" };
	struct tc_error err;

	must(tc_parse_source("192.0.2.0/24", &source, &err), &err, "source");
	spec.n_services = 2;
	spec.services = services;
	spec.n_sources = 1;
	spec.sources = &source;
	spec.n_properties = 1;
	spec.properties = properties;
	make(h, &site.valid, spec);
	spec = (struct tc_create){ .user = "alice" };
	spec.label = "old";
	make(h, &site.revoked, spec);
	spec.label = "gone";
	make(h, &site.deleted, spec);
	spec.label = "phone";
	spec.expires = SITE_EXPIRES;
	make(h, &site.expired, spec);
	spec.expires = 0;
	spec.user = "dave";
	spec.label = "desk";
	make(h, &site.ended, spec);
	spec.user = "root";
	spec.label = "konsole";
	make(h, &site.root, spec);
}

/* One token is key 3's, which then ends. */
static void
make_keys(tc_handle *h)
{
	static const struct tc_create spec = { .user = "alice",
					       .label = "safe" };
	struct tc_error err;

	must(tc_key_add(h, &site_actor, 2, SITE_SECRET_2, NULL, &err), &err,
	     "tc_key_add");
	must(tc_key_add(h, &site_actor, 3, NULL, NULL, &err), &err,
	     "tc_key_add");
	must(tc_key_activate(h, &site_actor, 3, &err), &err, "tc_key_activate");
	make(h, &site.retired, spec);
	must(tc_key_activate(h, &site_actor, 1, &err), &err, "tc_key_activate");
	must(tc_key_retire(h, &site_actor, 3, &err), &err, "tc_key_retire");
}

static void
end_some(tc_handle *h)
{
	const char *revoked = site.revoked.id, *deleted = site.deleted.id;
	struct tc_import item = { .spec = { .user = "carol",
					    .label = "machine" },
				  .value = SITE_VALUE,
				  .len = strlen(SITE_VALUE) };
	struct tc_error err;

	must(tc_revoke(h, &site_actor, &revoked, 1, "lost", &err), &err,
	     "tc_revoke");
	must(tc_delete(h, &site_actor, &deleted, 1, "", &err), &err,
	     "tc_delete");
	must(tc_revoke_all(h, &site_actor, "dave", 0, "left", &err), &err,
	     "tc_revoke_all");
	must(tc_import(h, &site_actor, &item, 1, &err), &err, "tc_import");
	must(item.error.code, &item.error, "tc_import");
}

/* So many that the next one splits a page. */
static void
fill_up(tc_handle *h)
{
	static char tokens[FULL_PAGES][TC_TOKEN_MAX + 1];
	static struct tc_create specs[FULL_PAGES];
	static char labels[FULL_PAGES][32];
	struct tc_error err;
	struct tc_info info;
	size_t n;

	must(tc_info(h, &info, &err), &err, "tc_info");
	n = FULL_PAGES - (size_t)info.tokens - 1; /* and dave's mark */
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(labels[i], sizeof(labels[i]), "many-%02zu", i);
		specs[i].user = "bob";
		specs[i].label = labels[i];
	}
	must(tc_create_many(h, &site_actor, specs, n, tokens, NULL, &err), &err,
	     "tc_create_many");
	must(tc_compact(h, &site_actor, &err), &err, "tc_compact");
}

/* What one of the two data files has yet to see. */
static void
change_last(tc_handle *h)
{
	static const struct tc_edit edit = { .what = TC_EDIT_LABEL,
					     .label = "console" };
	const char *id = site.root.id;
	struct tc_error err;

	must(tc_edit(h, &site_actor, &id, 1, &edit, &err), &err, "tc_edit");
}

/* Other texts that could be typed. */
static void
make_texts(void)
{
	struct tc_caveat caveats[2] = {
		{ .type = TC_CAVEAT_SERVICE, .services = "imap" },
		{ .type = TC_CAVEAT_NOT_AFTER, .not_after = 4000000000 },
	};
	struct tc_error err;
	struct tc_token tok;

	must(tc_narrow(site.valid.text, strlen(site.valid.text), caveats, 2,
		       site.narrowed, &err),
	     &err, "tc_narrow");
	if (tc_token_read(site.valid.text, strlen(site.valid.text), &tok) !=
	    TC_VALID)
		kit_die("the token cannot be read");
	tok.tag[0] ^= 1;
	tc_token_write(&tok, site.forged.text);
	tok.header[5] ^= 1;
	tc_token_write(&tok, site.unknown.text);
}

static void
tell_secrets(void)
{
	memory_secret(SITE_SECRET, strlen(SITE_SECRET));
	memory_secret(SITE_SECRET_2, strlen(SITE_SECRET_2));
	memory_secret(SITE_VALUE, strlen(SITE_VALUE));
	memory_secret("tkc1_2", 6); /* any token */
}

void
site_make(const char *dir)
{
	struct tc_error err;
	tc_handle *h;

	(void)snprintf(site.dir, sizeof(site.dir), "%s", dir);
	(void)snprintf(site.config, sizeof(site.config), "%s/apitoken.conf",
		       dir);
	must(tc_init(site.config, SITE_SECRET, &err), &err, "tc_init");
	h = site_open();
	make_tokens(h);
	make_keys(h);
	end_some(h);
	fill_up(h);
	change_last(h);
	tc_free(h);
	make_texts();
	tell_secrets();
	site_keep();
}
