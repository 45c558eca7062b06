/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tokencore.h - API tokens that work as passwords.
 *
 * The library makes tokens, keeps their records and decides whether a token
 * may log in.  It knows neither PAM nor SASL nor a terminal: callers bring the
 * text that was typed and get a verdict back.
 *
 * Conventions.  Times are seconds since the Unix epoch, UTC.  Strings are
 * NUL-terminated and belong to whoever made them; nothing that is passed in is
 * kept.  Functions that return int give TC_OK or one of the TC_E codes; the
 * sentence a person can read is in the struct tc_error that the caller
 * provides (NULL: not wanted).  Outputs are set only on success unless said
 * otherwise.  All calls on one handle may run in many threads at once, except
 * tc_open() and tc_free().
 */
#ifndef TOKENCORE_H
#define TOKENCORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TC_API __attribute__((visibility("default")))
#define TC_CHECKED __attribute__((warn_unused_result))
#define TC_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#else
#define TC_API
#define TC_CHECKED
#define TC_NONNULL(...)
#endif

/* ---- bounds; doc/FORMAT.md says where each one comes from ---- */
#define TC_TOKEN_MAX 255 /* characters of a token, caveats included */
#define TC_ID_LEN 24 /* characters of a token's id */
#define TC_ID_PREFIX_MIN 6 /* shortest beginning that names a token */
#define TC_USER_MAX 255 /* bytes of a user name */
#define TC_LABEL_MAX 128 /* bytes of a label, UTF-8 */
#define TC_SERVICE_MAX 32 /* characters of a service name */
#define TC_SERVICES_MAX 32 /* services of one token */
#define TC_SOURCES_MAX 16 /* source networks of one token */
#define TC_PROPERTIES_MAX 16 /* properties of one token */
#define TC_PROP_KEY_MAX 64 /* bytes of a property's key */
#define TC_PROP_VALUE_MAX 256 /* bytes of a property's value */
#define TC_REASON_MAX 256 /* bytes of a revocation's reason */
#define TC_CAVEATS_MAX 8 /* caveats on one token */
#define TC_CAVEAT_BYTES 116 /* all of them, encoded */
#define TC_SECRET_MIN 32 /* bytes of a key's secret */
#define TC_SECRET_MAX 180 /* what fits a line of secret.conf */
#define TC_ERROR_MAX 512 /* bytes of an error's text, with its NUL */
#define TC_MANY_MAX 1000 /* new tokens in one commit */
#define TC_IMPORT_MANY 10000 /* values made elsewhere in one commit */
#define TC_IMPORT_MIN 20 /* characters of a value made elsewhere */
#define TC_IMPORT_MAX 255 /* and bytes */

#define TC_DEFAULT_CONFIG "/etc/apitoken/apitoken.conf"

/* ---- results of calls that do something ---- */
enum tc_code {
	TC_OK = 0,
	TC_E_INVALID, /* an argument is not acceptable */
	TC_E_REFUSED, /* policy forbids it */
	TC_E_NOTFOUND, /* no such token or key */
	TC_E_AMBIGUOUS, /* the name fits more than one token */
	TC_E_EXISTS, /* it is there already */
	TC_E_UNAVAILABLE, /* configuration, key or store missing or damaged */
	TC_E_PERMISSION, /* the caller may not */
	TC_E_NOMEM /* out of memory */
};

struct tc_error {
	int code; /* enum tc_code */
	char text[TC_ERROR_MAX]; /* "what: why", never a secret */
};

/**
 * A fragment of a sentence for a code, such as "no such token".
 * @param code  an enum tc_code
 * @return static text, never NULL, also for codes that do not exist
 * Thread safe.
 */
TC_API const char *tc_strerror(int code);

/* ---- verdicts ---- */
/*
 * Zero is a refusal, so that memory nobody filled in refuses.  "valid" is
 * the only verdict that lets anyone in.
 */
enum tc_verdict {
	TC_UNAVAILABLE = 0, /* configuration, key or store unusable */
	TC_NOT_A_TOKEN, /* begins otherwise: a password, say */
	TC_DISABLED, /* "enabled = no" */
	TC_MALFORMED, /* begins like a token, is none */
	TC_BAD_CHECKSUM, /* a typing error */
	TC_UNKNOWN_KEY,
	TC_UNKNOWN_TOKEN,
	TC_FORGED,
	TC_WRONG_USER,
	TC_REVOKED,
	TC_EXPIRED,
	TC_NOT_YET_VALID,
	TC_WRONG_SERVICE,
	TC_WRONG_SOURCE,
	TC_USER_REFUSED,
	TC_VALID,
	TC_VERDICTS /* how many there are */
};

