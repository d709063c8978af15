"""Every command that writes, on disks that are full, locked or read-only: one error, nothing lost.

    python reliability/faults.py [--work report kml ...] [--fault full ...] [--results FOLDER]

The disks are real, in memory (`broken_disks.py`). Each work is done over older files. Then it must
either have ended well, with the files that an undisturbed run writes, or with one line that names
what could not be written, each file being old or new byte for byte and nothing left in the making.
What writes several files, done again when the fault is mended, must leave what the undisturbed run
leaves. Folders that are at fault elsewhere (`faults_elsewhere.py`) must not hinder it. Linux only.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import kill
from broken_disks import PAGE, Disk, NotHereError, enter, give_up_rights, why_not
from faults_elsewhere import ELSEWHERE, NOTHING_ELSE, run_under
from keeping import be_kind, joined, keep, read_kept
from tables import as_markdown

from hokkaido_gis.cli import run as run_cli
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.fetch import retrieve
from hokkaido_gis.fetch.catalogue import CATALOGUE, choose_edition
from hokkaido_gis.io.alone import RUNNING
from hokkaido_gis.report import making
from hokkaido_gis.report import run as report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keeping import Result

    from hokkaido_gis.report.registry import Entry

    Row = dict[str, object]
    Files = dict[str, str]

OUT = "OUT"
OLDER = b"the older file\n" * 2000
# Notes, and the terms of a data set.
NO_ERRORS = ("note: ", "n03: ")
# Of downloads: a part that waits for the next call, and records with the time.
NOTES = (".part", ".part.json", ".zip.json")
WELL, REFUSED, WRONG = "done", "refused", "wrong"
SAMPLE = sample_data()


@dataclass(frozen=True)
class Work:
    """A command that writes.

    Attributes
    ----------
    name
        As in the table of results.
    words
        Of the command; ``OUT`` stands for the folder of results.
    older
        Words that make the files it is done over; where there are none, these hold other bytes.
    """

    name: str
    words: tuple[str, ...]
    older: tuple[str, ...] = ()


def works(inputs: Path) -> list[Work]:
    """Make the inputs, and give all that is done with them."""
    kill.works(inputs)
    new = inputs / "1"
    criteria, packed = new / "criteria.toml", new / "towns.kmz"
    criteria.write_text(
        'rank_by = "sum"\n[[criterion]]\nid = "A"\neffect = "positive"\n'
        'tests = [{column = "sum", op = ">=", threshold = 0.5}]\n',
        encoding="utf-8",
    )
    gpd.read_file(new / "towns.gpkg").to_file(packed, driver="LIBKML")
    towns, amounts, wind = (str(new / name) for name in ("towns.gpkg", "amounts.csv", "wind.tif"))
    edges, lines, substations = (
        str(SAMPLE / f"{name}.geojson") for name in ("municipalities", "lines", "substations")
    )
    grid = ("--lines", lines, "--substations", substations, "--segments", f"{OUT}/segments.gpkg")
    given = {
        "kml": (("kml", towns, "--value", "amount"), "kmz kml"),
        "map": (("map", towns, "--value", "amount"), "html png svg gpkg"),
        "map of a raster": (("map", wind), "gpkg"),
        "map of a KMZ": (("map", str(packed)), "png"),
        "join": (("join", towns, amounts), "gpkg geojson fgb parquet"),
        "connect": (("connect", towns, *grid), "geojson"),
        "overlay": (("overlay", towns, wind), "parquet xlsx"),
        "siting": (
            ("siting", amounts, "--criteria", str(criteria), "--explain", f"{OUT}/why.csv"),
            "csv",
        ),
        "adjacency": (("adjacency", edges), "xlsx"),
        "aggregate": (("aggregate", edges, amounts, "--value", "sum"), "parquet"),
        "doctor": (("doctor",), "txt"),
    }
    found = [
        Work(f"{name} .{ending}", (*words, "-q", "--out", f"{OUT}/result.{ending}"))
        for name, (words, endings) in given.items()
        for ending in endings.split()
    ]
    found += [
        Work(f"figure {name}", ("figure", name, "-q", "--out", OUT))
        for name in ("fig-3-5", "fig-3-6", "table-3-3")
    ]
    for name, jobs in (("report", "1"), ("report in processes", "2")):
        words = ("report", "-q", "--jobs", jobs, "--out", OUT)
        found.append(Work(name, words, (*words, "--lang", "en")))
    fetch = ("fetch", "n03", "-q", "--cache", OUT)
    return [
        *found,
        Work("fetch", fetch, ("list",)),
        Work("fetch --refresh", (*fetch, "--refresh"), fetch),
    ]


class Served:
    """Two editions of a data set on this machine, of which one is served."""

    def __init__(self) -> None:
        from test_fetch import Route, Server, zipped  # noqa: PLC0415  (brings pytest with it)

        self._server, self._route = Server(), Route
        layer = (SAMPLE / "municipalities.geojson").read_bytes()
        self._bodies = [
            zipped({"N03-20250101_01.geojson": layer, "version": bytes([n])}) for n in range(2)
        ]
        real = CATALOGUE["n03"]
        self._path = "/" + choose_edition(real).file_name
        CATALOGUE["n03"] = dataclasses.replace(
            real, address=self._server.url + self._path, years=(), timeout=5.0
        )
        retrieve.FetchSettings = partial(retrieve.FetchSettings, _loopback=True, _pause=0.0)
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

    def end(self) -> None:
        """Stop serving."""
        self._server.close()

    def serve(self, version: int) -> None:
        """Serve the older edition (0) or the newer one."""
        route = self._route(self._bodies[version], content_type="application/zip")
        self._server.routes[self._path] = route


@dataclass(frozen=True)
class Place:
    """Where a work writes, and what it writes there.

    Attributes
    ----------
    disk
        Disk that holds the folder of results.
    out
        Folder of results.
    new
        Sizes [bytes] of the files that the work writes undisturbed.
    """

    disk: Disk
    out: Path
    new: dict[str, int]

    @property
    def largest(self) -> int:
        """Size of the largest file [bytes]."""
        return max(self.new.values())

    @property
    def files(self) -> list[Path]:
        """Files that are to be replaced.

        Raises
        ------
        NotHereError
            If there are none.
        """
        found = [self.out / name for name in self.new if (self.out / name).is_file()]
        if not found:
            raise NotHereError("no file is to be replaced")
        return found


def _forbid(place: Place) -> None:
    for path in (place.out, *place.out.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def _cover(place: Place) -> None:
    for path in place.files:
        place.disk.cover(path)


def _lock(place: Place) -> None:
    for path in place.files:
        place.disk.lock(path)


def _limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@dataclass(frozen=True)
class Fault:
    """What is wrong with the disk of the results.

    Attributes
    ----------
    make
        Brings it about.
    in_run
        What the process of the run does first.
    always
        Whether nothing can be written, so that a run that ends well is wrong.
    """

    make: Callable[[Place], object] = lambda _: None
    in_run: Callable[[Place], object] = lambda _: None
    always: bool = True


FAULTS = {
    "full": Fault(lambda at: at.disk.fill(0)),
    "full at half": Fault(lambda at: at.disk.fill(at.largest // 2), always=False),
    "full at the last page": Fault(
        lambda at: at.disk.fill((at.largest - 1) // PAGE * PAGE), always=False
    ),
    "no file more": Fault(lambda at: at.disk.use_up_files(0)),
    "one file more": Fault(lambda at: at.disk.use_up_files(1)),
    "two files more": Fault(lambda at: at.disk.use_up_files(2), always=False),
    "read-only": Fault(lambda at: at.disk.forbid_writing()),
    "no right to write": Fault(_forbid, lambda _: give_up_rights()),
    "file in use": Fault(_cover),
    "file locked": Fault(_lock),
    "limit on size": Fault(in_run=lambda at: _limit(at.largest // 2), always=False),
}
ALL_FAULTS = (*FAULTS, *ELSEWHERE, NOTHING_ELSE)
TRIED_ELSEWHERE = ("map of a KMZ .png", "connect .geojson", "figure fig-3-6")


def try_all(names: Sequence[str], faults: Sequence[str], base: Path) -> list[Row]:
    """Do works under faults; a row for each pair, none where the fault cannot be had here."""
    found, served = works(base / "inputs"), Served()
    disk, other = Disk(base / "disk"), Disk(base / "other")
    _shorten_reports()
    rows: list[Row] = []
    try:
        for number, work in enumerate(work for work in found if not names or work.name in names):
            home = base / str(number)
            place, whole = _undisturbed(work, home, disk, served)
            for name in faults:
                if name in FAULTS:
                    row = _try(work, FAULTS[name], place, whole, home)
                elif work.name in TRIED_ELSEWHERE:
                    row = _try_elsewhere(work, name, place, whole, other)
                else:
                    continue
                if row is not None:
                    known = {"work": work.name, "fault": name, "elsewhere": name not in FAULTS}
                    rows.append(known | row)
                    print(json.dumps(rows[-1], ensure_ascii=False), file=sys.stderr, flush=True)
    finally:
        disk.end()
        other.end()
        served.end()
    return rows


def _shorten_reports() -> None:
    """Let a report be of a few entries, and worth several processes all the same."""
    select = report.select

    def chosen(*, only: str | None = None, **options: Any) -> list[Entry]:
        entries = select(only=only, **options)
        return entries if only else [entry for entry in entries if entry.id in kill.ENTRIES]

    report.select = chosen
    making._WORTH_A_PROCESS = 1  # noqa: SLF001


def _undisturbed(
    work: Work, home: Path, disk: Disk, served: Served
) -> tuple[Place, tuple[Files, Files]]:
    """Make the older and the newer files of a work; their hashes, and where it is to be done."""
    new, old = home / "new", home / "old"
    for folder, words, version in ((old, work.older, 0), (new, work.words, 1)):
        folder.mkdir(parents=True)
        served.serve(version)
        if words:
            status, told = run_forked(words, folder)
            if status:
                raise kill.UndoneError(f"{work.name} undisturbed: {told}")
    sizes = {name: (new / name).stat().st_size for name in hashes(new)}
    if not work.older:
        for name in sizes:
            (old / name).parent.mkdir(exist_ok=True)
            (old / name).write_bytes(OLDER)
    return Place(disk, disk.place / "out", sizes), (hashes(old), hashes(new))


def _try(
    work: Work, fault: Fault, place: Place, whole: tuple[Files, Files], home: Path
) -> Row | None:
    """Do a work under a fault and once more without; None where the fault cannot be had."""
    old, new = whole
    shutil.copytree(home / "old", place.out)
    try:
        fault.make(place)
    except NotHereError:
        place.disk.mend()
        shutil.rmtree(place.out)
        return None
    status, told = run_forked(work.words, place.out, lambda: fault.in_run(place))
    found, left = hashes(place.out), hidden(place.out)
    place.disk.mend()
    wrong = _wrong_words(status, told, [*new, str(place.out)], always=fault.always)
    wrong += _wrong_files(found, old, new, done=status == 0)
    wrong += [f"left {name}" for name in left]
    if len(new) > 1:  # what one run has left may hinder another
        again, told_again = run_forked(work.words, place.out)
        if again or any(hashes(place.out).get(name) != new[name] for name in new):
            wrong.append(f"done again: {again} {told_again}")
        wrong += [f"left after that {name}" for name in hidden(place.out)]
    shutil.rmtree(place.out)
    outcome = WRONG if wrong else REFUSED if status else WELL
    told = told.replace(str(place.out), OUT)
    kept = sum(found.get(name) == digest for name, digest in old.items())
    return {"outcome": outcome, "status": status, "told": told, "wrong": wrong, "kept": kept}


def _try_elsewhere(
    work: Work, fault: str, place: Place, whole: tuple[Files, Files], other: Disk
) -> Row:
    """Do a work where a folder that is not that of the results is at fault."""
    old, new = whole
    place.out.mkdir()
    words = [word.replace(OUT, str(place.out)) for word in work.words]
    status, told = run_under(words, fault, other)
    found, left = hashes(place.out), hidden(place.out)
    shutil.rmtree(place.out)
    wrong = [f"left {name}" for name in left]
    if status == 0:
        wrong += _wrong_files(found, old, new, done=True)
    elif fault == NOTHING_ELSE:
        wrong += _wrong_words(status, told, ["MPLCONFIGDIR", "TMPDIR"], always=False)
    else:
        wrong.append(f"status {status}")
    outcome = WRONG if wrong else REFUSED if status else WELL
    told = told.replace(str(place.out), OUT)
    return {"outcome": outcome, "status": status, "told": told, "wrong": wrong, "kept": 0}


def _wrong_words(status: int, told: str, names: list[str], *, always: bool) -> list[str]:
    """What is wrong with status and error of a run."""
    if status == 0:
        return ["it says that all is written"] if always else []
    lines = [line for line in told.splitlines() if not line.startswith(NO_ERRORS)]
    wrong = [] if status == 2 else [f"status {status}"]
    if len(lines) != 1 or not lines[0].startswith("error: "):
        wrong.append(f"{len(lines)} lines")
    if not any(Path(name).name in told for name in names):
        wrong.append("no file named")
    return wrong


def _wrong_files(found: Files, old: Files, new: Files, *, done: bool) -> list[str]:
    """What is neither old nor new; after a run that ended well, what is not new."""
    if done:
        return [f"not written {name}" for name in new if found.get(name) != new[name]]
    return [
        f"neither old nor new: {name}"
        for name in sorted({*found, *old})
        if found.get(name) not in {old.get(name), new.get(name)}
    ]


def hashes(folder: Path) -> Files:
    """SHA-256 of each file of results by its path, without notes that a run keeps for itself."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not (name := path.relative_to(folder).as_posix()).endswith(NOTES)
    }


