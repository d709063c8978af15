"""The gist of what readers say, and what to do about it, in Japanese."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple


class Gist(NamedTuple):
    """What a message means, for messages that a pattern finds."""

    pattern: str
    found: str
    advice: str = ""


@cache
def gists() -> tuple[Gist, ...]:
    """Gists of the messages of readers, in the order in which they are tried."""
    source = resources.files(__package__).joinpath("messages_ja.toml")
    entries = tomllib.loads(source.read_text(encoding="utf-8"))["gist"]
    return tuple(Gist(**entry) for entry in entries)


def explain(message: str) -> tuple[str, str]:
    """Say what a reader's message means.

    Parameters
    ----------
    message
        One fault or note, in English.

    Returns
    -------
    found, advice : str
        In Japanese; both empty where the message is not known.

    Examples
    --------
    >>> explain("it holds 2 layers (a, b). Name one, as f.gpkg:a.")[0]
    '2 個の層が入っています'
    """
    for gist in gists():
        fits = re.search(gist.pattern, message)
        if fits:
            return fits.expand(gist.found), gist.advice
    return "", ""
