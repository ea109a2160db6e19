# SPDX-License-Identifier: BSD-3-Clause
# What outlasts a reset: the records of pstore.

pstore=/sys/fs/pstore

# pstore_mount: ready to leave a record, and to be read
do_pstore_mount() {
	load pstore
	[ -e $pstore ] && $bb mount -t pstore pstore $pstore
	show backend /sys/module/pstore/parameters/backend
	show size /sys/module/ramoops/parameters/mem_size
	ok
}

# pstore_find TEXT: which records there are, and which of them have it
do_pstore_find() {
	for record in $pstore/*; do
		[ -e "$record" ] || continue
		say record "${record##*/}"
		if $bb grep -q "$1" "$record"; then say found "${record##*/}"; fi
	done
	ok
}

# kmsg TEXT: a line in the kernel's log, which a dump has
do_kmsg() {
	echo "torpor: $1" > /dev/kmsg
	ok
}

# reboot_mode MODE: what the next reset is, cold or warm
do_reboot_mode() {
	if why=$( { echo "$1" > /sys/kernel/reboot/mode; } 2>&1 ); then
		show mode /sys/kernel/reboot/mode
		ok
	else
		fail "reboot mode $1: ${why##*: }"
	fi
}
