"""From a raw layer to one with our column names, valid polygons and one row a unit."""

from __future__ import annotations

import unicodedata
import warnings
from typing import TYPE_CHECKING

import shapely

from hokkaido_gis.errors import LayerWarning, name_some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd


def find_columns(frame: pd.DataFrame, wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find our columns under any of the names that sources give them.

    Names are compared after NFKC and without regard to case.

    Parameters
    ----------
    frame
        Raw layer or table.
    wanted
        Our names, each with the source names in order of preference.

    Returns
    -------
    dict
        Our name to the name in `frame`, for those found.
    """
    present = {_plain(column): str(column) for column in frame.columns}
    found = {}
    for ours, sources in wanted.items():
        hits = [present[_plain(name)] for name in sources if _plain(name) in present]
        if hits:
            found[ours] = hits[0]
    return found


def repair_polygons(frame: gpd.GeoDataFrame, names: pd.Series, layer: str) -> gpd.GeoDataFrame:
    """Make invalid polygons valid without moving their outline, and tell which they were.

    Parameters
    ----------
    frame
        Polygons.
    names
        What to call each row in the warning, on the index of `frame`.
    layer
        Name of the layer.

    Returns
    -------
    geopandas.GeoDataFrame
        `frame` itself when all is valid, else a copy with those polygons repaired.
    """
    shapes = frame.geometry.to_numpy()
    invalid = ~shapely.is_valid(shapes)
    if not invalid.any():
        return frame
    reasons = shapely.is_valid_reason(shapes[invalid])
    told = [f"{name} ({reason})" for name, reason in zip(names[invalid], reasons, strict=True)]
    warnings.warn(
        f"{layer}: {invalid.sum()} invalid polygons were repaired: {name_some(told)}.",
        LayerWarning,
        stacklevel=3,
    )
    repaired = frame.copy()
    repaired.loc[invalid, frame.geometry.name] = shapely.make_valid(
        shapes[invalid], method="structure", keep_collapsed=False
    )
    return repaired


def _plain(name: object) -> str:
    return unicodedata.normalize("NFKC", str(name)).strip().casefold()
