"""Write folders of parts whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.cluster.parts import ENDINGS
from hokkaido_gis.errors import OutputError, name_some

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLDER = "older"


def require_replaceable(folder: str | Path) -> Path:
    """Check that parts may be written to a folder: it is absent, empty or a layer in parts.

    Raises
    ------
    OutputError
        If it is a file, or holds anything but parts.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise OutputError(f"Cannot write {target}: it is a file; parts are written to a folder.")
    others = [path.name for path in sorted(target.glob("*")) if path.suffix.lower() not in ENDINGS]
    if others:
        raise OutputError(
            f"Cannot write {target}: the folder holds {name_some(others)}, which are no parts and "
            "would be lost. Name a new folder."
        )
    return target


@contextmanager
def replace_folder(folder: str | Path) -> Iterator[Path]:
    """Give an empty folder beside `folder`, which takes its place when the block ends well.

    Parameters
    ----------
    folder
        Where the parts shall stand; an older layer in parts there is replaced.

    Yields
    ------
    Path
        Folder to write to.

    Raises
    ------
    OutputError
        As for `require_replaceable`, or if the disk is full or may not be written.
    """
    target = require_replaceable(folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise cannot_write(target, error) from error
    try:
        (home / "parts").mkdir()
        yield home / "parts"
        put_in_place(home / "parts", target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(home)


def put_in_place(made: Path, target: Path) -> None:
    """Move a finished folder to its place; an older one goes when the new one stands."""
    older = made.with_name(_OLDER)
    if target.exists():
        target.replace(older)
    made.replace(target)
    if older.exists():
        shutil.rmtree(older)


def set_right(home: Path, target: Path) -> None:
    """Bring to an end what a process that was killed in `put_in_place` has left half done.

    Parameters
    ----------
    home
        Folder that it moved from.
    target
        Folder that it moved to.
    """
    older = home / _OLDER
    if older.exists() and not target.exists():
        older.replace(target)
    elif older.exists():
        shutil.rmtree(older)


def cannot_write(target: Path, error: OSError) -> OutputError:
    """Say that a folder cannot be written, and why."""
    return OutputError(
        f"Cannot write {target}: {error.strerror or error}. Check that the folder may be written "
        "and the disk has room, or choose another place."
    )