/**
 * The verdict's word, as it stands in logs and on the command line.
 * @return static text such as "wrong-user"; "unavailable" for anything that
 *         is not a verdict.  Thread safe.
 */
TC_API const char *tc_verdict_name(enum tc_verdict verdict);

/**
 * Does this text claim to be a token?  Looks at the prefix alone ("tkc1_",
 * either case, an i or l for the 1, white space before it): needs no key, no
 * store and no handle, so that ordinary passwords keep working when those are
 * broken.
 * @param text  what was typed; need not end in NUL
 * @param len   its length in bytes, 0 or more
 * @return 1 or 0.  Thread safe.
 */
TC_API int tc_is_token(const char *text, size_t len) TC_CHECKED;

/* ---- the handle ---- */
typedef struct tc_handle tc_handle;

/**
 * Receives one line for the system's log.
 * @param arg       log_arg of struct tc_options
 * @param priority  LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERR or LOG_CRIT
 *                  of <syslog.h>, without a facility
 * @param line      printable text without a line end; never a token or secret
 * May be called from any thread that uses the handle.
 */
typedef void tc_log_fn(void *arg, int priority, const char *line);

struct tc_options {
	const char *config; /* file name; NULL: TC_DEFAULT_CONFIG */
	tc_log_fn *log; /* NULL: no system log */
	void *log_arg;
};

/**
 * Reads configuration and keys, opens the folders of store and audit log and
 * keeps their descriptors, so that the handle goes on working after the
 * process dropped privileges or changed its root directory.  Changes to the
 * files are noticed at later calls.
 * @param out      set to the handle, or to NULL on failure
 * @param options  NULL: all defaults
 * @param err      why it failed; may be NULL
 * @return TC_OK, TC_E_UNAVAILABLE, TC_E_PERMISSION or TC_E_NOMEM
 * The caller frees the handle with tc_free().
 */
TC_API int tc_open(tc_handle **out, const struct tc_options *options,
		   struct tc_error *err) TC_CHECKED TC_NONNULL(1);

/** Closes the handle and wipes its secrets.  tc_free(NULL) does nothing. */
TC_API void tc_free(tc_handle *h);

/* ---- verifying ---- */
typedef struct tc_look tc_look;

#define TC_ALLOW_ROOT 0x01u /* uid 0 may, whatever the config says */
#define TC_LOG_NONTOKEN 0x02u /* log what is not a token, too */
#define TC_IMPORTED                                                            \
	0x04u /* values made elsewhere may log in, too; needs a
			     user, since they are found by it */

struct tc_request {
	const char *authtok; /* what was typed; need not end in NUL */
	size_t authtok_len; /* bytes, any number */
	const char *user; /* the claimed user; NULL: the token's owner */
	const char *service; /* PAM or SASL service; NULL: unknown */
	const char *rhost; /* peer; only an IP literal counts; or NULL */
	int64_t now; /* time to judge by; 0: the clock */
	unsigned flags; /* TC_ALLOW_ROOT, TC_LOG_NONTOKEN, TC_IMPORTED */
	uint32_t minimum_uid; /* at least that; 0: what the config says */
	const tc_look *look; /* what tc_look_up() gave for it; or NULL */
};

/* What a login proved, for tc_recheck(); not secret, of no use to a peer. */
struct tc_proof {
	unsigned char id[15];
	unsigned char caveats_len;
	unsigned char caveats[TC_CAVEAT_BYTES];
};

struct tc_result {
	enum tc_verdict verdict;
	int proved; /* 1: the tag is right, the rest set */
	char user[TC_USER_MAX + 1]; /* the owner */
	char id[TC_ID_LEN + 1];
	char label[TC_LABEL_MAX + 1];
	int64_t expires; /* the earliest that applies; 0: never */
	unsigned kid;
	struct tc_proof proof;
	char detail[TC_ERROR_MAX]; /* for the administrator, never the peer */
};

/**
 * The decision: may this token log in here, now, from there, as this user?
 * doc/DESIGN.md gives the order in which it is made.  Logs the decision.
 * @param h    the handle; NULL judges the text alone and never gives TC_VALID
 * @param req  the login
 * @param res  filled in whatever the verdict; user, id, label, expires, kid
 *             and proof only where res->proved is 1
 * @return res->verdict.  Thread safe.
 */
TC_API enum tc_verdict tc_verify(tc_handle *h, const struct tc_request *req,
				 struct tc_result *res) TC_CHECKED
    TC_NONNULL(2, 3);

/**
 * The same decision once more for a token whose tag was proved a moment ago:
 * PAM's account phase.  authtok is not looked at; proof may be res->proof.
 * Logs refusals only.
 */
