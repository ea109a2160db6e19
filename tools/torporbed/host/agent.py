# SPDX-License-Identifier: BSD-3-Clause
"""First process of the emulated host: runs the command and carries its output out.

Three virtio-serial ports: 1 is ours, 2 the command's stdout, 3 its stderr; so nothing else can get
into its output. What port 1 says is described in wire.py, its other end. Every import costs boot
time here, so there are few.
"""

import os
import select
import time

BED = "/testbed"
FOLDER = "/bed"
CHUNK = 1 << 15  # the most a port takes in one go
PORT_WAIT_SECONDS = 20
NOT_FOUND, NOT_RUN = 127, 126


def read_list(name):
    with open(f"{BED}/{name}", "rb") as file:
        return file.read().split(b"\0")[:-1]


def open_port(number):
    path = f"/dev/vport0p{number}"
    end = time.monotonic() + PORT_WAIT_SECONDS
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.02)
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def write_all(port, data):
    view = memoryview(data)
    while view:
        view = view[os.write(port, view[:CHUNK]):]


def kvm_mode():
    """What the kernel log says of KVM; `none` if it did not come up."""
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    mode = "none"
    try:
        while True:
            line = os.read(log, 8192)
            if b"kvm" in line and b"initialized successfully" in line:
                mode = "nVHE" if b"nVHE" in line else "VHE" if b"VHE" in line else "protected"
    except BlockingIOError:
        pass
    finally:
        os.close(log)
    return mode


def start(command, env):
    """Start the command; return its pid and the read ends of its output."""
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(out_end)
        os.close(err_end)
        return pid, out, err
    status = NOT_RUN
    try:
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(out_end, 1)
        os.dup2(err_end, 2)
        os.chdir(FOLDER)
        os.execvpe(command[0], command, env)
    except OSError as error:
        status = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUN
        os.write(2, b"testbed: " + command[0] + b": " + os.strerror(error.errno).encode() + b"\n")
    finally:
        os._exit(status)


def reap(pid):
    """Collect the dead, as the first process must; the command's status if it is among them."""
    status = None
    try:
        while True:
            dead, code = os.waitpid(-1, os.WNOHANG)
            if dead == 0:
                return status
            if dead == pid:
                code = os.waitstatus_to_exitcode(code)
                status = code if code >= 0 else 128 - code
    except ChildProcessError:
        return status


def pump(pid, pipes):
    """Carry output until the command has ended; return its status and the bytes carried."""
    carried = {pipe: 0 for pipe in pipes}
    poll = select.poll()
    ended = os.pidfd_open(pid)
    for fd in (ended, *pipes):
        poll.register(fd, select.POLLIN)
    status = None
    while status is None:
        for fd, _ in poll.poll(1000):
            if fd == ended:
                continue
            data = os.read(fd, CHUNK)
            if not data:
                poll.unregister(fd)
            write_all(pipes[fd], data)
            carried[fd] += len(data)
        status = reap(pid)
    # What it wrote before its end; a process that it left behind is not waited for.
    for pipe, port in pipes.items():
        os.set_blocking(pipe, False)
        try:
            while data := os.read(pipe, CHUNK):
                write_all(port, data)
                carried[pipe] += len(data)
        except BlockingIOError:
            pass
    return status, list(carried.values())


def send_file(control, index, path):
    try:
        with open(os.path.join(os.fsencode(FOLDER), path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            write_all(control, f"file {index} {size}\n".encode())
            while size:
                data = file.read(min(size, CHUNK))
                if not data:  # it shrank; the size is said already
                    data = bytes(min(size, CHUNK))
                write_all(control, data)
                size -= len(data)
    except OSError as error:
        write_all(control, f"nofile {index} {os.strerror(error.errno)}\n".encode())


def main():
    control, out_port, err_port = (open_port(number) for number in (1, 2, 3))
    write_all(control, f"up {os.uname().release} {kvm_mode()}\n".encode())
    env = dict(os.environb)
    for item in read_list("env"):
        name, _, value = item.partition(b"=")
        env[name] = value
    pid, out, err = start(read_list("command"), env)
    status, carried = pump(pid, {out: out_port, err: err_port})
    write_all(control, f"exit {status} {carried[0]} {carried[1]}\n".encode())
    for index, path in enumerate(read_list("gets")):
        send_file(control, index, path)
    write_all(control, b"done\n")
    while True:  # the other side ends the machine once it has everything
        time.sleep(1)
        reap(0)


main()
