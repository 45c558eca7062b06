/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images of the installation's files, and what the store holds in words. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../store/kit.h"
#include "site.h"

#define FILES 16

struct image {
	char name[64]; /* below the installation's folder */
	mode_t mode;
	char *data;
	size_t len;
};

struct images {
	struct image of[FILES];
	size_t n;
};

static struct images first, now;

/* ---- files ---- */

static char *
read_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, st) == 0)
		data = malloc((size_t)st->st_size + 1);
	if (!data || read(fd, data, (size_t)st->st_size) != st->st_size)
		kit_die("%s: cannot be read", path);
	data[st->st_size] = '\0';
	close(fd);
	return data;
}

/* Calls back for each file below the folder. */
static void
each_file(void (*fn)(const char *name, void *arg), void *arg)
{
	static const char *const folders[] = { ".", "store" };

	for (size_t i = 0; i < 2; i++) {
		DIR *d = opendir(site_path(folders[i]));
		struct dirent *e;
		char name[300];

		while (d && (e = readdir(d)) != NULL) {
			if (e->d_type != DT_REG)
				continue;
			(void)snprintf(name, sizeof(name), "%s%s",
				       i == 0 ? "" : "store/", e->d_name);
			fn(name, arg);
		}
		if (d)
			closedir(d);
	}
}

static int
is_log(const char *name)
{
	return strcmp(name, "audit.json") == 0;
}

/* Logins note in it when a token was used; it grants nothing. */
static int
is_last_use(const char *name)
{
	return strcmp(name, "store/lastuse") == 0;
}

static int
counts(const char *name)
{
	return !is_log(name) && !is_last_use(name);
}

static void
keep_one(const char *name, void *arg)
{
	struct images *all = arg;
	struct image *image = &all->of[all->n++];
	struct stat st;

	if (all->n == FILES)
		kit_die("too many files");
	(void)snprintf(image->name, sizeof(image->name), "%s", name);
	image->data = read_file(site_path(name), &st);
	image->mode = st.st_mode & 0777;
	image->len = is_log(name) ? 0 : (size_t)st.st_size;
}

static void
keep(struct images *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->of[i].data);
	all->n = 0;
	each_file(keep_one, all);
}

void
site_keep(void)
{
	if (first.n == 0)
		keep(&first);
	keep(&now);
}

static const struct image *
find(const struct images *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return &all->of[i];
	return NULL;
}

static int
as_it_was(const struct image *image)
{
	struct stat st;
	char *data = read_file(site_path(image->name), &st);
	int same = data && (size_t)st.st_size == image->len &&
		   (st.st_mode & 0777) == image->mode &&
		   memcmp(data, image->data, image->len) == 0;

	free(data);
	return same;
}

static void
write_file(const struct image *image)
{
	const char *path = site_path(image->name);
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 ||
	    write(fd, image->data, image->len) != (ssize_t)image->len ||
	    fchmod(fd, image->mode))
		kit_die("%s: cannot be written", path);
	close(fd);
}

void
site_touch(const char *name)
{
	const struct image *image = find(&now, name);

	if (!image)
		kit_die("%s: was not kept", name);
	write_file(image);
}

void
site_damage(const char *name, const char *text)
{
	const struct image *image = find(&now, name);
	char *at =
	    image ? memmem(image->data, image->len, text, strlen(text)) : NULL;

	if (!at)
		kit_die("%s: does not hold %s", name, text);
	*at ^= 1;
	write_file(image);
}

static void
remove_stranger(const char *name, void *arg)
{
	const struct images *all = arg;

	if (!find(all, name))
		(void)unlink(site_path(name));
}

static void
restore(struct images *all)
{
	each_file(remove_stranger, all);
	for (size_t i = 0; i < all->n; i++)
		if (!as_it_was(&all->of[i]))
			write_file(&all->of[i]);
}

void
site_restore(void)
{
	restore(&now);
}

void
site_restore_first(void)
{
	site.passwd = NULL;
	restore(&first);
	keep(&now);
}

static void
count_stranger(const char *name, void *arg)
{
	*(int *)arg += counts(name) && !find(&now, name);
}

int
site_changed(void)
{
	int changed = 0;

	each_file(count_stranger, &changed);
	for (size_t i = 0; i < now.n; i++)
		changed += counts(now.of[i].name) && !as_it_was(&now.of[i]);
	return changed;
}

void
site_forget_use(void)
{
	for (size_t i = 0; i < now.n; i++)
		if (is_last_use(now.of[i].name) && !as_it_was(&now.of[i]))
			write_file(&now.of[i]);
}

static void
is_temporary(const char *name, void *arg)
{
	static char kept[64];
	size_t len = strlen(name);

	if (len < 4 || strcmp(name + len - 4, ".tmp") != 0)
		return;
	(void)snprintf(kept, sizeof(kept), "%s", name);
	*(const char **)arg = kept;
}

const char *
site_left_over(void)
{
	const char *name = NULL;

	each_file(is_temporary, &name);
	return name;
}

const char *
site_audit(void)
{
	static char *text;
	struct stat st;

	free(text);
	text = read_file(site_path("audit.json"), &st);
	if (text && st.st_size > 0 && truncate(site_path("audit.json"), 0))
		kit_die("the audit log cannot be emptied");
	return text ? text : "";
}

/* ---- in words ---- */

static const char *
name_of(const char *id)
{
	static const struct site_token *const known[] = {
		&site.valid, &site.revoked, &site.expired,
		&site.root,  &site.ended,   &site.retired,
	};
	static char number[16];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		(void)snprintf(number, sizeof(number), "%zu", i);
		if (strcmp(known[i]->id, id) == 0)
			return number;
	}
	return *id ? "new" : "none";
}

