"""What a folder of results was made of, so that a rerun makes again only what has changed.

Each figure, table and bundle leaves a line in a journal of the folder: a key over all it stands on
(code, options, the contents of the files it read), the hash of each file that was written, and that
of the line. It is taken as it stands while the key is the same and the files are whole.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import MissingInputError, OutputError
from hokkaido_gis.io.file_names import stays_inside
from hokkaido_gis.io.journal import (
    are_whole,
    hash_file,
    hash_of,
    note_line,
    package_version,
    read_notes,
    with_side_files,
)
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.report.completeness import Gap  # noqa: TC001  (pydantic reads it)
from hokkaido_gis.report.layer_files import LAYERS, find_files
from hokkaido_gis.report.place import THE_REPORT, Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hokkaido_gis.render.scene import Lang

JOURNAL = ".rerun.jsonl"

_REPORT = "report/"


@dataclass(frozen=True, slots=True)
class Record:
    """What was made, and of what.

    Attributes
    ----------
    name
        Id of a figure or table, or name of a bundle.
    key
        Hash of all that it stands on.
    title, caption
        As a reader sees them.
    needs
        Layers and tables that it asked for, whether they were there or not.
    files
        Layer and path of each file that was read; paths start at the folder of layers, those of
        the report's tables (layer ``report``) at the folder of these.
    outputs
        SHA-256 of each file written, by its path in the folder of results.
    columns
        Of a table: ``text``, ``number`` or ``mixed`` for each column.
    why_not
        Why nothing was made, in English and in Japanese.
    gap
        What of the report's figure is not in it, if anything.
    report
        Hash of language, folder of layers and prefecture: results of one report have the same.
    notes
        What else a later run needs to know of it without making it again.
    """

    name: str
    key: str
    title: str = ""
    caption: str = ""
    needs: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    why_not: tuple[str, str] | None = None
    gap: Gap | None = None
    report: str = ""
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Fingerprints:
    """Hashes of what results stand on; each file is hashed once in a run.

    Parameters
    ----------
    folder
        Folder of layers.
    lang
        Language of the results.
    place
        Prefecture and regions that the results are of.
    """

    def __init__(self, folder: Path, lang: Lang, place: Place = THE_REPORT) -> None:
        self.folder = folder
        self.report = hash_of([lang, str(folder), *place.prefectures, *place.regions])
        self._base = (code_version(), lang, str(folder), self.report)
        self._files: dict[Path, str] = {}
        self._needs: dict[str, str] = {}

    def file(self, path: Path) -> str:
        """SHA-256 of a file."""
        if path not in self._files:
            self._files[path] = hash_file(path)
        return self._files[path]

    def key(self, name: str, needs: Iterable[str], *parts: str) -> str:
        """Hash over the code, the options, what was needed, and further parts."""
        found = [f"{need} {self._need(need)}" for need in sorted(needs)]
        return hash_of([*self._base, name, *found, *parts])

    def _need(self, need: str) -> str:
        """Hash over all files that may hold a layer, or over one of the report's tables."""
        if need not in self._needs:
            if need.startswith(_REPORT):
                paths = [sample_data() / f"{need}.csv"]
            else:
                try:
                    candidates = find_files(self.folder, need)
                except MissingInputError:
                    candidates = []
                paths = [side for path in candidates for side in with_side_files(path)]
            self._needs[need] = hash_of([f"{path} {self.file(path)}" for path in paths])
        return self._needs[need]


class Journal:
    """Records of a folder of results; a damaged line counts as if it were not there.

    Parameters
    ----------
    folder
        Folder of results, which need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / JOURNAL
        self._begun = False
        self._records = {record.name: record for record in _read(self._path)}

    def find(self, name: str, prints: Fingerprints, *parts: str) -> Record | None:
        """Record of a result that need not be made again, if there is one."""
        record = self._records.get(name)
        if record is None or record.key != prints.key(name, record.needs, *parts):
            return None
        return self.find_whole(name)

    def find_whole(self, name: str) -> Record | None:
        """Record of a result whose files are as it was noted, whatever has changed since."""
        record = self._records.get(name)
        return record if record is not None and are_whole(self.folder, record.outputs) else None

    def add(self, record: Record, written: Iterable[Path] = ()) -> Record:
        """Note at once what was made, with the hashes of its files.

        Raises
        ------
        OutputError
            If the folder cannot be written or the disk is full.
        """
        outputs = {path.relative_to(self.folder).as_posix(): hash_file(path) for path in written}
        record = replace(record, outputs=outputs)
        # Begins a line of its own even after one that was cut short.
        self._append(_lines([record]) if self._begun else b"\n" + _lines([record]))
        self._begun = True
        self._records[record.name] = record
        return record

    def begin(self) -> None:
        """Make the folder, and show before any work that it may be written.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        self._append(b"")

    def tidy(self) -> None:
        """Write the records anew in order, without those that others have replaced."""
        ordered = sorted(self._records.values(), key=lambda record: record.name)
        text = _lines(ordered)
        if not self._path.is_file() or self._path.read_bytes() != text:
            with replace_when_complete(self._path) as temporary:
                temporary.write_bytes(text)

    def _append(self, line: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(line)
        except OSError as error:
            raise OutputError(
                f"Cannot write in {self.folder}: {error.strerror or error}. Check that the folder "
                "may be written and the disk has room, or choose another place with --out."
            ) from error


@cache
def code_version() -> str:
    """Hash over this package, what it stands on and the sample's rules."""
    sample = sample_data()
    rules = [sample / "layers.toml", sample / "report" / "figures.csv"]
    rules += sorted((sample / "criteria").glob("*.toml"))
    return hash_of([package_version(), *(f"{path.name} {hash_file(path)}" for path in rules)])


_RECORD = TypeAdapter(Record)


def _read(path: Path) -> list[Record]:
    records = []
    for text in read_notes(path):
        with suppress(ValidationError):  # a line of an older version of this module
            record = _RECORD.validate_json(text)
            if _stays_here(record):
                records.append(record)
    return records


def _stays_here(record: Record) -> bool:
    """Whether a record names files of its folders alone, and layers and tables that are known."""
    paths = [*record.outputs, *(file for _, file in record.files)]
    tables = [need for need in record.needs if need.startswith(_REPORT)]
    return (
        all(map(stays_inside, [*paths, *tables]))
        and all((sample_data() / f"{table}.csv").is_file() for table in tables)
        and all(need in LAYERS for need in record.needs if need not in tables)
    )


def _lines(records: Iterable[Record]) -> bytes:
    return b"".join(note_line(_RECORD.dump_json(record)) for record in records)
