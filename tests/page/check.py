#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The page of `torpor events --html` in a real browser: check.py MAKE_SAMPLE

Prints TAP. With --keep FOLDER the pages and pictures stay there, to be looked at.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from browser import Browser, BrowserError

LIGHT = {"off": "#b4bcc7", "starting": "#8ccbff", "running": "#2f9e62", "suspended": "#f2b01e",
         "hibernated": "#6f5bd8", "stopping": "#f28c4b", "crashed": "#d4293f", "page": "#ffffff"}
DARK = {"off": "#4d5663", "starting": "#4f9bd9", "running": "#37a86b", "suspended": "#d99f1c",
        "hibernated": "#8f7df0", "stopping": "#dd7a38", "crashed": "#e4495c", "page": "#14171b"}

# Machine, hour and state of tests/vmm/report_sample.c.
STATES = [("web", 0.2, "off"), ("web", 1.05, "starting"), ("web", 2.05, "running"),
          ("web", 3.05, "suspended"), ("web", 4.05, "running"), ("web", 5.05, "hibernated"),
          ("web", 7.05, "running"), ("web", 8.05, "stopping"), ("web", 9.5, "off"),
          ("build", 0.7, "off"), ("build", 2.5, "running"), ("build", 3.05, "crashed"),
          ("build", 9.9, "running"), ("spare", 9.9, "off")]
HOURS = 10

ROWS = """[...document.querySelectorAll("#drawing .row")].map(row => {
    const edge = row.querySelector(".lane").getBoundingClientRect();
    return {name: row.getAttribute("aria-label").split(",")[0], left: edge.left, right: edge.right,
            top: edge.top, bottom: edge.bottom};
})"""
LABELS = """[...document.querySelectorAll("#drawing .item")].map(
    item => item.getAttribute("aria-label"))"""
TIP = """document.getElementById("tip").hidden ? "" : document.getElementById("tip").innerText"""


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


