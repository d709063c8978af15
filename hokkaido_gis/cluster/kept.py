"""Notes of what a run over parts has made, by which the next one takes it only if it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from hokkaido_gis.io.journal import are_whole, hash_file, note_line, read_notes
from hokkaido_gis.io.output import replace_when_complete

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kept:
    """What was made, and of what.

    Attributes
    ----------
    key
        Hash of all that it stands on.
    files
        SHA-256 of each file that was written, by its name.
    notes
        What was noted while it was made.
    """

    key: str
    files: dict[str, str]
    notes: tuple[str, ...] = ()


def find_kept(path: Path, key: str, folder: Path) -> Kept | None:
    """Give what is noted in a file, if it is of this key and its files are as they were.

    Parameters
    ----------
    path
        The file.
    key
        As noted there.
    folder
        Where the files noted stand.
    """
    for text in read_notes(path):
        try:
            kept = _KEPT.validate_json(text)
        except ValidationError:  # of an older version of this module
            continue
        if kept.key == key and are_whole(folder, kept.files):
            return kept
    return None


def keep(path: Path, key: str, files: Iterable[Path], notes: Iterable[str] = ()) -> Kept:
    """Note in a file what was made, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    kept = Kept(key, {file.name: hash_file(file) for file in files}, tuple(notes))
    with replace_when_complete(path) as temporary:
        temporary.write_bytes(note_line(_KEPT.dump_json(kept)))
    return kept


_KEPT = TypeAdapter(Kept)
