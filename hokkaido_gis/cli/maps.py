"""Commands that draw layers of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from hokkaido_gis.cli.options import common, crs_option, out_file
from hokkaido_gis.cli.telling import echo

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("layer")
@click.option("--value", metavar="COL", help="Column that colours the features.")
@click.option("--name", metavar="COL", help="Column that names them.  [default: found]")
@click.option("--lines", help="Transmission lines, drawn by voltage above the layer.")
@out_file
@crs_option("CRS of files that state none, such as EPSG:6668.")
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


@click.command(name="map")
@click.argument("layers", metavar="LAYER...", nargs=-1, required=True)
@click.option("--value", metavar="COL", help="Column that colours the features.")
@click.option("--name", metavar="COL", help="Column that names them.  [default: found]")
@click.option("--lines", help="Transmission lines, drawn by voltage above the layers.")
@click.option("--tiles", is_flag=True, help="Tiles of GSI (地理院タイル) below, with a network.")
@out_file
@crs_option("CRS of files that state none, such as EPSG:6668.")
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
