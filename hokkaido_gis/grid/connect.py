"""How near a site is to the grid, at what voltage and at what cost: its cheapest connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.analysis.nearest import connecting_segments
from hokkaido_gis.crs import STORAGE_CRS, area_ha
from hokkaido_gis.errors import LayerError, name_some
from hokkaido_gis.grid.options import KINDS, GridOptions, Study, find_ways
from hokkaido_gis.grid.rules import DISTRIBUTION

if TYPE_CHECKING:
    import numpy.typing as npt
    from pandas.api.extensions import ExtensionArray

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]

SOLAR_KW_PER_HA = 500.0
"""Capacity of solar on a hectare of the report [kW/ha] (2013, chapter 4)."""
COLUMNS = (
    "required_kv", "line_id", "line_kv", "line_km", "substation_id", "substation_kv",
    "substation_km", "cost_million_yen", "connects_to", "note",
)  # fmt: skip
NOTES = {
    "no geometry": "位置不明",
    "no capacity": "設備容量不明",
    "no rule for this capacity": "設備容量に対応する基準なし",
    "no line of an allowed class": "接続可能な電圧の送電線なし",
    "no substation of an allowed class": "接続可能な電圧の変電所なし",
    "no line within max_km": "上限距離内に送電線なし",
    "no substation within max_km": "上限距離内に変電所なし",
    "no distribution line within max_km": "上限距離内に配電線なし",
    "distribution network taken as present": "配電線が近くにあると仮定",
}
"""What the column ``note`` may say, several separated by ``; ``, with the Japanese for it."""


def connect_to_grid(
    features: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None = None,
    *,
    capacity_kw: float | str | pd.Series,
    **options: Unpack[GridOptions],
) -> pd.DataFrame:
    """Find the cheapest line and the cheapest substation that each site may connect to.

    Every voltage class that the rules allow is priced, and the cheapest taken, which need not be
    the nearest. Within a class all connections cost the same to a kilometre, so that its nearest is
    its cheapest and no others need be looked at; `connection_options` lists those, for when one is
    full.

    Parameters
    ----------
    features
        Sites: points, lines or polygons with a CRS. A line that crosses or lies in a site is 0 km
        away.
    lines, substations
        As from `read_lines` and `read_substations`; see `connection_options`.
    capacity_kw
        Capacity of the plants [kW]: one for all, a Series on the index of `features`, or the name
        of a column.
    **options
        ``rules``, ``costs``, ``distribution`` and ``max_km``: see `GridOptions`.

    Returns
    -------
    pandas.DataFrame
        On the index of `features`: ``required_kv`` (least voltage of the rule [kV]); ``line_id``,
        ``line_kv``, ``line_km`` and ``substation_id``, ``substation_kv``, ``substation_km`` (label,
        voltage [kV] at which it connects, geodesic length [km]) of the cheapest of each kind;
        ``cost_million_yen`` of the cheaper of the two; ``connects_to`` (``line``, ``substation``,
        ``distribution``); ``note`` (empty, or why something was not found: see `NOTES`). A site
        that connects to the distribution network has its voltage and length as a line's. Nothing
        found stays missing.

    Raises
    ------
    LayerError, CRSError, TableError, ModelInputError
        As for `connection_options`.

    Examples
    --------
    >>> from shapely.geometry import LineString, Point
    >>> farm = gpd.GeoDataFrame(geometry=[Point(143, 43)], index=["farm"], crs=6668)
    >>> lines = gpd.GeoDataFrame(
    ...     {"kv": [66.0]}, geometry=[LineString([(143.1, 42), (143.1, 44)])], index=["幹線"],
    ...     crs=6668,
    ... )
    >>> found = connect_to_grid(farm, lines, capacity_kw=3000).round(3)
    >>> found[["required_kv", "line_id", "line_km", "cost_million_yen"]].to_numpy().tolist()
    [[33.0, '幹線', 8.154, 97.849]]
    """
    study = find_ways(features, lines, substations, capacity_kw, k=1, options=options)
    line, substation, distribution = (_cheapest(study, kind, len(features)) for kind in range(3))
    of_line = np.where(line >= 0, line, distribution)
    of_all = _cheapest(study, None, len(features))
    required = np.array([np.nan, *(band.required_kv for band in study.settings.rules.bands)])
    ways, layer = study.ways, study.settings.distribution
    line_id = _labels_at(lines.index, _positions(ways.target, line))
    if isinstance(layer, gpd.GeoDataFrame) and (rows := distribution >= 0).any():
        labels = _labels_at(layer.index, _positions(ways.target, distribution))
        line_id = pd.Series(line_id, dtype=object).where(~rows, labels).infer_objects().array
    nothing = pd.Index([], dtype="str") if substations is None else substations.index
    kinds = pd.array(np.array([*KINDS, None], dtype=object)[_positions(ways.kind, of_all)], "str")
    notes = _notes(features, study, of_line, substation, substations is not None)
    return pd.DataFrame(
        {
            "required_kv": required[study.band + 1],
            "line_id": line_id,
            "line_kv": _values(ways.kv, of_line),
            "line_km": _values(ways.km, of_line),
            "substation_id": _labels_at(nothing, _positions(ways.target, substation)),
            "substation_kv": _values(ways.kv, substation),
            "substation_km": _values(ways.km, substation),
            "cost_million_yen": _values(ways.cost, of_all),
            "connects_to": kinds,
            "note": pd.array(notes, dtype="str"),
        },
        index=features.index,
    )


def connection_segments(
    features: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None,
    connections: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """Draw the connections that `connect_to_grid` has found.

    Parameters
    ----------
    features, lines, substations
        As given to it.
    connections
        Its result.

    Returns
    -------
    geopandas.GeoDataFrame
        On the labels of the sites that connect to a line or substation, at any distance but 0:
        ``kind``, ``target``, ``km`` and a line of two points, EPSG:6668. Connections to the
        distribution network are not drawn.
    """
    parts = []
    for kind, layer in (("line", lines), ("substation", substations)):
        chosen = connections[connections["connects_to"] == kind]
        chosen = chosen[chosen[f"{kind}_km"] > 0]
        if layer is None or chosen.empty:
            continue
        columns = {"kind": kind, "target": chosen[f"{kind}_id"], "km": chosen[f"{kind}_km"]}
        drawn = connecting_segments(features, layer, chosen[f"{kind}_id"])
        parts.append(gpd.GeoDataFrame(columns, geometry=drawn, crs=drawn.crs))
    if not parts:
        return gpd.GeoDataFrame({"kind": [], "target": [], "km": []}, geometry=[], crs=STORAGE_CRS)
    every = gpd.GeoDataFrame(pd.concat(parts))
    return every.loc[features.index[features.index.isin(every.index)]]


def with_connections(features: gpd.GeoDataFrame, connections: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add the columns of a result to those of its layer.

    Parameters
    ----------
    features
        The sites.
    connections
        As from `connect_to_grid`, on their index.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy with both.

    Raises
    ------
    LayerError
        If the layer has columns of the same names, in whatever case.
    """
    there = {str(column).casefold(): column for column in features.columns}
    if twice := [there[column] for column in connections.columns if column in there]:
        fault = f"its columns {name_some(twice)} are named like those of the result. Rename them."
        raise LayerError("features", [fault])
    both = features.copy()
    for column in connections.columns:
        both[column] = connections[column]
    return both


