"""Chapter 2 as a whole: its figures, tables, ledger and index page, on the sample."""

from __future__ import annotations

import csv
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from hokkaido_gis.errors import HokkaidoGisError, LayerWarning, MissingInputError
from hokkaido_gis.io.tables import read_table, to_numbers
from hokkaido_gis.render.charts import Chart
from hokkaido_gis.render.scene import Scene
from hokkaido_gis.report import biomass_study as study
from hokkaido_gis.report.comparison import Check
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.ledger import COLUMNS, ledger
from hokkaido_gis.report.registry import registry, select
from hokkaido_gis.report.rerun import JOURNAL
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.run import run_figure, run_report

CHARTS = [f"fig-2-{n}" for n in (4, 5, 6, 7, 8, 9, 13)]
MAPS = [f"fig-2-{n}" for n in (3, 10, 12, 14, 15, 16, 17, 18, 19)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    out = tmp_path_factory.mktemp("report")
    return out, run_report(out=out, chapter=2)


def test_the_self_row_of_table_2_17_is_in_the_ledger(inputs):
    assert len(inputs.listed_adjacency.pairs) == 448
    rows = ledger(inputs, chapter=2, lang="en").set_index("quantity")
    assert rows.loc["湧別町: is it listed in its own row", "verdict"] == "differs"


def test_registry_holds_every_id_once_in_order():
    ids = list(registry())
    listed = read_table(Path(__file__).parents[1] / "sample_data/report/figures.csv")["id"]
    beyond = {"fig-7-1", "table-7-1"}
    assert sorted(ids) == sorted([*listed, *beyond])
    assert len(ids) == len(set(ids)) == 154
    assert [registry()[i].chapter for i in ids] == sorted(registry()[i].chapter for i in ids)


def test_select_names_near_ids():
    with pytest.raises(HokkaidoGisError, match=r"no figure or table 'fig-2-99'.*fig-2-3"):
        select(only="fig-2-99")
    with pytest.raises(HokkaidoGisError, match="no chapter 9; there are 2, 3, 4, 5, 6"):
        select(chapter=9)


def test_every_entry_of_chapter_2_is_made(run):
    _, paths = run
    made = {path.stem for path in paths}
    assert [entry.id for entry in select(chapter=2) if entry.id not in made] == []


def test_maps_come_in_three_formats_and_charts_as_pictures(run):
    out, paths = run
    for figure in MAPS:
        for kind in ("kmz", "html", "png"):
            assert out / kind / f"{figure}.{kind}" in paths
        assert zipfile.ZipFile(out / "kmz" / f"{figure}.kmz").testzip() is None
    for figure in CHARTS:
        assert (out / "png" / f"{figure}.png").read_bytes().startswith(b"\x89PNG")


def test_every_path_told_exists_and_no_temporary_file_is_left(run):
    out, paths = run
    there = {path for path in out.rglob("*") if path.is_file()}
    assert there == {*paths, out / JOURNAL}


def test_links_of_the_index_page_lead_somewhere(run):
    out, _ = run
    links = []

    class Links(HTMLParser):
        def handle_starttag(self, _tag, attrs):
            links.extend(value for key, value in attrs if key in ("href", "src"))

    Links().feed((out / "index.html").read_text(encoding="utf-8"))
    assert len(links) > 40
    files = [link for link in links if not link.startswith("#")]
    assert [link for link in files if not (out / link).is_file()] == []


@pytest.mark.parametrize("figure", ["fig-2-4", "fig-2-12", "table-2-26"])
def test_a_figure_made_alone_has_the_bytes_of_the_report(figure, run, tmp_path):
    out, paths = run
    alone = run_figure(figure, out=tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in alone} == {
        path.relative_to(out).as_posix()
        for path in paths
        if path.stem == figure and path.parent.name != "thumbs"
    }
    for path in alone:
        assert path.read_bytes() == (out / path.relative_to(tmp_path)).read_bytes()


def test_english_on_request(tmp_path):
    (path,) = run_figure("table-2-9", out=tmp_path, lang="en")
    header = path.read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.startswith("Code,Municipality,D-1")


def test_figure_for_any_municipality(tmp_path):
    paths = run_figure("fig-2-3", out=tmp_path, municipality="釧路市")
    assert [path.name for path in paths] == [
        "fig-2-3-01206.kmz", "fig-2-3-01206.html", "fig-2-3-01206.png",
    ]  # fmt: skip
    by_code = run_figure("fig-2-3", out=tmp_path / "b", municipality="1206")
    assert by_code[0].read_bytes() == paths[0].read_bytes()


def test_only_some_figures_take_a_municipality(tmp_path):
    with pytest.raises(HokkaidoGisError, match="fig-2-4 is not drawn for one municipality"):
        run_figure("fig-2-4", out=tmp_path, municipality="釧路市")


def test_a_table_without_its_layers_says_what_is_missing(tmp_path, boundaries_alone):
    with pytest.raises(MissingInputError, match=r"table-2-8: .* holds no transmission lines"):
        run_figure("table-2-8", boundaries_alone.folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_figure_2_12_shows_the_answer(inputs):
    scene = registry()["fig-2-12"].recipe(inputs, "ja")
    assert isinstance(scene, Scene)
    frame = scene.layers[0].frame
    names = frame.groupby("status")["name"].agg(list)
    assert names["first"] == ["北見市"]
    assert sorted(names["second"]) == ["芦別市", "足寄町"]
    assert sorted(names["out"]) == ["旭川市", "美瑛町"]
    assert names["last"] == ["浦幌町"]
    kitami = frame.set_index("name").loc["北見市"]
    assert kitami["D-1"] == "○ positive (2,367 kW、閾値 >= 1,000、余裕 +1,367)"
    assert kitami["D-4"] == "○ positive (報告書の評価)"
    assert kitami["place"] == "1"
    assert frame.set_index("name").loc["美瑛町", "knocked_out_by"] == "D-2 (旭川市)"


def test_c_3_stands_beside_table_2_9_and_does_not_count(inputs, boundaries_alone):
    answer = study.siting_answer(inputs)
    table = registry()["table-2-9"].recipe(inputs, "en")
    frame = table.frame.set_index("Code")
    (column,) = [name for name in frame.columns if name.startswith("C-3")]
    assert column == "C-3 (from synthetic lines, not counted)"
    assert (frame[column] == "negative").sum() == 4
    assert frame["Negatives"].equals(answer["negatives"].rename_axis("Code").rename("Negatives"))
    without = registry()["table-2-9"].recipe(boundaries_alone, "en")
    assert "no layers of lines" in without.caption
    same = frame.drop(columns=column).reset_index()
    pd.testing.assert_frame_equal(without.frame, same)


def test_table_2_2_names_all_seven_axes(inputs):
    table = registry()["table-2-2"].recipe(inputs, "ja")
    assert list(dict.fromkeys(table.frame["評価軸"])) == [
        "D-1", "D-2", "D-3", "D-4", "C-1", "C-2", "C-3",
    ]  # fmt: skip
    assert "C-3 は表2-9に参考として示し" in table.caption


@pytest.mark.parametrize("figure", ["fig-2-4", "fig-2-5", "fig-2-6", "fig-2-13"])
def test_bar_charts_show_80_municipalities(inputs, figure):
    chart = registry()[figure].recipe(inputs, "ja")
    assert isinstance(chart, Chart)
    assert len(chart.plot.index) == 80
    assert chart.plot.index.is_unique


def test_stacked_outputs_never_exceed_the_total_and_nearly_fill_it(inputs):
    plot = registry()["fig-2-13"].recipe(inputs, "ja").plot
    parts, total = plot.parts.sum(axis=1), plot.totals
    assert (parts <= total["high"] + 1e-6).all()
    assert parts.sum() / total["low"].sum() > 0.97


def test_resource_heat_sums_to_the_total(inputs):
    parts, total = study.resource_heat(inputs), study.own_heat(inputs)
    rounding = 4.0  # eight rounded parts
    assert (parts.low.groupby("code").sum() <= total.high + rounding).all()
    assert (parts.high.groupby("code").sum() >= total.low - rounding).all()


def test_table_of_neighbours_names_what_the_report_misses(inputs):
    table = registry()["table-2-17"].recipe(inputs, "en")
    assert isinstance(table, Table)
    rows = table.frame.set_index("Municipality")
    missing = rows["Neighbours that the report's table misses"]
    assert missing[missing != ""].to_dict() == {
        "釧路市": "標茶町", "標茶町": "釧路市", "雄武町": "西興部村", "西興部村": "雄武町",
        "小清水町": "美幌町", "美幌町": "小清水町", "鶴居村": "弟子屈町", "弟子屈町": "鶴居村",
    }  # fmt: skip
    assert rows["Number of neighbours"].sum() == 2 * 452


@pytest.mark.parametrize(
    ("check", "verdict", "computed", "difference"),
    [
        (Check("x", ("", ""), 452.0, 452.0, unit_of_print=0), "equal", 452, 0),
        (Check("x", ("", ""), 448.0, 452.0, unit_of_print=0), "differs", 452, 4),
        (Check("x", ("", ""), 100.0, 101.0), "within rounding", 101, 1),
        (Check("x", ("", ""), 100.0, 101.5), "differs", 101.5, 1.5),
        (Check("x", ("", ""), 100.0, 90.0, 130.0), "input lost", "90–130", ""),
        (Check("x", ("", ""), 100.0, 101.5, 130.0), "differs", "101.5–130", ""),
        (Check("x", ("", ""), 66000.0, 66999.0, unit_of_print=1000), "equal", 66999, ""),
        (Check("x", ("", ""), 66000.0, 67000.0, unit_of_print=1000), "differs", 67000, ""),
        (
            Check("x", ("", ""), 66000.0, 65800.0, 66200.0, unit_of_print=1000),
            "within rounding", "65,800–66,200", "",
        ),
        (Check("x", ("", ""), 1.0, float("nan")), "input lost", "", ""),
        (Check("x", ("", ""), "北見市", "北見市"), "equal", "北見市", ""),
        (Check("x", ("", ""), "北見市", "足寄町"), "differs", "足寄町", ""),
    ],
)  # fmt: skip
def test_verdicts(check, verdict, computed, difference):
    row = check.row("ja")
    assert row["verdict"] == verdict
    assert row["computed"] == computed
    assert row["difference"] == pytest.approx(difference, nan_ok=True)


def test_every_difference_in_the_ledger_has_a_cause(inputs):
    for lang in ("ja", "en"):
        checked = ledger(inputs, lang=lang)
        assert list(checked.columns) == list(COLUMNS)
        differing = checked[checked["verdict"] == "differs"]
        assert (differing["cause"] != "").all()
        assert not differing["cause"].str.contains("説明できない|not explained").any()


def test_ledger_agrees_with_the_report(inputs):
    checked = ledger(inputs, chapter=2)
    verdicts = checked.groupby(["id", "verdict"]).size()
    recoveries = checked[checked["id"].isin([f"table-2-{n}" for n in (12, 13, 15, 16)])]
    assert len(recoveries) == 29
    assert (recoveries["verdict"] == "equal").all()
    assert verdicts["table-2-9", "equal"] == len(checked[checked["id"] == "table-2-9"])
    outside = checked[(checked["id"] == "table-2-26") & (checked["verdict"] == "differs")]
    assert outside["quantity"].str.startswith("斜里町").tolist() == [True]
    assert "清里町" in outside["cause"].iloc[0]
    pairs = checked[checked["id"] == "table-2-17"].set_index("quantity")
    assert pairs.loc["隣接する市町村の組の数", ["published", "computed"]].tolist() == [448, 452]
    assert pairs.loc["表の組のうち境界データでも隣接する数", "verdict"] == "equal"


def test_ledger_file_reads_back(run):
    out, _ = run
    with (out / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) > 700


def test_printed_outputs_lie_within_the_bounds(inputs):
    heat = study.heat_with_neighbours(study.own_heat(inputs), inputs.listed_adjacency)
    output, printed = study.output(heat), study.printed_output_with_neighbours(inputs).dropna()
    assert len(printed) == 38
    assert (output.low[printed.index] <= printed + 0.5).all()
    assert (output.high[printed.index] >= printed - 0.5).all()


def test_marks_of_d_1_follow_from_the_outputs(inputs):
    marks = to_numbers(inputs.report("siting")["output_with_neighbours_ge_1000kw"])
    outputs = study.siting_table(inputs)["output_with_neighbours_kw"]
    pd.testing.assert_series_equal(
        (outputs >= 1000).astype(float), marks.reindex(outputs.index), check_names=False
    )


def test_folder_without_boundaries(tmp_path):
    with pytest.raises(MissingInputError, match="holds no municipal boundaries"):
        Inputs(tmp_path).municipalities  # noqa: B018
    with pytest.raises(MissingInputError, match="is no folder"):
        Inputs(tmp_path / "absent")


def test_of_two_boundary_files_the_larger_is_taken_and_told(tmp_path, inputs):
    towns = inputs.municipalities.reset_index()
    towns.to_file(tmp_path / "municipalities.fgb")
    towns.head(3).to_file(tmp_path / "n03_part.fgb")
    with pytest.warns(LayerWarning, match=r"municipalities.fgb \(179\), n03_part.fgb \(3\)"):
        assert len(Inputs(tmp_path).municipalities) == 179


def test_report_on_real_boundaries(tmp_path, real_data):
    data = tmp_path / "data"
    data.mkdir()
    source = real_data("n03-2021-simplified/n03_hokkaido_2021.geojson")
    (data / source.name).write_bytes(source.read_bytes())
    paths = run_figure("fig-2-12", data, tmp_path / "out")
    assert len(paths) == 3
    checked = ledger(Inputs(data), chapter=2)
    assert (checked[checked["id"] == "fig-2-12"]["verdict"].tolist()) == [
        "equal", "equal", "differs",
    ]  # fmt: skip
