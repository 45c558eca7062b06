# SPDX-License-Identifier: GPL-3.0-or-later
# Targets for libFuzzer.  "make check" runs their seeds with any compiler, by a
# main() of our own; libFuzzer looks for more:
#
#   make check-fuzz                     the seeds, and changed ones
#   make fuzz CC=clang [FUZZ_SECONDS=60] [FUZZ_TARGETS='token when']
tests_fuzz_NAMES := \
	bearer \
	config \
	csv \
	event \
	export \
	journal \
	jsonl \
	keys \
	lastuse \
	pages \
	pam \
	pamopts \
	record \
	sasl \
	saslopts \
	source \
	state \
	text \
	token \
	when
tests_fuzz_PROGS := $(addprefix $(BUILD)/tests/fuzz/,$(tests_fuzz_NAMES))

tests_fuzz_VALUES := $(addprefix apitoken/,csv.c infile.c value.c values.c)

# What a target is made of besides itself, kit.c and the library.
tests_fuzz_MORE_bearer := tests/fuzz/reutf8.c sasl_apitoken/bearer.c
tests_fuzz_MORE_config := tests/fuzz/reini.c
tests_fuzz_MORE_csv := tests/fuzz/rows.c $(tests_fuzz_VALUES)
tests_fuzz_MORE_event := tests/fuzz/reutf8.c $(addprefix apitoken/,event.c \
	given.c logfile.c output.c table.c times.c)
tests_fuzz_MORE_export := $(addprefix apitoken/,output.c record.c records.c \
	times.c)
tests_fuzz_MORE_jsonl := tests/fuzz/rows.c $(tests_fuzz_VALUES)
tests_fuzz_MORE_keys := tests/fuzz/reini.c
tests_fuzz_MORE_pam := tests/fuzz/host.c tests/fuzz/pamkit.c $(pam_apitoken_SRCS)
tests_fuzz_LIBS_pam := -rdynamic -lpam -ldl
tests_fuzz_MORE_pamopts := tests/fuzz/pamkit.c pam_apitoken/options.c
tests_fuzz_LIBS_pamopts := -rdynamic -lpam
tests_fuzz_MORE_sasl := tests/fuzz/host.c tests/sasl/answers.c \
	$(sasl_apitoken_SRCS)
tests_fuzz_LIBS_sasl := -lsasl2
tests_fuzz_MORE_saslopts := sasl_apitoken/bearer.c sasl_apitoken/options.c
tests_fuzz_MORE_text := tests/fuzz/reutf8.c
tests_fuzz_MORE_token := tests/fuzz/reread.c

ifdef FUZZER
tests_fuzz_LINK = $(LINK) -fsanitize=fuzzer
else
tests_fuzz_LINK = $(LINK)
tests_fuzz_MAIN := tests/fuzz/main.c
endif

define tests_fuzz_RULE
$(BUILD)/tests/fuzz/$(1): $(patsubst %.c,$(BUILD)/obj/%.o,\
		tests/fuzz/$(1).c tests/fuzz/kit.c $(tests_fuzz_MAIN) \
		$(tests_fuzz_MORE_$(1))) $(BUILD)/libtokencore.a
	@mkdir -p $$(@D)
	$$(say) LINK fuzz/$(1)
	$$(Q)$$(tests_fuzz_LINK) -o $$@ $$^ $(tests_fuzz_LIBS_$(1)) $$(LIBS)
endef
$(foreach name,$(tests_fuzz_NAMES),$(eval $(call tests_fuzz_RULE,$(name))))

# What libpam loads; see shim.c.  Nothing in it is to be watched, and libpam
# takes it out of memory again, which libFuzzer's counters would not survive.
$(BUILD)/tests/fuzz/pam: | $(BUILD)/tests/fuzz/pam_shim.so
$(BUILD)/tests/fuzz/pam_shim.so: tests/fuzz/shim.c
	@mkdir -p $(@D)
	$(say) LINK fuzz/$(@F)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -fPIC -shared -o $@ $^ -ldl

check-fuzz: $(tests_fuzz_PROGS)
	$(PROVE) tests/fuzz/fuzz.t

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(tests_fuzz_NAMES)
FUZZ_CC := $(if $(filter default,$(origin CC)),clang,$(CC))

# In a build directory of their own, with everything watched.
fuzz-programs:
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=$(FUZZ_CC) FUZZER=1 \
		SAN=address,undefined,fuzzer-no-link \
		$(addprefix $(BUILD)/fuzz/tests/fuzz/,$(FUZZ_TARGETS))

fuzz: fuzz-programs
	tests/fuzz/hunt $(FUZZ_SECONDS) $(FUZZ_TARGETS)

PROOF += tests/fuzz/fuzz.t

.PHONY: check-fuzz fuzz fuzz-programs
