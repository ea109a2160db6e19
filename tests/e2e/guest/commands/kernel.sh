# SPDX-License-Identifier: BSD-3-Clause
# What the kernel says, and what ends it.

do_report() {
	show boot_id /proc/sys/kernel/random/boot_id
	show cpus_online /sys/devices/system/cpu/online
	show mem_sleep /sys/power/mem_sleep
	show disk_modes /sys/power/disk
	show cmdline /proc/cmdline
	show uptime /proc/uptime
	show rtc /sys/class/rtc/rtc0/name
	show rtc_since_epoch /sys/class/rtc/rtc0/since_epoch
	show rng /sys/class/misc/hw_random/rng_current
	ok
}

do_psci() {
	lines psci $bb sh -c "$bb dmesg | $bb grep psci:"
	ok
}

# dmesg PATTERN: the last lines that have it
do_dmesg() {
	lines dmesg $bb sh -c "$bb dmesg | $bb grep -iE '$1' | $bb tail -n 20"
	ok
}

# symbol COUNT PATTERN
do_symbol() {
	lines symbol $bb grep -m "$1" -E " ($2)\$" /proc/kallsyms
	ok
}

do_iomem() {
	lines iomem $bb cat /proc/iomem
	ok
}

# crash ADDRESS: an access that KVM can't decode
do_crash() {
	last_words
	/bin/nisv "$1"
}

do_panic() {
	last_words
	echo 1 > /proc/sys/kernel/sysrq
	echo c > /proc/sysrq-trigger
}

do_reboot() {
	last_words
	$bb reboot -n -f
}

do_poweroff() {
	last_words
	$bb poweroff -n -f
}
