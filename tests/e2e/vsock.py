# SPDX-License-Identifier: BSD-3-Clause
"""The host's end of sockets to a guest: data that comes back, and connections that end."""

import hashlib
import os
import pathlib
import socket
import subprocess
import threading
import time

from torporvm import Failure, expect

DEVICE = pathlib.Path("/dev/vhost-vsock")
TIMEOUT_S = 60


def why_no_device():
    """Why sockets to a guest can't be tried here; None if they can."""
    subprocess.run(["modprobe", "vhost_vsock"], stdin=subprocess.DEVNULL, capture_output=True,
                   check=False)
    return None if DEVICE.exists() else f"no {DEVICE}, and modprobe vhost_vsock did not bring it"


def listen(port):
    server = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    server.bind((socket.VMADDR_CID_ANY, port))
    server.listen(1)
    server.settimeout(TIMEOUT_S)
    return server


def accept(server):
    connection, peer = server.accept()
    connection.settimeout(TIMEOUT_S)
    return connection, peer


def connect(cid, port):
    """A connection to the guest; its program may only just be starting to listen."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        connection = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect((cid, port))
            return connection
        except OSError as why:
            connection.close()
            if time.monotonic() > deadline:
                raise Failure(f"no connection to port {port} of CID {cid}: {why}") from why
            time.sleep(0.2)


def _receive(connection, size, digest):
    left = size
    while left:
        data = connection.recv(min(left, 1 << 16))
        if not data:
            raise Failure(f"the connection ended {left} bytes before the {size} that were sent")
        digest.update(data)
        left -= len(data)


def exchange(connection, size):
    """@size random bytes to the guest and back; the checksum of both, in words."""
    data = os.urandom(size)
    failed = []

    def send():
        try:
            connection.sendall(data)
        except OSError as why:
            failed.append(why)

    thread = threading.Thread(target=send)
    thread.start()
    back = hashlib.sha256()
    try:
        _receive(connection, size, back)
    finally:
        thread.join()
    expect(not failed, f"sending to the guest failed: {failed}")
    there = hashlib.sha256(data).hexdigest()
    expect(back.hexdigest() == there, f"{size} bytes went to the guest with checksum {there} and "
                                      f"came back with {back.hexdigest()}")
    return f"{size} bytes there and back, SHA-256 {there[:16]}…"


def ends(connection):
    """What is sent on @connection no longer reaches anybody; how it ended, in words."""
    deadline = time.monotonic() + TIMEOUT_S
    try:
        while time.monotonic() < deadline:
            connection.sendall(b"anybody there?")
            data = connection.recv(1 << 16)
            if not data:
                return "closed"
            # What was on its way before.
    except TimeoutError as why:
        raise Failure("a connection from before hangs: neither data nor an end") from why
    except OSError as why:
        return why.strerror
    raise Failure("a connection from before still answers")
