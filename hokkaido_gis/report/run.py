"""The whole report: make every entry that can be made, and say of the others why not."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pandas as pd

from hokkaido_gis.codes import find_code
from hokkaido_gis.errors import (
    HokkaidoGisError,
    LayerWarning,
    MissingInputError,
    list_faults,
    name_some,
)
from hokkaido_gis.io.cells import unguard_table
from hokkaido_gis.render.scene import Lang
from hokkaido_gis.report.alone import alone_in
from hokkaido_gis.report.drawing import write_result
from hokkaido_gis.report.index_page import write_index
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.layer_files import origin_of
from hokkaido_gis.report.ledger import COLUMNS
from hokkaido_gis.report.making import BUNDLES, LEDGER, Making, form
from hokkaido_gis.report.manifest import write_manifest
from hokkaido_gis.report.outcome import Outcome
from hokkaido_gis.report.registry import select

if TYPE_CHECKING:
    from hokkaido_gis.report.parallel import Fault
    from hokkaido_gis.report.registry import Entry


class FiguresFailedError(Exception):
    """Some figures or tables could not be made for a fault; all others were.

    Attributes
    ----------
    paths
        Files of the run, as `run_report` would have returned them.
    traces
        Traceback of each kind of fault.
    """

    def __init__(self, message: str, paths: list[Path], traces: list[str]) -> None:
        self.paths = paths
        self.traces = traces
        super().__init__(message)


class InputsFailedError(FiguresFailedError, HokkaidoGisError):
    """All that failed did so because layers or tables cannot be used as they came."""


def run_report(  # noqa: PLR0913  (options)
    data: str | Path | None = None,
    out: str | Path = "out",
    *,
    chapter: int | None = None,
    only: str | None = None,
    lang: Lang = "ja",
    jobs: int = 1,
    progress: bool = False,
) -> list[Path]:
    """Make the figures and tables of the report, bundles of them, the ledger and an index page.

    What the folder of results holds already is taken as it is, as long as nothing that it was made
    of has changed (files, options, this library); so an interrupted run goes on where it stopped.
    A part of the report, made into a folder that holds other parts, joins them: these stay, and
    bundles, ledger, manifest and index page are of all that is there.

    Boundaries of another prefecture give the report of that one: maps go by the regions that the
    data have, and what is about Hokkaido alone is not made, and says so.

    Parameters
    ----------
    data
        Folder of layers; the sample where none is named.
    out
        Folder of the results: ``index.html``, ``kmz/ html/ png/ tables/``, ``hokkaido_gis.kmz``,
        ``hokkaido_gis.gpkg``, ``tables.xlsx``, ``ledger.csv`` and ``manifest.json``.
    chapter
        Only this chapter.
    only
        Only the entry of this id.
    lang
        Language of maps, charts, tables and the index page.
    jobs
        Processes that draw, with the same results whatever their number. A script that asks for
        more than one keeps its own work under ``if __name__ == "__main__"``, as `multiprocessing`
        wants it.
    progress
        Show a progress bar on standard error, if it is a terminal.

    Returns
    -------
    list of pathlib.Path
        Files of the run, the index page first.

    Raises
    ------
    HokkaidoGisError
        If there is no such chapter, entry or language, the folder cannot be written or another run
        is writing there, or it holds a report in another language or of other layers, and only a
        part is asked for. Nothing is written then.
    FiguresFailedError
        At the end, if figures could not be made for a fault, not for want of an input;
        `InputsFailedError` if all of them for layers that cannot be used.
    """
    _require_language(lang)
    inputs, folder = Inputs(data), Path(out)
    with alone_in(folder):
        making = Making(inputs, folder, lang)
        entries = select(chapter=chapter, only=only, place=making.place)
        everything = select(place=making.place)
        asked = {entry.id for entry in entries}
        others = making.take_over(entry for entry in everything if entry.id not in asked)
        making.run(entries, others, jobs=jobs, bar=progress)
        checked = _read_ledger(making)
        held = asked | {entry.id for entry in others}
        listed = [entry for entry in everything if entry.id in held]
        outcomes = [_outcome(entry, making, checked) for entry in listed]
        # What the folder holds beyond what was asked for was asked for earlier.
        part = {"chapter": None, "only": None} if others else {"chapter": chapter, "only": only}
        options = {**part, "lang": lang}
        manifest = write_manifest(making, outcomes, options, folder / "manifest.json")
        index = write_index(making, outcomes, checked, folder / "index.html")
        making.journal.tidy()
    made = [making.records[name] for name in (LEDGER, *BUNDLES) if name in making.records]
    outcomes = [outcome for outcome in outcomes if outcome.entry.id in asked]
    made += [outcome.record for outcome in outcomes if outcome.record is not None]
    paths = [index, manifest, *(folder / path for record in made for path in record.outputs)]
    _tell_missing(outcomes)
    _tell_older(making.older)
    _raise_faults(making.faults, paths)
    return paths


def run_figure(
    figure: str,
    data: str | Path | None = None,
    out: str | Path = "out",
    *,
    municipality: str | None = None,
    lang: Lang = "ja",
) -> list[Path]:
    """Make one figure or table in all its formats.

    Parameters
    ----------
    figure
        Its id, such as ``fig-2-12``.
    data, out, lang
        As for `run_report`.
    municipality
        Name or code, for figures that are drawn for any chosen municipality.

    Returns
    -------
    list of pathlib.Path
        Files written.

    Raises
    ------
    MissingInputError
        If its inputs are lost or not in the folder.
    HokkaidoGisError
        If there is no such figure or language, or it is not drawn for one municipality.
    """
    _require_language(lang)
    inputs = Inputs(data)
    (entry,) = select(only=figure, place=inputs.place)
    name = entry.id
    if municipality is not None:
        if entry.recipe is None or "code" not in inspect.signature(entry.recipe).parameters:
            raise HokkaidoGisError(f"{entry.id} is not drawn for one municipality.")
        code = _code(municipality, inputs)
        entry, name = replace(entry, recipe=partial(entry.recipe, code=code)), f"{name}-{code}"
    try:
        result = form(entry, inputs, lang)
    except MissingInputError as error:
        raise MissingInputError(f"{figure}: {error}") from error
    with alone_in(Path(out)):
        return write_result(result, Path(out), name)


def _require_language(lang: str) -> None:
    if lang not in get_args(Lang):
        raise HokkaidoGisError(f"lang must be one of {', '.join(get_args(Lang))}; got {lang!r}.")


def _read_ledger(making: Making) -> pd.DataFrame:
    """Give the ledger as it stands in its file; none where it could not be made."""
    if LEDGER not in making.records:
        return pd.DataFrame(columns=list(COLUMNS), dtype=str)
    path = making.folder / LEDGER
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return unguard_table(table)


def _outcome(entry: Entry, making: Making, checked: pd.DataFrame) -> Outcome:
    record = making.records.get(entry.id)
    files = record.files if record is not None else ()
    is_lost = (checked["id"] == entry.id) & (checked["verdict"] == "input lost")
    return Outcome(
        entry,
        record,
        making.faults.get(entry.id),
        frozenset(origin_of(making.path_of(layer, name)).kind for layer, name in files),
        int(is_lost.sum()),
        entry.id in making.older,
    )


def _tell_missing(outcomes: list[Outcome]) -> None:
    missing = [outcome.entry.id for outcome in outcomes if outcome.state == "not made"]
    if missing:
        warnings.warn(
            f"{len(missing)} of {len(outcomes)} figures and tables were not made "
            f"({name_some(missing)}); index.html says why.",
            LayerWarning,
            stacklevel=3,
        )


def _tell_older(names: set[str]) -> None:
    if names:
        warnings.warn(
            f"{len(names)} others of the folder are as an earlier run left them, though what they "
            "are made of has changed; the whole report makes them again.",
            LayerWarning,
            stacklevel=3,
        )


def _raise_faults(faults: dict[str, Fault], paths: list[Path]) -> None:
    """Raise what went wrong, figures of one fault together."""
    if not faults:
        return
    alike: dict[str, list[str]] = {}
    for name, fault in faults.items():
        alike.setdefault(fault.message, []).append(name)
    told = [f"{name_some(names)}: {message}" for message, names in alike.items()]
    traces = list({fault.message: fault.trace for fault in faults.values()}.values())
    kind = (
        InputsFailedError
        if all(fault.of_input for fault in faults.values())
        else FiguresFailedError
    )
    raise kind(
        f"{len(faults)} could not be made, all others were; older files of theirs are as they "
        f"were. {list_faults(told)}",
        paths,
        traces,
    )


def _code(municipality: str, inputs: Inputs) -> str:
    code = find_code(municipality)
    if code not in inputs.municipalities.index:
        raise HokkaidoGisError(f"The boundaries hold no municipality {municipality} ({code}).")
    return code
