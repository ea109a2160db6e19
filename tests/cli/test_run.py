#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""torpor run with a machine that needs no KVM: test_run.py TORPOR

The program is linked with tests/vmm/fake_machine.c, whose guest does what --append says.
"""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time

from tapcheck import equal, expect, main

TIME_LIMIT_S = 30


def arguments(folder, program, *more):
    kernel = folder / "Image"
    kernel.write_bytes(bytes(56) + b"ARM\x64" + bytes(4))
    return ["run", "--kernel", str(kernel), "--append", program, *more]


class Running:
    """A torpor that runs; killed at the end if it still does."""

    def __init__(self, torpor, args, **more):
        more = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                **more}
        self.process = subprocess.Popen(torpor.command(*args), **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def end(self):
        """Exit status, standard output and error."""
        out, err = self.process.communicate(timeout=TIME_LIMIT_S)
        return self.process.returncode, out, (err or b"").decode()


def wait_until(condition, what):
    deadline = time.monotonic() + TIME_LIMIT_S
    while not condition():
        expect(time.monotonic() < deadline, f"not within {TIME_LIMIT_S} s: {what}")
        time.sleep(0.01)


def read_until(fd, wanted):
    """All bytes of fd up to the bytes that are waited for."""
    got = b""
    while wanted not in got:
        ready, _, _ = select.select([fd], [], [], TIME_LIMIT_S)
        expect(ready, f"{wanted!r} did not come after {got!r}")
        data = os.read(fd, 65536)
        expect(data, f"the end came after {got!r}, before {wanted!r}")
        got += data
    return got


def end_by_signal(run, number, messages):
    """Ends it by a signal: SIGHUP at once, another when it comes again. @messages: fd of stderr."""
    run.process.send_signal(number)
    if number != signal.SIGHUP:
        read_until(messages, b"another signal ends it at once")
        run.process.send_signal(number)


def exit_statuses(torpor, folder):
    """the exit status says how the machine ended"""
    for program, status in (("off", 0), ("hibernate", 10), ("reset", 11), ("crash", 12),
                            ("fail", 1), ("create-fails", 1), ("start-fails", 1)):
        end = torpor.run(*arguments(folder, program))
        equal(end.returncode, status, f"{program}: exit status")
    expect("torpor: CPU 0 cannot be started" in end.stderr, end.stderr)


def output_is_whole(torpor, folder):
    """all that the guest wrote is there, however much, and then the exit"""
    with Running(torpor, arguments(folder, "flood:5000000 print:last off")) as run:
        # A reader that starts late, and is slow at first.
        time.sleep(0.3)
        got = b""
        for _ in range(20):
            got += os.read(run.process.stdout.fileno(), 1000)
            time.sleep(0.01)
        status, out, err = run.end()
    got += out
    equal(status, 0, "exit status")
    equal(err, "", "standard error")
    expect(got.endswith(b"last\r\n"), f"the end: {got[-100:]!r}")
    equal(len(got), 5000000 + len(b"last\r\n"), "bytes of output")


def closed_output(torpor, folder):
    """a closed standard output costs the guest nothing"""
    with Running(torpor, arguments(folder, "flood:3000000 hibernate")) as run:
        run.process.stdout.close()
        run.process.stdout = None
        status, _, err = run.end()
    equal(status, 10, "exit status")
    equal(err.count("output is dropped"), 1, f"told once in {err!r}")


def full_output(torpor, folder):
    """a full disk under standard output is told once, and the guest goes on"""
    with open("/dev/full", "wb") as full:
        with Running(torpor, arguments(folder, "print:a sleep:50 print:b sleep:50 off"),
                     stdout=full) as run:
            status, _, err = run.end()
    equal(status, 0, "exit status")
    equal(err.count("output is dropped"), 1, f"told once in {err!r}")


def stalled_output(torpor, folder):
    """while nobody reads the output, the socket answers, and signals end a guest that writes"""
    control = folder / "control"
    with Running(torpor, arguments(folder, "flood:50000000", "--control", str(control))) as run:
        wait_until(control.exists, "the control socket")
        time.sleep(0.5)
        with Client(control) as client:
            equal(client.ask("query-status")["return"]["status"], "running", "status")
        started = time.monotonic()
        end_by_signal(run, signal.SIGTERM, run.process.stderr.fileno())
        equal(run.process.wait(TIME_LIMIT_S), 13, "exit status")
        expect(time.monotonic() - started < 10, "it took too long")


def input_reaches_the_guest(torpor, folder):
    """standard input goes to the guest as it is, the escape key too, and its end is no end"""
    text = "".join(f"{i} \x01x\x03\n" for i in range(2000))
    end = torpor.run(*arguments(folder, "echo print:done off"), text=text + ".")
    equal(end.returncode, 0, "exit status")
    equal(end.stdout, text + "done\n", "output")
    end = torpor.run(*arguments(folder, "sleep:200 print:alive off"))
    equal(end.stdout, "alive\n", "output after the input's end")


def signals_end_it(torpor, folder):
    """SIGINT and SIGTERM, twice, and SIGHUP end the machine in order, SIGPIPE does not"""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        events = folder / f"events{number}"
        args = arguments(folder, "print:up echo", "--events", str(events),
                         "--pidfile", str(folder / "pid"), "--control", str(folder / "control"))
        with Running(torpor, args) as run:
            read_until(run.process.stdout.fileno(), b"up")
            equal((folder / "pid").read_text(), f"{run.process.pid}\n", "pid file")
            run.process.send_signal(signal.SIGPIPE)
            end_by_signal(run, number, run.process.stderr.fileno())
            status, _, err = run.end()
        equal(status, 13, "exit status")
        equal(err.strip(), "", "standard error")
        told = [json.loads(line) for line in events.read_text().splitlines()]
        asked = [] if number == signal.SIGHUP else [("POWERDOWN", "host-signal")]
        equal([(event["event"], event.get("reason")) for event in told[1:]],
              [*asked, ("SHUTDOWN", "host-signal")], "events after the start")
        expect(not (folder / "pid").exists(), "the pid file is left")
        expect(not (folder / "control").exists(), "the control socket is left")


def signal_asks_the_guest(torpor, folder):
    """a guest that obeys its power key powers off at the first signal, suspended or not"""
    for program, woken in (("print:up obey", []), ("print:up suspend obey", ["WAKEUP"])):
        events = folder / "events"
        events.unlink(missing_ok=True)
        with Running(torpor, arguments(folder, program, "--events", str(events))) as run:
            read_until(run.process.stdout.fileno(), b"up")
            wait_until(lambda: not woken or "SUSPEND" in events.read_text(), "the suspend")
            run.process.send_signal(signal.SIGINT)
            status, _, err = run.end()
        equal(status, 0, "exit status")
        expect("asked to power off" in err, err)
        told = [json.loads(line)["event"] for line in events.read_text().splitlines()]
        equal(told[-2 - len(woken):], ["POWERDOWN", *woken, "SHUTDOWN"], "events")
        expect('"key":"power"' in events.read_text() or not woken, "the key that woke it")


def signal_after_a_reset_asks_anew(torpor, folder):
    """a guest that was asked and started over instead is asked by the next signal, not ended"""
    events = folder / "events"
    with Running(torpor, arguments(folder, "print:up echo restart obey",
                                   "--events", str(events))) as run:
        read_until(run.process.stdout.fileno(), b"up")
        run.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "POWERDOWN" in events.read_text(), "the power key")
        run.process.stdin.write(b".")
        run.process.stdin.flush()
        wait_until(lambda: "RESET" in events.read_text(), "the reset")
        run.process.send_signal(signal.SIGTERM)
        equal(run.end()[0], 0, "exit status")


def signal_ends_a_paused_machine(torpor, folder):
    """a guest that is paused is not asked: it could not react"""
    path = folder / "control"
    with Running(torpor, arguments(folder, "print:up echo", "--control", str(path))) as run:
        read_until(run.process.stdout.fileno(), b"up")
        with Client(path) as client:
            equal(client.ask("stop"), {"return": {}}, "answer")
            run.process.send_signal(signal.SIGTERM)
            client.wait_event("SHUTDOWN")
            equal([event["event"] for event in client.events], ["STOP", "SHUTDOWN"], "events")
        status, _, err = run.end()
    equal(status, 13, "exit status")
    equal(err, "", "standard error")


def hang_up_is_ignored_under_nohup(torpor, folder):
    """an ignored SIGHUP stays ignored"""
    with Running(torpor, arguments(folder, "print:up echo off"),
                 preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
        read_until(run.process.stdout.fileno(), b"up")
        run.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        run.process.stdin.write(b"still here.")
        run.process.stdin.flush()
        read_until(run.process.stdout.fileno(), b"still here")
        equal(run.end()[0], 0, "exit status")


class Client:
    """A client of the control socket."""

    def __init__(self, path):
        self.events = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIME_LIMIT_S)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("r", encoding="utf-8")
        expect("QMP" in self.read(), "no greeting")
        self.ask("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def read(self):
        line = self.file.readline()
        return json.loads(line) if line else None

    def ask(self, command, **more):
        request = {"execute": command, **({"arguments": more} if more else {})}
        self.socket.sendall(json.dumps(request).encode())
        while "event" in (answer := self.read()):
            self.events.append(answer)
        return answer

    def wait_event(self, name):
        while name not in [event["event"] for event in self.events]:
            self.events.append(self.read())


def control(torpor, folder):
    """a suspended machine is woken over the control socket, its events are told there, it quits"""
    path = folder / "control"
    events = folder / "events"
    with Running(torpor, arguments(folder, "print:up echo suspend echo", "--control", str(path),
                                   "--events", str(events))) as run:
        read_until(run.process.stdout.fileno(), b"up")
        with Client(path) as client:
            equal(client.ask("query-status")["return"]["status"], "running", "status")
            expect("error" in client.ask("system_wakeup"), "woke what was not suspended")
            run.process.stdin.write(b".")
            run.process.stdin.flush()
            client.wait_event("SUSPEND")
            wait_until(lambda: client.ask("query-status")["return"]["status"] == "suspended",
                       "the suspended status")
            info = client.ask("x-torpor-query-cpu", cpu=0)["return"]
            equal((info["cpu"], len(info["x"])), (0, 31), "CPU")
            equal(client.ask("system_wakeup"), {"return": {}}, "answer")
            client.wait_event("WAKEUP")
            equal(client.ask("quit"), {"return": {}}, "answer")
            client.wait_event("SHUTDOWN")
            equal(client.events[-1]["data"]["reason"], "host-qmp-quit", "reason")
            equal(client.read(), None, "the connection's end")
        equal(run.end()[0], 13, "exit status")
    logged = [json.loads(line)["event"] for line in events.read_text().splitlines()]
    equal(logged, ["STARTED", "SUSPEND", "WAKEUP", "SHUTDOWN"], "events in the file")


def events_on_standard_error(torpor, folder):
    """--events - writes to standard error, and standard output is the guest's alone"""
    end = torpor.run(*arguments(folder, "print:hello log:careful off", "--events", "-"))
    equal(end.stdout, "hello\n", "standard output")
    lines = end.stderr.splitlines()
    equal([json.loads(line)["event"] for line in lines if line.startswith("{")],
          ["STARTED", "SHUTDOWN"], "events")
    expect("torpor: careful" in lines, f"the log line in {lines}")


