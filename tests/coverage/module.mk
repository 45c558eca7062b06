# SPDX-License-Identifier: GPL-3.0-or-later
# "make coverage" is the makefile's own; its figures belong to "make proof".
PROOF += tests/coverage/figures
