"""The command line: read the options, call one function, print the paths or one message.

What a command needs is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from hokkaido_gis._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

    from hokkaido_gis.cluster.engine import Engine
    from hokkaido_gis.grid.options import GridOptions

OK, OUR_FAULT, USER_FAULT = 0, 1, 2

Command = Callable[..., Any]


def common(command: Command) -> Command:
    """Add the options that every command has."""
    for option in (
        click.option(
            "--lang",
            type=click.Choice(["ja", "en"]),
            default="ja",
            show_default=True,
            help="Language of maps, tables and legends.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no notes."),
        click.option("-v", "--verbose", is_flag=True, help="More, with tracebacks of faults."),
        click.version_option(__version__, prog_name="hokkaido-gis"),
    ):
        command = option(command)
    return command


def data_option(command: Command) -> Command:
    """Add ``--data``, the folder of layers."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Folder of layers.  [default: the sample that comes with the package]",
    )(command)


def out_file(command: Command) -> Command:
    """Add ``--out`` for one file, whose ending chooses the format."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        required=True,
        help="File to write; its ending chooses the format.",
    )(command)


def key_option(command: Command) -> Command:
    """Add ``--key`` and ``--code-form``, which name the municipality of a row."""
    command = click.option(
        "--code-form",
        type=click.Choice(["auto", "jis", "checked"]),
        default="auto",
        show_default=True,
        help="How 5-digit codes are meant: JIS codes, or codes with check digit and lost zero.",
    )(command)
    return click.option("--key", help="Column of codes or names.  [default: found by its name]")(
        command
    )


def engine_options(command: Command) -> Command:
    """Add ``--engine`` and what belongs to it; the command gets an ``engine``, or None."""

    @functools.wraps(command)
    def with_engine(*, engine: str | None, **options: Any) -> Any:
        names = ("workers", "scheduler", "rows_per_part", "memory_limit")
        stated = {name: value for name in names if (value := options.pop(name)) is not None}
        if engine is None:
            if stated:
                option = next(iter(stated)).replace("_", "-")
                raise click.UsageError(f"--{option} belongs to --engine dask.")
            return command(engine=None, **options)
        from hokkaido_gis.cluster.engine import Engine

        return command(engine=Engine(**stated, progress=not options["quiet"]), **options)

    for option in (
        click.option(
            "--engine",
            type=click.Choice(["dask"]),
            help="For layers larger than memory: work on parts, by several processes. The layer is "
            "a folder of GeoParquet parts or a file, --out a folder of parts.",
        ),
        click.option("--workers", type=click.IntRange(min=1), help="Processes of the engine."),
        click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler that runs already."),
        click.option("--rows-per-part", type=click.IntRange(min=1), help="Where a file is cut."),
        click.option("--memory-limit", metavar="SIZE", help="Memory of a worker, such as 4GB."),
    ):
        with_engine = option(with_engine)
    return with_engine


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hokkaido-gis")
@click.option("--lang", type=click.Choice(["ja", "en"]), help="As for each command.")
@click.option("-q", "--quiet", is_flag=True, default=None, help="As for each command.")
@click.option("-v", "--verbose", is_flag=True, default=None, help="As for each command.")
@click.pass_context
def cli(context: click.Context, /, **options: object) -> None:
    """Geospatial analysis of renewable energy in Hokkaido, from official data to Google Earth."""
    given = {name: value for name, value in options.items() if value is not None}
    context.default_map = dict.fromkeys(cli.commands, given)


@cli.command()
@data_option
@click.option(
    "--out", type=click.Path(path_type=Path), default="out", show_default=True, help="Folder."
)
@click.option("--chapter", type=int, help="Only this chapter; others in the folder stay.")
@click.option("--only", metavar="ID", help="Only this figure or table; others in the folder stay.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that draw.  [default: one a processor, 4 at most]",
)
@common
def report(
    data: Path | None,
    out: Path,
    chapter: int | None,
    only: str | None,
    jobs: int | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Make the figures and tables of the report, with an index page and the ledger.

    Run again, it makes only what has changed; after an interruption it goes on where it stopped.
    """
    from hokkaido_gis.report.run import FiguresFailedError, run_report

    processes = jobs or min(4, os.cpu_count() or 1)
    try:
        paths = run_report(
            data, out, chapter=chapter, only=only, lang=lang, jobs=processes, progress=not quiet
        )
    except FiguresFailedError as error:
        echo(error.paths)
        if verbose:
            click.echo("".join(error.traces), err=True)
        raise
    echo(paths)


