"""Chapter 6 and the regional plan: the same totals by municipality, bureau and island."""

from __future__ import annotations

import re
import shutil
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from hokkaido_gis.codes import find_code
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import CodeError, MissingInputError, ModelInputError
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.scene import Layer, Scene
from hokkaido_gis.report import chapter6, dam_study
from hokkaido_gis.report import solar_study as solar
from hokkaido_gis.report import summary_study as study
from hokkaido_gis.report.chapter6 import PLAN_BUREAUS, PLAN_KW, PRINTED
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.map_frame import BUREAUS, in_bureaus
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.words import heading

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.report.results import Result

WIND_KW, WIND_KWH = 8_221_680, 18_941_764_118  # 表 6-1
DAMS_KW = 700  # 70 dams of 10 kW (表 3-11)


@pytest.fixture(scope="module")
def totals(inputs: Inputs) -> pd.DataFrame:
    return study.totals(inputs)


def without(folder: Path, *patterns: str) -> Inputs:
    """Inputs of the sample but some of its files."""
    left = shutil.ignore_patterns(*patterns, "build", "__pycache__")
    return Inputs(shutil.copytree(sample_data(), folder / "data", ignore=left))


def made(name: str, inputs: Inputs, lang: str = "en") -> Result:
    return registry()[name].recipe(inputs, lang)


@pytest.mark.parametrize("name", sorted([*chapter6.RECIPES, "fig-6-7"]))
def test_titles_name_the_figure_in_both_languages(inputs, name):
    number = name.partition("-")[2]
    japanese, english = made(name, inputs, "ja"), made(name, inputs)
    assert re.match(rf"[図表]{number} ", japanese.title)
    assert re.match(rf"(Figure|Table) {number} ", english.title)
    assert japanese.caption
    assert english.caption


@pytest.mark.parametrize("name", ["table-6-1", "table-7-1", "fig-7-1"])
def test_captions_say_what_is_the_reports(inputs, name):
    assert "報告書の数値、位置は合成" in made(name, inputs, "ja").caption
    assert "the report's figures on synthetic places" in made(name, inputs).caption


# --- totals ---------------------------------------------------------------------------------------


def test_every_municipality_has_every_resource_once(inputs):
    table = study.resources_by_town(inputs)
    assert table.index.is_unique
    assert len(table) == len(study.RESOURCES) * len(inputs.municipalities)
    assert tuple(table.columns) == study.MEASURES
    kw = table[["kw_low", "kw_high"]]
    assert (kw >= 0).all(axis=None)
    assert (table["kw_low"] <= table["kw_high"]).all()
    known = table.dropna()
    assert (known["kwh_low"] <= known["kwh_high"]).all()


def test_totals_are_the_sums_over_municipalities_and_bureaus(inputs, totals):
    by_town = study.resources_by_town(inputs).groupby("resource").sum(min_count=1)
    pd.testing.assert_frame_equal(by_town.loc[totals.index], totals)
    parts = [study.totals(inputs, in_bureaus(inputs, [bureau]).index) for bureau in BUREAUS]
    together = sum(part.fillna(0) for part in parts)
    pd.testing.assert_frame_equal(together, totals.fillna(0))


def test_no_resource_is_lost_on_the_way_to_its_municipality(inputs, totals):
    dams, ports = dam_study.dam_outputs(inputs), solar.port_energy(inputs)
    assert totals.loc["dam_hydro", "kw_low"] == pytest.approx(dams["output_low"].sum())
    assert totals.loc["dam_hydro", "kw_high"] == pytest.approx(dams["output_high"].sum())
    assert totals.loc["port_solar", "kwh_low"] == pytest.approx(ports["printed_kwh"].sum())
    farms = solar.settlement_energy(inputs)
    kept = farms["kept"].fillna(value=False).astype(bool)
    for name, measure in (("annual_kwh", "kwh_low"), ("capacity_kw", "kw_low")):
        total = farms.loc[kept, name].sum()
        assert totals.loc["farmland_solar", measure] == pytest.approx(total)


