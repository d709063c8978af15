"""The command that connects sites to the grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hokkaido_gis.cli.layer_files import write_features
from hokkaido_gis.cli.options import common, crs_option, engine_options, out_file
from hokkaido_gis.cli.room import Room, connect_in_turn, room_options
from hokkaido_gis.cli.telling import echo, tell

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from hokkaido_gis.cluster.engine import Engine
    from hokkaido_gis.grid.options import GridOptions


@click.command()
@click.argument("features")
@click.option("--lines", required=True, metavar="F", help="Power lines.")
@click.option("--substations", metavar="F", help="Substations.")
@click.option("--capacity", metavar="COL", help="Column of capacities in kW.")
@click.option(
    "--kw",
    type=float,
    help="One capacity in kW for all.  [default: solar on the area, 500 kW/ha]",
)
@click.option("--rules", type=click.Path(path_type=Path), help="Table of voltages by capacity.")
@click.option("--costs", type=click.Path(path_type=Path), help="Table of costs by voltage class.")
@click.option("--distribution", metavar="F", help="Distribution lines.  [default: 0.5 km away]")
@click.option("--max-km", type=float, help="Greatest length of a connection in km.")
@click.option("--segments", type=click.Path(path_type=Path), help="Also write the connections.")
@room_options
@out_file
@crs_option("CRS of features that state none, such as EPSG:6668.")
@engine_options
@common
def connect(
    features: str,
    lines: str,
    substations: str | None,
    capacity: str | None,
    kw: float | None,
    rules: Path | None,
    costs: Path | None,
    distribution: str | None,
    max_km: float | None,
    segments: Path | None,
    room: Room | None,
    out: Path,
    crs: str | None,
    engine: Engine | None,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Find the cheapest line and substation that each site may connect to, and what it costs.

    Layers are written as .geojson, .gpkg, .fgb or .parquet, tables without geometry as .csv or
    .xlsx.
    """
    from hokkaido_gis.cluster.layers import connect_parts
    from hokkaido_gis.crs import require_crs
    from hokkaido_gis.grid.connect import (
        connect_to_grid,
        connection_segments,
        notes_in_japanese,
        with_connections,
    )
    from hokkaido_gis.grid.connect_with_room import room_notes_in_japanese
    from hokkaido_gis.io.tables import write_table
    from hokkaido_gis.io.vector import read_vector, write_vector
    from hokkaido_gis.readers.lines import read_lines
    from hokkaido_gis.readers.substations import read_substations

    if capacity is not None and kw is not None:
        raise click.UsageError("Give --capacity or --kw, not both.")
    if engine is not None and (segments is not None or room is not None):
        option = "--segments" if segments is not None else "--free-capacity"
        raise click.UsageError(f"{option} is for layers in memory, not for --engine.")
    options = _grid_options(rules, costs, distribution, max_km)
    grid = (read_lines(lines), read_substations(substations) if substations else None)
    if capacity is None and kw is None:
        tell(f"{features}: capacities are solar of 500 kW/ha; --capacity or --kw states others.")
    if engine is not None:
        given = capacity if kw is None else kw
        echo([connect_parts(
            features, *grid, out=out, capacity_kw=given, engine=engine, crs=crs,
            japanese=lang == "ja", **options,
        )])  # fmt: skip
        return
    sites = read_vector(features, crs=crs)
    require_crs(sites, features)
    capacities = _capacities(sites, features, capacity, kw)
    if room is None:
        found = connect_to_grid(sites, *grid, capacity_kw=capacities, **options)
        in_japanese = notes_in_japanese
    else:
        found, left, _ = connect_in_turn(sites, grid, capacities, room, options)
        in_japanese = room_notes_in_japanese
    drawn = connection_segments(sites, *grid, found) if segments is not None else None
    if lang == "ja":
        found["note"] = in_japanese(found["note"])
    both = with_connections(sites, found)
    further = []
    if segments is not None and drawn is not None:
        further.append(write_vector(drawn.rename_axis("site").reset_index(), segments))
    if room is not None and room.left is not None:
        further.append(write_table(left.reset_index(), room.left))
    echo([write_features(both, out), *further])


def _grid_options(
    rules: Path | None, costs: Path | None, distribution: str | None, max_km: float | None
) -> GridOptions:
    """Read the files that options of `connect` name."""
    from hokkaido_gis.io.tables import read_table
    from hokkaido_gis.readers.lines import read_lines

    options: GridOptions = {"max_km": max_km}
    if rules is not None:
        options["rules"] = read_table(rules)
    if costs is not None:
        options["costs"] = read_table(costs)
    if distribution is not None:
        options["distribution"] = read_lines(distribution)
    return options


def _capacities(
    sites: gpd.GeoDataFrame, what: str, column: str | None, kw: float | None
) -> pd.Series:
    """Capacities as stated for all or by a column, else solar on the area."""
    import pandas as pd

    from hokkaido_gis.grid.connect import solar_capacity
    from hokkaido_gis.io.tables import require_columns, to_numbers

    if kw is not None:
        return pd.Series(kw, index=sites.index, dtype=float)
    if column is None:
        return solar_capacity(sites)
    require_columns(sites, [column], what=what)
    return to_numbers(sites[column])
