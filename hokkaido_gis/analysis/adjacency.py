"""Which municipalities touch, along a border, in a point, or across a gap."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.analysis import contiguity
from hokkaido_gis.analysis.equal_places import hash_places
from hokkaido_gis.analysis.rings import cut_rings
from hokkaido_gis.crs import lonlat, require_crs
from hokkaido_gis.errors import JoinError, LayerError, LayerWarning, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt
    from libpysal.graph import Graph

    from hokkaido_gis.analysis.pairs import Pairs

PAIR_COLUMNS = (
    "code", "name", "neighbour_code", "neighbour_name", "contact", "border_m", "gap_m",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Neighbours of each unit of a layer; units without any stay in.

    Attributes
    ----------
    names
        Name of every unit, on an index of codes.
    pairs
        One row a pair, ``code`` < ``neighbour_code``, with the columns ``code``, ``name``,
        ``neighbour_code``, ``neighbour_name``, ``contact`` (``border``, ``point``, ``gap``, or
        ``listed`` where the pair comes from a table), ``border_m`` (length of the common border on
        the ellipsoid [m]) and ``gap_m`` (width of the narrowest gap [m], 0 for contacts).
    """

    names: pd.Series
    pairs: pd.DataFrame

    @property
    def directed(self) -> pd.DataFrame:
        """Each pair both ways: columns ``code`` and ``neighbour_code``, in ascending order."""
        one = self.pairs[["code", "neighbour_code"]]
        back = one.rename(columns={"code": "neighbour_code", "neighbour_code": "code"})
        both = pd.concat([one, back[["code", "neighbour_code"]]])
        return both.sort_values(["code", "neighbour_code"], ignore_index=True)

    def neighbours(self, code: str) -> list[str]:
        """Codes of the neighbours of one unit, ascending.

        Raises
        ------
        JoinError
            If the layer has no such unit.
        """
        if code not in self.names.index:
            raise JoinError(
                f"There is no unit {code!r} in this layer of {len(self.names)}; "
                f"codes run from {self.names.index.min()} to {self.names.index.max()}."
            )
        here = self.pairs["code"] == code
        there = self.pairs["neighbour_code"] == code
        found = [*self.pairs.loc[here, "neighbour_code"], *self.pairs.loc[there, "code"]]
        return sorted(found)

    def counts(self) -> pd.Series:
        """Number of neighbours of every unit, 0 for islands, on the index of `names`."""
        counted = self.directed.groupby("code").size()
        return counted.reindex(self.names.index, fill_value=0).rename("neighbours")

    def to_graph(self) -> Graph:
        """Give the adjacency as a `libpysal.graph.Graph` with weight 1; islands are isolates.

        Raises
        ------
        ImportError
            If libpysal is not installed.
        """
        try:
            from libpysal.graph import Graph  # noqa: PLC0415  (an extra, loaded when used)
        except ImportError as error:
            raise ImportError(
                "to_graph needs libpysal: pip install 'hokkaido-gis[graph]'"
            ) from error
        islands = self.counts()[lambda c: c == 0].index
        table = pd.concat(
            [
                self.directed.assign(weight=1.0),
                pd.DataFrame({"code": islands, "neighbour_code": islands, "weight": 0.0}),
            ]
        )
        order = {code: i for i, code in enumerate(self.names.index)}
        table = table.sort_values(["code", "neighbour_code"], key=lambda c: c.map(order))
        return Graph.from_arrays(*(table[column].to_numpy() for column in table))


