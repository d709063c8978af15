"""Small hydro: the efficiency that contains its own result, output, generation, histogram."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal

import hokkaido_gis as hg
from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.emissions import avoided_co2
from hokkaido_gis.potential.hydro import (
    EFFICIENCY_CLASSES,
    IRRIGATION_UTILISATION,
    UTILISATION,
    effective_head,
    hydro_generation,
    hydro_output,
    output_from_generation,
    output_histogram,
    total_efficiency,
)
from hokkaido_gis.potential.together import require_one_index, require_with

HEAD = 100.0


def flow_of(hydraulic_kw: float) -> float:
    """Flow [m3/s] that gives this power before losses at a head of 100 m."""
    return hydraulic_kw / (9.8 * HEAD)


def classes_that_contain_their_result(hydraulic_kw: float) -> list[float]:
    """Efficiencies whose class contains the output they lead to, one class after the other."""
    found, above = [], 0.0
    for limit, efficiency in EFFICIENCY_CLASSES:
        if above < hydraulic_kw * efficiency <= limit:
            found.append(efficiency)
        above = limit
    return found


@pytest.fixture(scope="module")
def dams() -> pd.DataFrame:
    return pd.read_csv(hg.sample_data() / "report" / "dams.csv", index_col="dam")


@pytest.mark.parametrize(
    ("height", "flood_control", "head"), [(40.0, True, 26.0), (40.0, False, 32.0), (0.0, True, 0.0)]
)
def test_head_by_hand(height: float, flood_control: bool, head: float) -> None:
    assert effective_head(height, flood_control=flood_control) == pytest.approx(head)


def test_head_of_rows_agrees_with_scalars_and_keeps_what_is_missing() -> None:
    height = pd.Series([40.0, 40.0, None, 25.0], index=list("abcd"))
    purpose = pd.Series([True, False, True, None], index=list("abcd"), dtype="boolean")
    before = height.copy()
    head = effective_head(height, flood_control=purpose)
    assert head.index.equals(height.index)
    assert head["a"] == effective_head(40.0, flood_control=True)
    assert head["b"] == effective_head(40.0, flood_control=False)
    assert head.isna().tolist() == [False, False, True, True]
    assert_series_equal(height, before)


@pytest.mark.parametrize(
    ("flow", "head", "efficiency", "kw"),
    [
        (1.0, 10.0, 0.72, 70.56),  # 98 x 0.72
        (2.0, 10.0, 0.75, 147.0),  # 196 x 0.75
        (5.0, 10.0, 0.78, 382.2),  # 490 x 0.78
        (20.0, 10.0, 0.80, 1568.0),  # 1960 x 0.80
        (40.0, 10.0, 0.82, 3214.4),
        (80.0, 10.0, 0.83, 6507.2),
        (80.0, 20.0, 0.84, 13171.2),
        (80.0, 50.0, 0.80, 31360.0),  # as printed, below the class before
        (0.0, 10.0, 0.72, 0.0),
    ],
)
def test_output_by_hand(flow: float, head: float, efficiency: float, kw: float) -> None:
    assert total_efficiency(flow, head) == efficiency
    assert hydro_output(flow, head) == pytest.approx(kw)
    assert hydro_output(flow, head, efficiency=efficiency) == pytest.approx(kw)


@pytest.mark.parametrize(
    ("limit", "smaller", "larger"),
    [
        (100, 0.72, 0.75),
        (300, 0.75, 0.78),
        (1_000, 0.78, 0.80),
        (2_500, 0.80, 0.82),
        (5_000, 0.82, 0.83),
        (10_000, 0.83, 0.84),
    ],
)
def test_where_two_classes_contain_their_result_the_smaller_is_taken(
    limit: float, smaller: float, larger: float
) -> None:
    between = (limit / larger + limit / smaller) / 2
    assert classes_that_contain_their_result(between) == [smaller, larger]
    assert total_efficiency(flow_of(between), HEAD) == smaller
    assert total_efficiency(flow_of(limit / smaller), HEAD) == smaller
    assert hydro_output(flow_of(limit / smaller), HEAD) == pytest.approx(limit)
    assert total_efficiency(flow_of(limit / smaller * 1.00001), HEAD) == larger


def test_where_no_class_contains_its_result_the_larger_is_taken() -> None:
    for hydraulic in (20_000 / 0.84 * 1.0001, 24_000.0, 20_000 / 0.80):
        assert classes_that_contain_their_result(hydraulic) == []
        assert total_efficiency(flow_of(hydraulic), HEAD) == 0.80
        assert hydro_output(flow_of(hydraulic), HEAD) <= 20_000
    assert classes_that_contain_their_result(20_000 / 0.84) == [0.84]
    assert total_efficiency(flow_of(20_000 / 0.84), HEAD) == 0.84


@given(st.floats(min_value=1e-3, max_value=50_000))
def test_the_efficiency_is_the_smallest_of_those_that_contain_their_result(kw: float) -> None:
    found = classes_that_contain_their_result(kw)
    assert total_efficiency(flow_of(kw), HEAD) == (min(found) if found else 0.80)


def test_classes_of_ones_own() -> None:
    classes = [(10, 0.5), (math.inf, 0.6)]
    assert total_efficiency(flow_of(20.0), HEAD, classes=classes) == 0.5
    assert total_efficiency(flow_of(20.1), HEAD, classes=classes) == 0.6
    by_row = total_efficiency(pd.Series([flow_of(20.0), None]), HEAD, classes=classes)
    assert_series_equal(by_row, pd.Series([0.5, np.nan], name="efficiency"))
    with pytest.raises(ModelInputError, match=r"efficiency of a class \[0-1\] .* row inf: 1.5"):
        total_efficiency(1.0, HEAD, classes=[(10, 0.5), (math.inf, 1.5)])
    for wrong in ([(10, 0.5)], [(10, 0.5), (5, 0.6), (math.inf, 0.7)], []):
        with pytest.raises(ModelInputError, match=r"rise from small .* end with math\.inf"):
            total_efficiency(1.0, 1.0, classes=wrong)
    with pytest.raises(ModelInputError, match=r"efficiency of a class .* got row inf: 80"):
        total_efficiency(1.0, 1.0, classes=[(math.inf, 80.0)])


def test_rows_agree_with_scalars() -> None:
    flow = pd.Series([1.0, 20.0, None, 80.0], index=list("abcd"))
    head = pd.Series([10.0, 10.0, 10.0, 50.0], index=list("abcd"))
    output = hydro_output(flow, head)
    assert output.index.equals(flow.index)
    assert output.isna().tolist() == [False, False, True, False]
    for row in "abd":
        assert output[row] == hydro_output(float(flow[row]), float(head[row]))
    assert_series_equal(hydro_output(2.0, head), hydro_output(pd.Series(2.0, head.index), head))
    assert_series_equal(hydro_output(flow, 10.0), hydro_output(flow, pd.Series(10.0, flow.index)))


def test_generation_by_hand_and_its_inverse() -> None:
    assert hydro_generation(100.0) == pytest.approx(481_800)
    assert hydro_generation(100.0, utilisation=IRRIGATION_UTILISATION) == pytest.approx(289_080)
    output = pd.Series([20.0, None, 1_300.0])
    assert_series_equal(output_from_generation(hydro_generation(output)), output)


def test_generation_of_the_reports_dams_at_both_utilisations(dams: pd.DataFrame) -> None:
    known = dams.dropna(subset=["annual_mwh_at_55pct", "annual_mwh_at_33pct"])
    output = output_from_generation(known["annual_mwh_at_55pct"] * 1000)
    at_33 = hydro_generation(output, utilisation=0.33) / 1000
    # Both prints are rounded to 1 MWh: 0.5, and 0.6 of 0.5.
    assert len(known) == 31
    assert (at_33 - known["annual_mwh_at_33pct"]).abs().max() <= 0.5 + 0.6 * 0.5
    assert at_33.to_numpy() == pytest.approx(known["annual_mwh_at_55pct"].to_numpy() * 33 / 55)


def test_outputs_of_the_reports_dams_that_print_them(dams: pd.DataFrame) -> None:
    known = dams.dropna(subset=["output_kw", "annual_mwh_at_55pct"])
    output = output_from_generation(known["annual_mwh_at_55pct"] * 1000, utilisation=UTILISATION)
    # Rounded to 1 kW, and 0.5 MWh are 0.104 kW.
    assert len(known) == 11
    assert (output - known["output_kw"]).abs().max() <= 0.5 + 500 / (8760 * 0.55)


def test_histogram_by_hand() -> None:
    table = output_histogram(pd.Series([0.0, 20.0, 100.0, 100.1, None, 350.0]), step_kw=100)
    assert table["above_kw"].tolist() == [0, 100, 200, 300]
    assert table["up_to_kw"].tolist() == [100, 200, 300, 400]
    assert table["sites"].tolist() == [3, 1, 0, 1]
    assert table["cumulative_sites"].tolist() == [3, 4, 4, 5]
    assert table["cumulative_share"].tolist() == pytest.approx([0.6, 0.8, 0.8, 1.0])


@pytest.mark.parametrize(("outputs", "rows"), [([], 0), ([None], 0), ([0.0], 1)])
def test_histogram_of_nothing(outputs: list[float | None], rows: int) -> None:
    table = output_histogram(pd.Series(outputs, dtype=float))
    assert table["up_to_kw"].tolist() == [500.0] * rows
    assert table["sites"].sum() == rows


@given(
    st.lists(st.floats(min_value=0, max_value=30_000), min_size=1, max_size=50),
    st.sampled_from([50.0, 100.0, 500.0, 0.7 * 1000]),
)
def test_histogram_loses_no_site_and_agrees_with_pandas(outputs: list[float], step: float) -> None:
    values = pd.Series(outputs)
    table = output_histogram(values, step_kw=step)
    edges = [*table["above_kw"], table["up_to_kw"].iloc[-1]]
    cut = pd.cut(values, edges, include_lowest=True).value_counts(sort=False)
    assert table["sites"].tolist() == cut.tolist()
    assert table["sites"].sum() == len(values)
    assert table["cumulative_share"].iloc[-1] == 1


def test_histogram_of_the_reports_dams(dams: pd.DataFrame) -> None:
    """All commas of the tables survive: a dam that lost its generation has less than 1,667 MWh."""
    at_most = dams["annual_mwh_at_55pct"].fillna(1_667) * 1000
    table = output_histogram(output_from_generation(at_most))
    assert table["sites"].sum() == len(dams) == 70
    # The text has 64 %, which would be 45 dams.
    assert table["cumulative_sites"].iloc[0] == 48


@pytest.mark.parametrize(
    ("flow", "head", "message"),
    [
        (-1.0, 10.0, r"flow \[m3/s\] must be between 0 and 100; got -1"),
        (250.0, 10.0, r"flow \[m3/s\] .* got 250. Is the unit right"),  # L/s
        (1.0, -3.0, r"head \[m\] must be between 0 and 250; got -3"),
        (1.0, 26_000.0, r"head \[m\] .* got 26000"),  # mm
        (
            pd.Series([1.0, 2.0, None], ["青山", "厚真", "緑"]),
            pd.Series([10.0, None, None], ["青山", "厚真", "緑"]),
            r"head \[m\] is missing in row 厚真, where flow \[m3/s\] is given",
        ),
        (1.0, pd.Series([None, 2.0], ["青山", "厚真"]), "head .* missing in row 青山"),
        (
            pd.Series([1.0, -2.0], ["青山", "厚真"]),
            pd.Series([10.0, 1.0], ["青山", "厚真"]),
            "row 厚真: -2",
        ),
        (
            pd.Series([1.0, 2.0], ["青山", "厚真"]),
            pd.Series([10.0, 1.0], ["厚真", "青山"]),
            r"flow \[m3/s\] and head \[m\] are on different rows",
        ),
    ],
)
def test_flow_and_head_outside_their_range(
    flow: float | pd.Series, head: float | pd.Series, message: str
) -> None:
    with pytest.raises(ModelInputError, match=message):
        hydro_output(flow, head)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_head(26_000.0, flood_control=True), "height of the dam .* got 26000"),
        (
            lambda: effective_head(pd.Series([40.0, -1.0], ["青山", "緑"]), flood_control=False),
            "row 緑: -1",
        ),
        (
            lambda: effective_head(pd.Series([1.0]), flood_control=pd.Series([True], ["a"])),
            "on different rows",
        ),
        (lambda: hydro_output(1.0, 10.0, efficiency=72), "between 0 and 1; got 72"),
        (lambda: hydro_generation(1_300_000.0), r"output \[kW\] must be .* got 1.3e\+06"),  # W
        (lambda: hydro_generation(1.0, utilisation=55), r"utilisation \[0-1\] .* got 55"),
        (lambda: output_from_generation(-1.0), r"generation \[kWh/yr\] .* got -1"),
        (lambda: output_from_generation(5e12), "that the generation .* leads to"),  # Wh
        (lambda: output_from_generation(1.0, utilisation=0.0), "utilisation .* got 0"),
        (lambda: output_from_generation(1.0, utilisation=55), "utilisation .* 0.01 and 1; got 55"),
        (lambda: output_histogram(pd.Series([-1.0], ["緑"])), "row 緑: -1"),
        (lambda: output_histogram(pd.Series([1.0]), step_kw=0), r"step \[kW\] .* got 0"),
        (lambda: avoided_co2(-1.0), "generation .* got -1"),
        (lambda: avoided_co2(1.0, kg_per_kwh=3.1), "emission factor .* got 3.1"),
        (lambda: avoided_co2(1.0, kg_per_kwh=485), "emission factor .* got 485"),  # g
        (lambda: avoided_co2(1.0, kg_per_kwh=0.000485), "emission factor .* got 0.000485"),  # t
    ],
)
def test_values_outside_their_range(call, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        call()


def test_all_rows_without_a_price_are_named_with_what_each_lacks() -> None:
    rows = list("abc")
    with pytest.raises(ModelInputError, match=r"2 faults: .*price is missing in row b,.*use .* c"):
        require_with(
            "kWh",
            pd.Series([1.0, 1.0, 1.0], rows),
            {"price": pd.Series([1, None, 2], rows), "use": pd.Series([1, 2, None], rows)},
        )


@pytest.mark.parametrize(
    ("kwh", "tonnes"),
    [(1_143_900, 554.8), (1_162_968, 564.0), (33_796, 16.4), (34_326, 16.6)],
)
def test_carbon_dioxide_of_the_report(kwh: float, tonnes: float) -> None:
    """4.1.5 (554.8 t, 564 t) and 5.1.5 (16.4 t, 16.6 t)."""
    assert round(avoided_co2(kwh), 1) == tonnes


def test_carbon_dioxide_adds_up() -> None:
    generation = pd.Series([1_000.0, None, 3_000.0], index=list("abc"))
    avoided = avoided_co2(generation)
    assert avoided.isna().tolist() == [False, True, False]
    assert avoided.sum() == pytest.approx(avoided_co2(float(generation.sum())))
    assert np.isclose(avoided["a"], 0.485)
    assert avoided_co2(0.0) == 0
    assert avoided_co2(0.5, kg_per_kwh=3) == 0.0015


@pytest.mark.parametrize(
    ("first", "others"),
    [
        (1.0, (2.0, 3.0)),
        (pd.Series([1.0, 2.0], ["a", "b"]), (2.0, pd.Series([3.0, 4.0], ["a", "b"]))),
    ],
)
def test_factors_on_one_index_pass(first: object, others: tuple[object, ...]) -> None:
    assert require_one_index(first, *others) is None


@pytest.mark.parametrize(
    ("first", "others"),
    [
        (1.0, (pd.Series([1.0]),)),
        (pd.Series([1.0, 2.0], ["a", "b"]), (pd.Series([3.0, 4.0], ["b", "a"]),)),
        (pd.Series([1.0]), (2.0, pd.Series([3.0, 4.0]))),
    ],
)
def test_factors_on_other_rows_are_refused(first: object, others: tuple[object, ...]) -> None:
    with pytest.raises(ModelInputError, match="must be on one index, and the first value a Series"):
        require_one_index(first, *others)
