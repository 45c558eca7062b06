# SPDX-License-Identifier: GPL-3.0-or-later
# What proves the store's promises: programs that the tests in this folder run
# and whose counts they judge. They use the public calls alone,
# but for records that are made by the thousand.
tests_store_NAMES := ask bulk flip kill list steps stop threads writers
tests_store_PROGS := $(addprefix $(BUILD)/tests/store/,$(tests_store_NAMES))

$(tests_store_PROGS): $(BUILD)/tests/store/%: $(BUILD)/obj/tests/store/%.o \
		$(BUILD)/obj/tests/store/kit.o \
		$(BUILD)/obj/tests/unit/fill.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
