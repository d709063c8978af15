"""Options of `connect` by which sites compete for the free capacity of the grid."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hokkaido_gis.cli.telling import tell

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from hokkaido_gis.cli.options import Command
    from hokkaido_gis.grid.connect_with_room import QueueOptions, RoomConnections, RoomOptions
    from hokkaido_gis.grid.options import GridOptions


class Room(NamedTuple):
    """What was asked: tables of free capacity, rules of the queue, and where to write the rest."""

    tables: tuple[Path, ...]
    queue: QueueOptions
    left: Path | None


def room_options(command: Command) -> Command:
    """Add ``--free-capacity`` and what belongs to it; the command gets a ``room``, or None."""

    @functools.wraps(command)
    def with_room(*, free_capacity: tuple[Path, ...], left: Path | None, **options: Any) -> Any:
        names = {"order": "order", "unknown": "unknown", "nearest": "k"}
        stated: Any = {
            meant: value
            for name, meant in names.items()
            if (value := options.pop(name)) is not None
        }
        if free_capacity:
            return command(room=Room(free_capacity, stated, left), **options)
        if stated or left:
            given = [name for name, meant in names.items() if meant in stated]
            raise click.UsageError(f"--{[*given, 'left'][0]} belongs to --free-capacity.")
        return command(room=None, **options)

    for option in reversed(
        (
            click.option(
                "--free-capacity",
                type=click.Path(path_type=Path),
                multiple=True,
                help="Table of free capacity (空容量); may be given again, for lines and for "
                "substations. Sites then connect in turn, where there is room.",
            ),
            click.option(
                "--order",
                type=click.Choice(["cost_per_kw", "capacity"]),
                help="Who comes first: the cheapest per kW, or the largest.  "
                "[default: cost_per_kw]",
            ),
            click.option(
                "--unknown",
                type=click.Choice(["none", "unlimited"]),
                help="Room where no table states it.  [default: none]",
            ),
            click.option(
                "--nearest",
                type=click.IntRange(min=1),
                help="How many lines and substations of each class a site tries.  [default: 10]",
            ),
            click.option(
                "--left",
                type=click.Path(path_type=Path),
                help="Also write the free capacity that is left.",
            ),
        )
    ):
        with_room = option(with_room)
    return with_room


def connect_in_turn(
    sites: gpd.GeoDataFrame,
    grid: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None],
    capacities: pd.Series,
    room: Room,
    options: GridOptions,
) -> RoomConnections:
    """Connect sites where there is room, and tell what the tables matched."""
    import pandas as pd

    from hokkaido_gis.grid.connect_with_room import connect_with_room
    from hokkaido_gis.readers.free_capacity import read_free_capacity

    table = pd.concat([read_free_capacity(path) for path in room.tables])
    both: RoomOptions = {**options, **room.queue}
    found = connect_with_room(sites, *grid, capacity_kw=capacities, free_capacity=table, **both)
    for kind, audit in found.audits.items():
        tell(audit.summary(left=f"{kind}s", right="table of free capacity"))
    return found
