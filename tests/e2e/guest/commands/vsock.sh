# SPDX-License-Identifier: BSD-3-Clause
# Sockets to the host: /bin/vsock sends back what it gets, and says how each connection ended.

# vsock listen|connect PORT: from now on, in the background
# vsock ended: what has ended so far
do_vsock() {
	load vsock
	case "$1" in
	ended)
		[ -e /run/vsock ] && lines ended $bb cat /run/vsock
		ok ;;
	*)
		/bin/vsock "$1" "$2" >> /run/vsock 2>&1 < /dev/null &
		ok ;;
	esac
}