TC_API enum tc_verdict tc_recheck(tc_handle *h, const struct tc_proof *proof,
				  const struct tc_request *req,
				  struct tc_result *res) TC_CHECKED
    TC_NONNULL(2, 3, 4);

/**
 * What a decision rested on: the request, the effective user, configuration,
 * keys, their folders and the store's commit.  While that holds, tc_recheck()
 * would say the same, and a caller who asks once more before long, as PAM's
 * account phase does, need not open an installation for it.  It has no secret
 * in it and no descriptor, and holds for a minute at most: accounts, and the
 * folders above, are not looked at again.
 * @param h    the handle, of which nothing else was asked since it decided, by
 *             any thread
 * @param req  what was asked; user is needed, now must be 0
 * @param res  what came of it
 * @return the basis, freed by tc_basis_free(); NULL when res->verdict is not
 *         TC_VALID, or there is none to be had: then ask tc_recheck()
 */
typedef struct tc_basis tc_basis;
TC_API tc_basis *tc_basis_take(tc_handle *h, const struct tc_request *req,
			       const struct tc_result *res) TC_NONNULL(1, 2, 3);

/**
 * Does it hold for the same request?  authtok and now are not looked at.
 * @param b  NULL never holds
 * @return 1; or 0, which refuses nothing: ask tc_recheck().  Thread safe.
 */
TC_API int tc_basis_holds(const tc_basis *b,
			  const struct tc_request *req) TC_CHECKED
    TC_NONNULL(2);

TC_API void tc_basis_free(tc_basis *b);

/**
 * Looks a token up for a caller who has to name its owner to others before it
 * asks tc_verify(), as SASL servers do.  Proves nothing: who knows an id but
 * for its tag is answered, too; and it takes as long when there is no such
 * token.
 *
 * As req->look of the decision it spares the same work once more, and changes
 * no verdict: configuration, keys and store count as they are when the decision
 * is made.  After a change of them the token is read anew, and so is another
 * than this one.
 * @param text  the token, len bytes, as in tc_verify()
 * @return what was found, freed by tc_look_free() before the handle; NULL when
 *         it is no token or nothing can be told: tc_verify() will say why.
 *         Holds nothing secret of the token; of its record, SCRAM's verifier.
 *         Thread safe.
 */
TC_API tc_look *tc_look_up(tc_handle *h, const char *text, size_t len)
    TC_NONNULL(1, 2);

/**
 * The owner, as the look has it.
 * @param look  NULL: nobody
 * @return the name, the look's own; "" where there is no such token, or its
 *         record cannot be trusted.  Thread safe.
 */
TC_API const char *tc_look_owner(const tc_look *look) TC_CHECKED;

/** tc_look_free(NULL) does nothing. */
TC_API void tc_look_free(tc_look *look);

/* ---- records ---- */
#define TC_SCRAM_SALT 16
#define TC_SCRAM_KEY 32
#define TC_SCRAM_ITERATIONS 4096 /* RFC 7677's least: a token needs no more */

/* What a server of SCRAM-SHA-256 keeps instead of a password (RFC 5802). */
struct tc_scram {
	unsigned iterations;
	unsigned char salt[TC_SCRAM_SALT];
	unsigned char stored_key[TC_SCRAM_KEY], server_key[TC_SCRAM_KEY];
};

/* Of a deleted token only what refuses it for good is left; no call hands
 * such a record out. */
enum tc_state {
	TC_STATE_ACTIVE = 1,
	TC_STATE_REVOKED = 2,
	TC_STATE_DELETED = 3
};

struct tc_source {
	unsigned char family; /* 4 or 6 */
	unsigned char prefix; /* 0..32 or 0..128 */
	unsigned char addr[16]; /* network order, host bits zero */
};

struct tc_property {
	const char *key, *value;
};

/*
 * What is known of a token.  Only the library allocates these, so members may
 * be added at the end.  Strings are never NULL; "" means none.
 */
struct tc_record {
	char id[TC_ID_LEN + 1];
	const char *user, *label;
	unsigned kid;
	int64_t created;
	const char *created_by;
	int64_t expires; /* first second it is refused; 0: never */
	size_t n_services, n_sources, n_properties;
	const char *const *services; /* none: every service */
	const struct tc_source *sources; /* none: from everywhere */
	const struct tc_property *properties;
	enum tc_state state;
	int64_t revoked;
	const char *revoked_by, *revoked_reason;
	char replaces[TC_ID_LEN + 1], replaced_by[TC_ID_LEN + 1];
	/* What verify would say of it at this moment, user, service and
	 * source left out of account: TC_VALID, TC_REVOKED, TC_EXPIRED,
	 * TC_NOT_YET_VALID, TC_UNKNOWN_KEY or TC_UNAVAILABLE (a bad seal). */
	enum tc_verdict standing;
	const struct tc_scram *scram; /* its verifier; NULL: none */
	int imported; /* 1: a value made elsewhere, see tc_import() */
	int64_t last_used; /* 0: not known.  Kept once a minute at most, */
	char last_service[TC_SERVICE_MAX + 1]; /* and best effort */
	struct tc_source last_source; /* family 0: not known */
};

