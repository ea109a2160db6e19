# SPDX-License-Identifier: BSD-3-Clause
"""What is looked at on a machine with power states, shared by the demo and the checks.

Each function returns what it saw, in words, and raises Failure if that is not what was promised.
"""

import re
import time

from torporvm import Failure, expect

# On the GIC of QEMU's virt machine, whose memory map torpor has: SPI 2.
RTC_INTID = 34
SYSTEM_SUSPEND_64 = 0xC400000E
SYSTEM_SUSPEND_32 = 0x8400000E


class NonceLost(Failure):
    """The guest answers, and does not have the secret, or is not the process that was frozen."""


def psci_lines(machine):
    """What the guest's kernel says of PSCI, without its timestamps."""
    return [re.sub(r"^\[[^]]*\] psci: ", "", line)
            for line in machine.guest.run("psci").all("psci")]


def psci_version(machine, version):
    """The guest's kernel found the version that the host pinned."""
    lines = psci_lines(machine)
    # 0.1 has no call for its version: the kernel then takes function ids from the device tree.
    wanted = ("Using PSCI v0.1 Function IDs from DT" if version == "0.1"
              else f"PSCIv{version} detected in firmware.")
    expect(wanted in lines, f"expected the guest's kernel to say 'psci: {wanted}', "
                            f"it says: {' / '.join(lines) or 'nothing'}")
    return f"its kernel says 'psci: {wanted}'"


def cpu_off(machine, cpu):
    """CPU @cpu goes off: the event, and the guest's own word."""
    before = len(machine.events())
    answer = machine.guest.run(f"cpu {cpu} off")
    machine.wait_event("CPU_OFF", 10, before, cpu=cpu)
    expect(answer["cpus_online"] == "0", f"CPU {cpu} was taken off, and the guest still has "
                                         f"CPUs {answer['cpus_online']} online, expected 0")
    return f"event CPU_OFF of CPU {cpu}; guest: online CPUs {answer['cpus_online']}"


def cpu_killed(machine, cpu):
    """The guest's kernel saw the CPU off by AFFINITY_INFO."""
    wanted = f"CPU{cpu} killed"
    lines = [line for line in psci_lines(machine) if line.startswith(wanted)]
    expect(lines, f"expected 'psci: {wanted} ...' in the guest's kernel log: AFFINITY_INFO "
                  "must have said OFF")
    return f"its kernel says 'psci: {lines[-1]}'"


def cpu_on(machine, cpu):
    before = len(machine.events())
    answer = machine.guest.run(f"cpu {cpu} on")
    machine.wait_event("CPU_ON", 10, before, cpu=cpu)
    expect(answer["cpus_online"] == f"0-{cpu}", f"CPU {cpu} was started, and the guest has CPUs "
                                                f"{answer['cpus_online']} online")
    return f"event CPU_ON of CPU {cpu}; guest: online CPUs {answer['cpus_online']}"


def is_suspended(machine):
    status = machine.query_status()
    expect(status.get("status") == "suspended" and status.get("running") is False,
           f"query-status: expected suspended and not running, got {status}")
    return "query-status: suspended"


def on_record(machine, state, timeout_s=5):
    """What torpor has on record of a machine that it keeps by name."""
    deadline = time.monotonic() + timeout_s
    while machine.state() != state and time.monotonic() < deadline:
        time.sleep(0.1)
    record = machine.state()
    expect(record == state, f"torpor status {machine.name}: expected {state}, it says {record}")
    return f"torpor status {machine.name}: {record}"


def idle_ticks(machine, seconds, allowed=1):
    """User and system time of all of torpor's threads while nothing may run."""
    before = machine.cpu_ticks()
    time.sleep(seconds)
    grown = machine.cpu_ticks() - before
    expect(grown <= allowed, f"suspended, torpor used {grown} ticks of CPU time in {seconds} s, "
                             f"expected at most {allowed}")
    return f"CPU time of all torpor's threads in {seconds} s: {grown} tick(s)"


def wall_of(ts_ns):
    """An event's timestamp, of the monotonic clock, as seconds since 1970."""
    return time.time() - time.monotonic() + ts_ns / 1e9


def rtc_wake(machine, alarm, wake):
    """The WAKEUP event names the RTC and came within 1 s of its alarm."""
    late = wall_of(wake["ts_ns"]) - alarm
    expect(wake.get("reason") == "device" and wake.get("device") == "pl031",
           f"expected WAKEUP by device pl031, got {wake}")
    expect(wake.get("intid") == RTC_INTID, f"expected WAKEUP with INTID {RTC_INTID}, got {wake}")
    expect(abs(late) <= 1, f"the RTC's alarm and the WAKEUP event are {late:+.2f} s apart, "
                           "expected at most 1 s")
    return f"event WAKEUP by {wake['device']}, INTID {wake['intid']}, {late:+.2f} s from the alarm"


