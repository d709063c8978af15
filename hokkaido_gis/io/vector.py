"""Read and write vector files: GDAL's formats that hold their data themselves, and GeoParquet."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
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
from hokkaido_gis.io.archives import DAMAGED_ZIP, copy_entry, reading_faults
from hokkaido_gis.io.contents import RefusedError, require_plain_xml, vector_kind
from hokkaido_gis.io.limits import current_limits
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.io.parquet import require_fit_parquet
from hokkaido_gis.io.window import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyproj import CRS

    from hokkaido_gis.io.window import Box

    Plausible = Callable[[gpd.GeoDataFrame | pd.DataFrame], bool]

_PARQUET = (".parquet", ".geoparquet")
# Text in another encoding than stated comes out as an error of Arrow or of Python itself.
_UNREADABLE = (
    DataSourceError, DataLayerError, pa.ArrowException, UnicodeDecodeError, GEOSException,
    OSError, OverflowError,
)  # fmt: skip
_DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}
# What pyogrio and geopandas let through besides, for they check little of what a file says.
_DAMAGED = (
    *_UNREADABLE,
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
)
# Layers within a zip, preferred first: downloads of 国土数値情報 hold one layer in several formats,
# of which GeoJSON is always UTF-8, while the text of a shapefile may be in any encoding.
_ZIPPED = (".gpkg", ".fgb", ".parquet", ".geoparquet", ".geojson", ".shp", ".gml", ".kml")
_TABLES = (".csv", ".xlsx", ".dbf")
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NO_VECTOR = "it cannot be read as a vector file"
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
            with _unzipped(path, layer, having) as (file, inner):
                frame = _read_file(file, inner, having, plausible, wanted, shown=path)
        else:
            frame = _read_file(path, layer, having, plausible, wanted, shown=path)
    except RefusedError as error:
        raise LayerError(str(source), [f"{_NO_VECTOR} ({error}). {_FORMATS}"]) from error
    except HokkaidoGisError:
        raise
    except _DAMAGED as error:
        fault = f"{_NO_VECTOR} ({_first_sentence(error)}). {_FORMATS}"
        raise LayerError(str(source), [fault]) from error
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
    try:
        frame.to_file(path, driver=driver, engine="pyogrio")
    except (DataSourceError, DataLayerError) as error:
        raise OSError(_first_sentence(error)) from error


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
    if vector_kind(path) == "KMZ":
        with _repacked(path) as clean:
            frame = _read_plain(clean, layer, having, plausible, wanted, shown=shown)
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
    fitting = [name for name in names if _has_column(path, name, having)]
    if len(fitting) == 1:
        return fitting[0]
    raise _several_layers(shown, fitting or names)


def _has_column(path: Path, layer: str | None, wanted: Sequence[str]) -> bool:
    try:
        fields = pyogrio.read_info(path, layer=layer, encoding="utf-8")["fields"]
    except _UNREADABLE:
        return False
    return bool({str(f).casefold() for f in fields} & {name.casefold() for name in wanted})


def _several_layers(shown: Path, names: list[str]) -> LayerError:
    told = name_some(names)
    return LayerError(
        str(shown), [f"it holds {len(names)} layers ({told}). Name one, as {shown}:{names[0]}."]
    )


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
        except _UNREADABLE as error:
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
            frame[column].to_numpy(dtype=object)
    return frame


class _Member(NamedTuple):
    """A layer's file within a zip: its name there, and as its maker wrote it."""

    name: str
    path: PurePosixPath

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def rank(self) -> tuple[int, bool]:
        """Order of preference among files of one stem: format, then the copy kept in UTF-8."""
        folders = "/".join(self.path.parts[:-1]).casefold()
        return _ZIPPED.index(self.path.suffix.lower()), "utf" not in folders


@contextmanager
def _unzipped(
    path: Path, layer: str | None, having: Sequence[str]
) -> Iterator[tuple[Path, str | None]]:
    """Unpack the layer meant from a zip to a temporary folder, and give its path and layer there.

    Unpacked, it gets a plain name: GDAL finds no shapefile in subfolders of a zip, and Japanese
    names in old archives are in no encoding that they state.
    """
    with tempfile.TemporaryDirectory() as folder:
        file, inner = _unpack_chosen(path, layer, having, Path(folder))
        try:
            yield file, inner
        except _UNREADABLE as error:
            raise DataSourceError(str(error).replace(f"{file.parent}/", "")) from error


