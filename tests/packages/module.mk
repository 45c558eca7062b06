# SPDX-License-Identifier: GPL-3.0-or-later
# Packages as a new system meets them; too long for "make check".
BOOKWORM := $(BUILD)/packages/bookworm.tar

# In a namespace of its own, so that no mount of debootstrap's is left.
$(BOOKWORM):
	$(Q)rm -rf $(@D)/root && mkdir -p $(@D)
	$(say) MAKE $(@F)
	$(Q)unshare --mount debootstrap --variant=minbase bookworm $(@D)/root \
		>$(@D)/debootstrap.log
	$(Q)tar -C $(@D)/root -cf $@ . && rm -rf $(@D)/root

# The tests wait, for refusals that take their time, more than they work.
check-packages: deb rpm $(BOOKWORM)
	$(PROVE) -j2 $(sort $(wildcard tests/packages/*.pl))
