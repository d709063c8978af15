"""The report's tables and maps of the power grid, and axis C-3, on the sample and on real lines."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely

from hokkaido_gis.analysis.nearest import nearest_features
from hokkaido_gis.criteria import parse_criteria, read_criteria
from hokkaido_gis.crs import GRS80
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.grid.by_municipality import has_line_up_to
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.scene import Scene
from hokkaido_gis.report import biomass_study as study
from hokkaido_gis.report import grid_maps, grid_overlay, grid_tables
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.run import run_figure
from hokkaido_gis.siting import evaluate_siting

ISLANDS = ["奥尻町", "礼文町", "利尻町", "利尻富士町"]
pytestmark = pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")


def table(name: str, inputs: Inputs, lang: str = "ja") -> pd.DataFrame:
    result = registry()[name].recipe(inputs, lang)
    assert isinstance(result, Table)
    return result.frame


def scene(figure: str, inputs: Inputs, lang: str = "ja") -> Scene:
    result = registry()[figure].recipe(inputs, lang)
    assert isinstance(result, Scene)
    return result


# --- tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["table-2-8", "table-4-3"])
def test_tables_have_every_municipality_and_the_five_classes(inputs, name):
    frame = table(name, inputs)
    assert frame["市町村コード"].tolist() == inputs.municipalities.index.tolist()
    classes = ["275 kV", "187 kV", "100-110 kV", "66 kV", "33 kV以下"]
    assert frame.columns[2:7].tolist() == classes
    for each in classes:
        assert set(frame[each]) <= {"○", ""}
        # A length of under 50 m is rounded to nothing.
        assert (frame.loc[frame[f"{each} (km)"] > 0, each] == "○").all()
        assert (frame.loc[frame[each] == "", f"{each} (km)"] == 0).all()


def test_lengths_of_table_2_8_add_up_to_the_layer(inputs):
    frame = table("table-2-8", inputs, "en")
    caption = registry()["table-2-8"].recipe(inputs, "en").caption
    told = re.search(r"([\d,]+) km in all, (\d+) km of them outside", caption)
    whole, outside = (float(number.replace(",", "")) for number in told.groups())
    inside = frame.filter(like="(km)").to_numpy().sum()
    assert inside + outside == pytest.approx(whole, abs=0.05 * 179 * 5)


def test_islands_without_line_are_negative(inputs):
    frame = table("table-2-8", inputs)
    assert frame.loc[frame["評価 (C-3)"] == "×", "市町村名"].tolist() == ISLANDS


def test_table_4_3_marks_what_the_function_says(inputs):
    frame = table("table-4-3", inputs, "en").set_index("Code")
    marks = has_line_up_to(grid_tables.municipal_grid(inputs), 66)
    assert (frame["Line of 66 kV or less"] == "○").tolist() == marks.tolist()
    surveyed = frame[frame["Report (sites by table 4-5)"] == "○"]
    assert surveyed["Municipality"].tolist() == ["網走市", "浜中町", "白糠町"]


@pytest.mark.parametrize("name", ["table-2-8", "table-4-3"])
def test_captions_say_where_the_lines_come_from(inputs, real_inputs, name):
    assert (
        "送電線: 合成データ (実在の地点ではない)" in registry()[name].recipe(inputs, "ja").caption
    )
    assert "lines: synthetic" in registry()[name].recipe(inputs, "en").caption
    caption = registry()[name].recipe(real_inputs, "ja").caption
    assert "合成" not in caption
    assert "OpenStreetMap" in caption


def test_unknown_voltages_have_columns_of_their_own(real_inputs):
    frame = table("table-4-3", real_inputs, "en")
    assert {"unknown voltage (km)", "direct current (km)"} <= set(frame.columns)
    assert "other voltages" not in frame.columns
    # The layer knows no line of 66 kV or less, and 316 of unknown voltage.
    assert set(frame["Line of 66 kV or less"]) == {"", "unknown"}


# --- what survives of the report's marks --------------------------------------------------------


def test_synthetic_lines_are_not_compared_with_the_report(inputs):
    rows = [check.row("en") for check in grid_tables.checks(inputs)]
    assert [row["verdict"] for row in rows] == ["input lost"] * 3
    assert all("synthetic" in row["cause"] for row in rows)


def test_real_lines_of_unknown_voltage_decide_nothing(real_inputs):
    rows = [check.row("ja") for check in grid_tables.checks(real_inputs)]
    assert [row["verdict"] for row in rows] == ["input lost"] * 3
    assert {row["cause"] for row in rows} == {"送電線の電圧が不明"}


@pytest.fixture
def given(tmp_path) -> Inputs:
    """Lines as of a user's own: those of the sample without what passes 白糠町."""
    for name in ("municipalities.geojson", "substations.geojson"):
        shutil.copy(sample_data() / name, tmp_path)
    sample = Inputs()
    town = sample.municipalities.geometry["01668"]
    lines = sample.lines[~sample.lines.intersects(town)]
    lines.drop(columns="voltage_class").reset_index().to_file(tmp_path / "lines.gpkg")
    return Inputs(tmp_path)


