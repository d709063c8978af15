"""Write layers so that the same content is always the same bytes.

GeoJSON is written here rather than by GDAL, whose habits change from version to version, and holds
a member ``metadata``. GeoPackage is avoided: it stores the clock.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ground import Lattice
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Kind = Literal["real", "report", "mixed", "synthetic"]

CRS: Final = "EPSG:6668"
DECIMALS: Final = 5
"""Decimals of coordinates, about a metre."""


@dataclass(frozen=True)
class Entry:
    """What there is to say of one file of the sample.

    Parameters
    ----------
    file
        Path below the folder of the sample.
    title_ja, title_en
        What it holds.
    kind
        ``real`` (an official source), ``report`` (the report of 2013), ``synthetic`` (made up), or
        ``mixed`` (values of the report on made-up places).
    source, terms, credit
        Where it comes from, on what terms, and the line to print beside it.
    made
        How it was made.
    """

    file: str
    title_ja: str
    title_en: str
    kind: Kind
    source: str
    terms: str
    credit: str
    made: str

    def metadata(self) -> dict[str, str]:
        """Members for the metadata of the file itself."""
        return {
            "title": self.title_en,
            "title_ja": self.title_ja,
            "kind": self.kind,
            "source": self.source,
            "credit": self.credit,
        }


@dataclass(frozen=True)
class Band:
    """One band of a raster.

    Parameters
    ----------
    values
        Shape (rows, columns).
    description, unit
        What it holds, and in what unit.
    nodata
        Value of cells without any.
    """

    values: NDArray[Any]
    description: str
    unit: str
    nodata: float


def write_bytes(path: Path, contents: bytes) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path
        File to write; an older one is replaced.
    contents
        What goes in.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(contents)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_geojson(
    path: Path, entry: Entry, features: Iterable[tuple[Mapping[str, Any], BaseGeometry]]
) -> None:
    """Write a layer as GeoJSON, one feature a line.

    Parameters
    ----------
    path
        File to write.
    entry
        What is said of it in its member ``metadata``.
    features
        Properties and geometry [degrees] of each feature.
    """
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6668"}}
    lines = []
    for properties, geometry in features:
        shape = mapping(geometry)
        coordinates = _rounded(shape["coordinates"])
        feature = {
            "type": "Feature",
            "properties": dict(properties),
            "geometry": {"type": shape["type"], "coordinates": coordinates},
        }
        lines.append(_json(feature))
    text = (
        f'{{"type":"FeatureCollection","name":{_json(path.stem)},\n"crs":{_json(crs)},\n'
        f'"metadata":{_json(entry.metadata())},\n"features":[\n' + ",\n".join(lines) + "\n]}\n"
    )
    write_bytes(path, text.encode("utf-8"))


def write_flatgeobuf(
    path: Path,
    entry: Entry,
    columns: Mapping[str, Sequence[object]],
    shapes: Sequence[BaseGeometry],
) -> None:
    """Write a layer of polygons as FlatGeobuf, which is small and keeps no clock.

    Parameters
    ----------
    path
        File to write.
    entry
        What is said of it in the title and the description of the layer.
    columns
        Attributes, each as long as `shapes`.
    shapes
        Geometries [degrees].
    """
    frame = gpd.GeoDataFrame(dict(columns), geometry=list(shapes), crs=CRS)
    part = path.with_name(f"part-{path.name}")
    description = f"{entry.kind}: {entry.source} {entry.credit}"
    try:
        with warnings.catch_warnings():
            # Older versions of GDAL know no title.
            warnings.filterwarnings(
                "ignore", message=".*does not support.*", category=RuntimeWarning
            )
            frame.to_file(
                part,
                driver="FlatGeobuf",
                engine="pyogrio",
                layer=path.stem,
                layer_options={"TITLE": entry.title_en, "DESCRIPTION": description},
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_geotiff(path: Path, entry: Entry, lattice: Lattice, band: Band) -> None:
    """Write a raster as GeoTIFF.

    GDAL puts no date into it unless asked to.

    Parameters
    ----------
    path
        File to write.
    entry
        What is said of it in the tags of the file.
    lattice
        Grid of the values.
    band
        The values.
    """
    profile = {
        "driver": "GTiff",
        "width": lattice.columns,
        "height": lattice.rows,
        "count": 1,
        "dtype": band.values.dtype.name,
        "crs": CRS,
        "transform": from_origin(lattice.west, lattice.north, lattice.cell, lattice.cell),
        "nodata": band.nodata,
        "compress": "deflate",
        "zlevel": 9,
        "predictor": 3 if np.issubdtype(band.values.dtype, np.floating) else 2,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "num_threads": 1,
    }
    part = path.with_name(f"part-{path.name}")
    try:
        with rasterio.open(part, "w", **profile) as raster:
            raster.write(band.values, 1)
            raster.set_band_description(1, band.description)
            raster.set_band_unit(1, band.unit)
            raster.update_tags(**entry.metadata())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_csv(path: Path, rows: Iterable[Sequence[object]], *, encoding: str = "utf-8") -> None:
    """Write a table.

    Parameters
    ----------
    path
        File to write.
    rows
        Headings and rows.
    encoding
        Encoding of the text.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_bytes(path, text.getvalue().encode(encoding))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a table of the report, every value as text."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def run_build(build: Callable[[], list[Path]]) -> int:
    """Run one build script: build, and print the files written.

    Parameters
    ----------
    build
        Writes files and returns their paths.

    Returns
    -------
    status
        0 when done, 1 when a file could not be read or written.
    """
    try:
        paths = build()
    except OSError as error:
        print(f"{sys.argv[0]}: {error}", file=sys.stderr)
        return 1
    for path in paths:
        print(path)
    return 0


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _rounded(values: Any) -> Any:
    if isinstance(values, (list, tuple)):
        return [_rounded(value) for value in values]
    return round(float(values), DECIMALS)
