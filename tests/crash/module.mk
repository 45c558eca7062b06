# SPDX-License-Identifier: GPL-3.0-or-later
# What proves that no crash loses or tears anything: a program that makes one
# change, a shim that sees and stops its system calls, and two that judge the
# states which are left. They use the public calls alone.
tests_crash_PROGS := $(addprefix $(BUILD)/tests/crash/,act die replay shim.so)
PROOF += tests/crash/crash.t

$(BUILD)/tests/crash/act: $(BUILD)/obj/tests/crash/act.o \
		$(BUILD)/obj/tests/crash/prepare.o
$(BUILD)/tests/crash/die: $(BUILD)/obj/tests/crash/die.o
$(BUILD)/tests/crash/replay: $(BUILD)/obj/tests/crash/replay.o
$(BUILD)/tests/crash/die $(BUILD)/tests/crash/replay: \
		$(addprefix $(BUILD)/obj/tests/crash/,content.o disk.o \
			image.o oracle.o trace.o word.o)
$(addprefix $(BUILD)/tests/crash/,act die replay): \
		$(BUILD)/obj/tests/store/kit.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -ldl

# Stands under programs, and so has to come without a sanitizer's runtime.
$(BUILD)/tests/crash/shim.so: $(BUILD)/obj/tests/crash/calls.o \
		$(BUILD)/obj/tests/crash/shim.o $(BUILD)/obj/tests/crash/word.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -shared -o $@ $^
