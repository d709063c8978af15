"""Solar yield by JIS C 8907: by hand, against the report's months and years, and bad units."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerWarning, ModelInputError
from hokkaido_gis.potential.jis_c8907 import (
    Mounting,
    design_factor,
    module_temperature,
    monthly_energy,
    panel_area,
)
from hokkaido_gis.potential.solar import (
    FARMLAND_KW_PER_HA,
    PLOT_KW_PER_M2,
    annual_energy,
    capacity_on_area,
)
from hokkaido_gis.potential.solar_yield import DAYS, MONTHS, specific_yield, yield_by_month
from hokkaido_gis.readers import climate

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(sample_data())
# 報告書 表 4-13, 4-18 (1,000 kW on the ground) and 表 5-15, 5-20 (30 kW on a roof), kWh/yr.
YEAR_1000_KW = {"01211-1": 1_143_900, "01668-1": 1_162_968}
YEAR_30_KW = {"01211-1": 33_796, "01668-1": 34_326}
PORT_OF = {"01211-1": "能取漁港", "01668-1": "白糠漁港"}


@pytest.fixture(scope="module")
def sun() -> pd.DataFrame:
    return pd.DataFrame(climate.read_irradiation(SAMPLE / "stations.geojson"))


@pytest.fixture(scope="module")
def air() -> pd.DataFrame:
    return climate.monthly(climate.read_normals(SAMPLE / "stations_normals.csv"), "temperature")


def table(value: float, *stations: str) -> pd.DataFrame:
    return pd.DataFrame(value, index=pd.Index(stations, name="station_id"), columns=list(MONTHS))


# --- by hand --------------------------------------------------------------------------------------


def test_months_are_those_of_the_readers() -> None:
    assert MONTHS == climate.MONTHS
    assert sum(DAYS) == 365


@pytest.mark.parametrize(
    ("air_temperature", "mounting", "module", "factor"),
    [
        (6.6, "ground rack", 25.0, 0.76),
        (3.5, "roof", 25.0, 0.76),
        (26.6, Mounting.GROUND, 45.0, 0.76 * 0.9),
        (-16.5, Mounting.ROOF, 5.0, 0.76 * 1.1),
    ],
)
def test_temperature_and_factor(
    air_temperature: float, mounting: str, module: float, factor: float
) -> None:
    assert module_temperature(air_temperature, mounting=mounting) == pytest.approx(module)
    assert design_factor(air_temperature, mounting=mounting) == pytest.approx(factor)


def test_energy_of_a_month_by_hand() -> None:
    # 1,000 kW: 7,200 m2; 4 kWh/m2 on 31 days give 124 kWh for each kW, of which 76 % are left.
    assert panel_area(1000.0) == 7200.0
    energy = monthly_energy(4.0, 6.6, 31, capacity_kw=1000.0)
    assert energy == pytest.approx(1000 * 124 * 0.76)
    assert isinstance(energy, float)


def test_capacities_of_the_report() -> None:
    # 報告書 4.1.6, 5.1.2, 3.2.
    assert capacity_on_area(8_221.68, FARMLAND_KW_PER_HA) == pytest.approx(4_110_840, abs=1e-6)
    assert round(capacity_on_area(590_686, PLOT_KW_PER_M2)) == 49_224
    assert capacity_on_area(120.0, PLOT_KW_PER_M2) == pytest.approx(10.0)
    assert capacity_on_area(1200.0, PLOT_KW_PER_M2, usable=0.08) == pytest.approx(8.0)
    assert capacity_on_area(0.0, 500.0) == 0
    assert capacity_on_area(0.5, 500.0) == 250


def test_energy_of_a_year_is_capacity_times_yield():
    capacities = pd.Series([10.0, 0.5, None, 0.0], index=list("abcd"))
    yields = pd.Series([1_000.0, 1_200.0, 1_100.0, None], index=list("abcd"))
    assert annual_energy(10.0, 1_100.0) == 11_000
    by_row = pd.Series([10_000.0, 600.0, np.nan, np.nan], index=list("abcd"))
    assert_series_equal(annual_energy(capacities, yields), by_row)
    assert annual_energy(capacities, 1_100.0).dropna().tolist() == [11_000, 550, 0]


# --- scalars, Series and tables agree -------------------------------------------------------------


def test_series_agree_with_scalars_and_keep_their_index() -> None:
    index = pd.Index(["11016", "17341", "19416"], name="station_id")
    sun = pd.Series([3.5, np.nan, 4.2], index=index)
    air = pd.Series([-5.0, 3.0, np.nan], index=index)
    before = sun.copy(), air.copy()
    energy = monthly_energy(sun, air, 31, mounting="roof")
    assert energy.index.equals(index)
    assert energy.iloc[0] == monthly_energy(3.5, -5.0, 31, mounting="roof")
    assert energy.isna().tolist() == [False, True, True]
    assert_series_equal(sun, before[0])
    assert_series_equal(air, before[1])


@given(st.floats(0.3, 8), st.floats(-30, 30), st.sampled_from(list(Mounting)), st.floats(0, 1e6))
def test_table_agrees_with_scalars_and_energy_with_capacity(
    sun: float, air: float, mounting: Mounting, kw: float
) -> None:
    months = yield_by_month(table(sun, "s"), table(air, "s"), mounting=mounting)
    by_hand = [monthly_energy(sun, air, days, mounting=mounting) for days in DAYS]
    np.testing.assert_allclose(months.loc["s", list(MONTHS)], by_hand)
    assert months.loc["s", "year"] == pytest.approx(sum(by_hand))
    whole = [monthly_energy(sun, air, d, capacity_kw=kw, mounting=mounting) for d in DAYS]
    assert sum(whole) == pytest.approx(kw * sum(by_hand))


@given(st.floats(-40, 39), st.floats(0.1, 1))
def test_warmer_modules_give_less_and_roofs_less_than_racks(air: float, warmer: float) -> None:
    for mounting in Mounting:
        colder = design_factor(air, mounting=mounting)
        assert design_factor(air + warmer, mounting=mounting) < colder
    assert design_factor(air, mounting="roof") < design_factor(air)


def test_order_of_stations_and_further_stations_do_no_harm(
    sun: pd.DataFrame, air: pd.DataFrame
) -> None:
    some = sun.iloc[[7, 3, 5]]
    years = specific_yield(some, air.iloc[::-1])
    assert years.index.equals(some.index)
    assert years.name == "specific_yield"
    assert_series_equal(years, specific_yield(sun, air).iloc[[7, 3, 5]])


def test_leap_year_has_one_more_day_of_february() -> None:
    sun, air = table(4.0, "s"), table(6.6, "s")
    common, leap = (yield_by_month(sun, air, leap_year=leap).loc["s"] for leap in (False, True))
    assert leap["m02"] / common["m02"] == pytest.approx(29 / 28)
    assert leap["year"] - common["year"] == pytest.approx(4 * 0.76)
    assert (leap.drop(["m02", "year"]) == common.drop(["m02", "year"])).all()
    assert specific_yield(sun, air, leap_year=True)["s"] == leap["year"]


def test_tables_are_left_as_they_came(sun: pd.DataFrame, air: pd.DataFrame) -> None:
    before = sun.copy(), air.copy()
    yield_by_month(sun, air)
    assert_frame_equal(sun, before[0])
    assert_frame_equal(air, before[1])


def test_empty_table() -> None:
    assert yield_by_month(table(4.0), table(5.0, "s")).shape == (0, 13)


# --- the report -----------------------------------------------------------------------------------


@pytest.mark.parametrize("station", PORT_OF)
def test_months_of_30_kw_on_a_roof(station: str, sun: pd.DataFrame, air: pd.DataFrame) -> None:
    with (SAMPLE / "report" / "monthly_30kw.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["site"] == PORT_OF[station]]
    printed = {f"m{int(row['month']):02d}": float(row["kwh"]) for row in rows}
    months = 30 * yield_by_month(sun, air, mounting="roof").loc[station]
    assert months[list(printed)].round().to_dict() == printed
    assert sum(printed.values()) == YEAR_30_KW[station] == round(months["year"])


@pytest.mark.parametrize("station", YEAR_1000_KW)
def test_year_of_1000_kw_on_the_ground(station: str, sun: pd.DataFrame, air: pd.DataFrame) -> None:
    # The sample's irradiation is that of the roof, its temperatures are made up.
    year = 1000 * specific_yield(sun, air)[station]
    assert year == pytest.approx(YEAR_1000_KW[station], rel=7e-4)


@pytest.mark.parametrize("station", YEAR_1000_KW)
def test_roof_to_ground_in_print(station: str) -> None:
    ratio = YEAR_30_KW[station] / 30 / (YEAR_1000_KW[station] / 1000)
    assert ratio == pytest.approx(0.985, abs=0.002)


def test_roof_to_ground_from_the_two_rises(sun: pd.DataFrame, air: pd.DataFrame) -> None:
    ratio = specific_yield(sun, air, mounting="roof") / specific_yield(sun, air)
    assert len(ratio) == len(sun)
    assert ratio.between(0.983, 0.987).all()


def test_roof_to_ground_with_real_temperatures(real_data: Callable[[str], Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)  # months without precipitation
        normals = climate.read_normals(real_data("amedas/hokkaido_climate_normals_1991_2020.csv"))
    air = climate.monthly(normals, "temperature")
    level = table(4.0, *air.index)
    ratio = specific_yield(level, air, mounting="roof") / specific_yield(level, air)
    assert len(ratio) > 150
    assert ratio.between(0.983, 0.987).all()


# --- what is missing ------------------------------------------------------------------------------


def test_a_year_of_eleven_months_is_missing_and_named() -> None:
    sun, air = table(4.0, "11016", "17341"), table(5.0, "11016", "17341", "19416")
    sun.loc["17341", "m02"] = np.nan
    air.loc["17341", ["m11", "m12"]] = np.nan
    message = r"1 of 2 .* 17341 \(m02 of irradiation and m11, m12 of temperature\)"
    with pytest.warns(LayerWarning, match=message) as told:
        months = yield_by_month(sun, air)
    assert told[0].filename == __file__  # shown where the library was called
    assert months.loc["17341"].isna().sum() == 4
    assert months["year"].isna().tolist() == [False, True]


def test_a_station_without_temperatures_is_named() -> None:
    with pytest.warns(LayerWarning, match=r"17341 \(all months of temperature\)"):
        years = specific_yield(table(4.0, "11016", "17341"), table(5.0, "11016"))
    assert years.isna().tolist() == [False, True]


# --- wrong units and wrong tables -----------------------------------------------------------------


def test_kelvin_names_station_and_month() -> None:
    air = table(5.0, "11016", "17341")
    air.loc["17341", "m03"] = 271.8
    with pytest.raises(ModelInputError, match=r"row 17341 m03: 271.8. Kelvin\? Subtract 273.15"):
        yield_by_month(table(4.0, "11016", "17341"), air)


@pytest.mark.parametrize("factor", [3.6, 1 / 0.024, 1000, 1 / 1000])
def test_irradiation_of_a_year_in_another_unit(
    factor: float, sun: pd.DataFrame, air: pd.DataFrame
) -> None:
    wrong = sun[list(MONTHS)] * factor
    message = r"irradiation \[kWh/m2 day\] .* row 01100-1 m0.* MJ/m2 day are divided by 3\.6"
    with pytest.raises(ModelInputError, match=message):
        yield_by_month(wrong, air)


def test_all_bad_months_are_told_at_once() -> None:
    sun = table(4.0, "a", "b", "c")
    sun.loc["a", "m01"], sun.loc["c", "m12"] = -1.0, 12.6
    with pytest.raises(ModelInputError, match=r"row a m01: -1, row c m12: 12\.6"):
        yield_by_month(sun, table(5.0, "a", "b", "c"))


def test_faults_of_both_tables_are_told_at_once() -> None:
    sun = pd.DataFrame({"irradiation": [4.0]}, index=["a"])
    air = pd.concat([table(5.0, "a"), table(5.0, "a")]).astype({"m05": object})
    with pytest.raises(ModelInputError) as error:
        yield_by_month(sun, air)
    for part in (
        "3 faults",
        "irradiation has no column m01",
        "m05 of the table of temperature hold no numbers",
        "stations stand twice in the table of temperature: a",
    ):
        assert part in str(error.value)


def test_all_months_without_numbers_are_named() -> None:
    message = f"{', '.join(MONTHS)} of the table of temperature hold no numbers"
    with pytest.raises(ModelInputError, match=message):
        yield_by_month(table(4.0, "a"), table(5.0, "a").astype(object))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: module_temperature(278.0),
            r"^air temperature \[deg C\] must be between -40 and 40; got 278\. Kelvin",
        ),
        (lambda: module_temperature(40.5), "between -40 and 40; got 40.5. Kelvin"),
        (lambda: design_factor(pd.Series({"a": 5.0, "b": 300.0})), "row b: 300"),
        (lambda: design_factor(5.0, mounting="wall"), "'wall'; expected 'ground rack' or 'roof'"),
        (lambda: panel_area(-1.0), "capacity .* got -1"),
        (lambda: monthly_energy(4.0, 5.0, 365), "days of the month .* Monthly values"),
        (
            lambda: monthly_energy(14.4, 5.0, 31),
            r"^irradiation \[kWh/m2 day\] .* got 14\.4\. MJ/m2 day are divided by 3\.6",
        ),
        (lambda: monthly_energy(4000.0, 5.0, 31), "Wh divided by 1000"),
        (lambda: monthly_energy(4.0, 5.0, 31, capacity_kw=-1), "capacity"),
        (
            lambda: capacity_on_area(pd.Series({"a": -2.0}), 500.0),
            r"^area must be 0 or more; got row a: -2\. An area cannot be negative\.$",
        ),
        (lambda: capacity_on_area(2.0, 500.0, usable=1.5), "usable share .* got 1.5"),
        (lambda: capacity_on_area(2.0, 500.0, usable=8), "usable share .* 8 % is 0.08"),
        (
            lambda: annual_energy(1000.0, 1.1439),  # MWh/kW
            r"^yield in a year \[kWh/kW\] .* got 1.1439\. It is the energy of 1 kW",
        ),
        (lambda: annual_energy(1000.0, 1_143_900.0), "energy of 1 kW"),  # of the plant, or Wh/kW
        (
            lambda: annual_energy(pd.Series({"a": -5.0}), 1100.0),
            r"^capacity \[kW\] must be 0 or more; got row a: -5",
        ),
        (
            lambda: annual_energy(pd.Series({"a": 5.0}), pd.Series({"b": 1100.0})),
            "must be on one index",
        ),
        (lambda: monthly_energy(4.0, pd.Series({"a": 5.0}), 31), "must be on one index"),
        (
            lambda: monthly_energy(
                pd.Series({"a": 4.0}), pd.Series({"a": 5.0}), pd.Series({"b": 31})
            ),
            "must be on one index",
        ),
    ],
)
def test_values_out_of_range(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        call()
