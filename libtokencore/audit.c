/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "text.h"
#include "trust.h"

/* A name from the wire is cut off there; four characters per byte at most. */
#define NAME_ROOM 264
#define LABEL_ROOM (4 * TC_LABEL_MAX + 1)

struct escaped {
	char label[LABEL_ROOM], user[NAME_ROOM], service[NAME_ROOM];
	char rhost[NAME_ROOM], actor[NAME_ROOM], why[TC_ERROR_MAX];
};

/* JSON makes five characters of the four that a byte is escaped to at most; the
 * rest is the names of the members, and what is short. */
#define JSON_ROOM 4096
_Static_assert(sizeof(struct escaped) / 4 * 5 + 512 < JSON_ROOM, "it fits");

static void
escape_all(const struct tc_event *e, struct escaped *x)
{
	tc_escape(e->label ? e->label : "", 0, x->label, sizeof(x->label));
	tc_escape(e->user ? e->user : "", 0, x->user, sizeof(x->user));
	tc_escape(e->service ? e->service : "", 1, x->service,
		  sizeof(x->service));
	tc_escape(e->rhost ? e->rhost : "", 1, x->rhost, sizeof(x->rhost));
	tc_escape(e->actor ? e->actor : "", 0, x->actor, sizeof(x->actor));
	tc_escape(e->why ? e->why : "", 0, x->why, sizeof(x->why));
}

/* ---- text ---- */

struct line {
	char text[2048];
	size_t len;
};

static void
add(struct line *l, const char *before, const char *value, const char *after)
{
	if (*value == '\0' || l->len >= sizeof(l->text) - 1)
		return;
	(void)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%s%s",
		       before, value, after);
	l->len += strlen(l->text + l->len);
}

/* label: e's, escaped. */
static void
add_token(struct line *l, const struct tc_event *e, const char *label)
{
	char kid[16] = "";

	if (e->kid)
		(void)snprintf(kid, sizeof(kid), "%u", e->kid);
	add(l, " id=", e->id ? e->id : "", "");
	add(l, " label=\"", label, "\"");
	add(l, " kid=", kid, "");
}

static void
write_unsaid(const struct tc_event *e)
{
	struct escaped x;
	struct line l = { .len = 0 };

	escape_all(e, &x);
	add(&l, " reason=", e->reason, "");
	add_token(&l, e, x.label);
}

static int
is_for_system(const tc_handle *h, const struct tc_policy *p)
{
	return h->log && (!p || p->config.syslog);
}

void
tc_audit_text(const tc_handle *h, const struct tc_policy *p,
	      const struct tc_event *e)
{
	struct escaped x;
	struct line l = { .len = 0 };

	if (!is_for_system(h, p))
		return;
	escape_all(e, &x);
	add(&l, "", e->event, "");
	add(&l, " ", e->result, "");
	add(&l, " reason=", e->reason ? e->reason : "", "");
	add(&l, " user=\"", x.user, "\"");
	add(&l, " service=", x.service, "");
	add(&l, " rhost=", x.rhost, "");
	add_token(&l, e, x.label);
	add(&l, " by=\"", x.actor, "\"");
	add(&l, " why=\"", x.why, "\"");
	if (e->unsaid)
		write_unsaid(e->unsaid);
	h->log(h->log_arg, e->priority, l.text);
}

/* ---- JSON ---- */

static const char *
null_if_empty(const char *text)
{
	return text && *text ? text : NULL;
}

static json_t *
kid_json(const struct tc_event *e)
{
	return e->kid ? json_integer((json_int_t)e->kid) : json_null();
}

/* How long it is in out, without a NUL; 0: out of memory.  Takes o.  Into room
 * that is there: one that has to grow takes longer for a longer line. */
static size_t
dump(json_t *o, char out[JSON_ROOM])
{
	size_t len = o ? json_dumpb(o, out, JSON_ROOM, JSON_COMPACT) : 0;

	json_decref(o);
	return len < JSON_ROOM ? len : 0;
}

static json_t *
unsaid_json(const struct tc_event *e)
{
	struct escaped x;

	escape_all(e, &x);
	return json_pack("{s:s?,s:s?,s:s?,s:o}", "reason",
			 null_if_empty(e->reason), "id", null_if_empty(e->id),
			 "label", null_if_empty(x.label), "kid", kid_json(e));
}

