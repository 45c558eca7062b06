/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login.c - asks the library and keeps the proof.  All state hangs on the
 * caller's PAM handle, so that threads with a handle each do not meet here.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "login.h"
#include "tokencore.h"
#include "verdict.h"

#define DATA_NAME "pam_apitoken:proof"

/* What an installation out of order means. */
static const char no_tokens[] = "tokens cannot be checked";
static const char no_values[] = "imported values cannot be looked up";

/* What pam_sm_acct_mgmt needs.  Its own line may be a bare one, so what the
 * auth line said is remembered with the proof. */
struct proof {
	struct tc_proof proof;
	tc_basis *basis; /* or NULL */
	char user[TC_USER_MAX + 1];
	char service[TC_SERVICE_MAX + 1]; /* "": PAM_SERVICE */
	char config[OPT_CONFIG_MAX + 1]; /* "": the default */
	uint32_t minimum_uid;
	int allow_root;
};

struct log_target {
	const pam_handle_t *pamh;
	int debug;
};

static void
log_line(void *arg, int priority, const char *line)
{
	const struct log_target *to = arg;

	pam_syslog(to->pamh, LOG_PRI(priority), "%s", line);
}

static void
debug_verdict(const struct log_target *to, const char *phase,
	      enum tc_verdict verdict)
{
	if (to->debug)
		pam_syslog(to->pamh, LOG_DEBUG, "%s: %s", phase,
			   tc_verdict_name(verdict));
}

static const char *
item(const pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) != PAM_SUCCESS)
		return NULL;
	return value;
}

static void
forget_proof(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	if (data != NULL) {
		tc_basis_free(((struct proof *)data)->basis);
		explicit_bzero(data, sizeof(struct proof));
	}
	free(data);
}

static struct tc_request
make_request(const pam_handle_t *pamh, const struct options *opt,
	     const char *user)
{
	struct tc_request req = {
		.user = user,
		.service = opt->service,
		.rhost = item(pamh, PAM_RHOST),
		.flags = (opt->allow_root ? TC_ALLOW_ROOT : 0u) |
			 (opt->imported ? TC_IMPORTED : 0u),
		.minimum_uid = opt->minimum_uid,
	};

	if (req.service == NULL)
		req.service = item(pamh, PAM_SERVICE);
	return req;
}

/* The library says nothing on its own when it cannot start; we do. */
static tc_handle *
open_library(struct log_target *to, const struct options *opt, const char *what)
{
	struct tc_options options = {
		.config = opt->config,
		.log = log_line,
		.log_arg = to,
	};
	struct tc_error err = { .code = TC_OK };
	tc_handle *h = NULL;

	if (tc_open(&h, &options, &err) == TC_OK)
		return h;
	pam_syslog(to->pamh, LOG_ERR, "%s: %s", what,
		   err.text[0] != '\0' ? err.text : tc_strerror(err.code));
	return NULL;
}

/* Options bound every string, so the copies cannot be cut short. */
static struct proof *
make_proof(const struct tc_result *res, const struct options *opt,
	   const char *user)
{
	struct proof *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->proof = res->proof;
	memcpy(p->user, user, strnlen(user, sizeof(p->user) - 1));
	if (opt->service != NULL)
		memcpy(p->service, opt->service,
		       strnlen(opt->service, sizeof(p->service) - 1));
	if (opt->config != NULL)
		memcpy(p->config, opt->config,
		       strnlen(opt->config, sizeof(p->config) - 1));
	p->minimum_uid = opt->minimum_uid;
	p->allow_root = opt->allow_root;
	return p;
}

/* A login whose account phase would not know of the token may not go on:
 * the account phase would answer PAM_IGNORE.  Takes basis. */
static int
keep_proof(pam_handle_t *pamh, const struct tc_result *res, tc_basis *basis,
	   const struct options *opt, const char *user)
{
	struct proof *p = make_proof(res, opt, user);

	if (p == NULL) {
		tc_basis_free(basis);
		return PAM_BUF_ERR;
	}
	p->basis = basis;
	if (pam_set_data(pamh, DATA_NAME, p, forget_proof) == PAM_SUCCESS)
		return PAM_SUCCESS;
	forget_proof(pamh, p, 0);
	return PAM_BUF_ERR;
}

