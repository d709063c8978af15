"""Pairs of polygons by position, each once and with one measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]


class Pairs(NamedTuple):
    """Pairs of polygons by position, first < second, each with a measure.

    ``value`` is a border length [m], a gap [m] or unused, by the function that made it. Pairs are
    in ascending order.
    """

    first: Ints
    second: Ints
    value: Floats

    def take(self, which: Bools) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.first[which], self.second[which], self.value[which])

    def without(self, others: Pairs) -> Pairs:
        """The pairs that are not among others."""
        own, known = (_keys(pairs.first, pairs.second) for pairs in (self, others))
        return self.take(~np.isin(own, known, assume_unique=True, kind="sort"))

    def plus(self, others: Pairs) -> Pairs:
        """The pairs of both; the values of those that are in both are added up."""
        both = (np.concatenate(each) for each in zip(self, others, strict=True))
        return sum_pairs(*both)


def as_pairs(one: Ints, other: Ints) -> Pairs:
    """Bring pairs without a measure into first < second, each once."""
    keys = np.unique(_keys(one, other))
    return Pairs(keys >> 32, keys & 0xFFFFFFFF, np.zeros(len(keys)))


def sum_pairs(one: Ints, other: Ints, value: Floats) -> Pairs:
    """Bring pairs into first < second and add up the values of equal ones."""
    keys = _keys(one, other)
    # Segments of one border mostly follow one another, and a run of them is one pair.
    start = np.flatnonzero(np.diff(keys, prepend=-1))
    runs = np.add.reduceat(value, start) if len(start) else value
    keys, place = np.unique(keys[start], return_inverse=True)
    sums = np.bincount(place, runs, minlength=len(keys))
    return Pairs(keys >> 32, keys & 0xFFFFFFFF, sums.astype(np.float64))


def least_pairs(one: Ints, other: Ints, value: Floats) -> Pairs:
    """Bring pairs into first < second and keep the least value of equal ones."""
    keys, place = np.unique(_keys(one, other), return_inverse=True)
    least = np.full(len(keys), np.inf)
    np.minimum.at(least, place, value)
    return Pairs(keys >> 32, keys & 0xFFFFFFFF, least)


def _keys(one: Ints, other: Ints) -> Ints:
    return np.minimum(one, other) << 32 | np.maximum(one, other)
