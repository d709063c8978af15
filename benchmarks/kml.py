"""Styled polygons as KML and KMZ for Google Earth, against GDAL, simplekml and fastkml.

    python benchmarks/kml.py [--sizes goal 1x 10x 100x] [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

import re
import zipfile
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyogrio
from goals import Goal
from islands import FARMS, kept_settlements, settlement_island
from measure import Case, Row, Subject, Way, scripted

from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.scene import Graduated, Layer, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from islands import Island

    Layers = tuple[gpd.GeoDataFrame, Path]

BREAKS = (100, 300, 600, 1200)
VALUE = "出力_kW"


def ours_kml(layers: Layers) -> Path:
    """Styles, names, balloons, typed attributes and a legend."""
    frame, folder = layers
    return write_kmz(_scene(frame), folder / "ours.kml")


def ours_kmz(layers: Layers) -> Path:
    """The same, packed in one document."""
    frame, folder = layers
    return write_kmz(_scene(frame), folder / "ours.kmz", tiles_from=len(frame) * 1_000)


def ours_tiled_kmz(layers: Layers) -> Path:
    """The same in tiles, coarse far off and whole close by."""
    frame, folder = layers
    return write_kmz(_scene(frame), folder / "ours_tiled.kmz", tiles_from=0)


def _scene(frame: gpd.GeoDataFrame) -> Scene:
    style = Graduated(VALUE, breaks=BREAKS, unit="kW")
    return Scene("農地", [Layer(frame, style, title="集落", name="Name")])


def gdal_kml(layers: Layers) -> Path:
    """GDAL's KML driver: names and attributes, no styles, no balloons."""
    return _write_with_gdal(layers, "gdal.kml", "KML")


def libkml_kml(layers: Layers) -> Path:
    """GDAL's LIBKML driver: the same."""
    return _write_with_gdal(layers, "libkml.kml", "LIBKML")


def libkml_kmz(layers: Layers) -> Path:
    """GDAL's LIBKML driver, packed."""
    return _write_with_gdal(layers, "libkml.kmz", "LIBKML")


def _write_with_gdal(layers: Layers, name: str, driver: str) -> Path:
    frame, folder = layers
    path = folder / name
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, path, driver=driver)
    return path


def simplekml_kml(layers: Layers) -> Path:
    """`simplekml` with coordinates rounded to 6 decimals: shared styles, names and attributes."""
    return _write_with_simplekml(layers, "simplekml.kml")


def simplekml_kmz(layers: Layers) -> Path:
    """The same, packed."""
    return _write_with_simplekml(layers, "simplekml.kmz")


def _write_with_simplekml(layers: Layers, name: str) -> Path:
    import simplekml  # noqa: PLC0415

    frame, folder = layers
    document = simplekml.Kml()
    styles = [simplekml.Style() for _ in range(len(BREAKS) + 1)]
    for number, style in enumerate(styles):
        style.polystyle.color = f"99{40 * number:02x}8040"
    index = np.searchsorted(BREAKS, frame[VALUE].fillna(0))
    table = frame.drop(columns="geometry").to_dict("records")
    for row, shape, number in zip(table, frame.geometry, index, strict=True):
        ring = np.round(np.asarray(shape.exterior.coords), 6).tolist()
        placed = document.newpolygon(name=row["Name"], outerboundaryis=ring)
        placed.style = styles[number]
        for key, value in row.items():
            placed.extendeddata.newdata(key, value)
    path = folder / name
    (document.savekmz if path.suffix == ".kmz" else document.save)(str(path))
    return path


def fastkml_kml(layers: Layers) -> Path:
    """fastkml: names and attributes, no styles."""
    from fastkml import KML, Data, Document, ExtendedData, Placemark  # noqa: PLC0415
    from fastkml.enums import Verbosity  # noqa: PLC0415

    frame, folder = layers
    table = frame.drop(columns="geometry").to_dict("records")
    features = [
        Placemark(
            name=row["Name"],
            geometry=shape,
            extended_data=ExtendedData(
                elements=[Data(name=key, value=str(value)) for key, value in row.items()]
            ),
        )
        for row, shape in zip(table, frame.geometry, strict=True)
    ]
    path = folder / "fastkml.kml"
    KML(features=[Document(features=features)]).write(path, verbosity=Verbosity.terse)
    return path


KML = (Way(ours_kml), Way(gdal_kml), Way(libkml_kml), Way(simplekml_kml, ("simplekml",)))
KMZ = (
    Way(ours_kmz),
    Way(ours_tiled_kmz),
    Way(libkml_kmz),
    Way(simplekml_kmz, ("simplekml",)),
)
FASTKML = Way(fastkml_kml, ("fastkml",))


def layers_of(folder: Path, *, island: Island) -> Layers:
    """Polygons in WGS 84 with attributes, and the folder to write to."""
    return kept_settlements(folder, island).to_crs("EPSG:4326"), folder


def describe(path: Path) -> Row:
    """Size of the file, and the text a viewer reads before it shows the whole layer [MB]."""
    return {
        "file_mb": round(path.stat().st_size / 1e6, 3),
        "opens_mb": round(first_bytes(path) / 1e6, 3),
    }


def first_bytes(path: Path) -> int:
    """Text that a viewer reads before it shows the whole layer [bytes, unpacked]."""
    if path.suffix == ".kml":
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        main = archive.read("doc.kml")
        # Links without a least size on the screen are followed at once.
        links = re.findall(rb"<minLodPixels>0<.*?<href>(.*?)</href>", main)
        return len(main) + sum(archive.getinfo(link.decode()).file_size for link in links)


def case(size: str, kind: str, island: Island, ways: Sequence[Way]) -> Case:
    """One kind of file of one island."""
    build = partial(layers_of, island=island)
    name = f"{kind}, {island.polygons:,} polygons"
    return Case(name, size, island.polygons, build, ways, describe)


FEW, MANY = "7,000 polygons", "100,000 polygons"
MEMORY = 60.0

SUBJECT = Subject(
    name="kml",
    title="Styled polygons as KML and KMZ",
    about=(
        "`ours` writes class styles (normal and under the mouse), names, balloons, typed "
        "attributes and the legend. GDAL's two drivers and fastkml write names and attributes "
        "only; simplekml names, attributes and five shared styles. `write_kmz` chooses tiles by "
        "itself for large layers; `opens MB` is the text a viewer reads before it shows the whole "
        "layer."
    ),
    cases=(
        case("goal", "KML", FARMS, (*KML, FASTKML)),
        case("1x", "KML", settlement_island(10_000), (*KML, FASTKML)),
        case("10x", "KML", settlement_island(100_000), KML),
        case("100x", "KML", settlement_island(1_000_000), KML[:1]),
        case("goal", "KMZ", FARMS, KMZ),
        case("1x", "KMZ", settlement_island(10_000), KMZ[:3]),
        case("10x", "KMZ", settlement_island(100_000), KMZ),
    ),
    goals=(
        *(
            goal
            for polygons in (FEW, MANY)
            for goal in (
                Goal(f"KML, {polygons}", "ours_kml", 3.0, ("gdal_kml",)),
                Goal(f"KML, {polygons}", "ours_kml", 20.0, ("simplekml_kml",)),
                Goal(f"KML, {polygons}", "ours_kml", MEMORY, column="peak_mb"),
                Goal(f"KMZ, {polygons}", "ours_kmz", 2.0, ("libkml_kmz",)),
                Goal(f"KMZ, {polygons}", "ours_kmz", 1.0, ("libkml_kmz",), column="file_mb"),
            )
        ),
    ),
)
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
