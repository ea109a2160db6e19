# SPDX-License-Identifier: BSD-3-Clause
"""The control socket, driven by a client that nobody here wrote: QEMU's own library, qemu.qmp."""

import asyncio
import contextlib
import pathlib
import socket
import sys
import time
import types

from bare import BareMachine
from tap import Scenario
from torporvm import expect

WAIT_S = 30
STOPPED_S = 4
# Between two ticks of the small guest's clock, at most; it ticks four times a second.
TICK_GAP_S = 2.5


def import_qmp():
    """The library. It names TLS in a signature, and the test bed's Python has no OpenSSL."""
    try:
        import ssl  # pylint: disable=import-outside-toplevel,unused-import
    except ImportError:
        sys.modules["ssl"] = types.ModuleType("ssl")
        sys.modules["ssl"].SSLContext = type(None)
    from qemu import qmp  # pylint: disable=import-outside-toplevel
    return qmp


class Client:
    """A connection of the library's, from which events are read as they come."""

    def __init__(self, path):
        self.qmp = import_qmp().QMPClient("torpor-e2e")
        self.path = str(path)

    async def __aenter__(self):
        await asyncio.wait_for(self.qmp.connect(self.path), WAIT_S)
        return self

    async def __aexit__(self, *_):
        # A server that has ended has closed the connection, which the library tells by an error.
        with contextlib.suppress(Exception):
            await self.qmp.disconnect()

    async def ask(self, command, **arguments):
        return await asyncio.wait_for(self.qmp.execute(command, arguments or None), WAIT_S)

    async def event(self, name):
        """The next event of that name."""
        while True:
            event = await asyncio.wait_for(self.qmp.events.get(), WAIT_S)
            if event["event"] == name:
                return event