def test_totals_that_follow_from_the_report_alone(totals):
    assert totals.loc["farmland_wind", "kw_low"] == pytest.approx(WIND_KW)
    assert round(totals.loc["farmland_wind", "kwh_low"]) == WIND_KWH
    assert totals.loc["dam_solar", ["kw_low", "kw_high"]].tolist() == [DAMS_KW, DAMS_KW]
    # 表 6-1: hydro of 32 thousand kW and what is left of it; the ports' energy.
    assert totals.loc["dam_hydro", "kwh_low"] < 93_104_000 < totals.loc["dam_hydro", "kwh_high"]
    assert totals.loc["port_solar", "kwh_low"] < 49_115_243 < totals.loc["port_solar", "kwh_high"]
    assert totals.loc["biomass", ["kwh_low", "kwh_high"]].isna().all()


def test_table_6_1_has_the_printed_beside_the_computed(inputs, totals):
    table = made("table-6-1", inputs)
    assert isinstance(table, Table)
    frame = table.frame.set_index(heading("resource", "en"))
    names = {name: english for name, (_, english) in study.RESOURCES.items()}
    assert frame.index.tolist() == [names[name] for name in totals.index]
    for name, printed in PRINTED.items():
        row = frame.loc[names[name]]
        assert row[heading("kw_low", "en")] == round(totals.loc[name, "kw_low"])
        for column, value in zip(("printed_kw", "printed_kwh"), printed, strict=True):
            shown = row[heading(column, "en")]
            assert pd.isna(shown) if value is None else shown == value
    assert (frame.dtypes == "float64").all()
    wind = frame.loc[names["farmland_wind"]]
    assert wind[heading("kwh_low", "en")] == wind[heading("printed_kwh", "en")] == WIND_KWH


def test_table_6_2_shares_the_surviving_sum(inputs):
    table = made("table-6-2", inputs)
    assert isinstance(table, Table)
    assert table.frame.iloc[0, 1:].tolist() == [7_509, 1_126, 1_502, 1_877, 2_253]
    assert "7,509 MW" in table.caption


# --- the plan -------------------------------------------------------------------------------------


def test_targets_of_the_two_bureaus_are_those_of_the_region():
    now, target = np.sum([PLAN_KW[(bureau,)] for bureau in PLAN_BUREAUS], axis=0)
    assert (now, target) == PLAN_KW[PLAN_BUREAUS] == (474_000, 528_000)


def test_the_region_is_the_sum_of_its_bureaus(inputs):
    shares = {
        bureaus: study.plan_shares(inputs, in_bureaus(inputs, bureaus).index, *plan)
        for bureaus, plan in PLAN_KW.items()
    }
    whole, parts = shares[PLAN_BUREAUS], [shares[(bureau,)] for bureau in PLAN_BUREAUS]
    measures = [*study.MEASURES, "potential_kw", "increase_kw"]
    for measure in measures:
        together = parts[0][measure] + parts[1][measure]
        pd.testing.assert_series_equal(together, whole[measure])
    pd.testing.assert_series_equal(whole["share"], whole["kw_low"] / 54_000, check_names=False)
    assert whole.loc["farmland_wind", "share"] > 1 > whole.loc["biomass", "share"]


def test_any_municipalities_make_a_region(inputs, totals):
    towns = [find_code(name) for name in ("釧路市", "北見市", "函館市")]
    found = study.plan_shares(inputs, towns, 0, 1_000)
    table = study.resources_by_town(inputs)
    by_hand = sum(table.xs(town, level="code") for town in towns)
    pd.testing.assert_frame_equal(found[list(study.MEASURES)], by_hand.loc[found.index])
    everywhere = study.plan_shares(inputs, set(inputs.municipalities.index), 0, 1_000)
    pd.testing.assert_frame_equal(everywhere[list(study.MEASURES)], totals)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (["01206", "13101"], "13101 are none of the 179 municipalities"),
        ([1206], "1206 are none.*5-digit"),
        ([], "no code is one of the 179"),
    ],
)
def test_a_region_of_unknown_places_is_refused(inputs, codes, told):
    with pytest.raises(CodeError, match=told):
        study.plan_shares(inputs, codes, 0, 1_000)


