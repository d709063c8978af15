"""A disk in memory that can truly be full, locked or out of files, in a namespace of its own.

Mounts made in such a namespace are seen by no other process and are gone with it. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096  # bytes by which such a disk is filled
SIZE = "64m"
FILES = 2000
_FILLER = ".filler"


def enter() -> list[str]:
    """Words before a command that is to have mounts of its own."""
    # Root may also forbid that a file is changed; anyone else is root of the namespace alone.
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]


def why_not() -> str:
    """Why no such disk can be had here; empty if it can."""
    if shutil.which("unshare") is None:
        return "there is no unshare here (util-linux, Linux only)"
    mount = ["sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0"', os.sep + "tmp"]
    done = subprocess.run(  # noqa: S603  (our own command)
        [*enter(), *mount], capture_output=True, check=False, text=True
    )
    return f"no disk of one's own may be mounted: {done.stderr.strip()}" if done.returncode else ""


class NotHereError(Exception):
    """A fault that cannot be brought about here."""


class Disk:
    """A disk in memory.

    Parameters
    ----------
    place
        Folder where it is mounted; made if it is not there.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._fillers = place / _FILLER
        self._covers: list[Path] = []
        self._locked: list[Path] = []
        place.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE},nr_inodes={FILES}", "tmpfs", place)
        self._fillers.mkdir()

    def fill(self, leaving: int) -> None:
        """Leave so much room [bytes], in whole pages."""
        room = shutil.disk_usage(self.place).free // PAGE * PAGE
        with (self._fillers / "room").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(PAGE, room - leaving // PAGE * PAGE))

    def use_up_files(self, leaving: int) -> None:
        """Leave so few files or folders that can still be made."""
        for number in range(os.statvfs(self.place).f_ffree - leaving):
            (self._fillers / str(number)).touch()

    def forbid_writing(self) -> None:
        """Take writes no more, as a disk that is mounted read-only."""
        _run("mount", "-o", "remount,ro", self.place)

    def cover(self, path: Path) -> None:
        """Make a file one that is in use (a mount), which the system lets nothing replace."""
        _run("mount", "--bind", path, path)
        self._covers.append(path)

    def lock(self, path: Path) -> None:
        """Mark a file as not to be changed; only root may.

        Raises
        ------
        NotHereError
            If it may not be marked here.
        """
        try:
            _run("chattr", "+i", path)
        except OSError as error:
            raise NotHereError(str(error)) from error
        self._locked.append(path)

    def mend(self) -> None:
        """Take all faults away."""
        _run("mount", "-o", "remount,rw", self.place)
        while self._covers:
            _run("umount", self._covers.pop())
        while self._locked:
            _run("chattr", "-i", self._locked.pop())
        shutil.rmtree(self._fillers)
        self._fillers.mkdir()

    def end(self) -> None:
        """Take it away."""
        _run("umount", "-l", self.place)


def give_up_rights() -> None:
    """Be bound by the permissions of files, as anyone but root is; for this process alone."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


def _run(*words: str | Path) -> None:
    done = subprocess.run(  # noqa: S603  (our own command)
        [str(word) for word in words], capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise OSError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
