/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The doctor's look at the rest of the host: caches that go on accepting a
 * revoked token, SELinux labels, and the clock that expiry depends on.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "apitoken.h"

#define LINE_SIZE 1024
#define FLAGS_MAX 32
#define INCLUDE_DEPTH 8

/* ---- saslauthd ---- */
#define SASLAUTHD_WHY                                                          \
	"saslauthd -c remembers logins, for 8 hours unless -t "                \
	"says otherwise: a revoked token goes on working there"

/* What its options say; getopt(3)'s rules, with the letters of saslauthd(8)
 * that take a value. */
struct sasl_flags {
	bool caches, pam;
};

static struct sasl_flags
read_flags(char *const *words, size_t n)
{
	struct sasl_flags flags = { .caches = false, .pam = true };

	for (size_t i = 0; i < n; i++) {
		if (words[i][0] != '-')
			continue;
		for (const char *p = words[i] + 1; *p; p++) {
			const char *value;

			flags.caches |= *p == 'c';
			if (!strchr("amnOst", *p))
				continue;
			value = p[1] ? p + 1 : i + 1 < n ? words[++i] : "";
			if (*p == 'a')
				flags.pam = strcmp(value, "pam") == 0;
			break;
		}
	}
	return flags;
}

static size_t
split_words(char *text, char *words[FLAGS_MAX])
{
	size_t n = 0;
	char *rest = NULL;

	for (char *w = strtok_r(text, " \t", &rest); w && n < FLAGS_MAX;
	     w = strtok_r(NULL, " \t", &rest))
		words[n++] = w;
	return n;
}

/* NAME=value of a shell fragment, quotes taken off; NULL: another line. */
static char *
shell_value(char *line, const char *name)
{
	const size_t len = strlen(name);
	char *value;

	line += strspn(line, " \t");
	if (strncmp(line, name, len) != 0 || line[len] != '=')
		return NULL;
	value = line + len + 1;
	if (*value == '"' || *value == '\'') {
		const char quote[] = { *value, '\0' };

		value++;
		value[strcspn(value, quote)] = '\0';
	} else {
		value[strcspn(value, " \t#\n")] = '\0';
	}
	return value;
}

static void
check_saslauthd_file(struct doctor *doctor, const char *path)
{
	static const char *const flag_names[] = { "OPTIONS", "FLAGS" };
	static const char *const mech_names[] = { "MECHANISMS", "MECH" };
	bool caches = false, pam = true, off = false;
	char line[LINE_SIZE], *words[FLAGS_MAX];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		char *value = shell_value(line, "START");

		if (value)
			off = strcmp(value, "no") == 0;
		for (size_t i = 0; i < COUNT(flag_names); i++) {
			value = shell_value(line, flag_names[i]);
			if (value)
				caches =
				    read_flags(words, split_words(value, words))
					.caches;
		}
		for (size_t i = 0; i < COUNT(mech_names); i++) {
			value = shell_value(line, mech_names[i]);
			if (value)
				pam = strcmp(value, "pam") == 0;
		}
	}
	host_close(doctor, path, file);
	/* Whether anything asks it is not in the file. */
	if (caches && pam && !off)
		finding(doctor, TC_WARNING, path, SASLAUTHD_WHY,
			"take -c out of its options and restart saslauthd");
}

static void
check_saslauthd_files(struct doctor *doctor)
{
	static const char *const patterns[] = {
		"/etc/default/saslauthd*",
		"/etc/sysconfig/saslauthd",
	};

	for (size_t i = 0; i < COUNT(patterns); i++) {
		glob_t found;

		host_glob(doctor, patterns[i], &found);
		for (size_t k = 0; k < found.gl_pathc; k++)
			check_saslauthd_file(doctor, found.gl_pathv[k]);
		globfree(&found);
	}
}