def test_lines_of_a_users_own_are_compared(given):
    rows = {check.quantity[1][:3]: check.row("en") for check in grid_tables.checks(given)}
    verdicts = {name: row["verdict"] for name, row in rows.items()}
    assert verdicts == {"網走市": "equal", "浜中町": "equal", "白糠町": "differs"}
    assert rows["白糠町"]["cause"] == "data: the layer has no line of 66 kV or less there"


def test_a_folder_without_lines_says_so(tmp_path):
    shutil.copy(sample_data() / "municipalities.geojson", tmp_path)
    rows = [check.row("en") for check in grid_tables.checks(Inputs(tmp_path))]
    assert [row["verdict"] for row in rows] == ["input lost"] * 3
    assert all("no layer of lines" in row["cause"] for row in rows)


# --- axis C-3 ----------------------------------------------------------------------------------


def test_c_3_changes_nothing_of_the_answer_but_its_own_mark(inputs):
    """Switched on, it is a negative mark without a knock-out."""
    plain = study.siting_answer(inputs)
    with_grid = evaluate_siting(
        grid_tables.siting_table_with_grid(inputs),
        grid_tables.criteria_with_grid(inputs.criteria),
        adjacency=inputs.listed_adjacency,
    )
    assert sorted(with_grid.loc[with_grid["C-3"] == "negative", "name"]) == sorted(ISLANDS)
    same = ["positives", "rank", "candidate", "knocked_out_by"]
    pd.testing.assert_frame_equal(with_grid[same], plain[same])
    more = with_grid["negatives"] - plain["negatives"]
    assert more.equals((with_grid["C-3"] == "negative").astype(more.dtype))


def test_the_block_in_the_criteria_file_is_the_criterion(inputs, tmp_path):
    """What a user switches on by taking the marks off is the axis that the library uses."""
    file = sample_data() / "criteria" / "woody_biomass.toml"
    text = file.read_text(encoding="utf-8")
    block = re.search(r"# \[\[criterion\]\]\n(# .+\n)+", text).group()
    on = tmp_path / "on.toml"
    on.write_text(text.replace(block, block.replace("# ", "")), encoding="utf-8")
    assert read_criteria(on) == grid_tables.criteria_with_grid(inputs.criteria)


def test_unknown_access_is_not_evaluated(real_inputs):
    access = grid_tables.siting_table_with_grid(real_inputs)[grid_tables.ACCESS]
    assert set(access.dropna()) == {0.0, 1.0}
    marks = grid_tables.access_marks(real_inputs, "en")
    assert (marks[access.isna()] == "not evaluated").all()
    assert (marks[access == 0] == "negative").all()
    assert marks.name == "C-3 (from the lines given, not counted)"


