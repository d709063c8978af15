"""Municipal boundaries: N03 of any edition, or any polygon layer with codes."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.codes import normalise_codes, normalise_name, ward_to_city
from hokkaido_gis.crs import no_crs_fault, to_storage_crs
from hokkaido_gis.datasets import municipality_codes, register
from hokkaido_gis.errors import CodeError, LayerError, LayerWarning, name_some
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.normalise import find_columns, repair_polygons

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

# Our columns and the names that sources give them, preferred first.
COLUMNS = {
    "code": ("code", "N03_007", "行政区域コード", "市区町村コード", "jis_code", "report_code"),
    "name": ("name", "N03_004", "市区町村名", "市町村名", "municipality"),
    "subprefecture": ("subprefecture", "N03_002", "支庁・振興局名", "振興局"),
    "district": ("N03_003", "郡・政令都市名"),
}  # fmt: skip


def read_municipalities(
    source: str | Path,
    *,
    crs: str | CRS | None = None,
    northern_islands: bool = False,
) -> gpd.GeoDataFrame:
    """Read municipal boundaries.

    Parts of one municipality, and the wards of a designated city, are dissolved into one row.
    Repaired polygons, pieces set aside, municipalities that are not there and a change of datum are
    told as `LayerWarning`.

    Parameters
    ----------
    source
        Vector file (``FILE:LAYER`` picks a layer): N03 of any edition, or polygons with a column of
        codes (4-, 5- or 6-digit).
    crs
        CRS of a file that states none.
    northern_islands
        Keep the six villages of the northern islands, which are not among the 179.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``code`` (5-digit JIS text, ascending); columns ``name``, ``subprefecture`` and
        ``geometry`` (polygons, EPSG:6668 JGD2011 longitude and latitude).

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw = read_vector(source, crs=crs)
    found = find_columns(raw, COLUMNS)
    faults = _faults(raw, found)
    if faults:
        raise LayerError(layer, faults)
    raw = _set_aside_pieces_without_code(raw, found["code"], layer)
    parts = _standard_parts(raw, found)
    if not northern_islands:
        parts = _without_northern_villages(parts, layer)
    parts = repair_polygons(parts, parts["name"], layer)
    faults = _collapsed_parts(parts) + _name_clashes(parts) + _overlapping_parts(parts)
    if faults:
        raise LayerError(layer, faults)
    municipalities = to_storage_crs(_dissolve(parts), layer)
    _tell_missing(municipalities, layer)
    return municipalities


def _faults(raw: gpd.GeoDataFrame, found: dict[str, str]) -> list[str]:
    faults = []
    if raw.crs is None:
        faults.append(no_crs_fault(raw))
    if "code" not in found:
        faults.append(
            f"no column of municipality codes (one of {', '.join(COLUMNS['code'])}); "
            f"it has {name_some([c for c in raw.columns if c != raw.geometry.name], most=12)}."
        )
    empty = raw.geometry.isna() | raw.geometry.is_empty
    kinds = raw.geom_type[~empty]
    other = kinds[~kinds.isin(["Polygon", "MultiPolygon"])]
    if len(other):
        faults.append(
            f"{len(other)} features are {' and '.join(sorted(other.unique()))}; boundaries must be "
            "polygons."
        )
    if empty.any():
        rows = list(raw.index[empty])
        faults.append(f"{len(rows)} features have no geometry (rows {name_some(rows)}).")
    if "code" in found:
        codes = raw[found["code"]]
        try:
            normalise_codes(codes[~_is_blank(codes)])
        except CodeError as error:
            faults.append(str(error))
    return faults


def _is_blank(values: pd.Series) -> pd.Series:
    return values.isna() | (values.astype(str).str.strip() == "")


def _set_aside_pieces_without_code(
    raw: gpd.GeoDataFrame, column: str, layer: str
) -> gpd.GeoDataFrame:
    """Leave out pieces that belong to no municipality (所属未定地), and say so."""
    blank = _is_blank(raw[column])
    if blank.all():
        raise LayerError(layer, [f"column {column!r} holds no code at all."])
    if blank.any():
        warnings.warn(
            f"{layer}: {blank.sum()} pieces without a code (所属未定地) are set aside.",
            LayerWarning,
            stacklevel=3,
        )
    return raw[~blank]


