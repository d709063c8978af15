"""One layer of a folder: its files, what they are, and whether the report's reader takes them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from hokkaido_gis.doctor.file_facts import (
    describe_file,
    tell_copied_sample,
    tell_lacking_parts,
    words_in_name,
)
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.japanese import explain
from hokkaido_gis.doctor.text_encoding import missing_parts
from hokkaido_gis.errors import HokkaidoGisError, LayerError, LayerWarning, MissingInputError
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.join import index_by_municipality
from hokkaido_gis.readers.census import read_abandoned_farmland
from hokkaido_gis.readers.climate import monthly, read_irradiation, read_normals
from hokkaido_gis.readers.dams import read_dams
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.ports import read_ports
from hokkaido_gis.readers.settlements import read_settlements
from hokkaido_gis.readers.stations import read_stations
from hokkaido_gis.readers.substations import read_substations
from hokkaido_gis.readers.wind import read_wind
from hokkaido_gis.report.layer_files import LAYERS, find_files
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from hokkaido_gis.doctor.findings import Level
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

# Of these the report takes all files; of boundaries the one with the most municipalities.
_PUT_TOGETHER = ("lines", "substations")
# Larger rasters are described and not read, which would take gigabytes.
_MOST_CELLS = 25_000_000


def check_layer(inputs: Inputs, layer: str, lang: Lang) -> tuple[list[Finding], Any]:
    """Look at the files of a layer, one by one.

    Parameters
    ----------
    inputs
        The folder.
    layer
        One of `LAYERS`.
    lang
        Language of the findings.

    Returns
    -------
    findings : list of Finding
        At least one.
    read
        What the reader gave; of several boundaries the one with the most municipalities, all lines
        or substations together, of other layers the first file's. None where nothing could be read.
    """
    title = say(lang, LAYERS[layer].title_ja, LAYERS[layer].title)
    try:
        files = find_files(inputs.folder, layer)
    except MissingInputError:
        return [_absent(layer, title, lang)], None
    findings = _several(layer, title, files, lang)
    read = []
    for path in files:
        subject = f"{title}: {path.relative_to(inputs.folder)}"
        told, frame = _check_file(inputs, layer, path, subject, lang)
        findings += told
        read += [] if frame is None else [frame]
    if layer == "municipalities":
        return findings, max(read, key=len, default=None)
    if layer in _PUT_TOGETHER and read:
        return findings, pd.concat(read)
    return findings, next(iter(read), None)


def _read(inputs: Inputs, layer: str, path: Path) -> Any:
    """Read a file as the report does."""
    match layer:
        case "dams" | "ports":
            reader: Callable[..., gpd.GeoDataFrame] = read_dams if layer == "dams" else read_ports
            return reader(path, municipalities=_municipalities(inputs))
        case "normals":
            return monthly(read_normals(path), "temperature")
        case "population":
            people = inputs.population
            return index_by_municipality(read_table(path), units=people.index, what=str(path))
        case "wind":
            wind = read_wind(path)
            if wind.shape[0] * wind.shape[1] <= _MOST_CELLS:
                wind.read()
            return wind
        case _:
            return _READERS[layer](path)


_READERS: dict[str, Callable[[Path], Any]] = {
    "municipalities": read_municipalities,
    "settlements": read_settlements,
    "census": read_abandoned_farmland,
    "lines": read_lines,
    "substations": read_substations,
    "stations": read_stations,
    "irradiation": read_irradiation,
}


def _municipalities(inputs: Inputs) -> gpd.GeoDataFrame | None:
    """Boundaries, or none where they cannot be used; what is to be said of them is said there."""
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        try:
            return inputs.municipalities
        except HokkaidoGisError:
            return None


def _check_file(
    inputs: Inputs, layer: str, path: Path, subject: str, lang: Lang
) -> tuple[list[Finding], Any]:
    lacking = missing_parts(path) if path.suffix.lower() == ".shp" else []
    if layer == "population" and _municipalities(inputs) is None:
        found = say(
            lang,
            "市町村界が読めないため、市町村と照合していません",
            "not compared with municipalities, since their boundaries cannot be read",
        )
        return [Finding("note", subject, found)], None
    frame, faults = None, []
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", LayerWarning)
        try:
            frame = _read(inputs, layer, path)
        except HokkaidoGisError as error:
            faults = [_told("mend", subject, fault, path, lang) for fault in _faults_of(error)]
        except Exception as error:  # noqa: BLE001  (a file that nobody thought of is a finding)
            faults = [_surprise(subject, error, lang)]
    told = [_told("note", subject, str(note.message), path, lang) for note in notes]
    if faults:
        return [*tell_lacking_parts("mend", lacking, subject, lang), *faults, *told], None
    described = describe_file(layer, path, frame, lang)
    parts = tell_lacking_parts("note", lacking, subject, lang)
    findings = [Finding("ok", subject, described), *parts, *told]
    return [*findings, *tell_copied_sample(path, subject, lang)], frame


def _faults_of(error: HokkaidoGisError) -> tuple[str, ...]:
    return error.faults if isinstance(error, LayerError) else (str(error),)


def _told(level: Level, subject: str, message: str, path: Path, lang: Lang) -> Finding:
    """A finding from what a reader says, without the name of the file, which the subject has."""
    start, _, rest = message.partition(": ")
    said = rest if start.endswith(path.name) else message
    if lang == "en":
        return Finding(level, subject, said)
    gist, advice = explain(said)
    return Finding(level, subject, f"{gist} (原文: {said})" if gist else said, advice)


def _absent(layer: str, title: str, lang: Lang) -> Finding:
    wanted = LAYERS[layer]
    found = say(lang, "ファイルがありません", "there is no file")
    names = say(lang, " または ", " or ").join(words_in_name(layer, lang))
    endings = " ".join(wanted.endings)
    put = say(
        lang,
        f"使うときは、名前に {names} を含むファイル ({endings}) を置きます。",
        f"To use it, put a file there with {names} in its name ({endings}).",
    )
    if layer == "municipalities":
        need = say(lang, "すべての地図に必要です。", "Every map needs it.")
        return Finding("mend", title, found, f"{need}{say(lang, '', ' ')}{put}")
    if layer == "irradiation":
        found += say(
            lang,
            "。観測所のファイルの日射量か、快晴日からの推定を使います",
            "; that in the file of stations is used, or an estimate",
        )
    return Finding("note", title, found, put)


def _several(layer: str, title: str, files: list[Path], lang: Lang) -> list[Finding]:
    if len(files) == 1:
        return []
    names = ", ".join(path.name for path in files)
    if layer == "municipalities":
        found = say(
            lang,
            f"{len(files)} 個あります ({names})。市町村が最も多いものを使います",
            f"there are {len(files)} ({names}); the one with the most municipalities is taken",
        )
        return [Finding("note", title, found)]
    if layer in _PUT_TOGETHER:
        found = say(
            lang,
            f"{len(files)} 個を合わせて使います ({names})",
            f"{len(files)} files are put together ({names})",
        )
        advice = say(
            lang,
            "同じ施設が二重に入っていないかご確認ください。",
            "Look whether the same feature stands in two of them.",
        )
        return [Finding("note", title, found, advice)]
    found = say(lang, f"{len(files)} 個あります ({names})", f"there are {len(files)} ({names})")
    advice = say(
        lang,
        "1つだけ残し、ほかは別のフォルダへ移してください。",
        "Leave one and move the others to another folder.",
    )
    return [Finding("mend", title, found, advice)]


def _surprise(subject: str, error: Exception, lang: Lang) -> Finding:
    told = f"{type(error).__name__}: {error}"
    found = say(lang, f"読み込み中に思わぬエラーが起きました ({told})", f"unforeseen: {told}")
    advice = say(
        lang,
        "ファイルが壊れていないかを QGIS などでご確認ください。壊れていなければ、"
        "このライブラリの不具合かもしれません。この行を添えてお知らせください。",
        "Look whether QGIS opens the file. If it does, this may be a fault of ours: please report "
        "this line.",
    )
    return Finding("mend", subject, found, advice)