class PublicClient(Scenario):
    """A machine with the small guest, whose clock ticks on its console."""

    def __init__(self, options):
        super().__init__(options)
        self.name = "public-client"
        sys.path.insert(0, str(pathlib.Path(options.qmp_library).resolve()))

    def boots(self):
        self.machine = BareMachine(self.options, self.name, cpus=2, memory="64M", psci="1.3",
                                   cmdline="case=clock")
        self.machine.start()
        self.machine.console.wait("^tick 0x", WAIT_S)

    def talk(self, conversation):
        async def run():
            async with Client(self.machine.control) as client:
                await conversation(client)
        asyncio.run(run())

    def greets(self):
        async def conversation(client):
            greeting = client.qmp.greeting
            expect(greeting.QMP.version["package"].startswith("torpor "),
                   f"it greets as {greeting.QMP.version}")
            names = [each["name"] for each in await client.ask("query-commands")]
            for name in ("stop", "cont", "system_powerdown", "x-torpor-suspend"):
                expect(name in names, f"query-commands lacks {name}: {names}")
            status = await client.ask("query-status")
            expect(status == {"status": "running", "running": True}, f"query-status: {status}")
        self.talk(conversation)

    def lists_cpus(self):
        async def conversation(client):
            cpus = await client.ask("query-cpus-fast")
            tasks = pathlib.Path(f"/proc/{self.machine.process.pid}/task")
            expect([cpu["cpu-index"] for cpu in cpus] == [0, 1], f"query-cpus-fast: {cpus}")
            for cpu in cpus:
                expect((tasks / str(cpu["thread-id"])).exists() and cpu["target"] == "aarch64",
                       f"{cpu}: no such thread, or not arm64")
        self.talk(conversation)

    def refuses(self):
        qmp = import_qmp()

        async def conversation(client):
            for command, arguments in (("system_wakeup", {}), ("no-such-command", {}),
                                       ("system_powerdown", {"timeout": -1})):
                try:
                    answer = await client.ask(command, **arguments)
                except qmp.ExecuteError:
                    continue
                expect(False, f"{command} {arguments} was answered by {answer}")
        self.talk(conversation)

    def ticks(self):
        """What the guest's clock showed at each tick so far, and its frequency."""
        lines = [line.split() for line in self.machine.console.lines]
        found = [line for line in lines if len(line) == 3 and line[0] == "tick"]
        return [int(line[1], 16) for line in found], int(found[0][2], 16)

    def stops(self):
        async def conversation(client):
            await client.ask("stop")
            await client.event("STOP")
            status = await client.ask("query-status")
            expect(status == {"status": "paused", "running": False}, f"query-status: {status}")
            await asyncio.sleep(0.5)
            before = len(self.machine.console.lines)
            used = self.machine.cpu_ticks()
            await asyncio.sleep(STOPPED_S)
            expect(len(self.machine.console.lines) == before, "the guest ran while it was stopped")
            used = self.machine.cpu_ticks() - used
            expect(used <= 2, f"torpor used {used} ticks of CPU time while it was stopped")
            info = await client.ask("x-torpor-query-cpu", cpu=0)
            expect(info["state"] == "on", f"CPU 0 is {info['state']}, expected on")
            await client.ask("cont")
            await client.event("RESUME")
        self.talk(conversation)
        console = self.machine.console
        console.wait("^tick 0x", WAIT_S, len(console.lines) + 4, "tick after cont")
        seen, frequency = self.ticks()
        gap = max(after - before for before, after in zip(seen, seen[1:]))
        expect(0 < gap < TICK_GAP_S * frequency,
               f"the guest saw {gap / frequency:.2f} s pass between two ticks; "
               f"it was stopped for {STOPPED_S} s")

    def does_not_react(self):
        async def conversation(client):
            started = time.monotonic()
            await client.ask("system_powerdown", timeout=2)
            await client.event("POWERDOWN")
            event = await client.event("X_TORPOR_GUEST_UNRESPONSIVE")
            expect(event["data"]["request"] == "powerdown", f"the event is {event}")
            expect(time.monotonic() - started >= 1.9, "the event came too early")
        self.talk(conversation)

    def resets(self):
        async def conversation(client):
            await client.ask("system_reset")
            event = await client.event("RESET")
            expect(event["data"] == {"guest": False, "reason": "host-qmp-system-reset"},
                   f"the event is {event}")
            await client.event("STARTED")
        seen = len(self.machine.console.lines)
        self.talk(conversation)
        # It may have been in the middle of a line.
        self.machine.console.wait("bare: psci 0x10003", WAIT_S, seen, "the guest's start")

    def several(self):
        """Two hear the same; a third that reads nothing is no hindrance to them."""
        async def conversation(first):
            deaf = socket.socket(socket.AF_UNIX)
            deaf.connect(str(self.machine.control))
            deaf.sendall(b'{"execute":"qmp_capabilities"}')
            async with Client(self.machine.control) as second:
                for _ in range(20):
                    await first.ask("stop")
                    await second.event("STOP")
                    await second.ask("cont")
                    await first.event("RESUME")
            deaf.close()
        self.talk(conversation)

    def quits(self):
        async def conversation(client):
            await client.ask("quit")
            event = await client.event("SHUTDOWN")
            expect(event["data"]["reason"] == "host-qmp-quit", f"the event is {event}")
        self.talk(conversation)
        self.machine.expect_exit(13)


PublicClient.checks = [
    ("a machine with the small guest's clock boots", PublicClient.boots),
    ("qemu.qmp connects and negotiates, and finds the commands", PublicClient.greets),
    ("query-cpus-fast names the threads of the CPUs", PublicClient.lists_cpus),
    ("what cannot be done is an error to qemu.qmp", PublicClient.refuses),
    ("stop and cont: the guest does not run, and sees no time pass", PublicClient.stops),
    ("a guest that does not react to system_powerdown is told of", PublicClient.does_not_react),
    ("system_reset starts the guest over", PublicClient.resets),
    ("several clients at once, one that reads nothing among them", PublicClient.several),
    ("quit ends it, and qemu.qmp hears of it", PublicClient.quits),
]

SCENARIOS = {"public-client": PublicClient}
