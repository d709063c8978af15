"""The reader of fishing ports: official fields, plain points, and ports that are elsewhere."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import Point

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerError, LayerWarning
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.ports import read_ports

REAL = "fishing-ports/hokkaido_fishing_ports.geojson"
MISLABELLED = "fishing-ports/mislabelled_as_hokkaido.geojson"


@pytest.fixture(scope="module")
def municipalities() -> gpd.GeoDataFrame:
    return read_municipalities(sample_data() / "municipalities.geojson")


def test_real_ports_are_all_in_a_municipality(real_data, municipalities) -> None:
    raw = gpd.read_file(real_data(REAL))
    with pytest.warns(
        LayerWarning, match=r"1 of 286 ports are written twice.* 庶野 \(row 256"
    ) as told:
        ports = read_ports(real_data(REAL), municipalities=municipalities)
    assert len(told) == 1
    assert len(ports) == len(raw) - 1
    assert set(raw["name"]) == set(ports["name"])
    assert ports["municipality"].notna().all()
    assert ports["municipality_m"].max() < 1000
    assert set(ports["prefecture"]) == {"北海道"}
    assert ports.crs.to_epsg() == 6668
    assert ports.index.name == "port_id"


def test_real_ports_elsewhere_are_set_aside(real_data, municipalities) -> None:
    """Every one of them lies in Kyushu, so that nothing is left."""
    with pytest.raises(LayerError, match="nothing is left"):
        read_ports(real_data(MISLABELLED), municipalities=municipalities)


def test_a_port_labelled_hokkaido_in_kyushu_is_told_and_not_drawn(save, municipalities) -> None:
    path = save(
        "ports.geojson", [Point(140.7214, 41.7548), Point(129.9, 33.4)], name=["住吉", "呼子"],
        ken=["01,北海道", "01,北海道"],
    )  # fmt: skip
    with pytest.warns(LayerWarning, match=r"呼子 \(row 1 at 129.9000, 33.4000\)"):
        ports = read_ports(path, municipalities=municipalities)
    assert ports["name"].tolist() == ["住吉"]
    assert ports["municipality"].tolist() == ["函館市"]
    assert len(read_ports(path)) == 2  # without boundaries no place is judged


def test_the_limit_is_measured_in_metres(save, squares) -> None:
    path = save("ports.geojson", [Point(140.99, 43.0625), Point(141.05, 43.05)], name=["沖", "岸"])
    near = read_ports(path, municipalities=squares)
    assert near["municipality_m"].tolist() == [pytest.approx(815.5, abs=1), 0]
    with pytest.warns(LayerWarning, match="1 of 2 ports lie farther than 800 m"):
        assert read_ports(path, municipalities=squares, limit_m=800)["name"].tolist() == ["岸"]


def test_official_fields_have_our_names(save) -> None:
    path = save(
        "ports.gpkg", [Point(140.7, 41.7), Point(140.8, 41.8)], C09_001=["0111417", "0141418"],
        C09_002=["甲", "乙"], C09_003=["01202", "01345"], C09_004=[1, 5], C09_005=[2, 1],
        C09_006=["函館市", "北海道"], C09_008=["甲漁協", None], C09_009=[120.0, 0.0],
        C09_010=[60.5, -9999.0],
    )  # fmt: skip
    ports = read_ports(path)
    assert ports.index.tolist() == ["0111417", "0141418"]
    assert ports["class"].tolist() == ["第1種", "特定第3種"]
    assert ports["class_en"].tolist()[0] == "class 1: local use"
    assert ports["listed_code"].tolist() == ["01202", "01345"]
    assert ports["administrator"].tolist() == ["函館市", "北海道"]
    assert ports["breakwaters_m"].tolist() == [120, 0]
    assert ports["moorings_m"].isna().tolist() == [False, True]
    assert ports["cooperative"].isna().tolist() == [False, True]


def test_plain_table(tmp_path) -> None:
    path = tmp_path / "ports.csv"
    path.write_text("port,lat,lon\n志海苔,41.7572,140.8478\n", encoding="cp932")
    ports = read_ports(path)
    assert ports["name"].tolist() == ["志海苔"]
    assert (ports.geometry.iloc[0].x, ports.geometry.iloc[0].y) == (140.8478, 41.7572)
    assert ports["class"].isna().all()


def test_all_faults_are_listed_at_once(save) -> None:
    path = save("ports.gpkg", [Point(41.7, 140.7)], C09_004=[9], C09_010=["長い"])
    with pytest.raises(LayerError, match="4 faults") as caught:
        read_ports(path)
    for part in ("no column of names", "swapped", "not on the list", "'長い' is no number"):
        assert part in str(caught.value)


def test_points_in_metres_are_brought_to_degrees(save) -> None:
    path = save("ports.gpkg", [Point(0, 0), Point(0, -1000)], crs="EPSG:6680", name=["甲", "乙"])
    ports = read_ports(path)
    assert ports.crs.to_epsg() == 6668
    # The origin of zone XII of the plane coordinates, and 1 km south of it: 0.009 degrees.
    assert ports.geometry.x.tolist() == pytest.approx([142.25, 142.25], abs=1e-9)
    assert ports.geometry.y.tolist() == pytest.approx([44.0, 43.991], abs=1e-5)