static int
tell_record(void *arg, const struct tc_record *r)
{
	FILE *f = arg;
	char source[48];

	/* What is not far away was reckoned from now. */
	fprintf(f, "%s %s id=%s kid=%u expires=%lld by=%s standing=%s", r->user,
		r->label, name_of(r->id), r->kid,
		(long long)(r->expires < SITE_EXPIRES ? r->expires > 0
						      : r->expires),
		r->created_by, tc_verdict_name(r->standing));
	for (size_t i = 0; i < r->n_services; i++)
		fprintf(f, " %s", r->services[i]);
	for (size_t i = 0; i < r->n_sources; i++) {
		tc_format_source(&r->sources[i], source);
		fprintf(f, " %s", source);
	}
	for (size_t i = 0; i < r->n_properties; i++)
		fprintf(f, " %s=%s", r->properties[i].key,
			r->properties[i].value);
	fprintf(f, " state=%d revoked=%d,%s replaces=%s replaced=%s", r->state,
		r->revoked != 0, r->revoked_by, name_of(r->replaces),
		name_of(r->replaced_by));
	fprintf(f, " scram=%d imported=%d\n", r->scram != NULL, r->imported);
	return 0;
}

static int
tell_ended(void *arg, const struct tc_ended *e)
{
	fprintf(arg, "%s %u%s\n", e->user, e->kid, e->before > 0 ? "" : " 0");
	return 0;
}

static void
tell_keys(tc_handle *h, FILE *f)
{
	struct tc_key_info *keys = NULL;
	struct tc_error err;
	size_t n = 0;

	if (tc_key_list(h, &keys, &n, &err))
		fprintf(f, "keys: %s\n", err.text);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%u %s %zu\n", keys[i].kid,
			tc_key_state_name(keys[i].state), keys[i].tokens);
	free(keys);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* New records have a place in the store that nobody can foretell. */
static char *
sorted(char *text)
{
	char *lines[400], *out, *at, *rest = NULL;
	size_t n = 0, len = strlen(text);

	for (char *line = strtok_r(text, "\n", &rest); line && n < 400;
	     line = strtok_r(NULL, "\n", &rest))
		lines[n++] = line;
	qsort(lines, n, sizeof(lines[0]), by_text);
	out = at = malloc(len + 2);
	if (!out)
		kit_die("out of memory");
	*at = '\0';
	for (size_t i = 0; i < n; i++) {
		at = stpcpy(at, lines[i]);
		at = stpcpy(at, "\n");
	}
	free(text);
	return out;
}

void
site_read(struct site_text *text)
{
	struct tc_options o = { .config = site.config };
	size_t len[3];
	FILE *records = open_memstream(&text->records, &len[0]);
	FILE *marks = open_memstream(&text->marks, &len[1]);
	FILE *keys = open_memstream(&text->keys, &len[2]);
	struct tc_error err;
	tc_handle *h;

	if (!records || !marks || !keys)
		kit_die("out of memory");
	if (tc_open(&h, &o, &err))
		fprintf(records, "open: %s\n", err.text);
	else {
		if (tc_list(h, &site_actor, NULL, tell_record, records, &err))
			fprintf(records, "list: %s\n", err.text);
		if (tc_list_ended(h, &site_actor, tell_ended, marks, &err))
			fprintf(marks, "marks: %s\n", err.text);
		tell_keys(h, keys);
	}
	tc_free(h);
	fclose(records);
	fclose(marks);
	fclose(keys);
	text->records = sorted(text->records);
	text->marks = sorted(text->marks);
}

void
site_text_free(struct site_text *text)
{
	free(text->records);
	free(text->marks);
	free(text->keys);
	memset(text, 0, sizeof(*text));
}

int
site_same(const struct site_text *a, const struct site_text *b)
{
	return strcmp(a->records, b->records) == 0 &&
	       strcmp(a->marks, b->marks) == 0 && strcmp(a->keys, b->keys) == 0;
}

/* ---- what comes after a failure ---- */

static void
finding(void *arg, enum tc_severity severity, const char *what, const char *why,
	const char *mend)
{
	char *text = arg;

	(void)mend;
	if (severity != TC_FINE && !strstr(why, SITE_NO_GROUP))
		(void)snprintf(text, TC_ERROR_MAX, "check: %s: %s", what, why);
}

const char *
site_go_on(const struct site_text *before, int is_done)
{
	static char why[TC_ERROR_MAX + 64];
	struct site_text after = { NULL, NULL, NULL };
	struct tc_error err;
	tc_handle *h;

	*why = '\0';
	if (tc_check(site.config, finding, why) == TC_PROBLEM ||
	    (is_done && *why))
		return why;
	*why = '\0';
	h = site_open();
	if (tc_revoke_all(h, &site_actor, "nobody", 0, "", &err))
		(void)snprintf(why, sizeof(why), "the next change: %s",
			       err.text);
	tc_free(h);
	if (*why)
		return why;
	site_read(&after);
	if (strcmp(before->records, after.records) != 0 ||
	    strcmp(before->keys, after.keys) != 0 ||
	    !strstr(after.marks, "nobody 0\n"))
		(void)snprintf(why, sizeof(why),
			       "the next change changed "
			       "something else");
	site_text_free(&after);
	if (!*why)
		(void)tc_check(site.config, finding, why);
	return *why ? why : NULL;
}
