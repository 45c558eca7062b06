/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hands the plug-in a sasl_utils_t that is not quite libsasl's.  Prints a line
 * for each: what was done to it, and what the entry points said.
 *
 *	doctored PLUG-IN
 */
#include <dlfcn.h>
#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "kit.h"

static const sasl_utils_t *real;

/* Not a plug-in: keeps what libsasl shows to one. */
static int
catch_utils(const sasl_utils_t *utils, int max_version, int *out_version,
	    sasl_server_plug_t **list, int *count)
{
	(void)max_version;
	(void)out_version;
	(void)list;
	(void)count;
	real = utils;
	return SASL_NOMECH;
}

static int
wrong_getprop(sasl_conn_t *conn, int number, const void **value)
{
	(void)conn;
	(void)number;
	(void)value;
	return SASL_FAIL;
}

static void
as_it_is(sasl_utils_t *u)
{
	(void)u;
}

/* As in a libsasl that no longer has these members. */
static void
without_md5(sasl_utils_t *u)
{
	char *from = (char *)&u->mkchal;
	char *to = (char *)&u->MD5Init;

	memmove(to, from, (size_t)((char *)(u + 1) - from));
}

static void
one_member_less(sasl_utils_t *u)
{
	char *gone = (char *)&u->spare_fptr;

	memmove(gone, gone + sizeof(u->spare_fptr),
		(size_t)((char *)(u + 1) - gone) - sizeof(u->spare_fptr));
}

static void
another_getprop(sasl_utils_t *u)
{
	u->getprop = wrong_getprop;
}

static void
nothing(sasl_utils_t *u)
{
	memset(u, 0, sizeof(*u));
}

static const struct {
	const char *name;
	void (*change)(sasl_utils_t *);
} doctors[] = {
	{ "as-it-is", as_it_is },
	{ "without-md5", without_md5 },
	{ "one-member-less", one_member_less },
	{ "another-getprop", another_getprop },
	{ "nothing", nothing },
};

static void *
entry(void *file, const char *name)
{
	void *found = dlsym(file, name);

	if (found == NULL)
		errx(1, "%s", dlerror());
	return found;
}

static sasl_server_plug_init_t *server;
static sasl_client_plug_init_t *client;
static sasl_auxprop_init_t *auxprop;
static sasl_canonuser_init_t *canon;

static void
offer(const char *name, const sasl_utils_t *utils, int older)
{
	int server_version = SASL_SERVER_PLUG_VERSION - older;
	int client_version = SASL_CLIENT_PLUG_VERSION - older;
	sasl_auxprop_plug_t *aux;
	sasl_canonuser_plug_t *names;
	sasl_server_plug_t *servers;
	sasl_client_plug_t *clients;
	int version, n = 0;
	int code = server(utils, server_version, &version, &servers, &n);

	for (int i = 0; code == SASL_OK && i < n; i++)
		servers[i].mech_free(servers[i].glob_context, utils);
	printf("%s %s ", name, kit_code(code));
	printf("%s ",
	       kit_code(client(utils, client_version, &version, &clients, &n)));
	printf("%s ", kit_code(auxprop(utils, SASL_AUXPROP_PLUG_VERSION - older,
				       &version, &aux, "apitoken")));
	printf("%s\n",
	       kit_code(canon(utils, SASL_CANONUSER_PLUG_VERSION - older,
			      &version, &names, "apitoken")));
}

/* A caller that wants no answer. */
static void
offer_nowhere(void)
{
	int version;

	printf("nowhere %s ", kit_code(server(real, SASL_SERVER_PLUG_VERSION,
					      &version, NULL, NULL)));
	printf("%s ", kit_code(client(real, SASL_CLIENT_PLUG_VERSION, &version,
				      NULL, NULL)));
	printf("%s ", kit_code(auxprop(real, SASL_AUXPROP_PLUG_VERSION,
				       &version, NULL, "apitoken")));
	printf("%s\n", kit_code(canon(real, SASL_CANONUSER_PLUG_VERSION,
				      &version, NULL, "apitoken")));
}

int
main(int argc, char **argv)
{
	static const char folder[] = "/nonexistent";
	void *file = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;

	if (file == NULL)
		errx(1, "usage: doctored PLUG-IN");
	*(void **)&server = entry(file, "sasl_server_plug_init");
	*(void **)&client = entry(file, "sasl_client_plug_init");
	*(void **)&auxprop = entry(file, "sasl_auxprop_plug_init");
	*(void **)&canon = entry(file, "sasl_canonuser_init");
	kit.plugins = kit.quiet = folder;
	kit.options[0] = (struct answer_option){ "apitoken_config", folder };
	kit_server_init();
	(void)sasl_server_add_plugin("catch", catch_utils);
	for (size_t i = 0; i < sizeof(doctors) / sizeof(doctors[0]); i++) {
		sasl_utils_t utils = *real;

		doctors[i].change(&utils);
		offer(doctors[i].name, &utils, 0);
	}
	offer("older-libsasl", real, 1);
	offer_nowhere();
	(void)sasl_server_done();
	(void)dlclose(file);
	return 0;
}
