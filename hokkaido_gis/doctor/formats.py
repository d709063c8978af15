"""Whether the map libraries can read and write the formats that commands take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet  # type: ignore[import-untyped]
import pyogrio
import rasterio

from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.packages import pip_install
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

# Formats by GDAL's names, any one of each row, and whether we write it too.
_VECTORS = {
    "GeoJSON": (("GeoJSON",), True),
    "GeoPackage": (("GPKG",), True),
    "FlatGeobuf": (("FlatGeobuf",), True),
    "Shapefile": (("ESRI Shapefile",), False),
    "KML": (("LIBKML", "KML"), False),
    "GML": (("GML",), False),
}
_RASTER = "GTiff"


def check_formats(subject: str, lang: Lang) -> list[Finding]:
    """Look at the drivers of GDAL, in the library for layers and in that for rasters."""
    there = pyogrio.list_drivers()
    lacking = [
        name
        for name, (drivers, written) in _VECTORS.items()
        if not any(driver in there and (not written or "w" in there[driver]) for driver in drivers)
    ]
    with rasterio.Env() as environment:
        rasters = environment.drivers()
    versions = (
        f"GDAL {'.'.join(map(str, pyogrio.__gdal_version__))} (pyogrio), "
        f"{rasterio.__gdal_version__} (rasterio), Parquet: pyarrow {pyarrow.__version__}"
    )
    if not lacking and _RASTER in rasters:
        return [Finding("ok", subject, f"{', '.join(_VECTORS)}, Parquet, GeoTIFF; {versions}")]
    owners = ["pyogrio"] * bool(lacking) + ["rasterio"] * (_RASTER not in rasters)
    names = ", ".join([*lacking, *(["GeoTIFF"] if _RASTER not in rasters else [])])
    command = pip_install("--force-reinstall", *owners)
    return [
        Finding(
            "mend",
            subject,
            say(lang, f"扱えない形式があります: {names}; {versions}", f"no {names}; {versions}"),
            say(
                lang,
                f"PyPI の {' と '.join(owners)} を入れ直してください: {command}",
                f"Install {' and '.join(owners)} of PyPI again: {command}",
            ),
        )
    ]
