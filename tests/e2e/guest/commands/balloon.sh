# SPDX-License-Identifier: BSD-3-Clause
# The guest's memory, as it is left by the balloon.

do_meminfo() {
	load balloon
	while read -r name kib _; do
		case "$name" in
		MemTotal: | MemFree: | MemAvailable:) say "${name%:}" "$kib" ;;
		esac
	done < /proc/meminfo
	ok
}

# fill MIB: a file in memory of that size
do_fill() {
	if why=$($bb dd if=/dev/zero of=/tmp/fill bs=1M count="$1" 2>&1); then
		ok
	else
		fail "dd: $(echo $why)"
	fi
}

# And away with it.
do_unfill() {
	$bb rm /tmp/fill
	ok
}
