"""The benchmarks on tiny layers: ways agree, generators repeat themselves, and goals are judged."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("no benchmarks beside the tests", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

import adjacency  # noqa: E402
import html_map  # noqa: E402
import islands  # noqa: E402
import kml  # noqa: E402
import measure  # noqa: E402
import nearest  # noqa: E402
import profile_report  # noqa: E402
import reading  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import startup  # noqa: E402
import zonal  # noqa: E402
from goals import Goal  # noqa: E402
from tables import as_markdown  # noqa: E402

TINY = islands.Island("tiny", 40, 900)
SCRIPTS = (adjacency, nearest, zonal, kml, html_map, reading, startup, report)


@pytest.mark.parametrize(
    "make",
    [
        lambda: islands.coverage(TINY),
        lambda: islands.settlements(islands.coverage(TINY)),
        lambda: islands.farms(30),
        lambda: islands.power_lines(5),
        lambda: islands.small_farms(30),
    ],
    ids=["coverage", "settlements", "farms", "power_lines", "small_farms"],
)
def test_layers_are_the_same_on_every_call_and_valid(make):
    assert_geodataframe_equal(make(), make())
    assert make().geometry.is_valid.all()


def test_island_is_a_coverage_of_the_size_asked_for():
    frame = islands.coverage(TINY)
    shapes = frame.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert len(frame) == pytest.approx(TINY.polygons, rel=0.2)
    assert shapely.get_num_coordinates(shapes).sum() == pytest.approx(TINY.vertices, rel=0.2)


def test_kept_layers_are_those_that_were_made(tmp_path):
    made = islands.settlements(islands.coverage(TINY))
    for _ in range(2):
        assert_geodataframe_equal(islands.kept_settlements(tmp_path, TINY), made)


def test_wind_is_the_same_on_every_call(tmp_path):
    for name in ("one.tif", "other.tif"):
        islands.write_wind(tmp_path / name, 25_000)
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "other.tif").read_bytes()


def test_ways_to_adjacency_agree(tmp_path):
    pairs = measure.answers(adjacency.case("tiny", "1x", TINY), tmp_path)
    exact = {name: count for name, count in pairs.items() if name != "ours_tolerance_10_m"}
    assert set(exact.values()) == {pairs["ours"]}
    assert pairs["ours"] > TINY.polygons


def test_ways_to_the_nearest_line_agree_to_the_error_of_the_projection(tmp_path):
    km = measure.answers(nearest.case("1x", 60, 40), tmp_path)
    for way in ("sjoin_nearest", "strtree_segments"):
        np.testing.assert_allclose(km[way], km["ours"], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        km["ours_connect"], km["ours"].reshape(60, -1).min(axis=1), atol=1e-6
    )


def test_every_50th_site_is_what_it_says(tmp_path):
    layers = nearest.layers_of(tmp_path, sites=120, lines=40)
    every = nearest.sjoin_nearest(layers).reshape(120, -1)[:: nearest.EVERY]
    np.testing.assert_allclose(nearest.sjoin_nearest_every_50th(layers), every.ravel())


def test_exact_ways_to_zonal_statistics_agree(tmp_path):
    tables = measure.answers(zonal.case("1x", 50, 5_000, zonal.EXACT), tmp_path)
    for way in zonal.BETTER:
        np.testing.assert_allclose(tables[way], tables["ours"], rtol=1e-6)


def test_centres_leave_small_farms_empty(tmp_path):
    pytest.importorskip("rasterstats")
    layers = zonal.layers_of(tmp_path, count=50, cell=5_000)
    _, table = measure.timed(zonal.CENTRES, layers)
    assert zonal.describe(table)["empty"] > 40


@pytest.mark.parametrize("ways", [kml.KML, kml.KMZ], ids=["KML", "KMZ"])
def test_files_for_google_earth_hold_every_polygon(tmp_path, ways):
    pytest.importorskip("simplekml")
    paths = measure.answers(kml.case("1x", "KML", TINY, ways), tmp_path)
    count = len(islands.coverage(TINY))
    for way, path in paths.items():
        assert _placemarks(path) >= count, way
        assert kml.first_bytes(path) > 0


def test_html_maps_are_written(tmp_path):
    paths = measure.answers(html_map.case("1x", TINY), tmp_path)
    assert set(paths) == {"ours", "folium_geojson", "explore"}
    assert all(html_map.size_of(path)["file_mb"] > 0 for path in paths.values())


@pytest.mark.parametrize("kind", reading.FORMATS)
def test_readers_agree(tmp_path, kind):
    frames = measure.answers(reading.case("1x", TINY, kind), tmp_path)
    ours = frames.pop("ours")
    for frame in frames.values():
        assert_geodataframe_equal(ours, frame, check_dtype=False, check_like=True)


def test_startup_runs_whole_processes(tmp_path):
    assert startup.python_alone(tmp_path) == 0
    with pytest.raises(Exception, match="exit status"):
        startup._python("-c", "raise SystemExit(3)")


def test_steps_of_the_profile_are_functions_that_exist():
    package = Path(profile_report.run_report.__code__.co_filename).parents[1]
    for step in profile_report.STEPS:
        file, function = step.split()
        assert f"def {function}(" in (package / file).read_text(encoding="utf-8"), step


class _Frame(NamedTuple):
    """A frame as the profiler gives it."""

    file_path: str
    function: str
    time: float
    children: tuple[_Frame, ...] = ()


def test_shares_of_the_profile_go_to_the_innermost_function_and_the_outermost_step():
    library = _Frame("/lib/matplotlib/figure.py", "savefig", 6.0)
    picture = _Frame("/x/hokkaido_gis/render/page.py", "write_picture", 7.0, (library,))
    scene = _Frame("/x/hokkaido_gis/render/png.py", "write_png", 8.0, (picture,))
    rows = profile_report.shares(_Frame("/x/profile_report.py", "main", 10.0, (scene,)))
    found = {(row["case"], row["way"]): row["percent"] for row in rows}
    assert found["steps", "PNG of maps"] == 80.0
    assert found["steps", "all else"] == 20.0
    assert found["functions", "render/page.py write_picture"] == 70.0
    assert found["functions", "render/png.py write_png"] == 10.0


def test_first_call_is_measured_in_a_new_process(tmp_path):
    way = measure.Way(nearest.strtree_segments)
    build = nearest.case("1x", 20, 10).build
    row = measure.first_call(way, build, tmp_path, 60)
    assert row is not None
    assert row["first_s"] > 0


def test_measured_rows_have_a_ratio_to_the_first_way(tmp_path):
    case = nearest.case("1x", 20, 10, nearest.PEERS)
    quick = measure.Case(**{**vars(case), "fresh": False})
    first, second = measure.measure_case(quick, measure.Plan(rounds=2), tmp_path)
    assert (first["ratio"], first["rounds"]) == (1.0, 2)
    assert second["mean_km"] == pytest.approx(first["mean_km"], rel=1e-3)


def test_a_way_whose_library_is_absent_says_so(tmp_path):
    absent = measure.Way(nearest.strtree_segments, ("no_such_library.at_all",))
    case = nearest.case("1x", 20, 10, (nearest.PEERS[0], absent))
    quick = measure.Case(**{**vars(case), "fresh": False})
    rows = measure.measure_case(quick, measure.Plan(rounds=1), tmp_path)
    assert "not installed" in rows[1]["note"]
    assert "median_s" not in rows[1]


ROWS = [
    {"case": "c", "way": "ours", "median_s": 2.0, "peak_mb": 70},
    {"case": "c", "way": "a", "median_s": 5.0},
    {"case": "c", "way": "b", "median_s": 7.0},
]


@pytest.mark.parametrize(
    ("goal", "value", "reached"),
    [
        (Goal("c", "ours", 2.0, ("a", "b")), 2.5, True),
        (Goal("c", "ours", 3.0, ("b",)), 3.5, True),
        (Goal("c", "ours", 3.0, ("a",)), 2.5, False),
        (Goal("c", "a", 3.0, over="ours"), 3.0, True),
        (Goal("c", "ours", 60.0, column="peak_mb"), 70.0, False),
    ],
)
def test_goals_are_judged(goal, value, reached):
    assert goal.measured(ROWS) == value
    assert goal.reached(value) is reached


def test_a_goal_without_its_rows_is_not_measured():
    assert Goal("c", "ours", 1.0, ("absent",)).measured(ROWS) is None
    assert Goal("other", "ours", 1.0).measured(ROWS) is None


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_goals_are_about_ways_that_are_measured(script):
    ways = {(case.name, way.name) for case in script.SUBJECT.cases for way in case.ways}
    assert len({case.name for case in script.SUBJECT.cases}) == len(script.SUBJECT.cases)
    for goal in script.SUBJECT.goals:
        needed = {goal.way, *goal.peers, *([goal.over] if goal.over else [])}
        assert {(goal.case, way) for way in needed} <= ways


def test_page_is_made_again_from_kept_results(tmp_path):
    name = reading.SUBJECT.goals[0].case
    rows = [
        {"case": name, "size": "10x", "amount": 100, "way": "ours", "median_s": 1.0},
        {"case": name, "size": "10x", "amount": 100, "way": "pyogrio_arrow", "median_s": 0.5},
    ]
    run._keep(tmp_path, "reading", rows, run.machine())
    assert json.loads((tmp_path / "reading.json").read_text(encoding="utf-8"))[name]["rows"] == rows
    page = tmp_path / "page.md"
    run.main(["--page", "--results", str(tmp_path), "--out", str(page)])
    text = page.read_text(encoding="utf-8")
    assert "**not reached**" in text
    assert "0.50 x" in text


def test_tables_are_markdown():
    table = as_markdown([{"case": "a", "median_s": 0.12345, "pairs": 1234}, {"case": "b"}])
    assert table.splitlines() == [
        "| case | median s | pairs |",
        "|---|---:|---:|",
        "| a | 0.123 | 1,234 |",
        "| b |  |  |",
    ]


def _placemarks(path: Path) -> int:
    """Features in a KML, or in all documents of a KMZ."""
    if path.suffix == ".kml":
        return path.read_bytes().count(b"<Placemark")
    with zipfile.ZipFile(path) as archive:
        return sum(
            archive.read(n).count(b"<Placemark") for n in archive.namelist() if n[-4:] == ".kml"
        )
