# SPDX-License-Identifier: BSD-3-Clause
"""What was measured, as a table in Markdown and a plot in SVG."""

import statistics

CPUS_ALL = 64
MS, US = 1e6, 1e3


class Figures:
    """Medians over the rounds: of the host, of torpor, of QEMU."""

    def __init__(self, found):
        self.versions = found["versions"]
        self.failed = found["failed"]
        self.rounds = {}
        self.medians = {who: self._medians(found[who]) for who in ("host", "torpor", "qemu")}

    def _medians(self, rounds):
        values = {}
        for figures in rounds:
            for name, number in figures.items():
                values.setdefault(name, []).append(number)
        self.rounds |= {name: len(numbers) for name, numbers in values.items()}
        return {name: statistics.median(numbers) for name, numbers in values.items()}

    def get(self, who, name):
        return self.medians[who].get(name)

    def exit_ns(self):
        return self.get("host", "exit-load")


class Row:
    """A line of the table. @value is held against @target, of which it may be at most that."""

    def __init__(self, what, torpor, qemu, value=None, unit="", target=None, note=""):
        self.what = what
        self.torpor = torpor
        self.qemu = qemu
        self.value = value
        self.unit = unit
        self.target = target
        self.note = note

    def missed(self):
        return self.target is not None and self.value is not None and self.value > self.target

    def verdict(self):
        if self.target is None:
            return self.note
        if self.value is None:
            return f"at most {self.target:g}{self.unit}: not measured"
        if not self.missed():
            return f"at most {self.target:g}{self.unit}"
        return (f"at most {self.target:g}{self.unit}, missed by "
                f"{self.value - self.target:.2g}{self.unit}")

    def shown_value(self):
        return "" if self.value is None else f"{self.value:.2f}{self.unit}"

    def markdown(self):
        return f"| {self.what} | {self.torpor} | {self.qemu} | {self.shown_value()} | " \
               f"{self.verdict()} |"


def _time(ns):
    if ns is None:
        return ""
    for unit, name in ((1e9, "s"), (MS, "ms"), (US, "µs")):
        if ns >= unit:
            return f"{ns / unit:.3g} {name}"
    return f"{ns:.3g} ns"


def _rate(per_second, blocks):
    if per_second is None:
        return ""
    return f"{per_second:.0f} /s" if blocks else f"{per_second / 1e6:.3g} MB/s"


def _size(kib):
    return "" if kib is None else f"{kib / 1024:.3g} MiB"


def _count(number):
    return "" if number is None else f"{number:.0f}"


def _ratio(a, b):
    return a / b if a is not None and b else None


def _exits(figures, ns):
    return _ratio(ns, figures.exit_ns())


def _call_rows(figures):
    def both(name):
        return figures.get("torpor", name), figures.get("qemu", name)

    def more(name, count):
        torpor, qemu = both(name)
        if torpor is None or qemu is None:
            return None
        return _exits(figures, (torpor - qemu) / count)

    version, in_kernel = both("version")
    suspend, _ = both("suspend")
    bare = figures.get("host", "exit-call")
    yield Row("a bare exit to user space and back: a load from a device",
              _time(figures.exit_ns()), "",
              note=f"a call that nobody answers: {_time(bare)}")
    yield Row("PSCI_VERSION, round trip; in bare exits", _time(version),
              f"{_time(in_kernel)}, in the kernel", _exits(figures, version), " exits", 1.1)
    yield Row("a load from the UART, round trip", *map(_time, both("load")), _ratio(*both("load")))
    yield Row("CPU_ON to the first instruction; bare exits more than QEMU", *map(_time, both("on")),
              more("on", 1), " exits", 2)
    yield Row(f"CPU_ON of {CPUS_ALL - 1} CPUs to the last one's first instruction; bare exits more "
              "than QEMU, for each", *map(_time, both("on-all")), more("on-all", CPUS_ALL - 1),
              " exits", 2)
    yield Row("SYSTEM_SUSPEND to the first instruction, the wake-up already pending; in bare exits",
              _time(suspend), "has none", _exits(figures, suspend), " exits")


def _start_rows(figures):
    for name, what, target in (
            ("start", "VMM's start to the first instruction, a guest of some KiB", 0.25),
            ("start-heavy", "the same with a kernel of 40 MB to load", 0.25),
            ("boot", "VMM's start to user space of a Debian guest", 0.6)):
        torpor, qemu = figures.get("torpor", name), figures.get("qemu", name)
        yield Row(what, _time(torpor), _time(qemu), _ratio(torpor, qemu), "", target)
    inside = []
    for who in ("torpor", "qemu"):
        boot, start = figures.get(who, "boot"), figures.get(who, "start-heavy")
        inside.append(None if None in (boot, start) else boot - start)
    yield Row("of that, the kernel's entry to user space", *map(_time, inside), _ratio(*inside))