def solar_capacity(features: gpd.GeoDataFrame) -> pd.Series:
    """Capacity of solar that fits on polygons [kW], 500 kW/ha as in the report.

    Parameters
    ----------
    features
        Polygons with a CRS.

    Returns
    -------
    pandas.Series
        ``capacity_kw`` [kW] on the index of `features`; missing for missing and empty polygons.

    Raises
    ------
    LayerError
        If there are other geometries than polygons.
    """
    shapes = features.geometry
    known = ~(shapes.isna() | shapes.is_empty)
    wrong = shapes[known & ~shapes.geom_type.isin(["Polygon", "MultiPolygon"])]
    if len(wrong):
        fault = f"rows {name_some(list(wrong.index))} are no polygons and have no area."
        raise LayerError("features", [f"{fault} State capacities."])
    capacity = pd.Series(np.nan, index=features.index, name="capacity_kw")
    capacity[known] = area_ha(features[known]) * SOLAR_KW_PER_HA
    return capacity


def notes_in_japanese(notes: pd.Series) -> pd.Series:
    """Column ``note`` in Japanese."""
    return notes.map(
        lambda text: "；".join(NOTES[part] for part in text.split("; ")) if text else ""
    )


def _labels_at(index: pd.Index, position: Ints) -> ExtensionArray:
    """Labels by position, missing at -1; whole numbers stay whole."""
    labels = index.astype("Int64") if pd.api.types.is_integer_dtype(index.dtype) else index
    return labels.array.take(position, allow_fill=True)


def _cheapest(study: Study, kind: int | None, sites: int) -> Ints:
    """Position of the cheapest way of each site, of one kind or of all; -1 for none."""
    ways, cheapest = study.ways, np.full(sites, -1, dtype=np.intp)
    rows = np.arange(len(ways.site)) if kind is None else np.flatnonzero(ways.kind == kind)
    site, first = np.unique(ways.site[rows], return_index=True)
    cheapest[site] = rows[first]
    return cheapest


def _values(values: Floats, way: Ints) -> Floats:
    """Values of ways by position; missing where there is none."""
    return np.append(values, np.nan)[way]


def _positions(values: Ints, way: Ints) -> Ints:
    """Positions that ways have, by position; -1 where there is none."""
    return np.append(values, -1)[way]


def _notes(
    features: gpd.GeoDataFrame, study: Study, line: Ints, substation: Ints, asked: bool
) -> list[str]:
    """Why what was looked for was not found, site by site."""
    shapes = features.geometry.to_numpy()
    allowed = study.allowed[study.band]
    to_network = allowed[:, KINDS.index(DISTRIBUTION)]
    is_measured = isinstance(study.settings.distribution, gpd.GeoDataFrame)
    first = np.select(
        [
            shapely.is_missing(shapes) | shapely.is_empty(shapes),
            np.isnan(study.capacity),
            study.band < 0,
            to_network & (line < 0),
            to_network & (not is_measured),
            to_network | (line >= 0),
            allowed[:, 0],
        ],
        [
            "no geometry",
            "no capacity",
            "no rule for this capacity",
            "no distribution line within max_km",
            "distribution network taken as present",
            "",
            "no line within max_km",
        ],
        "no line of an allowed class",
    )
    wanted = asked & ~to_network & (study.band >= 0) & (first != "no geometry")
    second = np.select(
        [~wanted | (substation >= 0), allowed[:, 1]],
        ["", "no substation within max_km"],
        "no substation of an allowed class",
    )
    return ["; ".join(filter(None, each)) for each in zip(first, second, strict=True)]
