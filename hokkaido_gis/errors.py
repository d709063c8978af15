"""Errors for people: what came, what was expected, and how to mend it.

Every error that a user's input can cause derives from `HokkaidoGisError`; the command line turns it
into one message and exit status 2. Anything else is a fault of the library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class HokkaidoGisError(ValueError):
    """Root of all errors caused by input or options."""

    def __reduce__(
        self,
    ) -> tuple[Callable[..., HokkaidoGisError], tuple[object, ...], dict[str, object]]:
        """Travel between processes as it is, whatever it was made of."""
        return _again, (type(self), *self.args), vars(self)


class LayerError(HokkaidoGisError):
    """A spatial layer cannot be used as it came.

    Parameters
    ----------
    layer
        Name of the layer or of the file it came from.
    faults
        Everything that is wrong with it, one sentence each; all are shown.
    """

    def __init__(self, layer: str, faults: Sequence[str]) -> None:
        self.layer = layer
        self.faults = tuple(faults)
        super().__init__(f"{layer}: " + list_faults(self.faults))


class TableError(LayerError):
    """An attribute table cannot be used as it came."""


class CRSError(LayerError):
    """A coordinate reference system is missing, unknown or unfit for what was asked."""


class LayerWarning(UserWarning):
    """A layer was taken; its owner should know what was repaired, set aside or moved."""


class CodeError(HokkaidoGisError):
    """Municipality codes or names that are wrong, unknown or ambiguous."""


class JoinError(HokkaidoGisError):
    """Two tables or layers do not fit together."""


class CriteriaError(HokkaidoGisError):
    """A criteria file of the siting engine is wrong or asks for what is not there."""


class ModelInputError(HokkaidoGisError):
    """A model of potential or economics was given values outside its range."""


class RenderError(HokkaidoGisError):
    """A scene cannot be drawn as described."""


class OutputError(HokkaidoGisError):
    """A result cannot be written where it was asked for."""


class MissingInputError(HokkaidoGisError):
    """A figure or table needs an input that is lost or not in the data folder.

    Parameters
    ----------
    message
        What is missing.
    japanese
        The same for a reader of the index page; the message where there is none.
    """

    def __init__(self, message: str, japanese: str = "") -> None:
        self.japanese = japanese or message
        super().__init__(message)


def _again(kind: type[HokkaidoGisError], *args: object) -> HokkaidoGisError:
    return kind.__new__(kind, *args)


def list_faults(faults: Sequence[str]) -> str:
    """Join faults into one message: on one line when there is one, numbered when there are more."""
    if len(faults) == 1:
        return faults[0]
    return f"{len(faults)} faults: " + " ".join(f"({i}) {f}" for i, f in enumerate(faults, 1))


def name_some(items: Sequence[object], *, most: int = 5) -> str:
    """Name the first items of a list and count the rest, for use in messages.

    Examples
    --------
    >>> name_some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(str(item) for item in items[:most])
    rest = len(items) - most
    return f"{shown} and {rest} more" if rest > 0 else shown