/** Frees what tc_create(), tc_create_many(), tc_copy(), tc_regenerate() or
 *  tc_show() gave; NULL is fine. */
TC_API void tc_record_free(struct tc_record *rec);

/*
 * Who asks.  The uid that owns the store may everything; what others may, the
 * configuration's [permissions] says by name and group.  The name goes into
 * records and logs, and tokens of that user are the actor's own.  Behind sudo
 * the uid is root's and the name that of the person.
 */
struct tc_actor {
	uid_t uid;
	const char *name; /* 1..TC_USER_MAX bytes of UTF-8, no controls */
	size_t n_groups;
	const gid_t *groups;
};

#define TC_EXPIRES_DEFAULT (-1) /* now and the configured default_lifetime */
#define TC_EXPIRES_KEEP                                                        \
	(-2) /* as it is if that is still to come, else the
				default; only where said */

/* In no text of these may anything look like a token: they are shown and
 * logged. */
struct tc_create {
	const char *user; /* owner, 1..TC_USER_MAX bytes of UTF-8, no controls,
			     spaces and slashes */
	const char *label; /* 1..TC_LABEL_MAX bytes of UTF-8, no controls */
	int64_t expires; /* first second it is refused; 0: never; or
			    TC_EXPIRES_DEFAULT */
	size_t n_services, n_sources, n_properties;
	const char *const *services; /* each [a-z0-9_.-]{1,32} */
	const struct tc_source *sources;
	const struct tc_property *properties; /* each key once */
};

/**
 * Makes a token under the active key and commits its record.
 * @param h      the handle
 * @param actor  who asks
 * @param spec   owner, label, limits
 * @param token  the value, TC_TOKEN_MAX + 1 bytes; it exists nowhere else:
 *               hand it over, then wipe it.  Set to "" on failure
 * @param rec    its record, freed by tc_record_free(); NULL: not wanted
 * @return TC_OK once the record is on disk, TC_E_INVALID, TC_E_REFUSED,
 *         TC_E_UNAVAILABLE, TC_E_PERMISSION, TC_E_NOMEM
 * Labels need not be unique; one that is makes a good name for tc_find().
 */
TC_API int tc_create(tc_handle *h, const struct tc_actor *actor,
		     const struct tc_create *spec, char token[TC_TOKEN_MAX + 1],
		     struct tc_record **rec, struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 2, 3, 4);

/**
 * The same for up to TC_MANY_MAX tokens, all in one commit.
 * @param specs   n of them, 1 or more
 * @param tokens  room for n values; all are set, or all are ""
 * @param recs    room for n records; NULL: not wanted
 */
TC_API int tc_create_many(tc_handle *h, const struct tc_actor *actor,
			  const struct tc_create *specs, size_t n,
			  char (*tokens)[TC_TOKEN_MAX + 1],
			  struct tc_record **recs,
			  struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 2, 3, 5);

/**
 * Finds the id that a person's name for a token means.
 * @param actor  who asks; what they may not list is not there for them.
 *               NULL: a service on its own behalf, which may list everything
 * @param name   an id, a unique beginning of one (TC_ID_PREFIX_MIN characters
 *               or more), or USER/LABEL
 * @param id     the id
 * @return TC_OK, TC_E_NOTFOUND, TC_E_AMBIGUOUS, TC_E_INVALID or trouble.
 * Of several with the same USER/LABEL the one that is not revoked is meant,
 * else the one that was not replaced.
 */
TC_API int tc_find(tc_handle *h, const struct tc_actor *actor, const char *name,
		   char id[TC_ID_LEN + 1], struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 3, 4);

/**
 * Reads one record.
 * @param actor  as in tc_find()
 * @param id     a whole id
 * @param rec    the record, freed by tc_record_free()
 */
TC_API int tc_show(tc_handle *h, const struct tc_actor *actor, const char *id,
		   struct tc_record **rec, struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 3, 4);

