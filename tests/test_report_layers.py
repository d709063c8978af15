"""Layers of a folder, found by their names, and the maps made of them."""

from __future__ import annotations

import hashlib
import json

import pytest

from hokkaido_gis import __version__
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerError, LayerWarning, MissingInputError
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.render.scene import Scene
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.layer_files import LAYERS, find_files, origin_of
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.run import run_figure, run_report

SAMPLE = {
    "municipalities": "municipalities.geojson",
    "settlements": "settlements.fgb",
    "census": "settlements_census.csv",
    "lines": "lines.geojson",
    "substations": "substations.geojson",
    "dams": "dams.geojson",
    "ports": "ports.geojson",
    "stations": "stations.geojson",
    "normals": "stations_normals.csv",
    "population": "population.csv",
    "wind": "wind.tif",
}
REAL = {
    "municipalities": ["n03_hokkaido_2021.geojson", "n03_soya.geojson"],
    "lines": ["hokkaido_lines_154kv_and_up.geojson", "hokkaido_network_lines_detailed.geojson"],
    "substations": ["hokkaido_substations.geojson"],
    "dams": ["hokkaido_dams_w01_14.geojson"],
    "ports": ["hokkaido_fishing_ports.geojson"],
    "stations": ["hokkaido_amedas_stations.csv"],
    "wind": ["hokkaido_wind_10m_msm.tif"],
}
pytestmark = pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")


def make(figure: str, inputs: Inputs, lang: str = "ja") -> Scene:
    scene = registry()[figure].recipe(inputs, lang)
    assert isinstance(scene, Scene)
    return scene


def test_every_layer_of_the_sample_is_found_once(inputs):
    # Irradiation of the sample stands in the file of its stations.
    assert set(SAMPLE) == set(LAYERS) - {"irradiation"}
    found = {layer: [p.name for p in find_files(inputs.folder, layer)] for layer in SAMPLE}
    assert found == {layer: [name] for layer, name in SAMPLE.items()}


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("N03-20240101_01.geojson", "municipalities"),
        ("W01-14-g_Dam.shp", "dams"),
        ("C09-06_FishingPort.shp", "ports"),
        ("送電線.gpkg", "lines"),
        ("power_lines.geojson", "lines"),
        ("変電所.gpkg", "substations"),
        ("農業集落境界.shp", "settlements"),
        ("耕作放棄地面積.csv", "census"),
        ("windmap_80m.TIF", "wind"),
    ],
)
def test_names_under_which_a_layer_is_found(tmp_path, name, layer):
    (tmp_path / name).touch()
    assert [each for each in LAYERS if _finds(tmp_path, each)] == [layer]


def _finds(folder, layer):
    try:
        return bool(find_files(folder, layer))
    except MissingInputError:
        return False


@pytest.mark.parametrize("name", ["outlines.geojson", "report.geojson", "export.gpkg", "lines.csv"])
def test_names_that_are_no_layer(tmp_path, name):
    (tmp_path / name).touch()
    assert [each for each in LAYERS if _finds(tmp_path, each)] == []


def test_a_missing_layer_says_which_file_to_put_where(tmp_path):
    with pytest.raises(MissingInputError, match="Put a file there with dams or W01"):
        find_files(tmp_path, "dams")


def test_several_files_of_one_layer_are_refused(tmp_path):
    for name in ("dams_a.geojson", "dams_b.geojson"):
        (tmp_path / name).touch()
    inputs = Inputs(tmp_path)
    with pytest.raises(LayerError, match=r"2 files may hold its dams: dams_a.geojson, dams_b"):
        inputs._only("dams")


def test_origins_say_what_is_synthetic(inputs):
    assert inputs.origin("lines").kind == "synthetic"
    assert inputs.origin("ports").kind == "mixed"
    assert inputs.origin("municipalities").kind == "real"
    assert "実在の地点ではない" in make("fig-2-10", inputs).caption
    assert "no real places" in make("fig-2-10", inputs, "en").caption


