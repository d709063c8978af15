"""Wind: the report's flat rule, speeds at a hub, energy against numerical integrals, and grades."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import LayerWarning, ModelInputError
from hokkaido_gis.potential import wind_energy as wind_energy_module
from hokkaido_gis.potential.wind import (
    air_density,
    speed_at_standard_density,
    speed_by_log_law,
    speed_by_power_law,
    wind_capacity,
    wind_generation,
)
from hokkaido_gis.potential.wind_energy import (
    PowerCurve,
    mean_power,
    power_curve,
    turbine_names,
    wind_capacity_factor,
    wind_energy,
)
from hokkaido_gis.potential.wind_rating import JAPANESE, rate_wind
from hokkaido_gis.units import HOURS_PER_YEAR

STEP = PowerCurve("step", (10, 10, 60), (0, 1000, 1000), rated_kw=1000)
BAND = PowerCurve("band", (5, 5, 15, 15), (0, 500, 500, 0), rated_kw=500)
CURVES = ("E-82/2000", "V80/2000", "E-53/800")
SPEEDS = pd.Series([5.0, np.nan, 7.5], index=["a", "b", "c"], name="speed")


# --- the flat rule --------------------------------------------------------------------------------


def test_the_reports_sums() -> None:
    """Section 4.2.3 and table 6-1 of the report: the farmland, kW and kWh as printed."""
    capacity = wind_capacity(8221.68)
    assert round(capacity) == 8_221_680
    assert math.floor(wind_generation(capacity)) == 18_941_764_118


def test_generation_of_parts_sums_to_the_whole() -> None:
    parts = pd.Series([2.0, 8000.0, 219.68], index=["a", "b", "c"])
    assert wind_generation(wind_capacity(parts)).sum() == pytest.approx(18_941_764_118.4)


def test_a_capacity_factor_of_its_own_for_each() -> None:
    capacity = pd.Series([1000.0, 1000.0], index=["a", "b"])
    factors = pd.Series([0.2, 0.3], index=["a", "b"])
    found = wind_generation(capacity, capacity_factor=factors)
    assert found.tolist() == pytest.approx([1_752_000, 2_628_000])


# --- speed and air --------------------------------------------------------------------------------


def test_log_law_by_hand() -> None:
    # ln(100 / 0.1) / ln(10 / 0.1) = 3 / 2
    assert speed_by_log_law(6.0, height_m=10, hub_m=100, roughness_m=0.1) == pytest.approx(9)


def test_power_law_by_hand() -> None:
    assert speed_by_power_law(6.0, height_m=10, hub_m=40, exponent=0.5) == pytest.approx(12)


@pytest.mark.parametrize("law", [speed_by_log_law, speed_by_power_law])
def test_laws_leave_the_same_height_alone_and_undo_themselves(law) -> None:
    assert law(6.0, height_m=80, hub_m=80) == 6
    there = law(6.0, height_m=10, hub_m=80)
    assert law(there, height_m=80, hub_m=10) == pytest.approx(6)


def test_values_at_their_limits_are_taken() -> None:
    assert wind_generation(2.0, hours=1, capacity_factor=1.0) == 2
    assert wind_generation(2.0, hours=8_784, capacity_factor=1.0) == 17_568
    # Fields with few trees where nothing else is stated: ln(80 / 0.1) / ln(10 / 0.1).
    assert speed_by_log_law(6.0, height_m=10, hub_m=80) == pytest.approx(8.7092700)
    assert speed_by_log_law(6.0, height_m=2, hub_m=2, roughness_m=1.5) == 6
    assert speed_by_power_law(6.0, height_m=10, hub_m=40, exponent=0.0) == 6
    # An eighth of the height at a seventh: 8 ** (1 / 7).
    assert speed_by_power_law(6.0, height_m=10, hub_m=80) == pytest.approx(6 * 1.3459001)
    assert air_density(4_000, -11) == pytest.approx(0.8191, abs=1e-4)
    assert speed_at_standard_density(25.0, 1.225) == 25


def test_density_of_the_standard_atmosphere() -> None:
    """Values of ISO 2533: 1.225 at the sea, 1.1117 kg/m3 at 1,000 m and 8.5 degrees C."""
    assert air_density(0, 15) == pytest.approx(1.225, abs=1e-4)
    assert air_density(1000, 8.5) == pytest.approx(1.1117, abs=1e-4)


def test_power_in_the_wind_is_kept_by_the_density_correction() -> None:
    corrected = speed_at_standard_density(8.0, 1.1)
    assert 1.225 * corrected**3 == pytest.approx(1.1 * 8.0**3)
    assert speed_at_standard_density(8.0, 1.225) == 8


@pytest.mark.parametrize(
    "model",
    [
        wind_capacity,
        wind_generation,
        lambda x: speed_by_log_law(x, height_m=10, hub_m=80),
        lambda x: speed_by_power_law(x, height_m=10, hub_m=80),
        lambda x: speed_at_standard_density(x, 1.2),
        lambda x: air_density(x, 5.0),
        lambda x: mean_power(x, STEP),
        lambda x: wind_energy(x, STEP, losses=0.1),
        lambda x: wind_capacity_factor(x, STEP),
    ],
)
def test_series_as_scalars_on_the_same_index(model) -> None:
    before = SPEEDS.copy()
    found = model(SPEEDS)
    pd.testing.assert_index_equal(found.index, SPEEDS.index)
    assert math.isnan(found["b"])
    assert isinstance(model(5.0), float)
    assert found["a"] == pytest.approx(model(5.0))
    pd.testing.assert_series_equal(SPEEDS, before)


# --- energy ---------------------------------------------------------------------------------------


@given(mean=st.floats(0.5, 20), shape=st.floats(1.2, 4))
def test_a_step_has_a_closed_form(mean: float, shape: float) -> None:
    scale = mean / math.gamma(1 + 1 / shape)

    def exceeded(speed: float) -> float:
        return math.exp(-((speed / scale) ** shape))

    expected = 1000 * (exceeded(10) - exceeded(60))
    assert mean_power(mean, STEP, shape=shape) == pytest.approx(expected, abs=1e-9)
    expected = 500 * (exceeded(5) - exceeded(15))
    assert mean_power(mean, BAND, shape=shape) == pytest.approx(expected, abs=1e-9)


def test_power_that_rises_with_speed_gives_the_mean_speed() -> None:
    line = PowerCurve("line", (0, 60), (0, 600), rated_kw=600)
    assert mean_power(7.0, line) == pytest.approx(70)


@pytest.mark.parametrize("turbine", CURVES)
@pytest.mark.parametrize("shape", [1.5, 2.0, 3.0])
def test_energy_against_a_fine_sum(turbine: str, shape: float) -> None:
    """The density of the distribution, summed over a hundred thousand steps."""
    curve = power_curve(turbine)
    edges = np.linspace(0, 40, 400_001)
    speeds = (edges[1:] + edges[:-1]) / 2
    for mean in (4.0, 7.0, 11.0):
        scale = mean / math.gamma(1 + 1 / shape)
        density = (
            shape / scale * (speeds / scale) ** (shape - 1) * np.exp(-((speeds / scale) ** shape))
        )
        power = np.interp(speeds, curve.speeds_ms, curve.power_kw, left=0, right=0)
        expected = float((power * density).sum() * (edges[1] - edges[0]))
        assert mean_power(mean, curve, shape=shape) == pytest.approx(expected, rel=1e-5)


def test_energy_against_a_drawn_year() -> None:
    curve, random = power_curve("E-82/2000"), np.random.default_rng(2013)
    drawn = 6.5 / math.gamma(1.5) * random.weibull(2.0, 1_000_000)
    power = np.interp(drawn, curve.speeds_ms, curve.power_kw, left=0, right=0)
    expected = float(power.mean()) * HOURS_PER_YEAR
    assert wind_energy(6.5, curve) == pytest.approx(expected, rel=3e-3)


def test_losses_and_capacity_factor() -> None:
    energy = wind_energy(8.0, STEP)
    assert wind_energy(8.0, STEP, losses=0.15) == pytest.approx(0.85 * energy)
    assert wind_capacity_factor(8.0, STEP) == pytest.approx(energy / (1000 * 8760))
    assert wind_energy(0.0, STEP) == 0


@given(mean=st.floats(0, 25), shape=st.floats(1, 5))
def test_no_turbine_gives_more_than_its_rated_power(mean: float, shape: float) -> None:
    factor = wind_capacity_factor(mean, power_curve("E-82/2000"), shape=shape)
    assert -1e-12 <= factor <= 1


def test_computed_beside_flat() -> None:
    """Winds of some 6.3 m/s give the turbines of windpowerlib the report's flat 26.3 %."""
    curve = power_curve("E-82/2000")
    assert wind_capacity_factor(5.5, curve) < 0.263 < wind_capacity_factor(7.0, curve)