def _standard_parts(raw: gpd.GeoDataFrame, found: dict[str, str]) -> gpd.GeoDataFrame:
    """One row a part, with the code, name and subprefecture of its municipality."""
    unit_codes = normalise_codes(raw[found["code"]])
    codes = ward_to_city(unit_codes)
    nothing = pd.Series(pd.NA, index=raw.index)
    given = raw[found["name"]] if "name" in found else nothing
    if "district" in found:
        # Up to 2022 N03 has the city of a ward here; since then N03_004 has it and this is blank.
        city = raw[found["district"]].mask(_is_blank(raw[found["district"]])).fillna(given)
        given = given.where(codes == unit_codes, city)
    bureau = raw[found["subprefecture"]] if "subprefecture" in found else nothing
    names = [_registered_name(c, n) for c, n in zip(codes, given, strict=True)]
    units = register()
    return gpd.GeoDataFrame(
        {
            "code": codes,
            "name": names,
            "subprefecture": [
                units[c].subprefecture if c in units else b
                for c, b in zip(codes, bureau, strict=True)
            ],
            "unit_code": unit_codes,
        },
        geometry=raw.geometry,
        crs=raw.crs,
    )


def _registered_name(code: str, given: object) -> str:
    """Name as the register spells it where the file means the same, else as the file has it."""
    unit = register().get(code)
    if pd.isna(given) or not str(given).strip():  # type: ignore[call-overload]
        return unit.name if unit else code
    if unit and normalise_name(str(given)) in _names_meaning(code):
        return unit.name
    return str(given).strip()


@cache
def _names_meaning(code: str) -> frozenset[str]:
    """Names in a file that mean a municipality: its own, and for Sapporo those of its wards."""
    units = register()
    city = units[code].name
    wards = [u.name for u in units.values() if u.kind == "ward"] if code == "01100" else []
    return frozenset([city, *wards, *(city + ward for ward in wards)])


def _collapsed_parts(parts: gpd.GeoDataFrame) -> list[str]:
    """Municipalities with a polygon that covers no area, of which repairing leaves nothing."""
    names = list(parts.loc[parts.is_empty, "name"].unique())
    return [f"polygons of {name_some(names)} cover no area."] if names else []


def _name_clashes(parts: gpd.GeoDataFrame) -> list[str]:
    """Codes that stand for several names, or for a name that the register gives another code."""
    faults = []
    for code, names in parts.groupby("code")["name"].unique().items():
        if len(names) > 1:
            faults.append(
                f"code {code} stands for {' and '.join(sorted(names))}: one of them has the code "
                "of another municipality."
            )
        elif (unit := register().get(str(code))) and normalise_name(names[0]) != unit.name:
            faults.append(f"code {code} is {unit.name}, but the file calls it {names[0]}.")
    return faults


def _overlapping_parts(parts: gpd.GeoDataFrame) -> list[str]:
    """Codes whose parts cover one another: the same polygon twice."""
    faults = []
    repeated = parts[parts["code"].duplicated(keep=False)]
    for code, group in repeated.groupby("code"):
        shapes = group.geometry.to_numpy()
        left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        pair = left < right
        one, other = shapes[left[pair]], shapes[right[pair]]
        smaller = np.minimum(shapely.area(one), shapely.area(other))
        # Slivers come from simplifying each part alone, and dissolving heals them.
        repeats = int((shapely.area(shapely.intersection(one, other)) > 0.5 * smaller).sum())
        if repeats:
            faults.append(
                f"code {code} ({group['name'].iloc[0]}) has {repeats} pairs of parts that overlap: "
                "the same polygon stands in the file more than once."
            )
    return faults


def _dissolve(parts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    dissolved = parts.drop(columns="unit_code").dissolve(by="code", aggfunc="first")
    return dissolved[["name", "subprefecture", "geometry"]].sort_index()


def _without_northern_villages(parts: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    villages = [unit.code for unit in register().values() if unit.kind == "northern village"]
    others = parts[~parts["code"].isin(villages)]
    if others.empty:
        fault = "it holds only villages of the northern islands; northern_islands=True keeps them."
        raise LayerError(layer, [fault])
    return others


def _tell_missing(municipalities: gpd.GeoDataFrame, layer: str) -> None:
    """Say which of the 179 are not in a layer of Hokkaido."""
    expected = municipality_codes()
    if not set(expected) & set(municipalities.index):
        return
    missing = [register()[code].name for code in expected if code not in municipalities.index]
    if missing:
        warnings.warn(
            f"{layer}: {len(missing)} of the {len(expected)} municipalities of Hokkaido are not in "
            f"it: {name_some(missing)}. Sums with neighbours along their borders are incomplete.",
            LayerWarning,
            stacklevel=3,
        )