/* Which tokens; what is NULL or 0 does not matter. */
struct tc_filter {
	const char *user; /* the owner, exactly */
	const char *search; /* somewhere in label, owner, or a property's key
			       or value; ASCII letters in either case */
	unsigned standings; /* bits 1u << enum tc_verdict of rec->standing */
	int64_t expires_before; /* refused from that second on, or sooner */
	int64_t unused_since; /* no use known, and made, before it; refused
				where no use is known of any token */
};

/**
 * Calls back for every record that fits, in no order, while they are read:
 * memory does not grow with their number.  Each one is whole, each token that
 * was there before and after comes once; changes that are made meanwhile may
 * show or not.
 * @param actor   as in tc_find()
 * @param filter  NULL: all
 * @param fn      returns 0 to go on, anything else to stop; the record is its
 *                own only during the call
 * @return TC_OK, also when fn stopped it; or TC_E_UNAVAILABLE, ...
 */
typedef int tc_list_fn(void *arg, const struct tc_record *rec);
TC_API int tc_list(tc_handle *h, const struct tc_actor *actor,
		   const struct tc_filter *filter, tc_list_fn *fn, void *arg,
		   struct tc_error *err) TC_CHECKED TC_NONNULL(1, 4);

/* ---- changing records ---- */
/* Which members of struct tc_edit count. */
#define TC_EDIT_LABEL 0x01u
#define TC_EDIT_EXPIRES 0x02u
#define TC_EDIT_SERVICES 0x04u
#define TC_EDIT_SOURCES 0x08u
#define TC_EDIT_PROPERTIES 0x10u

/* Members as in struct tc_create. */
struct tc_edit {
	unsigned what;
	const char *label;
	int64_t expires; /* TC_EXPIRES_DEFAULT is allowed */
	size_t n_services, n_sources, n_properties;
	const char *const *services; /* instead of the ones before */
	const struct tc_source *sources; /* instead of the ones before */
	const struct tc_property *properties; /* set one by one, the others
				stay; a NULL value takes the key away, which
				has to be there */
};

/**
 * Changes what is known of tokens, all in one commit; their values stay.
 * @param ids   whole ids; one that is named twice is changed once
 * @param n     how many, at least 1
 * @param edit  what to change
 * @return TC_OK; TC_E_INVALID; TC_E_NOTFOUND; TC_E_REFUSED (revoked ones stay
 *         as they are, or policy forbids it); or trouble.  After a failure
 *         nothing was changed.
 */
TC_API int tc_edit(tc_handle *h, const struct tc_actor *actor,
		   const char *const *ids, size_t n, const struct tc_edit *edit,
		   struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3, 5);

/** Gives tokens a new expiry, also expired ones, which then work again.
 *  @param expires  as in struct tc_create.  Otherwise as tc_edit(). */
TC_API int tc_renew(tc_handle *h, const struct tc_actor *actor,
		    const char *const *ids, size_t n, int64_t expires,
		    struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3);

/**
 * Makes a new token with another's parameters; that one is not changed.
 * @param id       whole id of the other, which may be expired or revoked
 * @param changes  what is to differ; an expiry that is not named there is the
 *                 other's if it is still to come, else the default.  NULL:
 *                 nothing
 * @param user     another owner; NULL: the same
 * @param token    as in tc_create(), and rec
 */
TC_API int tc_copy(tc_handle *h, const struct tc_actor *actor, const char *id,
		   const struct tc_edit *changes, const char *user,
		   char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
		   struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3, 6);

/**
 * Replaces a token's value: a new one with a new id and the same parameters,
 * linked with the old one, which is revoked in the same commit.  Works for an
 * expired or revoked one, too, but not for one that was replaced already.
 * Of a revoked one this takes the permission to create besides that to change.
 * @param expires  as in struct tc_create, or TC_EXPIRES_KEEP
 * @param token    as in tc_create(), and rec
 */
TC_API int tc_regenerate(tc_handle *h, const struct tc_actor *actor,
			 const char *id, int64_t expires,
			 char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
			 struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 2, 3, 5);

/**
 * Revokes tokens, all in one commit.  A token revoked already stays as it is.
 * When this returns, the next verification in any process refuses them.
 * Besides those with the permission, who made a token may revoke it.
 * @param ids     whole ids
 * @param n       how many, at least 1
 * @param reason  "" or at most TC_REASON_MAX bytes without control bytes, and
 *                without anything that looks like a token
 * @return TC_OK; TC_E_NOTFOUND (nothing was changed); or trouble
 */
TC_API int tc_revoke(tc_handle *h, const struct tc_actor *actor,
		     const char *const *ids, size_t n, const char *reason,
		     struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3, 5);

