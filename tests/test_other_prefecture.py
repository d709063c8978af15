"""The report of another prefecture: its own names and regions, and nothing of Hokkaido."""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from hokkaido_gis.cli import run as run_cli
from hokkaido_gis.errors import LayerError, LayerWarning, MissingInputError
from hokkaido_gis.readers.municipalities import read_districts
from hokkaido_gis.report import summary_study
from hokkaido_gis.report.elsewhere import ABOUT_HOKKAIDO
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.ledger import COLUMNS, ledger
from hokkaido_gis.report.place import PREFECTURES, THE_REPORT, Place
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.run import run_report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")

# Twelve municipalities of 青森県 (JIS X 0402), on made-up land at its place.
TOWNS = {
    "02201": ("青森市", None), "02202": ("弘前市", None), "02203": ("八戸市", None),
    "02301": ("平内町", "東津軽郡"), "02303": ("今別町", "東津軽郡"),
    "02304": ("蓬田村", "東津軽郡"), "02321": ("鰺ヶ沢町", "西津軽郡"),
    "02323": ("深浦町", "西津軽郡"), "02401": ("野辺地町", "上北郡"),
    "02402": ("七戸町", "上北郡"), "02405": ("六戸町", "上北郡"), "02412": ("おいらせ町", "上北郡"),
}  # fmt: skip
DISTRICTS = ("市部", "東津軽郡", "西津軽郡", "上北郡")
AREAS = {"東青地域": 4, "中南地域": 4, "三八上北地域": 4}
LAND = (139.9, 40.3, 141.5, 41.3)
OF_HOKKAIDO = re.compile("北海道|道内|全道|振興局|根釧|釧路|根室|札幌|網走|白糠|Hokkaido|Sapporo")
CRS = "EPSG:6668"


def cells(seeds: np.ndarray, within: shapely.Geometry) -> list[shapely.Geometry]:
    """Cells of the points nearest to each seed, in the order of the seeds."""
    parts = shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=within, ordered=True)
    return [cell.intersection(within) for cell in parts.geoms]