int
login_forget(pam_handle_t *pamh)
{
	const void *data = NULL;
	int rc = pam_get_data(pamh, DATA_NAME, &data);

	if (rc != PAM_SUCCESS)
		return rc == PAM_NO_MODULE_DATA ? PAM_SUCCESS : rc;
	return pam_set_data(pamh, DATA_NAME, NULL, NULL);
}

int
login_verify(pam_handle_t *pamh, const struct options *opt, const char *user,
	     const struct authtok *a, enum tc_verdict *verdict)
{
	struct log_target to = { .pamh = pamh, .debug = opt->debug };
	struct tc_request req = make_request(pamh, opt, user);
	struct tc_result res = { .verdict = TC_UNAVAILABLE };
	const int token = tc_is_token(a->text, a->len);
	tc_handle *h = open_library(&to, opt, token ? no_tokens : no_values);
	tc_basis *basis = NULL;
	int rc;

	req.authtok = a->text;
	req.authtok_len = a->len;
	/* Without a handle the text alone is judged: a typing error stays one
	 * when the installation is out of order. */
	*verdict = tc_verify(h, &req, &res);
	if (*verdict == TC_VALID)
		basis = tc_basis_take(h, &req, &res);
	tc_free(h);
	debug_verdict(&to, "authenticate", *verdict);

	rc = verdict_auth(*verdict, opt->nontoken);
	if (rc == PAM_SUCCESS)
		return keep_proof(pamh, &res, basis, opt, user);
	tc_basis_free(basis);
	return rc;
}

/* What the account line says itself wins over what the auth line said. */
static struct options
account_options(const struct options *own, const struct proof *p)
{
	struct options opt = *own;

	if (opt.config == NULL && p->config[0] != '\0')
		opt.config = p->config;
	if (opt.service == NULL && p->service[0] != '\0')
		opt.service = p->service;
	if (opt.minimum_uid == 0)
		opt.minimum_uid = p->minimum_uid;
	opt.allow_root = opt.allow_root || p->allow_root;
	return opt;
}

/* Mostly nothing changed since the token was verified a moment ago. */
static enum tc_verdict
recheck(struct log_target *to, const struct options *opt,
	const struct tc_request *req, const struct proof *p)
{
	struct tc_result res = { .verdict = TC_UNAVAILABLE };
	enum tc_verdict verdict = TC_UNAVAILABLE;
	const char *config = opt->config != NULL ? opt->config : "";
	tc_handle *h;

	if (strcmp(config, p->config) == 0 && tc_basis_holds(p->basis, req))
		return TC_VALID;
	h = open_library(to, opt, no_tokens);
	if (h != NULL)
		verdict = tc_recheck(h, &p->proof, req, &res);
	tc_free(h);
	return verdict;
}

int
login_recheck(pam_handle_t *pamh, const struct options *own)
{
	struct log_target to = { .pamh = pamh, .debug = own->debug };
	enum tc_verdict verdict;
	const char *user = item(pamh, PAM_USER);
	const void *data = NULL;
	const struct proof *p;
	struct options opt;
	struct tc_request req;
	int rc = pam_get_data(pamh, DATA_NAME, &data);

	/* Only where there was no token is there nothing to say. */
	if (rc == PAM_NO_MODULE_DATA || (rc == PAM_SUCCESS && data == NULL))
		return PAM_IGNORE;
	if (rc != PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	p = data;
	if (user == NULL || strcmp(user, p->user) != 0) {
		pam_syslog(pamh, LOG_WARNING,
			   "account: the user is no longer "
			   "the one whose token was verified");
		return PAM_PERM_DENIED;
	}
	opt = account_options(own, p);
	req = make_request(pamh, &opt, p->user);
	verdict = recheck(&to, &opt, &req, p);
	debug_verdict(&to, "account", verdict);
	return verdict_account(verdict);
}