/* True when there is something to report. */
static bool
check_process(struct doctor *doctor, const char *path)
{
	char text[LINE_SIZE], what[PATH_MAX + 32], *words[FLAGS_MAX];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t len = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
	const int error = errno;
	struct sasl_flags flags;
	const char *name;
	size_t n = 0;

	if (fd != -1)
		(void)close(fd);
	if (len < 0)
		return not_seen(doctor, path, error);
	if (len == 0)
		return false;
	text[len] = '\0';
	for (char *p = text; p < text + len && n < FLAGS_MAX;
	     p += strlen(p) + 1)
		words[n++] = p;
	name = strrchr(words[0], '/');
	name = name ? name + 1 : words[0];
	if (strcmp(name, "saslauthd") != 0)
		return false;
	flags = read_flags(words + 1, n - 1);
	if (!flags.caches || !flags.pam)
		return false;
	(void)snprintf(what, sizeof(what), "running saslauthd (%s)", path);
	finding(doctor, TC_PROBLEM, what, SASLAUTHD_WHY,
		"restart saslauthd without -c");
	return true;
}

static void
check_processes(struct doctor *doctor)
{
	glob_t found;

	host_glob(doctor, "/proc/[0-9]*/cmdline", &found);
	/* its five processes have the same options */
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (check_process(doctor, found.gl_pathv[i]))
			break;
	}
	globfree(&found);
}

/* ---- Dovecot ---- */
struct dovecot {
	struct doctor *doctor;
	char where[PATH_MAX + 32]; /* of the setting that counts */
	bool caches;
};

static void read_dovecot(struct dovecot *d, const char *path, int depth);

static void
include_dovecot(struct dovecot *d, const char *path, const char *name,
		int depth)
{
	const char *slash = strrchr(path, '/');
	const size_t root = strlen(d->doctor->root);
	const int folder = slash ? (int)(slash - path - (ptrdiff_t)root) : 0;
	char pattern[PATH_MAX];
	glob_t found;
	int len;

	if (*name == '/')
		len = snprintf(pattern, sizeof(pattern), "%s", name);
	else
		len = snprintf(pattern, sizeof(pattern), "%.*s/%s", folder,
			       path + root, name);
	if (len < 0 || (size_t)len >= sizeof(pattern))
		return;
	host_glob(d->doctor, pattern, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_dovecot(d, found.gl_pathv[i], depth + 1);
	globfree(&found);
}

/* A size such as "10M" or "0"; any digit but 0 in it caches. */
static bool
is_nonzero(const char *value)
{
	value += strspn(value, "\"' \t0");
	return isdigit((unsigned char)*value);
}

static void
read_dovecot_line(struct dovecot *d, const char *path, unsigned number,
		  char *line, int depth)
{
	static const char key[] = "auth_cache_size";
	char *value;

	line += strspn(line, " \t");
	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "!include", 8) == 0) {
		value = line + strcspn(line, " \t");
		value += strspn(value, " \t");
		value[strcspn(value, " \t")] = '\0';
		if (*value)
			include_dovecot(d, path, value, depth);
		return;
	}
	if (strncmp(line, key, sizeof(key) - 1) != 0)
		return;
	value = line + sizeof(key) - 1;
	value += strspn(value, " \t");
	if (*value != '=')
		return;
	d->caches = is_nonzero(value + 1);
	(void)snprintf(d->where, sizeof(d->where), "%s:%u", path, number);
}

static void
read_dovecot(struct dovecot *d, const char *path, int depth)
{
	unsigned number = 0;
	size_t size = 0;
	char *line = NULL;
	FILE *file;

	if (depth > INCLUDE_DEPTH)
		return;
	file = fopen(path, "re");

	while (file && getline(&line, &size, file) != -1)
		read_dovecot_line(d, path, ++number, line, depth);
	host_close(d->doctor, path, file);
	free(line);
}

static void
check_dovecot(struct doctor *doctor)
{
	struct dovecot d = { .doctor = doctor };
	char path[PATH_MAX];

	if (!host_path(doctor, "/etc/dovecot/dovecot.conf", path, sizeof(path)))
		return;
	read_dovecot(&d, path, 0);
	if (d.caches)
		finding(doctor, TC_PROBLEM, d.where,
			"auth_cache_size lets "
			"Dovecot remember logins, for an hour unless "
			"auth_cache_ttl says otherwise: a revoked token goes "
			"on working there",
			"write auth_cache_size = 0 and "
			"reload Dovecot");
}

