"""Wind over the abandoned farmland of a run: study, tables and map."""

from __future__ import annotations

import re
import shutil
import zipfile
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import rasterio

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.wind_rating import GRADE_SPEEDS_MS, Grade
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.scene import Layer, RasterLayer, Scene
from hokkaido_gis.report import chapter6, wind_figures
from hokkaido_gis.report import wind_study as study
from hokkaido_gis.report.chapter4 import RECIPES as CHAPTER_4
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.words import heading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hokkaido_gis.report.results import Result

WIND_KW, WIND_KWH = 8_221_680, 18_941_764_118  # 表 6-1


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., Inputs]:
    """Inputs of the sample but some of its files."""

    def copy(*patterns: str) -> Inputs:
        left = shutil.ignore_patterns(*patterns, "build", "__pycache__")
        return Inputs(shutil.copytree(sample_data(), tmp_path / "data", ignore=left))

    return copy


def made(name: str, inputs: Inputs, lang: str = "en") -> Result:
    return wind_figures.RECIPES[name](inputs, lang)


# --- study ----------------------------------------------------------------------------------------


def test_sums_over_settlements_and_municipalities_are_the_reports(inputs):
    fields, towns = study.settlement_wind(inputs), study.town_wind(inputs)
    for table in (fields, towns):
        assert table["capacity_kw"].sum() == pytest.approx(WIND_KW)
        assert round(table["flat_kwh"].sum()) == WIND_KWH
    assert towns["computed_kwh"].sum() == pytest.approx(fields["computed_kwh"].sum())
    assert towns["settlements"].sum() == len(fields) == len(study.farms(inputs))
    assert fields.index.equals(study.farms(inputs).index)


def test_bureaus_add_up_to_the_island(inputs):
    towns = study.town_wind(inputs)
    bureau = inputs.municipalities["subprefecture"].reindex(towns.index)
    assert bureau.notna().all()
    sums = towns.groupby(bureau)[["capacity_kw", "flat_kwh", "kept_ha"]].sum()
    np.testing.assert_allclose(sums.sum(), towns[sums.columns].sum())


def test_the_mean_of_a_settlement_is_no_more_than_its_greatest(inputs):
    fields = study.settlement_wind(inputs)
    seen = fields.dropna(subset="mean_ms")
    assert len(seen)
    assert (seen["mean_ms"] <= seen["max_ms"] + 1e-9).all()
    assert fields["coverage"].between(0, 1 + 1e-9).all()


def test_the_speed_of_a_town_lies_between_those_of_its_settlements(inputs):
    fields = study.settlement_wind(inputs)
    code = study.farms(inputs)["municipality_code"]
    towns = study.town_wind(inputs)
    ends = fields["hub_ms"].groupby(code).agg(["min", "max"]).reindex(towns.index)
    assert (towns["hub_ms"] >= ends["min"] - 1e-9).all()
    assert (towns["hub_ms"] <= ends["max"] + 1e-9).all()


def test_computed_energy_is_capacity_by_hours_and_factor(inputs):
    for table in (study.settlement_wind(inputs), study.town_wind(inputs)):
        hours = table["capacity_kw"] * 8_760
        np.testing.assert_allclose(table["computed_kwh"], hours * table["capacity_factor"])
        np.testing.assert_allclose(table["flat_kwh"], hours * 0.263)


def test_a_map_of_another_height_is_brought_to_the_hub(tmp_path, inputs):
    """With a seventh as exponent, 10 m to 80 m is a factor of 8^(1/7)."""
    folder = shutil.copytree(
        sample_data(), tmp_path / "data", ignore=shutil.ignore_patterns("build", "__pycache__")
    )
    with rasterio.open(folder / "wind.tif", "r+") as file:
        tags = {**file.tags(), **file.tags(1)}
        assert any("80" in str(value) for value in (*tags.values(), *file.descriptions))
        file.descriptions = ("wind speed at 10 m",)
        file.update_tags(**{name: text.replace("80", "10") for name, text in file.tags().items()})
        file.update_tags(
            1, **{name: text.replace("80", "10") for name, text in file.tags(1).items()}
        )
    low = Inputs(folder)
    assert (inputs.wind.height_m, low.wind.height_m) == (80, 10)
    here, there = study.settlement_wind(inputs), study.settlement_wind(low)
    np.testing.assert_allclose(there["mean_ms"], here["mean_ms"])
    np.testing.assert_allclose(here["hub_ms"], here["mean_ms"])
    ratio = (there["hub_ms"] / there["mean_ms"]).dropna()
    assert ratio.std() == pytest.approx(0, abs=1e-9)
    assert ratio.iloc[0] > 1.2


def test_without_lines_the_second_condition_is_not_known(without):
    inputs = without("lines.geojson")
    towns = study.town_wind(inputs)
    assert towns["line_66kv"].isna().all()
    assert towns.loc[towns["grade"] == str(Grade.LOW), "holds"].eq(other=False).all()
    assert towns.loc[towns["grade"] != str(Grade.LOW), "holds"].isna().all()
    table = made("table-4-25", inputs)
    assert isinstance(table, Table)
    assert table.frame[heading("line_up_to_66kv", "en")].isna().all()
    assert isinstance(made("fig-4-48", inputs), Scene)


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(wind_figures.RECIPES))
def test_figures_speak_both_languages_and_say_what_is_synthetic(inputs, name):
    japanese, english = made(name, inputs, "ja"), made(name, inputs)
    number = name.partition("-")[2]
    assert re.match(rf"[図表]{number} ", japanese.title)
    assert re.match(rf"(Figure|Table) {number} ", english.title)
    for words in ("風況: 合成データ", "耕作放棄地: 報告書の数値", "報告書は目視"):
        assert words in japanese.caption
    for words in ("wind: synthetic", "areas: the report's figures", "the report judged by eye"):
        assert words in english.caption


