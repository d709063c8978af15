"""One run at a time into a folder, and none hindered by one that was killed."""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from hokkaido_gis.errors import OutputError
from hokkaido_gis.io.output import replace_when_complete

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".lock"
RUNNING = ".running.json"


@contextmanager
def one_run_in(folder: Path, *, shown: Path | None = None) -> Iterator[None]:
    """Keep other runs out of a folder while the block lasts.

    The system gives the folder free when the process ends, however that comes about. Lock, note and
    folders that hold nothing are removed when the block ends.

    Parameters
    ----------
    folder
        Made if it is not there.
    shown
        What the run writes, as its user knows it; the folder where None.

    Raises
    ------
    OutputError
        If another run is writing there, or the folder cannot be written.
    """
    place = shown or folder
    absent: list[Path] = []
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        absent = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise OutputError(
            f"Another run is writing into {place}{_who(folder)}. Wait until it has ended, or "
            "choose another place with --out."
        ) from error
    except OSError as error:
        _remove_empty(absent)
        raise OutputError(
            f"Cannot write in {place}: {error.strerror or error}. Check that the folder may be "
            "written and the disk has room, or choose another place with --out."
        ) from error
    try:
        _tell_others(folder)
        yield
    finally:
        _clear_away(folder)
        lock.release()
        _remove_empty(absent)


def _clear_away(folder: Path) -> None:
    """Remove the note of who is running, and the lock; Windows keeps that, which is in use."""
    for name in (RUNNING, LOCK):
        with suppress(OSError):
            # Still locked: who opens it now is refused, and who comes later makes a new one.
            (folder / name).unlink()


def _remove_empty(folders: list[Path]) -> None:
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _tell_others(folder: Path) -> None:
    """Write down who is running, beside the lock, since no other can read that on Windows."""
    began = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    known = {"process": os.getpid(), "machine": socket.gethostname(), "began": began}
    with replace_when_complete(folder / RUNNING) as temporary:
        temporary.write_text(json.dumps(known), encoding="utf-8")


def _who(folder: Path) -> str:
    """Say which process it is, if it has written that down."""
    try:
        known = json.loads((folder / RUNNING).read_text(encoding="utf-8"))
        return f": process {known['process']} on {known['machine']}, begun {known['began']}"
    except (OSError, ValueError, TypeError, KeyError):
        return ""
