"""Kill runs at random moments: each file stays old or new, and a rerun is right.

    python reliability/kill.py [--kills 100] [--seed 0] [--work report kml ...]

Each work is done over the results of another version of its inputs, in a process group of its own
that gets SIGKILL after a random share of the processor time that the work takes undisturbed; where
it ended before that moment, another is drawn. Then every file must be, byte for byte, that of one
undisturbed run or of the other; and the same work done again must leave what an undisturbed run
into an empty folder leaves. A report is of one map, a chart, two tables and all bundles; one work
is a report drawn by processes of its own. POSIX only.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import rasterio
from keeping import be_kind, joined, keep, read_kept
from tables import as_markdown

from hokkaido_gis.cli import run as run_cli
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.io.alone import LOCK, RUNNING
from hokkaido_gis.report import making
from hokkaido_gis.report import run as report
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.rerun import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hokkaido_gis.report.place import Place
    from hokkaido_gis.report.registry import Entry

    Hashes = dict[str, str]

ENTRIES = ("fig-3-5", "fig-3-6", "table-3-3", "table-3-10")
# Notes of the runs themselves; the rerun shows whether they were taken rightly.
OWN_NOTES = {JOURNAL, LOCK, RUNNING}
TEMPORARY = ".*.????????"
LONGEST = 600.0  # seconds for a run that is not killed
LOOK_EVERY = 0.002  # seconds


@dataclass(frozen=True)
class Work:
    """What is done and killed.

    Attributes
    ----------
    name
        As in the table of results.
    run
        Does it, given 0 or 1 for the version of the inputs, and the folder to write into.
    share
        How many of 10 kills it gets.
    """

    name: str
    run: Callable[[int, Path], None]
    share: int


def works(inputs: Path) -> list[Work]:
    """Make two versions of the inputs, and give all that is done with them."""
    for version in range(2):
        _make_inputs(inputs / str(version), version)

    def command(*words: str, out: str) -> Callable[[int, Path], None]:
        def run(version: int, folder: Path) -> None:
            found = [str(inputs / str(version) / w) if "." in w else w for w in words]
            if status := run_cli([*found, "-q", "--out", str(folder / out)]):
                raise SystemExit(status)

        return run

    return [
        Work("report", lambda version, folder: _report(version, folder, processes=1), 5),
        Work("report in processes", lambda version, folder: _report(version, folder, 2), 1),
        Work("kml", command("kml", "towns.gpkg", "--value", "amount", out="towns.kmz"), 1),
        Work("map", command("map", "towns.gpkg", "--value", "amount", out="towns.html"), 1),
        Work("join", command("join", "towns.gpkg", "amounts.csv", out="joined.gpkg"), 1),
        Work("overlay", command("overlay", "towns.gpkg", "wind.tif", out="wind.xlsx"), 1),
    ]


def _make_inputs(folder: Path, version: int) -> None:
    folder.mkdir(parents=True)
    towns = gpd.read_file(sample_data() / "municipalities.geojson").iloc[:60]
    numbers = np.random.default_rng(version).random(len(towns)).round(3)
    towns.assign(amount=numbers).to_file(folder / "towns.gpkg")
    codes = pd.DataFrame({"code": towns["code"], "sum": numbers})
    codes.to_csv(folder / "amounts.csv", index=False)
    with rasterio.open(sample_data() / "wind.tif") as source:
        cells, profile, tags = source.read(), source.profile, source.tags()
    with rasterio.open(folder / "wind.tif", "w", **profile) as target:
        target.write((cells + version).astype(cells.dtype))
        target.update_tags(**tags)


def _report(version: int, folder: Path, processes: int) -> None:
    """Make a few entries; the versions are of two languages, so that nearly every file differs."""

    def chosen(*, place: Place, **_: object) -> list[Entry]:
        return [entry for entry in registry(place).values() if entry.id in ENTRIES]

    report.select = chosen
    making._WORTH_A_PROCESS = 1  # noqa: SLF001  (so few entries are worth none otherwise)
    report.run_report(None, folder, lang=("ja", "en")[version], jobs=processes)


class UndoneError(Exception):
    """A run that was not killed did not end well."""


def kill_all(kills: int, seed: int, names: Sequence[str] = ()) -> list[dict[str, object]]:
    """Kill so many runs of all works; one row of counts for each work."""
    chance = random.Random(seed)  # noqa: S311  (moments, no secrets)
    rows = []
    with tempfile.TemporaryDirectory() as base:
        chosen = [w for w in works(Path(base, "inputs")) if not names or w.name in names]
        turns = [*chosen, *(work for work in chosen for _ in range(work.share - 1))]
        wanted = Counter(work.name for work in itertools.islice(itertools.cycle(turns), kills))
        for work in chosen:
            if wanted[work.name]:
                counts = _kill_one(work, wanted[work.name], chance, Path(base, work.name))
                rows.append({"work": work.name, **counts})
                print(as_markdown(rows[-1:]), file=sys.stderr, flush=True)
    return rows


def _kill_one(work: Work, kills: int, chance: random.Random, folder: Path) -> dict[str, int]:
    whole, takes = [], []
    for version in range(2):
        takes.append(_undisturbed(work, version, folder / str(version)))
        whole.append(_hashes(folder / str(version)))
    if set(whole[0]) != set(whole[1]):
        raise UndoneError(
            f"{work.name}: the versions have other files: {set(whole[0]) ^ set(whole[1])}"
        )
    names = ("kills", "came too late", "all old", "some new", "all new", "neither old nor new",
             "left in the making", "left after rerun", "rerun wrong")  # fmt: skip
    counts = dict.fromkeys(("files", "that differ", *names), 0)
    counts["files"] = len(whole[0])
    counts["that differ"] = sum(whole[0][path] != whole[1][path] for path in whole[0])
    out = folder / "out"
    shutil.copytree(folder / "0", out)
    for number in range(kills):
        version = 1 - number % 2
        old, new = whole[1 - version], whole[version]
        before = _in_the_making(out)
        while not _killed(work, version, out, chance.random() * takes[version]):
            counts["came too late"] += 1
            if counts["came too late"] > kills:
                raise UndoneError(f"{work.name} ends before it can be killed")
            shutil.rmtree(out)
            shutil.copytree(folder / str(1 - version), out)
        counts["kills"] += 1
        counts[_state(_hashes(out), old, new)] += 1
        counts["left in the making"] += len(_in_the_making(out) - before)
        _undisturbed(work, version, out)
        counts["rerun wrong"] += _hashes(out) != new
        if work.name.startswith("report"):
            counts["left after rerun"] += len(_in_the_making(out))
    if not work.name.startswith("report"):
        counts["left after rerun"] = len(_in_the_making(out))
    return counts


def _state(found: Hashes, old: Hashes, new: Hashes) -> str:
    if set(found) != set(old) or any(found[p] not in (old[p], new[p]) for p in found):
        return "neither old nor new"
    differ = [path for path in found if old[path] != new[path]]
    are_new = [found[path] == new[path] for path in differ]
    return "all new" if all(are_new) else "some new" if any(are_new) else "all old"


def _hashes(folder: Path) -> Hashes:
    making = _in_the_making(folder)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in OWN_NOTES and path.parent not in making
    }


def _in_the_making(folder: Path) -> set[Path]:
    return {path for path in folder.rglob(TEMPORARY) if path.is_dir()}


def _undisturbed(work: Work, version: int, folder: Path) -> float:
    """Do the work, and give the processor time [s] that it took."""
    before = _spent_by_ended()
    pid = _start(work, version, folder)
    until = time.monotonic() + LONGEST
    while not _has_ended(pid):
        if time.monotonic() > until:
            _kill(pid)
            raise UndoneError(f"{work.name} is not done after {LONGEST:.0f} s")
        time.sleep(LOOK_EVERY)
    return _spent_by_ended() - before


def _killed(work: Work, version: int, folder: Path, after: float) -> bool:
    """Start the work and kill it after so much processor time [s]; False if it ended before."""
    pid = _start(work, version, folder)
    while _spent(pid) < after:
        if _has_ended(pid):
            return False
        time.sleep(LOOK_EVERY)
    _kill(pid)
    return True


def _spent_by_ended() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _spent(pid: int) -> float:
    """Processor time [s] of a process and all below it."""
    spent = 0.0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            times = one.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


def _start(work: Work, version: int, folder: Path) -> int:
    """Do the work in a new process group; a fork saves the time of loading the libraries."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forking beside threads, of which none is at work
        pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        _run_and_exit(work, version, folder)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)
    return pid