def test_every_settlement_has_one_grade(inputs):
    table = made("table-4-24", inputs)
    assert isinstance(table, Table)
    frame = table.frame
    speeds = study.settlement_wind(inputs)["hub_ms"]
    limits = [np.inf, *GRADE_SPEEDS_MS, -np.inf]
    counted = [int(((speeds >= low) & (speeds < high)).sum()) for high, low in pairwise(limits)]
    assert frame["Settlements"].tolist() == counted
    assert sum(counted) == speeds.notna().sum()
    known = study.farms(inputs)["abandoned_ha"].where(speeds.notna()).sum()
    assert frame["Farmland (ha)"].sum() == pytest.approx(known, abs=0.2)


def test_table_4_25_lists_every_municipality_with_farmland(inputs):
    table = made("table-4-25", inputs)
    assert isinstance(table, Table)
    frame = table.frame
    assert set(frame[heading("code", "en")]) == set(study.farms(inputs)["municipality_code"])
    assert frame[heading("capacity_kw", "en")].sum() == pytest.approx(WIND_KW)
    assert frame[heading("flat_kwh", "en")].sum() == pytest.approx(WIND_KWH, abs=len(frame))
    graded = frame[heading("grade_words", "en")].isin([str(grade) for grade in Grade])
    assert graded.all()
    met = frame[heading("holds", "en")] == "met"
    line = frame[heading("line_up_to_66kv", "en")] == "yes"
    low = frame[heading("grade_words", "en")] == str(Grade.LOW)
    pd.testing.assert_series_equal(met, line & ~low, check_names=False)


# --- the map --------------------------------------------------------------------------------------


def test_the_map_lays_farmland_over_wind(inputs):
    scene = made("fig-4-48", inputs)
    assert isinstance(scene, Scene)
    raster, towns, fields = scene.layers
    assert isinstance(raster, RasterLayer)
    assert isinstance(towns, Layer)
    assert isinstance(fields, Layer)
    assert set(GRADE_SPEEDS_MS) <= set(raster.breaks)
    assert len(fields.frame) == len(study.farms(inputs))
    assert fields.frame["flat_kwh"].sum() == pytest.approx(WIND_KWH, abs=len(fields.frame))
    speeds = fields.frame["hub_ms"]
    by_class = speeds.groupby(resolve(fields).index).agg(["min", "max"])
    # Settlements of a higher grade lie wholly above those of a lower one.
    assert (by_class["min"].to_numpy()[:-1] >= by_class["max"].to_numpy()[1:]).all()


def test_figure_6_3_is_the_same_map_under_its_own_number(inputs):
    first, second = made("fig-4-48", inputs), made("fig-6-3", inputs)
    assert isinstance(first, Scene)
    assert isinstance(second, Scene)
    assert first.title.replace("4-48", "6-3") == second.title
    assert [layer.title for layer in first.layers] == [layer.title for layer in second.layers]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_map_is_written_and_read_back(inputs, tmp_path, lang):
    scene = made("fig-4-48", inputs, lang)
    assert isinstance(scene, Scene)
    raster = scene.layers[0]
    assert isinstance(raster, RasterLayer)
    with zipfile.ZipFile(write_kmz(scene, tmp_path / "a.kmz")) as archive:
        text = archive.read("doc.kml").decode()
        (overlay,) = re.findall(r"<GroundOverlay.*?</GroundOverlay>", text, flags=re.DOTALL)
        picture = re.search(r"<href>([^<]+)</href>", overlay)[1]
        assert archive.read(picture).startswith(b"\x89PNG")
    sides = [
        float(re.search(f"<{s}>([^<]+)<", overlay)[1]) for s in ("west", "south", "east", "north")
    ]
    np.testing.assert_allclose(sides, raster.bounds, atol=0.02)
    assert text.count("<Placemark") >= len(study.farms(inputs))
    page = write_html(scene, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "data:image/png;base64" in page
    for layer in scene.layers:
        assert layer.title in page
    for line in resolve(scene.layers[-1], lang).classes:
        assert line.label in page


@pytest.mark.parametrize(
    ("make", "name", "pattern", "layer"),
    [
        (wind_figures.RECIPES, "fig-4-48", "wind.tif", ("wind map", "風況")),
        (wind_figures.RECIPES, "table-4-24", "wind.tif", ("wind map", "風況")),
        (wind_figures.RECIPES, "table-4-25", "wind.tif", ("wind map", "風況")),
        (wind_figures.RECIPES, "fig-6-3", "settlements.fgb", ("settlements", "集落")),
        (CHAPTER_4, "fig-4-49", "population.csv", ("population", "人口")),
        (
            chapter6.RECIPES,
            "table-6-1",
            "stations_normals.csv",
            ("mean temperature", "気温"),
        ),
    ],
)
def test_what_is_missing_is_named_in_both_languages(without, make, name, pattern, layer):
    english, japanese = layer
    with pytest.raises(MissingInputError, match=f"holds no .*{english}") as caught:
        make[name](without(pattern), "ja")
    assert japanese in caught.value.japanese
