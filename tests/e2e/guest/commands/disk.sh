# SPDX-License-Identifier: BSD-3-Clause
# disk read|write DEVICE BLOCK COUNT [TEXT]: 4 KiB blocks, past the page cache; TEXT fills one
do_disk() {
	if [ ! -b "/dev/$2" ]; then
		fail "no disk /dev/$2"
		return
	fi
	case "$1" in
	read) set -- "if=/dev/$2" of=/dev/null "skip=$3" "count=$4" iflag=direct ;;
	write)
		if [ -n "$5" ]; then
			$bb yes "$5" |
				$bb dd of=/tmp/block bs=4096 count=1 iflag=fullblock 2>/dev/null
			set -- if=/tmp/block "of=/dev/$2" "seek=$3" count=1 oflag=direct
		else
			set -- if=/dev/zero "of=/dev/$2" "seek=$3" "count=$4" oflag=direct
		fi ;;
	*) fail "disk: read or write, not '$1'"; return ;;
	esac
	if why=$($bb dd bs=4096 "$@" 2>&1); then ok; else fail "dd: $(echo $why)"; fi
}
