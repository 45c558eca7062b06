/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken doctor: what the library finds about configuration, keys and
 * store, then what it cannot know of: PAM, other caches, SELinux, the clock.
 * Looks only; mends nothing.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "apitoken.h"

static const char *
severity_word(enum tc_severity severity)
{
	switch (severity) {
	case TC_FINE:
		return "fine";
	case TC_WARNING:
		return "warning";
	case TC_PROBLEM:
		return "problem";
	}
	return "problem";
}

static void
print_finding(const char *word, const char *what, const char *why,
	      const char *mend)
{
	char text[ESCAPED_MAX];

	escape(text, sizeof(text), what);
	put("%s%-7s%s  %s", colour(word), word, colour(NULL), text);
	escape(text, sizeof(text), why);
	put("%s%s\n", *text ? ": " : "", text);
	escape(text, sizeof(text), mend);
	if (*text)
		put("         %s\n", text);
}

void
finding(struct doctor *doctor, enum tc_severity severity, const char *what,
	const char *why, const char *mend)
{
	const char *word = severity_word(severity);

	if (severity > doctor->worst)
		doctor->worst = severity;
	doctor->problems += severity == TC_PROBLEM;
	doctor->warnings += severity == TC_WARNING;
	if (!doctor->json) {
		print_finding(word, what, why, mend);
		return;
	}
	(void)put_json(json_pack("{s:s, s:o, s:o, s:o}", "severity", word,
				 "what", json_text(what), "why", json_text(why),
				 "mend", json_text(mend)));
}

static void
from_library(void *arg, enum tc_severity severity, const char *what,
	     const char *why, const char *mend)
{
	finding(arg, severity, what, why, mend);
}

bool
not_seen(struct doctor *doctor, const char *path, int error)
{
	/* A process may have ended since its name was read. */
	if (error == 0 || error == ENOENT || error == ENOTDIR || error == ESRCH)
		return false;
	finding(doctor, TC_PROBLEM, path, strerror(error),
		"it could not be looked at: run this as root, or again");
	return true;
}

/* glob() leaves out what cannot be read unless this says to stop. */
static int glob_error;

static int
stops_glob(const char *path, int error)
{
	(void)path;
	glob_error = error;
	return error != ENOENT && error != ENOTDIR;
}

void
host_glob(struct doctor *doctor, const char *pattern, glob_t *found)
{
	char path[PATH_MAX];
	int code;

	*found = (glob_t){ 0 };
	if (!host_path(doctor, pattern, path, sizeof(path)))
		return;
	glob_error = EIO;
	code = glob(path, 0, stops_glob, found);
	if (code == GLOB_NOSPACE)
		not_seen(doctor, path, ENOMEM);
	else if (code == GLOB_ABORTED)
		not_seen(doctor, path, glob_error);
	if (code != 0)
		found->gl_pathc = 0;
}

void
host_close(struct doctor *doctor, const char *path, FILE *file)
{
	if (!file) {
		not_seen(doctor, path, errno);
		return;
	}
	if (ferror(file))
		not_seen(doctor, path, EIO);
	(void)fclose(file);
}

bool
host_path(const struct doctor *doctor, const char *path, char *out, size_t size)
{
	const int len = snprintf(out, size, "%s%s", doctor->root, path);

	return len > 0 && (size_t)len < size;
}

void
doctor_library(struct doctor *doctor)
{
	(void)tc_check(doctor->config, from_library, doctor);
}

int
doctor_result(const struct doctor *doctor)
{
	if (!doctor->json)
		put("problems: %zu, warnings: %zu\n", doctor->problems,
		    doctor->warnings);
	return doctor->worst == TC_PROBLEM ? UNAVAILABLE : DONE;
}

int
verb_doctor(struct app *app, int argc, char **argv)
{
	const char *root = NULL;
	const struct opt opts[] = {
		{ .name = "root",
		  .value = "DIR",
		  .text = &root,
		  .help = "look for the host's files below DIR" },
	};
	struct doctor doctor = { .worst = TC_FINE };
	struct stat st;

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (root && (stat(root, &st) || !S_ISDIR(st.st_mode)))
		return complain_option("root", root, "is no folder");
	doctor.json = app->json;
	doctor.root = root && strcmp(root, "/") != 0 ? root : "";
	doctor.config = app->config ? app->config : TC_DEFAULT_CONFIG;
	doctor_library(&doctor);
	doctor_pam(&doctor);
	doctor_host(&doctor);
	return doctor_result(&doctor);
}