def write_prefecture(folder: Path, *, regions: str = "districts") -> Path:
    """Write the layers of a made-up prefecture as their publishers name the columns."""
    folder.mkdir()
    rng = np.random.default_rng(2)
    west, south, east, north = LAND
    across, down = np.meshgrid(np.linspace(west + 0.2, east - 0.2, 4), (40.45, 40.8, 41.15))
    seeds = np.column_stack([across.ravel(), down.ravel()]) + rng.uniform(-0.08, 0.08, (12, 2))
    towns = cells(seeds, shapely.box(*LAND))
    names, districts = zip(*TOWNS.values(), strict=True)
    boundaries = gpd.GeoDataFrame(
        {"N03_001": "青森県", "N03_004": names, "N03_007": list(TOWNS)}, geometry=towns, crs=CRS
    )
    if regions == "districts":
        boundaries["N03_003"] = districts
    elif regions == "subprefectures":
        boundaries["N03_002"] = [name for name, count in AREAS.items() for _ in range(count)]
    boundaries.to_file(folder / "N03-20240101_02.geojson")

    farms, keys, owners = [], [], []
    for (code, (name, _)), town in zip(TOWNS.items(), towns, strict=True):
        inner = shapely.box(*town.buffer(-0.06).bounds).intersection(town)
        points = rng.uniform(inner.bounds[:2], inner.bounds[2:], (6, 2))
        for number, cell in enumerate(cells(points, inner), start=1):
            farms.append(cell.buffer(-0.005))
            keys.append(f"{code}01{number:03}")
            owners.append(name)
    settlements = gpd.GeoDataFrame(
        {"KEY": keys, "CITY_NAME": owners, "RCOM_NAME": [f"集落{key[-3:]}" for key in keys]},
        geometry=farms,
        crs=CRS,
    )
    settlements.to_file(folder / "settlements.gpkg")
    # From none to 9 ha; the first of each ten is withheld.
    areas = [str(100 * (n % 10)) if n % 10 else "x" for n in range(len(keys))]
    pd.DataFrame({"KEY": keys, "耕作放棄地面積（ａ）": areas}).to_csv(
        folder / "census.csv", index=False
    )

    centres = [town.centroid for town in towns]
    kilovolts = (275, 154, 66)
    lines = [shapely.LineString([(p.x, p.y) for p in centres[i : i + 4]]) for i in (0, 4, 8)]
    gpd.GeoDataFrame(
        {
            "name": [f"{kv}kV線" for kv in kilovolts],
            "voltage": [str(kv * 1000) for kv in kilovolts],
            "power": "line",
        },
        geometry=lines,
        crs=CRS,
    ).to_file(folder / "lines.geojson")
    gpd.GeoDataFrame(
        {"name": [f"{n}変電所" for n in names[:6]], "voltage": "154000;66000"},
        geometry=centres[:6],
        crs=CRS,
    ).to_file(folder / "substations.geojson")
    gpd.GeoDataFrame(
        {
            "W01_001": ["甲", "乙", "丙"],
            "W01_006": ["3", "1,3", "6"],
            "W01_007": [30.0, 45.0, 60.0],
        },
        geometry=centres[6:9],
        crs=CRS,
    ).to_file(folder / "W01-05-g_Dam.geojson")
    coast = [shapely.Point(seeds[i][0], south + 0.004) for i in range(4)]
    gpd.GeoDataFrame(
        {"name": ["あ", "い", "う", "え"], "class": ["1", "1", "2", "3"]}, geometry=coast, crs=CRS
    ).to_file(folder / "ports.geojson")
    months = {f"m{month:02}": 3.0 + np.sin(month / 2) for month in range(1, 13)}
    stations = [f"02-{n}" for n in range(4)]
    gpd.GeoDataFrame(
        {"station_id": stations, "name": list(names[:4]), "irradiation": 3.6, **months,
         "max_snow_cm": [120.0, 90.0, 30.0, 60.0]},
        geometry=centres[:4],
        crs=CRS,
    ).to_file(folder / "stations.geojson")  # fmt: skip
    normal = {f"m{month:02}": 10 - 12 * np.cos(month / 2) for month in range(1, 13)}
    table = pd.DataFrame({"station_id": stations, "element": "temperature", **normal, "year": 10.0})
    table.to_csv(folder / "normals.csv", index=False)
    pd.DataFrame({"code": list(TOWNS), "population": range(5_000, 65_000, 5_000)}).to_csv(
        folder / "population.csv", index=False
    )
    height, width = 60, 90
    speeds = np.linspace(4, 8, height * width, dtype="float32").reshape(height, width)
    with rasterio.open(
        folder / "wind.tif", "w", driver="GTiff", height=height, width=width, count=1,
        dtype="float32", crs=CRS, transform=rasterio.Affine(0.02, 0, west - 0.1, 0, -0.02, north),
    ) as file:  # fmt: skip
        file.write(speeds, 1)
        file.set_band_unit(1, "m/s")
        file.update_tags(title="Mean wind speed at 80 m")
    return folder


