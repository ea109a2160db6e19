# SPDX-License-Identifier: BSD-3-Clause
# The front door. What is done is in meson.build and tools/; this only names it.
#
#   make            the library, the VMM's logic and the tests, for this machine
#   make arm64      what runs on arm64: the VMM (cross-built; natively on an arm64 machine)
#   make run        a machine of your own: make run ARGS='--kernel Image …' (arm64 with KVM)
#   make demo       the main job, end to end, on real Linux guests
#   make check      everything that is tested; ends in: N passed, N failed, N skipped
#   make check-distro  an installed Debian with systemd, under each kind of firmware tables; it
#                   takes half an hour and more, and is no part of check
#   make quick      the part of it that needs no test bed
#   make bench      the figures that README quotes
#   make format     put the sources into the tree's format
#   make install    after `make`, into DESTDIR
#   make clean
.PHONY: all arm64 run demo check check-distro quick bench format install clean

all:
	tools/install-deps build
	tools/build native

arm64:
	tools/install-deps build bed
	tools/build arm64

run: arm64
	build/arm64/vmm/torpor run $(ARGS)

demo: arm64
	tools/install-deps bed
	tests/e2e/run-demo

check:
	tools/install-deps
	tools/check

check-distro: arm64
	tools/install-deps bed
	tests/e2e/run-distro

quick:
	tools/install-deps build check
	tools/check --quick

bench:
	tools/install-deps
	bench/run

format:
	tools/format

install: all
	meson install -C build/native

clean:
	rm -rf build
