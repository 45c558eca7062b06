/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line per decision and per change: text to the system's log through the
 * caller's function, JSON to the audit log.  Takes ids, labels and names,
 * never a string that could be a token.
 */
#ifndef TC_AUDIT_H
#define TC_AUDIT_H

#include "handle.h"

struct tc_event {
	const char *event; /* "login", "create", ... */
	const char *result; /* "allow", "deny", "ok" */
	const char *reason; /* a verdict's word or NULL */
	const char *id, *label, *user, *service, *rhost; /* or NULL */
	unsigned kid; /* 0: none */
	const char *actor; /* or NULL */
	const char *why; /* for the administrator; or NULL */
	int priority; /* of <syslog.h> */
	/* What is written beside it and thrown away, so that a line takes as
	 * long whatever it says: token and reason of this one; or NULL. */
	const struct tc_event *unsaid;
};

/* Both logs, best effort: a login is never refused for its line's sake. */
void tc_audit(const tc_handle *h, const struct tc_policy *p,
	      const struct tc_event *e);

/* A login's line, by its result.  rightful: a right tag without a record. */
void tc_audit_login(const tc_handle *h, const struct tc_policy *p,
		    const struct tc_request *req, const struct tc_result *res,
		    int rightful);
/* Of one that may log in if it then proves that it knows the token. */
void tc_audit_begin(const tc_handle *h, const struct tc_policy *p,
		    const struct tc_request *req, const struct tc_result *res);

/* Why a file does not do as audit log; NULL if it does.  It may be writable by
 * other services, but what root writes to has to be what it looks like. */
const char *tc_audit_fault(const struct stat *st);

/* A change's line: TC_OK only once it is in the audit log, if there is one.
 * The system's log is left for tc_audit_text(), when the change is done. */
int tc_audit_change(const struct tc_policy *p, const struct tc_event *e,
		    struct tc_error *err);
void tc_audit_text(const tc_handle *h, const struct tc_policy *p,
		   const struct tc_event *e);

#endif
