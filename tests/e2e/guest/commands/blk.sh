# SPDX-License-Identifier: BSD-3-Clause
# blk OPERATION DEVICE ARGUMENT...: see blk.c; what it prints is answered as lines of "blk"
do_blk() {
	operation=$1
	device=$2
	shift 2
	if out=$(/bin/blk "$operation" "/dev/$device" "$@" 2>&1); then
		echo "$out" | while read -r line; do say blk "$line"; done
		ok
	else
		fail "blk: $(echo $out)"
	fi
}

# queues DEVICE: how many hardware queues the kernel has for it
do_queues() {
	set -- "/sys/block/$1/mq/"*
	say queues $#
	ok
}

# load start DEVICE, load stop: accesses in the background, until they are to end and tell
do_load() {
	case "$1" in
	start)
		$bb rm -f /run/load.stop /run/load.result
		(
			out=$(/bin/blk load "/dev/$2" /run/load.stop 2>&1)
			echo "$? $(echo $out)" > /run/load.part
			$bb mv /run/load.part /run/load.result
		) &
		ok ;;
	stop)
		echo > /run/load.stop
		while [ ! -e /run/load.result ]; do $bb usleep 100000; done
		read -r status words < /run/load.result
		say load "$words"
		if [ "$status" = 0 ]; then ok; else fail "load: $words"; fi ;;
	*) fail "load: start or stop, not '$1'" ;;
	esac
}
