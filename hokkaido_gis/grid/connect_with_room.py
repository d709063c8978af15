"""Connect sites where the grid has room: the columns of `connect_to_grid`, by free capacity."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict, Unpack, cast

import pandas as pd

from hokkaido_gis.errors import LayerWarning, TableError, name_some
from hokkaido_gis.grid.connect import NOTES, connect_to_grid
from hokkaido_gis.grid.facilities import join_free_capacity, share_room
from hokkaido_gis.grid.options import GridOptions, connection_options
from hokkaido_gis.grid.room import allocate_room
from hokkaido_gis.grid.rules import DISTRIBUTION

if TYPE_CHECKING:
    import geopandas as gpd

    from hokkaido_gis.audit import Audit
    from hokkaido_gis.grid.facilities import Kind
    from hokkaido_gis.grid.room import Allocation, Place, Unknown

K = 10
"""How many of each voltage class a site tries unless told otherwise."""
_ZERO, _NO_WAY = "capacity is 0", "no option"
_JAPANESE = {**NOTES, _ZERO: "設備容量が 0", _NO_WAY: "連系の選択肢なし"}
_REFUSALS = {"turned away by ": "空容量不足で次点: ", "no room: ": "空容量なし: "}
_KIND_WORDS = {"line": "送電線", "substation": "変電所", DISTRIBUTION: "配電線"}


class QueueOptions(TypedDict, total=False):
    """How sites compete for room.

    Attributes
    ----------
    order
        Who comes first, as for `allocate_room`: ``"cost_per_kw"``, the default, or ``"capacity"``.
    unknown
        Room where the free capacity is not stated: ``"none"``, the default, or ``"unlimited"``.
    k
        How many of each voltage class a site tries.
    """

    order: Literal["cost_per_kw", "capacity"]
    unknown: Unknown
    k: int


class RoomOptions(GridOptions, QueueOptions, total=False):
    """Options of `connect_with_room`: those of `connect_to_grid`, and of the queue."""


class RoomConnections(NamedTuple):
    """Connections of sites that compete for free capacity.

    Attributes
    ----------
    connections
        On the index of the sites, the columns of `connect_to_grid` for the one way that each site
        is granted: ``line_*`` of a line or the distribution network, else ``substation_*``;
        ``note`` also says what turned it away. Then ``choice``, 1 where the way is the site's
        cheapest, and ``served``, the place of its turn, from 1. A site that finds no room has no
        connection and takes none.
    room
        What is left: as `Allocation.room`, of the facilities of the table that the layers have and
        of other places that sites turned to.
    audits
        Which lines and substations (``line``, ``substation``) the table speaks of.
    """

    connections: pd.DataFrame
    room: pd.DataFrame
    audits: dict[str, Audit]


def connect_with_room(
    features: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None = None,
    *,
    capacity_kw: pd.Series,
    free_capacity: pd.DataFrame,
    **options: Unpack[RoomOptions],
) -> RoomConnections:
    """Connect sites in turn, each by its cheapest way that still has room for all of it.

    Parameters
    ----------
    features, lines, substations
        As for `connect_to_grid`.
    capacity_kw
        Capacity of the plants [kW], on the index of `features`.
    free_capacity
        As from `read_free_capacity`; several tables one below the other. Where it has no row of
        lines, or of substations, these are left out and that is told, unless what is not stated is
        unlimited. The distribution network has room for all.
    **options
        ``rules``, ``costs``, ``distribution`` and ``max_km``: see `GridOptions`; ``order``,
        ``unknown`` and ``k``: see `QueueOptions`.

    Returns
    -------
    RoomConnections
        The connections, the room that is left and what the table was matched with.

    Raises
    ------
    TableError
        If the table has a facility twice, or speaks of none of the layers' kinds.
    JoinError
        As by `join_free_capacity`.
    LayerError, CRSError, TableError, ModelInputError
        As by `connection_options` and `allocate_room`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely.geometry import LineString, Point
    >>> farms = gpd.GeoDataFrame(geometry=[Point(143, 43), Point(143.2, 43)], crs=6668)
    >>> lines = gpd.GeoDataFrame(
    ...     {"name": ["甲線", "乙線"], "kv": 66.0, "voltages": "66"}, index=["a", "b"], crs=6668,
    ...     geometry=[LineString([(x, 42), (x, 44)]) for x in (143.1, 143.5)],
    ... )
    >>> table = pd.DataFrame(
    ...     {"kind": "line", "name": ["甲線", "乙線"], "kv": 66.0, "voltages": "66",
    ...      "free_kw": [4000.0, 9000.0]}, index=["甲線", "乙線"],
    ... )
    >>> found = connect_with_room(
    ...     farms, lines, capacity_kw=pd.Series(3000.0, farms.index), free_capacity=table
    ... )
    >>> found.connections["line_id"].tolist(), found.room["left_kw"].tolist()
    (['a', 'b'], [1000.0, 6000.0])
    """
    settings = cast(
        "GridOptions", {k: v for k, v in options.items() if k in GridOptions.__annotations__}
    )
    _require_single_rows(free_capacity)
    unknown = options.get("unknown", "none")
    layers: dict[Kind, gpd.GeoDataFrame] = {"line": lines}
    if substations is not None:
        layers["substation"] = substations
    stated = _kinds_stated(free_capacity, layers)
    joined = {
        kind: join_free_capacity(layer, free_capacity, kind=kind)
        for kind, layer in layers.items()
        if kind in stated
    }
    ways = connection_options(
        features, lines, substations, capacity_kw=capacity_kw, k=options.get("k", K), **settings
    )
    if unknown == "none":
        left_out = [kind for kind in layers if kind not in stated]
        ways = ways[~ways["kind"].isin(left_out)]
        _tell_left_out(left_out)
    shares = [share_room(result.frame, kind) for kind, result in joined.items()]
    also_uses: dict[Place, list[Place]] = {
        place: others for _, uses in shares for place, others in uses.items()
    }
    free_kw = pd.concat([free for free, _ in shares])
    granted = allocate_room(
        ways,
        capacity_kw,
        free_kw,
        order=options.get("order", "cost_per_kw"),
        unknown=unknown,
        also_uses=also_uses,
    )
    cheapest = _connect_in_silence(features, lines, substations, capacity_kw, settings)
    audits = {str(kind): result.audit for kind, result in joined.items()}
    return RoomConnections(
        _as_connections(cheapest, granted), _places(granted.room, free_kw, also_uses), audits
    )


def room_notes_in_japanese(notes: pd.Series) -> pd.Series:
    """Column ``note`` of `connect_with_room` in Japanese."""
    return notes.map(lambda text: "；".join(_in_japanese(part) for part in text.split("; ")))


def _in_japanese(part: str) -> str:
    for english, japanese in _REFUSALS.items():
        if part.startswith(english):
            named = re.sub(r" and (\d+) more$", r", ほか \1 件", part.removeprefix(english))
            places = [place.partition(" ") for place in named.split(", ")]
            return japanese + "、".join(f"{_KIND_WORDS.get(k, k)}{sep}{t}" for k, sep, t in places)
    return _JAPANESE.get(part, part)


def _require_single_rows(table: pd.DataFrame) -> None:
    rows = pd.MultiIndex.from_arrays([table["kind"], table.index.astype("str")])
    if twice := list(rows[rows.duplicated()].unique()):
        told = name_some([f"{kind} {facility}" for kind, facility in twice])
        fault = f"facilities stand in it more than once: {told}. Give each one row."
        raise TableError("free capacity", [fault])


def _kinds_stated(table: pd.DataFrame, layers: dict[Kind, gpd.GeoDataFrame]) -> set[str]:
    """Kinds of the layers that the table has rows of."""
    there = set(table["kind"])
    if not there & set(layers):
        fault = (
            f"it has rows of kind {name_some(sorted(there)) or 'none'}; there are layers of kind "
            f"{name_some(list(layers))}. Give the layer or the table of the other kind."
        )
        raise TableError("free capacity", [fault])
    return there & set(layers)


def _tell_left_out(kinds: list[Kind]) -> None:
    for kind in kinds:
        warnings.warn(
            f"The table of free capacity has no {kind}s, and none is taken to have room. Give "
            "their table too, or say unknown='unlimited'.",
            LayerWarning,
            stacklevel=3,
        )


def _connect_in_silence(
    features: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None,
    capacity_kw: pd.Series,
    settings: GridOptions,
) -> pd.DataFrame:
    """Cheapest connections whatever the room; notes on the layers were given for the options."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return connect_to_grid(features, lines, substations, capacity_kw=capacity_kw, **settings)