def test_c_3_may_knock_out_where_a_user_says_so(inputs):
    settings = inputs.criteria.model_dump()
    settings["criterion"] = [*settings["criterion"], grid_tables.C_3.model_dump()]
    settings["knock_out"] = [*settings["knock_out"], {"criterion": "C-3"}]
    answer = evaluate_siting(
        grid_tables.siting_table_with_grid(inputs),
        parse_criteria(settings),
        adjacency=inputs.listed_adjacency,
    )
    struck = answer["knocked_out_by"].str.contains("C-3")
    assert sorted(answer.loc[struck, "name"]) == sorted(ISLANDS)


# --- maps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", ["fig-2-10", "fig-4-34", "fig-6-8"])
def test_grid_map_has_the_five_classes_of_the_report(inputs, figure):
    _, lines, substations = scene(figure, inputs).layers
    labels = ["275 kV", "187 kV", "100-110 kV", "66 kV", "33 kV以下"]
    assert [each.label for each in resolve(lines).classes] == labels
    assert [each.label for each in resolve(substations).classes] == labels
    widths = [each.symbol.stroke_width for each in resolve(lines).classes]
    radii = [each.symbol.radius for each in resolve(substations).classes]
    assert widths == sorted(set(widths), reverse=True)
    assert radii == sorted(set(radii), reverse=True)
    assert (len(lines.frame), len(substations.frame)) == (
        len(inputs.lines),
        len(inputs.substations),
    )


def test_classes_can_be_told_apart_in_grey():
    """Luma by Rec. 601, as printers make grey of colours; from 275 kV down to 33 kV."""
    colours = [grid_maps.SYMBOLS[each][0] for each in list(grid_maps.SYMBOLS)[:5]]
    rgb = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])
    luma = rgb @ [0.299, 0.587, 0.114]
    assert all(lighter - darker > 25 for darker, lighter in pairwise(luma))


def test_high_voltages_lie_on_top(inputs):
    for layer in scene("fig-2-10", inputs).layers[1:]:
        assert layer.frame["kv"].is_monotonic_increasing


def test_the_island_names_main_substations_a_sheet_names_its_own(inputs):
    stations = scene("fig-2-10", inputs).layers[2].frame
    assert (stations["label"].notna() == (stations["kv"] >= 187)).all()
    ground, _, stations = (layer.frame for layer in scene("fig-2-17", inputs).layers)
    named = ground[ground["label"].notna()]
    assert set(named["subprefecture"]) == {"檜山振興局", "渡島総合振興局"}
    inside = stations.intersects(named.union_all())
    assert stations["label"].notna().equals(inside)


def test_six_sheets_take_in_every_municipality_once(inputs):
    named = []
    for number in range(14, 20):
        ground = scene(f"fig-2-{number}", inputs).layers[0].frame
        named += ground.index[ground["label"].notna()].tolist()
    assert sorted(named) == sorted(inputs.municipalities.index)


def test_unknown_voltages_are_named_in_the_legend(real_inputs):
    _, lines, substations = scene("fig-4-34", real_inputs).layers
    for layer in (lines, substations):
        classes = resolve(layer).classes
        assert classes[-1].label == "電圧不明"
    assert (lines.frame["drawn_class"] == grid_maps.UNKNOWN).sum() == 316


# --- farmland over the grid ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def farms(inputs):
    return grid_overlay.connected_farmland(inputs)


def test_overlay_takes_settlements_that_need_a_transmission_line(inputs, farms):
    settlements = inputs.settlements
    kept = settlements[settlements["abandoned_ha"] >= 4]
    assert farms.index.equals(kept.index)
    assert farms["capacity_kw"].to_numpy() == pytest.approx(kept["abandoned_ha"] * 500)
    assert farms["capacity_kw"].min() >= 2000
    assert set(farms["line_kv"].dropna()) == {33.0, 66.0}
    assert farms["line_name"].notna().all()


