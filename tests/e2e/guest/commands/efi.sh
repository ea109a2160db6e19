# SPDX-License-Identifier: BSD-3-Clause
# What firmware offers to a guest that it has booted.

efivars=/sys/firmware/efi/efivars
boot_order=$efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c

# booted_by: what the disk's command line says, which each firmware reads another of
do_booted_by() {
	say by "${booted_by:-absent}"
	ok
}

# efi_boot_order FIRST SECOND: the options, below 8, that the firmware tries from its next start on
do_efi_boot_order() {
	load efi
	$bb mount -t efivarfs efivarfs $efivars
	# The attributes, non-volatile and for boot and run time, come first; all in one write.
	if printf "\\007\\000\\000\\000\\00$1\\000\\00$2\\000" > $boot_order; then
		ok
	else
		fail "cannot write $boot_order"
	fi
}
