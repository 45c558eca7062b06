# SPDX-License-Identifier: GPL-3.0-or-later
# What the time of a refusal tells.
tests_time_NAMES := library
tests_time_PROGS := $(addprefix $(BUILD)/tests/time/,$(tests_time_NAMES))
time_objects = $(patsubst %,$(BUILD)/obj/tests/time/%.o,$(1))

$(BUILD)/tests/time/library: $(call time_objects,library race site welch) \
		$(BUILD)/obj/tests/store/kit.o \
		$(BUILD)/obj/tests/unit/fill.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) -lm $(LIBS)
