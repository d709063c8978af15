"""Rows of coordinates that are equal to the last bit, found by hashing and sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]


def equal_rows(rows: Floats, owner: Ints) -> tuple[Ints, Ints]:
    """Positions of all pairs of equal rows that belong to different owners."""
    if len(rows) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    order, same = _order_equal(rows)
    # Rows that stand alone drop out; the others are numbered by the run of equal ones they are in.
    in_run = np.append(same, False) | np.insert(same, 0, False)
    run = np.insert(np.cumsum(~same), 0, 0)[in_run]
    order = order[in_run]
    pairs = [np.empty((2, 0), dtype=np.int64)]
    step = 1
    # Rows equal to their neighbour, then to the second next, until no run is that long.
    while len(equal := np.flatnonzero(run[step:] == run[:-step])):
        one, other = order[equal], order[equal + step]
        differ = owner[one] != owner[other]
        pairs.append(np.stack([one[differ], other[differ]]))
        step += 1
    one, other = np.hstack(pairs)
    return one, other


def _order_equal(rows: Floats) -> tuple[Ints, Bools]:
    """Order in which equal rows stand together, and whether each equals the next in it."""
    keys = _hash_rows(rows)
    order = np.argsort(keys)
    same = np.diff(keys[order]) == 0
    alike = np.flatnonzero(same)
    if (rows[order[alike]] == rows[order[alike + 1]]).all():
        return order, same
    # Different rows with one hash may stand between equal ones; sorting by value is slow but exact.
    order = np.lexsort(rows.T)
    return order, (rows[order[1:]] == rows[order[:-1]]).all(axis=1)


def _hash_rows(rows: Floats) -> npt.NDArray[np.uint64]:
    """Mix the bits of each row into 64 (multiply and shift, as in splitmix64)."""
    bits = np.ascontiguousarray(rows).view(np.uint64)
    keys = np.zeros(len(rows), dtype=np.uint64)
    for column in bits.T:
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys
