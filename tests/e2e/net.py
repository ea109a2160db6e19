# SPDX-License-Identifier: BSD-3-Clause
"""Network devices: data both ways over a tap interface and over passt, across suspend to RAM and
across hibernation. All traffic stays in a network namespace of the check's own."""

import os
import pathlib
import shutil
import time

import hostnet
import observe
import torporvm
from tap import Scenario, Skip
from torporvm import Machine, expect

MIB = 1 << 20
ECHO_PORT = 7007
NOBODY = 65534
# Starts torpor without privileges.
AS_NOBODY = ["python3", "-c",
             f"import os, sys; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); "
             "os.execvp(sys.argv[1], sys.argv[1:])"]
# The default of the first network device.
MAC = "02:74:70:72:00:00"


class Networked(Scenario):
    """A machine in a network of its own, and what is true of it however it is connected."""

    name = None
    namespace = None
    echo = None
    # Where the guest's echo port is seen, where the host listens, and what the guest calls that.
    guest_address = host_listens = guest_sees = None

    def __init__(self, options):
        super().__init__(options)
        self.work = pathlib.Path(options.work) / (self.name + "-disks")
        self.work.mkdir(parents=True, exist_ok=True)
        self.disk = torporvm.blank_disk(self.work / "disk.raw", 512 * MIB)

    def close(self):
        super().close()
        if self.echo:
            self.echo.close()
        if self.namespace:
            self.namespace.close()

    def use(self, machine):
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = machine
        machine.start()

    def swaps(self):
        hostnet.swap(self.machine, self.host_listens, self.guest_sees, 2 * MIB)

    def connects(self):
        """A connection from the host into the guest, kept for the later checks."""
        self.machine.guest.run(f"net echo {ECHO_PORT}")
        self.echo = hostnet.Echo(self.guest_address, ECHO_PORT)
        self.echo.check(MIB, "first use")

    def asleep(self):
        before = len(self.machine.events())
        pending = self.machine.guest.start("suspend")
        pending.wait_for("suspending", 30)
        index, _ = self.machine.wait_event("SUSPEND", 60, before)
        return pending, index

    def suspends(self):
        """What is sent to a sleeping guest does not wake it, and is there when something does."""
        pending, index = self.asleep()
        data = os.urandom(MIB // 4)
        self.echo.send(data)
        time.sleep(2)
        observe.is_suspended(self.machine)
        observe.idle_ticks(self.machine, 2)
        with self.machine.qmp() as client:
            client.execute("system_wakeup")
        self.machine.wait_event("WAKEUP", 10, index, reason="host")
        answer = pending.answer(60)
        expect(answer["suspend_success"] == "1", "the guest counts no suspend that succeeded")
        self.echo.expect_back(data, "sent while the guest slept")
        self.echo.check(MIB, "the same connection after the suspend")

    def hibernate(self):
        pending = self.machine.guest.start("hibernate")
        pending.wait_for("hibernating", 60)
        self.machine.expect_exit(10, 180)
        return pending

    def resume(self, pending, machine):
        self.use(machine)
        pending.answer(180, self.machine.console)
        answer = self.machine.guest.run("net report")
        expect(answer["mac"] == MAC and answer["carrier"] == "1",
               f"resumed, the guest's interface has address {answer['mac']} and carrier "
               f"{answer['carrier']}, expected {MAC} and 1")


class Tap(Networked):
    name = "net-tap"
    guest_address = "10.99.0.2"
    host_listens = guest_sees = "10.99.0.1"

    def make(self):
        return Machine(self.options, self.name, disks=[self.disk],
                       extra=["--net", "tap=torpor0"])

    def boots(self):
        self.namespace = hostnet.Namespace()
        hostnet.make_tap("torpor0", f"{self.host_listens}/24")
        self.use(self.make())
        self.machine.guest.wait_ready()
        answer = self.machine.guest.run(f"net up {self.guest_address}/24")
        expect(answer["mac"] == MAC and answer["carrier"] == "1",
               f"the guest's interface has address {answer['mac']} and carrier "
               f"{answer['carrier']}, expected {MAC} and 1")
        self.machine.guest.run(f"net ping {self.host_listens}")

    def hibernates(self):
        """The host's side of the connection waits meanwhile, and finds the same guest."""
        self.resume(self.hibernate(), self.make())
        self.echo.check(MIB, "the same connection after the hibernation")
        self.swaps()

    def loses_link(self):
        """The interface is removed: the guest sees its link go, and the machine goes on."""
        hostnet.ip("link", "delete", "torpor0")
        deadline = time.monotonic() + 20
        while self.machine.guest.run("net report")["carrier"] != "0":
            expect(time.monotonic() < deadline, "the tap interface is gone and the guest's link is "
                                                "still up")
        lines = [line for line in self.machine.stderr_lines if "tap=torpor0" in line]
        expect(len(lines) == 1, f"expected one line about torpor0, got {lines}")
        observe.idle_ticks(self.machine, 2, 20)
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)


