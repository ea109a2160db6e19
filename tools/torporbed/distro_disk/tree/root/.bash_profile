# SPDX-License-Identifier: BSD-3-Clause
# The shell of root's login on the console takes commands for the test: tests/e2e/guest.py has the
# other side. A command is one line, "ID COMMAND"; what it prints comes back as lines
# "@torpor ID . out LINE", and at last "@torpor ID ok" or "@torpor ID error STATUS". Commands run in
# this shell itself, so that a variable is something that a process holds in its memory.
stty -echo
PS1=
trap '' INT TSTP
echo "@torpor 0 ready $(< /proc/sys/kernel/random/boot_id)"
while read -r id command; do
	eval "$command" > /run/torpor-out 2>&1 < /dev/null
	status=$?
	while read -r line || [ -n "$line" ]; do
		echo "@torpor $id . out $line"
	done < /run/torpor-out
	if [ $status -eq 0 ]; then echo "@torpor $id ok"; else echo "@torpor $id error $status"; fi
done