@cli.command()
@click.argument("id")
@data_option
@click.option(
    "--out", type=click.Path(path_type=Path), default="out", show_default=True, help="Folder."
)
@click.option("--municipality", help="Name or code, for figures drawn for any municipality.")
@common
def figure(
    id: str,  # noqa: A002
    data: Path | None,
    out: Path,
    municipality: str | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Make one figure or table, in all its formats."""
    from hokkaido_gis.report.run import run_figure

    echo(run_figure(id, data, out, municipality=municipality, lang=lang))


@cli.command(name="list")
@common
def list_(lang: str, quiet: bool, verbose: bool) -> None:
    """List the figures and tables of the report."""
    import pandas as pd

    from hokkaido_gis.report.registry import registry

    columns = ["id", "kind", "title", "layer", "region"]
    rows = [[getattr(entry, column) for column in columns] for entry in registry().values()]
    echo_table(pd.DataFrame(rows, columns=columns))


@cli.command()
@data_option
@click.option("--chapter", type=int, help="Only this chapter.")
@common
def check(
    data: Path | None,
    chapter: int | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Compare each published figure with what is computed."""
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.ledger import ledger

    echo_table(ledger(Inputs(data), chapter=chapter, lang=lang))


@cli.command()
@click.argument("boundaries")
@out_file
@click.option(
    "--tolerance",
    type=float,
    default=0.0,
    show_default=True,
    help="Greatest gap in metres over which two municipalities still count as neighbours.",
)
@click.option("--crs", help="CRS of boundaries that state none, such as EPSG:6668.")
@common
def adjacency(
    boundaries: str,
    out: Path,
    tolerance: float,
    crs: str | None,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Find which municipalities touch, and the length of their borders."""
    from hokkaido_gis.analysis.adjacency import find_adjacency
    from hokkaido_gis.io.tables import write_table
    from hokkaido_gis.readers.municipalities import read_municipalities

    municipalities = read_municipalities(boundaries, crs=crs)
    found = find_adjacency(municipalities, tolerance=tolerance)
    echo([write_table(found.pairs.round(3), out)])


@cli.command()
@click.argument("boundaries")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--value", required=True, metavar="COL", help="Column to sum.")
@key_option
@out_file
@click.option("--tolerance", type=float, default=0.0, show_default=True, help="As for adjacency.")
@click.option("--crs", help="CRS of boundaries that state none, such as EPSG:6668.")
@click.option(
    "--sum-rows",
    is_flag=True,
    help="First sum the rows of each municipality, as --engine does; else it may have one only.",
)
@engine_options
@common
def aggregate(
    boundaries: str,
    table: Path,
    value: str,
    key: str | None,
    code_form: Literal["auto", "jis", "checked"],
    out: Path,
    tolerance: float,
    crs: str | None,
    sum_rows: bool,
    engine: Engine | None,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Sum a column over each municipality and those that touch it."""
    from hokkaido_gis.analysis.adjacency import find_adjacency
    from hokkaido_gis.analysis.aggregate import explain_sums
    from hokkaido_gis.analysis.sums import sum_by_municipality
    from hokkaido_gis.cluster.aggregate import aggregate_parts
    from hokkaido_gis.io.tables import read_table, require_columns, to_numbers, write_table
    from hokkaido_gis.join import index_by_municipality
    from hokkaido_gis.readers.municipalities import read_municipalities

    if engine is not None:
        neighbours = find_adjacency(read_municipalities(boundaries, crs=crs), tolerance=tolerance)
        sums = aggregate_parts(table, value, neighbours, key=key, form=code_form, engine=engine)
        echo([write_table(sums.rename_axis("code").reset_index(), out)])
        return
    rows = read_table(table)
    require_columns(rows, [value], what=str(table))
    rows = rows.assign(**{value: to_numbers(rows[value])})
    municipalities = read_municipalities(boundaries, crs=crs)
    units = municipalities.index
    if sum_rows:
        values = sum_by_municipality(rows, value, key=key, form=code_form, units=units)
    else:
        values = index_by_municipality(rows, key=key, form=code_form, units=units, what=str(table))[
            value
        ]
    neighbours = find_adjacency(municipalities, tolerance=tolerance)
    sums = explain_sums(values, neighbours)
    echo([write_table(sums.rename_axis("code").reset_index(), out)])


@cli.command()
@click.argument("layer")
@click.argument("table", type=click.Path(path_type=Path))
@key_option
@click.option("--layer-key", metavar="COL", help="Key column of the layer, if named otherwise.")
@click.option(
    "--census",
    is_flag=True,
    help="The table is the census of abandoned farmland by settlement, as published.",
)
@out_file
@click.option("--crs", help="CRS of a layer that states none, such as EPSG:6668.")
@engine_options
@common
def join(
    layer: str,
    table: Path,
    key: str | None,
    layer_key: str | None,
    census: bool,
    code_form: Literal["auto", "jis", "checked"],
    out: Path,
    crs: str | None,
    engine: Engine | None,
    lang: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Add a table's columns to a layer, and print what did not match on either side.

    Rows are matched by the key of a farm settlement, by municipality (codes in any spelling, or
    names), or by any column of text that both have.
    """
    from hokkaido_gis.cluster.join import join_parts
    from hokkaido_gis.crs import require_crs
    from hokkaido_gis.io.tables import read_table, with_numbers
    from hokkaido_gis.io.vector import read_vector, write_vector
    from hokkaido_gis.join import join_table
    from hokkaido_gis.keys import KEY_NAMES
    from hokkaido_gis.readers.census import read_abandoned_farmland

    if census:
        farmland = read_abandoned_farmland(table)
        rows = farmland.areas()
        tell(f"{table}: {farmland.audit.summary()}")
    else:
        rows = with_numbers(read_table(table), keep=[*KEY_NAMES, *([key] if key else [])])
    if engine is not None:
        joined = join_parts(
            layer, rows, out=out, engine=engine, key=key, layer_key=layer_key, form=code_form,
            crs=crs,
        )  # fmt: skip
        echo_table(joined.left_over(left="layer", right="table"))
        tell(f"{joined.folder}: {joined.summary(left='layer', right='table')}")
        return
    features = read_vector(layer, crs=crs)
    require_crs(features, layer)
    result = join_table(features, rows, key=key, layer_key=layer_key, form=code_form)
    written = write_vector(result.layer, out)
    echo_table(result.audit.left_over(left="layer", right="table"))
    tell(f"{written}: {result.audit.summary(left='layer', right='table')}")


@cli.command()
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
@out_file
@click.option("--crs", help="CRS of features that state none, such as EPSG:6668.")
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
    from hokkaido_gis.io.vector import read_vector, write_vector
    from hokkaido_gis.readers.lines import read_lines
    from hokkaido_gis.readers.substations import read_substations

    if capacity is not None and kw is not None:
        raise click.UsageError("Give --capacity or --kw, not both.")
    if engine is not None and segments is not None:
        raise click.UsageError("--segments is for layers in memory, not for --engine.")
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
    capacities = _capacities(sites, features, capacity) if kw is None else kw
    found = connect_to_grid(sites, *grid, capacity_kw=capacities, **options)
    written = []
    if segments is not None:
        drawn = connection_segments(sites, *grid, found)
        written.append(write_vector(drawn.rename_axis("site").reset_index(), segments))
    if lang == "ja":
        found["note"] = notes_in_japanese(found["note"])
    echo([_write_features(with_connections(sites, found), out), *written])


@cli.command()
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


@cli.command()
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
@click.option("--crs", help="CRS of features that state none, such as EPSG:6668.")
@click.option("--raster-crs", help="CRS of a raster that states none.")
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
    echo([_write_features(found, out)])


@cli.command()
@click.argument("layer")
@click.option("--value", metavar="COL", help="Column that colours the features.")
@click.option("--name", metavar="COL", help="Column that names them.  [default: found]")
@click.option("--lines", help="Transmission lines, drawn by voltage above the layer.")
@out_file
@click.option("--crs", help="CRS of files that state none, such as EPSG:6668.")
@common
def kml(
    layer: str,
    value: str | None,
    name: str | None,
    lines: str | None,
    out: Path,
    crs: str | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Write any layer as a styled, labelled KMZ or KML for Google Earth, with a legend."""
    from hokkaido_gis.render.kml import write_kmz
    from hokkaido_gis.report.own_map import own_map

    scene = own_map([layer], value=value, name=name, lines=lines, crs=crs, lang=lang)
    echo([write_kmz(scene, out)])


@cli.command(name="map")
@click.argument("layers", metavar="LAYER...", nargs=-1, required=True)
@click.option("--value", metavar="COL", help="Column that colours the features.")
@click.option("--name", metavar="COL", help="Column that names them.  [default: found]")
@click.option("--lines", help="Transmission lines, drawn by voltage above the layers.")
@click.option("--tiles", is_flag=True, help="Tiles of GSI (地理院タイル) below, with a network.")
@out_file
@click.option("--crs", help="CRS of files that state none, such as EPSG:6668.")
@common
def map_(
    layers: tuple[str, ...],
    value: str | None,
    name: str | None,
    lines: str | None,
    tiles: bool,
    out: Path,
    crs: str | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Write layers and rasters (.tif) as one HTML map that needs no network.

    FILE:LAYER picks one of several layers, FILE:BAND one of several bands. With --out ending in
    .png or .svg the map is a picture, in .kmz or .kml for Google Earth, in .gpkg a styled
    GeoPackage for QGIS.
    """
    from hokkaido_gis.report.own_map import own_map, write_own_map

    scene = own_map(layers, value=value, name=name, lines=lines, crs=crs, lang=lang)
    echo([write_own_map(scene, out, tiles=tiles)])


@cli.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "list_all", is_flag=True, help="List what can be fetched, and stop.")
@click.option("--year", type=int, help="Edition, where there are several.  [default: recent]")
@click.option("--prefecture", help="Where files are cut by prefecture.  [default: 01, Hokkaido]")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    help="Folder of the cache.  [default: HOKKAIDO_GIS_CACHE, or the user's cache folder]",
)
@click.option("--refresh", is_flag=True, help="Download again, and take what comes as new.")
@common
def fetch(
    names: tuple[str, ...],
    list_all: bool,
    year: int | None,
    prefecture: str | None,
    cache: Path | None,
    refresh: bool,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Fetch official data from its publisher into a cache, with its terms."""
    from hokkaido_gis.fetch.catalogue import choose_edition, find_data_set, list_data_sets
    from hokkaido_gis.fetch.retrieve import FetchSettings, get_data

    if list_all:
        echo_table(list_data_sets(lang))
        return
    if not names:
        raise click.UsageError("Name a data set, such as n03; --list shows them all.")
    settings = FetchSettings(cache=cache, refresh=refresh, lang=lang, progress=not quiet)
    data_sets = [find_data_set(name) for name in names]
    for data_set in data_sets:  # all options are looked at before the first request
        choose_edition(data_set, year=year, prefecture=prefecture)
    for data_set in data_sets:
        echo(get_data(data_set, year=year, prefecture=prefecture, settings=settings))


@cli.command()
@click.option("--data", type=click.Path(path_type=Path), help="Also look at this folder of layers.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write it to a .txt or .csv to be handed on."
)
@common
def doctor(
    data: Path | None, out: Path | None, lang: Literal["ja", "en"], quiet: bool, verbose: bool
) -> int:
    """Look at the installation, and at a folder of data, and say what to mend.

    The exit status is 2 when something has to be mended. With -q only that is shown.
    """
    from hokkaido_gis.doctor.examination import examine
    from hokkaido_gis.doctor.findings import findings_text, must_mend, write_findings

    parts = examine(data, lang=lang)
    if out is not None:
        echo([write_findings(parts, out, lang=lang)])
    else:
        click.echo(findings_text(parts, lang=lang, only_mend=quiet), nl=False)
    return USER_FAULT if must_mend(f for findings in parts.values() for f in findings) else OK


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


def _capacities(sites: gpd.GeoDataFrame, what: str, column: str | None) -> pd.Series:
    """Capacities as a column states them, else solar on the area."""
    from hokkaido_gis.grid.connect import solar_capacity
    from hokkaido_gis.io.tables import require_columns, to_numbers

    if column is None:
        return solar_capacity(sites)
    require_columns(sites, [column], what=what)
    return to_numbers(sites[column])


def _write_features(frame: gpd.GeoDataFrame, out: Path) -> Path:
    """Write a layer, or its attributes alone where the ending is that of a table."""
    from hokkaido_gis.io.tables import write_table
    from hokkaido_gis.io.vector import write_vector

    if out.suffix.lower() in {".csv", ".xlsx"}:
        return write_table(frame.drop(columns=frame.geometry.name), out)
    return write_vector(frame, out)


def echo(paths: Iterable[Path]) -> None:
    """Print paths, one a line."""
    for path in paths:
        click.echo(str(path))


def tell(message: str) -> None:
    """Give a note on standard error, as readers do of their layers; ``-q`` silences it."""
    from hokkaido_gis.errors import LayerWarning

    warnings.warn(message, LayerWarning, stacklevel=2)


def echo_table(table: pd.DataFrame) -> None:
    """Print a table as CSV, which a shell may send into a file for a spreadsheet."""
    from hokkaido_gis.io.cells import guard_table

    click.echo(guard_table(table).to_csv(index=False, lineterminator="\n"), nl=False)


def main() -> None:
    """Run the command line and leave with 0 done, 2 wrong input or options, 1 a fault of ours."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after the program's name.

    Returns
    -------
    int
        Exit status.
    """
    quiet = bool({"-q", "--quiet"} & set(arguments))
    verbose = bool({"-v", "--verbose"} & set(arguments))
    for stream in (sys.stdout, sys.stderr):
        # A cp932 console cannot show every character; an escape is better than an end.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        _tell_notes(quiet=quiet, verbose=verbose)
        try:
            status = cli.main(arguments, prog_name="hokkaido-gis", standalone_mode=False)
        except click.ClickException as error:
            error.show()
            return USER_FAULT
        except click.exceptions.Exit as done:
            return int(done.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped. Files written so far are whole; others are as before.", err=True)
            return OUR_FAULT
        except Exception as error:  # noqa: BLE001  (the outermost place: everything ends here)
            return _tell_error(error, verbose=verbose)
    return int(status or OK)


def _tell_notes(*, quiet: bool, verbose: bool) -> None:
    """Turn what readers say of their layers into one line each; hide other libraries' warnings."""
    from hokkaido_gis.errors import LayerWarning

    def show(message: Warning | str, *_: object, **__: object) -> None:
        click.echo(f"note: {message}", err=True)

    warnings.simplefilter("default" if verbose else "ignore")
    warnings.simplefilter("ignore" if quiet else "always", LayerWarning)
    warnings.showwarning = show


def _tell_error(error: Exception, *, verbose: bool) -> int:
    from hokkaido_gis.errors import HokkaidoGisError

    if isinstance(error, HokkaidoGisError):
        click.echo(f"error: {error}", err=True)
        return USER_FAULT
    if verbose:
        traceback.print_exception(error)
    kind = type(error).__name__
    click.echo(
        f"fault of hokkaido-gis: {kind}: {error} (run again with -v for the traceback)", err=True
    )
    return OUR_FAULT
