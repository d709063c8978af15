"""Commands for municipalities and tables: who touches whom, sums, joins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from hokkaido_gis.cli.options import common, crs_option, engine_options, key_option, out_file
from hokkaido_gis.cli.telling import echo, echo_table, tell

if TYPE_CHECKING:
    from hokkaido_gis.cluster.engine import Engine


@click.command()
@click.argument("boundaries")
@out_file
@click.option(
    "--tolerance",
    type=float,
    default=0.0,
    show_default=True,
    help="Greatest gap in metres over which two municipalities still count as neighbours.",
)
@crs_option("CRS of boundaries that state none, such as EPSG:6668.")
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


@click.command()
@click.argument("boundaries")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--value", required=True, metavar="COL", help="Column to sum.")
@key_option
@out_file
@click.option("--tolerance", type=float, default=0.0, show_default=True, help="As for adjacency.")
@crs_option("CRS of boundaries that state none, such as EPSG:6668.")
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


@click.command()
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
@crs_option("CRS of a layer that states none, such as EPSG:6668.")
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
    from hokkaido_gis.io.tables import read_table, require_columns, with_numbers
    from hokkaido_gis.io.vector import read_vector, write_vector
    from hokkaido_gis.join import join_table
    from hokkaido_gis.keys import KEY_NAMES
    from hokkaido_gis.readers.census import read_abandoned_farmland

    if census:
        farmland = read_abandoned_farmland(table)
        rows = farmland.areas()
        tell(f"{table}: {farmland.audit.summary()}")
    else:
        read = read_table(table)
        require_columns(read, [key] if key else [], what=str(table))
        rows = with_numbers(read, keep=[*KEY_NAMES, *([key] if key else [])])
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
