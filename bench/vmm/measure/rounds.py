# SPDX-License-Identifier: BSD-3-Clause
"""What is measured in a round: each returns {name: number}."""

import subprocess
import time

import qmp
from machine import Config, Machine, MachineError

BARE_MIB = 64
GUEST_MIB = 512
GUEST_CPUS = 2
CPUS_ALL = 64
BARE_LIMIT_S = 60
BOOT_LIMIT_S = 180
WORK_LIMIT_S = 60
SUSPENDED_S = 10
# What makes the guest boot faster and says nothing about its VMM; as in the end-to-end checks.
CMDLINE = ("console=ttyAMA0 quiet panic=-1 init_on_alloc=0 lsm=capability audit=0 nowatchdog "
           "cryptomgr.notests mitigations=off raid=noautodetect rcupdate.rcu_expedited=1")


def to_ns(ticks, frequency):
    return ticks * 1e9 / frequency


def exits():
    """The least that an exit costs on this host, whatever the VMM."""
    done = subprocess.run(["./exits"], capture_output=True, text=True, check=True, timeout=60)
    found = {line.split()[0]: [int(word) for word in line.split()[1:]]
             for line in done.stdout.splitlines()}
    frequency = found.pop("frequency")[0]
    return {f"exit-{name}": to_ns(ticks[0], frequency) for name, ticks in found.items()}


def _boot_time_ns(machine):
    counter, frequency, _ = machine.started()
    return to_ns(machine.bench()["boot-time"][0] - counter, frequency)


def _bare(vmm, work, cases, cpus):
    config = Config("bare.img", f"case={cases}", cpus=cpus, memory_mib=BARE_MIB)
    with Machine(vmm, config, work) as machine:
        machine.wait("^the end", BARE_LIMIT_S)
        machine.wait_exit(BARE_LIMIT_S)
        found = machine.bench()
        _, frequency, _ = machine.started()
        figures = {name: to_ns(ticks[0], frequency) for name, ticks in found.items()
                   if len(ticks) == 3}
        if "boot-time" in found:
            figures["start"] = _boot_time_ns(machine)
    return figures


def calls(vmm, work):
    """Calls and exits, CPU_ON, and SYSTEM_SUSPEND where there is one."""
    cases = "bench-calls,bench-on"
    if vmm == "torpor":
        cases += ",bench-suspend"
    return _bare(vmm, work, cases, 2)


def all_cpus(vmm, work):
    return _bare(vmm, work, "bench-on-all", CPUS_ALL)


def start_heavy(vmm, work):
    """From the VMM's start to the first instruction, with a kernel and an initrd to load."""
    config = Config("heavy.img", "case=bench-calls", cpus=GUEST_CPUS, memory_mib=GUEST_MIB,
                    initrd="guest.cpio")
    with Machine(vmm, config, work) as machine:
        machine.wait("^the end", BARE_LIMIT_S)
        machine.wait_exit(BARE_LIMIT_S)
        return {"start-heavy": _boot_time_ns(machine)}


def _rates(machine):
    """Per second: bytes, or blocks of 4 KiB."""
    return {name: count * 1e9 / ns for name, (count, ns) in machine.bench().items()}


def _suspended(machine):
    """What it takes while it is suspended: CPU time in ticks, memory."""
    machine.wait("^@suspend$", WORK_LIMIT_S)
    with qmp.Qmp(machine.control) as client:
        end = time.monotonic() + WORK_LIMIT_S
        while client.execute("query-status")["status"] != "suspended":
            if time.monotonic() > end:
                raise MachineError(f"{machine.vmm}: does not suspend")
            time.sleep(0.1)
        before = machine.cpu_ticks()
        time.sleep(SUSPENDED_S)
        figures = {"suspended-ticks": machine.cpu_ticks() - before,
                   "suspended-memory": machine.memory_kib()[0]}
        client.execute("system_wakeup")
    machine.wait("^@resumed$", WORK_LIMIT_S)
    return figures


def boot(vmm, work, disk, tap):
    """A Linux guest: to its user space, what its VMM takes then, its disk and network."""
    works = ["pause"] + (["disk"] if disk else []) + (["net"] if tap else [])
    if vmm == "torpor":
        works.append("suspend")
    config = Config("Image", f"{CMDLINE} work={','.join(works)}", cpus=GUEST_CPUS,
                    memory_mib=GUEST_MIB, initrd="guest.cpio", disk=disk, tap=tap)
    with Machine(vmm, config, work) as machine:
        at, _ = machine.wait("^@up", BOOT_LIMIT_S)
        figures = {"boot": at - machine.started()[2]}
        machine.wait("^@pause", WORK_LIMIT_S)
        time.sleep(1)
        pss, rss = machine.memory_kib()
        figures |= {"memory": pss, "memory-rss": rss, "threads": machine.threads_count()}
        machine.send_line()
        if vmm == "torpor":
            figures |= _suspended(machine)
        machine.wait("^@done", WORK_LIMIT_S)
        machine.wait_exit(WORK_LIMIT_S)
        return {**figures, **_rates(machine)}
