/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mend.h"

#include <stdio.h>
#include <string.h>

/* By the words that an error is told with; FILE stands for what it is about. */
static const struct {
	const char *words, *mend;
} table[] = {
	{ "writable by others", "take the permission away: "
				"chmod go-w FILE" },
	{ "readable by everyone", "chmod o-r FILE; if it held a "
				  "secret, make a new key: "
				  "apitoken key add --activate, then "
				  "apitoken key retire N, "
				  "the old one, when its tokens are "
				  "replaced" },
	{ "belongs neither", "give it to root: chown root FILE" },
	{ "others may put", "name a folder in the configuration in "
			    "which only its owner can make files" },
	{ "of another user", "remove the link, or name the folder "
			     "that it should lead to" },
	{ "symbolic link", "put the file itself there" },
	{ "No such file", "make an installation with \"apitoken "
			  "init\", or restore the file from a backup; "
			  "apitoken(1) says how a lost store is made "
			  "anew for the keys that are there" },
	{ "Permission denied", "run it as root, which says more, or "
			       "add the service's user to the "
			       "group apitoken" },
	{ "shorter than", "choose a longer secret in secret.conf, or "
			  "let \"apitoken key add\" make one" },
	{ "no key is active", "apitoken key activate N, or set "
			      "\"state = active\" in one section" },
	{ "the key \"", "write it into the file that is named; see "
			"apitoken.conf(5)" },
	{ "damaged", "restore the store from a backup" },
	{ "missing", "restore the store from a backup" },
	{ "not of the commit", "restore the whole store from one "
			       "backup, not single files" },
};

/* An error in the configuration or the secrets names a line, but for what is
 * missing: that it says of the file, or of one of the keys. */
static const char *
mend_content(const char *config, const char *what, const char *why)
{
	const char *slash = strrchr(config, '/');
	const char *base = slash ? slash + 1 : config;
	const char *name = strrchr(what, '/'), *line;

	name = name ? name + 1 : what;
	line = strrchr(name, ':');
	if (strncmp(name, base, strlen(base)) == 0 &&
	    (line ? line : strchr(name, '\0')) == name + strlen(base))
		return "mend the file that is named; see apitoken.conf(5)";
	if (line || strncmp(why, "key ", 4) == 0)
		return "mend the file that is named; see "
		       "apitoken-secret.conf(5)";
	return "mend the file that is named";
}

const char *
tc_mend(const char *config, const char *what, const char *why,
	char out[TC_MEND_MAX])
{
	const char *mend = NULL, *file;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strstr(why, table[i].words)) {
			mend = table[i].mend;
			break;
		}
	}
	if (!mend)
		return mend_content(config, what, why);
	file = strstr(mend, "FILE");
	if (!file)
		return mend;
	(void)snprintf(out, TC_MEND_MAX, "%.*s%s%s", (int)(file - mend), mend,
		       what, file + strlen("FILE"));
	return out;
}
