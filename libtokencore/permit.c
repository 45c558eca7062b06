/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "permit.h"

#include <string.h>

#include "error.h"
#include "names.h"
#include "text.h"

#define BOTH (TC_MAY_OWN | TC_MAY_ALL)

#define ROW(act)                                                               \
	{                                                                      \
#act, offsetof(struct tc_permissions, act##_own),              \
		    offsetof(struct tc_permissions, act##_all)                 \
	}
/* Administration is nobody's to grant. */
static const struct {
	const char *verb;
	size_t own, all;
} acts[TC_ACTS] = {
	[TC_ACT_LIST] = ROW(list),     [TC_ACT_CREATE] = ROW(create),
	[TC_ACT_CHANGE] = ROW(change), [TC_ACT_REVOKE] = ROW(revoke),
	[TC_ACT_DELETE] = ROW(delete),
};
#undef ROW

/* A group that cannot be looked up grants nothing either. */
static int
granted(const struct tc_policy *p, size_t field, const struct tc_actor *actor)
{
	const char *list =
	    *(char *const *)((const char *)&p->config.permissions + field);

	if (!list)
		return 0;
	return strcmp(list, TC_EVERYONE) == 0 ||
	       tc_names_hold(list, actor->name, actor->groups,
			     actor->n_groups) == 1;
}

unsigned
tc_may(const struct tc_policy *p, const struct tc_actor *actor, enum tc_act act)
{
	if (!actor)
		return act == TC_ACT_LIST ? BOTH : 0;
	/* What root may not do by us root can do without. */
	if (actor->uid == p->store_stat.st_uid || actor->uid == 0)
		return BOTH;
	if (act >= TC_ACTS || !acts[act].verb)
		return 0;
	if (granted(p, acts[act].all, actor))
		return BOTH;
	return granted(p, acts[act].own, actor) ? TC_MAY_OWN : 0;
}

int
tc_may_touch(unsigned may, const struct tc_actor *actor, const char *owner)
{
	if (may & TC_MAY_ALL)
		return 1;
	return (may & TC_MAY_OWN) && actor && owner &&
	       strcmp(owner, actor->name) == 0;
}

static int
refuse(const struct tc_policy *p, const struct tc_actor *actor, enum tc_act act,
       const char *owner, struct tc_error *err)
{
	char who[100] = "a service", whose[100] = "others";

	if (actor)
		tc_escape(actor->name, 0, who, sizeof(who));
	if (owner)
		tc_escape(owner, 0, whose, sizeof(whose));
	if (act >= TC_ACTS || !acts[act].verb)
		return tc_fail(err, TC_E_PERMISSION,
			       "%s may not administer keys and store: root may",
			       who);
	return tc_fail(err, TC_E_PERMISSION,
		       "%s may not %s tokens of %s ([permissions] in %.200s)",
		       who, acts[act].verb, whose, p->config.file);
}

int
tc_permit(const struct tc_policy *p, const struct tc_actor *actor,
	  enum tc_act act, const char *owner, struct tc_error *err)
{
	if (tc_may_touch(tc_may(p, actor, act), actor, owner))
		return TC_OK;
	return refuse(p, actor, act, owner, err);
}
