"""Generation from flow and days: a curve by hand, limiting cases, the report's comparison."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.flow_duration import (
    FLOW_CLASSES,
    REPORT_HEAD_M,
    cross_flow_efficiency,
    generation_by_design_flow,
    generation_from_flow,
    straight_flow,
)
from hokkaido_gis.potential.hydro import hydro_generation, hydro_output


def no_loss(load: pd.Series) -> pd.Series:
    """Efficiency that part load does not lower."""
    return load * 0 + 1


def half_at_half(load: pd.Series) -> pd.Series:
    return load


CURVE = pd.Series({0: 3.0, 100: 2.0, 200: 1.0, 300: 0.5}, name="flow")
CURVE.index.name = "days"


def test_four_points_by_hand() -> None:
    """9.8 x 10 m x 0.5 is 49 kW of each m3/s; the turbine takes up to 2, and stands below 0.8."""
    table = generation_from_flow(
        CURVE,
        10.0,
        design_flow_m3_s=2.0,
        efficiency=0.5,
        part_load=half_at_half,
        least_load=0.4,
    )
    assert table.index.equals(CURVE.index)
    by_hand = {
        "days": [0, 100, 100, 100],
        "flow_m3_s": [2, 2, 1, 0.5],
        "load": [1, 1, 0.5, 0.25],
        "efficiency": [0.5, 0.5, 0.25, 0],
        "output_kw": [98, 98, 24.5, 0],
        "mean_output_kw": [98, 98, 61.25, 12.25],
        "generation_kwh": [0, 235_200, 147_000, 29_400],
    }
    assert list(table) == list(by_hand)
    for column, values in by_hand.items():
        assert table[column].tolist() == pytest.approx(values), column


def test_a_turbine_runs_at_its_least_load() -> None:
    """Half of the design flow is on 200 days, and half is asked for."""
    table = generation_from_flow(
        CURVE,
        10.0,
        design_flow_m3_s=2.0,
        efficiency=0.5,
        part_load=half_at_half,
        least_load=0.5,
    )
    assert table["output_kw"].tolist() == pytest.approx([98, 98, 24.5, 0])


def test_before_the_first_day_its_output_runs_and_after_the_last_none() -> None:
    table = generation_from_flow(
        CURVE.loc[100:], 10.0, design_flow_m3_s=1.0, efficiency=0.5, part_load=no_loss
    )
    assert table["days"].tolist() == [100, 100, 100]
    assert table["generation_kwh"].iloc[0] == pytest.approx(24 * 100 * 49)
    assert table["days"].sum() == 300


def test_a_constant_flow_gives_full_output_all_year() -> None:
    flow = straight_flow(0.5, fall=0.0)
    table = generation_from_flow(flow, 32.0, design_flow_m3_s=0.5)
    full = hydro_output(0.5, 32.0)
    assert table["generation_kwh"].sum() == pytest.approx(hydro_generation(full, utilisation=1.0))


def test_head_by_point_and_one_head_agree() -> None:
    one = generation_from_flow(CURVE, 10.0, design_flow_m3_s=2.0)
    many = generation_from_flow(CURVE, pd.Series(10.0, CURVE.index), design_flow_m3_s=2.0)
    assert_frame_equal(one, many)
    lower = pd.Series([12.0, 11.0, 9.0, 8.0], CURVE.index)
    falling = generation_from_flow(CURVE, lower, design_flow_m3_s=2.0)
    assert falling["output_kw"].iloc[0] == pytest.approx(one["output_kw"].iloc[0] * 1.2)


def test_the_turbine_has_one_efficiency_by_its_mean_head() -> None:
    """9.8 x 1.4 x 10 x 0.72 is 98.8 kW, of the class up to 100; with 12 m it would be above."""
    head = pd.Series([12.0, 11.0, 9.0, 8.0], CURVE.index)
    table = generation_from_flow(CURVE, head, design_flow_m3_s=1.4, part_load=no_loss)
    assert table["efficiency"].tolist() == [0.72] * 4


def test_input_stays_as_it_was() -> None:
    before = CURVE.copy()
    generation_by_design_flow(CURVE, 10.0, classes={"most": 100})
    assert_series_equal(CURVE, before)


@given(st.floats(min_value=0.01, max_value=50), st.floats(min_value=0, max_value=2))
def test_straight_lines_of_one_mean_carry_the_same_water(mean: float, fall: float) -> None:
    flow = straight_flow(mean, fall=fall)
    width = pd.Series(flow.index, flow.index).diff()
    volume = (width * (flow + flow.shift()) / 2).sum()
    assert flow.name == "flow_m3_s"
    assert volume == pytest.approx(365 * mean)
    assert flow.iloc[0] - flow.iloc[-1] == pytest.approx(fall * mean)


@given(
    st.floats(min_value=0.05, max_value=5),
    st.floats(min_value=0, max_value=1.8),
    st.sampled_from(sorted(FLOW_CLASSES.values())),
)
def test_no_more_than_the_water_or_the_turbine_can_give(
    mean: float, fall: float, days: int
) -> None:
    flow = straight_flow(mean, fall=fall)
    design = float(flow[days])
    year = generation_from_flow(flow, 32.0, design_flow_m3_s=design)["generation_kwh"].sum()
    full = hydro_output(design, 32.0)
    assert year <= hydro_generation(full, utilisation=1.0) * (1 + 1e-9)
    assert year <= hydro_generation(full / design * mean, utilisation=1.0) * (1 + 1e-9)


def test_small_differences_of_flow_give_more_as_the_report_says() -> None:
    """Figures 3-9 and 3-10: the same water, spread evenly, gives more at every design flow."""
    large, small = (
        generation_by_design_flow(straight_flow(0.3, fall=fall), REPORT_HEAD_M)
        for fall in (1.6, 0.4)
    )
    assert large.index.tolist() == list(FLOW_CLASSES)
    assert (small["generation_kwh"] > large["generation_kwh"]).all()
    assert (small["utilisation"] >= large["utilisation"]).all()
    assert small["design_flow_m3_s"].is_monotonic_increasing


def test_design_flows_between_points_are_interpolated() -> None:
    table = generation_by_design_flow(CURVE, 10.0, classes={"here": 150, "there": 100})
    assert table["design_flow_m3_s"].tolist() == [1.5, 2.0]
    alone = generation_from_flow(CURVE, 10.0, design_flow_m3_s=1.5)["generation_kwh"].sum()
    assert table["generation_kwh"]["here"] == pytest.approx(alone)


def test_terms_of_the_turbine_are_those_of_one_design_flow() -> None:
    terms = {"efficiency": 0.5, "part_load": half_at_half, "least_load": 0.6}
    table = generation_by_design_flow(CURVE, 10.0, classes={"here": 150}, **terms)
    alone = generation_from_flow(CURVE, 10.0, design_flow_m3_s=1.5, **terms)
    assert table["generation_kwh"]["here"] == pytest.approx(alone["generation_kwh"].sum())
    # 73.5 kW up to day 100; of 1 m3/s two thirds of the 49 x 0.5 x 2; nothing after.
    at_200 = 9.8 * 10 * 1.0 * 0.5 * (1 / 1.5)
    assert alone["output_kw"].tolist() == pytest.approx([73.5, 73.5, at_200, 0])


def test_classes_of_figure_3_9() -> None:
    assert FLOW_CLASSES == {"渇水": 355, "低水": 275, "平水": 185, "豊水": 95, "35日": 35}


def test_part_load_of_a_cross_flow_turbine() -> None:
    loads = pd.Series([1.0, 0.5, 0.0])
    by_hand = [1.0, (0.79 - 0.075 - 1.37 / 2**14) / 0.79, 0.0]
    assert cross_flow_efficiency(loads).tolist() == pytest.approx(by_hand)
    many = cross_flow_efficiency(pd.Series([i / 100 for i in range(101)]))
    assert many.is_monotonic_increasing


@pytest.mark.parametrize(
    ("flow", "head", "message"),
    [
        (
            CURVE,
            pd.Series([10.0, 10.0, None, 10.0], CURVE.index),
            r"head \[m\] is missing in row 200, where flow \[m3/s\] is given",
        ),
        (CURVE, pd.Series([10.0] * 4), "on different rows"),
        (CURVE, 32_000.0, r"head \[m\] .* got 32000"),  # mm
        (CURVE * 1000, 10.0, r"flow \[m3/s\] .* row 0: 3000"),  # L/s
        (-CURVE, 10.0, "row 0: -3"),
        (CURVE.where(CURVE != 1), 10.0, "flow .* missing in row 200; a curve needs every point"),
        (CURVE.iloc[:0], 10.0, "has no points"),
        (CURVE.iloc[::-1], 10.0, "days must rise from row to row"),
        (CURVE.set_axis([0, 100, 100, 200]), 10.0, "days must rise"),
        (CURVE.set_axis([0, 100, 200, 8760]), 10.0, "days on which a flow is reached .* 8760"),
        (CURVE.sort_values().set_axis(CURVE.index), 10.0, "rises with the days at row 100, 200"),
    ],
)
def test_curves_that_are_none(flow: pd.Series, head: float | pd.Series, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        generation_from_flow(flow, head, design_flow_m3_s=2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: generation_from_flow(CURVE, 10.0, design_flow_m3_s=0), "design flow .* got 0"),
        (lambda: generation_from_flow(CURVE, 10.0, design_flow_m3_s=2000), "design flow .* 2000"),
        (
            lambda: generation_from_flow(CURVE, 10.0, design_flow_m3_s=2, least_load=30),
            "least load .* got 30",
        ),
        (
            lambda: generation_from_flow(
                CURVE, 10.0, design_flow_m3_s=2, part_load=lambda load: load * 90
            ),
            "share of the efficiency at full load .* between 0 and 1; got row 0: 90",
        ),
        (
            lambda: generation_by_design_flow(CURVE, 10.0),
            "days of a class within the curve .* between 0 and 300; got row 渇水: 355",
        ),
        (lambda: straight_flow(-1.0, fall=0.5), "mean flow .* between 0 and 50; got -1"),
        (lambda: straight_flow(1.0, fall=3.0), "fall .* got 3"),
        (lambda: cross_flow_efficiency(pd.Series([1.5])), "load .* row 0: 1.5"),
    ],
)
def test_values_outside_their_range(call, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        call()
