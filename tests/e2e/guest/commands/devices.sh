# SPDX-License-Identifier: BSD-3-Clause
# The watchdog, the virtio console and pvpanic's register.

dog=/sys/class/watchdog/watchdog0

watchdog_report() {
	for what in identity state timeout timeleft bootstatus; do
		show watchdog_$what $dog/$what
	done
	lines watchdog_irq $bb grep sbsa /proc/interrupts
}

# watchdog pet SECONDS: start it, and pet it each second; watchdog stop: turn it off
# watchdog neglect: pet it no more, and leave it on; watchdog report
do_watchdog() {
	load watchdog
	case "$1" in
	pet)
		$bb watchdog -F -T "$2" -t 1 /dev/watchdog &
		petter=$!
		$bb usleep 200000 ;;
	stop)
		# It writes the magic close before it ends.
		kill $petter
		wait $petter ;;
	neglect) kill -STOP $petter ;;
	report) ;;
	*) fail "watchdog: pet, stop, neglect or report, not '$1'"; return ;;
	esac
	watchdog_report
	ok
}

# What comes in is sent back, with the name of the device before it.
echo_lines() {
	while read -r line; do echo "$1: $line"; done
}

# As agents do: a port reads as ended while nobody is attached on the host. One program may have it
# open, so it is opened once for both ways.
serve_port() {
	while :; do
		echo_lines port <> "$1" >&0
		$bb usleep 200000
	done
}

# console: hvc0, and the first named port if there is one, send back what they get
do_console() {
	# Held open, as the last close resets its modes.
	exec 5<>/dev/hvc0
	$bb stty raw -echo <&5
	echo_lines hvc0 <&5 >&5 &
	for port in /dev/vport*p1; do
		[ -e "$port" ] || continue
		show port_name "/sys/class/virtio-ports/${port#/dev/}/name"
		serve_port "$port" &
	done
	ok
}

# console_fill BYTES: written to hvc0 at once
do_console_fill() {
	if why=$($bb dd if=/dev/zero of=/dev/hvc0 bs=4096 count=$(($1 / 4096)) 2>&1); then
		ok
	else
		fail "dd: $(echo $why)"
	fi
}

# pvpanic: what the register reads, by /dev/mem where the kernel has no driver; pvpanic VALUE: write
do_pvpanic() {
	if [ -n "$1" ]; then
		$bb devmem 0x0a030000 8 "$1"
	else
		say pvpanic "$($bb devmem 0x0a030000 8)"
	fi
	ok
}
