"""Municipal boundaries: N03 of any edition, or any polygon layer with codes."""

from __future__ import annotations

import re
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
    "district": ("N03_003", "郡・政令都市名", "郡", "郡名"),
}  # fmt: skip
# Names of designated cities, for layers that name only the ward. Source: JIS X 0402.
DESIGNATED_CITIES = {
    "01100": "札幌市", "04100": "仙台市", "11100": "さいたま市", "12100": "千葉市",
    "14100": "横浜市", "14130": "川崎市", "14150": "相模原市", "15100": "新潟市",
    "22100": "静岡市", "22130": "浜松市", "23100": "名古屋市", "26100": "京都市",
    "27100": "大阪市", "27140": "堺市", "28100": "神戸市", "33100": "岡山市",
    "34100": "広島市", "40100": "北九州市", "40130": "福岡市", "43100": "熊本市",
}  # fmt: skip
# What N03 calls pieces of land whose municipality is not settled.
_UNSETTLED = ("所属未定地", "所属未定")


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

    N03 is read in any edition and of any prefecture, as the zip that was downloaded or unpacked.
    Its ``N03_007`` is by its specification the 5-digit JIS code, and is read as such; the city of a
    ward is in ``N03_003`` up to the edition of 2023, and in ``N03_004`` since.

    Parameters
    ----------
    source
        Vector file (``FILE:LAYER`` picks a layer): N03, or polygons with a column of codes (4-, 5-
        or 6-digit).
    crs
        CRS of a file that states none.
    northern_islands
        Keep the six villages of the northern islands, which are not among the 179.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``code`` (5-digit JIS text, ascending); columns ``name``, ``subprefecture`` (outside
        Hokkaido as the file has it) and ``geometry`` (polygons, EPSG:6668 JGD2011 longitude and
        latitude).

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw = read_vector(source, crs=crs, having=COLUMNS["code"], plausible=_has_plausible_names)
    found = find_columns(raw, COLUMNS)
    faults = _faults(raw, found)
    if faults:
        raise LayerError(layer, faults)
    raw = _set_aside_unsettled_pieces(raw, found, layer)
    parts = _standard_parts(raw, found)
    if not northern_islands:
        parts = _without_northern_villages(parts, layer)
    parts = repair_polygons(parts, parts["name"], layer)
    faults = _collapsed_parts(parts) + _name_clashes(parts) + _overlapping_parts(parts)
    if faults:
        raise LayerError(layer, faults)
    municipalities = to_storage_crs(_dissolve(parts), layer)
    _tell_unregistered(municipalities, layer)
    _tell_missing(municipalities, layer)
    return municipalities


def read_districts(source: str | Path, *, crs: str | CRS | None = None) -> pd.Series:
    """Read which district (郡) each municipality of a boundary file is in.

    Parameters
    ----------
    source, crs
        As for `read_municipalities`.

    Returns
    -------
    pandas.Series
        ``district`` on the 5-digit codes of municipalities, ascending; missing for those in none,
        as cities are, and for all where the file has no such column.

    Raises
    ------
    LayerError
        If the file cannot be read or has no codes.
    """
    raw = read_vector(source, crs=crs, having=COLUMNS["code"], plausible=_has_plausible_names)
    found = find_columns(raw, COLUMNS)
    faults = _faults(raw, found)
    if faults:
        raise LayerError(str(source), faults)
    raw = raw[~_is_unsettled(raw, found)]
    codes = ward_to_city(_unit_codes(raw, found["code"]))
    nothing = pd.Series(None, index=raw.index, dtype=object)
    # Of a designated city the same column of N03 has the city of the ward.
    named = raw[found["district"]].astype(object) if "district" in found else nothing
    districts = named.where(named.astype(str).str.strip().str.endswith("郡"), None).str.strip()
    return districts.groupby(codes).first().sort_index().rename_axis("code").rename("district")


def polygon_faults(raw: gpd.GeoDataFrame) -> list[str]:
    """Say what keeps a layer from being one of polygons: no CRS, other shapes, no geometry."""
    faults = [no_crs_fault(raw)] if raw.crs is None else []
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
    return faults


def come_out(names: pd.Series) -> bool:
    """Whether names of municipalities can be read as such, and are not text wrongly decoded.

    Japanese names end in 市, 区, 町 or 村; names in Latin letters always come out.
    """
    texts = names.dropna().astype(str).str.strip()
    japanese = texts[~texts.map(str.isascii).astype(bool) & ~texts.isin(_UNSETTLED)]
    return japanese.empty or bool(japanese.str.fullmatch(r".{1,11}[市区町村]").mean() > 0.5)


def is_blank(values: pd.Series) -> pd.Series:
    """Which values are missing or hold blanks only."""
    return values.isna() | (values.astype(str).str.strip() == "")


def _has_plausible_names(raw: gpd.GeoDataFrame | pd.DataFrame) -> bool:
    found = find_columns(raw, COLUMNS)
    return "name" not in found or come_out(raw[found["name"]])


