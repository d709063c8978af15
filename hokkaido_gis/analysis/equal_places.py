"""Places and segments that are equal to the last bit, found by hashing and sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Hashes = npt.NDArray[np.uint64]


def hash_places(xy: Floats) -> Hashes:
    """Mix the bits of each place into 64 (multiply and shift, as in splitmix64).

    Parameters
    ----------
    xy
        Coordinates, shape (n, 2), without negative zeros.
    """
    bits = np.ascontiguousarray(xy).view(np.uint64)
    keys = np.zeros(len(xy), dtype=np.uint64)
    for column in bits.T:
        keys ^= column
        keys *= np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
    return keys


def equal_keys(keys: Hashes) -> tuple[Ints, Ints]:
    """Positions of all pairs of equal keys, the first before the second.

    Keys are compared by their upper bits, as many as positions leave of 64; what is paired need
    therefore not be equal, but what is equal is paired.

    Returns
    -------
    tuple of numpy.ndarray
        Positions, those of keys that occur twice in ascending order of the first.
    """
    count = len(keys)
    below = np.uint64(count.bit_length())
    place = np.arange(count, dtype=np.uint64)
    # Key and position in one number are sorted sooner than positions by their keys.
    packed = np.sort((keys >> below << below) | place)
    order = (packed & (np.uint64(1) << below) - np.uint64(1)).astype(np.int64)
    packed >>= below
    # Whether each is the same as the next; the last has none.
    same = np.zeros(count + 1, dtype=bool)
    np.equal(packed[1:], packed[:-1], out=same[: max(count - 1, 0)])
    in_longer = np.append(False, same[:-1]) | np.append(same[1:], False)
    twice = np.flatnonzero(same & ~in_longer)
    second = np.full(count, -1, dtype=np.int64)
    second[order[twice]] = order[twice + 1]
    first = np.flatnonzero(second >= 0)
    ones, others = [first], [second[first]]
    # Of longer runs each with the next, then with the second next, until no run is that long.
    at = np.flatnonzero(same & in_longer)
    last = at + 1
    while len(at):
        ones.append(order[at])
        others.append(order[last])
        at, last = at[same[last]], last[same[last]] + 1
    return np.concatenate(ones), np.concatenate(others)