def test_origin_of_a_publishers_file_is_its_credit(tmp_path):
    assert "国土交通省" in origin_of(tmp_path / "N03-21.geojson").credit
    assert "OpenStreetMap" in origin_of(tmp_path / "osm-power" / "lines.geojson").credit
    assert origin_of(tmp_path / "mine.gpkg").credit == "mine.gpkg"


def test_port_map_sets_off_the_194(inputs):
    frame = make("fig-5-1", inputs).layers[1].frame
    assert (frame["usable"] == "yes").sum() == 194


def test_maps_by_bureau_add_up_to_the_island(inputs):
    island = make("fig-4-1", inputs).layers[1].frame
    parts = [make(f"fig-4-{n}", inputs).layers[1].frame for n in range(2, 16)]
    assert sum(len(part) for part in parts) == len(island)
    assert sum(part["abandoned_ha"].sum() for part in parts) == pytest.approx(
        island["abandoned_ha"].sum()
    )
    assert island["abandoned_ha"].min() >= 2.0


def test_bureaus_follow_the_list_of_figures(inputs):
    for figure, entry in registry().items():
        if entry.recipe is not None and entry.region in {"宗谷", "根室", "オホーツク", "十勝"}:
            assert entry.region in make(figure, inputs).title, figure


def test_withheld_settlements_are_named_not_drawn(inputs):
    scene = make("fig-4-1", inputs)
    withheld = (inputs.settlements["status"] == "withheld").sum()
    assert withheld > 0
    assert f"秘匿 {withheld:,} 集落は含まない" in scene.caption


@pytest.mark.parametrize("layer", REAL)
def test_layers_of_the_real_files_are_found(real_inputs, layer):
    assert [p.name for p in find_files(real_inputs.folder, layer)] == REAL[layer]


def test_real_layers_read_with_their_counts(real_inputs):
    counts = {
        layer: len(getattr(real_inputs, layer))
        for layer in ("municipalities", "lines", "substations", "dams", "ports", "stations")
    }
    assert counts == {
        "municipalities": 179,
        "lines": 882 + 316,
        "substations": 459,
        "dams": 190,
        "ports": 285,  # one of 286 stands there twice
        "stations": 225,
    }
    assert real_inputs.lines.index.is_unique


def test_the_larger_of_two_boundary_files_is_taken_and_told(real_inputs):
    with pytest.warns(LayerWarning, match=r"n03_hokkaido_2021.geojson \(179\), n03_soya"):
        assert len(Inputs(real_inputs.folder).municipalities) == 179


@pytest.mark.parametrize("figure", ["fig-2-10", "fig-2-15", "fig-3-5", "fig-5-1", "fig-5-11"])
def test_maps_of_the_real_files(real_inputs, tmp_path, figure):
    paths = run_figure(figure, real_inputs.folder, tmp_path)
    assert [path.suffix for path in paths] == [".kmz", ".html", ".png"]
    assert all(path.stat().st_size > 10_000 for path in paths)


def test_a_map_without_its_layer_says_so(real_inputs, tmp_path):
    with pytest.raises(MissingInputError, match=r"fig-4-1: .* holds no farm settlements"):
        run_figure("fig-4-1", real_inputs.folder, tmp_path)


def test_the_manifest_names_every_input_with_its_hash_and_origin(tmp_path):
    run_report(out=tmp_path, only="fig-5-1")
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["version"] == __version__
    assert manifest["options"] == {"chapter": None, "only": "fig-5-1", "lang": "ja"}
    inputs = {entry["file"]: entry for entry in manifest["inputs"]}
    assert {"municipalities.geojson", "ports.geojson", "ports.csv"} <= set(inputs)
    assert "settlements.fgb" not in inputs
    assert inputs["ports.geojson"]["synthetic"]
    assert not inputs["municipalities.geojson"]["synthetic"]
    assert inputs["ports.csv"]["kind"] == "report"
    for entry in inputs.values():
        folder = sample_data() / ("report" if entry["layer"] == "report" else "")
        data = (folder / entry["file"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()


def test_every_other_real_file_reads_too(real_data):
    plants = read_vector(real_data("osm-power/hokkaido_plants.geojson"))
    assert len(plants) == 421
    assert set(plants.geom_type) <= {"Point", "Polygon", "MultiPolygon", "LineString"}
