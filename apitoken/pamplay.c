/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays a login through a PAM stack: each module gives the answer that the
 * scene has for it, and the answers are put together as libpam does it.
 */
#include "pamstack.h"

enum impression { UNDECIDED, POSITIVE, NEGATIVE };

struct play {
	const struct pam_stack *stack;
	size_t at;
	enum impression impression;
	bool success; /* the status of a positive impression */
	bool over;
};

static enum pam_answer
answer(const struct pam_line *line, const struct pam_scene *scene)
{
	switch (line->role) {
	case ROLE_OURS:
		return scene->ours;
	case ROLE_PROVES:
		return scene->proving;
	case ROLE_PASSES:
	case ROLE_SUBSTACK:
		return ANSWER_SUCCESS;
	case ROLE_GATE:
		/* A gate that lets someone in by itself was meant so. */
		return scene->gates &&
			       line->action[ANSWER_SUCCESS] != ACTION_DONE
			   ? ANSWER_SUCCESS
			   : ANSWER_AUTH_ERR;
	case ROLE_DENIES:
		break;
	}
	return ANSWER_AUTH_ERR;
}

/* The next line of this level or one above it: past a substack's content. */
static size_t
after(const struct pam_stack *stack, size_t at, int level)
{
	do {
		at++;
	} while (at < stack->n && stack->lines[at].level > level);
	return at;
}

/* Ends the stack, or in a substack only that. */
static void
finish(struct play *p)
{
	const int level = p->stack->lines[p->at].level;

	if (level == 0) {
		p->over = true;
		return;
	}
	p->at = after(p->stack, p->at, level - 1);
}

static void
jump(struct play *p, int modules)
{
	const int level = p->stack->lines[p->at].level;
	size_t to = after(p->stack, p->at, level);

	while (modules > 0 && to < p->stack->n &&
	       p->stack->lines[to].level == level) {
		to = after(p->stack, to, level);
		modules--;
	}
	/* libpam takes a jump past the end for a failure */
	if (modules > 0)
		p->impression = NEGATIVE;
	p->at = to;
}

static void
step(struct play *p, enum pam_answer given)
{
	const int action = p->stack->lines[p->at].action[given];

	switch (action) {
	case ACTION_OK:
	case ACTION_DONE:
		if (given != ANSWER_IGNORE &&
		    (p->impression == UNDECIDED ||
		     (p->impression == POSITIVE && p->success))) {
			p->impression = POSITIVE;
			p->success = given == ANSWER_SUCCESS;
		}
		if (action == ACTION_DONE && p->impression == POSITIVE)
			finish(p);
		else
			p->at++;
		return;
	case ACTION_BAD:
		p->impression = NEGATIVE;
		p->at++;
		return;
	case ACTION_DIE:
		p->impression = NEGATIVE;
		finish(p);
		return;
	case ACTION_RESET:
		p->impression = UNDECIDED;
		p->at++;
		return;
	case ACTION_IGNORE:
		p->at++;
		return;
	default:
		jump(p, action);
		return;
	}
}

struct pam_outcome
pam_stack_play(const struct pam_stack *stack, const struct pam_scene *scene)
{
	struct play p = { .stack = stack };
	struct pam_outcome outcome = { 0 };
	bool seen = false;

	while (!p.over && p.at < stack->n) {
		const struct pam_line *line = &stack->lines[p.at];

		if (line->role == ROLE_SUBSTACK) {
			p.at++;
			continue;
		}
		if (line->role == ROLE_OURS)
			seen = true;
		else if (line->role == ROLE_PROVES && seen)
			outcome.went_on = true;
		step(&p, answer(line, scene));
	}
	outcome.success = p.impression == POSITIVE && p.success;
	return outcome;
}
