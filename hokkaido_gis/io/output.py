"""Write files whole or not at all: an older file stays untouched until the new one is complete."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.errors import HokkaidoGisError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_OVER_AFTER = 86_400.0  # seconds; no file is in the making for so long
_RANDOM = 8  # letters that `tempfile` adds

_FULL = {errno.ENOSPC, errno.EDQUOT}
_TOO_LARGE = {errno.EFBIG}
_FAILED = {errno.EROFS, errno.EIO}
_OF_DISKS = _FULL | _TOO_LARGE | _FAILED
_MORE = 1 << 22  # bytes; a writer may have given some room back before it gave up


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
        If the folder cannot be made or written, the disk is full, or the file is open elsewhere;
        also where a writer failed for that and gave another reason or none.
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
    except HokkaidoGisError:
        raise
    except Exception as error:
        told = _explain(target, temporary, error)
        if told is None:
            raise
        raise told from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder for what is needed for a while only, and remove it when the block ends.

    Yields
    ------
    Path
        An empty folder.

    Raises
    ------
    OutputError
        If there is none that may be written, or its disk is full.
    """
    try:
        folder = tempfile.mkdtemp()
    except OSError as error:
        raise _no_temporary_files("here", error) from error
    try:
        yield Path(folder)
    except OSError as error:
        if error.errno in _OF_DISKS:
            raise _no_temporary_files(f"in {Path(folder).parent}", error) from error
        raise
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


def _no_temporary_files(where: str, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write temporary files {where}: {error.strerror or error}. Make room there, or "
        f"name another folder in the variable {'TEMP' if os.name == 'nt' else 'TMPDIR'}."
    )


def _explain(target: Path, temporary: Path, error: Exception) -> OutputError | None:
    """Say why a file was not written; nothing where that is a fault of who wrote it.

    Libraries seldom hand on what the system said, nor tell the folder of the file from that of
    temporary files. So both are tried.
    """
    if isinstance(error, UnicodeEncodeError) and _is_unwritable(target):
        return OutputError(
            f"Cannot write {target}: its name has letters that {sys.getfilesystemencoding()}, in "
            "which this system is set to name files, does not have. Set the variable PYTHONUTF8 "
            "to 1, or choose another name."
        )
    number = error.errno if isinstance(error, OSError) else None
    if number and number not in _OF_DISKS:
        return _cannot_write(target, error)
    try:
        _try_disk(temporary.with_name("more"))
        _try_disk(temporary)
        with temporary_folder() as other:
            _try_disk(other / "more")
    except OutputError as fault:
        return fault
    except OSError as cause:
        if cause.errno in _OF_DISKS:
            return _cannot_write(target, cause)
    return _cannot_write(target, error) if isinstance(error, OSError) else None


def _is_unwritable(path: Path) -> bool:
    """Whether a path came in as bytes that are no letters."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return True
    return False


def _try_disk(path: Path) -> None:
    """Add to a file that is not needed any more."""
    with path.open("ab") as file:
        file.write(bytes(_MORE))


def _cannot_write(target: Path, error: Exception) -> OutputError:
    reason = error.strerror if isinstance(error, OSError) else None
    return OutputError(f"Cannot write {target}: {reason or error}. {_advice(error)}")


def _advice(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        return (
            "Check that the disk has room, also for more files and within a quota, or choose "
            "another place."
        )
    if number in _TOO_LARGE:
        return (
            "Check that the disk has room for files of that size, which a limit of the disk or of "
            "this account may forbid, or choose another place."
        )
    if number in _FAILED:
        return "Check the disk, which takes no writes now, or choose another place."
    return (
        "Close the file if another program has it open, check that the folder may be written and "
        "the disk has room, or choose another place."
    )
