"""The cache: where files stand, what is written down beside each, and files set aside."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import pooch  # type: ignore[import-untyped]

from hokkaido_gis.errors import name_some
from hokkaido_gis.fetch.errors import FetchError
from hokkaido_gis.io.file_names import stays_inside
from hokkaido_gis.io.output import replace_when_complete

VARIABLE = "HOKKAIDO_GIS_CACHE"


def cache_folder(stated: str | Path | None = None) -> Path:
    """Folder of the cache: the one stated, else that of `HOKKAIDO_GIS_CACHE`, else the user's."""
    chosen = stated or os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else Path(pooch.os_cache("hokkaido-gis"))


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    return str(pooch.file_hash(str(path), alg="sha256"))


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a file in the cache; written beside it as JSON.

    Parameters
    ----------
    url
        Where it came from, or would have.
    sha256, bytes
        Of the file as it first came.
    retrieved
        Time of that, UTC.
    origin
        Whether it was downloaded or put there by hand.
    terms, credit
        As they stood in the catalogue then.
    files
        What was made of it: path within the folder of the data set, and its SHA-256.
    """

    url: str
    sha256: str
    bytes: int
    retrieved: str
    origin: Literal["downloaded", "by hand"]
    terms: str
    credit: str
    files: dict[str, str] = field(default_factory=dict)


def record_path(file: Path) -> Path:
    """Where the record of a file stands."""
    return file.with_name(file.name + ".json")


def read_record(file: Path) -> Record | None:
    """Record of a file, or none if nothing was written down.

    Raises
    ------
    FetchError
        If it cannot be read, for then nothing vouches for the file.
    """
    path = record_path(file)
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
        outside = [name for name in record.files if not stays_inside(name)]
        if outside:
            raise ValueError(f"it names {name_some(outside)}, outside its folder")  # noqa: TRY301
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise FetchError(
            f"{path} cannot be read ({error}), so {file.name} cannot be verified. Delete both to "
            "fetch anew."
        ) from error
    return record


def write_record(file: Path, record: Record) -> None:
    """Write down what is known of a file, whole or not at all."""
    text = json.dumps(asdict(record), ensure_ascii=False, indent=2)
    with replace_when_complete(record_path(file)) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def forget(file: Path) -> Record | None:
    """Remove the record of a file, and give it if it could be read."""
    try:
        record = read_record(file)
    except FetchError:
        record = None
    record_path(file).unlink(missing_ok=True)
    return record


def set_aside(path: Path, beside: Path, *, mark: str) -> Path:
    """Rename a file or folder that is not to be used, so that it can be looked at.

    Returns
    -------
    Path
        Its new name: that of `beside` with `mark` added, numbered if there is one already.
    """
    aside = beside.with_name(f"{beside.name}.{mark}")
    number = 2
    while aside.exists():
        aside = beside.with_name(f"{beside.name}.{mark}-{number}")
        number += 1
    return path.rename(aside)
