# SPDX-License-Identifier: GPL-3.0-or-later
# What makes calls fail, one after the other: programs in which the linker puts
# wrappers around the calls that a table names.
tests_fail_COMMON := inject memory wrap site image run
tests_fail_PROGS := $(addprefix $(BUILD)/tests/fail/,library pam \
	hook.so sasl)
PROOF += tests/fail/fail.t

fail_objects = $(patsubst %,$(BUILD)/obj/tests/fail/%.o, \
	$(tests_fail_COMMON) $(1)) $(BUILD)/obj/tests/store/kit.o

# The first word of each line of a table is the name of a function.
$(BUILD)/tests/fail/%.wraps: tests/fail/%.h
	@mkdir -p $(@D)
	$(Q)sed -n 's/^[A-Z]*(\([A-Za-z0-9_]*\)[,)].*/-Wl,--wrap=\1/p' $< > $@

$(BUILD)/tests/fail/library: $(call fail_objects,library verify change read \
		install) $(BUILD)/libtokencore.a $(BUILD)/tests/fail/calls.wraps
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -rdynamic -o $@ $(filter %.o %.a,$^) \
		@$(filter %.wraps,$^) $(LIBS)

$(BUILD)/tests/fail/pam: $(call fail_objects,pam wrap_pam) \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(pam_apitoken_SRCS)) \
		$(BUILD)/libtokencore.a \
		$(BUILD)/tests/fail/calls.wraps \
		$(BUILD)/tests/fail/calls_pam.wraps
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -rdynamic -o $@ $(filter %.o %.a,$^) \
		$(addprefix @,$(filter %.wraps,$^)) -lpam $(LIBS)

$(BUILD)/tests/fail/hook.so: $(BUILD)/obj/tests/fail/hook.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -shared -o $@ $^

$(BUILD)/tests/fail/sasl: $(call fail_objects,sasl saslapp) \
		$(BUILD)/obj/tests/sasl/answers.o \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(sasl_apitoken_SRCS)) \
		$(BUILD)/libtokencore.a $(BUILD)/tests/fail/calls.wraps
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -rdynamic -o $@ $(filter %.o %.a,$^) \
		@$(filter %.wraps,$^) -lsasl2 $(LIBS)

check-fail: all $(tests_fail_PROGS)
	$(PROVE) tests/fail/calls.t tests/fail/fail.t

.PHONY: check-fail

# The command as it is, but for the wrappers.
tests_fail_PROGS += $(BUILD)/tests/fail/command
$(BUILD)/tests/fail/command: $(patsubst %,$(BUILD)/obj/tests/fail/%.o, \
		inject wrap wrap_command) $(patsubst %.c,$(BUILD)/obj/%.o, \
		$(apitoken_SRCS)) $(BUILD)/libtokencore.a \
		$(BUILD)/tests/fail/calls.wraps \
		$(BUILD)/tests/fail/calls_command.wraps
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -rdynamic -o $@ $(filter %.o %.a,$^) \
		-Wl,--wrap=inject_due $(addprefix @,$(filter %.wraps,$^)) \
		-lqrencode $(LIBS)

PROOF += tests/fail/command.t
