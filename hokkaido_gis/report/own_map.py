"""A map of any files of one's own, with good looks and no options."""

from __future__ import annotations

import re
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.crs import require_crs
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerWarning, OutputError, RenderError, TableError, name_some
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import (
    Categorical,
    Category,
    Graduated,
    Layer,
    RasterLayer,
    Scene,
    Single,
    Symbol,
    to_wgs84,
)
from hokkaido_gis.report.grid_maps import by_voltage, drawn_class
from hokkaido_gis.report.layer_files import origin_of
from hokkaido_gis.report.map_frame import GROUND, join_credits, with_margin
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from hokkaido_gis.render.scene import AnyLayer, Lang, Style

_RASTERS = (".tif", ".tiff")
# Columns that name features, most telling first; compared after NFKC and without regard to case.
_NAMES = (
    "name", "名称", "名前", "label", "title", "rcom_name", "集落名", "農業集落名", "漁港名",
    "ダム名", "施設名", "変電所名", "送電線名", "市町村名", "municipality", "市町村", "n03_004", "w01_001",
    "c09_002", "pref_name", "id",
)  # fmt: skip
# Colours of layers in turn: they differ in lightness, and for the colour-blind.
_COLOURS = ("#1b7837", "#d95f0e", "#2166ac", "#8c510a", "#762a83", "#b2182b")
_CATEGORY_COLOURS = (
    "#08306b", "#e08214", "#80cdc1", "#8a1c6b", "#fee08b", "#35978f", "#f4a582", "#7f7f7f",
)  # fmt: skip
_UNIT = re.compile(r"[(\[（](.+?)[)\]）]\s*$|_(kwh|kw|mw|ha|a|km|m|ms|m2|km2|cm|mm|yen)$")
_MOST_LABELS = 300
_FEWEST_NUMBERS = 2


def own_map(
    files: Sequence[str],
    *,
    value: str | None = None,
    name: str | None = None,
    lines: str | None = None,
    crs: str | None = None,
    lang: Lang = "ja",
) -> Scene:
    """Describe a map of layers in files, with styles chosen by what is in them.

    Parameters
    ----------
    files
        Vector files (``FILE:LAYER`` picks a layer) and rasters (.tif), the first lowest.
    value
        Column that colours the first vector layer that has it: classes of equal numbers of
        features for numbers, a colour each for a few words.
    name
        Column that names features; found by its name where ``None``.
    lines
        File of transmission lines, drawn by voltage class above everything else.
    crs
        CRS of files that state none.
    lang
        Language of legend and controls.

    Returns
    -------
    Scene
        All layers, above the municipalities where they lie in Hokkaido.

    Raises
    ------
    LayerError, CRSError
        If a file cannot be read or has no CRS.
    RenderError
        If no layer has a column `value` or `name`.
    """
    layers: list[AnyLayer] = []
    for number, file in enumerate(files):
        colour = _COLOURS[number % len(_COLOURS)]
        if Path(file).suffix.lower() in _RASTERS:
            layers.append(_raster(file, crs))
        else:
            layers.append(_vector(file, value, name, colour, crs=crs))
    _require_columns(layers, value=value, name=name)
    if lines is not None:
        layers.append(_lines(lines, lang, crs))
    title = "・".join(layer.title for layer in layers[: len(files)])
    scene = Scene(title, layers, lang=lang, credit=_credits([*files, *([lines] if lines else [])]))
    return _above_municipalities(scene)


