# SPDX-License-Identifier: BSD-3-Clause
# To RAM and to disk, and what is known of it afterwards.

interrupt_probe=no

# Which interrupt woke us: kernels with CONFIG_PM_SLEEP_DEBUG say so in /sys/power/pm_wakeup_irq.
# In the others a probe on the function that sets it tells the same.
arm_wakeup_probe() {
	[ -e /sys/power/pm_wakeup_irq ] && return
	if [ $interrupt_probe = no ]; then
		interrupt_probe=failed
		$bb mount -t tracefs tracefs $tracing
		echo 'p:torpor_wake pm_system_irq_wakeup irq=%x0:u32' > $tracing/kprobe_events &&
			echo 1 > $tracing/events/kprobes/torpor_wake/enable && interrupt_probe=yes
	fi
	echo > $tracing/trace
}

report_wakeup() {
	irq=none
	from=absent
	if [ -e /sys/power/pm_wakeup_irq ]; then
		from=sysfs
		# ENODATA: the kernel knows of no interrupt that woke it.
		read -r irq 2>/dev/null < /sys/power/pm_wakeup_irq || irq=none
	elif [ $interrupt_probe = yes ]; then
		from=probe
		irq=$($bb sed -n 's/.*torpor_wake.* irq=//p' $tracing/trace | $bb head -n 1)
		irq=${irq:-none}
	fi
	say pm_wakeup_irq "$irq"
	say pm_wakeup_irq_from "$from"
	while read -r line; do
		set -- $line
		[ "$1" = "$irq:" ] && say pm_wakeup_irq_line "$line"
	done < /proc/interrupts
	for source in /sys/class/wakeup/*; do
		read -r name < "$source/name"
		read -r count < "$source/wakeup_count"
		read -r events < "$source/event_count"
		say "wakeup_source" "$name events=$events wakeups=$count"
	done
}

report_suspend() {
	for stat in success fail last_failed_errno last_failed_step; do
		show "suspend_$stat" "/sys/power/suspend_stats/$stat"
	done
}

# suspend [SECONDS [MODE]]: to RAM, or to MODE of mem_sleep. With SECONDS not 0 the RTC's alarm
# is set that far ahead first.
do_suspend() {
	arm_wakeup_probe
	if ! { echo "${2:-deep}" > /sys/power/mem_sleep; } 2>/dev/null; then
		fail "the kernel does not offer ${2:-deep} in /sys/power/mem_sleep"
		return
	fi
	[ -e /sys/class/rtc/rtc0/wakealarm ] && echo 0 > /sys/class/rtc/rtc0/wakealarm
	if [ "${1:-0}" != 0 ]; then
		echo "+$1" > /sys/class/rtc/rtc0/wakealarm
		show alarm /sys/class/rtc/rtc0/wakealarm
	fi
	say suspending now
	if why=$( { echo mem > /sys/power/state; } 2>&1 ); then
		report_suspend
		report_wakeup
		ok
	else
		report_suspend
		fail "suspend failed: ${why##*: }"
	fi
}

do_stats() {
	report_suspend
	report_wakeup
	ok
}

# The swap is made at the first hibernation, so that a blank disk will do.
swap_on() {
	[ -b $swapdev ] || return 1
	while read -r name _; do
		[ "$name" = $swapdev ] && return 0
	done < /proc/swaps
	$bb swapon $swapdev 2>/dev/null && return 0
	$bb mkswap $swapdev > /dev/null && $bb swapon $swapdev
}

# The kernel is frozen and restored within the write: the machine that resumes gives the answer.
do_hibernate() {
	if ! swap_on; then
		fail "no swap on $swapdev: give the machine a disk to hibernate to"
		return
	fi
	# The smallest image: fewer pages to write and to read through an emulated disk.
	echo 0 > /sys/power/image_size
	say hibernating now
	if why=$( { echo disk > /sys/power/state; } 2>&1 ); then
		# Off again, so that nothing of this machine's memory goes to the disk unasked.
		$bb swapoff $swapdev
		say resumed yes
		ok
	else
		fail "hibernation failed: ${why##*: }"
	fi
}
