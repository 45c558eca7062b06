/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token as a QR code on a terminal, for the camera of a telephone.  Two
 * modules, one above the other, are one character.  Both colours are named,
 * so that it does not depend on the terminal's own.
 */
#include <errno.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "apitoken.h"

#define QUIET 4 /* light modules around it, as ISO/IEC 18004 wants */
#define SMALLEST 4 /* version 4: 33 by 33 modules, 78 bytes at level L */
#define COLUMNS (17 + 4 * SMALLEST + 2 * QUIET)
#define GLYPH_MAX 3 /* bytes of a character */

static const char black_on_white[] = "\033[0;30;47m";
static const char end_of_line[] = "\033[0m\n";

bool
qr_possible(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO)) {
		complain(REFUSED, "--qr", "standard output is no terminal");
		return false;
	}
	/* A width of 0 is one that nobody set. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    size.ws_col < COLUMNS) {
		complain(REFUSED, "--qr",
			 "the terminal has less than %d columns", COLUMNS);
		return false;
	}
	return true;
}

/* Around the code it is light. */
static bool
is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       (code->data[y * code->width + x] & 1);
}

static char *
draw_row(char *at, const QRcode *code, int y)
{
	static const char *const glyphs[2][2] = {
		{ " ", "\u2584" }, /* light above: light, dark below */
		{ "\u2580", "\u2588" },
	};

	at = stpcpy(at, black_on_white);
	for (int x = -QUIET; x < code->width + QUIET; x++) {
		at = stpcpy(
		    at, glyphs[is_dark(code, x, y)][is_dark(code, x, y + 1)]);
	}
	return stpcpy(at, end_of_line);
}

static bool
draw(const QRcode *code)
{
	const size_t side = (size_t)code->width + (size_t)(2 * QUIET);
	const size_t row =
	    sizeof(black_on_white) + side * GLYPH_MAX + sizeof(end_of_line);
	const size_t size = (side + 1) / 2 * row + 1;
	char *text = malloc(size), *at = text;
	bool ok;

	if (!text) {
		errno = ENOMEM;
		return false;
	}
	for (int y = -QUIET; y < code->width + QUIET; y += 2)
		at = draw_row(at, code, y);
	ok = write_all(STDOUT_FILENO, text, (size_t)(at - text));
	explicit_bzero(text, size);
	free(text);
	return ok;
}

/*
 * What the library used while it worked is beyond reach; it ends with this
 * process, which has nothing else to do and leaves no core.
 */
bool
qr_print(const char *token)
{
	QRcode *code =
	    QRcode_encodeData((int)strlen(token), (const unsigned char *)token,
			      SMALLEST, QR_ECLEVEL_L);
	bool ok;

	if (!code)
		return false;
	ok = draw(code);
	explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
	return ok;
}
