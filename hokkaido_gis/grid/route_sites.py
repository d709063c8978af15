"""Routes of a layer of sites to the lines of chosen voltage classes, as a layer to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.crs import STORAGE_CRS
from hokkaido_gis.errors import LayerError, ModelInputError, name_some
from hokkaido_gis.grid.connect import with_connections
from hokkaido_gis.grid.route import routes_to_lines
from hokkaido_gis.grid.rules import DISTRIBUTION, REPORT_RULES
from hokkaido_gis.voltage import (
    HVDC_KV,
    VOLTAGE_CLASSES,
    VoltageClass,
    classify_voltages,
    parse_voltage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hokkaido_gis.grid.cost_surface import CostSurface

REPORT_CLASSES = tuple(each for each in REPORT_RULES.bands[-1].classes if each != DISTRIBUTION)
"""Classes of lines that plants of 2,000 kW and more connect to in the report (2013, 4.1.5)."""
NOTES = {
    "the site has no geometry": "位置不明",
    "the site lies outside the cost surface": "計算範囲の外",
    "no line lies on the cost surface where a line may pass": "計算範囲内に到達可能な送電線なし",
    "the site lies where no line may pass": "送電線を通せない場所",
    "no way leads from the site to a line": "送電線までの経路なし",
}
"""What the column ``note`` of `route_sites` may say, with the Japanese for it."""


def lines_of_classes(
    lines: gpd.GeoDataFrame, classes: Sequence[str] = REPORT_CLASSES
) -> gpd.GeoDataFrame:
    """Choose the lines of which any circuit has a voltage of the classes named.

    Parameters
    ----------
    lines
        As from `read_lines`: ``voltages``, ``is_hvdc``. Direct current is never chosen.
    classes
        Names of `VoltageClass`, those of the report's rule for 2,000 kW and more by default.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows of `lines`, in their order.

    Raises
    ------
    ModelInputError
        If a class is not known.
    LayerError
        If there is no such line.

    Examples
    --------
    >>> lines = gpd.GeoDataFrame(
    ...     {"voltages": ["187;66", "187", None], "is_hvdc": False}, index=["a", "b", "c"]
    ... )
    >>> lines_of_classes(lines).index.tolist()
    ['a']
    """
    known = [name for name in VOLTAGE_CLASSES.categories if name != VoltageClass.HVDC]
    if strange := [name for name in classes if name not in known]:
        told = name_some([repr(name) for name in strange])
        raise ModelInputError(
            f"There is no voltage class {told}; classes to choose from are {', '.join(known)}."
        )
    kv = pd.Series(
        [parse_voltage(text, unit="kV").kv if pd.notna(text) else () for text in lines["voltages"]],
        index=lines.index,
        dtype=object,
    )
    each = kv.reset_index(drop=True).explode().dropna().astype(float)
    usable = each[classify_voltages(each).isin(list(classes)) & (each != HVDC_KV)]
    chosen = lines[pd.RangeIndex(len(lines)).isin(usable.index) & ~lines["is_hvdc"].eq(True)]
    if chosen.empty:
        there = lines["voltages"].dropna().unique()
        has = f"they have {name_some(sorted(there))} kV" if len(there) else "none is known"
        fault = f"none has a voltage of the classes {', '.join(classes)}; {has}."
        raise LayerError("lines", [fault])
    return chosen


def route_sites(
    features: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, surface: CostSurface
) -> gpd.GeoDataFrame:
    """Route every site to the line that costs least, with the columns of the site.

    Parameters
    ----------
    features
        Points, lines or polygons with a CRS.
    lines, surface
        As for `routes_to_lines`.

    Returns
    -------
    geopandas.GeoDataFrame
        On the index of `features`: its columns, ``line_id``, ``line_km`` [km along the route],
        ``cost_million_yen`` and ``note`` (empty, or why there is no route: see `NOTES`); the route
        as geometry, EPSG:6668, missing where there is none and where the line touches the site.

    Raises
    ------
    LayerError
        If the layer has columns of the same names.
    ModelInputError, CRSError
        As by `routes_to_lines`.
    """
    found = routes_to_lines(features, lines, surface)
    columns = pd.DataFrame(found.drop(columns="geometry")).rename(
        columns={"length_km": "line_km", "reason": "note"}
    )
    table = pd.DataFrame(with_connections(features, columns).drop(columns=features.geometry.name))
    paths = found.geometry.where(~found.geometry.is_empty)
    return gpd.GeoDataFrame(table, geometry=paths, crs=STORAGE_CRS)


def route_notes_in_japanese(notes: pd.Series) -> pd.Series:
    """Column ``note`` of `route_sites` in Japanese."""
    return notes.map(lambda text: NOTES[text] if text else "")