def stale_files(torpor, folder):
    """what a killed torpor left is no obstacle"""
    args = arguments(folder, "print:up echo", "--control", str(folder / "control"),
                     "--pidfile", str(folder / "pid"))
    with Running(torpor, args) as run:
        read_until(run.process.stdout.fileno(), b"up")
        run.process.kill()
    expect((folder / "control").exists() and (folder / "pid").exists(), "nothing was left")
    with Running(torpor, args) as run:
        read_until(run.process.stdout.fileno(), b"up")
        equal((folder / "pid").read_text(), f"{run.process.pid}\n", "pid file")
        with Client(folder / "control") as client:
            client.ask("quit")
        equal(run.end()[0], 13, "exit status")
    equal(sorted(os.listdir(folder)), ["Image"], "files that are there")


def closed_standard_files(torpor, folder):
    """without standard files, no file of torpor's takes their place"""
    events = folder / "events"
    args = arguments(folder, "print:hello log:careful off", "--events", str(events))
    command = " ".join(f"'{arg}'" for arg in torpor.command(*args))
    end = subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"], timeout=TIME_LIMIT_S, check=False)
    equal(end.returncode, 0, "exit status")
    for line in events.read_text().splitlines():
        json.loads(line)


class Terminal:
    """torpor on a terminal of its own, as its session's leader."""

    def __init__(self, torpor, args):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.run = Running(torpor, args, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                           start_new_session=True, preexec_fn=self.own)

    @staticmethod
    def own():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run.__exit__()
        os.close(self.slave)
        os.close(self.master)

    def type(self, keys):
        os.write(self.master, keys)

    def is_raw(self):
        mode = termios.tcgetattr(self.slave)
        return not mode[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def expect_end(self, status, what):
        equal(self.run.process.wait(TIME_LIMIT_S), status, f"{what}: exit status")
        equal(termios.tcgetattr(self.slave), self.before, f"{what}: terminal")


def terminal(torpor, folder):
    """on a terminal all keys reach the guest but the escape key, which helps and ends"""
    with Terminal(torpor, arguments(folder, "print:up echo")) as term:
        read_until(term.master, b"up\r\n")
        expect(term.is_raw(), "the terminal is not raw")
        term.type(b"a\x03\x1a\x1c\x04b")
        read_until(term.master, b"a\x03\x1a\x1c\x04b")
        term.type(b"\x01\x01z")
        read_until(term.master, b"\x01z")
        term.type(b"\x01h")
        read_until(term.master, b"Ctrl-A Ctrl-A")
        term.type(b"\x01x")
        term.expect_end(13, "Ctrl-A x")
    with Terminal(torpor, arguments(folder, "print:up obey")) as term:
        read_until(term.master, b"up\r\n")
        term.type(b"\x01p")
        term.expect_end(0, "Ctrl-A p")


def terminal_is_restored(torpor, folder):
    """the terminal is put back on every way out"""
    for program, status in (("print:up off", 0), ("print:up hibernate", 10), ("print:up fail", 1),
                            ("print:up abort", -signal.SIGABRT), ("create-fails", 1),
                            ("start-fails", 1)):
        with Terminal(torpor, arguments(folder, program)) as term:
            term.expect_end(status, program)
    for number, status in ((signal.SIGTERM, 13), (signal.SIGHUP, 13), (signal.SIGINT, 13),
                           (signal.SIGQUIT, -signal.SIGQUIT), (signal.SIGSEGV, -signal.SIGSEGV)):
        with Terminal(torpor, arguments(folder, "print:up echo")) as term:
            read_until(term.master, b"up\r\n")
            expect(term.is_raw(), "the terminal is not raw")
            if status == 13:
                end_by_signal(term.run, number, term.master)
            else:
                term.run.process.send_signal(number)
            term.expect_end(status, number.name)


def continued(torpor, folder):
    """after SIGCONT the terminal is raw again"""
    with Terminal(torpor, arguments(folder, "print:up echo")) as term:
        read_until(term.master, b"up\r\n")
        termios.tcsetattr(term.slave, termios.TCSANOW, term.before)
        term.run.process.send_signal(signal.SIGCONT)
        wait_until(term.is_raw, "raw mode")
        term.type(b"\x01x")
        term.expect_end(13, "Ctrl-A x")


def idle(torpor, folder):
    """a machine where nothing happens costs no CPU time"""
    with Running(torpor, arguments(folder, "print:up suspend", "--control",
                                   str(folder / "control"))) as run:
        read_until(run.process.stdout.fileno(), b"up")
        with Client(folder / "control"):
            time.sleep(0.3)
            before = ticks(run.process.pid)
            time.sleep(3)
            expect(ticks(run.process.pid) - before <= 1, "it used CPU time")
        run.process.send_signal(signal.SIGHUP)
        equal(run.end()[0], 13, "exit status")


def signatures(torpor, folder):
    """with ACPI a machine has its own hardware signature, or the one that it is given"""

    def told(*options):
        with Running(torpor, arguments(folder, "signature off", *options)) as run:
            status, out, err = run.end()
            equal(status, 0, f"exit status with {options}: {err}")
            return int(out.split()[-1], 16)

    acpi = ("--firmware-tables", "acpi")
    own = told(*acpi)
    expect(own != 0, "a machine with ACPI has no signature")
    equal(told(*acpi), own, "the signature of the same machine")
    expect(told(*acpi, "--cpus", "2") != own, "another machine has the same signature")
    equal(told(*acpi, "--hardware-signature", "0x5eed1234"), 0x5EED1234, "the one that was given")
    equal(told(), 0, "the signature of a machine with a device tree")


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    # Under nohup it is ignored, by our children too; a case that wants that says so.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    sys.exit(main([exit_statuses, output_is_whole, closed_output, full_output, stalled_output,
                   input_reaches_the_guest, signals_end_it, signal_asks_the_guest,
                   signal_after_a_reset_asks_anew, signal_ends_a_paused_machine,
                   hang_up_is_ignored_under_nohup, control, events_on_standard_error, stale_files,
                   closed_standard_files, terminal, terminal_is_restored, continued, idle,
                   signatures]))
