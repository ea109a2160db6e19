# SPDX-License-Identifier: BSD-3-Clause
# Idle states: what the kernel makes of them, and how often it used them.

cpuidle=/sys/devices/system/cpu/cpuidle
domains=/sys/kernel/debug/pm_genpd

# Each CPU's states but the first, which is a plain WFI.
deep_states() { echo /sys/devices/system/cpu/cpu[0-9]*/cpuidle/state[1-9]*; }

do_idle_states() {
	show driver $cpuidle/current_driver
	show governor $cpuidle/current_governor
	for state in /sys/devices/system/cpu/cpu0/cpuidle/state*; do
		read -r name < "$state/name"
		read -r latency < "$state/latency"
		read -r residency < "$state/residency"
		say state "$name latency=$latency residency=$residency"
	done
	for topology in /sys/devices/system/cpu/cpu[0-9]*/topology; do
		# In one read: that is all that this file gives.
		say cluster "$($bb cat "$topology/cluster_cpus_list")"
	done
	ok
}

# rest SECONDS: nothing runs but the kernel
do_rest() {
	$bb sleep "$1"
	ok
}

# Forbids all states but the first, and lets each CPU run once, so that it has left the one it was
# in: from then on the numbers stand still.
do_idle_count() {
	for state in $(deep_states); do echo 1 > "$state/disable"; done
	for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
		$bb taskset -c "${cpu##*cpu}" $bb true
	done
	for state in $(deep_states); do
		cpu=${state#/sys/devices/system/cpu/}
		read -r name < "$state/name"
		read -r usage < "$state/usage"
		read -r rejected < "$state/rejected"
		say usage "${cpu%%/*} $name $usage $rejected"
	done
	[ -d $domains ] || $bb mount -t debugfs debugfs /sys/kernel/debug
	for domain in $domains/power-domain-cluster*; do
		[ -e "$domain" ] || continue
		while read -r state _ usage rejected _; do
			say domain "${domain##*-} $state $usage $rejected"
		done < "$domain/idle_states"
	done
	ok
}
