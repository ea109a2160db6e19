# SPDX-License-Identifier: BSD-3-Clause
# Completion of torpor(1) for bash.

# The names of the machines.
_torpor_names()
{
	torpor list 2>/dev/null | sed -n '2,$s/ .*//p'
}

_torpor()
{
	local commands="run describe create start status list stop suspend hibernate wake reset
		console events edit delete export import wake-due"
	local machine="--kernel --initrd --append --disk --firmware --variables --variables-template --watchdog
		--watchdog-action --panic-action --virtio-console --virtio-port --vsock --balloon
		--net --cpus --cpu-features --memory --hugepages --machine --psci --idle-states
		--clusters --ramoops --firmware-tables --no-reboot"
	local process="--hardware-signature --events --control --pidfile --name"
	local command=${COMP_WORDS[1]} current=$2 before=$3 options=

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
		return
	fi
	case $before in
	--kernel | --initrd | --disk | --firmware | --variables | --variables-template | --events | --control | \
		--pidfile | --html | --trace | --virtio-console)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--psci) options="0.1 0.2 1.0 1.1 1.2 1.3" ;;
	--machine) options="torpor-1" ;;
	--firmware-tables) options="dt acpi" ;;
	--watchdog-action) options="reset poweroff" ;;
	--panic-action) options="run poweroff" ;;
	--remove) options=${machine//--/} ;;
	--name) options=$(_torpor_names) ;;
	esac
	if [ -n "$options" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
		return
	fi
	case $command in
	run) options="$machine $process --discard-hibernation --clear-resume-marker" ;;
	describe) options="$machine --like" ;;
	create) options=$machine ;;
	edit) options="$machine --remove --discard-hibernation" ;;
	start) options="--console --at --discard-hibernation --clear-resume-marker" ;;
	status | list) options="--json" ;;
	stop) options="--timeout --force" ;;
	suspend | hibernate) options="--timeout" ;;
	console) options="--log" ;;
	events) options="--follow --json --html --trace" ;;
	delete) options="--force" ;;
	import) options="--disk" ;;
	esac
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$current")
	elif [ "$command" = import ] || { [ "$command" = export ] && ((COMP_CWORD > 2)); }; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	elif [[ $command != @(run|create|list|wake-due|describe) ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_torpor_names)" -- "$current")
	fi
}

complete -o filenames -F _torpor torpor
