"""One run at a time into a folder of results, and none hindered by one that was killed."""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from hokkaido_gis.errors import OutputError
from hokkaido_gis.io.output import clear_leftovers, replace_when_complete
from hokkaido_gis.report.drawing import THUMBS
from hokkaido_gis.report.making import BUNDLES, LEDGER
from hokkaido_gis.report.rerun import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".lock"
RUNNING = ".running.json"
FILES = (LEDGER, *BUNDLES, "index.html", "manifest.json", JOURNAL, RUNNING)
KINDS = ("kmz", "html", "png", "tables", THUMBS)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder of results while the block lasts.

    The system gives the folder free when the process ends, however that comes about. What a run
    that was killed has left there in the making is removed first.

    Parameters
    ----------
    folder
        Folder of results; made if it is not there.

    Raises
    ------
    OutputError
        If another run is writing there, or the folder cannot be written.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise OutputError(
            f"Another run is writing into {folder}{_who(folder)}. Wait until it has ended, or "
            "choose another place with --out."
        ) from error
    except OSError as error:
        raise OutputError(
            f"Cannot write in {folder}: {error.strerror or error}. Check that the folder may be "
            "written and the disk has room, or choose another place with --out."
        ) from error
    try:
        # Only where runs write: other commands may be writing beside it.
        for place in (folder / kind for kind in KINDS):
            clear_leftovers(place)
        for name in FILES:
            clear_leftovers(folder, name)
        _tell_others(folder)
        yield
    finally:
        (folder / RUNNING).unlink(missing_ok=True)
        lock.release()


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
