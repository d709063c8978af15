"""Commands that judge sites: criteria, and the rasters under them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from hokkaido_gis.cli.layer_files import write_features
from hokkaido_gis.cli.options import common, crs_option, engine_options, key_option, out_file
from hokkaido_gis.cli.telling import echo

if TYPE_CHECKING:
    from hokkaido_gis.cluster.engine import Engine


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--criteria", required=True, type=click.Path(path_type=Path), help="TOML file.")
@click.option("--boundaries", help="Boundaries, where a knock-out reaches over to neighbours.")
@click.option("--explain", type=click.Path(path_type=Path), help="Also write every margin here.")
@key_option
@out_file
@common
def siting(
    table: Path,
    criteria: Path,
    boundaries: str | None,
    explain: Path | None,
    key: str | None,
    code_form: Literal["auto", "jis", "checked"],
    out: Path,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Mark, knock out and rank sites by criteria."""
    from hokkaido_gis.analysis.adjacency import find_adjacency
    from hokkaido_gis.criteria import read_criteria
    from hokkaido_gis.io.tables import read_table, require_columns, to_numbers, write_table
    from hokkaido_gis.join import index_by_municipality
    from hokkaido_gis.readers.municipalities import read_municipalities
    from hokkaido_gis.siting import evaluate_siting, explain_siting

    study = read_criteria(criteria)
    rows = read_table(table)
    require_columns(rows, study.columns, what=str(table))
    numbers = rows.assign(**{column: to_numbers(rows[column]) for column in study.columns})
    keyed = index_by_municipality(numbers, key=key, form=code_form, what=str(table))
    neighbours = find_adjacency(read_municipalities(boundaries)) if boundaries else None
    result = evaluate_siting(keyed, study, adjacency=neighbours)
    written = [write_table(result.reset_index(), out)]
    if explain is not None:
        written.append(write_table(explain_siting(keyed, study), explain))
    echo(written)


@click.command()
@click.argument("features")
@click.argument("raster")
@click.option(
    "--stats",
    default="mean",
    show_default=True,
    help="Comma-separated: mean, min, max, median, stdev, sum, count, p90, share_above_5.5.",
)
@click.option("--band", help="Number or description of the band, where there are several.")
@click.option(
    "--units", type=click.Choice(["m/s", "km/h"]), help="Wind: unit of a raster that states none."
)
@out_file
@crs_option("CRS of features that state none, such as EPSG:6668.")
@crs_option("CRS of a raster that states none.", name="--raster-crs")
@engine_options
@common
def overlay(
    features: str,
    raster: str,
    stats: str,
    band: str | None,
    units: Literal["m/s", "km/h"] | None,
    out: Path,
    crs: str | None,
    raster_crs: str | None,
    engine: Engine | None,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Give each feature statistics of the raster under it, with exact fractions of cells.

    Layers are written as .geojson, .gpkg, .fgb or .parquet, tables without geometry as .csv or
    .xlsx.
    """
    from hokkaido_gis.cluster.layers import overlay_parts
    from hokkaido_gis.crs import require_crs
    from hokkaido_gis.io.vector import read_vector
    from hokkaido_gis.overlay import add_statistics, open_raster, zonal_stats

    number = int(band) if band and band.isdecimal() else band
    asked = [name.strip() for name in stats.split(",")]
    if engine is not None:
        echo([overlay_parts(
            features, raster, out=out, stats=asked, engine=engine, crs=crs, band=number,
            units=units, raster_crs=raster_crs,
        )])  # fmt: skip
        return
    layer = read_vector(features, crs=crs)
    require_crs(layer, features)
    source = open_raster(raster, band=number, units=units, crs=raster_crs)
    found = add_statistics(layer, zonal_stats(layer, source, stats=asked))
    echo([write_features(found, out)])
