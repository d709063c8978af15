"""Farm settlements (農業集落): their boundaries, and the table of their codes and names."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from hokkaido_gis.codes import ward_to_city
from hokkaido_gis.crs import to_storage_crs
from hokkaido_gis.datasets import register
from hokkaido_gis.errors import CodeError, LayerError, LayerWarning, TableError, name_some
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.normalise import find_columns, repair_polygons
from hokkaido_gis.readers.municipalities import city_of_ward, come_out, is_blank, polygon_faults
from hokkaido_gis.settlement_keys import KEY_COLUMNS, find_keys, key_levels, key_parts

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

_KEY_NAMES = (*KEY_COLUMNS["key"], *KEY_COLUMNS["settlement"])
# Towns that took another code on 1 April 2010, when they changed subprefecture: boundaries of 2010
# have their settlements under the old one.
_RENUMBERED = {"01439": "01472", "01488": "01520"}
# Our columns and the names that sources give them, preferred first.
COLUMNS = {
    "name": ("RCOM_NAME", "name", "農業集落名", "集落名"),
    "municipality": ("CITY_NAME", "市区町村名", "市町村名", "municipality"),
    "former_municipality": ("KCITY_NAME", "旧市区町村名", "旧市町村名", "former_municipality"),
}
_CODE_COLUMNS = (
    "name", "municipality_code", "municipality", "former_municipality", "names", "years",
    "first_year", "last_year", "renamed",
)  # fmt: skip
YEARS = ("boundary_years", "years", "調査年", "境界年次")


def read_settlements(source: str | Path, *, crs: str | CRS | None = None) -> gpd.GeoDataFrame:
    """Read boundaries of farm settlements.

    Parts of one settlement are dissolved into one row. Repaired polygons, polygons without a key or
    outside all settlements, settlements of several names and a change of datum are told as
    `LayerWarning`.

    Parameters
    ----------
    source
        Vector file (``FILE:LAYER`` picks a layer): boundaries of 農林水産省 (``KEY``, or ``PREF``,
        ``CITY``, ``KCITY`` and ``RCOM``), also zipped, or polygons with a column of 10-digit keys.
    crs
        CRS of a file that states none.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``key`` (text of 10 digits, ascending); columns ``name``, ``municipality_code``
        (5-digit, as `read_municipalities` has it: for a ward that of its city, for 幌加内町 and
        幌延町 that since 2010, whatever the key begins with), ``municipality``,
        ``former_municipality`` (missing where the file names none) and ``geometry`` (polygons,
        EPSG:6668 JGD2011 longitude and latitude).

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw = read_vector(source, crs=crs, having=_KEY_NAMES, plausible=_has_plausible_names)
    blank = _has_no_key(raw)
    faults = _faults(raw, blank)
    if faults:
        raise LayerError(layer, faults)
    parts = describe_settlements(raw[~blank], find_keys(raw[~blank]))
    parts = gpd.GeoDataFrame(parts, geometry=raw.geometry[~blank], crs=raw.crs)
    parts = parts[~_is_land_outside(parts, layer, without_key=int(blank.sum()))]
    parts = repair_polygons(parts, parts["name"].fillna(parts["key"]), layer)
    collapsed = list(parts.loc[parts.is_empty, "key"].unique())
    if collapsed:
        raise LayerError(layer, [f"polygons of {name_some(collapsed)} cover no area."])
    _tell_several_names(parts, layer)
    return to_storage_crs(parts.dissolve(by="key", aggfunc="first").sort_index(), layer)[
        ["name", "municipality_code", "municipality", "former_municipality", "geometry"]
    ]


def read_settlement_codes(path: str | Path) -> pd.DataFrame:
    """Read a table of codes and names of settlements, one row a settlement.

    A settlement that was renamed stands in such tables once for each of its names. Tables name no
    successor of a settlement that was merged with another: it is the one whose key is absent from
    the years after ``last_year``.

    Parameters
    ----------
    path
        Table (.csv, .xlsx or .parquet) with keys, names and, for each name, the years of the
        boundaries it occurs in (``boundary_years``, e.g. ``"2010 2015"``).

    Returns
    -------
    pandas.DataFrame
        Index ``key`` (text of 10 digits, ascending); columns ``name`` (the latest),
        ``municipality_code``, ``municipality``, ``former_municipality`` as in `read_settlements`,
        ``names`` (all names with their years, oldest first, as ``旧名 (2010 2015); 新名 (2020)``),
        ``years`` (all years, as ``2010 2015 2020``), ``first_year`` and ``last_year`` (numbers,
        missing where no years are given), ``renamed``, ``began`` (not in the table's earliest
        year) and ``ended`` (not in its latest year: merged or given up).

    Raises
    ------
    TableError
        If the table cannot be read, has no keys, or years are none; all its faults at once.
    """
    table = read_table(path)
    found = find_columns(table, {**COLUMNS, "years": YEARS})
    faults = _year_faults(table, found)
    try:
        keys = find_keys(table)
    except CodeError as error:
        faults.append(str(error))
    if faults:
        raise TableError(str(path), faults)
    rows = describe_settlements(table, keys)
    rows["years"] = table[found["years"]].fillna("") if "years" in found else ""
    rows = rows[~_is_land_outside(rows, str(path))]
    by_key: dict[str, list[dict[Any, Any]]] = {}
    for row in rows.to_dict("records"):
        by_key.setdefault(row["key"], []).append(row)
    return _with_changes(pd.DataFrame([_one_settlement(*item) for item in by_key.items()]))