def write_own_map(scene: Scene, path: Path, *, tiles: bool = False) -> Path:
    """Write a map in the form that the ending of its file asks for.

    Parameters
    ----------
    scene
        What is drawn.
    path
        File ending in .html, .kmz, .kml, .png, .svg or .gpkg.
    tiles
        Whether an HTML map asks for tiles of GSI where there is a network.

    Raises
    ------
    OutputError
        If the ending is another, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending in (".html", ".htm"):
        return write_html(scene, path, tiles=tiles)
    writers: dict[str, Callable[[Scene, Path], Path]] = {
        ".kmz": write_kmz, ".kml": write_kmz, ".png": write_png, ".svg": write_png,
        ".gpkg": write_gpkg,
    }  # fmt: skip
    if ending not in writers:
        raise OutputError(
            f"{path}: a map is written as .html, {', '.join(writers)}; got {ending or 'no ending'}."
        )
    return writers[ending](scene, path)


def _vector(
    file: str, value: str | None, name: str | None, colour: str, *, crs: str | None
) -> Layer:
    frame = read_vector(file, crs=crs)
    require_crs(frame, file)
    columns = [column for column in frame.columns if column != frame.geometry.name]
    named = name if name in columns else _name_column(columns)
    style: Style = Single(_symbol(colour))
    if value in columns:
        frame, style = _by_value(frame, value, colour)
    areas = frame.geom_type.isin(["Polygon", "MultiPolygon"]).mean() > 0.5
    labelled = named if areas and len(frame) <= _MOST_LABELS else None
    return Layer(frame, style, title=_title(file), name=named, label=labelled)


def _by_value(frame: gpd.GeoDataFrame, value: str, colour: str) -> tuple[gpd.GeoDataFrame, Style]:
    """Style by a column: numbers, also those written as text, in classes; a few words by colour."""
    numbers = _numbers(frame[value])
    if numbers is not None and numbers.nunique() >= _FEWEST_NUMBERS:
        return frame.assign(**{value: numbers}), Graduated(value, unit=_unit(value))
    words = [word for word in frame[value].value_counts().index if word is not None]
    if not 1 <= len(words) <= len(_CATEGORY_COLOURS):
        warnings.warn(
            f"{value!r} has {len(words)} different values that are no numbers; with more than "
            f"{len(_CATEGORY_COLOURS)} the layer is drawn in one colour.",
            LayerWarning,
            stacklevel=4,
        )
        return frame, Single(_symbol(colour))
    return frame, Categorical(
        value,
        tuple(
            Category(word, str(word), _symbol(colour))
            for word, colour in zip(words, _CATEGORY_COLOURS, strict=False)
        ),
    )


def _numbers(values: pd.Series) -> pd.Series | None:
    """Values as numbers, if all that are there are such."""
    if pd.api.types.is_bool_dtype(values):
        return None
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    try:
        return to_numbers(values)
    except TableError:
        return None


def _raster(file: str, crs: str | None) -> RasterLayer:
    band = open_band(file, crs=crs)
    grid = band.read()
    return RasterLayer(
        grid.array,
        grid.transform,
        band.crs,
        title=band.description or _title(file),
        unit=band.unit,
        method="equal",
        classes=6,
    )


def _lines(file: str, lang: Lang, crs: str | None) -> Layer:
    lines = read_lines(file, crs=crs).sort_values("kv", na_position="first", kind="stable")
    headings = {
        "name": say(lang, "名称", "Name"),
        "voltage_class": say(lang, "電圧階級", "Voltage class"),
        "kv": say(lang, "電圧 (kV)", "Voltage (kV)"),
    }
    return Layer(
        lines.assign(drawn_class=drawn_class(lines)),
        by_voltage(lines, lang),
        title=say(lang, "送電線", "Transmission lines"),
        name="name",
        popup=headings,
    )


def _above_municipalities(scene: Scene) -> Scene:
    """Put the municipalities of Hokkaido below a scene that lies there."""
    towns = read_municipalities(sample_data() / "municipalities.geojson")
    west, south, east, north = scene.bounds
    here = to_wgs84(towns).cx[west:east, south:north]
    boundaries = any(
        len(layer.frame) > 1 and _is_ground(layer)
        for layer in scene.layers
        if isinstance(layer, Layer)
    )
    if here.empty or boundaries:
        return scene
    title = say(scene.lang, "市町村", "Municipalities")
    popup = {"name": say(scene.lang, "市町村", "Municipality")}
    ground = Layer(towns, GROUND, title=title, name="name", popup=popup)
    credit = origin_of(sample_data() / "municipalities.geojson").credit
    return Scene(
        scene.title,
        [ground, *scene.layers],
        credit=join_credits([scene.credit, credit]),
        lang=scene.lang,
        view=with_margin(scene.bounds),
    )


def _is_ground(layer: Layer) -> bool:
    """Whether a layer covers its extent, as boundaries of municipalities do."""
    frame = to_wgs84(layer.frame)
    west, south, east, north = frame.total_bounds
    extent = (east - west) * (north - south)
    with warnings.catch_warnings(action="ignore"):
        return bool(extent > 0 and np.nansum(frame.geometry.area) > 0.25 * extent)


def _require_columns(layers: Sequence[AnyLayer], **asked: str | None) -> None:
    """Refuse a column that none of the layers has."""
    there = [c for layer in layers if isinstance(layer, Layer) for c in layer.table.columns]
    absent = [column for column in asked.values() if column is not None and column not in there]
    if absent:
        raise RenderError(
            f"No layer has a column {name_some(absent)}; there are {name_some(there, most=20)}."
        )


def _name_column(columns: Sequence[str]) -> str | None:
    plain = {unicodedata.normalize("NFKC", str(c)).casefold(): c for c in reversed(list(columns))}
    return next((plain[candidate] for candidate in _NAMES if candidate in plain), None)


def _title(file: str) -> str:
    """Name of a file without its folder and endings, or of the layer asked for."""
    stem = Path(file).name
    path, _, layer = stem.rpartition(":")
    return layer if path else stem.split(".")[0]


def _unit(column: str) -> str:
    """Unit that the name of a column tells, in brackets or at its end."""
    found = _UNIT.search(column)
    if found is None:
        return ""
    short = {"kwh": "kWh", "kw": "kW", "mw": "MW", "ms": "m/s", "m2": "m²", "km2": "km²"}
    unit = found[1] or found[2]
    return short.get(unit, unit)


def _symbol(colour: str) -> Symbol:
    return Symbol(colour, 0.6, colour, 1.4, 4.5)


def _credits(files: Sequence[str]) -> str:
    """Credits of files whose publisher is known."""
    found = [origin_of(Path(file)) for file in files if Path(file).exists()]
    # Of a file whose publisher is not known the credit is but its name.
    names = {Path(file).name for file in files}
    return join_credits(origin.credit for origin in found if origin.credit not in names)
