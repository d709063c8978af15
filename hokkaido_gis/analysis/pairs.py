"""Pairs of polygons by position, each once and with one measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


class Pairs(NamedTuple):
    """Pairs of polygons by position, first < second, each with a measure.

    ``value`` is a border length [m], a gap [m] or unused, by the function that made it.
    """

    first: Ints
    second: Ints
    value: Floats


def as_pairs(one: Ints, other: Ints) -> Pairs:
    """Bring pairs without a measure into first < second, each once."""
    first, second, _ = _unique_pairs(one, other)
    return Pairs(first, second, np.zeros(len(first)))


def sum_pairs(one: Ints, other: Ints, value: Floats) -> Pairs:
    """Bring pairs into first < second and add up the values of equal ones."""
    first, second, place = _unique_pairs(one, other)
    sums = np.bincount(place, value, minlength=len(first))
    return Pairs(first, second, sums.astype(np.float64))


def least_pairs(one: Ints, other: Ints, value: Floats) -> Pairs:
    """Bring pairs into first < second and keep the least value of equal ones."""
    first, second, place = _unique_pairs(one, other)
    least = np.full(len(first), np.inf)
    np.minimum.at(least, place, value)
    return Pairs(first, second, least)


def _unique_pairs(one: Ints, other: Ints) -> tuple[Ints, Ints, Ints]:
    low, high = np.minimum(one, other), np.maximum(one, other)
    keys, place = np.unique(low << 32 | high, return_inverse=True)
    return keys >> 32, keys & 0xFFFFFFFF, place
