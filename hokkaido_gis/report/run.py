"""The whole report: make every entry that can be made, and say of the others why not."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from hokkaido_gis.codes import find_code
from hokkaido_gis.errors import HokkaidoGisError, LayerWarning, MissingInputError, name_some
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.render.charts import Chart, write_chart
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import Scene
from hokkaido_gis.report.index_page import write_index
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.ledger import ledger
from hokkaido_gis.report.manifest import write_manifest
from hokkaido_gis.report.registry import select

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.registry import Entry
    from hokkaido_gis.report.results import Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry.

    Attributes
    ----------
    entry
        The figure or table.
    title, caption
        Of the result; the report's title and nothing where none was made.
    paths
        Files written.
    why_not
        Why nothing was made; ``None`` where something was.
    """

    entry: Entry
    title: str
    caption: str = ""
    paths: tuple[Path, ...] = ()
    why_not: MissingInputError | None = None


def run_report(
    data: str | Path | None = None,
    out: str | Path = "out",
    *,
    chapter: int | None = None,
    only: str | None = None,
    lang: Lang = "ja",
    progress: bool = False,
) -> list[Path]:
    """Make the figures and tables of the report, the ledger and an index page.

    Parameters
    ----------
    data
        Folder of layers; the sample where none is named.
    out
        Folder of the results: ``index.html``, ``kmz/ html/ png/ tables/``,
        ``ledger.csv`` and ``manifest.json``.
    chapter
        Only this chapter.
    only
        Only the entry of this id.
    lang
        Language of maps, charts, tables and the index page.
    progress
        Show a progress bar on standard error, if it is a terminal.

    Returns
    -------
    list of pathlib.Path
        Files written, the index page first.

    Raises
    ------
    HokkaidoGisError
        If a layer cannot be used, or there is no such chapter or entry.
    """
    inputs, folder = Inputs(data), Path(out)
    entries = select(chapter=chapter, only=only)
    bar = tqdm(entries, unit="figure", disable=None if progress else True, leave=False)
    outcomes = [make(entry, inputs, folder, lang) for entry in bar]
    _tell_missing(outcomes)
    checked = ledger(inputs, lang=lang, chapter=chapter if only is None else entries[0].chapter)
    if only is not None:
        checked = checked[checked["id"] == only]
    ledger_file = write_table(checked, folder / "ledger.csv")
    options = {"chapter": chapter, "only": only, "lang": lang}
    manifest = write_manifest(inputs, options, folder / "manifest.json")
    index = write_index(outcomes, checked, folder / "index.html", lang)
    return [index, ledger_file, manifest, *(path for outcome in outcomes for path in outcome.paths)]


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
        If there is no such figure, or it is not drawn for one municipality.
    """
    (entry,) = select(only=figure)
    outcome = make(entry, Inputs(data), Path(out), lang, municipality=municipality)
    if outcome.why_not is not None:
        raise MissingInputError(f"{figure}: {outcome.why_not}")
    return list(outcome.paths)


def make(
    entry: Entry, inputs: Inputs, folder: Path, lang: Lang, *, municipality: str | None = None
) -> Outcome:
    """Make one entry and write it, or say why not."""
    recipe, name = entry.recipe, entry.id
    if recipe is None:
        reason = MissingInputError("there is no recipe for it yet.", "作成手順がまだない。")
        return Outcome(entry, entry.title, why_not=reason)
    if municipality is not None:
        if "code" not in inspect.signature(recipe).parameters:
            raise HokkaidoGisError(f"{entry.id} is not drawn for one municipality.")
        code = _code(municipality, inputs)
        recipe, name = partial(recipe, code=code), f"{entry.id}-{code}"
    try:
        result = recipe(inputs, lang)
    except MissingInputError as error:
        return Outcome(entry, entry.title, why_not=error)
    return Outcome(entry, result.title, result.caption, tuple(_write(result, folder, name)))


def _tell_missing(outcomes: list[Outcome]) -> None:
    missing = [outcome.entry.id for outcome in outcomes if outcome.why_not is not None]
    if missing:
        warnings.warn(
            f"{len(missing)} of {len(outcomes)} figures and tables were not made "
            f"({name_some(missing)}); index.html says why.",
            LayerWarning,
            stacklevel=3,
        )


def _write(result: Result, folder: Path, name: str) -> list[Path]:
    if isinstance(result, Scene):
        return [
            write_kmz(result, folder / "kmz" / f"{name}.kmz"),
            write_html(result, folder / "html" / f"{name}.html"),
            write_png(result, folder / "png" / f"{name}.png"),
        ]
    if isinstance(result, Chart):
        return [write_chart(result, folder / "png" / f"{name}.png")]
    return [write_table(result.frame, folder / "tables" / f"{name}.csv")]


def _code(municipality: str, inputs: Inputs) -> str:
    code = find_code(municipality)
    if code not in inputs.municipalities.index:
        raise HokkaidoGisError(f"The boundaries hold no municipality {municipality} ({code}).")
    return code