def test_a_plan_that_falls_is_refused(inputs):
    with pytest.raises(ModelInputError, match="increase to the target"):
        study.plan_shares(inputs, [find_code("釧路市")], 528_000, 474_000)


def test_table_7_1_lists_the_region_and_each_bureau(inputs):
    table = made("table-7-1", inputs)
    assert isinstance(table, Table)
    frame = table.frame
    regions = frame[heading("region", "en")]
    assert regions.unique().tolist() == ["・".join(bureaus) for bureaus in PLAN_KW]
    assert (regions.value_counts() == len(study.RESOURCES)).all()
    increase = frame[heading("target_kw", "en")] - frame[heading("now_kw", "en")]
    assert increase.tolist() == frame[heading("increase_kw", "en")].tolist()
    needed, share = (frame[heading(name, "en")] for name in ("needed", "share"))
    np.testing.assert_allclose((needed * share).dropna(), 1, atol=0.05)
    assert (needed.notna() == (share >= 1)).all()
    assert "1,201 to 1,734 ha" in table.caption


# --- figure 7-1 -----------------------------------------------------------------------------------


def test_figure_7_1_draws_what_table_7_1_counts(inputs):
    scene = made("fig-7-1", inputs)
    assert isinstance(scene, Scene)
    towns = in_bureaus(inputs, PLAN_BUREAUS)
    region = study.totals(inputs, towns.index)
    layers = {layer.title: layer for layer in scene.layers if isinstance(layer, Layer)}
    farms = layers["Abandoned farmland (solar, wind)"].frame
    assert farms["capacity_kw"].sum() == pytest.approx(region.loc["farmland_solar", "kw_low"])
    ports = layers["Ports (solar)"].frame
    assert ports["printed_kwh"].sum() == pytest.approx(region.loc["port_solar", "kwh_low"])
    biomass = layers["Woody biomass (municipalities)"].frame
    assert biomass["kw_low"].sum() == pytest.approx(region.loc["biomass", "kw_low"])
    assert set(biomass.index) == set(towns.index)
    # The report has no irrigation dam there, and a layer of nothing is left out.
    assert region.loc["dam_hydro", "kw_high"] == 0
    assert "Dams (small hydro)" not in layers


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_figure_7_1_is_written_and_read_back(inputs, tmp_path, lang):
    scene = made("fig-7-1", inputs, lang)
    assert isinstance(scene, Scene)
    page = write_html(scene, tmp_path / "a.html").read_text(encoding="utf-8")
    with zipfile.ZipFile(write_kmz(scene, tmp_path / "a.kmz")) as archive:
        text = archive.read("doc.kml").decode()
        assert "files/legend.png" in archive.namelist()
    for layer in scene.layers:
        assert layer.title in page
        assert f"<name>{layer.title}</name>" in text
    assert scene.title in page
    ports = scene.layers[-1].frame["name"]
    assert all(f"<name>{name}</name>" in text for name in ports)


@pytest.mark.parametrize(
    ("name", "pattern", "told", "japanese"),
    [
        ("table-6-1", "settlements_census.csv", "holds no", "のファイルがない"),
        ("table-7-1", "ports.geojson", "holds no", "のファイルがない"),
        ("fig-7-1", "stations*", "holds no", "のファイルがない"),
        ("fig-6-7", "ports.geojson", "holds no", "のファイルがない"),
    ],
)
def test_a_missing_layer_is_named_in_both_languages(tmp_path, name, pattern, told, japanese):
    with pytest.raises(MissingInputError, match=told) as caught:
        made(name, without(tmp_path, pattern))
    assert japanese in caught.value.japanese


def test_table_6_2_needs_no_layer(tmp_path):
    assert len(made("table-6-2", Inputs(tmp_path)).frame) == 1
