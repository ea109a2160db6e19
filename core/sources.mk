# SPDX-License-Identifier: BSD-3-Clause
# The sources of libtorpor's core, relative to this folder, for those who vendor it. Compile them
# as C11 with this project's include/ on the include path. For arm64 Linux add -mno-outline-atomics.
TORPOR_CORE_SOURCES := \
	affinity_info.c \
	call.c \
	check.c \
	cpu.c \
	crc32.c \
	digest.c \
	end.c \
	entry.c \
	features.c \
	functions.c \
	init.c \
	leave.c \
	machine.c \
	mem_protect.c \
	migrate.c \
	mpidr.c \
	node_hw_state.c \
	power_state.c \
	reset.c \
	restore.c \
	returns.c \
	save.c \
	start.c \
	stat.c \
	strerror.c \
	suspend.c \
	suspend_mode.c \
	system_suspend.c \
	take.c \
	tree.c \
	verify.c \
	wake.c