def describe_settlements(table: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """Columns that describe settlements, from their keys and whatever names a table has.

    Parameters
    ----------
    table
        Rows with names under any name in `COLUMNS`.
    keys
        Keys of 10 digits on its index.

    Returns
    -------
    pandas.DataFrame
        Columns ``key``, ``name``, ``municipality_code``, ``municipality`` and
        ``former_municipality`` on the index of `table`.
    """
    found = find_columns(table, COLUMNS)
    named = {
        ours: table[found[ours]].astype("str").str.strip().mask(is_blank(table[found[ours]]))
        if ours in found
        else pd.Series(pd.NA, index=table.index, dtype="str")
        for ours in COLUMNS
    }
    codes = ward_to_city(key_parts(keys)["municipality_code"]).replace(_RENUMBERED)
    return pd.DataFrame(
        {
            "key": keys,
            "name": named["name"],
            "municipality_code": codes,
            "municipality": pd.Series(
                [_municipality(c, n) for c, n in zip(codes, named["municipality"], strict=True)],
                index=table.index,
                dtype="str",
            ),
            "former_municipality": named["former_municipality"],
        }
    )


def _municipality(code: str, given: object) -> str | None:
    """Name as the register has it, else the file's, and for a ward that of its city."""
    unit = register().get(code)
    if unit:
        return unit.name
    return None if pd.isna(given) else city_of_ward(code, str(given))  # type: ignore[call-overload]


def _has_plausible_names(raw: gpd.GeoDataFrame | pd.DataFrame) -> bool:
    found = find_columns(raw, COLUMNS)
    return "municipality" not in found or come_out(raw[found["municipality"]])


def _has_no_key(raw: gpd.GeoDataFrame) -> pd.Series:
    """Which rows hold no key and none of its parts; none where there is no such column."""
    columns = [raw[column] for column in find_columns(raw, KEY_COLUMNS).values()]
    blank = [is_blank(column) for column in columns]
    return pd.concat(blank, axis=1).all(axis=1) if blank else raw.geometry.isna() & False


def _faults(raw: gpd.GeoDataFrame, blank: pd.Series) -> list[str]:
    faults = polygon_faults(raw)
    if not _has_plausible_names(raw):
        faults.append(
            f"column {find_columns(raw, COLUMNS)['municipality']!r} holds no names of "
            "municipalities. Is its text in another encoding? Put the true one, UTF-8 or CP932, "
            "into its .cpg file."
        )
    if blank.all():
        return [*faults, "it holds no settlement key at all."]
    try:
        find_keys(raw[~blank].drop(columns=raw.geometry.name))
    except CodeError as error:
        faults.append(str(error))
    return faults


def _is_land_outside(rows: pd.DataFrame, layer: str, *, without_key: int = 0) -> pd.Series:
    """Which rows are land outside all settlements; say how much is set aside."""
    outside = key_levels(rows["key"]) == "outside"
    if outside.all():
        raise LayerError(layer, ["all of it is land outside settlements (-9-99)."])
    told = [f"{outside.sum()} outside all settlements (-9-99)"] if outside.any() else []
    told += [f"{without_key} without a key"] if without_key else []
    if told:
        warnings.warn(f"{layer}: rows set aside: {' and '.join(told)}.", LayerWarning, stacklevel=3)
    return outside


def _tell_several_names(parts: gpd.GeoDataFrame, layer: str) -> None:
    """Say which keys stand for several names, as renamed settlements do in merged files."""
    names = parts.dropna(subset="name").groupby("key")["name"].unique()
    several = names[names.map(len) > 1]
    if len(several):
        told = [f"{key} ({' / '.join(names)})" for key, names in several.items()]
        warnings.warn(
            f"{layer}: {len(several)} keys stand for several names, of which the first is kept: "
            f"{name_some(told)}. Were they renamed, and boundaries of several years merged?",
            LayerWarning,
            stacklevel=3,
        )


def _year_faults(table: pd.DataFrame, found: dict[str, str]) -> list[str]:
    if "years" not in found:
        return []
    column = table[found["years"]].fillna("").astype(str)
    wrong = column[~column.str.fullmatch(r"\s*([12][0-9]{3}\s*)*")]
    return [
        f"row {row}: {value!r} in column {found['years']!r} is no list of years such as "
        "'2010 2015'."
        for row, value in wrong.head(10).items()
    ]


def _one_settlement(key: str, rows: list[dict[Any, Any]]) -> dict[Any, Any]:
    """One row for all names of a settlement; the latest describes it."""
    spans = [sorted(set(row["years"].split())) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: spans[i][-1:])
    years = sorted(set().union(*spans))
    named = [i for i in order if not pd.isna(rows[i]["name"])]
    return {
        **rows[order[-1]],
        "key": key,
        "names": "; ".join(
            f"{rows[i]['name']} ({' '.join(spans[i])})" if spans[i] else rows[i]["name"]
            for i in named
        ),
        "years": " ".join(years),
        "first_year": int(years[0]) if years else None,
        "last_year": int(years[-1]) if years else None,
        "renamed": len({rows[i]["name"] for i in named}) > 1,
    }


def _with_changes(settlements: pd.DataFrame) -> pd.DataFrame:
    """Mark settlements that are not in the earliest or not in the latest year of the table."""
    settlements = settlements.set_index("key").sort_index()[list(_CODE_COLUMNS)]
    for column in ("first_year", "last_year"):
        settlements[column] = settlements[column].astype("Int64")
    began = settlements["first_year"] > settlements["first_year"].min()
    ended = settlements["last_year"] < settlements["last_year"].max()
    return settlements.assign(
        began=began.fillna(value=False).astype(bool), ended=ended.fillna(value=False).astype(bool)
    )
