# SPDX-License-Identifier: BSD-3-Clause
"""A small QMP client: greeting, capabilities, commands, events, each with a time limit."""

import json
import socket
import time


class QmpError(Exception):
    """The server answered with an error object: class_ and desc are its fields."""

    def __init__(self, command, error):
        self.class_ = error.get("class")
        self.desc = error.get("desc")
        super().__init__(f"{command}: {self.class_}: {self.desc}")


class QmpClosed(Exception):
    """The connection was closed, or nothing came within the time limit."""


class Qmp:
    """One connection. Use as a context manager."""

    def __init__(self, path, timeout_s=10):
        self.path = str(path)
        self.timeout_s = timeout_s
        self.events = []
        self.buffer = b""
        self.sock = self._connect()
        try:
            self.greeting = self._receive(timeout_s)
            if "QMP" not in self.greeting:
                raise QmpClosed(f"{self.path}: expected QMP's greeting, got {self.greeting}")
            self.execute("qmp_capabilities")
        except BaseException:
            self.sock.close()
            raise

    def _connect(self):
        deadline = time.monotonic() + self.timeout_s
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.connect(self.path)
                return sock
            except (FileNotFoundError, ConnectionRefusedError) as why:
                sock.close()
                if time.monotonic() > deadline:
                    raise QmpClosed(f"{self.path}: nobody listens after {self.timeout_s} s "
                                    f"({why.strerror})") from why
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _receive(self, timeout_s):
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise QmpClosed(f"{self.path}: no answer within {timeout_s} s")
            self.sock.settimeout(left)
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                continue
            if not data:
                raise QmpClosed(f"{self.path}: closed by the other side")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def execute(self, command, arguments=None, timeout_s=None):
        """The command's return value; QmpError if it was refused."""
        request = {"execute": command, "id": command}
        if arguments is not None:
            request["arguments"] = arguments
        self.sock.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = self._receive(timeout_s or self.timeout_s)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise QmpError(command, answer["error"])
            elif "return" in answer:
                if answer.get("id") != command:
                    raise QmpClosed(f"{self.path}: {command}: expected its id back, got {answer}")
                return answer["return"]
            else:
                raise QmpClosed(f"{self.path}: {command}: no return, error or event: {answer}")
