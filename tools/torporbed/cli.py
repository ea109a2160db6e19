# SPDX-License-Identifier: BSD-3-Clause
"""The command line of tools/testbed."""

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path

from . import job, kernels, native, sysroot, things
from .report import STATUS_BED_FAILED, BedError, say
from .store import Store

RUN_HELP = """
CMD runs in a fresh folder that holds the --file items; name files relative to it. It has no input.
Its output comes out as it is written, and its status is ours. The bed's own: 124 the time was over,
125 the bed failed, 126 and 127 CMD could not be run or found.
On an arm64 machine with a usable /dev/kvm CMD runs on the machine itself, unless with --emulate.
"""


class Stopped(BaseException):
    """A signal that ends us; raised so that every `finally` runs."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def _stop(number, _frame):
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # one is enough; let the clean-up finish
    raise Stopped(number)


def _wanted():
    """The recipes this machine needs."""
    if native.usable():
        return [kernels.GUEST, things.BUSYBOX]
    return list(things.RECIPES)


def _fetch(args):
    store = Store()
    for name in args.thing:
        if name not in things.THINGS:
            raise BedError(f"fetch: no thing {name!r}; expected one of {', '.join(things.THINGS)}")
    recipes = [things.THINGS[name][0] for name in args.thing] or _wanted()
    with store.locked():
        for recipe in dict.fromkeys(recipes):
            store.ensure(recipe, update=args.update)
            for name, version in store.versions(recipe):
                if not args.quiet:
                    say(f"have {name} {version}")
        store.prune()
    return 0


def _path(args):
    recipe, name = things.THINGS[args.thing]
    folder = Store().folder(recipe)
    if folder is None:
        raise BedError(
            f"{args.thing} is not in the cache; `tools/testbed fetch {args.thing}` brings it")
    print(folder / name if name else folder)
    return 0


def _cross(args):
    sysroot.write_cross_file(Store(), Path(args.output))
    return 0


def _run(args):
    work = job.from_args(args, args.cmd)
    if native.usable() and not args.emulate and not args.host_kernel:
        return native.run(work)
    from . import emulated  # QEMU's side is not needed on an arm64 machine

    store = Store()
    recipes = (kernels.HOSTS[args.host_kernel or kernels.HOST_DEFAULT], things.HOSTFS)
    if not all(store.folder(recipe) for recipe in recipes):
        with store.locked():
            for recipe in recipes:
                store.ensure(recipe)
    return emulated.run(work, *(store.folder(recipe) for recipe in recipes))


def _parser():
    parser = argparse.ArgumentParser(
        prog="tools/testbed",
        description="Run commands on an arm64 host with KVM, emulated if this machine is none.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    fetch = commands.add_parser("fetch", help="download what is needed; quick if all is there")
    fetch.add_argument("thing", nargs="*", metavar="THING",
                       help=f"only these, of: {', '.join(things.THINGS)}")
    fetch.add_argument("--update", action="store_true", help="take the newest packages")
    fetch.add_argument("--quiet", action="store_true", help="do not list the packages")
    fetch.set_defaults(call=_fetch)

    path = commands.add_parser("path", help="print the path of a thing in the cache")
    path.add_argument("thing", choices=things.THINGS, metavar="THING",
                      help=f"one of: {', '.join(things.THINGS)}")
    path.set_defaults(call=_path)

    cross = commands.add_parser("cross", help="write a Meson cross file for static arm64 programs")
    cross.add_argument("output", metavar="FILE")
    cross.set_defaults(call=_cross)

    run = commands.add_parser(
        "run", help="run a command on an arm64 host with KVM", epilog=RUN_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [OPTION]... -- CMD [ARG]...",
    )
    job.add_arguments(run)
    run.set_defaults(call=_run)
    return parser


def main(argv):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    # What follows `--` is the command's, whatever it looks like.
    cut = argv.index("--") if "--" in argv else len(argv)
    args = _parser().parse_args(argv[:cut])
    args.cmd = argv[cut + 1:]
    try:
        return args.call(args)
    except BedError as error:
        say(str(error))
    except Stopped as stopped:
        say(f"stopped by {signal.Signals(stopped.number).name}")
        return 128 + stopped.number
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        say(f"{name}{error.strerror or error}")
    except Exception as error:  # pylint: disable=broad-except
        if os.environ.get("TORPOR_DEBUG"):
            traceback.print_exc()
        say(f"internal error: {type(error).__name__}: {error}; TORPOR_DEBUG=1 shows where")
    return STATUS_BED_FAILED
