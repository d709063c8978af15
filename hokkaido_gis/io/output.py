"""Write files whole or not at all: an older file stays untouched until the new one is complete."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replace_when_complete(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the folder of `path`, and move it there when the block ends well.

    The temporary name keeps the ending of `path`, since many writers choose the format by it.
    On any exception the temporary file is removed and an older file of that name is left as it was.

    Parameters
    ----------
    path
        Where the finished file shall stand; missing folders are made.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    OutputError
        If the folder cannot be made or written, the disk is full, or the file is open elsewhere.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _cannot_write(target, error) from error
    temporary = Path(folder) / target.name
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        for leftover in Path(folder).iterdir():
            leftover.unlink()
        Path(folder).rmdir()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _cannot_write(target: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {target}: {error.strerror or error}. Close the file if another program has "
        "it open, check that the folder may be written and the disk has room, or choose another "
        "place."
    )