/**
 * Ends everything that was issued before a moment, by a mark: also tokens
 * whose records are on another host or in a backup.  Costs the same for any
 * number of them.
 * @param user    whose; NULL: everyone's
 * @param before  what was made earlier than that second; 0: up to now.  Not
 *                in the future
 * @param reason  as in tc_revoke()
 */
TC_API int tc_revoke_all(tc_handle *h, const struct tc_actor *actor,
			 const char *user, int64_t before, const char *reason,
			 struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 5);

/** Takes tokens' records away, all in one commit; their values are refused
 *  for good.  Otherwise as tc_revoke(). */
TC_API int tc_delete(tc_handle *h, const struct tc_actor *actor,
		     const char *const *ids, size_t n, const char *reason,
		     struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3, 5);

/* ---- values made elsewhere ---- */
struct tc_import {
	struct tc_create spec;
	const char *value; /* TC_IMPORT_MIN characters or more of UTF-8, at
			      most TC_IMPORT_MAX bytes, no controls, no
			      white space at its ends, not like a token of
			      ours; wiped by the caller */
	size_t len; /* its bytes */
	char id[TC_ID_LEN + 1]; /* set: its id, or "" when it was refused */
	struct tc_error error; /* set: why; code TC_OK: it is in */
};

/**
 * Makes values that were made elsewhere passwords of their users, where a
 * service accepts them (TC_IMPORTED).  Only a keyed hash is kept.  What is
 * acceptable goes in, in one commit; each item says what became of it.
 * @param items  n of them, at most TC_IMPORT_MANY
 * @return TC_OK, even if items were refused; or trouble: then nothing is in
 */
TC_API int tc_import(tc_handle *h, const struct tc_actor *actor,
		     struct tc_import *items, size_t n,
		     struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3);

/* ---- moving and backing up ---- */
/* "Everything issued up to that second has ended." */
struct tc_ended {
	const char *user; /* of that user; "": of everyone, or of a key */
	unsigned kid; /* of that key; 0: of every key */
	int64_t before; /* inclusive */
};

/** All marks, in no order; otherwise as tc_list(), for those who may list
 *  everything. */
typedef int tc_ended_fn(void *arg, const struct tc_ended *ended);
TC_API int tc_list_ended(tc_handle *h, const struct tc_actor *actor,
			 tc_ended_fn *fn, void *arg,
			 struct tc_error *err) TC_CHECKED TC_NONNULL(1, 3);

#define TC_RESTORE_CHECK 0x01u /* say what would happen, change nothing */
#define TC_RESTORE_FORCE 0x02u /* also what undoes a revocation */

enum tc_restored {
	TC_RESTORED, /* it was not there */
	TC_RESTORED_SAME, /* it is there, no different */
	TC_RESTORED_KEPT, /* what is there differs, and stays */
	TC_RESTORED_OVER, /* it replaced what was there: forced, or it is
			     revoked and that was not */
	TC_RESTORED_UNDOES, /* it would undo a revocation or a deletion */
	TC_RESTORED_BAD /* not a record */
};

/**
 * Puts records back that tc_list() gave out earlier, here or on another host,
 * all in one commit.  Their seals are made anew, so their keys have to be in
 * secret.conf.
 * @param recs     n of them, at most TC_MANY_MAX.  standing and last use are
 *                 not looked at
 * @param ended    marks, n_ended of them; they are only ever moved forward
 * @param flags    TC_RESTORE_CHECK, TC_RESTORE_FORCE
 * @param results  what became of each record
 * @return TC_OK; TC_E_REFUSED, nothing being changed, when one of them has
 *         TC_RESTORED_UNDOES (without force) or TC_RESTORED_BAD; or trouble
 */
TC_API int tc_restore(tc_handle *h, const struct tc_actor *actor,
		      const struct tc_record *const *recs, size_t n,
		      const struct tc_ended *ended, size_t n_ended,
		      unsigned flags, enum tc_restored *results,
		      struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2);

struct tc_info {
	char store_id[33]; /* hexadecimal, made with the store */
	uint64_t commits; /* number of the last one */
	int64_t committed; /* when it was */
	uint64_t tokens; /* records, deleted ones' traces included */
	uint64_t bytes; /* of the store's files */
	/* What the configuration says. */
	int enabled, allow_root;
	char store[4096], audit_log[4096]; /* whole paths; audit_log "": none */
};

/**
 * What is known of the store as a whole.
 * @param info  set whatever the result: where the store cannot be read, what
 *              the configuration says is there, and the rest is zero; where
 *              that cannot be read either, all of it is zero, store is ""
 * @return TC_OK, TC_E_UNAVAILABLE, TC_E_PERMISSION or TC_E_NOMEM
 */
