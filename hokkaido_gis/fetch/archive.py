"""Unpack an archive that someone else made: inside its folder, and no more than is sensible."""

from __future__ import annotations

import errno
import zipfile
from typing import TYPE_CHECKING

from hokkaido_gis.errors import list_faults
from hokkaido_gis.fetch.errors import FetchError
from hokkaido_gis.io.archives import (
    DAMAGED_ZIP,
    archive_faults,
    copy_entry,
    is_folder,
)
from hokkaido_gis.io.file_names import inner_path
from hokkaido_gis.io.limits import Limits, current_limits

if TYPE_CHECKING:
    from pathlib import Path


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> list[Path]:
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
            entries = opened.infolist()
            faults = archive_faults(entries, archive.stat().st_size, limits or current_limits())
            if faults:
                raise FetchError(f"{archive.name} is not unpacked: {list_faults(faults)}")
            return [
                _write(opened, entry, folder / inner_path(entry.filename))
                for entry in entries
                if not is_folder(entry)
            ]
    except (*DAMAGED_ZIP, OSError) as error:
        # Of errors of the system only this one is of the archive: it leads to before its beginning.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise FetchError(f"{archive.name} is no sound zip archive ({error}).") from error


def _open(archive: Path) -> zipfile.ZipFile:
    try:
        # Names without the UTF-8 mark are Shift_JIS in archives made in Japan.
        return zipfile.ZipFile(archive, metadata_encoding="cp932")
    except UnicodeDecodeError:
        return zipfile.ZipFile(archive)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as target:
        copy_entry(archive, entry, target)
    return path
