#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws a live update: a row for each client, the blackout across all.

What is drawn is in /sys/kernel/kho of the kernel that was updated to, or in a
copy of that folder. The clock is one, through the kexec.
"""
import argparse
import os
import sys
from xml.sax.saxutils import escape

# Event, or callback: what it is called, and its colour.
COLOURS = {
    "prepare": "#9ecae1",
    "save": "#e6550d",
    "abort": "#969696",
    "restore": "#31a354",
    "rollback": "#756bb1",
    "finish": "#bcbddc",
}
BLACKOUT = "#fdd0a2"
# The parts of the blackout, by the events between which they lie.
PARTS = (
    ("save", "saved", "devices stop and write their last state"),
    ("saved", "exec", "saved, waiting for kexec"),
    ("exec", "boot", "old kernel ends, new kernel starts"),
    ("boot", "restore", "new kernel boots up to its drivers"),
    ("restore", "restored", "devices come back"),
)
# Of the picture, in pixels.
WIDTH, LABEL, ROW, GAP, TOP = 1200, 220, 22, 6, 150
NARROWEST = 1.0


class TimelineError(Exception):
    """Why there is nothing to draw."""


class Span:
    """A callback: what a client was asked, when, for how long (in us)."""

    def __init__(self, line):
        self.what, start, length = line.split()
        self.start, self.length = int(start), int(length)
        self.end = self.start + self.length


class Update:
    """The events of an update, and the clients' callbacks."""

    def __init__(self, folder):
        self.events = {}
        for line in read(os.path.join(folder, "timeline")):
            event, time = line.split()
            self.events[event] = int(time)
        if not self.events:
            raise TimelineError("there has been no update")
        clients = os.path.join(folder, "clients")
        self.clients = {}
        for name in sorted(os.listdir(clients)):
            lines = read(os.path.join(clients, name, "timeline"))
            self.clients[name] = [Span(line) for line in lines]

    def blackout(self):
        """(begin, end), or None while there has been none."""
        begin, end = self.events.get("save"), self.events.get("restored")
        return None if begin is None or end is None else (begin, end)

    def parts(self):
        """[(length, text)] of the blackout."""
        return [(self.events[end] - self.events[begin], text)
                for begin, end, text in PARTS
                if begin in self.events and end in self.events]

    def end(self):
        ends = [span.end for spans in self.clients.values() for span in spans]
        return max([*self.events.values(), *ends, 1])

    def totals(self):
        """{callback: (clients called, longest, all together)}."""
        totals = {}
        for spans in self.clients.values():
            for what in {span.what for span in spans}:
                length = sum(s.length for s in spans if s.what == what)
                count, longest, total = totals.get(what, (0, 0, 0))
                totals[what] = (count + 1, max(longest, length),
                                total + length)
        return totals


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError as error:
        raise TimelineError(f"{path}: {error.strerror}") from None


def ms(time):
    return f"{time / 1000:.1f} ms"


def blackout_lines(update):
    """The blackout and its parts, a line each."""
    lines = []
    blackout = update.blackout()
    if blackout:
        lines.append(f"blackout {ms(blackout[1] - blackout[0])}")
        lines += [f"  {ms(length):>12}  {text}"
                  for length, text in update.parts()]
    return lines


def total_lines(update):
    """What all clients together took, a line for each callback."""
    lines = []
    for what, (count, longest, total) in update.totals().items():
        lines.append(f"{what}: {count} clients, longest {ms(longest)}, "
                     f"one after another {ms(total)}")
    return lines


def as_text(update):
    lines = blackout_lines(update) + total_lines(update)
    for event, time in sorted(update.events.items(), key=lambda e: e[1]):
        lines.append(f"{ms(time):>14}  {event}")
    for name, spans in update.clients.items():
        lines.append(name)
        lines += [f"{ms(span.start):>14}  {span.what} {ms(span.length)}"
                  for span in spans]
    return "\n".join(lines) + "\n"


class Scale:
    """Microseconds as pixels.

    What passes before the blackout may be hours: it gets a third at most.
    """

    def __init__(self, update):
        self.end = update.end()
        blackout = update.blackout()
        self.knee = blackout[0] if blackout else 0
        share = self.knee / self.end
        self.knee_x = LABEL + (WIDTH - LABEL) * min(share, 1 / 3)

    def x(self, time):
        if time < self.knee:
            return LABEL + (self.knee_x - LABEL) * time / self.knee
        rest = max(self.end - self.knee, 1)
        return self.knee_x + (WIDTH - self.knee_x) * (time - self.knee) / rest


def rectangle(x, y, width, height, colour, title):
    return (f'<rect x="{x:.1f}" y="{y}" width="{max(width, NARROWEST):.1f}" '
            f'height="{height}" fill="{colour}"><title>{escape(title)}'
            '</title></rect>')


def text(x, y, words, anchor="start"):
    return (f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">'
            f'{escape(words)}</text>')


def rows(update, scale):
    y = TOP
    for name, spans in update.clients.items():
        yield text(LABEL - GAP, y + ROW - GAP, name, "end")
        for span in spans:
            x = scale.x(span.start)
            yield rectangle(x, y, scale.x(span.end) - x, ROW - 2,
                            COLOURS.get(span.what, "#636363"),
                            f"{name}: {span.what}, at {ms(span.start)} "
                            f"for {ms(span.length)}")
        y += ROW + GAP


def legend():
    x = LABEL
    for what, colour in COLOURS.items():
        yield rectangle(x, TOP - 50, 12, 12, colour, what)
        yield text(x + 16, TOP - 40, what)
        x += 100


def marks(update, scale, height):
    """A line for each event; names that would overlap are left to titles."""
    last = 0.0
    for event, time in sorted(update.events.items(), key=lambda e: e[1]):
        x = scale.x(time)
        yield (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 20}" '
               f'y2="{height}" stroke="#555" stroke-dasharray="2 3"><title>'
               f'{escape(event)} at {ms(time)}</title></line>')
        if x - last > 60:
            yield text(x, TOP - 24, event, "middle")
            last = x


def as_svg(update):
    height = TOP + len(update.clients) * (ROW + GAP) + GAP
    scale = Scale(update)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" '
             f'viewBox="0 0 {WIDTH + 20} {height}" font-family="sans-serif" '
             'font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>']
    blackout = update.blackout()
    if blackout:
        x = scale.x(blackout[0])
        parts.append(rectangle(x, TOP - 20, scale.x(blackout[1]) - x,
                               height - TOP + 20, BLACKOUT,
                               f"blackout {ms(blackout[1] - blackout[0])}"))
    for x, lines in ((GAP, blackout_lines(update)),
                     (WIDTH / 2, total_lines(update))):
        parts += [text(x, 14 + 14 * number, line)
                  for number, line in enumerate(lines)]
    parts += [*legend(), *marks(update, scale, height), *rows(update, scale),
              "</svg>"]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--svg", metavar="FILE",
                        help="draw into a file instead of printing text")
    parser.add_argument("folder", nargs="?", default="/sys/kernel/kho")
    args = parser.parse_args()
    try:
        update = Update(args.folder)
    except TimelineError as error:
        return f"timeline: {error}"
    if not args.svg:
        print(as_text(update), end="")
        return 0
    with open(args.svg, "w", encoding="utf-8") as file:
        file.write(as_svg(update))
    return 0


if __name__ == "__main__":
    sys.exit(main())
