/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replaces the installation's files while they are used, as administrators,
 * logrotate and a restored backup do. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "soak.h"

/* Seconds between two of a kind. */
#define CONF_PAUSE 0.15
#define SECRET_PAUSE 0.6
#define SWAP_PAUSE 1.1
#define ROTATE_PAUSE 0.8

/* Paths in the installation, and what they are moved from and to. */
enum place {
	CONF,
	CONF_NEW,
	SECRET,
	SECRET_NEW,
	STORE,
	STORE_NEW,
	STORE_OLD,
	AUDIT,
	AUDIT_OLD,
	PLACES
};
static const char *const names[PLACES] = {
	[CONF] = "apitoken.conf",
	[CONF_NEW] = "apitoken.conf.new",
	[SECRET] = "secret.conf",
	[SECRET_NEW] = "secret.conf.new",
	[STORE] = "store",
	[STORE_NEW] = "store.new",
	[STORE_OLD] = "store.old",
	[AUDIT] = "audit.json",
	[AUDIT_OLD] = "audit.json.1",
};
static char paths[PLACES][4096];

static void
find_places(void)
{
	for (int i = 0; i < PLACES; i++)
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/token/%s",
			       soak_options.dir, names[i]);
}

static void
must(int failed, const char *what)
{
	if (failed)
		kit_die("%s: %s", what, strerror(errno));
}

static char *
read_whole(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *data;

	must(fd < 0 || fstat(fd, &st) != 0, path);
	data = malloc((size_t)st.st_size + 1);
	must(data == NULL || read(fd, data, (size_t)st.st_size) != st.st_size,
	     path);
	data[st.st_size] = '\0';
	*len = (size_t)st.st_size;
	close(fd);
	return data;
}

static void
write_whole(const char *path, mode_t mode, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	must(fd < 0 || fchmod(fd, mode) != 0, path);
	must(write(fd, data, len) != (ssize_t)len, path);
	close(fd);
}

/* ---- apitoken.conf ---- */

void
mover_write_conf(unsigned conf)
{
	char text[1024];

	find_places();

	(void)snprintf(text, sizeof(text),
		       "syslog = no\nowners = any\nenabled = yes\n"
		       "secret_file = secret.conf\nstore = store\n"
		       "audit_log = audit.json\n[services]\nimap = %s\n"
		       "[sets]\nmail = imap%s\n",
		       (conf & CONF_DOVECOT_IS_IMAP) != 0 ? "imaps, dovecot"
							  : "imaps",
		       (conf & CONF_MAIL_HAS_SMTP) != 0 ? ", smtp" : "");
	write_whole(paths[CONF_NEW], 0644, text, strlen(text));
	must(rename(paths[CONF_NEW], paths[CONF]), "apitoken.conf");
}

static void
replace_conf(uint64_t *seed)
{
	unsigned conf = (unsigned)kit_below(seed, CONFS);
	uint64_t begun = timeline_now();

	oracle_conf_begin(&soak->oracle, conf);
	mover_write_conf(conf);
	oracle_conf_end(&soak->oracle);
	soak_changed(CONF_REPLACED, begun, TC_OK, "");
}

/* ---- secret.conf ---- */

/* The same keys with another comment; `key` must not write meanwhile. */
static void
replace_secret(uint64_t *seed)
{
	uint64_t begun = timeline_now();
	char *text, *rest, *whole = NULL;
	size_t len;

	text = read_whole(paths[SECRET], &len);
	rest = strncmp(text, "# soak", 6) == 0 ? strchr(text, '\n') + 1 : text;
	must(asprintf(&whole, "# soak %u\n%s", (unsigned)kit_below(seed, 10000),
		      rest) < 0,
	     "memory");
	write_whole(paths[SECRET_NEW], 0600, whole, strlen(whole));
	must(rename(paths[SECRET_NEW], paths[SECRET]), "secre"
						       "t."
						       "con"
						       "f");
	free(text);
	free(whole);
	soak_changed(SECRET_REPLACED, begun, TC_OK, "");
}

/* ---- the store ---- */

static void
each_file(const char *dir, void (*fn)(const char *from, const char *to),
	  const char *to)
{
	char a[4200], b[4200];
	DIR *d = opendir(dir);
	struct dirent *e;

	must(d == NULL, dir);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(a, sizeof(a), "%s/%.80s", dir, e->d_name);
		(void)snprintf(b, sizeof(b), "%s/%.80s", to, e->d_name);
		fn(a, b);
	}
	closedir(d);
}

