"""Results of a run that several figures need: worked out once for each folder of layers."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from hokkaido_gis.report.inputs import Inputs

T = TypeVar("T")


def kept(compute: Callable[[Inputs], T]) -> Callable[[Inputs], T]:
    """Keep what a function of the inputs gives, as long as the inputs live.

    What is kept is shared, and so not to be changed.
    """
    found: WeakKeyDictionary[Inputs, T] = WeakKeyDictionary()

    @wraps(compute)
    def once(inputs: Inputs) -> T:
        if inputs not in found:
            found[inputs] = compute(inputs)
        return found[inputs]

    return once