def _unpack_chosen(
    path: Path, layer: str | None, having: Sequence[str], folder: Path
) -> tuple[Path, str | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            _require_fit_archive(archive, path)
            member, inner = _choose(archive, path, layer, having, folder)
            return _unpack(archive, member, folder), inner
    except DAMAGED_ZIP as error:
        raise LayerError(
            str(path),
            [f"the zip is damaged or locked ({_first_sentence(error)}). Download it again."],
        ) from error


def _choose(
    archive: zipfile.ZipFile, path: Path, layer: str | None, having: Sequence[str], folder: Path
) -> tuple[_Member, str | None]:
    """The file within a zip that is meant, and the layer within that file."""
    members = _members(archive)
    if not members:
        names = [name for name in map(_written_name, archive.infolist()) if name[-1] != "/"]
        raise LayerError(
            str(path),
            [
                (
                    f"it holds no layer that is read (one of {', '.join(_ZIPPED)}); it holds "
                    f"{name_some(names) or 'nothing'}. The .xml of 国土数値情報 (JPGIS) is not "
                    "read: download the shapefile or GeoJSON."
                )
            ],
        )
    named = [m for m in members if layer in {m.stem, m.path.name, str(m.path)}]
    if len(named) == 1:
        return named[0], None
    if len(members) == 1:
        return members[0], layer
    shown = [str(m.path) for m in named or members]
    if layer is not None and not named:
        raise LayerError(str(path), [f"it has no layer {layer!r}; it has {name_some(shown)}."])
    fitting = [
        m for m in named or members if _has_column(_unpack(archive, m, folder), None, having)
    ]
    if len(fitting) == 1:
        return fitting[0], None
    raise _several_layers(path, [str(m.path) for m in fitting] or shown)


def _members(archive: zipfile.ZipFile) -> list[_Member]:
    """One file a layer: of files that differ in format or encoding only, the preferred one."""
    by_stem: dict[str, list[_Member]] = {}
    for info in archive.infolist():
        member = _Member(info.filename, PurePosixPath(_written_name(info)))
        # Archives made on a Mac hold a shadow of every file.
        if member.path.suffix.lower() in _ZIPPED and member.path.parts[0] != "__MACOSX":
            by_stem.setdefault(member.stem.casefold(), []).append(member)
    best = {stem: min(m.rank for m in members) for stem, members in by_stem.items()}
    return [m for stem, members in by_stem.items() for m in members if m.rank == best[stem]]


def _written_name(info: zipfile.ZipInfo) -> str:
    """Name of a file in a zip; those not marked as UTF-8 are cp932 where that can be decoded."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("cp932")
    except UnicodeError:
        return info.filename


def _unpack(archive: zipfile.ZipFile, member: _Member, folder: Path) -> Path:
    """Write a layer's files to a folder of their own under a plain name."""
    suffix = PurePosixPath(member.name).suffix
    stem = member.name.removesuffix(suffix).casefold()
    parts = {suffix.lower(): member.name}
    if suffix.lower() == ".shp":
        for name in archive.namelist():
            ending = PurePosixPath(name).suffix
            if ending.lower() in _SHAPEFILE and name.removesuffix(ending).casefold() == stem:
                parts[ending.lower()] = name
    home = Path(tempfile.mkdtemp(dir=folder))
    for ending, name in parts.items():
        with (home / f"layer{ending}").open("xb") as target:
            copy_entry(archive, archive.getinfo(name), target)
    return home / f"layer{suffix.lower()}"


def _require_fit_archive(archive: zipfile.ZipFile, path: Path) -> None:
    faults = reading_faults(archive, path.stat().st_size, current_limits())
    if faults:
        raise LayerError(str(path), [f"the archive is not unpacked: {fault}" for fault in faults])


@contextmanager
def _repacked(path: Path) -> Iterator[Path]:
    """Give a KMZ with the KML of another and nothing else, after each was looked at."""
    with tempfile.TemporaryDirectory() as folder:
        clean = Path(folder) / "layer.kmz"
        try:
            with zipfile.ZipFile(path) as archive, zipfile.ZipFile(clean, "w") as target:
                _require_fit_archive(archive, path)
                for entry in archive.infolist():
                    if entry.filename.lower().endswith(".kml"):
                        target.write(_looked_at(archive, entry, Path(folder)), entry.filename)
        except DAMAGED_ZIP as error:
            raise LayerError(
                str(path),
                [f"the KMZ is damaged or locked ({_first_sentence(error)}). Save it again."],
            ) from error
        yield clean


def _looked_at(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> Path:
    plain = folder / "layer.kml"
    with plain.open("wb") as file:
        copy_entry(archive, entry, file)
    require_plain_xml(plain)
    return plain


def _first_sentence(error: Exception) -> str:
    return str(error).split(";")[0].strip().rstrip(".")