def _places(
    room: pd.DataFrame, free_kw: pd.Series, also_uses: dict[Place, list[Place]]
) -> pd.DataFrame:
    """Facilities of the table, and other places that sites turned to, each once."""
    is_stated = room.index.isin(free_kw.index)
    # What a line or substation of the layer gives away stands in the row of its facility.
    is_told_there = room.index.isin(list(also_uses))
    is_tried = (room["sites"] > 0) | (room["turned_away"] > 0)
    return room[is_stated | (is_tried & ~is_told_there)]


def _as_connections(cheapest: pd.DataFrame, granted: Allocation) -> pd.DataFrame:
    """Put what was granted in the place of what is cheapest."""
    sites = granted.sites
    ways = {"line": sites["kind"].isin(["line", DISTRIBUTION]),
            "substation": sites["kind"] == "substation"}  # fmt: skip
    connections = cheapest.copy()
    for kind, rows in ways.items():
        ids = sites["target"].where(rows)
        connections[f"{kind}_id"] = ids.where(ids.notna(), None).astype(
            cheapest[f"{kind}_id"].dtype
        )
        for column in ("kv", "km"):
            connections[f"{kind}_{column}"] = sites[column].where(rows)
    connections["cost_million_yen"] = sites["cost_million_yen"]
    connections["connects_to"] = sites["kind"].astype("str")
    notes = [_note(*each) for each in zip(cheapest["note"], sites["reason"], strict=True)]
    connections["note"] = pd.array(notes, dtype="str")
    return connections.assign(choice=sites["choice"], served=sites["served"])


def _note(cheapest: str, reason: str) -> str:
    """Why nothing was found or granted, or what turned a site away before."""
    if reason == _ZERO:
        return reason
    if reason in (_NO_WAY, "capacity is missing"):
        return cheapest or reason
    return "; ".join(filter(None, [cheapest, reason]))
