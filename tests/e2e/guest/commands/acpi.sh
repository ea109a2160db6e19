# SPDX-License-Identifier: BSD-3-Clause
# What a guest that boots with ACPI has of it.

# acpi: its tables, what else of the machine it was told, and its clock
do_acpi() {
	load clock
	for table in /sys/firmware/acpi/tables/*; do
		[ -f "$table" ] && say table "${table##*/}"
	done
	for node in /sys/firmware/devicetree/base/*/; do
		[ -d "$node" ] && say node "$($bb basename "$node")"
	done
	show rtc /sys/class/rtc/rtc0/name
	show rtc_since_epoch /sys/class/rtc/rtc0/since_epoch
	show tad_time /sys/bus/platform/devices/ACPI000E:00/time
	show tad_alarm /sys/bus/platform/devices/ACPI000E:00/ac_alarm
	lines acpi $bb sh -c "$bb dmesg | $bb grep -E 'ACPI: (Interpreter|button)'"
	lines errors $bb sh -c \
		"$bb dmesg | $bb grep -E 'ACPI (BIOS )?(Error|Warning)|Firmware Bug'"
	ok
}

# acpi_clock SECONDS: set the clock, in seconds since 1970
do_acpi_clock() {
	if why=$($bb date -u -s "@$1" 2>&1 && $bb hwclock -u -w 2>&1); then
		show rtc_since_epoch /sys/class/rtc/rtc0/since_epoch
		ok
	else
		fail "hwclock: $(echo $why)"
	fi
}
