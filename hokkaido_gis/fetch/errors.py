"""Errors of fetching: each says what came, what was expected, and how to go on."""

from __future__ import annotations

from hokkaido_gis.errors import HokkaidoGisError


class FetchError(HokkaidoGisError):
    """A data set cannot be had, or what came cannot be used."""


class UnreachableError(FetchError):
    """The publisher did not give the file; a person may get it by hand and put it in the cache."""
