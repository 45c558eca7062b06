# SPDX-License-Identifier: GPL-3.0-or-later
# The long form of these belongs to "make proof".
PROOF += tests/cli/large.t
