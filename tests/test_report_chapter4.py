"""Figures and tables of chapter 4 on solar power: totals agree from settlement to island."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hokkaido_gis.codes import find_code
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.jis_c8907 import Mounting
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.scene import Graduated, Scene
from hokkaido_gis.report import chapter4, chapter4_tables
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.map_frame import BUREAUS
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.results import Table

if TYPE_CHECKING:
    import pandas as pd

    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Result

BUREAU_FIGURES = [f"fig-4-{n}" for n in range(20, 34)]
SURVEYED = {
    "fig-4-37": ("網走市", 4_788),
    "fig-4-38": ("白糠町", 3_300),
    "fig-4-39": ("浜中町", 25_601),
}


def made(name: str, inputs: Inputs, lang: str = "en") -> Result:
    return registry()[name].recipe(inputs, lang)


def top(name: str, inputs: Inputs) -> pd.DataFrame:
    scene = made(name, inputs)
    assert isinstance(scene, Scene)
    return scene.layers[-1].frame


@pytest.mark.parametrize("name", sorted([*chapter4.RECIPES, *BUREAU_FIGURES]))
def test_titles_name_the_figure_and_captions_the_origin(inputs, name):
    number = name.partition("-")[2]
    japanese, english = made(name, inputs, "ja"), made(name, inputs, "en")
    assert number in japanese.title
    assert number in english.title
    assert english.title.startswith(("Figure", "Table"))
    assert "合成" in japanese.caption
    assert re.search("synthetic", english.caption)


# --- energy ---------------------------------------------------------------------------------------


def test_energy_of_the_island_is_that_of_its_bureaus_and_municipalities(inputs):
    whole = top("fig-4-19", inputs)["annual_kwh"].sum()
    bureaus = sum(top(figure, inputs)["annual_kwh"].sum() for figure in BUREAU_FIGURES)
    towns = study.towns_energy(inputs)
    assert len(BUREAUS) == len(BUREAU_FIGURES) == 14
    assert bureaus == pytest.approx(whole)
    assert towns["annual_kwh"].sum() == pytest.approx(whole)
    assert made("fig-6-2", inputs).layers[-1].frame["annual_kwh"].sum() == pytest.approx(whole)
    assert towns["kept_ha"].sum() == pytest.approx(8_221.68)
    np.testing.assert_allclose(towns["capacity_kw"], towns["kept_ha"] * 500)
    assert towns["withheld"].sum() == (inputs.settlements["status"] == "withheld").sum()


def test_settlements_drawn_have_two_hectares(inputs):
    frame = top("fig-4-19", inputs)
    assert frame["abandoned_ha"].min() >= 2
    assert frame["annual_kwh"].notna().all()
    caption = made("fig-4-19", inputs).caption
    assert f"{len(frame):,} settlements with 2 ha and more at 500 kW/ha" in caption


def test_classes_of_energy_are_the_reports(inputs):
    style = made("fig-4-19", inputs).layers[-1].style
    assert isinstance(style, Graduated)
    assert tuple(style.breaks) == (0.5e6, 5e6, 10e6, 20e6, 30e6, 40e6, 50e6)


def test_a_map_of_a_bureau_holds_its_settlements_alone(inputs):
    for figure, bureau in zip(BUREAU_FIGURES, BUREAUS, strict=True):
        towns = inputs.municipalities
        names = set(towns.loc[towns["subprefecture"] == bureau, "name"])
        frame = top(figure, inputs)
        assert set(frame["municipality"]) <= names, bureau
        assert len(frame), bureau


# --- towns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "column"),
    [
        ("fig-4-16", "kept_ha"),
        ("fig-4-17", "irradiation"),
        ("fig-4-18", "max_snow_cm"),
        ("fig-4-49", "people_per_km2"),
        ("fig-6-9", "people_per_km2"),
    ],
)
def test_maps_of_towns_colour_all_179(inputs, figure, column):
    layer = made(figure, inputs).layers[-1]
    assert len(layer.frame) == 179
    assert layer.frame[column].notna().all()
    assert len(set(resolve(layer).index)) > 3


def test_farmland_by_town_sums_to_the_report(inputs):
    frame = top("fig-4-16", inputs)
    assert frame["kept_ha"].sum() == pytest.approx(8_221.68)
    assert frame["abandoned_ha"].sum() == pytest.approx(11_107)
    assert (frame["kept_ha"] <= frame["abandoned_ha"] + 1e-9).all()


def test_people_are_kept_by_density(inputs):
    frame = top("fig-4-49", inputs)
    assert frame["population"].sum() == inputs.population.sum()


@pytest.mark.parametrize("figure", SURVEYED)
def test_surveyed_towns_have_the_reports_labels(inputs, figure):
    town, ares = SURVEYED[figure]
    frame = top(figure, inputs)
    assert frame["abandoned_a"].sum() == pytest.approx(ares)
    assert set(frame["municipality"]) == {town}
    listed = inputs.report("settlements").query("municipality == @town")["settlement"]
    assert set(frame["name"]) == set(listed)
    caption = made(figure, inputs).caption
    assert f"{len(listed)} settlements of {ares:,} a in all" in caption
    assert f"this one has {len(frame)} of {ares:,} a" in caption


# --- tables ---------------------------------------------------------------------------------------


def test_conditions_of_every_town(inputs):
    table = made("table-4-4", inputs)
    assert isinstance(table, Table)
    frame = table.frame.set_index("Municipality")
    assert len(frame) == 179
    energy = frame["Energy (kWh/yr)"]
    assert energy.sum() == pytest.approx(study.towns_energy(inputs)["annual_kwh"].sum(), abs=179)
    assert frame["Energy of 1 kW (kWh/kW)"].notna().all()
    assert "figures of the report's table 4-4 are lost" in table.caption
    marks = chapter4_tables.survey_sites(inputs)
    enough = chapter4_tables.solar_conditions(inputs)["kwh_per_kw"] >= 1010
    assert ((marks["S-1"] == "positive") == enough).all()


def test_surveyed_towns_stand_first_with_print_and_margin(inputs):
    frame = made("table-4-6", inputs).frame.set_index("Municipality")
    assert frame.index[:3].tolist() == ["網走市", "白糠町", "浜中町"]
    printed = frame["Energy in the report (kWh/yr)"]
    assert printed.dropna().to_dict() == {"網走市": 27_384_944, "白糠町": 19_188_988}
    assert frame.loc["網走市", "Capacity (kW)"] == 23_940
    assert frame["S-1 margin"].to_numpy() == pytest.approx(
        frame["Energy of 1 kW (kWh/kW)"].to_numpy() - 1010, abs=0.06
    )
    assert (frame["Positives"].iloc[3:] == 3).all()


# --- inputs ---------------------------------------------------------------------------------------


def test_what_is_missing_is_named(boundaries_alone):
    for figure, layer in (
        ("fig-4-19", "settlements"),
        ("fig-4-37", "settlements"),
        ("fig-4-17", "stations"),
        ("fig-4-49", "population"),
    ):
        with pytest.raises(MissingInputError, match=f"holds no .*{layer}"):
            made(figure, boundaries_alone)


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_a_years_mean_stands_for_the_months_of_real_stations(real_inputs):
    assert not study.has_months(real_inputs)
    yields = study.yields(real_inputs, Mounting.GROUND)
    assert yields["m01"].isna().all()
    assert yields["year"].between(700, 1300).all()
    assert len(top("fig-4-17", real_inputs)) == len(real_inputs.municipalities)


def test_towns_take_the_yield_of_their_stations(inputs):
    energy, code = study.settlement_energy(inputs), find_code("網走市")
    there = energy[(energy["municipality_code"] == code) & (energy["annual_kwh"] > 0)]
    chosen = study.stations_of_towns(inputs).loc[code, "station_ids"].split(";")
    assert set(there["station"]) <= set(chosen)
    assert study.town_climate(inputs)["specific_yield"][code] == pytest.approx(
        study.yields(inputs, Mounting.GROUND)["year"][chosen].mean()
    )
