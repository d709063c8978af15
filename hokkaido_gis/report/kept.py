"""What several figures of a run need: worked out once, with a note of what it stands on."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Generic, Self, TypeVar, overload
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hokkaido_gis.report.inputs import Inputs

T = TypeVar("T")


class Watched:
    """Something whose layers and tables are asked for by name, while others watch which."""

    def __init__(self) -> None:
        self._watching: list[set[str]] = []

    @contextmanager
    def watched(self) -> Iterator[set[str]]:
        """Give a set that fills with the names needed while the block lasts."""
        needs: set[str] = set()
        self._watching.append(needs)
        try:
            yield needs
        finally:
            self._watching.pop()

    def need(self, *names: str) -> None:
        """Tell all who watch that these are needed."""
        for needs in self._watching:
            needs.update(names)


def kept(compute: Callable[[Inputs], T]) -> Callable[[Inputs], T]:
    """Keep what a function of the inputs gives, as long as the inputs live.

    What is kept is shared, and so not to be changed. Who asks for it later needs the same layers
    as who asked first.
    """
    found: WeakKeyDictionary[Inputs, tuple[T, frozenset[str]]] = WeakKeyDictionary()

    @wraps(compute)
    def once(inputs: Inputs) -> T:
        if inputs not in found:
            with inputs.watched() as watched:
                value = compute(inputs)
            found[inputs] = value, frozenset(watched)
        value, needs = found[inputs]
        inputs.need(*needs)
        return value

    return once


class kept_property(Generic[T]):  # noqa: N801  (used as a decorator, like cached_property)
    """Like `functools.cached_property`, with a note of the layers that the value stands on."""

    def __init__(self, read: Callable[[Inputs], T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__
        self._needs: WeakKeyDictionary[Inputs, frozenset[str]] = WeakKeyDictionary()

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, inputs: None, owner: type) -> Self: ...
    @overload
    def __get__(self, inputs: Inputs, owner: type) -> T: ...
    def __get__(self, inputs: Inputs | None, owner: type) -> T | Self:
        if inputs is None:
            return self
        values = vars(inputs)
        if self._name not in values:
            with inputs.watched() as watched:
                values[self._name] = self._read(inputs)
            self._needs[inputs] = frozenset(watched)
        inputs.need(*self._needs.get(inputs, ()))
        value: T = values[self._name]
        return value

    def __set__(self, inputs: Inputs, value: T) -> None:
        raise AttributeError(f"{self._name} is read from the folder and cannot be set.")
