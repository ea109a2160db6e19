# SPDX-License-Identifier: BSD-3-Clause
# net ACTION ARGUMENTS...: the network device eth0, and TCP through it

net_device() {
	load net
	# The driver's module is there; the interface comes a moment later.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -e /sys/class/net/eth0 ] && break
		$bb sleep 0.2
	done
	$bb ip link set lo up
	$bb ip link set eth0 up
}

net_report() {
	show mac /sys/class/net/eth0/address
	show carrier /sys/class/net/eth0/carrier
	show mtu /sys/class/net/eth0/mtu
	$bb ip -4 -o addr show dev eth0 | while read -r _ _ _ address _; do
		say address "$address"
	done
}

# What udhcpc runs: address, router and MTU of the lease.
net_write_script() {
	cat_script=/tmp/udhcpc.sh
	$bb cat > $cat_script <<-'SCRIPT'
	#!/bin/busybox sh
	bb=/bin/busybox
	[ "$1" = bound ] || [ "$1" = renew ] || exit 0
	[ -n "$mtu" ] && $bb ip link set "$interface" mtu "$mtu"
	$bb ip addr replace "$ip/$mask" dev "$interface"
	[ -n "$router" ] && $bb ip route replace default via "${router%% *}" dev "$interface"
	exit 0
	SCRIPT
	$bb chmod 755 $cat_script
}

net_sum() {
	$bb md5sum "$1" | { read -r sum _; echo "$sum"; }
}

# net_send_and_wait BYTES: /tmp/out, and the end once that many bytes are in /tmp/in
net_send_and_wait() {
	$bb cat /tmp/out
	# Two minutes at most.
	for _ in $($bb seq 600); do
		[ "$($bb stat -c %s /tmp/in)" -ge "$1" ] && return
		$bb sleep 0.2
	done
}

# net up ADDRESS/PREFIX; net dhcp
# net echo PORT: give back what comes on a port, in the background
# net swap HOST PORT BYTES: send that many random bytes and receive what the host sends
# net ping HOST; net report
do_net() {
	action=$1
	shift
	case "$action" in
	up)
		net_device
		$bb ip addr replace "$1" dev eth0
		net_report
		ok ;;
	dhcp)
		net_device
		net_write_script
		if why=$($bb udhcpc -i eth0 -n -q -t 10 -T 2 -s $cat_script 2>&1); then
			net_report
			ok
		else
			fail "udhcpc: $(echo $why)"
		fi ;;
	echo)
		$bb setsid $bb nc -ll -p "$1" -e /bin/busybox cat < /dev/null > /dev/null 2>&1 &
		# Up to 15 s, for it to listen.
		hex=$($bb printf ':%04X 00000000:0000 0A' "$1")
		for _ in 1 2 3 4 5; do
			$bb grep -q "$hex" /proc/net/tcp /proc/net/tcp6 && break
			$bb sleep 0.2
		done
		ok ;;
	swap)
		$bb head -c "$3" /dev/urandom > /tmp/out
		: > /tmp/in
		# Not closed before all has come: the passt of 2023 sends nothing into a half-closed
		# connection once its window was full.
		if why=$(net_send_and_wait "$3" | $bb nc -w 60 "$1" "$2" 2>&1 > /tmp/in); then
			say sent "$(net_sum /tmp/out)"
			say received "$(net_sum /tmp/in)"
			ok
		else
			fail "nc: $(echo $why)"
		fi
		$bb rm -f /tmp/in /tmp/out ;;
	ping)
		if why=$($bb ping -c 2 -W 5 "$1" 2>&1); then
			ok
		else
			fail "ping: $(echo $why)"
		fi ;;
	report) net_report; ok ;;
	*) fail "net: no such action '$action'" ;;
	esac
}
