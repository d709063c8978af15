"""Faults of folders that are not those of the results: a run may lose a cache, and nothing else.

The temporary folder, the home and the caches of matplotlib and numba are read-only, full or not
there. Each run is a process of its own, since libraries look for such folders when they start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broken_disks import Disk

READ_ONLY, FULL, ABSENT = "read-only", "full", "absent"
# Variables that lead to the folder, and what is wrong with it.
ELSEWHERE: dict[str, tuple[tuple[str, ...], str]] = {
    "home read-only": (("HOME",), READ_ONLY),
    "home full": (("HOME",), FULL),
    "home absent": (("HOME",), ABSENT),
    "temporary folder read-only": (("TMPDIR",), READ_ONLY),
    "temporary folder full": (("TMPDIR",), FULL),
    "temporary folder absent": (("TMPDIR",), ABSENT),
    "caches read-only": (("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"), READ_ONLY),
    "caches full": (("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"), FULL),
    "home and temporary folder read-only": (("HOME", "TMPDIR"), READ_ONLY),
}
NOTHING_ELSE = "only the results can be written"
LOOKED_AT = ("HOME", "TMPDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")

# Small layers are searched by compiled code as well, which numba then wants to keep.
_COMMAND = (
    "from hokkaido_gis.analysis import segment_search; segment_search.LARGE = 0\n"
    "from hokkaido_gis.cli import main; main()"
)
_ALL_READ_ONLY = """
for place in /tmp /var/tmp; do
    mount --rbind $place $place && mount -o remount,ro,bind $place || exit 3
done
mount -o remount,ro,bind / && exec "$@"
"""


def run_under(words: Sequence[str], fault: str, disk: Disk) -> tuple[int, str]:
    """Run the command line where a folder is at fault; its exit status and standard error.

    Parameters
    ----------
    words
        Of the command.
    fault
        A key of `ELSEWHERE`, or `NOTHING_ELSE`.
    disk
        Where the folder is that is to be at fault.
    """
    command = [sys.executable, "-c", _COMMAND, *words]
    environment = {key: value for key, value in os.environ.items() if key not in LOOKED_AT}
    variables, what = ELSEWHERE.get(fault, ((), ""))
    environment |= dict.fromkeys(
        variables, str(disk.place / ("absent/too" if what == ABSENT else ""))
    )
    if what == READ_ONLY:
        disk.forbid_writing()
    elif what == FULL:
        disk.fill(0)
    if fault == NOTHING_ELSE:
        command = ["unshare", "-m", "sh", "-c", _ALL_READ_ONLY, "sh", *command]
    done = subprocess.run(  # noqa: S603  (our own command)
        command, cwd="/", env=environment, check=False, capture_output=True, text=True
    )
    disk.mend()
    return done.returncode, done.stderr.strip()