def guest_woken_by_rtc(answer, wake):
    """The guest's pm_wakeup_irq is the interrupt of the WAKEUP event."""
    irq, line = answer["pm_wakeup_irq"], answer.get("pm_wakeup_irq_line", "")
    expect(irq.isdigit(), f"the guest's pm_wakeup_irq is '{irq}' "
                          f"({answer['pm_wakeup_irq_from']}), expected the RTC's interrupt")
    hardware = re.search(r"GICv\d\s+(\d+)\s", line)
    expect(hardware and int(hardware.group(1)) == wake["intid"] and "rtc-pl031" in line,
           f"the guest's pm_wakeup_irq is {irq}: '{line}', expected INTID {wake['intid']} "
           "of rtc-pl031")
    source = "" if answer["pm_wakeup_irq_from"] == "sysfs" else " (by a probe of its kernel)"
    return f"guest: pm_wakeup_irq {irq}{source}, that is INTID {hardware.group(1)}, rtc-pl031"


def guest_woken_by_host(answer):
    expect(answer["pm_wakeup_irq"] == "none",
           f"the host woke the guest, whose pm_wakeup_irq is {answer['pm_wakeup_irq']} "
           f"({answer.get('pm_wakeup_irq_line')}), expected none")
    return "guest: no interrupt woke it"


def suspend_count(answer, expected):
    expect(answer["suspend_success"] == str(expected) and answer["suspend_fail"] == "0",
           f"the guest counts {answer['suspend_success']} suspends and {answer['suspend_fail']} "
           f"failed ones, expected {expected} and 0")
    return f"guest: suspends that succeeded: {expected}, that failed: 0"


def image_range(machine):
    """(first, last) guest physical address of the kernel's image."""
    ranges = {}
    for line in machine.guest.run("iomem").all("iomem"):
        match = re.match(r"\s*([0-9a-f]+)-([0-9a-f]+) : Kernel (code|data)", line)
        if match:
            ranges[match.group(3)] = (int(match.group(1), 16), int(match.group(2), 16))
    expect(set(ranges) == {"code", "data"}, "the guest's /proc/iomem names no Kernel code and data")
    return ranges["code"][0], ranges["data"][1]


def conduit_address(machine):
    """The guest virtual address of the function whose HVC makes PSCI calls."""
    # The first such symbol: reading all of kallsyms takes an emulated guest half a minute.
    lines = machine.guest.run("symbol 1 __arm_smccc_hvc").all("symbol")
    expect(lines, "the guest's /proc/kallsyms has no __arm_smccc_hvc")
    return int(lines[0].split()[0], 16)


def suspended_caller(machine, image, conduit):
    """The suspended CPU's registers, read by the host, are those of the SYSTEM_SUSPEND call."""
    with machine.qmp() as client:
        cpu = client.execute("x-torpor-query-cpu", {"cpu": 0})
    x, pc = cpu["x"], cpu["pc"]
    shown = f"pc {pc:#x}, x0 {x[0]:#x}, x1 {x[1]:#x}, x2 {x[2]:#x}"
    expect(cpu.get("state") == "system-suspended", f"CPU 0 made the call and its state is "
                                            f"'{cpu.get('state')}', expected 'system-suspended'")
    expect(x[0] in (SYSTEM_SUSPEND_64, SYSTEM_SUSPEND_32),
           f"expected x0 to be the id of SYSTEM_SUSPEND: {shown}")
    expect(image[0] <= x[1] <= image[1], "expected x1 to be an entry within the kernel's image, "
                                         f"{image[0]:#x} to {image[1]:#x}: {shown}")
    expect(x[2] == 0, f"expected x2 to be Linux's context id, 0: {shown}")
    # The function is a handful of instructions; the call is among the first.
    expect(conduit <= pc <= conduit + 32, f"expected pc in __arm_smccc_hvc, at {conduit:#x}: "
                                          f"{shown}")
    return f"the suspended caller: {shown} (in __arm_smccc_hvc)"


def has_nonce(answer, nonce, boot_id, holder):
    """The very process that was frozen prints the secret, in the same boot of the kernel."""
    if answer["nonce"] != nonce:
        raise NonceLost(f"the process prints the nonce '{answer['nonce']}', expected '{nonce}'")
    if answer["boot_id"] != boot_id:
        raise NonceLost(f"boot_id is {answer['boot_id']}, expected {boot_id}")
    if answer["holder"].split()[:2] != holder.split()[:2]:
        raise NonceLost(f"another process answers: {answer['holder']}, expected {holder}")
    return f"the same process ({answer['holder']}) prints the nonce {nonce}, boot_id {boot_id}"