def _run_and_exit(work: Work, version: int, folder: Path) -> None:
    status = 1
    try:
        warnings.simplefilter("ignore")
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            work.run(version, folder)
        status = 0
    except BaseException:  # noqa: BLE001  (told here, since nothing may run on in the fork)
        traceback.print_exc()
    finally:
        os._exit(status)


def _has_ended(pid: int) -> bool:
    """Whether the process has ended.

    Raises
    ------
    UndoneError
        If it ended with an error.
    """
    found, status = os.waitpid(pid, os.WNOHANG)
    if found and status:
        raise UndoneError(f"a run ended with status {os.waitstatus_to_exitcode(status)}")
    return bool(found)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def measure(kills: int, seed: int, names: Sequence[str] = ()) -> dict[str, object]:
    """Kill, and give seed and counts."""
    return {"seed": seed, "rows": kill_all(kills, seed, names)}


def main() -> int:
    """Kill, print the counts, and keep them; 1 if anything was half or a rerun wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", nargs="+", default=(), help="only these")
    parser.add_argument("--results", type=Path, help="folder to keep the counts in; none if not")
    chosen = parser.parse_args()
    be_kind()
    result = measure(chosen.kills, chosen.seed, chosen.work)
    if chosen.results:
        kept = read_kept("kill", chosen.results) if chosen.work else None
        result["rows"] = joined(kept, result["rows"], ("work",))
        keep("kill", result, chosen.results)
    rows = result["rows"]
    print(as_markdown(rows))
    return int(any(row["neither old nor new"] or row["rerun wrong"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
