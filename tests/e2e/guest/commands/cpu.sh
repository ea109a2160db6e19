# SPDX-License-Identifier: BSD-3-Clause
# cpuinfo: the flags of the first CPU, and what drives its performance counters
do_cpuinfo() {
	while read -r name rest; do
		[ "$name" = Features ] && say features "${rest#: }" && break
	done < /proc/cpuinfo
	ok
}

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
