# SPDX-License-Identifier: GPL-3.0-or-later
# What a compiler or a libc may or may not have against exploitation.
#
# No -ftrivial-auto-var-init: a variable that nobody set would then be 0, which
# is TC_OK and PAM_SUCCESS, and valgrind could no longer tell.
hardening_WANTED := -fstack-clash-protection -fcf-protection=full \
	-mbranch-protection=standard

TC_CFLAGS += $(shell for flag in $(hardening_WANTED); do $(CC) -Werror $$flag \
	-S -o /dev/null -x c /dev/null 2>/dev/null && echo $$flag; done)

# FORTIFY is left as it is where the builder or the compiler sets it; without
# optimisation it can do nothing but warn.
hardening_LEVEL = $(shell echo '\#include <features.h>' | $(CC) -Werror -O2 \
	-D_FORTIFY_SOURCE=3 -E -x c - >/dev/null 2>&1 && echo 3 || echo 2)
ifeq ($(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),)
ifneq ($(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS)))),)
ifeq ($(shell $(CC) -O2 -dM -E -x c /dev/null | grep _FORTIFY_SOURCE),)
TC_CPPFLAGS += -D_FORTIFY_SOURCE=$(hardening_LEVEL)
endif
endif
endif
