"""One run at a time into a folder of results, after what a killed one left is cleared away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hokkaido_gis.io.alone import RUNNING, one_run_in
from hokkaido_gis.io.output import clear_leftovers
from hokkaido_gis.report.drawing import THUMBS
from hokkaido_gis.report.making import BUNDLES, LEDGER
from hokkaido_gis.report.rerun import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = (LEDGER, *BUNDLES, "index.html", "manifest.json", JOURNAL, RUNNING)
KINDS = ("kmz", "html", "png", "tables", THUMBS)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder of results while the block lasts.

    What a run that was killed has left there in the making is removed first.

    Parameters
    ----------
    folder
        Folder of results; made if it is not there, and gone again if the block makes nothing.

    Raises
    ------
    OutputError
        If another run is writing there, or the folder cannot be written.
    """
    with one_run_in(folder):
        # Only where runs write: other commands may be writing beside it.
        for place in (folder / kind for kind in KINDS):
            clear_leftovers(place)
        for name in FILES:
            clear_leftovers(folder, name)
        yield
