/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.c - the user's side of a conversation, read from a script.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

static void *
grow(void *array, size_t n, size_t size)
{
	void *bigger = realloc(array, n * size);

	if (bigger == NULL)
		err(2, "realloc");
	return bigger;
}

static char *
copy(const char *text)
{
	char *made = strdup(text);

	if (made == NULL)
		err(2, "strdup");
	return made;
}

static unsigned char
nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	if (at == NULL)
		errx(2, "script: a bad hexadecimal digit");
	return (unsigned char)(at - digits);
}

static char *
from_hex(const char *hex)
{
	size_t i, len = strlen(hex) / 2;
	char *text = calloc(len + 1, 1);

	if (text == NULL)
		err(2, "calloc");
	for (i = 0; i < len; i++)
		text[i] =
		    (char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return text;
}

static struct reply
parse(const char *line)
{
	struct reply reply = { .kind = REPLY_TEXT };

	if (strncmp(line, "text:", 5) == 0) {
		reply.text = copy(line + 5);
	} else if (strncmp(line, "hex:", 4) == 0) {
		reply.text = from_hex(line + 4);
	} else if (strncmp(line, "fail:", 5) == 0) {
		reply.kind = REPLY_FAIL;
		reply.code = (int)strtol(line + 5, NULL, 10);
	} else if (strcmp(line, "null") == 0) {
		reply.kind = REPLY_NULL;
	} else if (strcmp(line, "none") == 0) {
		reply.kind = REPLY_NONE;
	} else {
		errx(2, "script: a line that is none of its kinds");
	}
	return reply;
}

static void
new_section(struct script *script)
{
	script->sections =
	    grow(script->sections, script->n + 1, sizeof(*script->sections));
	memset(&script->sections[script->n++], 0, sizeof(*script->sections));
}

void
script_read(struct script *script, FILE *in)
{
	struct section *last;
	char *line = NULL;
	size_t size = 0;

	memset(script, 0, sizeof(*script));
	new_section(script);
	while (getline(&line, &size, in) != -1) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "--") == 0) {
			new_section(script);
			continue;
		}
		last = &script->sections[script->n - 1];
		last->replies =
		    grow(last->replies, last->n + 1, sizeof(*last->replies));
		last->replies[last->n++] = parse(line);
	}
	free(line);
}

void
script_free(struct script *script)
{
	size_t i, k;

	for (i = 0; i < script->n; i++) {
		for (k = 0; k < script->sections[i].n; k++)
			free(script->sections[i].replies[k].text);
		free(script->sections[i].replies);
	}
	free(script->sections);
	memset(script, 0, sizeof(*script));
}

void
script_quote(FILE *out, const char *text)
{
	const unsigned char *c;

	(void)putc('"', out);
	for (c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
			(void)fprintf(out, "\\x%02x", *c);
		else
			(void)putc(*c, out);
	}
	(void)putc('"', out);
}

static const char *
style_name(int style)
{
	switch (style) {
	case PAM_PROMPT_ECHO_OFF:
		return "echo_off";
	case PAM_PROMPT_ECHO_ON:
		return "echo_on";
	case PAM_ERROR_MSG:
		return "error";
	case PAM_TEXT_INFO:
		return "info";
	default:
		return "unknown";
	}
}

/* PAM_SUCCESS, or the code with which the whole conversation ends. */
static int
answer(struct talk *talk, const struct reply **reply)
{
	talk->prompts++;
	if (talk->next >= talk->section->n) {
		if (talk->out != NULL)
			(void)fprintf(talk->out, "the script has no more "
						 "replies\n");
		return PAM_CONV_ERR;
	}
	*reply = &talk->section->replies[talk->next++];
	return (*reply)->kind == REPLY_FAIL ? (*reply)->code : PAM_SUCCESS;
}

static int
one(struct talk *talk, const struct pam_message *message, char **text)
{
	const struct reply *reply = NULL;
	int rc;

	if (talk->out != NULL) {
		(void)fprintf(talk->out, "%s ", style_name(message->msg_style));
		script_quote(talk->out, message->msg);
		(void)putc('\n', talk->out);
	}
	if (message->msg_style != PAM_PROMPT_ECHO_OFF &&
	    message->msg_style != PAM_PROMPT_ECHO_ON)
		return PAM_SUCCESS;
	rc = answer(talk, &reply);
	if (rc != PAM_SUCCESS)
		return rc;
	talk->withheld = reply->kind == REPLY_NONE;
	if (reply->kind == REPLY_TEXT)
		*text = copy(reply->text);
	return PAM_SUCCESS;
}

int
script_converse(int n, const struct pam_message **messages,
		struct pam_response **responses, void *talk)
{
	struct talk *t = talk;
	struct pam_response *made;
	int i, rc = PAM_SUCCESS;

	*responses = NULL;
	if (n < 1 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	made = calloc((size_t)n, sizeof(*made));
	if (made == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < n && rc == PAM_SUCCESS; i++)
		rc = one(t, messages[i], &made[i].resp);
	if (rc == PAM_SUCCESS && !t->withheld) {
		*responses = made;
		return PAM_SUCCESS;
	}
	for (i = 0; i < n; i++)
		free(made[i].resp);
	free(made);
	return rc;
}
