"""GeoPackage files for QGIS: a table for each layer of a scene, with the style QGIS opens it in.

Features keep their CRS, their geometry and all their attributes. QGIS finds the styles in the
table ``layer_styles`` of the file itself. A GeoPackage knows no scene: title, caption, view and
which layers are hidden stay out of it.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely

from hokkaido_gis.errors import OutputError
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.io.vector_layers import require_whole
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.qml import clean, write_qml
from hokkaido_gis.render.raster_image import paint_raster
from hokkaido_gis.render.scene import RasterLayer
from hokkaido_gis.render.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from hokkaido_gis.render.scene import Lang, Layer, Scene

_THEN = "2000-01-01T00:00:00.000Z"  # instead of the time of writing, which equal files cannot have
# Names that SQLite and the format keep for themselves.
_MARKS = tuple("`~!@#$%^&*()+-={}|[]\\:\";'<>?,./")
_RESERVED = re.compile(r"^(gpkg_|sqlite_|rtree_|layer_styles$)", re.IGNORECASE)
_FID, _GEOMETRY = "fid", "geom"
_STYLES = """
    CREATE TABLE layer_styles (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
        f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
        useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
    )
"""


def write_gpkg(scene: Scene, path: str | Path) -> Path:
    """Write a scene as a GeoPackage that QGIS opens coloured, classed and labelled.

    Tables are named by the titles of the layers. Control characters in names and texts become
    U+FFFD. A raster becomes tiles of the coloured picture,
    since the format has no colours for values; its numbers are not in the file. The same scene
    gives the same bytes under the same version of GDAL.

    Parameters
    ----------
    scene
        What is written.
    path
        File ending in ``.gpkg``.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    OutputError
        If the ending is another, or the file cannot be written; an older file stays untouched.
    RenderError
        If a layer cannot be classified.
    """
    target = Path(path)
    if target.suffix.lower() != ".gpkg":
        raise OutputError(f"{target.name!r} must end in .gpkg to be written as a GeoPackage.")
    titles = [
        layer.title or f"{WORDS['layer'][scene.lang]} {i}"
        for i, layer in enumerate(scene.layers, start=1)
    ]
    tables = _unique([_as_table(title) for title in titles], taken=())
    with replace_when_complete(target) as temporary:
        styles = []
        for layer, table in zip(scene.layers, tables, strict=True):
            if isinstance(layer, RasterLayer):
                _write_raster(layer, temporary, table)
            else:
                styles.append((table, _write_features(layer, temporary, table, scene.lang)))
        with closing(sqlite3.connect(temporary)) as database, database:
            _write_styles(database, styles, scene)
        with closing(sqlite3.connect(temporary)) as database:
            database.execute("VACUUM")  # leaves no traces of how the pages came about
    return target


def _as_table(title: str) -> str:
    """GDAL makes no table whose name begins with a mark."""
    plain = title.strip()
    return f"_{plain}" if plain[:1] in _MARKS else plain


def _unique(names: Sequence[str], *, taken: Sequence[str]) -> list[str]:
    """Make names that a GeoPackage takes: none twice whatever the case, none reserved."""
    used = {name.lower() for name in taken}
    found = []
    for name in names:
        plain = clean(name).replace("\n", " ").strip() or "_"
        plain = f"_{plain}" if _RESERVED.match(plain) else plain
        number, free = 1, plain
        while free.lower() in used:
            number += 1
            free = f"{plain} ({number})"
        used.add(free.lower())
        found.append(free)
    return found


def _write_features(layer: Layer, path: Path, table: str, lang: Lang) -> str:
    """Write the features of a layer and return their style."""
    attributes = layer.table
    names = _unique([str(c) for c in attributes.columns], taken=(_FID, _GEOMETRY))
    fields: dict[Hashable, str] = dict(zip(attributes.columns, names, strict=True))
    attributes = attributes.set_axis(names, axis="columns").apply(_plain)
    shapes = layer.frame.geometry.to_numpy()
    frame = gpd.GeoDataFrame(attributes, geometry=shapes, crs=layer.frame.crs)
    kinds = shapely.get_type_id(shapes)
    has_single, has_multi = np.isin(kinds, (0, 1, 3)).any(), np.isin(kinds, (4, 5, 6)).any()
    pyogrio.write_dataframe(
        frame,
        path,
        layer=table,
        driver="GPKG",
        append=path.exists(),
        promote_to_multi=bool(has_single and has_multi),
        layer_options={"FID": _FID, "GEOMETRY_NAME": _GEOMETRY},
    )
    require_whole(path, table, len(frame))
    return write_qml(layer, resolve(layer, lang), fields, lang)


def _plain(values: pd.Series) -> pd.Series:
    """Turn categories into their values, and objects of several kinds into text.

    Text goes without control characters, since programs in C end it at the first zero byte.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    is_text = isinstance(values.dtype, pd.StringDtype)
    if values.dtype != object and not is_text:
        return values
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in {"boolean", "integer", "floating", "datetime", "date", "bytes", "empty"}:
        return values if is_text else values.convert_dtypes()
    return values.map(lambda value: clean(str(value)), na_action="ignore")


def _write_raster(layer: RasterLayer, path: Path, table: str) -> None:
    painted = paint_raster(layer, layer.crs)
    rgba = painted.rgba
    rgba[..., 3] = np.rint(rgba[..., 3] * painted.opacity)
    height, width = painted.pixels.shape
    west, south, east, north = painted.bounds
    across, down = (east - west) / width, (south - north) / height
    with rasterio.open(
        path,
        "w",
        driver="GPKG",
        width=width,
        height=height,
        count=4,
        dtype="uint8",
        crs=rasterio.crs.CRS.from_wkt(layer.crs.to_wkt()),
        transform=rasterio.Affine(across, 0.0, west, 0.0, down, north),
        RASTER_TABLE=table,
        APPEND_SUBDATASET="YES" if path.exists() else "NO",
        TILE_FORMAT="PNG",
    ) as file:
        file.write(np.moveaxis(rgba, -1, 0))


def _write_styles(
    database: sqlite3.Connection, styles: Sequence[tuple[str, str]], scene: Scene
) -> None:
    database.execute(_STYLES)
    database.executemany(
        "INSERT INTO layer_styles VALUES (NULL, '', '', ?, ?, ?, ?, NULL, 1, ?, '', NULL, ?)",
        [(table, _GEOMETRY, table[:30], qml, clean(scene.title), _THEN) for table, qml in styles],
    )
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
        " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
        (_THEN,),
    )
    database.execute("UPDATE gpkg_contents SET last_change = ?", (_THEN,))
