# SPDX-License-Identifier: BSD-3-Clause
"""The test bed: an arm64 Linux host with KVM, emulated where the machine is none.

cli       the command line
things    what is downloaded, and what is made of it
store     the cache: lock, checks, stamps
apt       Debian packages by name, with a configuration of our own
cpio      initramfs archives
job       what a run is asked to do
emulated  a run on the emulated host
wire      what the emulated host's agent says, read on our side
native    a run on this machine
report    messages and errors
host/     what runs inside the emulated host
"""
