/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that are being built. */
#include "error.h"
#include "lastuse.h"
#include "permit.h"

int
tc_create_many(tc_handle *h, const struct tc_actor *actor,
	       const struct tc_create *specs, size_t n,
	       char (*tokens)[TC_TOKEN_MAX + 1], struct tc_record **recs,
	       struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)specs;
	(void)n;
	(void)tokens;
	(void)recs;
	return tc_fail(err, TC_E_UNAVAILABLE,
		       "tc_create_many is not built yet");
}

int
tc_edit(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	size_t n, const struct tc_edit *edit, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)ids;
	(void)n;
	(void)edit;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_edit is not built yet");
}

int
tc_renew(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	 size_t n, int64_t expires, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)ids;
	(void)n;
	(void)expires;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_renew is not built yet");
}

int
tc_copy(tc_handle *h, const struct tc_actor *actor, const char *id,
	const struct tc_edit *changes, const char *user,
	char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
	struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)id;
	(void)changes;
	(void)user;
	(void)token;
	(void)rec;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_copy is not built yet");
}

int
tc_regenerate(tc_handle *h, const struct tc_actor *actor, const char *id,
	      int64_t expires, char token[TC_TOKEN_MAX + 1],
	      struct tc_record **rec, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)id;
	(void)expires;
	(void)token;
	(void)rec;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_regenerate is not built yet");
}

int
tc_revoke_all(tc_handle *h, const struct tc_actor *actor, const char *user,
	      int64_t before, const char *reason, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)user;
	(void)before;
	(void)reason;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_revoke_all is not built yet");
}

int
tc_delete(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	  size_t n, const char *reason, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)ids;
	(void)n;
	(void)reason;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_delete is not built yet");
}

int
tc_import(tc_handle *h, const struct tc_actor *actor, struct tc_import *items,
	  size_t n, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)items;
	(void)n;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_import is not built yet");
}

int
tc_list_ended(tc_handle *h, const struct tc_actor *actor, tc_ended_fn *fn,
	      void *arg, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)fn;
	(void)arg;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_list_ended is not built yet");
}

int
tc_restore(tc_handle *h, const struct tc_actor *actor,
	   const struct tc_record *const *recs, size_t n,
	   const struct tc_ended *ended, size_t n_ended, unsigned flags,
	   enum tc_restored *results, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)recs;
	(void)n;
	(void)ended;
	(void)n_ended;
	(void)flags;
	(void)results;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_restore is not built yet");
}

int
tc_info(tc_handle *h, struct tc_info *info, struct tc_error *err)
{
	(void)h;
	(void)info;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_info is not built yet");
}

int
tc_compact(tc_handle *h, const struct tc_actor *actor, struct tc_error *err)
{
	(void)h;
	(void)actor;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_compact is not built yet");
}

int
tc_narrow(const char *text, size_t len, const struct tc_caveat *caveats,
	  size_t n, char out[TC_TOKEN_MAX + 1], struct tc_error *err)
{
	(void)text;
	(void)len;
	(void)caveats;
	(void)n;
	(void)out;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_narrow is not built yet");
}

int
tc_parse_moment(const char *text, int64_t now, int direction, int64_t *when,
		struct tc_error *err)
{
	(void)text;
	(void)now;
	(void)direction;
	(void)when;
	return tc_fail(err, TC_E_UNAVAILABLE,
		       "tc_parse_moment is not built yet");
}
