"""Figures and tables of chapter 3: dams are counted once, what is lost is said, courses agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from hokkaido_gis.economics.cases import HYDRO_CASES
from hokkaido_gis.economics.hydro_business import income_by_months
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.hydro import hydro_generation
from hokkaido_gis.render.charts import Chart, Columns, Lines, Scatter
from hokkaido_gis.render.scene import Scene
from hokkaido_gis.report import chapter3, flow_figures
from hokkaido_gis.report import dam_study as study
from hokkaido_gis.report.results import Table

if TYPE_CHECKING:
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Result

RECIPES = chapter3.RECIPES | flow_figures.RECIPES
# What the sample has no heights or flows for.
WITHOUT_INPUT = {"fig-3-3", "fig-3-4"}
MADE = sorted(set(RECIPES) - WITHOUT_INPUT)


def made(name: str, inputs: Inputs, lang: str = "en") -> Result:
    return RECIPES[name](inputs, lang)


@pytest.mark.parametrize("name", MADE)
def test_titles_name_the_figure_in_both_languages(inputs, name):
    number = name.partition("-")[2]
    chapter = int(number.partition("-")[0])
    japanese, english = made(name, inputs, "ja"), made(name, inputs, "en")
    assert number in japanese.title
    assert number in english.title
    assert japanese.title[0] in "図表"
    assert english.title.startswith(("Figure", "Table"))
    assert chapter in (3, 6)
    assert japanese.caption
    assert japanese.caption != english.caption
    assert not any("぀" <= letter <= "ヿ" for letter in english.title)


# --- small hydro ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("figure", "step"), [("fig-3-1", 500), ("fig-3-2", 100)])
def test_histograms_count_all_70_dams_once(inputs, figure, step):
    chart = made(figure, inputs)
    assert isinstance(chart, Chart)
    assert isinstance(chart.plot, Columns)
    (counts,) = chart.plot.series.values()
    assert counts.sum() == 70
    assert chart.plot.share is not None
    assert chart.plot.share.iloc[-1] == pytest.approx(1)
    np.testing.assert_allclose(chart.plot.share, counts.cumsum() / 70)
    outputs = study.dam_outputs(inputs)["output_kw"].dropna()
    for label, count in counts.items():
        low, high = (float(end.replace(",", "")) for end in label.split(" ")[0].split("–"))
        if high - low == step:
            assert count >= ((outputs > low) & (outputs <= high)).sum()


def test_only_the_fine_histogram_has_dams_that_may_be_in_several_classes(inputs):
    coarse, fine = (made(f, inputs).plot.series["dams"] for f in ("fig-3-1", "fig-3-2"))
    assert not coarse.index.str.contains("lost").any()
    assert fine.index[0] == "0–400 (lost)"
    assert fine.iloc[0] == 38
    # Both agree on what lies below 500 kW.
    assert (
        fine[["0–400 (lost)", *[f"{n}–{n + 100}" for n in range(0, 500, 100)]]].sum()
        == (coarse["0–500"])
    )


def test_outputs_lie_within_their_bounds_and_follow_the_print(inputs):
    dams = study.dam_outputs(inputs)
    assert len(dams) == 70
    assert (dams["output_low"] <= dams["output_high"]).all()
    known = dams[dams["output_kw"].notna()]
    assert (known["output_low"] == known["output_high"]).all()
    np.testing.assert_allclose(known["kwh_33"] / known["kwh_55"], 33 / 55)
    printed = dams["printed_kw"].notna()
    assert ((dams["output_kw"] - dams["printed_kw"])[printed].abs() <= 0.61).all()
    # No comma is left of 34 dams: 1,000 MWh at 55 %; of four, one: 1,000 MWh lie between.
    lost = dams[dams["output_kw"].isna()]
    for number, dam in lost.iterrows():
        at_55 = hydro_generation(float(dam["output_high"])) / 1000
        at_33 = hydro_generation(float(dam["output_high"]), utilisation=0.33) / 1000
        assert round(at_33 if number in study.LOST_THOUSANDS else at_55) == 1000


def test_the_flows_are_lost_and_said_to_be(inputs):
    with pytest.raises(MissingInputError, match="irrigation flows of tables 3-3 to 3-5 are lost"):
        made("fig-3-3", inputs)


def test_heads_need_heights(inputs):
    with pytest.raises(MissingInputError, match="no dam of the layer has a height"):
        made("fig-3-4", inputs)


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_heads_of_real_dams(real_inputs):
    chart = made("fig-3-4", real_inputs)
    assert isinstance(chart.plot, Scatter)
    known = chart.plot.known
    assert len(known) > 20
    heights = real_inputs.dams["height_m"].max()
    assert 0 < chart.plot.ranges[0].max().max() <= 0.8 * heights


@pytest.mark.parametrize("figure", ["fig-3-5", "fig-6-4"])
def test_map_of_outputs_draws_every_dam_once(inputs, figure):
    scene = made(figure, inputs)
    assert isinstance(scene, Scene)
    frame = scene.layers[-1].frame
    assert len(frame) == 70
    assert frame["size"].value_counts().sum() == 70
    assert (frame["size"] == "small").sum() == frame["output_kw"].isna().sum() == 38
    assert frame.loc[frame["size"] == "largest", "output_kw"].min() > 2000
    assert "of the other 38 only bounds are known" in scene.caption
    assert "synthetic" in scene.caption


def test_tables_of_outputs_list_the_dams_in_three_sheets(inputs):
    frames = [made(f"table-3-{n}", inputs).frame for n in (3, 4, 5)]
    assert [len(frame) for frame in frames] == [24, 24, 22]
    names = pd.concat(frames)["Municipality"]
    assert len(names) == 70
    whole = pd.concat(frames)
    printed = whole["Energy in the report, 33 % (MWh)"]
    computed = whole["Energy at 33 % (MWh)"]
    both = printed.notna() & computed.notna()
    assert both.sum() == 31
    assert ((printed - computed)[both].abs() <= 0.8).all()


# --- money ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("figure", "kind"), [("fig-3-6", Columns), ("fig-3-7", Lines)])
def test_incomes_of_three_cases_and_twelve_months(inputs, figure, kind):
    chart = made(figure, inputs)
    assert isinstance(chart.plot, kind)
    assert list(chart.plot.series) == ["case I", "case II", "case III"]
    for case, series in zip(HYDRO_CASES.values(), chart.plot.series.values(), strict=True):
        assert len(series) == 12
        income = income_by_months(case)["net_income_thousand_yen"]
        np.testing.assert_allclose(series, income)
    assert "fitted to the report's incomes" in chart.caption


def test_costs_add_up_as_printed(inputs):
    table = made("table-3-10", inputs)
    assert isinstance(table, Table)
    frame = table.frame.set_index("Item")
    assert frame.shape == (10, 3)
    parts = frame.iloc[:4].sum()
    assert (parts * 1.05 - frame.iloc[4]).abs().max() <= 3
    assert (frame.iloc[5:9].sum() - frame.iloc[9]).abs().max() <= 2
    assert frame.loc["Construction with tax (1,000 yen)", "ケースIII"] == 770_517


# --- sun ------------------------------------------------------------------------------------------


def test_solar_table_and_map_hold_the_printed_values(inputs):
    table, scene = made("table-3-11", inputs), made("fig-6-5", inputs)
    printed = table.frame["Energy in the report (kWh/yr)"]
    assert len(printed) == len(scene.layers[-1].frame) == 70
    assert (printed.notna().sum(), printed.sum()) == (63, 619_616)
    assert "619,616" in table.caption
    assert "687,019" in table.caption
    shown = scene.layers[-1].frame["annual_kwh"]
    assert shown.notna().all()
    assert shown[printed.notna().to_numpy()].sum() == 619_616
    assert "those lost (7)" in scene.caption


def test_maps_need_the_layer_of_dams(boundaries_alone):
    for figure in ("fig-3-5", "fig-6-5", "table-3-11"):
        with pytest.raises(MissingInputError, match="holds no "):
            made(figure, boundaries_alone)
    assert made("fig-3-1", boundaries_alone).plot.series["dams"].sum() == 70


# --- courses of flow ------------------------------------------------------------------------------


def test_both_courses_carry_the_same_water(inputs):
    chart = made("fig-3-9", inputs)
    assert isinstance(chart.plot, Lines)
    large, small = chart.plot.series.values()
    noons = np.arange(365) + 0.5
    means = [np.interp(noons, flow.index, flow).mean() for flow in (large, small)]
    assert means == pytest.approx([flow_figures.MEAN_FLOW_M3_S] * 2)
    assert large.max() - large.min() > small.max() - small.min()
    assert (large.diff().dropna() <= 0).all()


@pytest.mark.parametrize(("figure", "course"), [("fig-3-11", 0), ("fig-3-12", 1)])
def test_steps_of_the_method_sum_to_the_columns_of_the_chart(inputs, figure, course):
    table, chart = made(figure, inputs), made("fig-3-10", inputs)
    steps = table.frame.groupby("Laid out for")["Energy (kWh)"].sum()
    bars = list(chart.plot.series.values())[course]
    np.testing.assert_allclose(steps[bars.index], bars, rtol=1e-6)


def test_the_steadier_course_gives_more_from_large_turbines(inputs):
    """3.1 (5): 流量の最大と最小の差が小さいほうが有利."""
    large, small = made("fig-3-10", inputs).plot.series.values()
    assert small.max() > large.max()


def test_flows_are_said_to_be_an_example(inputs):
    for figure in flow_figures.RECIPES:
        assert "The report's flows are lost" in made(figure, inputs).caption
        assert "報告書の流量は失われた" in made(figure, inputs, "ja").caption
