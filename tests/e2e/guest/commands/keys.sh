# SPDX-License-Identifier: BSD-3-Clause
# The keys by which the host asks for a power state.

# Does what they ask for, beside the commands, as logind does on a whole system. What it says is of
# command 0, and each key is told first.
obey_keys() {
	id=0
	while read -r key; do
		say key "$key"
		case "$key" in
		power) $bb poweroff -n -f ;;
		sleep) do_suspend ;;
		hibernate) do_hibernate ;;
		esac
	done
}

# keys: from now on, do what the keys ask for
do_keys() {
	load keys
	$bb mkfifo /run/keys
	/bin/keys > /run/keys &
	exec 5< /run/keys
	read -r ready <&5
	if [ "$ready" != ready ]; then
		fail "the keys cannot be read"
		return
	fi
	lines wakeup $bb sh -c "$bb cat /sys/class/wakeup/*/name"
	obey_keys <&5 &
	ok
}
