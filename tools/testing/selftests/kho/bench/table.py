# SPDX-License-Identifier: GPL-2.0-only
"""The results of the benchmark as tables."""

MILLION = 1e6
# Mainline 7.2, measured in the same way: a guest of 3 GiB, an image of 4.8 MB,
# folios preserved and retrieved as parts of memfds.
MAINLINE = {
    "save": 0, "shutdown": 0.1, "relocation": 2.0, "purgatory": 827.6,
    "decompression": 32.0, "early boot": 30.8, "reservation": 0.03,
    "free memory is freed": 13.1, "boot up to init": 189.8,
    "APIC timer calibration": 108.5, "blackout": 1095.4,
}
MAINLINE_INGESTION = {"0": 0.03, "256M": 87, "1G": 349, "1G-huge": 0.6,
                      "64M-every-other": 5929}
MAINLINE_FOLIO = {"preserve": 435, "restore": 1148}


def millions(value):
    """A number of instructions, in millions, with three digits or more."""
    if value is None:
        return "-"
    value /= MILLION
    digits = next((n for n, limit in enumerate((100, 10, 1))
                   if abs(value) >= limit), 3)
    return f"{value:,.{digits}f}"


def lay_out(title, columns, rows):
    """Lines of a table; the first column is to the left."""
    rows = [[title, *columns], *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]),
                   *(cell.rjust(width)
                     for cell, width in zip(row[1:], widths[1:]))]).rstrip()
        for row in rows)


def row(name, values, mainline):
    reference = MAINLINE.get(mainline)
    return [name, *map(millions, values),
            "-" if reference is None else millions(reference * MILLION)]


def blackout(results):
    """Each part of the blackout, a column for each case."""
    runs = list(results.values())
    parts = [part for part in MAINLINE
             if any(part in run["parts"] for run in runs)]
    rows = []
    for part in parts:
        rows.append(row(part, [run["parts"].get(part) for run in runs], part))
        for name in runs[0]["within"].get(part, ()):
            rows.append(row("  " + name, [run["within"][part].get(name)
                                          for run in runs], name))
    rows.append(row("blackout", [run["blackout"] for run in runs],
                    "blackout"))
    rows.append(row("kexec load, before it",
                    [run["kexec_load"] for run in runs], None))
    return lay_out("Million instructions", [*results, "mainline: 0"], rows)


def ingestion(run):
    """What is read and reserved; not the pages of memory that is free."""
    return (run["within"]["early boot"]["survey of the map"] +
            run["parts"]["reservation"])


def per_gib(run, value):
    gib = run["preserved_mib"] / 1024
    return None if value is None else value / gib


def folio_row(case, run):
    def each(what):
        measured = run["folios"].get(what)
        return (f"{measured['instructions'] / measured['number']:,.0f}"
                if measured else "-")

    def gib(what):
        measured = run["folios"].get(what)
        return millions(per_gib(run, measured and measured["instructions"]))

    known = MAINLINE_INGESTION.get(case)
    return [case, each("preserve"), each("unpreserve"), each("restore"),
            gib("preserve"), gib("restore"),
            f"{per_gib(run, run['map_bytes']) / 1024:,.0f}"
            if "map_bytes" in run else "-",
            millions(ingestion(run)),
            "-" if known is None else millions(known * MILLION)]


def folios(results):
    """What preserved memory costs, a row for each case."""
    rows = [folio_row(case, run) for case, run in results.items()
            if run["preserved_mib"]]
    rows.append(["mainline 7.2", str(MAINLINE_FOLIO["preserve"]), "-",
                 str(MAINLINE_FOLIO["restore"]), "-", "-", "-", "-", "-"])
    return lay_out("Instructions per folio",
                   ["preserve", "unpreserve", "restore", "M/GiB: preserve",
                    "restore", "map KiB/GiB", "ingestion, M", "mainline's"],
                   rows)


def text(results):
    return blackout(results) + "\n\n" + folios(results)


def profile(lines, limit=40):
    """Symbols by the number of their instructions."""
    total = sum(count for _, count in lines) or 1
    rows = [[symbol, f"{count:,}", f"{100 * count / total:.1f} %"]
            for symbol, count in lines[:limit]]
    return lay_out("Symbol", ["instructions", "part"],
                   [*rows, ["total", f"{total:,}", ""]])
