# SPDX-License-Identifier: BSD-3-Clause
"""Chromium without a window, told what to do over a pipe, and the pictures that it takes."""

import base64
import functools
import json
import os
import select
import struct
import subprocess
import tempfile
import time
import zlib

WAIT_SECONDS = 30


class BrowserError(Exception):
    """It did not start, did not answer in time, or refused."""


class Browser:
    """One page at a time; a context manager that ends the browser."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="torpor-page-",
                                                  ignore_cleanup_errors=True)
        to_child, self.to_child = os.pipe()
        self.from_child, from_child = os.pipe()
        # It reads from descriptor 3 and writes to 4.
        command = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        self.process = subprocess.Popen(
            ["sh", "-c", command, "sh", str(to_child), str(from_child), program, "--headless=new",
             "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             f"--user-data-dir={self.folder.name}", "about:blank"],
            pass_fds=(to_child, from_child), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=self.folder.name))
        os.close(to_child)
        os.close(from_child)
        self.buffer = b""
        self.ident = 0
        self.session = None
        self.events = []

    def __enter__(self):
        try:
            targets = self.call("Target.getTargets")["targetInfos"]
            page = next(each for each in targets if each["type"] == "page")
            self.session = self.call("Target.attachToTarget", targetId=page["targetId"],
                                     flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
            self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to_child)
        os.close(self.from_child)
        self.folder.cleanup()

    # --- the pipe: JSON texts, each with a NUL at its end ---

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.from_child], [], [], left)[0]:
                raise BrowserError(f"the browser did not answer within {WAIT_SECONDS} s")
            more = os.read(self.from_child, 1 << 20)
            if not more:
                raise BrowserError(f"the browser ended, status {self.process.wait()}")
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        """Have the browser do something; what it says meanwhile is kept in self.events."""
        self.ident += 1
        message = {"id": self.ident, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_child, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            answer = self.receive(deadline)
            if answer.get("id") != self.ident:
                self.events.append(answer)
                continue
            if "error" in answer:
                raise BrowserError(f"{method}: {answer['error'].get('message')}")
            return answer["result"]

    # --- a page ---

    def open(self, path, width=1280, height=900, dark=False, script=True):
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=f"file://{path}")
        deadline = time.monotonic() + WAIT_SECONDS
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(self.receive(deadline))

    def run(self, expression):
        """The value of a JavaScript expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def hover(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"Tab": 9, "ArrowRight": 39, "Enter": 13}[key])

    def complaints(self):
        """What the console, the policy and uncaught exceptions said."""
        return [each for each in self.events
                if each.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")
                or (each.get("method") == "Runtime.consoleAPICalled"
                    and each["params"]["type"] in ("error", "warning", "assert"))]

    def requests(self):
        """Everything that the page has asked for."""
        return [each["params"]["request"]["url"] for each in self.events
                if each.get("method") == "Network.requestWillBeSent"]

    def picture(self, path=None):
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if path:
            with open(path, "wb") as file:
                file.write(data)
        return Picture(data)


class Picture:
    """The pixels of a PNG of 8 bits a channel, not interlaced."""

    def __init__(self, data):
        self.width, self.height, depth, kind = struct.unpack(">IIBB", data[16:26])
        if depth != 8 or kind not in (2, 6):
            raise BrowserError(f"a PNG of depth {depth} and colour type {kind}")
        self.channels = 3 if kind == 2 else 4
        packed, at = b"", 8
        while at < len(data):
            length, name = struct.unpack(">I4s", data[at:at + 8])
            if name == b"IDAT":
                packed += data[at + 8:at + 8 + length]
            at += 12 + length
        self.packed = packed

    @functools.cached_property
    def lines(self):
        return self.unfilter(zlib.decompress(self.packed))

    def unfilter(self, raw):
        stride, step = self.width * self.channels, self.channels
        lines, above = [], bytearray(stride)
        for row in range(self.height):
            start = row * (stride + 1)
            line = bytearray(raw[start + 1:start + 1 + stride])
            undo(raw[start], line, above, step)
            lines.append(line)
            above = line
        return lines

    def at(self, x, y):
        """The colour of a pixel as #rrggbb."""
        start = round(x) * self.channels
        return "#" + self.lines[round(y)][start:start + 3].hex()


def undo(kind, line, above, step):
    """One line of a PNG, in place; the kinds are those of its filters."""
    for i in range(len(line)) if kind else ():
        left = line[i - step] if i >= step else 0
        up = above[i]
        corner = above[i - step] if i >= step else 0
        if kind == 4:
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                          (abs(guess - corner), 2, corner))
            add = nearest[2]
        else:
            add = (0, left, up, (left + up) // 2)[kind]
        line[i] = (line[i] + add) & 0xFF