static void
copy_file(const char *from, const char *to)
{
	static char room[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	struct stat st;
	ssize_t n;

	must(in < 0 || fstat(in, &st) != 0, from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		   st.st_mode & 0777);
	must(out < 0, to);
	while ((n = read(in, room, sizeof(room))) > 0)
		must(write(out, room, (size_t)n) != n, to);
	must(n < 0 || fchmod(out, st.st_mode & 0777) != 0, from);
	close(in);
	close(out);
}

static void
remove_file(const char *path, const char *unused)
{
	(void)unused;
	must(unlink(path) != 0, path);
}

/* The old folder, which only those use that began before `gone`. */
static void
remove_old(uint64_t gone)
{
	const char *old = paths[STORE_OLD];

	oracle_outage(&soak->oracle, timeline_now(), gone);
	each_file(old, remove_file, "");
	must(rmdir(old) != 0, old);
}

/* Two steps: between them there is no store. */
static void
move_twice(const char *fresh, const char *old)
{
	oracle_outage(&soak->oracle, timeline_now(), UINT64_MAX);
	must(rename(paths[STORE], old) != 0, old);
	must(rename(fresh, paths[STORE]) != 0, fresh);
	oracle_outage_over(&soak->oracle);
}

/* An identical copy in the store's place; no writer is at it. */
static uint64_t
swap_store(uint64_t *seed)
{
	const char *fresh = paths[STORE_NEW], *old = paths[STORE_OLD];
	uint64_t begun = timeline_now();

	must(mkdir(fresh, 0700) != 0, fresh);
	each_file(paths[STORE], copy_file, fresh);
	if (kit_below(seed, 2) == 0) {
		move_twice(fresh, old);
	} else if (renameat2(AT_FDCWD, fresh, AT_FDCWD, paths[STORE],
			     RENAME_EXCHANGE) == 0) {
		must(rename(fresh, old) != 0, old);
	} else {
		/* Not every file system can. */
		must(errno != EINVAL, "renameat2");
		move_twice(fresh, old);
	}
	soak_changed(STORE_SWAPPED, begun, TC_OK, "");
	return timeline_now();
}

/* ---- audit.json ---- */

/* What was moved away long ago is written to no more: whole lines. */
static void
check_audit(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[8192];

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		size_t len = strlen(line);

		if (strncmp(line, "{\"v\":1,", 7) == 0 && len > 9 &&
		    strcmp(line + len - 2, "}\n") == 0)
			continue;
		soak->torn_lines++;
		soak_note("audit.json: a line that is not whole");
	}
	(void)fclose(f);
	must(unlink(path) != 0, path);
}

static void
rotate_audit(void)
{
	uint64_t begun = timeline_now();

	check_audit(paths[AUDIT_OLD]);
	if (access(paths[AUDIT], F_OK) == 0)
		must(rename(paths[AUDIT], paths[AUDIT_OLD]) != 0, "audit.json");
	soak_changed(AUDIT_ROTATED, begun, TC_OK, "");
}

/* ---- in turn ---- */

struct due {
	double at, pause;
};

static int
is_due(struct due *d)
{
	double now = kit_clock();

	if (now < d->at)
		return 0;
	d->at = now + d->pause;
	return 1;
}

void
mover_run(uint64_t seed)
{
	struct due conf = { 0, CONF_PAUSE }, secret = { 0, SECRET_PAUSE };
	struct due swap = { 0, SWAP_PAUSE }, rotate = { 0, ROTATE_PAUSE };
	uint64_t gone = 0;

	while (!soak->stop) {
		if (is_due(&conf))
			replace_conf(&seed);
		if (is_due(&rotate))
			rotate_audit();
		if (is_due(&secret)) {
			pthread_rwlock_wrlock(&soak->lock);
			replace_secret(&seed);
			pthread_rwlock_unlock(&soak->lock);
		}
		if (is_due(&swap)) {
			if (gone != 0)
				remove_old(gone);
			pthread_rwlock_wrlock(&soak->lock);
			gone = swap_store(&seed);
			pthread_rwlock_unlock(&soak->lock);
		}
		kit_nap(0.01);
	}
}