def test_curves_of_windpowerlib() -> None:
    names = turbine_names()
    assert set(CURVES) <= set(names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        curves = [power_curve(name) for name in names]
    # The names end in what the makers call the rated power.
    stated = [float(name.split("/")[1]) for name in names]
    assert [c.rated_kw for c in curves] == pytest.approx(stated, rel=0.03)
    assert all(max(c.power_kw) <= c.rated_kw for c in curves)


def test_a_curve_that_ends_too_early_is_told() -> None:
    with pytest.warns(LayerWarning, match="V90/2000: it ends at 16.5 m/s") as told:
        power_curve("V90/2000")
    assert told[0].filename == __file__  # shown where the library was called


def test_a_turbine_that_is_not_there() -> None:
    with pytest.raises(
        ModelInputError, match=r"no power curve of 'E82/2000'; there are .* E-82/2000"
    ):
        power_curve("E82/2000")


def test_curves_without_their_library_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    wind_energy_module._library.cache_clear()
    with pytest.raises(ModelInputError, match="not installed: pip install windpowerlib"):
        turbine_names()
    monkeypatch.undo()
    assert "E-82/2000" in turbine_names()


# --- values a thousand times off, and other bad input ---------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wind_capacity(pd.Series([1.0, -2.0], index=["a", "b"])), "row b: -2"),
        (lambda: wind_capacity(1.0, density_kw_per_ha=1.0), "density .* got 1. Is the unit right"),
        (lambda: wind_capacity(1.0, density_kw_per_ha=1e6), "density"),
        (lambda: wind_generation(1.0, capacity_factor=26.3), "capacity factor .* got 26.3"),
        (lambda: wind_generation(1.0, capacity_factor=1.5), "capacity factor .* got 1.5"),
        (lambda: wind_generation(1.0, hours=0.5), "hours of a year .* got 0.5"),
        (lambda: wind_generation(1.0, hours=8_785), "hours of a year .* got 8785"),
        (
            lambda: speed_by_log_law(6.0, height_m=2, hub_m=80, roughness_m=1.95),
            "height above the roughness length .* got 0.05",
        ),
        (lambda: speed_by_power_law(6.0, height_m=10, hub_m=80, exponent=1.5), "exponent"),
        (lambda: air_density(4_000.5, 5), "height above the sea .* got 4000.5"),
        (
            lambda: speed_at_standard_density(26.0, 1.2),
            r"mean wind speed \[m/s\] must be between 0 and 25; got 26",
        ),
        (lambda: wind_generation(-1.0), "capacity .kW. must be 0 or more"),
        (lambda: speed_by_log_law(6000.0, height_m=10, hub_m=80), "got 6000. Is it in km/h"),
        (lambda: speed_by_power_law(28.8, height_m=10, hub_m=80), "got 28.8. Is it in km/h"),
        (lambda: speed_by_log_law(6.0, height_m=0.01, hub_m=80), "height of the wind speed"),
        (lambda: speed_by_log_law(6.0, height_m=10, hub_m=80_000), "height of the hub"),
        (lambda: speed_by_power_law(6.0, height_m=10, hub_m=0.08), "height of the hub"),
        (lambda: speed_by_log_law(6.0, height_m=10, hub_m=80, roughness_m=100), "roughness"),
        (lambda: speed_by_log_law(6.0, height_m=2, hub_m=80, roughness_m=2), "above the rough"),
        (lambda: speed_by_power_law(6.0, height_m=10, hub_m=80, exponent=143), "exponent"),
        (lambda: air_density(100, 278.15), "got 278.15. Is it in kelvin"),
        (lambda: air_density(500_000, 5), "height above the sea"),
        (lambda: speed_at_standard_density(6.0, 1225.0), "density of air"),
        (lambda: mean_power(36.0, STEP), "got 36. Is it in km/h"),
        (lambda: mean_power(6.0, STEP, shape=2000), "shape"),
        (lambda: wind_energy(6.0, STEP, losses=15), "losses"),
        (lambda: PowerCurve("W", (3, 12), (0, 2e6), rated_kw=2e6), "Is it in W or MW"),
        (lambda: PowerCurve("MW", (3, 12), (0, 0.002), rated_kw=0.002), "Is it in W or MW"),
        (lambda: PowerCurve("mixed", (3, 12), (0, 2e6), rated_kw=2000), "1.1 times the rated"),
        (lambda: PowerCurve("fast", (3, 60.5), (0, 1000), rated_kw=1000), "60 m/s at most"),
        (lambda: PowerCurve("back", (12, 3), (0, 1), rated_kw=2000), "speeds must rise"),
        (lambda: PowerCurve("uneven", (3, 12), (0,), rated_kw=2000), "2 speeds and 1 powers"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        call()


# --- grades ---------------------------------------------------------------------------------------


def test_grades_and_margins() -> None:
    speeds = pd.Series([8.0, 7.5, 6.0, 5.4, np.nan], index=list("abcde"))
    line = pd.Series([True, False, None, True, True], index=list("abcde"))
    found = rate_wind(speeds, line=line, thresholds=(7.5, 6.5, 5.5))
    assert found["grade"].astype(object).tolist()[:4] == ["very high", "very high", "some", "low"]
    assert pd.isna(found.loc["e", "grade"])
    np.testing.assert_allclose(found.loc["c"].iloc[1:4].astype(float), [-1.5, -0.5, 0.5])
    holds = found["holds"]
    assert holds[["a", "b", "d"]].tolist() == [True, False, False]
    assert holds[["c", "e"]].isna().all()
    assert found["grade"].max() == "very high"


def test_grades_where_no_thresholds_are_stated() -> None:
    speeds = pd.Series([7.5, 7.49, 6.5, 6.49, 5.5, 5.49, 0.0, 25.0])
    grades = rate_wind(speeds, line=pd.Series(True, speeds.index))["grade"]
    assert grades.tolist() == [
        "very high", "high", "high", "some", "some", "low", "low", "very high",
    ]  # fmt: skip
    assert grades.cat.categories.tolist() == ["low", "some", "high", "very high"]
    assert grades.cat.ordered


def test_words_for_every_grade() -> None:
    assert {str(grade): words for grade, words in JAPANESE.items()} == {
        "very high": "ポテンシャルが非常に高い",
        "high": "ポテンシャルが高い",
        "some": "ポテンシャルがある",
        "low": "ポテンシャルが低い",
    }


@pytest.mark.parametrize(
    ("speed", "line", "thresholds", "message"),
    [
        (6.0, True, (5.5, 6.5, 7.5), "three falling speeds"),
        (6.0, True, (7.5, 6.5), "three falling speeds"),
        (6.0, True, (7.5, 7.5, 5.5), "three falling speeds"),
        (30.0, True, (7.5, 6.5, 5.5), r"mean wind speed \[m/s\] .* row a: 30. Is it in km/h"),
        (6.0, None, (7.5, 6.5, 5.5), "1 places have no entry in line: a"),
    ],
)
def test_grades_of_bad_input(speed, line, thresholds, message: str) -> None:
    there = pd.Series({"a": True}) if line else pd.Series({"z": True})
    with pytest.raises(ModelInputError, match=message):
        rate_wind(pd.Series({"a": speed}), line=there, thresholds=thresholds)
