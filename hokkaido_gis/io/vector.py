"""Read and write vector files: GDAL's formats that hold their data themselves, and GeoParquet."""

from __future__ import annotations

import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError as UnknownCRSError
from shapely.errors import GEOSException

from hokkaido_gis.errors import (
    CRSError,
    HokkaidoGisError,
    LayerError,
    LayerWarning,
    OutputError,
    TableError,
    name_some,
)
from hokkaido_gis.io.contents import RefusedError, vector_kind
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.io.parquet import require_fit_parquet
from hokkaido_gis.io.vector_archives import repacked, unzipped
from hokkaido_gis.io.vector_layers import (
    UNREADABLE,
    first_sentence,
    has_column,
    require_whole,
    several_layers,
)
from hokkaido_gis.io.window import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyproj import CRS

    from hokkaido_gis.io.window import Box

    Plausible = Callable[[gpd.GeoDataFrame | pd.DataFrame], bool]

_PARQUET = (".parquet", ".geoparquet")
_DATE, _THEN = "OGR_CURRENT_DATE", "2000-01-01T00:00:00.000Z"
_DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}
# What pyogrio and geopandas let through besides, for they check little of what a file says.
_DAMAGED = (
    *UNREADABLE,
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
)
# To list its layers GDAL would read a GeoJSON once more.
_OF_ONE_LAYER = ("GeoJSON", "FlatGeobuf")
_TABLES = (".csv", ".xlsx", ".dbf")
_FORMATS = (
    "Use GeoJSON, GeoPackage, shapefile (.shp or zipped), FlatGeobuf, GML, KML or GeoParquet."
)
# What GDAL and pyogrio take for the mark of an archive or of options within a path.
_MARKS_IN_PATHS = "!;?"


class Source(NamedTuple):
    """A vector file and, where it holds several, the layer meant."""

    path: Path
    layer: str | None

    @classmethod
    def parse(cls, text: str | Path) -> Source:
        """Split ``FILE:LAYER``; the colon of a Windows drive is no separator."""
        with suppress(OSError):  # longer than any name of a file, as names of layers may be
            if Path(text).exists():
                return cls(Path(text), None)
        file, colon, layer = str(text).rpartition(":")
        if colon and layer and Path(file).is_file():
            return cls(Path(file), layer)
        return cls(Path(text), None)


