"""Take the layer meant out of a zip or a KMZ, after all that it holds was looked at."""

from __future__ import annotations

import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from pyogrio.errors import DataSourceError

from hokkaido_gis.errors import LayerError, name_some
from hokkaido_gis.io.archives import DAMAGED_ZIP, copy_entry, reading_faults
from hokkaido_gis.io.contents import require_plain_xml
from hokkaido_gis.io.limits import current_limits
from hokkaido_gis.io.output import temporary_folder
from hokkaido_gis.io.vector_layers import UNREADABLE, first_sentence, has_column, several_layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Layers within a zip, preferred first: downloads of 国土数値情報 hold one layer in several formats,
# of which GeoJSON is always UTF-8, while the text of a shapefile may be in any encoding.
_ZIPPED = (".gpkg", ".fgb", ".parquet", ".geoparquet", ".geojson", ".shp", ".gml", ".kml")
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


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
def unzipped(
    path: Path, layer: str | None, having: Sequence[str]
) -> Iterator[tuple[Path, str | None]]:
    """Unpack the layer meant from a zip to a temporary folder, and give its path and layer there.

    Unpacked, it gets a plain name: GDAL finds no shapefile in subfolders of a zip, and Japanese
    names in old archives are in no encoding that they state.
    """
    with temporary_folder() as folder:
        file, inner = _unpack_chosen(path, layer, having, folder)
        try:
            yield file, inner
        except UNREADABLE as error:
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
            [f"the zip is damaged or locked ({first_sentence(error)}). Download it again."],
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
    fitting = [m for m in named or members if has_column(_unpack(archive, m, folder), None, having)]
    if len(fitting) == 1:
        return fitting[0], None
    raise several_layers(path, [str(m.path) for m in fitting] or shown)


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
def repacked(path: Path) -> Iterator[Path]:
    """Give a KMZ with the KML of another and nothing else, after each was looked at."""
    with temporary_folder() as folder:
        clean = folder / "layer.kmz"
        try:
            with zipfile.ZipFile(path) as archive, zipfile.ZipFile(clean, "w") as target:
                _require_fit_archive(archive, path)
                for entry in archive.infolist():
                    if entry.filename.lower().endswith(".kml"):
                        target.write(_looked_at(archive, entry, folder), entry.filename)
        except DAMAGED_ZIP as error:
            raise LayerError(
                str(path),
                [f"the KMZ is damaged or locked ({first_sentence(error)}). Save it again."],
            ) from error
        yield clean


def _looked_at(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> Path:
    plain = folder / "layer.kml"
    with plain.open("wb") as file:
        copy_entry(archive, entry, file)
    require_plain_xml(plain)
    return plain