/* The line with its end; 0 when out of memory. */
static size_t
json_line(const struct tc_event *e, char out[JSON_ROOM])
{
	/* Until the line is made: then what malloc() is asked for is alike. */
	json_t *unsaid = e->unsaid ? unsaid_json(e->unsaid) : NULL;
	struct escaped x;
	char ts[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	size_t len;

	if (unsaid)
		(void)json_dumpb(unsaid, out, JSON_ROOM, JSON_COMPACT);
	escape_all(e, &x);
	if (gmtime_r(&now, &tm))
		(void)strftime(ts, sizeof(ts), "%Y-%m-%dT%H:%M:%SZ", &tm);
	len = dump(
	    json_pack("{s:i,s:s,s:s,s:s,s:s?,s:s?,s:s?,s:s?,s:s?,s:s?,s:o,"
		      "s:s?,s:i,s:s?}",
		      "v", 1, "ts", ts, "event", e->event, "result", e->result,
		      "reason", null_if_empty(e->reason), "id",
		      null_if_empty(e->id), "label", null_if_empty(x.label),
		      "user", null_if_empty(x.user), "service",
		      null_if_empty(x.service), "rhost", null_if_empty(x.rhost),
		      "kid", kid_json(e), "actor", null_if_empty(x.actor),
		      "pid", (int)getpid(), "why", null_if_empty(x.why)),
	    out);
	json_decref(unsaid);
	if (len > 0)
		out[len++] = '\n';
	return len;
}

const char *
tc_audit_fault(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs neither to root nor to the effective user";
	if (st->st_nlink > 1)
		return "has another name (a hard link), under which it may be "
		       "anything";
	return NULL;
}

/* Made for its owner, and for the group where the folder passes its group on:
 * whatever the umask, as "apitoken init" makes it.  Only by root or whose
 * folder it is: one that a service made is not root's to write to. */
static int
make_log(const struct tc_policy *p, int flags)
{
	struct stat st;
	int fd;

	if (fstat(p->audit_dir, &st))
		return -1;
	if (geteuid() != 0 && geteuid() != st.st_uid) {
		errno = ENOENT;
		return -1;
	}
	fd =
	    openat(p->audit_dir, p->audit_base, flags | O_CREAT | O_EXCL, 0600);
	if (fd < 0 && errno == EEXIST) /* by another process */
		return openat(p->audit_dir, p->audit_base, flags);
	if (fd >= 0 && (st.st_mode & S_ISGID))
		(void)fchmod(fd, 0640);
	return fd;
}

static int
open_log(const struct tc_policy *p, struct tc_error *err)
{
	/* O_NONBLOCK: a FIFO put there must not hang a login. */
	const int flags =
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	const char *fault;
	struct stat st;
	int fd;

	if (p->audit_dir < 0) {
		tc_fail(err, TC_E_UNAVAILABLE, "%s: its folder is missing",
			p->config.audit_log);
		return -1;
	}
	fd = openat(p->audit_dir, p->audit_base, flags);
	if (fd < 0 && errno == ENOENT)
		fd = make_log(p, flags);
	if (fd < 0 || fstat(fd, &st)) {
		tc_fail_errno(err, "%s", p->config.audit_log);
	} else {
		fault = tc_audit_fault(&st);
		if (!fault)
			return fd;
		tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", p->config.audit_log,
			fault);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* One write, so that lines of several processes do not mix. */
static int
append(int fd, const char *line, size_t len, const char *path,
       struct tc_error *err)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return tc_fail_errno(err, "%s", path);
	if (!tc_may_write(st.st_size + (off_t)len)) {
		errno = EFBIG;
		return tc_fail_errno(err, "%s", path);
	}
	n = write(fd, line, len);
	if (n < 0)
		return tc_fail_errno(err, "%s", path);
	return (size_t)n == len
		   ? TC_OK
		   : tc_fail(err, TC_E_UNAVAILABLE,
			     "%s: no space for a whole line", path);
}

int
tc_audit_change(const struct tc_policy *p, const struct tc_event *e,
		struct tc_error *err)
{
	const char *path = p->config.audit_log;
	char line[JSON_ROOM];
	size_t len;
	int fd, rc;

	if (!path)
		return TC_OK;
	fd = open_log(p, err);
	if (fd < 0)
		return err->code;
	len = json_line(e, line);
	rc = len ? append(fd, line, len, path, err)
		 : tc_fail(err, TC_E_NOMEM, "%s: out of memory", path);
	close(fd);
	return rc;
}

void
tc_audit(const tc_handle *h, const struct tc_policy *p,
	 const struct tc_event *e)
{
	struct tc_error unused;

	tc_audit_text(h, p, e);
	if (p)
		(void)tc_audit_change(p, e, &unused);
}

/* A token whose tag did not prove right is not named, reasons are longer or
 * shorter, and a shorter line takes less time.  So each login has the rest made
 * as well: a stand-in's token where none was told, and as much of this as its
 * reason is shorter than the longest. */
static struct tc_event
unsaid_of(const struct tc_event *told)
{
	static const char longest[] = "--------------";
	struct tc_event e = { .id = "" };
	size_t len = strlen(told->reason);

	if (!*told->id)
		e = (struct tc_event){ .id = "000000000000000000000000",
				       .label = "token",
				       .kid = 1 };
	e.reason =
	    longest + (len < sizeof(longest) ? len : sizeof(longest) - 1);
	return e;
}

static int
priority_of(enum tc_verdict verdict, int rightful)
{
	if (rightful)
		return LOG_CRIT;
	if (verdict == TC_UNAVAILABLE)
		return LOG_ERR;
	if (verdict == TC_FORGED)
		return LOG_WARNING;
	return verdict == TC_VALID ? LOG_INFO : LOG_NOTICE;
}

static void
log_login(const tc_handle *h, const struct tc_policy *p,
	  const struct tc_request *req, const struct tc_result *res,
	  const char *result, int rightful)
{
	int valid = res->verdict == TC_VALID;
	struct tc_event e = {
		.event = "login",
		.result = result,
		.reason = valid ? "" : tc_verdict_name(res->verdict),
		.id = res->id,
		.label = res->label,
		.user = req->user ? req->user : res->user,
		.service = req->service,
		.rhost = req->rhost,
		.kid = res->kid,
		.why = res->detail,
		.priority = priority_of(res->verdict, rightful),
	};
	const struct tc_event unsaid = unsaid_of(&e);

	e.unsaid = &unsaid;
	tc_audit(h, p, &e);
}

void
tc_audit_login(const tc_handle *h, const struct tc_policy *p,
	       const struct tc_request *req, const struct tc_result *res,
	       int rightful)
{
	log_login(h, p, req, res, res->verdict == TC_VALID ? "allow" : "deny",
		  rightful);
}

void
tc_audit_begin(const tc_handle *h, const struct tc_policy *p,
	       const struct tc_request *req, const struct tc_result *res)
{
	log_login(h, p, req, res, "begin", 0);
}
