/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import.c - makes a value a password of a user, and prints its id:
 *
 *	import CONFIG USER LABEL [SERVICE] < VALUE
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tokencore.h"

int
main(int argc, char **argv)
{
	const struct tc_actor actor = { .uid = getuid(), .name = "test" };
	const char *const services[] = { argc == 5 ? argv[4] : "" };
	struct tc_options options = { .config = argv[1] };
	struct tc_import item = { .spec = { .services = services,
					    .n_services = argc == 5 } };
	struct tc_error error = { .code = TC_OK };
	char value[TC_IMPORT_MAX + 2];
	tc_handle *h;

	if (argc < 4 || argc > 5)
		errx(2, "usage: see the head of import.c");
	item.spec.user = argv[2];
	item.spec.label = argv[3];
	item.value = value;
	item.len = fread(value, 1, sizeof(value), stdin);
	if (tc_open(&h, &options, &error) != TC_OK ||
	    tc_import(h, &actor, &item, 1, &error) != TC_OK)
		errx(1, "%s", error.text);
	tc_free(h);
	if (item.error.code != TC_OK)
		errx(1, "%s", item.error.text);
	(void)puts(item.id);
	return 0;
}