TC_API int tc_info(tc_handle *h, struct tc_info *info,
		   struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2);

/** Writes the data files anew, without the room that changed and deleted
 *  records left in them.  Logins go on meanwhile. */
TC_API int tc_compact(tc_handle *h, const struct tc_actor *actor,
		      struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2);

/**
 * Finds the verifier for a SCRAM login, where the peer names the token
 * instead of sending it.  Everything is checked that tc_verify() checks but
 * for the tag: what is refused here may not log in, what is valid may if the
 * peer proves that it knows the token.  Logs a refusal, and what is valid as
 * a login that has begun; notes no use.
 * @param beginning  the id, or a beginning of it that is unique among the
 *                   user's tokens, TC_ID_PREFIX_MIN characters or more
 * @param req        the login; user is the owner and needed, authtok is not
 *                   looked at
 * @param scram      set for TC_VALID; for a refusal a decoy that nobody can
 *                   log in with and that looks to the peer as if there were
 *                   such a token; all zero (no iterations) for TC_UNAVAILABLE
 *                   or when no decoy can be made.  Wipe it after use
 * @param res        as in tc_verify(); proved says here that the record was
 *                   found and is whole: the peer has proved nothing yet
 * @return res->verdict.  Thread safe.
 */
TC_API enum tc_verdict
tc_scram_find(tc_handle *h, const char *beginning, const struct tc_request *req,
	      struct tc_scram *scram, struct tc_result *res) TC_CHECKED
    TC_NONNULL(2, 3, 4, 5);

/* ---- a token's text, without handle, key or store ---- */
enum tc_caveat_type {
	TC_CAVEAT_NOT_AFTER = 1,
	TC_CAVEAT_SERVICE = 2,
	TC_CAVEAT_SOURCE = 3
};

struct tc_caveat {
	enum tc_caveat_type type;
	int64_t not_after; /* NOT_AFTER: the last second, 0 to 2^40 - 1 */
	char services[264]; /* SERVICE: 1 to 8 names joined by ',' */
	struct tc_source source; /* SOURCE */
};

struct tc_inspected {
	char id[TC_ID_LEN + 1];
	unsigned format, type, kid;
	size_t n_caveats;
	struct tc_caveat caveats[TC_CAVEATS_MAX];
};

/**
 * Takes a token's text apart.  Proves nothing: anyone can write such a text.
 * @return TC_VALID (well formed), TC_NOT_A_TOKEN, TC_MALFORMED,
 *         TC_BAD_CHECKSUM, or TC_UNAVAILABLE without SHA-256; out is set for
 *         TC_VALID only.  Thread safe.
 */
TC_API enum tc_verdict tc_inspect(const char *text, size_t len,
				  struct tc_inspected *out) TC_CHECKED
    TC_NONNULL(1, 3);

/**
 * The first thing in a text that looks like a token, in any spelling that is
 * read: the prefix and 8 or more letters, digits and underscores, which may
 * be the prefix of another one.  Finds more than what tc_inspect() takes: a
 * token with a typing error is one for whoever reads a log.
 * @param text  any bytes up to a NUL
 * @param len   set to how long it is, where there is one
 * @return where in text it begins, or NULL.  Thread safe.
 */
TC_API const char *tc_token_in(const char *text, size_t *len) TC_CHECKED
    TC_NONNULL(1, 2);

/**
 * Leaves "tkc1_..." of each of them, in the spelling that stands there: for
 * text that is shown or logged and may hold what somebody typed.
 * @param text  changed in place; gets shorter, never longer.  Thread safe.
 */
TC_API void tc_token_hide(char *text) TC_NONNULL(1);

/**
 * Narrows a token: appends caveats, which all have to hold from then on.
 * Needs neither key nor store; whoever holds a token can do it anywhere.
 * @param text     the token, len bytes
 * @param caveats  n of them, 1 or more, in this order
 * @param out      the narrower token; wipe it.  Set to "" on failure
 * @return TC_OK; TC_E_INVALID (not a token, a caveat that is none, too many or
 *         too long); TC_E_UNAVAILABLE without HMAC; TC_E_NOMEM.  Thread safe.
 */
TC_API int tc_narrow(const char *text, size_t len,
		     const struct tc_caveat *caveats, size_t n,
		     char out[TC_TOKEN_MAX + 1],
		     struct tc_error *err) TC_CHECKED TC_NONNULL(1, 3, 5);

/* ---- keys ---- */
enum tc_key_state { TC_KEY_ACTIVE = 1, TC_KEY_VERIFY, TC_KEY_RETIRED };

