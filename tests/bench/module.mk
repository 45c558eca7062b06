# SPDX-License-Identifier: GPL-3.0-or-later
# "make bench": a program for each thing that is measured inside one process,
# and tests/bench/run, which runs them.
tests_bench_NAMES := bulk commit list pam pam-cold pam-used readers sasl spawn \
	store store-fixed verify verify-fixed
tests_bench_PROGS := $(addprefix $(BUILD)/tests/bench/,$(tests_bench_NAMES))
bench_object = $(addprefix $(BUILD)/obj/tests/bench/,$(addsuffix .o,$(1)))

$(addprefix $(BUILD)/tests/bench/,bulk verify verify-fixed store store-fixed): \
		$(call bench_object,plain)
$(addprefix $(BUILD)/tests/bench/,store store-fixed): \
		$(BUILD)/obj/tests/unit/fill.o
$(BUILD)/tests/bench/sasl: $(BUILD)/obj/tests/sasl/answers.o
$(addprefix $(BUILD)/tests/bench/,bulk commit list readers store store-fixed \
	verify verify-fixed): $(BUILD)/libtokencore.a
bench_libs/sasl := -lsasl2
# One that has OpenSSL from the start, one that has also used it by then, as sshd
# has, and one that has not.
bench_libs/pam := -lpam -Wl,--no-as-needed -lcrypto
bench_libs/pam-used := -lpam -lcrypto
bench_libs/pam-cold := -lpam
bench_libs/spawn :=

$(BUILD)/tests/bench/pam-cold: $(call bench_object,pam turns)
$(BUILD)/tests/bench/pam-used: $(call bench_object,pam used turns)
# The same in each run, for counting.
$(addprefix $(BUILD)/tests/bench/,store-fixed verify-fixed): \
$(BUILD)/tests/bench/%-fixed: $(call bench_object,% fixed turns)
$(filter-out %/pam-cold %/pam-used %-fixed,$(tests_bench_PROGS)): $(BUILD)/tests/bench/%: \
		$(BUILD)/obj/tests/bench/%.o $(call bench_object,turns)
$(tests_bench_PROGS):
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $(sort $(filter %.o,$^)) $(filter %.a,$^) \
		$(if $(filter undefined,$(origin bench_libs/$(@F))),$(LIBS), \
		$(bench_libs/$(@F)))
