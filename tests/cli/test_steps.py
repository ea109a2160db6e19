#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What changes something that outlives its process is a step, at which a test can kill that.

    test_steps.py SOURCE-DIRECTORY LIBRARY

A source file's object says which functions of libraries it calls. Each is known to change nothing
that lasts, or stands within STEP() everywhere in the source.
"""

import pathlib
import re
import subprocess
import sys

# Functions that change nothing beyond their process, or nothing that outlives it.
PURE = set("""
    __errno_location access bcmp calloc clock_gettime close closedir dprintf fclose fdopen fgetc
    fgetpwent_r fgets fileno fopen fprintf fputs fread
    free fscanf fstat getenv geteuid getline getopt_long
    getpid getuid getpwnam_r getpwuid_r gmtime_r isatty kill localtime_r lseek malloc memcmp memcpy
    memmove memset mktime nanosleep opendir pause poll posix_fadvise pread raise rand read readdir
    readlink realloc realpath sched_yield snprintf sprintf sscanf stat statvfs strcasecmp strchr
    strcmp strcpy strcspn strdup strerror strftime strlen strncmp strndup strnlen strpbrk strrchr
    strspn strstr strtok_r strtol strtoll strtoul strtoull time timegm toupper tolower usleep
    vasprintf asprintf vsnprintf waitpid qsort bsearch abort exit _exit memchr getrandom
    timerfd_create timerfd_gettime timerfd_settime eventfd epoll_create1 epoll_ctl epoll_wait
    signal sigaction sigaddset sigemptyset sigprocmask pthread_sigmask signalfd stdout stderr stdin
    optarg optind opterr optopt ioctl inflate inflateInit2_ inflateEnd
    __stack_chk_fail __ctype_b_loc environ getppid setsid fork execv execve execvp execvpe dup dup2
    dup3 pipe pipe2 umask chdir socket connect shutdown send recv sendmsg recvmsg getsockopt
    setsockopt program_invocation_short_name posix_spawn posix_spawnp fputc putchar puts printf
    fflush fwrite ferror feof vfprintf _setjmp strsignal prctl
    """.split())
PURE_PREFIXES = ("json_", "XXH", "pthread_", "sqlite3_bind_", "sqlite3_column_", "posix_spawn_file",
                 "posix_spawnattr")
PURE |= {"sqlite3_" + name for name in """
    busy_timeout changes errmsg errstr extended_errcode finalize get_autocommit last_insert_rowid
    open_v2 prepare_v2 reset stmt_readonly""".split()}
# Nothing is made or locked for good: without this flag, or with none but these commands.
UNLESS = {"open": "O_CREAT", "openat": "O_CREAT"}
# An OFD lock ends with its process.
LOCKS = re.compile(r"fcntl\(\w+, F_(OFD_SETLK|OFD_GETLK|GETFD|SETFD|GETFL|SETFL|DUPFD_CLOEXEC)\b")
# Source and function: why it is no step there.
EXCEPT = {
    ("vmm/host/store_sqlite.c", "sqlite3_step"): "refuses statements that write",
    ("vmm/host/supervise.c", "fcntl"): "flags of descriptors",
    ("vmm/host/supervise.c", "syscall"): "a pidfd",
    ("vmm/host/supervise.c", "write"): "to a pipe",
    ("vmm/host/systemd.c", "mkdir"): "in /run, for one start",
    ("vmm/host/systemd.c", "open"): "in /run, for one start",
    ("vmm/host/systemd.c", "unlink"): "in /run, for one start",
}


def blank(text):
    """The source without comments and texts, each letter in its place."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])+\'',
                  lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)


def end_of(text, start):
    """Where the bracket that opens at or after @start is closed."""
    depth = 0
    for at in range(text.index("(", start), len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return len(text)


def steps_of(text):
    return [(match.start(), end_of(text, match.start()))
            for match in re.finditer(r"\bSTEP\(", text)]


def is_harmless(call, function):
    if function == "fcntl":
        return LOCKS.match(call) is not None
    return function in UNLESS and UNLESS[function] not in call


def bare_calls(source, text, function):
    """Lines that call it as no step."""
    steps = steps_of(text)
    for match in re.finditer(r"\b" + function + r"(?:64)?\(", text):
        at = match.start()
        call = text[at:end_of(text, at) + 1]
        if not any(start < at < end for start, end in steps) and \
                not is_harmless(call, function) and (source, function) not in EXCEPT:
            yield f"{source}:{text.count(chr(10), 0, at) + 1}: {function}() outside of STEP()"


def symbols(path, *options):
    lines = subprocess.run(["nm", *options, path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return {line.split()[-1] for line in lines if line and not line.endswith(":")}


def plain(name):
    """The function's name in the source."""
    name = re.sub(r"^__isoc\d+_", "", name)
    name = re.sub(r"^__(\w+)_chk$", r"\1", name)
    return re.sub(r"(?<=[a-z])64$", "", name)


def is_pure(name):
    return name in PURE or name.startswith(PURE_PREFIXES)


def is_ours(name):
    return name.startswith(("__asan", "__ubsan", "__tsan", "__sanitizer", "__odr", "_GLOBAL_"))


def problems_of(root, source, called):
    text = blank((root / source).read_text(encoding="utf-8"))
    for function in sorted(called):
        if is_pure(function):
            continue
        bare = list(bare_calls(source, text, function))
        yield from bare
        if not bare and not re.search(r"\b" + function + r"(?:64)?\(", text):
            yield f"{source}: {function} is called, but not by its name"


# Of the command line: what changes machines.
CLI = ("vmm/cli/run_named.c", "vmm/cli/create_machine.c", "vmm/cli/keeper.c",
       "vmm/cli/command_create.c", "vmm/cli/command_edit.c", "vmm/cli/command_delete.c",
       "vmm/cli/command_wake_due.c", "vmm/cli/command_start.c")


def main():
    root = pathlib.Path(sys.argv[1])
    archive = sys.argv[2]
    # Meson's place for a library's objects.
    build = pathlib.Path(archive + ".p")
    ours = symbols(archive, "--defined-only")
    sources = sorted(str(path.relative_to(root)) for path in (root / "vmm/host").glob("*.c"))
    sources += [name for name in CLI if (root / name).exists()]
    found = []
    seen = 0
    for source in sources:
        if source == "vmm/host/step.c":
            continue
        path = build / (source.removeprefix("vmm/").replace("/", "_") + ".o")
        called = {plain(name) for name in symbols(path, "--undefined-only") - ours
                  if not is_ours(name) and not name.startswith("torpor_")}
        found += problems_of(root, source, called)
        seen += 1
    for line in found:
        print("#", line)
    print("1..1")
    print("not ok 1 - each lasting change is a step" if found or seen < 20
          else f"ok 1 - each lasting change of {seen} files is a step")
    return 1 if found or seen < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
