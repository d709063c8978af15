"""Each conversion on one known value, and back by its inverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis import units

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = pytest.mark.parametrize(
    ("there", "back", "value", "expected"),
    [
        (units.volts_to_kilovolts, units.kilovolts_to_volts, 6600.0, 6.6),
        (units.metres_to_kilometres, units.kilometres_to_metres, 406.6, 0.4066),
        (units.kmh_to_ms, units.ms_to_kmh, 36.0, 10.0),
        (units.kilowatts_to_megawatts, units.megawatts_to_kilowatts, 500.0, 0.5),
    ],
    ids=["voltage", "length", "speed", "power"],
)


@PAIRS
def test_known_value_and_its_way_back(
    there: Callable[[float], float], back: Callable[[float], float], value: float, expected: float
) -> None:
    assert there(value) == pytest.approx(expected, rel=1e-15)
    assert back(expected) == pytest.approx(value, rel=1e-15)


@PAIRS
@given(number=st.floats(-1e9, 1e9))
def test_inverse(
    there: Callable[[float], float],
    back: Callable[[float], float],
    value: float,
    expected: float,
    number: float,
) -> None:
    assert back(there(number)) == pytest.approx(number, rel=1e-12, abs=1e-300)


@PAIRS
def test_arrays_and_series_keep_their_kind(
    there: Callable[..., object], back: Callable[..., object], value: float, expected: float
) -> None:
    array = there(np.array([value, np.nan]))
    np.testing.assert_allclose(np.asarray(array), [expected, np.nan])
    series = pd.Series([value], index=["a"], name="x")
    pd.testing.assert_series_equal(there(series), pd.Series([expected], index=["a"], name="x"))  # type: ignore[call-overload]


def test_every_conversion_has_its_inverse() -> None:
    names = {name for name in vars(units) if "_to_" in name}
    assert names == {"_to_".join(reversed(name.split("_to_"))) for name in names}
