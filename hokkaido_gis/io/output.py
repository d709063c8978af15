"""Write files whole or not at all: an older file stays untouched until the new one is complete."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_OVER_AFTER = 86_400.0  # seconds; no file is in the making for so long
_RANDOM = 8  # letters that `tempfile` adds


@contextmanager
def replace_when_complete(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the folder of `path`, and move it there when the block ends well.

    The temporary name keeps the ending of `path`, since many writers choose the format by it.
    On any exception the temporary file is removed and an older file of that name is left as it was.
    What a process that was killed has left there is removed a day later, when the same file is
    written again.

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
        clear_leftovers(target.parent, target.name, older_than=_LEFT_OVER_AFTER)
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
        shutil.rmtree(folder, ignore_errors=True)


def clear_leftovers(folder: Path, name: str | None = None, *, older_than: float = 0.0) -> None:
    """Remove what processes had in the making in a folder when they were killed.

    Parameters
    ----------
    folder
        Where the files should have stood.
    name
        Of the file, if only one is meant.
    older_than
        Leave what was begun less than this [s] ago, since another process may be at it.
    """
    begin = "*.*" if name is None else glob.escape(name)
    for path in folder.glob(f".{begin}.{'?' * _RANDOM}"):
        with suppress(OSError):  # another process has finished it, or it may not be removed
            if path.is_dir() and time.time() - path.stat().st_mtime >= older_than:
                shutil.rmtree(path)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _cannot_write(target: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {target}: {error.strerror or error}. Close the file if another program has "
        "it open, check that the folder may be written and the disk has room, or choose another "
        "place."
    )