/* ---- SELinux ---- */
/* Types that files carry along from where they were made; confined services
 * may not read them. */
static bool
is_foreign_type(const char *label)
{
	static const char *const types[] = {
		":admin_home_t:", ":default_t:",   ":file_t:",
		":tmp_t:",	  ":unlabeled_t:", ":user_home_dir_t:",
		":user_home_t:",  ":user_tmp_t:",
	};

	for (size_t i = 0; i < COUNT(types); i++) {
		if (strstr(label, types[i]))
			return true;
	}
	return false;
}

static void
check_label(struct doctor *doctor, const char *path)
{
	char label[256], why[512], mend[PATH_MAX + 32];
	const ssize_t len =
	    lgetxattr(path, "security.selinux", label, sizeof(label) - 1);

	if (len < 0 && errno != ENODATA) {
		if (errno != ENOTSUP) /* no labels here */
			not_seen(doctor, path, errno);
		return;
	}
	label[len < 0 ? 0 : len] = '\0';
	if (len > 0 && !is_foreign_type(label))
		return;
	(void)snprintf(why, sizeof(why),
		       "the SELinux label is \"%s\", so "
		       "services that log people in cannot read it",
		       label);
	(void)snprintf(mend, sizeof(mend), "restorecon -Rv %s", path);
	finding(doctor, TC_PROBLEM, path, why, mend);
}

static void
check_selinux(struct doctor *doctor)
{
	static const char *const paths[] = {
		"/etc/apitoken",
		"/etc/apitoken/*",
		"/var/lib/apitoken",
		"/var/lib/apitoken/*",
		"/var/log/apitoken",
		"/var/log/apitoken/*",
		"/lib*/security/pam_apitoken.so",
		"/usr/lib*/security/pam_apitoken.so",
		"/usr/lib/*/security/pam_apitoken.so",
	};
	char path[PATH_MAX];

	if (!host_path(doctor, "/sys/fs/selinux/enforce", path, sizeof(path)))
		return;
	if (access(path, F_OK) != 0) {
		not_seen(doctor, path, errno);
		return;
	}
	for (size_t i = 0; i < COUNT(paths); i++) {
		glob_t found;

		host_glob(doctor, paths[i], &found);
		for (size_t k = 0; k < found.gl_pathc; k++)
			check_label(doctor, found.gl_pathv[k]);
		globfree(&found);
	}
}

/* ---- the clock ---- */
static void
check_clock(struct doctor *doctor)
{
	static const time_t year_2026 = 1767225600;
	struct timex timex = { 0 };
	const int state = adjtimex(&timex);

	if (time(NULL) < year_2026)
		finding(doctor, TC_PROBLEM, "clock",
			"it is before 2026, so "
			"new tokens never seem to expire, and older ones "
			"seem to come from the future",
			"set it, and keep it by NTP");
	else if (state == -1)
		finding(doctor, TC_WARNING, "clock",
			"whether it is synchronised cannot be asked",
			"look at it by hand: tokens may expire early or late");
	else if (state == TIME_ERROR)
		finding(doctor, TC_WARNING, "clock",
			"it is not "
			"synchronised, so tokens may expire early or late",
			"run chronyd, ntpd or systemd-timesyncd");
	else
		finding(doctor, TC_FINE, "clock", "", "");
}

void
doctor_host(struct doctor *doctor)
{
	const size_t before = doctor->problems + doctor->warnings;

	check_saslauthd_files(doctor);
	check_processes(doctor);
	check_dovecot(doctor);
	if (before == doctor->problems + doctor->warnings)
		finding(doctor, TC_FINE, "caches of saslauthd and Dovecot", "",
			"");
	check_selinux(doctor);
	check_clock(doctor);
}
