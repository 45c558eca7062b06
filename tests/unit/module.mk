# SPDX-License-Identifier: GPL-3.0-or-later
# Unit tests: one program per subject, each linked with the static library, so
# that internal functions can be reached.  "vectors" answers reference.t.
tests_unit_NAMES := \
	audit \
	badrecords \
	base32 \
	basis \
	bytes \
	caveat \
	changes \
	compact \
	config \
	copies \
	crypto \
	damage \
	ended \
	error \
	gone \
	import \
	imported \
	inifile \
	journal \
	keyedit \
	keep \
	keys \
	lastuse \
	life \
	limits \
	list \
	lock \
	look \
	lookup \
	manual \
	many \
	marks \
	match \
	narrow \
	noerror \
	number \
	owner \
	pages \
	permit \
	putmarks \
	record \
	restore \
	scram \
	standing \
	text \
	times \
	token \
	trust \
	verify \
	walk \
	when
tests_unit_PROGS := $(BUILD)/tests/unit/vectors
# Those that set the clock.
tests_unit_CLOCKED := badrecords basis changes copies gone life many marks putmarks restore

$(addprefix $(BUILD)/tests/unit/,$(tests_unit_NAMES)): \
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o \
		$(BUILD)/obj/tests/unit/backup.o \
		$(BUILD)/obj/tests/unit/common.o \
		$(BUILD)/obj/tests/unit/fill.o \
		$(BUILD)/obj/tests/unit/host.o \
		$(BUILD)/obj/tests/unit/told.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

$(addprefix $(BUILD)/tests/unit/,$(tests_unit_CLOCKED)): \
$(BUILD)/obj/tests/unit/clock.o
$(BUILD)/tests/unit/badrecords $(BUILD)/tests/unit/restore: \
		$(BUILD)/obj/tests/unit/pair.o
# What these tests answer in the library's place, or count.
$(BUILD)/tests/unit/basis: private LINK += \
	-Wl,--wrap=tc_stamp_fits -Wl,--wrap=clock_gettime
$(BUILD)/tests/unit/look: private LINK += \
	-Wl,--wrap=tc_record_read -Wl,--wrap=tc_stamp_of
$(BUILD)/tests/unit/pages: private LINK += -Wl,--wrap=tc_digest_fits
# A part of the command that needs nothing else of it.
$(BUILD)/tests/unit/times: $(BUILD)/obj/apitoken/times.o

$(BUILD)/tests/unit/vectors: $(BUILD)/obj/tests/unit/vectors.o \
		$(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
