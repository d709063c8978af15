"""What the power grid is in each municipality: lines by voltage class, substations, access."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import LayerError, LayerWarning, name_some
from hokkaido_gis.grid.cut import cut_lines
from hokkaido_gis.places import nearest_shape
from hokkaido_gis.voltage import VoltageClass, classify_voltages

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

MAIN_SUBSTATION_KV = 187.0
"""Least voltage of a main substation [kV].

The report draws main substations (主要変電所) from the company's map of its main facilities (図
2-11) and defines no voltage; this is the lower of the company's two bulk voltages, 187 and 275 kV.
"""
DISTRIBUTION_KV = 7.0
"""Highest voltage of the distribution network [kV]; what is above is 特別高圧 by Japanese rules."""

SUFFIXES = {
    str(VoltageClass.KV_275): "275kv",
    str(VoltageClass.KV_187): "187kv",
    str(VoltageClass.KV_100_110): "110kv",
    str(VoltageClass.KV_66): "66kv",
    str(VoltageClass.UP_TO_33): "33kv",
    str(VoltageClass.OTHER): "other",
    str(VoltageClass.HVDC): "hvdc",
    "distribution": "distribution",
    "unknown": "unknown",
}
"""Voltage classes and the endings of their columns, highest first."""

# Classes to which a plant can be connected; an unknown voltage counts where any line will do.
_TRANSMISSION = ("275kv", "187kv", "110kv", "66kv", "33kv", "other", "unknown")


def grid_by_municipality(
    municipalities: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None = None,
    *,
    main_kv: float = MAIN_SUBSTATION_KV,
    distribution_kv: float = DISTRIBUTION_KV,
    tolerance: float = 0.0,
) -> pd.DataFrame:
    """Sum up lines and substations by municipality and voltage class.

    What lies outside all municipalities, what runs along a border, and what has no known voltage is
    told as `LayerWarning` with its length or number.

    Parameters
    ----------
    municipalities
        Polygons with a CRS, their codes in the index.
    lines
        As from `read_lines`: columns ``kv`` and ``voltage_class``, and ``voltages`` if there.
    substations
        As from `read_substations`: points or polygons with ``kv`` and ``voltage_class``. A polygon
        lies where a point inside it lies; one on a border belongs to the first of its
        municipalities.
    main_kv
        Least voltage of a main substation [kV].
    distribution_kv
        Highest voltage of the distribution network [kV], which is no transmission line.
    tolerance
        Distance [m] up to which a substation outside all municipalities belongs to the nearest, for
        boundaries whose coast was simplified.

    Returns
    -------
    pandas.DataFrame
        On the index of `municipalities`. ``{class}`` stands for 275kv, 187kv, 110kv (100-110 kV),
        66kv, 33kv (33 kV and less), other, hvdc, distribution and unknown:

        - ``km_{class}``: length of lines [km on the ellipsoid], by their highest voltage. It is
          that of the lines as the layer has them: two circuits drawn as two lines count twice.
        - ``passes_{class}``: whether a line of the class runs there. A line of several voltages is
          marked in the class of each.
        - ``lowest_line_kv``: lowest voltage of the transmission lines there [kV], direct current
          aside; missing where none is known
        - ``substations`` and ``substations_{class}``: their number, by their highest voltage
        - ``main_substation``: nullable boolean; missing where a substation of unknown voltage may
          be one

        Without `substations` the last three are missing.

    Raises
    ------
    LayerError
        If a layer has not these columns or geometries.
    CRSError
        If a layer has no CRS.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 2.1.3 (7), 表 2-8, 表 4-3.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> towns = gpd.GeoDataFrame(
    ...     geometry=[shapely.box(141, 43, 142, 44), shapely.box(142, 43, 143, 44)],
    ...     index=["01202", "01203"], crs="EPSG:6668")
    >>> lines = gpd.GeoDataFrame(
    ...     {"kv": [66.0], "voltage_class": ["66 kV"]}, index=["A"], crs="EPSG:6668",
    ...     geometry=[shapely.LineString([(141.5, 43.5), (141.75, 43.5)])])
    >>> grid = grid_by_municipality(towns, lines)
    >>> grid[["km_66kv", "passes_66kv", "lowest_line_kv"]].round(1)
           km_66kv  passes_66kv  lowest_line_kv
    01202     20.2         True            66.0
    01203      0.0        False             NaN
    """
    _require_columns(lines, "lines")
    _require_limits(main_kv, distribution_kv)
    pieces = cut_lines(lines, municipalities)
    codes = municipalities.index
    table = _lengths(lines, pieces, codes, distribution_kv)
    table = table.join(_passes(lines, pieces, codes, distribution_kv))
    if substations is None:
        numbers = _no_substations(codes)
    else:
        _require_columns(substations, "substations")
        owner = _owners(substations, municipalities, tolerance)
        numbers = _numbers(substations, owner, codes, distribution_kv)
        numbers["main_substation"] = _has_main(substations, owner, codes, main_kv)
    for message in _told(lines, pieces, table):
        warnings.warn(f"lines: {message}", LayerWarning, stacklevel=2)
    return table.join(numbers)


def has_line_up_to(grid: pd.DataFrame, kv: float = 66.0) -> pd.Series:
    """Whether a transmission line of at most a voltage runs through each municipality.

    The third test of table 4-5 (choice of survey sites) and condition 2 of table 4-24 (wind):
    送電線 (6万V以下) が市町村内にある.

    Parameters
    ----------
    grid
        As from `grid_by_municipality`.
    kv
        Highest voltage [kV].

    Returns
    -------
    pandas.Series
        Nullable boolean ``has_line_up_to``; missing where only lines of unknown voltage may be such
        a line.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 4-5, 表 4-24.
    """
    known = (grid["lowest_line_kv"] <= kv).astype("boolean")
    return known.mask(~known & grid["passes_unknown"]).rename("has_line_up_to")


def has_transmission_line(grid: pd.DataFrame) -> pd.Series:
    """Whether a line runs through each municipality to which a plant can be connected.

    Any class but direct current and the distribution network; lines of unknown voltage count.

    Parameters
    ----------
    grid
        As from `grid_by_municipality`.

    Returns
    -------
    pandas.Series
        Boolean ``has_transmission_line``.
    """
    passes = grid[[f"passes_{suffix}" for suffix in _TRANSMISSION]]
    return passes.any(axis=1).rename("has_transmission_line")


def grid_access(grid: pd.DataFrame) -> pd.Series:
    """Whether each municipality has a transmission line or a main substation (C-3 of the siting).

    The report marks a municipality negative where neither could be found.

    Parameters
    ----------
    grid
        As from `grid_by_municipality`.

    Returns
    -------
    pandas.Series
        Nullable boolean ``grid_access``; missing where there is no line and it is not known whether
        there is a main substation.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 2.1.3 (7), 表 2-2, 表 2-8.
    """
    line = has_transmission_line(grid).astype("boolean")
    return (line | grid["main_substation"]).rename("grid_access")


def _require_columns(frame: gpd.GeoDataFrame, layer: str) -> None:
    absent = [column for column in ("kv", "voltage_class") if column not in frame.columns]
    if absent:
        fault = (
            f"it has no column {name_some(absent)}; it has "
            f"{name_some(list(frame.columns), most=12)}. read_{layer} makes both."
        )
        raise LayerError(layer, [fault])


def _require_limits(main_kv: float, distribution_kv: float) -> None:
    if not 0 <= distribution_kv < main_kv:
        fault = (
            "main_kv must be above distribution_kv, and that not negative; got "
            f"{main_kv:g} and {distribution_kv:g} kV."
        )
        raise LayerError("substations", [fault])


def _suffixes(frame: pd.DataFrame, distribution_kv: float) -> pd.Series:
    """Ending of the columns that each feature is counted in."""
    named = frame["voltage_class"].astype(object).map(SUFFIXES)
    low = (frame["kv"] <= distribution_kv) & (named != "hvdc")
    return named.mask(low, "distribution").fillna("unknown").rename("suffix")


def _counted(values: pd.DataFrame, codes: pd.Index, prefix: str) -> pd.DataFrame:
    """A table of municipality and class with every municipality and class in it."""
    columns = list(SUFFIXES.values())
    return values.reindex(index=codes, columns=columns, fill_value=0).add_prefix(prefix)


def _lengths(
    lines: gpd.GeoDataFrame, pieces: pd.DataFrame, codes: pd.Index, distribution_kv: float
) -> pd.DataFrame:
    suffix = pieces["line"].map(_suffixes(lines, distribution_kv)).rename("suffix")
    km = pieces.pivot_table(
        index="code", columns=suffix, values="km", aggfunc="sum", fill_value=0.0
    )
    return _counted(km, codes, "km_").astype(float)


def _passes(
    lines: gpd.GeoDataFrame, pieces: pd.DataFrame, codes: pd.Index, distribution_kv: float
) -> pd.DataFrame:
    """Classes of every voltage of the lines in each municipality, and the lowest voltage."""
    each = _each_voltage(lines)
    each["suffix"] = _suffixes(each, distribution_kv)
    met = pieces.dropna(subset="code").merge(each, on="line")
    marks = pd.crosstab(met["code"], met["suffix"])
    table = _counted(marks, codes, "passes_") > 0
    lowest = met[~met["suffix"].isin(["hvdc", "distribution"])].groupby("code")["kv"].min()
    return table.assign(lowest_line_kv=lowest.reindex(codes).astype(float))


def _each_voltage(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """One row for each voltage of each line: its id, the voltage [kV] and its class."""
    own = pd.DataFrame({"line": lines.index, "kv": lines["kv"].to_numpy(dtype=float)})
    own["voltage_class"] = lines["voltage_class"].astype(object).to_numpy()
    if "voltages" not in lines.columns:
        return own
    texts = pd.Series(lines["voltages"].astype(object).to_numpy(), dtype="str").str.split(";")
    others = own.assign(kv=texts).explode("kv")
    others["kv"] = pd.to_numeric(others["kv"], errors="coerce")
    # A link of direct current is one, whatever else its text says.
    others = others[others["kv"].notna() & (others["voltage_class"] != str(VoltageClass.HVDC))]
    classes = classify_voltages(others["kv"].reset_index(drop=True))
    others["voltage_class"] = classes.astype(object).to_numpy()
    return pd.concat([own, others]).drop_duplicates(["line", "kv"])


def _owners(
    substations: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame, tolerance: float
) -> pd.Series:
    """Municipality of each substation; missing, and told, outside all of them."""
    found = nearest_shape(substations, municipalities, limit_m=tolerance)
    codes = [municipalities.index[near[0]] if near else None for near in found["candidates"]]
    owner = pd.Series(codes, index=substations.index, dtype=object)
    left = list(owner.index[owner.isna()])
    if left:
        warnings.warn(
            f"substations: {len(left)} of {len(owner)} lie outside all municipalities and are "
            f"counted in none ({name_some(left)}). tolerance [m] takes near ones in.",
            LayerWarning,
            stacklevel=3,
        )
    return owner


def _numbers(
    substations: gpd.GeoDataFrame, owner: pd.Series, codes: pd.Index, distribution_kv: float
) -> pd.DataFrame:
    counts = pd.crosstab(owner.to_numpy(), _suffixes(substations, distribution_kv).to_numpy())
    table = _counted(counts, codes, "substations_").astype("Int64")
    table.insert(0, "substations", table.sum(axis=1))
    return table


def _has_main(
    substations: gpd.GeoDataFrame, owner: pd.Series, codes: pd.Index, main_kv: float
) -> pd.Series:
    """Whether there is one; an unknown voltage leaves it open."""
    sure = set(owner[substations["kv"] >= main_kv].dropna())
    maybe = set(owner[substations["kv"].isna()].dropna()) - sure
    known = pd.Series(codes.isin(list(sure)), index=codes, dtype="boolean")
    return known.mask(codes.isin(list(maybe)))


def _no_substations(codes: pd.Index) -> pd.DataFrame:
    unknown = pd.Series(pd.NA, index=codes, dtype="Int64")
    numbers = ["substations", *(f"substations_{suffix}" for suffix in SUFFIXES.values())]
    table = pd.DataFrame(dict.fromkeys(numbers, unknown))
    return table.assign(main_substation=unknown.astype("boolean"))


def _told(lines: gpd.GeoDataFrame, pieces: pd.DataFrame, table: pd.DataFrame) -> Iterator[str]:
    """What a reader of the lengths must know of lines that are not plainly in a municipality."""
    total = pieces["km"].sum()
    outside = pieces[pieces["code"].isna()]
    if len(outside):
        yield (
            f"{outside['km'].sum():,.1f} of {total:,.1f} km ({outside['line'].nunique()} lines) "
            "lie outside all municipalities and are counted in none."
        )
    shared = pieces[pieces["shared_km"] > 0]
    if len(shared):
        names = name_some(list(shared["line"].unique()))
        yield (
            f"{shared['shared_km'].sum():,.1f} km run along borders or where municipalities "
            f"overlap and are divided among those that share them ({names})."
        )
    unknown = lines.index[lines["voltage_class"].isna()]
    if len(unknown):
        yield (
            f"{len(unknown)} of {len(lines)} have no known voltage; their "
            f"{table['km_unknown'].sum():,.1f} km stand in km_unknown."
        )
    nowhere = lines.index[~lines.index.isin(pieces["line"])]
    if len(nowhere):
        yield f"{len(nowhere)} have no geometry or no length ({name_some(list(nowhere))})."