struct tc_key_info {
	unsigned kid; /* 1..65535 */
	enum tc_key_state state;
	size_t tokens; /* records made with it, but for deleted ones */
};

/** "active", "verify" or "retired", "unknown" for others; static. */
TC_API const char *tc_key_state_name(enum tc_key_state state);

/**
 * All keys, by number.
 * @param keys  an array of *n, freed with free(); it holds no secret
 */
TC_API int tc_key_list(tc_handle *h, struct tc_key_info **keys, size_t *n,
		       struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2, 3);

/**
 * Adds a key in state "verify".
 * @param kid     its number, 1..65535; 0: the next free one
 * @param secret  TC_SECRET_MIN..TC_SECRET_MAX bytes of printable ASCII, no
 *                space at its ends, no " ;"; NULL: 256 random bits,
 *                hexadecimal
 * @param made    the number it got; may be NULL
 * @return TC_OK, TC_E_INVALID, TC_E_EXISTS, TC_E_REFUSED (the number was
 *         retired, or there are 64 keys) or trouble
 */
TC_API int tc_key_add(tc_handle *h, const struct tc_actor *actor, unsigned kid,
		      const char *secret, unsigned *made,
		      struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2);

/** Makes a key the one that new tokens get; the one before goes on
 *  verifying.  A retired key is refused. */
TC_API int tc_key_activate(tc_handle *h, const struct tc_actor *actor,
			   unsigned kid, struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 2);

/** Ends a key and with it all its tokens, for good.  The active one is
 *  refused: activate another first. */
TC_API int tc_key_retire(tc_handle *h, const struct tc_actor *actor,
			 unsigned kid, struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 2);

/* ---- an installation ---- */
/**
 * Makes key, configuration, store and audit log.  For TC_DEFAULT_CONFIG these
 * are the host's folders, else secret.conf, store/ and audit.json beside the
 * configuration file.  Overwrites nothing: a configuration or secret that is
 * there already is TC_E_EXISTS, and nothing is changed.
 * @param config  file name; NULL: TC_DEFAULT_CONFIG
 * @param secret  as in tc_key_add()
 * @return TC_OK, TC_E_EXISTS, TC_E_INVALID, TC_E_UNAVAILABLE, TC_E_PERMISSION
 *         or TC_E_NOMEM; after a failure nothing that it made is left
 */
TC_API int tc_init(const char *config, const char *secret,
		   struct tc_error *err) TC_CHECKED;

enum tc_severity { TC_FINE, TC_WARNING, TC_PROBLEM };

/**
 * Looks at everything a login depends on: configuration, keys, folders,
 * every record's seal, both data files, the journal, the clock.
 * @param config  file name; NULL: TC_DEFAULT_CONFIG
 * @param fn      called for each finding: what was looked at, what is the
 *                matter ("" if fine), and how to mend it ("" if fine)
 * @return the worst severity
 */
typedef void tc_check_fn(void *arg, enum tc_severity severity, const char *what,
			 const char *why, const char *mend);
TC_API enum tc_severity tc_check(const char *config, tc_check_fn *fn, void *arg)
    TC_NONNULL(2);

/* ---- one helper each for what people type ---- */
/**
 * Reads a date or a span: 2027-03-31 and 31-03-2027 (through that day, local
 * time), 2027-03-31T12:00:00Z, 90d, 12h (units s m h d w), today, never.
 * @param text  what was typed
 * @param now   the present, for spans and "today"
 * @param when  the first second that is no longer included; 0: never
 * @return TC_OK or TC_E_INVALID
 */
TC_API int tc_parse_when(const char *text, int64_t now, int64_t *when,
			 struct tc_error *err) TC_CHECKED TC_NONNULL(1, 3);

/**
 * Reads a date or a span as a moment to compare with: a date is the beginning
 * of its day, local time, and so is "today"; the rest as in tc_parse_when(),
 * without "never".
 * @param direction  -1: a span lies in the past ("90d" is 90 days ago); 1: in
 *                   the future
 */
TC_API int tc_parse_moment(const char *text, int64_t now, int direction,
			   int64_t *when, struct tc_error *err) TC_CHECKED
    TC_NONNULL(1, 4);

/** Reads "192.0.2.0/24", "2001:db8::/32" or a single address.  Host bits
 *  that are set are an error. */
TC_API int tc_parse_source(const char *text, struct tc_source *out,
			   struct tc_error *err) TC_CHECKED TC_NONNULL(1, 2);

/** Writes it the way tc_parse_source() reads it; out has room for 48. */
TC_API void tc_format_source(const struct tc_source *source, char out[48])
    TC_NONNULL(1, 2);

#ifdef __cplusplus
}
#endif
#endif