def find_adjacency(municipalities: gpd.GeoDataFrame, *, tolerance: float = 0.0) -> Adjacency:
    """Find which polygons touch.

    Two polygons touch by a border where their boundaries share a length, by a point where they
    share single points only. Where the vertices of neighbours differ, nothing touches exactly: a
    `tolerance` then finds pairs across a gap or a slight overlap.

    Parameters
    ----------
    municipalities
        Polygons with a unique index of codes, in any CRS; a column ``name`` is used if there.
    tolerance
        Greatest gap [m] over which two polygons still count as neighbours.

    Returns
    -------
    Adjacency
        Symmetric; units without a neighbour are kept.

    Raises
    ------
    CRSError
        If the layer has no CRS.
    LayerError
        If codes are repeated, geometries are missing or no polygons, or the tolerance is negative.

    Warns
    -----
    LayerWarning
        If polygons overlap, or nothing touches at all, and no tolerance was given. Polygons that
        overlap are no neighbours, unless they share a border elsewhere.
    """
    crs = require_crs(municipalities, "municipalities")
    _check_units(municipalities, tolerance)
    polygons = municipalities.geometry.to_numpy()

    def to_lonlat(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return lonlat(crs, xy)

    rings = cut_rings(polygons)
    keys = hash_places(rings.vertices)
    matches = contiguity.match_segments(rings, keys, to_lonlat)
    meeting, corners = contiguity.shared_corners(rings, keys, matches.mate)
    loose = contiguity.open_boundary(rings, matches.mate, corners)
    along, touching, crossing = contiguity.open_contacts(loose, to_lonlat)

    borders = matches.borders.plus(along)
    overlaps = matches.overlaps.plus(crossing)
    points = meeting.plus(touching).without(borders).without(overlaps)
    # Boundaries may also cross in a vertex, which no two segments tell.
    covering = contiguity.overlapping(points.plus(along), polygons)
    found = {"border": borders, "point": points.without(covering)}
    if tolerance > 0:
        gaps = contiguity.near_contacts(loose, to_lonlat, tolerance)
        found["gap"] = gaps.without(borders).without(found["point"])
    names = _names(municipalities)
    if tolerance == 0:
        overlaps = overlaps.plus(covering).plus(contiguity.contained(loose, polygons))
        is_any = any(len(pairs.first) for pairs in found.values())
        _tell_what_does_not_touch(names, is_any, overlaps)
    return Adjacency(names, _pair_table(found, names))


def adjacency_from_lists(names: pd.Series, lists: pd.Series) -> Adjacency:
    """Build an adjacency from a table that lists each unit's neighbours by name.

    Parameters
    ----------
    names
        Name of every unit, on an index of codes.
    lists
        For each code the names of its neighbours, as sequences.

    Returns
    -------
    Adjacency
        Pairs listed at least one way, with contact ``listed``. Rows that list themselves or that
        their neighbour does not list back are told as `LayerWarning`.

    Raises
    ------
    JoinError
        If a listed name is no unit.
    """
    code_of = {name: code for code, name in names.items()}
    listed = lists.explode().dropna()
    unknown = sorted(set(listed) - set(code_of))
    if unknown:
        raise JoinError(f"Listed as neighbours, but not among the units: {name_some(unknown)}.")
    table = pd.DataFrame({"one": listed.index, "other": listed.map(code_of).to_numpy()})
    _tell_odd_rows(table, names)
    table = table[table["one"] != table["other"]]
    pairs = pd.DataFrame(
        {
            "code": table[["one", "other"]].min(axis=1),
            "neighbour_code": table[["one", "other"]].max(axis=1),
        }
    ).drop_duplicates()
    pairs = pairs.assign(
        name=pairs["code"].map(names),
        neighbour_name=pairs["neighbour_code"].map(names),
        contact="listed",
        border_m=np.nan,
        gap_m=np.nan,
    )
    return Adjacency(names, _sorted(pairs))


def _check_units(units: gpd.GeoDataFrame, tolerance: float) -> None:
    faults = []
    repeated = units.index[units.index.duplicated()].unique()
    if len(repeated):
        faults.append(
            f"codes stand more than once in the index ({name_some(list(repeated))}); dissolve the "
            "parts first, as read_municipalities does."
        )
    absent = units.geometry.isna() | units.geometry.is_empty
    if absent.any():
        faults.append(f"no geometry for {name_some(list(units.index[absent]))}.")
    other = ~units.geom_type[~absent].isin(["Polygon", "MultiPolygon"])
    if other.any():
        faults.append(f"no polygons: {name_some(list(units.index[~absent][other]))}.")
    if not tolerance >= 0:
        faults.append(f"a tolerance is a distance of 0 m or more; got {tolerance}.")
    if faults:
        raise LayerError("municipalities", faults)


def _names(units: gpd.GeoDataFrame) -> pd.Series:
    if "name" in units.columns:
        return pd.Series(units["name"], name="name")
    return pd.Series(units.index.astype(str), index=units.index, name="name")


def _pair_table(found: dict[str, Pairs], names: pd.Series) -> pd.DataFrame:
    """Turn positions into codes and names, the lower code first and in ascending order."""
    order = names.index.argsort()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    first, second, value = (np.concatenate(each) for each in zip(*found.values(), strict=True))
    low = np.minimum(place[first], place[second])
    high = np.maximum(place[first], place[second])
    row = np.argsort(low << 32 | high)
    low, high, value = order[low[row]], order[high[row]], value[row]
    kind = pd.Index(found).repeat([len(pairs.value) for pairs in found.values()]).take(row)
    return pd.DataFrame(
        {
            "code": names.index.take(low),
            "name": names.array.take(low),
            "neighbour_code": names.index.take(high),
            "neighbour_name": names.array.take(high),
            "contact": kind,
            "border_m": np.where(kind == "border", value, 0.0),
            "gap_m": np.where(kind == "gap", value, 0.0),
        }
    )


def _sorted(pairs: pd.DataFrame) -> pd.DataFrame:
    ordered = pairs.sort_values(["code", "neighbour_code"], ignore_index=True)
    return ordered[list(PAIR_COLUMNS)]


def _tell_what_does_not_touch(names: pd.Series, is_any: bool, overlaps: Pairs) -> None:
    if len(overlaps.first):
        count = len(overlaps.first)
        one, other = sorted(names.iloc[[overlaps.first[0], overlaps.second[0]]])
        warnings.warn(
            f"{count} pairs of polygons overlap (such as {one} and {other}); overlapping "
            "is not touching. Give a tolerance in metres (--tolerance) to count neighbours whose "
            "borders do not fit.",
            LayerWarning,
            stacklevel=3,
        )
    elif not is_any and len(names) > 1:
        warnings.warn(
            f"None of the {len(names)} polygons touches another. If they should, their borders do "
            "not share vertices: give a tolerance in metres (--tolerance).",
            LayerWarning,
            stacklevel=3,
        )


def _tell_odd_rows(table: pd.DataFrame, names: pd.Series) -> None:
    selves = table.loc[table["one"] == table["other"], "one"]
    if len(selves):
        warnings.warn(
            "Listed as neighbours of themselves, and passed over: "
            f"{name_some([names[code] for code in selves])}.",
            LayerWarning,
            stacklevel=3,
        )
    ways: Sequence[tuple[str, str]] = list(zip(table["one"], table["other"], strict=True))
    one_way = sorted({(a, b) for a, b in ways} - {(b, a) for a, b in ways})
    if one_way:
        told = [f"{names[a]} lists {names[b]}" for a, b in one_way]
        warnings.warn(
            f"Listed one way only, and taken both ways: {name_some(told)}.",
            LayerWarning,
            stacklevel=3,
        )