def hidden(folder: Path) -> list[str]:
    """What a run has left in the making."""
    found = [*folder.rglob(kill.TEMPORARY), *folder.rglob(RUNNING)]
    return [path.relative_to(folder).as_posix() for path in sorted(found)]


def run_forked(
    words: Sequence[str], out: Path, first: Callable[[], object] = lambda: None
) -> tuple[int, str]:
    """Run the command line in a process of its own; its exit status and standard error.

    A fork saves the time of loading the libraries.
    """
    with tempfile.TemporaryFile() as told:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of forking beside threads, of which none is at work
            pid = os.fork()
        if pid == 0:
            _run_and_exit([word.replace(OUT, str(out)) for word in words], first, told.fileno())
        _, ended = os.waitpid(pid, 0)
        told.seek(0)
        return os.waitstatus_to_exitcode(ended), told.read().decode(errors="replace").strip()


def _run_and_exit(words: list[str], first: Callable[[], object], told: int) -> None:
    status = 1
    try:
        os.dup2(told, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        first()
        status = run_cli(words)
        gc.collect()  # what is cleared away may complain
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  (told here, since nothing may run on in the fork)
        traceback.print_exc()
    finally:
        os._exit(status)


def measure(names: Sequence[str] = (), faults: Sequence[str] = ALL_FAULTS) -> Result:
    """Do works under faults, in a process with mounts of its own, and give a row for each pair.

    Raises
    ------
    OSError
        If no disks of one's own can be had here.
    """
    if reason := why_not():
        raise OSError(reason)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "rows.json")
        words = [sys.executable, __file__, "--inside", str(kept)]
        words += ["--work", *names, "--fault", *faults]
        subprocess.run([*enter(), *words], check=True)  # noqa: S603  (our own command)
        rows: list[Row] = json.loads(kept.read_text(encoding="utf-8"))
    return {"rows": rows}


def main() -> int:
    """Measure, print the rows, and keep them; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", nargs="*", default=(), help="only these")
    parser.add_argument(
        "--fault", nargs="*", default=ALL_FAULTS, choices=ALL_FAULTS, metavar="FAULT"
    )
    parser.add_argument("--results", type=Path, help="folder to keep the rows in; none if not")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        with tempfile.TemporaryDirectory() as base:
            rows = try_all(chosen.work, chosen.fault, Path(base))
        chosen.inside.write_text(json.dumps(rows), encoding="utf-8")
        return 0
    be_kind()
    result = measure(chosen.work, chosen.fault)
    if chosen.results:
        kept = read_kept("faults", chosen.results)
        result["rows"] = joined(kept, result["rows"], ("work", "fault"))
        keep("faults", result, chosen.results)
    rows = [row for row in result["rows"] if row["wrong"]]
    print(as_markdown(rows) if rows else "nothing wrong")
    return int(bool(rows))


if __name__ == "__main__":
    sys.exit(main())