def test_lines_of_the_overlay_are_the_nearest_of_66_and_33_kv(inputs, farms):
    """Without further costs the cheapest connection is the shortest."""
    allowed = inputs.lines[inputs.lines["kv"].isin([33.0, 66.0])]
    nearest = nearest_features(farms, allowed).set_index("site")["km"]
    assert farms["line_km"].to_numpy() == pytest.approx(nearest.loc[farms.index], rel=1e-9)
    # 0.12 億円 a kilometre.
    assert farms["cost_million_yen"].to_numpy() == pytest.approx(farms["line_km"] * 12, rel=1e-9)


def test_connections_are_drawn_from_the_settlement_to_its_line(inputs, farms):
    drawn = scene("fig-4-35", inputs).layers[3].frame
    apart = farms[farms["line_km"] > 0]
    assert drawn.index.equals(apart.index)
    km = drawn.geometry.map(GRS80.geometry_length) / 1000
    assert km.to_numpy() == pytest.approx(apart["line_km"].to_numpy(), rel=1e-9, abs=1e-9)
    lines = inputs.lines.geometry.loc[apart["line_id"]].to_numpy()
    for end, shapes in ((0, apart.geometry.to_numpy()), (1, lines)):
        points = shapely.get_point(drawn.geometry.to_numpy(), end)
        assert shapely.distance(points, shapes).max() < 1e-9


def test_overlay_has_balloons_in_both_languages(inputs):
    headings = scene("fig-4-35", inputs).layers[1].popup
    assert list(headings.values())[4:] == [
        "必要な電圧 (kV以上)", "最寄りの送電線", "その電圧 (kV)", "送電線までの距離 (km)",
        "連系の概算費用 (百万円)",
    ]  # fmt: skip
    english = scene("fig-4-35", inputs, "en").layers[1].popup
    assert list(english) == list(headings)
    assert not any(re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text) for text in english.values())


def test_the_example_is_the_municipality_with_the_most_settlements(inputs, farms):
    most = farms["municipality"].value_counts()
    enlarged = scene("fig-4-36", inputs)
    shown = enlarged.layers[1].frame
    assert set(shown["municipality"]) == {most.index[0]}
    assert len(shown) == most.iloc[0] > most.iloc[1]
    west, south, east, north = enlarged.view
    seen = enlarged.layers[3].frame.total_bounds
    assert west < seen[0]
    assert south < seen[1]
    assert seen[2] < east
    assert seen[3] < north


@pytest.mark.parametrize("name", ["釧路市", "上砂川町"])
def test_any_municipality_may_be_enlarged(inputs, farms, tmp_path, name):
    paths = run_figure("fig-4-36", out=tmp_path, municipality=name)
    assert [path.suffix for path in paths] == [".kmz", ".html", ".png"]
    code = inputs.municipalities.index[inputs.municipalities["name"] == name].item()
    result = registry()["fig-4-36"].recipe(inputs, "en", code=code)
    count = (farms["municipality_code"] == code).sum()
    assert f"Of {count} settlements" in result.caption
    assert "example" not in result.caption


def test_settlements_without_a_line_are_counted(real_inputs, inputs, monkeypatch):
    """The real layer knows no line of 66 or 33 kV."""
    monkeypatch.setitem(real_inputs.__dict__, "settlements", inputs.settlements)
    farms = grid_overlay.connected_farmland(real_inputs)
    assert farms["line_km"].isna().all()
    assert grid_overlay._segments(real_inputs, farms).empty
    told = grid_overlay._reach(farms, "en")
    assert told.startswith(f"Of {len(farms)} settlements")
    assert "0 find a line" in told
    assert "median" not in told


def test_no_settlement_to_enlarge_is_told(monkeypatch):
    inputs = Inputs()
    small = inputs.settlements.assign(abandoned_ha=3.9)
    monkeypatch.setitem(inputs.__dict__, "settlements", small)
    with pytest.raises(MissingInputError, match="no settlement of sample_data with 4 ha"):
        grid_overlay.enlarged_map(inputs, "ja")
