"""Unpack an archive that someone else made: inside its folder, and no more than is sensible."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hokkaido_gis.errors import list_faults, name_some
from hokkaido_gis.fetch.errors import FetchError

if TYPE_CHECKING:
    from pathlib import Path

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """Beyond what an archive is refused.

    Parameters
    ----------
    files
        Number of entries.
    bytes
        Size of all entries together, unpacked.
    ratio
        That size over the size of the archive. Coordinates as text shrink some tenfold, an
        archive made to fill a disk a thousandfold.
    """

    files: int = 5_000
    bytes: int = 4_000_000_000
    ratio: float = 100.0


def unpack(archive: Path, folder: Path, limits: ArchiveLimits | None = None) -> list[Path]:
    """Unpack a zip archive into `folder`, which must be empty or absent.

    Nothing is written before all entries were looked at.

    Returns
    -------
    list of Path
        The files, in the order of the archive.

    Raises
    ------
    FetchError
        If it is no zip archive, is damaged, or an entry would land outside the folder, is a link,
        is encrypted, comes twice, or the limits are passed; all faults are listed at once.
    """
    try:
        with _open(archive) as opened:
            entries = {entry: _inner_path(entry) for entry in opened.infolist()}
            faults = _faults(entries, archive.stat().st_size, limits or ArchiveLimits())
            if faults:
                raise FetchError(f"{archive.name} is not unpacked: {list_faults(faults)}")
            return [
                _write(opened, entry, folder / path)
                for entry, path in entries.items()
                if not _is_folder(entry)
            ]
    except _UNREADABLE as error:
        raise FetchError(f"{archive.name} is no sound zip archive ({error}).") from error


def _open(archive: Path) -> zipfile.ZipFile:
    try:
        # Names without the UTF-8 mark are Shift_JIS in archives made in Japan.
        return zipfile.ZipFile(archive, metadata_encoding="cp932")
    except UnicodeDecodeError:
        return zipfile.ZipFile(archive)


def _inner_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Path within the archive; some publishers' archives part it by backslashes."""
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith(("/", "\\"))


def _faults(
    entries: dict[zipfile.ZipInfo, PurePosixPath], packed: int, limits: ArchiveLimits
) -> list[str]:
    faults = []
    outside = [entry.filename for entry, path in entries.items() if not _stays_inside(path)]
    if outside:
        faults.append(f"{name_some(outside)} would be written outside its folder.")
    links = [e.filename for e in entries if stat.S_ISLNK(e.external_attr >> 16)]
    if links:
        faults.append(f"{name_some(links)} are links.")
    locked = [e.filename for e in entries if e.flag_bits & 1]
    if locked:
        faults.append(f"{name_some(locked)} are encrypted.")
    files = [str(path).casefold() for entry, path in entries.items() if not _is_folder(entry)]
    if len(set(files)) < len(files):
        faults.append(f"{len(files) - len(set(files))} names come twice.")
    if len(entries) > limits.files:
        faults.append(f"it holds {len(entries):,} entries; at most {limits.files:,} are taken.")
    size = sum(entry.file_size for entry in entries)
    if size > limits.bytes:
        faults.append(f"it would fill {size:,} bytes; at most {limits.bytes:,} are taken.")
    if size > limits.ratio * packed:
        faults.append(
            f"it would grow {size / packed:.0f}-fold to {size:,} bytes; at most "
            f"{limits.ratio:g}-fold is taken."
        )
    return faults


def _stays_inside(path: PurePosixPath) -> bool:
    def is_plain(part: str) -> bool:
        return part not in {"", ".", ".."} and ":" not in part and part.isprintable()

    return not path.is_absolute() and bool(path.parts) and all(is_plain(p) for p in path.parts)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target)
    return path