class Passt(Networked):
    """passt, and torpor too, as a user without privileges."""

    name = "net-passt"
    guest_address = host_listens = "127.0.0.1"
    # Of the interface that leads nowhere: passt gives the guest the host's address, and takes
    # what the guest sends to the router to the host's loopback.
    address, guest_sees = "192.0.2.10", "192.0.2.1"

    def make(self):
        machine = Machine(
            self.options, self.name, disks=[self.disk],
            extra=["--net", f"passt,mtu=65520,args=-t {ECHO_PORT}"], wrapper=AS_NOBODY)
        os.chown(machine.dir, NOBODY, NOBODY)
        return machine

    def boots(self):
        if shutil.which("passt") is None:
            raise Skip("passt is not installed")
        self.namespace = hostnet.Namespace()
        hostnet.make_dummy("torpor1", f"{self.address}/24", self.guest_sees)
        os.chmod(self.options.work, 0o711)
        os.chmod("/dev/kvm", 0o666)
        os.chown(self.disk, NOBODY, NOBODY)
        self.use(self.make())
        self.machine.guest.wait_ready()
        answer = self.machine.guest.run("net dhcp")
        expect(answer["address"].startswith(self.address + "/"),
               f"the guest's address is {answer['address']}, expected {self.address} by DHCP")

    def hibernates(self):
        """A new passt knows nothing of old connections; new ones work both ways."""
        pending = self.hibernate()
        self.echo.close()
        self.resume(pending, self.make())
        self.echo = hostnet.Echo(self.guest_address, ECHO_PORT)
        self.echo.check(MIB, "a new connection after the hibernation")
        self.swaps()

    def passts(self):
        """pids of all passt processes that are no zombies."""
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            if "(passt" in stat and stat.rsplit(")", 1)[1].split()[0] != "Z":
                found.append(int(folder.name))
        return found

    def ends(self):
        """passt ends with torpor, however that ends."""
        expect(self.passts(), "the machine runs, and no passt does")
        self.machine.process.kill()
        self.machine.process.wait()
        deadline = time.monotonic() + 10
        while self.passts():
            expect(time.monotonic() < deadline, "torpor was killed, and its passt still runs")
            time.sleep(0.1)

    def refused(self):
        """What passt does not like is one line, and exit 2."""
        machine = Machine(self.options, self.name + "-bad", wrapper=AS_NOBODY,
                          extra=["--net", "passt,args=-t 99999"])
        os.chown(machine.dir, NOBODY, NOBODY)
        self.use(machine)
        machine.expect_exit(2)
        expect(len(machine.stderr_lines) == 1 and "99999" in machine.stderr_lines[0],
               f"expected one line that names 99999, got {machine.stderr_lines}")


COMMON = [
    ("megabytes go both ways at once, with check sums compared", Networked.swaps),
    ("the host connects to the guest", Networked.connects),
    ("a suspend to RAM: what comes meanwhile does not wake, and is not lost", Networked.suspends),
]
Tap.checks = [
    ("tap: the guest has its interface, and pings the host", Tap.boots),
    *((f"tap: {name}", method) for name, method in COMMON),
    ("tap: the same connection after hibernation and resume", Tap.hibernates),
    ("tap: an interface that is removed takes the guest's link down", Tap.loses_link),
]
Passt.checks = [
    ("passt: torpor starts it without privileges, and the guest has its address by DHCP",
     Passt.boots),
    *((f"passt: {name}", method) for name, method in COMMON),
    ("passt: new connections both ways after hibernation and resume", Passt.hibernates),
    ("passt: it ends when torpor is killed", Passt.ends),
    ("passt: bad options are one line, exit 2", Passt.refused),
]

SCENARIOS = {"net-tap": Tap, "net-passt": Passt}
