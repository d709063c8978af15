"""How much an input may claim before it is refused: limits that a user can raise."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from hokkaido_gis.errors import HokkaidoGisError

PREFIX = "HOKKAIDO_GIS_"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Beyond what an input is refused, before memory or disk is spent on it.

    Each can be set by an environment variable, named ``HOKKAIDO_GIS_`` and the limit in capitals.

    Parameters
    ----------
    max_cells
        Cells of a raster that are read at once (8 bytes each); a file may claim a hundred times as
        many, since statistics read it piece by piece.
    max_values
        Values of a table: its rows times its columns, merged cells counted with their whole area.
    max_files
        Entries of an archive.
    max_unpacked
        Bytes of all entries of an archive together, unpacked.
    max_ratio
        Those bytes over the bytes of the archive. Coordinates as text shrink some tenfold, an
        archive made to fill a disk a thousandfold.
    """

    max_cells: int = 500_000_000
    max_values: int = 100_000_000
    max_files: int = 5_000
    max_unpacked: int = 4_000_000_000
    max_ratio: int = 100


def current_limits() -> Limits:
    """Limits as the environment sets them, else as they are by default.

    Raises
    ------
    HokkaidoGisError
        If a variable is set to something else than a whole number above 0.
    """
    stated = {each.name: os.environ.get(variable(each.name)) for each in fields(Limits)}
    wrong = [
        f"{variable(name)} must be a whole number above 0, such as {getattr(Limits, name)}; it is "
        f"{text!r}."
        for name, text in stated.items()
        if text and not _is_count(text)
    ]
    if wrong:
        raise HokkaidoGisError(" ".join(wrong))
    return Limits(**{name: int(text) for name, text in stated.items() if text})


def how_to_raise(limit: str) -> str:
    """Say how a user lets more pass, as the end of a message.

    Examples
    --------
    >>> how_to_raise("max_cells")
    'If it is right all the same, set HOKKAIDO_GIS_MAX_CELLS to more.'
    """
    return f"If it is right all the same, set {variable(limit)} to more."


def variable(limit: str) -> str:
    """Environment variable that sets a limit."""
    return PREFIX + limit.upper()


def _is_count(text: str) -> bool:
    return text.strip().isdecimal() and int(text) > 0
