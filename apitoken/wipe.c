/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wipe.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void
wipe_and_free(void *mem)
{
	if (mem)
		explicit_bzero(mem, malloc_usable_size(mem));
	free(mem);
}

void
json_wipes(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}
