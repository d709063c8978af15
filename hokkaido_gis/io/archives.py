"""Zip archives that someone else made: what is wrong with one, before anything is unpacked."""

from __future__ import annotations

import stat
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from hokkaido_gis.errors import name_some
from hokkaido_gis.io.file_names import inner_path, one_spelling, stays_inside
from hokkaido_gis.io.limits import Limits, how_to_raise

if TYPE_CHECKING:
    from collections.abc import Sequence

DAMAGED_ZIP = (
    zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, NotImplementedError, OverflowError,
    UnicodeError,
)  # fmt: skip
"""What the standard library raises for archives that are damaged, locked or packed otherwise."""

# What is small when unpacked does no harm, however well it was packed.
_RATIO_FROM = 1_000_000
_CHUNK = 1 << 20


def archive_faults(
    entries: Sequence[zipfile.ZipInfo], packed: int, limits: Limits, *, ratio_from: int = 0
) -> list[str]:
    """Tell all that is wrong with the entries of an archive; nothing is unpacked.

    Parameters
    ----------
    entries
        What the archive says it holds.
    packed
        Size of the archive [bytes].
    limits
        Beyond what it is refused.
    ratio_from
        Unpacked size [bytes] up to which the ratio does not matter.

    Returns
    -------
    list of str
        Faults: entries that would land outside a folder, links, encrypted ones, names that come
        twice (neither case nor Unicode's forms of a letter count), and limits that are passed.
    """
    paths = {entry: inner_path(entry.filename) for entry in entries}
    faults = []
    outside = [entry.filename for entry, path in paths.items() if not stays_inside(path)]
    if outside:
        faults.append(f"{_shown(outside)} would be written outside its folder.")
    links = [entry.filename for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)]
    if links:
        faults.append(f"{_shown(links)} are links.")
    locked = [entry.filename for entry in entries if entry.flag_bits & 1]
    if locked:
        faults.append(f"{_shown(locked)} are encrypted.")
    names = [one_spelling(path) for entry, path in paths.items() if not is_folder(entry)]
    if len(set(names)) < len(names):
        faults.append(f"{len(names) - len(set(names))} names come twice.")
    return faults + _passed_limits(entries, packed, limits, ratio_from)


def _passed_limits(
    entries: Sequence[zipfile.ZipInfo], packed: int, limits: Limits, ratio_from: int
) -> list[str]:
    faults = []
    if len(entries) > limits.max_files:
        faults.append(
            f"it holds {len(entries):,} entries; at most {limits.max_files:,} are taken. "
            f"{how_to_raise('max_files')}"
        )
    size = sum(entry.file_size for entry in entries)
    if size > limits.max_unpacked:
        faults.append(
            f"it would fill {size:,} bytes; at most {limits.max_unpacked:,} are taken. "
            f"{how_to_raise('max_unpacked')}"
        )
    if size > max(limits.max_ratio * packed, ratio_from):
        faults.append(
            f"it would grow {size / packed:.0f}-fold to {size:,} bytes; at most "
            f"{limits.max_ratio:g}-fold is taken. {how_to_raise('max_ratio')}"
        )
    return faults


def reading_faults(archive: zipfile.ZipFile, packed: int, limits: Limits) -> list[str]:
    """Faults of an archive that is read and not kept; the ratio matters from a megabyte on."""
    return archive_faults(archive.infolist(), packed, limits, ratio_from=_RATIO_FROM)


def copy_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: IO[bytes]) -> None:
    """Unpack one entry, and no more of it than it said to hold.

    Raises
    ------
    zipfile.BadZipFile
        If it holds more than it said.
    """
    left = entry.file_size
    with archive.open(entry) as source:
        while chunk := source.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile(f"{entry.filename} holds more than it says")
            target.write(chunk)


def is_folder(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder."""
    return entry.filename.endswith(("/", "\\"))


def _shown(names: list[str]) -> str:
    # A name may hold what a console takes for a command.
    return name_some([name if name.isprintable() else repr(name) for name in names])
