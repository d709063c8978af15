"""The command that routes sites to lines over the ground, by what a line costs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from hokkaido_gis.cli.layer_files import write_features
from hokkaido_gis.cli.options import common, crs_option, out_file
from hokkaido_gis.cli.telling import echo, tell

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from hokkaido_gis.grid.cost_surface import CostSurface

    Classes = list[tuple[float, float]]


class Ground(NamedTuple):
    """What makes a line dearer, cheaper or impossible: files, each with its factor or classes."""

    rasters: tuple[tuple[str, Classes], ...]
    areas: tuple[tuple[str, float], ...]
    corridors: tuple[tuple[str, float], ...]


def _with_classes(
    _: click.Context, __: click.Parameter, rasters: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, Classes], ...]:
    """Read classes such as ``10:1,20:1.5,30:3``: greatest value and factor of each."""
    return tuple((path, _limits_and_factors(text)) for path, text in rasters)


def _limits_and_factors(text: str) -> Classes:
    pairs = [part.split(":") for part in text.split(",")]
    try:
        return [(float(limit), float(factor)) for limit, factor in pairs]
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no list of limits, each with its factor, such as 10:1,20:1.5,30:3."
        ) from error


@click.command()
@click.argument("features")
@click.option("--lines", required=True, metavar="F", help="Power lines.")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="CLASS",
    help="Voltage class that may be reached, such as '187 kV'; may be given again.  "
    "[default: 33 kV and less, 66 kV]",
)
@click.option(
    "--raster",
    "rasters",
    type=(str, str),
    multiple=True,
    callback=_with_classes,
    metavar="F CLASSES",
    help="Raster such as slope, with the greatest value of each class and its factor of the cost: "
    "slope.tif 10:1,20:1.5,30:3. Above the last, and where there is no value, no line may pass.",
)
@click.option(
    "--area",
    "areas",
    type=(str, float),
    multiple=True,
    metavar="F FACTOR",
    help="Areas and the factor of the cost there; inf where no line may pass.",
)
@click.option(
    "--corridor",
    "corridors",
    type=(str, float),
    multiple=True,
    metavar="F FACTOR",
    help="Corridors such as roads and the share of the cost along them, whatever lies below.",
)
@click.option(
    "--cell",
    type=click.FloatRange(min=0, min_open=True),
    default=250.0,
    show_default=True,
    help="Side of a cell in metres.",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0),
    default=20.0,
    show_default=True,
    help="How far around the sites lines and ways are looked for, in km.",
)
@click.option(
    "--cost",
    type=click.FloatRange(min=0, min_open=True),
    help="Million yen per km where the factor is 1.  [default: 12]",
)
@out_file
@crs_option("CRS of files that state none, such as EPSG:6668.")
@common
def route(
    features: str,
    lines: str,
    classes: tuple[str, ...],
    rasters: tuple[tuple[str, Classes], ...],
    areas: tuple[tuple[str, float], ...],
    corridors: tuple[tuple[str, float], ...],
    cell: float,
    margin: float,
    cost: float | None,
    out: Path,
    crs: str | None,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Find the cheapest route from each site to a line, around what is steep, dear or closed.

    Routes are written as .geojson, .gpkg, .fgb or .parquet, a table of them as .csv or .xlsx.
    """
    from hokkaido_gis.crs import to_storage_crs
    from hokkaido_gis.grid.cost_surface import MILLION_YEN_PER_KM, even_surface
    from hokkaido_gis.grid.route_sites import (
        REPORT_CLASSES,
        lines_of_classes,
        route_notes_in_japanese,
        route_sites,
    )
    from hokkaido_gis.io.vector import read_vector
    from hokkaido_gis.readers.lines import read_lines

    sites = to_storage_crs(read_vector(features, crs=crs), features)
    candidates = lines_of_classes(read_lines(lines, crs=crs), classes or REPORT_CLASSES)
    base = MILLION_YEN_PER_KM if cost is None else cost
    surface = even_surface(sites, cell_m=cell, margin_km=margin, million_yen_per_km=base)
    surface = _over_ground(surface, Ground(rasters, areas, corridors), crs)
    found = route_sites(sites, candidates, surface)
    nowhere = found["line_id"].isna().sum()
    if nowhere:
        tell(
            f"{features}: {nowhere} of {len(found)} sites have no route; the column note says why. "
            f"--margin {margin:g} is how far lines were looked for."
        )
    if lang == "ja":
        found["note"] = route_notes_in_japanese(found["note"])
    echo([write_features(found, out)])


def _over_ground(surface: CostSurface, ground: Ground, crs: str | None) -> CostSurface:
    """Put rasters, areas and then corridors on an even surface."""
    from hokkaido_gis.grid.cost_surface import follow_corridors, multiply_by_class, multiply_within
    from hokkaido_gis.io.raster import open_band

    for path, classes in ground.rasters:
        surface = multiply_by_class(surface, open_band(path, crs=crs).read(), classes)
    for path, factor in ground.areas:
        surface = multiply_within(surface, _layer(path, crs), factor)
    for path, factor in ground.corridors:
        surface = follow_corridors(surface, _layer(path, crs), factor)
    return surface


def _layer(path: str, crs: str | None) -> gpd.GeoDataFrame:
    from hokkaido_gis.crs import to_storage_crs
    from hokkaido_gis.io.vector import read_vector

    return to_storage_crs(read_vector(path, crs=crs), path)