def _cost_rows(figures):
    torpor, qemu = figures.get("torpor", "memory"), figures.get("qemu", "memory")
    yield Row("the VMM's memory beyond guest RAM (PSS)", _size(torpor), _size(qemu),
              _ratio(torpor, qemu), "", 0.25)
    yield Row("its threads, with 2 CPUs", *(_count(figures.get(who, "threads"))
                                            for who in ("torpor", "qemu")))
    ticks = figures.get("torpor", "suspended-ticks")
    yield Row("a suspended machine: CPU time in 10 s, in ticks of 10 ms; memory beyond RAM",
              "" if ticks is None else f"{ticks:.0f}; "
              f"{_size(figures.get('torpor', 'suspended-memory'))}", "has none")


def _throughput_rows(figures):
    for name, what in (
            ("disk-read", "disk, reading 256 KiB at a time"),
            ("disk-write", "disk, writing 256 KiB at a time"),
            ("disk-read-4k", "disk, reading 4 KiB in no order, 4 at a time"),
            ("disk-write-4k", "disk, writing 4 KiB in no order, 4 at a time"),
            ("net-receive", "network by a tap, host to guest"),
            ("net-send", "network by a tap, guest to host")):
        torpor, qemu = figures.get("torpor", name), figures.get("qemu", name)
        blocks = name.endswith("4k")
        yield Row(f"{what}; time for as much", _rate(torpor, blocks), _rate(qemu, blocks),
                  _ratio(qemu, torpor), "", 1)


def rows(figures):
    return [*_call_rows(figures), *_start_rows(figures), *_cost_rows(figures),
            *_throughput_rows(figures)]


def table(figures):
    """Lines of Markdown."""
    found = rows(figures)
    lines = ["| what | torpor | QEMU | ratio | target |", "|---|--:|--:|--:|---|"]
    lines += [row.markdown() for row in found]
    lines += ["", *(f"Missed: {row.what}: {row.shown_value()}, {row.verdict()}." for row in found
                    if row.missed())]
    # What the machine's console said is for who watches the run.
    lines += [f"Not measured in a round: {why.split(';')[0]}." for why in figures.failed]
    return lines


# The plot.

WIDTH, LABEL, BAR_MAX, ROW, TOP = 760, 330, 380, 22, 54
SCALE_MAX = 1.25
STYLE = """
  text { font: 12px sans-serif; fill: #24292f }
  .title { font-weight: bold; font-size: 14px }
  .good { fill: #2da44e } .bad { fill: #cf222e } .target { stroke: #57606a; stroke-width: 2 }
  .axis { stroke: #8c959f; stroke-width: 1 } .note { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 }
    .good { fill: #3fb950 } .bad { fill: #f85149 } .target { stroke: #c9d1d9 }
  }
"""


def _bar(number, row):
    y = TOP + number * ROW
    width = min(row.value, SCALE_MAX) * BAR_MAX / SCALE_MAX
    target = LABEL + min(row.target, SCALE_MAX) * BAR_MAX / SCALE_MAX
    kind = "bad" if row.missed() else "good"
    label = row.what.split(";")[0].replace("&", "&amp;").replace("<", "&lt;")
    return [
        f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{label}</text>',
        f'<rect class="{kind}" x="{LABEL}" y="{y + 2}" width="{max(width, 1):.1f}" height="13"/>',
        f'<line class="target" x1="{target:.1f}" x2="{target:.1f}" y1="{y}" y2="{y + 17}"/>',
        f'<text class="note" x="{max(LABEL + width, target) + 6:.1f}" y="{y + 12}">'
        f"{row.value:.2f}</text>",
    ]


def plot(figures, when):
    """An SVG of all that has a target and is a ratio."""
    shown = [row for row in rows(figures)
             if row.target is not None and row.value is not None and row.target <= SCALE_MAX]
    height = TOP + len(shown) * ROW + 44
    one = LABEL + BAR_MAX / SCALE_MAX
    bottom = TOP + len(shown) * ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="What torpor takes, QEMU being 1">',
        f"<style>{STYLE}</style>",
        '<text class="title" x="12" y="20">What torpor takes, QEMU with KVM being 1</text>',
        '<text class="note" x="12" y="38">less is better; the mark on each row is its target; '
        "PSCI_VERSION: a bare exit being 1</text>",
        f'<line class="axis" x1="{LABEL}" x2="{LABEL}" y1="{TOP - 4}" y2="{bottom + 4}"/>',
        f'<line class="axis" x1="{one:.1f}" x2="{one:.1f}" y1="{TOP - 4}" y2="{bottom + 4}" '
        'stroke-dasharray="3 3"/>',
    ]
    for number, row in enumerate(shown):
        lines += _bar(number, row)
    lines += [
        f'<text class="note" x="{LABEL}" y="{bottom + 20}" text-anchor="middle">0</text>',
        f'<text class="note" x="{one:.1f}" y="{bottom + 20}" text-anchor="middle">1</text>',
        f'<text class="note" x="12" y="{bottom + 36}">{when}; {figures.versions["torpor"]}; '
        f'{figures.versions["qemu"].split("(")[0].strip()}; emulated arm64 host, Linux '
        f'{figures.versions["host"]}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