class Checks:
    """Each method is a case; what it promises is its first line."""

    def __init__(self, browser, folder, program):
        self.browser = browser
        self.folder = folder
        self.program = program

    def page(self, sample, limit=10000):
        path = self.folder / f"{sample}.html"
        with open(path, "wb") as file:
            subprocess.run([self.program, sample, str(limit), "page"], stdout=file, check=True,
                           timeout=60)
        return path

    def rows(self):
        return {row["name"]: row for row in self.browser.run(ROWS)}

    def place(self, rows, machine, hour):
        """Where on the screen a machine's bar is at that time; near its foot, as some are low."""
        row = rows[machine]
        return row["left"] + (row["right"] - row["left"]) * hour / HOURS, row["bottom"] - 3

    def quiet(self):
        complaints = self.browser.complaints()
        expect(not complaints, f"the browser complains: {complaints}")

    def colours(self, dark):
        wanted = DARK if dark else LIGHT
        self.browser.open(self.page("usual"), dark=dark)
        picture = self.browser.picture(self.folder / f"usual-{'dark' if dark else 'light'}.png")
        rows = self.rows()
        expect(picture.at(2, 2) == wanted["page"], f"the page is {picture.at(2, 2)}")
        for machine, hour, state in STATES:
            # The letters of its name are at least this far from its left and its foot.
            x, y = self.place(rows, machine, hour)
            seen = picture.at(x, y)
            expect(seen == wanted[state], f"{machine} at {hour} h: expected {state}, "
                                          f"{wanted[state]}, at {x:.0f},{y:.0f}, seen {seen}")
        self.quiet()

    def light(self):
        """in light, each state's colour is where the state was"""
        self.colours(False)

    def dark(self):
        """in dark too"""
        self.colours(True)

    def words(self):
        """states, times, reasons, who asked and CPUs are in the page's own text"""
        self.browser.open(self.page("usual"))
        labels = self.browser.run(LABELS)
        for words in (("suspended", "2026-11-25 11:00:00.000 to 12:00:00.000, 1 h 00 min",
                       "SUSPEND: suspended to RAM", "by guest"),
                      ("WAKEUP", "woken by pl031", "intid 34"),
                      ("4 of 4 CPUs on: 0-3",), ("1 of 4 CPUs on: 0",),
                      ("running", "to now"), ("crashed", "its process died", "by torpor")):
            expect(any(all(word in label for word in words) for label in labels),
                   f"no bar says {words}; they say {labels}")
        legend = self.browser.run('document.getElementById("legend").innerText')
        for state in set(LIGHT) - {"page"}:
            expect(state in legend, f"the legend has no {state}: {legend!r}")

    def hover(self):
        """a bar under the pointer tells its state; nothing under it, nothing told"""
        self.browser.open(self.page("usual"))
        rows = self.rows()
        self.browser.hover(*self.place(rows, "web", 3.5))
        tip = self.browser.run(TIP)
        expect(tip.startswith("suspended") and "by guest" in tip, f"the tip says {tip!r}")
        self.browser.picture(self.folder / "usual-hover.png")
        self.browser.hover(5, 5)
        expect(self.browser.run(TIP) == "", "the tip stays")

    def keyboard(self):
        """the keyboard reaches a machine's bars, and tells the same"""
        self.browser.open(self.page("usual"))
        self.browser.run('document.querySelector("#tools [data-zoom=in]").focus()')
        tips = []
        for key in ("Tab", "ArrowRight", "ArrowRight", "ArrowRight"):
            self.browser.press(key)
            tips.append(self.browser.run(TIP).split("\n", maxsplit=1)[0])
        expect(tips[0] and len(set(tips)) > 2 and "starting" in tips, f"the tips were {tips}")
        self.browser.picture(self.folder / "usual-keyboard.png")

    def zoom(self):
        """zooming shows less of the time, and what is short; All shows everything again"""
        self.browser.open(self.page("usual"))
        before = len(self.browser.run(LABELS))
        for _ in range(3):
            self.browser.run('document.querySelector("[data-zoom=in]").click()')
        expect(len(self.browser.run(LABELS)) != before, "zooming changed nothing")
        words = self.browser.run(
            'document.querySelector("#drawing svg").getAttribute("aria-label")')
        expect("12:22:30.000 to 2026-11-25 13:37:30.000" in words, f"an eighth is {words}")
        self.browser.picture(self.folder / "usual-zoom.png")
        self.browser.run('document.querySelector("[data-range=all]").click()')
        expect(len(self.browser.run(LABELS)) == before, "All does not show all")
        self.quiet()

    def narrow(self):
        """a narrow window is used as it is"""
        self.browser.open(self.page("usual"), width=400)
        self.browser.picture(self.folder / "usual-narrow.png")
        width = self.browser.run("document.documentElement.scrollWidth")
        expect(width <= 400, f"the page is {width} wide")
        self.quiet()

    def hostile(self):
        """words that look like HTML or script are shown as they are, and nothing of them runs"""
        self.browser.open(self.page("hostile"))
        expect(self.browser.run("typeof hacked") == "undefined", "a script of the data ran")
        expect(self.browser.run('document.querySelectorAll("b[onclick]").length') == 0,
               "an element of the data is there")
        name = self.browser.run('document.querySelector("summary b").textContent')
        expect(name.startswith("</script><script>hacked=1"), f"the name is shown as {name!r}")
        self.browser.run('document.querySelector("details").open = true')
        self.browser.picture(self.folder / "hostile.png")
        self.quiet()

    def none(self):
        """without machines it says so"""
        self.browser.open(self.page("none"))
        expect("There are no machines." in self.browser.run("document.body.innerText"),
               "the page does not say that there are no machines")
        self.quiet()

    def many(self):
        """100,000 events: what is left out is said, and what is drawn is bounded"""
        self.browser.open(self.page("many"))
        text = self.browser.run('document.querySelector(".note").innerText')
        expect("90000 older events are left out" in text, f"the note says {text!r}")
        count = self.browser.run('document.querySelectorAll("#drawing *").length')
        expect(10 < count < 5000, f"{count} elements are drawn")
        self.browser.picture(self.folder / "many.png")
        self.quiet()

    def alone(self):
        """it asks the network for nothing"""
        path = self.page("usual")
        self.browser.open(path)
        expect(self.browser.requests() == [f"file://{path}"],
               f"it asked for {self.browser.requests()}")

    def scriptless(self):
        """without JavaScript the tables are there, and it says so"""
        self.browser.open(self.page("usual"), script=False)
        self.browser.picture(self.folder / "usual-scriptless.png")
        # The debugger's own scripts run all the same.
        rows = self.browser.run('document.querySelectorAll("tbody tr").length')
        expect(rows == 28, f"{rows} rows")
        expect(self.browser.run('document.querySelector("#drawing").children.length') == 0,
               "the bars were drawn: this shows nothing")


CASES = ("light", "dark", "words", "hover", "keyboard", "zoom", "narrow", "hostile", "none", "many",
         "alone", "scriptless")


def run(checks):
    failed = 0
    print(f"1..{len(CASES)}")
    for number, name in enumerate(CASES, 1):
        case = getattr(checks, name)
        try:
            case()
            print(f"ok {number} - {case.__doc__}", flush=True)
        except (AssertionError, BrowserError, subprocess.SubprocessError) as why:
            failed += 1
            print(f"not ok {number} - {case.__doc__}\n# {why}", flush=True)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="tests/page/make_sample, built")
    parser.add_argument("--keep", metavar="FOLDER", help="leave pages and pictures there")
    options = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        print("Bail out! no chromium; install it by: tools/install-deps browser")
        return 1
    with tempfile.TemporaryDirectory(prefix="torpor-page-") as folder:
        keep = pathlib.Path(options.keep or folder).resolve()
        keep.mkdir(parents=True, exist_ok=True)
        try:
            with Browser(program) as browser:
                return run(Checks(browser, keep, options.program))
        except BrowserError as why:
            print(f"Bail out! {why}")
            return 1


if __name__ == "__main__":
    sys.exit(main())