def _faults(raw: gpd.GeoDataFrame, found: dict[str, str]) -> list[str]:
    faults = polygon_faults(raw)
    if "name" in found and not come_out(raw[found["name"]]):
        shown = [repr(name) for name in raw[found["name"]].dropna().unique()]
        faults.append(
            f"column {found['name']!r} holds no names of municipalities ({name_some(shown)}). Is "
            "its text in another encoding? Put the true one, UTF-8 or CP932, into its .cpg file."
        )
    if "code" not in found:
        faults.append(
            f"no column of municipality codes (one of {', '.join(COLUMNS['code'])}); "
            f"it has {name_some([c for c in raw.columns if c != raw.geometry.name], most=12)}."
        )
        return faults
    try:
        _unit_codes(raw[~_is_unsettled(raw, found)], found["code"])
    except CodeError as error:
        faults.append(str(error))
    return faults


def _unit_codes(raw: gpd.GeoDataFrame, column: str) -> pd.Series:
    return normalise_codes(raw[column], form="jis" if column.upper() == "N03_007" else "auto")


def _is_unsettled(raw: gpd.GeoDataFrame, found: dict[str, str]) -> pd.Series:
    """Which pieces belong to no municipality, by a blank code or by their name."""
    unsettled = is_blank(raw[found["code"]])
    if "name" in found:
        unsettled |= raw[found["name"]].astype(str).str.strip().isin(_UNSETTLED)
    return unsettled


def _set_aside_unsettled_pieces(
    raw: gpd.GeoDataFrame, found: dict[str, str], layer: str
) -> gpd.GeoDataFrame:
    """Leave out pieces that belong to no municipality (所属未定地), and say so."""
    unsettled = _is_unsettled(raw, found)
    if unsettled.all():
        raise LayerError(layer, [f"column {found['code']!r} holds no code at all."])
    if unsettled.any():
        warnings.warn(
            f"{layer}: {unsettled.sum()} pieces without a code (所属未定地) are set aside.",
            LayerWarning,
            stacklevel=3,
        )
    return raw[~unsettled]


def _standard_parts(raw: gpd.GeoDataFrame, found: dict[str, str]) -> gpd.GeoDataFrame:
    """One row a part, with the code, name and subprefecture of its municipality."""
    unit_codes = _unit_codes(raw, found["code"])
    codes = ward_to_city(unit_codes)
    nothing = pd.Series(pd.NA, index=raw.index)
    given = raw[found["name"]] if "name" in found else nothing
    if "district" in found:
        # Up to 2023 N03 has the city of a ward here; since then N03_004 has it and this is blank.
        city = raw[found["district"]].mask(is_blank(raw[found["district"]])).fillna(given)
        given = given.where(codes == unit_codes, city)
    bureau = raw[found["subprefecture"]] if "subprefecture" in found else nothing
    bureau = bureau.mask(is_blank(bureau))
    units = register()
    return gpd.GeoDataFrame(
        {
            "code": codes,
            "name": [_municipality_name(c, n) for c, n in zip(codes, given, strict=True)],
            "subprefecture": [
                units[c].subprefecture if c in units else b
                for c, b in zip(codes, bureau, strict=True)
            ],
            "unit_code": unit_codes,
        },
        geometry=raw.geometry,
        crs=raw.crs,
    )


def _municipality_name(code: str, given: object) -> str:
    """Name as the register spells it where the file means the same, else as the file has it."""
    unit = register().get(code)
    if pd.isna(given) or not str(given).strip():  # type: ignore[call-overload]
        return unit.name if unit else DESIGNATED_CITIES.get(code, code)
    name = str(given).strip()
    if unit:
        return unit.name if normalise_name(name) in _names_meaning(code) else name
    return city_of_ward(code, name)


def city_of_ward(code: str, name: str) -> str:
    """Name of the designated city where the file has that of its ward.

    Parameters
    ----------
    code
        5-digit code of the city.
    name
        Name of the city, of a ward, or of both (横浜市鶴見区).

    Returns
    -------
    str
        Name of the city; `name` itself where it names no ward or `code` no designated city.

    Examples
    --------
    >>> city_of_ward("14100", "鶴見区"), city_of_ward("14100", "横浜市鶴見区")
    ('横浜市', '横浜市')
    >>> city_of_ward("14100", "川崎市川崎区"), city_of_ward("13101", "千代田区")
    ('川崎市', '千代田区')
    """
    if code not in DESIGNATED_CITIES or not name.endswith("区"):
        return name
    both = re.fullmatch(r"(.+市).+区", name)
    return both[1] if both else DESIGNATED_CITIES[code]


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


def _tell_unregistered(municipalities: gpd.GeoDataFrame, layer: str) -> None:
    """Say which codes of Hokkaido are not in the register: of an older edition, or mistyped."""
    names = {unit.name: code for code, unit in register().items() if unit.kind != "ward"}
    told = [
        f"{code} {name}" + (f" (the register has {name} as {names[name]})" if name in names else "")
        for code, name in municipalities["name"].items()
        if str(code).startswith("01") and code not in register()
    ]
    if told:
        warnings.warn(
            f"{layer}: {len(told)} codes are not in the register of Hokkaido: {name_some(told)}. "
            "Boundaries from before a merger have such codes; else they are mistyped.",
            LayerWarning,
            stacklevel=3,
        )


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
