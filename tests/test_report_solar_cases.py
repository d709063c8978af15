"""The model plants of 1,000 kW and 30 kW: months, money and effects as figures and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.solar_yield import DAYS
from hokkaido_gis.render.charts import Chart, Columns
from hokkaido_gis.report import solar_cases as cases
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.results import Table

if TYPE_CHECKING:
    from hokkaido_gis.report.results import Result

PLANTS = {
    "網走市": cases.ABASHIRI,
    "白糠町": cases.SHIRANUKA,
    "能取漁港": cases.NOTORO,
    "白糠漁港": cases.SHIRANUKA_PORT,
}
ENERGY = {
    "網走市": ("fig-4-44", "fig-4-45", "table-4-13"),
    "白糠町": ("fig-4-46", "fig-4-47", "table-4-18"),
    "能取漁港": ("fig-5-18", "fig-5-19", "table-5-15"),
    "白糠漁港": ("fig-5-20", "fig-5-21", "table-5-20"),
}
SURVIVING = {"網走市": 7, "白糠町": 7, "能取漁港": 12, "白糠漁港": 12}


def made(name: str, inputs: Inputs, lang: str = "en") -> Result:
    return cases.RECIPES[name](inputs, lang)


@pytest.mark.parametrize("name", sorted(cases.RECIPES))
def test_titles_name_figure_and_place_in_both_languages(inputs, name):
    number = name.partition("-")[2]
    japanese, english = made(name, inputs, "ja"), made(name, inputs, "en")
    assert number in japanese.title
    assert number in english.title
    assert any(place in japanese.title for place in PLANTS)
    assert english.title.startswith(("Figure", "Table"))
    assert "報告書" in japanese.caption
    assert "report" in english.caption.lower()


@pytest.mark.parametrize("site", PLANTS)
def test_months_are_one_plant_seen_from_three_sides(inputs, site):
    sun, energy, table = (made(name, inputs) for name in ENERGY[site])
    assert isinstance(sun, Chart)
    assert isinstance(energy.plot, Columns)
    assert isinstance(table, Table)
    case = PLANTS[site]
    months = cases.monthly_energy(inputs, case)
    computed = energy.plot.series["computed"]
    np.testing.assert_allclose(computed, months["kwh"])
    (irradiation,) = sun.plot.series.values()
    # E = P H d K, with K of the table.
    np.testing.assert_allclose(
        case.capacity_kw * irradiation.to_numpy() * np.array(DAYS) * months["factor"].to_numpy(),
        computed,
    )
    frame = table.frame
    assert len(frame) == 13
    assert frame["Days"].iloc[-1] == 365
    assert frame["Energy (kWh)"].iloc[-1] == round(months["kwh"].sum())
    assert frame["Energy in the report (kWh/yr)"].iloc[-1] == case.business.generation_kwh


@pytest.mark.parametrize("site", PLANTS)
def test_charts_say_how_many_months_survive(inputs, site):
    energy = made(ENERGY[site][1], inputs)
    printed = energy.plot.series["the report"]
    assert printed.notna().sum() == SURVIVING[site]
    assert f"{SURVIVING[site]} of 12 survive" in energy.caption
    assert f"{PLANTS[site].business.generation_kwh:,.0f} kWh" in energy.caption
    assert printed.sum() <= PLANTS[site].business.generation_kwh


@pytest.mark.parametrize("site", ["能取漁港", "白糠漁港"])
def test_whole_years_of_printed_months(inputs, site):
    printed = cases.printed_months(inputs, PLANTS[site])
    assert printed.index.tolist() == list(range(1, 13))
    assert printed.sum() == PLANTS[site].business.generation_kwh
    computed = cases.monthly_energy(inputs, PLANTS[site])["kwh"]
    assert (computed - printed).abs().max() < 0.5


def test_modules_on_a_roof_are_warmer_and_give_less(inputs):
    for ground, roof in (("網走市", "能取漁港"), ("白糠町", "白糠漁港")):
        on_ground, on_roof = (cases.monthly_energy(inputs, PLANTS[s]) for s in (ground, roof))
        np.testing.assert_allclose(on_roof["module"] - on_ground["module"], 21.5 - 18.4)
        ratio = (on_roof["kwh"] / 30) / (on_ground["kwh"] / 1000)
        assert ratio.between(0.98, 0.99).all()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("table-4-16", {"Initial cost (10,000 yen)": 32_650, "All expenses (10,000 yen/yr)": 2_828,
                        "Profit (10,000 yen/yr)": 1_976, "Payback (years)": 9}),
        ("table-4-21", {"Sale (10,000 yen/yr)": 4_884, "Profit (10,000 yen/yr)": 2_056}),
        ("table-5-18", {"Initial cost (10,000 yen)": 1_398, "Saved by own use (10,000 yen/yr)": 24,
                        "Profit (10,000 yen/yr)": 40, "Payback (years)": 13}),
        ("table-5-23", {"Profit (10,000 yen/yr)": 43, "Payback (years)": 12}),
    ],
)  # fmt: skip
def test_statements_round_as_printed(inputs, name, lines):
    frame = made(name, inputs).frame.set_index("Item")
    assert frame.loc[list(lines), "Rounded as printed"].to_dict() == lines
    exact = frame["Exact"]
    assert (frame["Rounded as printed"] - exact).abs().max() <= 0.5
    assert exact["Income (10,000 yen/yr)"] - exact["All expenses (10,000 yen/yr)"] == (
        pytest.approx(exact["Profit (10,000 yen/yr)"], abs=0.02)
    )


def test_lines_that_a_plant_has_not_got_are_left_out(inputs):
    ground = made("table-4-16", inputs).frame["Item"]
    roof = made("table-5-18", inputs).frame["Item"]
    assert not ground.str.startswith("Saved").any()
    assert not roof.str.startswith(("Lease", "Labour")).any()


@pytest.mark.parametrize(("name", "tonnes"), [("table-4-16", "554.8"), ("table-5-23", "16.6")])
def test_statements_tell_the_co2_that_is_avoided(inputs, name, tonnes):
    assert f"CO2 avoided: {tonnes} t/yr" in made(name, inputs).caption


def test_effect_falls_with_the_share_of_local_builders(inputs):
    table = made("table-4-17", inputs)
    frame = table.frame.set_index("Item")
    assert frame.columns.tolist() == [f"local builders {share} %".replace(" %", "%")
                                      for share in (100, 50, 25)]  # fmt: skip
    effect = frame.loc["Effect on the region (10,000 yen)"]
    assert effect.round().tolist() == [33_956, 16_978, 8_489]
    assert (frame.loc["Equipment (10,000 yen)"] == 20_569.5).all()
    assert "other shares are in proportion" in table.caption


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_months_need_irradiation_by_month(real_inputs):
    with pytest.raises(MissingInputError, match="only the year's mean of irradiation"):
        cases.monthly_energy(real_inputs, cases.ABASHIRI)
    assert made("table-4-16", real_inputs).frame.equals(made("table-4-16", Inputs()).frame)
