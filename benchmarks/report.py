"""The whole report from the sample, and the same again with nothing changed.

    python benchmarks/report.py [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from goals import Goal
from machine import CLEAR_REFS, memory_of_tree_mb
from measure import Case, Row, Subject, Way, scripted

if TYPE_CHECKING:
    from pathlib import Path

EVERY = 0.1  # between two looks at the memory [s]


def ours_whole(folder: Path) -> Row:
    """`hokkaido-gis report` into an empty folder."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    return _run(folder)


def ours_rerun(folder: Path) -> Row:
    """The same into the folder that it has made."""
    return _run(folder)


def _run(folder: Path) -> Row:
    """Run the command; processor time [s] and greatest memory [MB] of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "hokkaido_gis", "report", "-q", "--out", str(folder / "out")]
    peak = 0.0
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603  (our own command)
        while process.poll() is None:
            if CLEAR_REFS.exists():
                peak = max(peak, memory_of_tree_mb(process.pid))
            time.sleep(EVERY)
    if process.returncode != os.EX_OK:
        raise RuntimeError((folder / "log.txt").read_text(encoding="utf-8"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    files = sum(path.is_file() for path in (folder / "out").rglob("*"))
    return {"peak_mb": round(peak) or None, "processor_s": round(used, 1), "files": files}


def nothing(folder: Path) -> Path:
    """No layers but the sample."""
    return folder


def describe(row: Row) -> Row:
    """Memory and processor time of the run."""
    return row


REPORT = "report from the sample"
SUBJECT = Subject(
    name="report",
    title="The whole report",
    about=(
        "`hokkaido-gis report` on the sample, as many processes as it starts by itself. Memory is "
        "that of all processes at one moment, shared pages once; `processor s` sums over them."
    ),
    cases=(
        Case(REPORT, "1x", 1, nothing, (Way(ours_whole), Way(ours_rerun)), describe, fresh=False),
    ),
    goals=(
        Goal(REPORT, "ours_whole", 120.0),
        Goal(REPORT, "ours_whole", 2000.0, column="peak_mb"),
        Goal(REPORT, "ours_rerun", 10.0),
    ),
)
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
