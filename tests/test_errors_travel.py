"""Errors that come from other processes: every class as it was raised, to the last attribute."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from typing import TYPE_CHECKING

import pytest

import hokkaido_gis
from hokkaido_gis import errors
from hokkaido_gis.errors import HokkaidoGisError, LayerError, MissingInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MADE_OF = {
    LayerError: ("layer", ["one fault.", "another."]),
    MissingInputError: ("it is lost.", "失われた。"),
}
"""What a class is made of, and those under it; others of a message."""


def all_classes() -> list[type[HokkaidoGisError]]:
    for module in pkgutil.walk_packages(hokkaido_gis.__path__, "hokkaido_gis."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return sorted({HokkaidoGisError, *_below(HokkaidoGisError)}, key=lambda kind: kind.__name__)


def _below(kind: type[HokkaidoGisError]) -> Iterator[type[HokkaidoGisError]]:
    for child in kind.__subclasses__():
        yield from (child, *_below(child))


def made(kind: type[HokkaidoGisError]) -> HokkaidoGisError:
    given = next((given for base, given in MADE_OF.items() if issubclass(kind, base)), None)
    if given is None:
        wanted = inspect.signature(kind.__init__).parameters
        # `InputsFailedError`, the only other with more than a message.
        given = ("it failed.", ["a.png"], ["trace"]) if "traces" in wanted else ("it failed.",)
    return kind(*given)


@pytest.mark.parametrize("kind", all_classes(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_comes_out_as_it_went_in(kind, protocol):
    error = made(kind)
    error.add_note("in part-000003.parquet")
    error.rows = [3, 5]
    back = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  (its own)
    assert type(back) is kind
    assert str(back) == str(error)
    assert back.args == error.args
    assert vars(back) == vars(error)
    assert back.__notes__ == ["in part-000003.parquet"]


def test_all_classes_of_the_module_are_among_them():
    there = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert there - {errors.LayerWarning} <= set(all_classes())
    warning = errors.LayerWarning("moved by 406 m.")
    assert str(pickle.loads(pickle.dumps(warning))) == "moved by 406 m."  # noqa: S301
