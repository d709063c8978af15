"""Where the time of the whole report goes, in one process.

    python benchmarks/profile_report.py

Shares of the time under a sampling profiler: first of the steps that a figure goes through, then of
single functions with the libraries they call, the largest first, with what was done about them.
"""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from tables import as_markdown

from hokkaido_gis.report.run import run_report

if TYPE_CHECKING:
    from measure import Row
    from pyinstrument.frame import Frame

PACKAGE = "/hokkaido_gis/"
INTERVAL = 0.005  # [s]
SHOWN = 10

# Steps that exclude one another: the outermost of them that is running is asked for the time.
STEPS = {
    "report/making.py form": "read layers and work figures out",
    "report/ledger.py ledger": "compare with the published figures",
    "render/kml.py write_kmz": "KMZ",
    "render/html.py write_html": "HTML",
    "render/png.py write_png": "PNG of maps",
    "render/charts.py write_chart": "PNG of charts",
    "report/drawing.py _write_thumb": "thumbnails",
    "report/package.py write_package": "GeoPackage",
    "report/tree.py write_tree": "KMZ of all figures",
    "report/workbook.py write_workbook": "workbook",
    "report/index_page.py write_index": "index page",
}
# What was done, or why it stays as it is, beside the functions that have been the largest.
DONE = {
    "render/page.py write_picture": (
        "matplotlib's drawing and the packing of print-size PNGs, the product itself; packed at "
        "level 3, three quarters of the time for 1 % more bytes; spread by --jobs"
    ),
    "report/drawing.py _write_thumb": (
        "unpacking the PNG just written; to do: shrink the canvas before it is saved"
    ),
    "render/scene.py table": (
        "formed anew for each writer; no longer for the check of a layer's columns"
    ),
    "render/classes.py _natural_breaks": (
        "mapclassify compiles as it is loaded; left to natural breaks, others need no library"
    ),
}


def main() -> list[Row]:
    """Profile one run into an empty folder; print and give the shares."""
    from pyinstrument import Profiler  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Profiler(interval=INTERVAL) as profiler:
            run_report(None, folder, jobs=1)
    session = profiler.last_session
    root = session.root_frame() if session is not None else None
    if root is None:
        raise RuntimeError("the profiler took no samples")
    rows = shares(root)
    print(as_markdown(rows))
    return rows


def shares(root: Frame) -> list[Row]:
    """Seconds and shares of the steps and of the functions of the package."""
    steps: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    waiting: list[tuple[Frame, str, str]] = [(root, "all else", "outside the package")]
    while waiting:
        frame, step, function = waiting.pop()
        name = name_of(frame)
        if name is not None:
            function = name
            step = STEPS.get(name, step) if step == "all else" else step
        own = frame.time - sum(child.time for child in frame.children)
        steps[step] += own
        functions[function] += own
        waiting += [(child, step, function) for child in frame.children]
    whole = root.time
    rows = [_row("steps", name, took, whole) for name, took in steps.most_common()]
    rows += [
        {**_row("functions", name, took, whole), "note": DONE.get(name)}
        for name, took in functions.most_common(SHOWN)
    ]
    return rows


def name_of(frame: Frame) -> str | None:
    """File and function of a frame of the package; none of others."""
    _, package, file = (frame.file_path or "").replace("\\", "/").rpartition(PACKAGE)
    return f"{file} {frame.function}" if package else None


def _row(kind: str, name: str, took: float, whole: float) -> Row:
    return {
        "case": kind,
        "way": name,
        "profiled_s": round(took, 2),
        "percent": round(100 * took / whole, 1),
    }


if __name__ == "__main__":
    main()
