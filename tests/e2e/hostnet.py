# SPDX-License-Identifier: BSD-3-Clause
"""The host's network for a check: a namespace of its own, interfaces, and TCP peers of a guest."""

import ctypes
import fcntl
import hashlib
import os
import pathlib
import selectors
import socket
import struct
import subprocess
import threading
import time

from tap import Skip
from torporvm import expect

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
TUNSETOWNER = 0x400454CC
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """This thread, and the processes it starts, in a network of their own until close()."""

    def __init__(self):
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if LIBC.unshare(CLONE_NEWNET) != 0:
            os.close(self.before)
            raise Skip("a network namespace takes root")
        ip("link", "set", "lo", "up")

    def close(self):
        LIBC.setns(self.before, CLONE_NEWNET)
        os.close(self.before)


def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True, timeout=30, check=False)
    expect(done.returncode == 0, f"ip {' '.join(args)}: {done.stderr.strip()}")


def modprobe(name):
    """What is built in needs none, and may have no modprobe."""
    subprocess.run(["modprobe", name], capture_output=True, timeout=30, check=False)


def make_tap(name, address, owner=0):
    """A tap interface that stays, up, with @address (with its prefix), which @owner may open."""
    modprobe("tun")
    if not pathlib.Path("/dev/net/tun").exists():
        raise Skip("the host's kernel has no /dev/net/tun")
    with open("/dev/net/tun", "r+b", buffering=0) as tun:
        flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        fcntl.ioctl(tun, TUNSETOWNER, owner)
        fcntl.ioctl(tun, TUNSETPERSIST, 1)
    ip("addr", "add", address, "dev", name)
    ip("link", "set", name, "up")


def make_dummy(name, address, router):
    """An interface that leads nowhere, with an address and a default route, as passt wants one."""
    modprobe("dummy")
    ip("link", "add", name, "type", "dummy")
    ip("addr", "add", address, "dev", name)
    ip("link", "set", name, "up")
    ip("route", "add", "default", "via", router, "dev", name)


def md5(data):
    return hashlib.md5(data).hexdigest()


def swap(machine, listen_at, guest_sees, size, timeout_s=180):
    """The guest connects to us, and @size random bytes go each way at the same time."""
    data = os.urandom(size)
    with socket.create_server((listen_at, 0)) as server:
        server.settimeout(60)
        port = server.getsockname()[1]
        pending = machine.guest.start(f"net swap {guest_sees} {port} {size}")
        connection, _ = server.accept()
        with connection:
            received = _exchange(connection, data, size, timeout_s)
        answer = pending.answer(timeout_s)
    expect(len(received) == size and answer["sent"] == md5(received),
           f"the guest sent {size} bytes of md5 {answer['sent']}, the host got {len(received)} of "
           f"{md5(received)}")
    expect(answer["received"] == md5(data), f"the host sent {size} bytes of md5 {md5(data)}, the "
                                            f"guest got {answer['received']}")


def _exchange(connection, data, size, timeout_s):
    """Send @data, receive up to @size bytes, neither waiting for the other."""
    received = bytearray()
    sent = 0
    deadline = time.monotonic() + timeout_s
    connection.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while len(received) < size or sent < len(data):
            left = deadline - time.monotonic()
            expect(left > 0, f"{len(received)} of {size} bytes came and {sent} went within "
                             f"{timeout_s} s")
            for _, events in selector.select(left):
                if events & selectors.EVENT_READ:
                    part = connection.recv(1 << 16)
                    if not part:
                        return bytes(received)
                    received += part
                if events & selectors.EVENT_WRITE and sent < len(data):
                    sent += connection.send(data[sent:sent + (1 << 16)])
            if sent == len(data):
                selector.modify(connection, selectors.EVENT_READ)
    connection.setblocking(True)
    connection.shutdown(socket.SHUT_WR)
    return bytes(received)


class Echo:
    """A connection to a port of the guest that gives back what it gets."""

    def __init__(self, address, port):
        self.connection = socket.create_connection((address, port), 60)
        self.connection.settimeout(120)

    def send(self, data):
        self.connection.sendall(data)

    def expect_back(self, data, when):
        got = bytearray()
        while len(got) < len(data):
            part = self.connection.recv(min(1 << 16, len(data) - len(got)))
            expect(part, f"{when}: the connection ended after {len(got)} of {len(data)} bytes")
            got += part
        expect(got == data, f"{when}: {len(data)} bytes of md5 {md5(data)} came back as "
                            f"{md5(bytes(got))}")

    def check(self, size, when):
        """Sends and takes back at once: what the two sides buffer may be less than it all."""
        data = os.urandom(size)
        sender = threading.Thread(target=self.send, args=(data,), daemon=True)
        sender.start()
        self.expect_back(data, when)
        sender.join()

    def close(self):
        self.connection.close()
