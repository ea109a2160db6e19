# SPDX-License-Identifier: BSD-3-Clause
# cpu N on|off
do_cpu() {
	want=0
	[ "$2" = on ] && want=1
	if why=$( { echo $want > "/sys/devices/system/cpu/cpu$1/online"; } 2>&1 ); then
		show cpus_online /sys/devices/system/cpu/online
		ok
	else
		fail "cpu $1 $2: ${why##*: }"
	fi
}
