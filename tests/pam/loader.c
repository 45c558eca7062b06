/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loader.c - loads a module the way a host does that links nothing of what
 * the module needs, and looks up the names given.  Exits with 0 when the file
 * loads with all its symbols bound and has them all.
 */
#include <dlfcn.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	void *module;
	int i, missing = 0;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: loader FILE SYMBOL...\n");
		return 2;
	}
	module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (module == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	for (i = 2; i < argc; i++) {
		if (dlsym(module, argv[i]) == NULL) {
			(void)fprintf(stderr, "%s: not there\n", argv[i]);
			missing = 1;
		}
	}
	if (dlclose(module) != 0)
		return 1;
	return missing;
}