def read_vector(
    source: str | Path,
    *,
    crs: str | CRS | None = None,
    having: Sequence[str] = (),
    plausible: Plausible | None = None,
    bbox: Box | None = None,
    columns: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Read one layer of a vector file as it stands, in whole or by window and columns.

    A zip is read as downloaded, with subfolders and whatever lies beside the layer; of one layer in
    several formats the surest is read. The text of a shapefile is tried as its ``.cpg`` says, as
    UTF-8 and as cp932; an encoding other than stated is told as a `LayerWarning`.

    Parameters
    ----------
    source
        Path, or ``FILE:LAYER`` for a file with several layers.
    crs
        CRS of a file that states none; a CRS that the file does state is kept.
    having
        Names of columns: of several layers, where none is named, the only one with such a column
        is read.
    plausible
        Whether the text of a shapefile came out as it should. Without it the first encoding that
        can be decoded is taken, which for a wrong ``.cpg`` may give rubbish.
    bbox
        West, south, east and north in the CRS of the file: only features that touch this window
        are read. What has no geometry lies in none.
    columns
        Columns to read beside the geometry; all where None.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns under their own names, in the file's CRS; without rows where nothing lies in the
        window.

    Raises
    ------
    LayerError
        If the file is absent, no vector file, has no features or no geometry, has several
        layers and none is named, or has not the columns asked for.
    CRSError
        If `crs` is none that PROJ knows.
    """
    wanted = Wanted(bbox, columns)
    path, layer = Source.parse(source)
    if not path.is_file():
        raise LayerError(str(source), ["there is no such file. Check the path and its ending."])
    try:
        if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
            with unzipped(path, layer, having) as (file, inner):
                frame = _read_file(file, inner, having, plausible, wanted, shown=path)
        else:
            frame = _read_file(path, layer, having, plausible, wanted, shown=path)
    except RefusedError as error:
        raise LayerError(str(source), [_fault_of(error)]) from error
    except HokkaidoGisError:
        raise
    except (GEOSException, *_DAMAGED) as error:
        raise LayerError(str(source), [_fault_of(error)]) from error
    nothing_there = bbox is not None and len(frame) == 0
    if not isinstance(frame, gpd.GeoDataFrame) or (
        frame.geometry.isna().all() and not nothing_there
    ):
        if len(frame) == 0:
            raise LayerError(str(source), ["it holds no features. Was the export complete?"])
        raise _no_geometry(source)
    if frame.crs is not None or crs is None:
        return frame
    try:
        return frame.set_crs(crs)
    except UnknownCRSError as error:
        raise CRSError(str(source), [f"crs={crs!r} is no known CRS; e.g. 'EPSG:6668'."]) from error


def _fault_of(error: Exception) -> str:
    """Say why a file could not be read."""
    if isinstance(error, GEOSException):
        return (
            f"it holds a shape that cannot be built ({str(error).strip()}), such as a line of one "
            "point. Remove it, e.g. with 'Check validity' in QGIS."
        )
    told = str(error) if isinstance(error, RefusedError) else first_sentence(error)
    return f"it cannot be read as a vector file ({told}). {_FORMATS}"


def _no_geometry(source: str | Path) -> LayerError:
    return LayerError(str(source), ["it holds a table without geometry; a map layer is needed."])


def write_vector(frame: gpd.GeoDataFrame, path: str | Path) -> Path:
    """Write a layer in the format of the path's ending, whole or not at all.

    Raises
    ------
    OutputError
        If the ending is unknown or the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (*_PARQUET, *_DRIVERS):
        raise OutputError(
            f"Cannot write {target}: unknown ending {target.suffix!r}. "
            f"Use one of {', '.join(sorted((*_PARQUET, *_DRIVERS)))}."
        )
    with replace_when_complete(target) as temporary:
        if suffix in _PARQUET:
            # Boxes beside the shapes let readers take a window without reading every shape.
            frame.to_parquet(temporary, write_covering_bbox="bbox" not in frame.columns)
        else:
            _write_gdal(frame, temporary, _DRIVERS[suffix])
    return target


def _read_parquet(path: Path, shown: Path, wanted: Wanted) -> gpd.GeoDataFrame | pd.DataFrame:
    try:
        require_fit_parquet(path, shown)
        has_geometry = b"geo" in (pq.read_schema(path).metadata or {})
        options = wanted.parquet_options(path)
        frame = gpd.read_parquet(path, **options) if has_geometry else pd.read_parquet(path)
    except TableError:
        raise
    except (ValueError, OSError, KeyError, TypeError, NotImplementedError) as error:
        raise DataSourceError(str(error)) from error
    # Other formats keep a named index, such as the code, as a column.
    return frame if frame.index.names == [None] else frame.reset_index()


def _write_gdal(frame: gpd.GeoDataFrame, path: Path, driver: str) -> None:
    before = pyogrio.get_gdal_config_option(_DATE)
    # A GeoPackage notes when it was written; the same layer is to give the same bytes.
    pyogrio.set_gdal_config_options({_DATE: _THEN})
    try:
        frame.to_file(path, driver=driver, engine="pyogrio")
        require_whole(path, None, len(frame))
    except (DataSourceError, DataLayerError) as error:
        raise OSError(first_sentence(error)) from error
    finally:
        pyogrio.set_gdal_config_options({_DATE: before})


def _read_file(
    path: Path,
    layer: str | None,
    having: Sequence[str],
    plausible: Plausible | None,
    wanted: Wanted,
    *,
    shown: Path,
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a file on the disk; `shown` is how its user knows it."""
    suffix = path.suffix.lower()
    if suffix in _PARQUET:
        return wanted.taken_of(_read_parquet(path, shown, wanted), shown)
    if suffix in _TABLES:
        raise _no_geometry(shown)
    if any(mark in str(path.absolute()) for mark in _MARKS_IN_PATHS):
        raise RefusedError(
            f"its path {str(path.absolute())!r} has one of {' '.join(_MARKS_IN_PATHS)}; rename it"
        )
    kind = vector_kind(path)
    if kind == "KMZ":
        with repacked(path) as clean:
            frame = _read_plain(clean, layer, having, plausible, wanted, shown=shown)
    elif kind in _OF_ONE_LAYER and layer is None:
        frame = _read_layer(path.absolute(), None, wanted, encoding=None)
    else:
        frame = _read_plain(path.absolute(), layer, having, plausible, wanted, shown=shown)
    return wanted.taken_of(frame, shown)


def _read_plain(
    path: Path,
    layer: str | None,
    having: Sequence[str],
    plausible: Plausible | None,
    wanted: Wanted,
    *,
    shown: Path,
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a file that was looked at."""
    if path.suffix.lower() == ".shp":
        return _read_shapefile(path, layer, plausible, wanted, shown=shown)
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if layer is None and len(names) > 1:
        layer = _only_layer_having(path, names, having, shown)
    if layer is not None and layer not in names:
        raise LayerError(str(shown), [f"it has no layer {layer!r}; it has {name_some(names)}."])
    return _read_layer(path, layer, wanted, encoding=None)


def _only_layer_having(path: Path, names: list[str], having: Sequence[str], shown: Path) -> str:
    fitting = [name for name in names if has_column(path, name, having)]
    if len(fitting) == 1:
        return fitting[0]
    raise several_layers(shown, fitting or names)


def _read_shapefile(
    path: Path, layer: str | None, plausible: Plausible | None, wanted: Wanted, *, shown: Path
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a shapefile in the first encoding whose text can be decoded and comes out plausible."""
    # Without a .cpg GDAL would take the text as Latin-1, in which anything can be decoded.
    stated = any(path.with_suffix(ending).is_file() for ending in (".cpg", ".CPG"))
    decoded, failure = None, None
    for encoding in (None, "utf-8", "cp932") if stated else ("utf-8", "cp932"):
        try:
            frame = _read_strictly(path, layer, encoding, wanted)
        except UNREADABLE as error:
            failure = failure or error
            continue
        if plausible is None or plausible(frame):
            if stated and encoding:
                _tell_encoding(shown, encoding)
            return frame
        decoded = frame if decoded is None else decoded
    if decoded is None:
        raise failure or DataSourceError("no encoding was tried")
    return decoded


def _read_strictly(
    path: Path, layer: str | None, encoding: str | None, wanted: Wanted
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a layer, where text that GDAL could decode in part only counts as not decoded."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        frame = _read_layer(path, layer, wanted, encoding=encoding)
    for warning in told:
        if "couldn't be converted" in str(warning.message):
            raise DataSourceError(str(warning.message))
    for warning in told:
        warnings.warn(warning.message, warning.category, stacklevel=2)
    return frame


def _tell_encoding(shown: Path, encoding: str) -> None:
    warnings.warn(
        f"{shown}: its text is {encoding}, not what its .cpg says. Correct the .cpg, since other "
        "programs believe it.",
        LayerWarning,
        stacklevel=3,
    )


def _read_layer(
    path: Path, layer: str | None, wanted: Wanted, *, encoding: str | None
) -> gpd.GeoDataFrame | pd.DataFrame:
    options = wanted.gdal_options(path, layer)
    frame: gpd.GeoDataFrame | pd.DataFrame = pyogrio.read_dataframe(
        path, layer=layer, encoding=encoding, use_arrow=True, **options
    )
    # Arrow hands on bytes that are no UTF-8, and fails only when they are looked at.
    for column in frame.columns:
        if isinstance(frame[column].dtype, pd.StringDtype):
            pa.array(frame[column].array).validate(full=True)
    return frame
