"""What the command line says: results on standard output, notes and errors on standard error."""

from __future__ import annotations

import logging
import traceback
import warnings
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

OK, OUR_FAULT, USER_FAULT = 0, 1, 2


def echo(paths: Iterable[Path]) -> None:
    """Print paths, one a line."""
    for path in paths:
        click.echo(str(path))


def tell(message: str) -> None:
    """Give a note on standard error, as readers do of their layers; ``-q`` silences it."""
    from hokkaido_gis.errors import LayerWarning

    warnings.warn(message, LayerWarning, stacklevel=2)


def echo_table(table: pd.DataFrame) -> None:
    """Print a table as CSV, which a shell may send into a file for a spreadsheet."""
    from hokkaido_gis.io.cells import guard_table

    click.echo(guard_table(table).to_csv(index=False, lineterminator="\n"), nl=False)


def tell_notes(*, quiet: bool, verbose: bool) -> None:
    """Turn what readers say of their layers into one line each; hide other libraries' warnings.

    What several steps say of the same layer is told once.
    """
    from hokkaido_gis.errors import LayerWarning

    told = set[str]()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        note = f"note: {message}"
        if note not in told:
            told.add(note)
            click.echo(note, err=True)

    # Which tells of every cache that it cannot keep.
    logging.getLogger("matplotlib").setLevel(logging.WARNING if verbose else logging.ERROR)
    warnings.simplefilter("default" if verbose else "ignore")
    warnings.simplefilter("ignore" if quiet else "always", LayerWarning)
    warnings.showwarning = show


def tell_error(error: Exception, *, verbose: bool) -> int:
    """Say in one line what ended a run, with a traceback only where it is asked for and ours."""
    from hokkaido_gis.errors import HokkaidoGisError

    if isinstance(error, HokkaidoGisError):
        click.echo(f"error: {error}", err=True)
        return USER_FAULT
    if verbose:
        traceback.print_exception(error)
    if isinstance(error, OSError):  # of a file that nobody named, such as one in passing
        click.echo(
            f"error: The system said: {error}. Check that the disk has room and that temporary "
            "files may be written, or name another folder for them in the variable TMPDIR "
            "(Windows: TEMP).",
            err=True,
        )
        return USER_FAULT
    kind = type(error).__name__
    click.echo(
        f"fault of hokkaido-gis: {kind}: {error} (run again with -v for the traceback)", err=True
    )
    return OUR_FAULT