@pytest.fixture(scope="module")
def aomori(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of layers of a made-up prefecture, whose towns are in districts."""
    return write_prefecture(tmp_path_factory.mktemp("aomori") / "data")


@pytest.fixture(scope="module")
def inputs(aomori: Path) -> Inputs:
    return Inputs(aomori)


@pytest.fixture(scope="module")
def results(inputs: Inputs) -> dict[str, object]:
    """Whatever each entry gives, or why it gives nothing."""
    found: dict[str, object] = {}
    for name, entry in registry(inputs.place).items():
        assert entry.recipe is not None
        try:
            found[name] = entry.recipe(inputs, "ja")
        except MissingInputError as error:
            found[name] = error
    return found


def words_of(result: object) -> str:
    """All words of a result that a reader sees."""
    if isinstance(result, Table):
        return " ".join([result.title, *map(str, result.frame.columns)])
    layers = getattr(result, "layers", [])
    told = [layer.title for layer in layers]
    told += [text for layer in layers for text in (getattr(layer, "popup", None) or {}).values()]
    return " ".join([result.title, *told])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        ("districts", DISTRICTS),
        ("subprefectures", tuple(AREAS)),
        ("none", ("青森県",)),
    ],
)
def test_regions_are_those_that_the_data_have(tmp_path, regions, expected):
    place = Inputs(write_prefecture(tmp_path / "data", regions=regions)).place
    assert place == Place(("02",), expected)
    assert (place.name("ja"), place.name("en")) == ("青森県", "Aomori")
    shown = {e.region: e.id for e in registry(place).values() if e.id.startswith("fig-4-")}
    assert [shown[region] for region in expected] == [
        f"fig-4-{20 + number}" for number in range(len(expected))
    ]


def test_the_47_prefectures_have_names():
    assert list(PREFECTURES) == [f"{number:02}" for number in range(1, 48)]
    assert {name[-1] for name, _ in PREFECTURES.values()} == set("道都府県")
    assert PREFECTURES["13"] == ("東京都", "Tokyo")
    assert PREFECTURES["47"] == ("沖縄県", "Okinawa")


def test_districts_are_read_and_cities_have_none(aomori):
    (path,) = aomori.glob("N03*")
    districts = read_districts(path)
    assert districts.index.tolist() == list(TOWNS)
    assert [None if pd.isna(d) else d for d in districts] == [d for _, d in TOWNS.values()]


def test_districts_of_a_file_without_codes_are_refused(tmp_path):
    town = gpd.GeoDataFrame({"N03_003": ["東津軽郡"]}, geometry=[shapely.box(140, 40, 141, 41)])
    town.set_crs(6668).to_file(tmp_path / "N03.geojson")
    with pytest.raises(LayerError, match=r"no column of municipality codes .*it has N03_003"):
        read_districts(tmp_path / "N03.geojson")


def test_every_entry_of_the_report_is_there_and_what_is_about_hokkaido_says_so(results):
    assert list(results) == list(registry())
    for name in ABOUT_HOKKAIDO:
        error = results[name]
        assert isinstance(error, MissingInputError), name
        assert "about Hokkaido" in str(error)
        assert error.japanese.startswith("北海道の図表: ")


def test_titles_legends_and_headings_say_nothing_of_hokkaido(results):
    made = {name: r for name, r in results.items() if not isinstance(r, MissingInputError)}
    assert len(made) > 30
    told = {name: OF_HOKKAIDO.search(words_of(result)) for name, result in made.items()}
    assert {name: found for name, found in told.items() if found} == {}
    for name in ("fig-2-10", "fig-4-1", "fig-4-16", "fig-4-34", "fig-4-48", "fig-6-9"):
        assert "青森県" in made[name].title


def test_maps_by_region_show_each_region_with_its_own_settlements(results, inputs):
    towns = inputs.municipalities
    total = 0
    for number, region in enumerate(DISTRICTS, start=2):
        scene = results[f"fig-4-{number}"]
        assert scene.title.endswith(f"青森県 {region}")
        frame = scene.layers[-1].frame
        members = set(towns.loc[towns["subprefecture"] == region, "name"])
        assert set(frame["municipality"]) <= members
        total += len(frame)
        west, south, east, north = scene.view
        assert 138 < west < east < 143
        assert 39 < south < north < 43
    assert total == len(results["fig-4-1"].layers[-1].frame) > 0
    left = results["fig-4-6"]
    assert isinstance(left, MissingInputError)
    assert "4つ" in left.japanese


def test_more_regions_than_the_report_has_get_ids_of_their_own():
    place = Place(("20",), tuple(f"{letter}郡" for letter in "あいうえおかきくけこさしすせそた"))
    entries = registry(place)
    assert entries["fig-4-15-16"].region == "た郡"
    ids = list(entries)
    assert ids[ids.index("fig-4-15") : ids.index("fig-4-16")] == [
        "fig-4-15", "fig-4-15-15", "fig-4-15-16",
    ]  # fmt: skip
    assert not [e for e in entries.values() if e.id.startswith("fig-2-") and e.recipe is None]


def test_what_rests_on_figures_of_hokkaido_says_so(results):
    assert "154kV" in results["fig-2-10"].caption
    assert "26.3%は北海道の実績" in results["fig-4-48"].caption
    assert "北海道について定めた" in results["table-4-4"].caption
    # The course of a flow is a worked example of the report's method and stays one.
    captions = {n: getattr(r, "caption", "") for n, r in results.items() if "fig-3-" not in n}
    assert [name for name, caption in captions.items() if "失われ" in caption] == []


def test_a_port_without_a_plot_is_not_said_to_be_fit_for_panels(results):
    scene = results["fig-5-1"]
    assert scene.title == "図5-1 漁港 青森県"
    assert "plot_area_m2" in scene.caption
    without = [name for name in ("fig-5-2", "fig-5-3", "fig-5-4", "fig-5-5")
               if isinstance(results[name], MissingInputError)]  # fmt: skip
    assert all("漁港がない" in results[name].japanese for name in without)
    assert len(without) < 4


def test_solar_power_of_dams_is_of_those_that_serve_irrigation(results):
    frame = results["table-3-11"].frame
    assert frame.iloc[:, 0].tolist() == ["甲", "乙"]
    assert len(results["fig-6-5"].layers[-1].frame) == 2


def test_the_summary_holds_what_the_layers_tell_and_nothing_else(results, inputs):
    totals = summary_study.totals(inputs)
    known = totals.index[totals["kw_low"].notna()]
    assert known.tolist() == ["farmland_solar", "farmland_wind", "dam_solar"]
    hectares = inputs.settlements["abandoned_ha"]
    kept = hectares[hectares >= 2].sum()
    assert totals.loc["farmland_solar", "kw_low"] == pytest.approx(500 * kept)
    assert totals.loc["dam_solar", "kw_low"] == 20
    frame = results["table-6-1"].frame
    assert len(frame.columns) == 3
    assert frame.iloc[:, 1].isna().tolist() == [name not in known for name in totals.index]


def test_the_ledger_is_empty_and_says_why(inputs, aomori, capsys):
    with pytest.warns(LayerWarning, match="nothing to compare for Aomori"):
        table = ledger(inputs)
    assert table.empty
    assert list(table.columns) == list(COLUMNS)
    assert run_cli(["check", "--data", str(aomori)]) == 0
    assert "nothing to compare" in capsys.readouterr().err


def test_boundaries_that_cannot_be_read_leave_it_to_the_figures(tmp_path):
    assert Inputs(tmp_path).place is THE_REPORT
    (tmp_path / "municipalities.geojson").write_text("{", encoding="utf-8")
    assert Inputs(tmp_path).place is THE_REPORT


def test_a_run_gives_a_page_without_the_ledger_and_bundles_that_name_the_prefecture(
    aomori, tmp_path
):
    out = tmp_path / "out"
    run_report(aomori, out, chapter=6)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "青森県: 2013年の報告書の方法による図表" in page
    assert "青森県 とは照合できない" in page
    assert page.count("北海道の図表: ") == len({ABOUT_HOKKAIDO[n] for n in ABOUT_HOKKAIDO
                                              if n.startswith(("fig-6", "table-6"))})  # fmt: skip
    results = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["results"]
    assert results["fig-6-6"]["state"] == "not made"
    assert results["fig-6-6"]["why_not"]["en"].startswith("It is about Hokkaido")
    assert results["table-6-1"]["missing"]["shown"] == 3
    document = zipfile.ZipFile(out / "hokkaido_gis.kmz").read("doc.kml").decode()
    assert "青森県" in document
    assert not OF_HOKKAIDO.search("".join(re.findall("<name>(.*?)</name>", document)))


def test_the_prefecture_of_a_folder_is_not_read_again_while_its_boundaries_are_the_same(
    aomori, tmp_path, monkeypatch
):
    run_report(aomori, tmp_path / "out", only="fig-6-9")
    monkeypatch.setattr(Inputs, "municipalities", property(lambda _: pytest.fail("read again")))
    assert (tmp_path / "out" / "index.html") in run_report(aomori, tmp_path / "out", only="fig-6-9")
