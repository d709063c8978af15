"""The report's dams and ports among real ones."""

from __future__ import annotations

import warnings

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import JoinError, LayerError, LayerWarning
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.matching import match_dams, match_ports
from hokkaido_gis.names import RULES
from hokkaido_gis.readers.dams import read_dams
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.ports import read_ports

DAMS = "dams-w01/hokkaido_dams_w01_14.geojson"
PORTS = "fishing-ports/hokkaido_fishing_ports.geojson"
N03 = "n03-2021-simplified/n03_hokkaido_2021.geojson"


@pytest.fixture(scope="module", params=["sample", "N03"])
def municipalities(request, real_data) -> gpd.GeoDataFrame:
    if request.param == "sample":
        return read_municipalities(sample_data() / "municipalities.geojson")
    return read_municipalities(real_data(N03))


@pytest.fixture(scope="module")
def dams(real_data) -> gpd.GeoDataFrame:
    return read_dams(real_data(DAMS))


@pytest.fixture(scope="module")
def ports(real_data) -> gpd.GeoDataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)  # 庶野 is written twice
        return read_ports(real_data(PORTS))


@pytest.fixture(scope="module")
def report_dams() -> pd.DataFrame:
    return read_table(sample_data() / "report" / "dams.csv")


@pytest.fixture(scope="module")
def report_ports() -> pd.DataFrame:
    return read_table(sample_data() / "report" / "ports.csv")


# --- the report's lists ---------------------------------------------------------------------------


def test_all_70_dams_find_their_place(dams, report_dams, municipalities) -> None:
    result = match_dams(dams, report_dams, municipalities)
    assert len(result.frame) == 70
    assert result.layer.geometry.notna().all()
    assert result.frame["dam"].tolist() == report_dams["dam"].tolist()
    assert result.frame["dam_id"].is_unique
    assert result.audit.rules.to_dict() == {
        "exact": 65, "nfkc": 3, "exact+address": 1, "exact+irrigation": 1,
    }  # fmt: skip
    assert result.frame["irrigation"].all()
    assert result.audit.table["distance_m"].max() < 50


def test_the_right_one_of_two_dams_of_a_name(dams, report_dams, municipalities) -> None:
    """野花南 stands twice in 芦別市, once for power; 尾白利加 lies just over the border."""
    frame = match_dams(dams, report_dams, municipalities).frame.set_index("dam")
    assert frame.loc["野花南", "river"] == "野花南川"
    assert frame.loc["尾白利加", "municipality"] == "雨竜町"
    assert frame.loc["尾白利加", "address"].startswith("北海道雨竜郡雨竜町")


def test_192_of_194_ports_find_their_place(ports, report_ports, municipalities) -> None:
    result = match_ports(ports, report_ports, municipalities)
    assert len(result.frame) == 194
    assert result.layer.geometry.notna().sum() == 192
    assert result.audit.rules.to_dict() == {"exact": 188, "brackets": 2, "no": 1, "exact+near": 1}
    left_over = result.audit.unmatched[result.audit.unmatched["status"] == "left only"]
    notes = left_over.set_index("key")["note"]
    assert sorted(notes.index) == ["ウトロ", "本稲府"]
    assert "unmatched there: " in notes["ウトロ"]
    assert "宇登呂" in notes["ウトロ"]
    assert "元稲府" in notes["本稲府"]


def test_the_last_two_ports_need_to_be_told(ports, report_ports, municipalities) -> None:
    aliases = {"ウトロ": "宇登呂", "本稲府": "元稲府"}
    result = match_ports(ports, report_ports, municipalities, aliases=aliases)
    assert result.audit.counts["matched"] == 194
    assert result.audit.rules["alias"] == 2


def test_names_that_repeat_between_municipalities(ports, report_ports, municipalities) -> None:
    result = match_ports(ports, report_ports, municipalities)
    frame = result.frame.set_index(["municipality", "port"])
    for unit, port in [
        ("泊村", "泊(後志)"), ("江差町", "泊(檜山)"), ("せたな町", "美谷(瀬棚)"),
        ("寿都町", "美谷(歌棄)"),
    ]:  # fmt: skip
        assert frame.loc[(unit, port), "name"] == port
    assert frame.loc[("礼文町", "礼文西(鉄府)"), "name"] == "鉄府"


def test_similar_names_are_proposed_when_asked(ports, report_ports, municipalities) -> None:
    pytest.importorskip("rapidfuzz")
    audit = match_ports(ports, report_ports, municipalities, propose=True).audit
    notes = audit.table.set_index("key")["note"]
    assert notes["本稲府"].endswith("similar: 元稲府 (66.7 %)")
    assert audit.counts["matched"] == 192


def test_order_of_rows_does_not_matter(ports, report_ports) -> None:
    units = read_municipalities(sample_data() / "municipalities.geojson")
    plain = match_ports(ports, report_ports, units).frame
    mixed = match_ports(
        ports.sample(frac=1, random_state=1), report_ports.sample(frac=1, random_state=2), units
    ).frame
    assert mixed["port_id"].to_dict() == plain["port_id"].to_dict()


# --- by hand --------------------------------------------------------------------------------------


def spots(**columns: list) -> gpd.GeoDataFrame:
    """Points in the squares: A, B, B, and west of A by 0.001 degrees (81 m)."""
    at = [Point(141.05, 43.05), Point(141.2, 43.05), Point(141.21, 43.06), Point(140.999, 43.06)]
    count = len(columns["name"])
    return gpd.GeoDataFrame(columns, geometry=at[:count], crs="EPSG:6668")


def hits(result) -> list[tuple[object, str]]:
    rows = result.audit.table[: len(result.frame)]
    return list(zip(rows["right"], rows["rule"], strict=True))


def test_a_name_is_looked_for_in_its_municipality(squares) -> None:
    listed = pd.DataFrame({"port": ["泊", "泊漁港"], "municipality": ["小樽市", "函館市"]})
    result = match_ports(spots(name=["泊", "泊"]), listed, squares)
    assert hits(result) == [(1, "exact"), (0, "generic")]


def test_two_of_a_name_in_one_municipality_are_left_and_told(squares) -> None:
    listed = pd.DataFrame({"port": ["泊"], "report_code": [1203]})
    result = match_ports(spots(name=["盃", "泊", "泊"]), listed, squares)
    assert result.audit.table["status"].iloc[0] == "several"
    assert result.audit.table["note"].iloc[0].endswith(": 1, 2")
    assert result.layer.geometry.isna().all()


def test_of_two_dams_the_one_for_irrigation(squares) -> None:
    listed = pd.DataFrame({"dam": ["泊"], "report_code": [1203]})
    names = ["盃", "泊", "泊"]
    one = match_dams(spots(name=names, irrigation=[True, False, True]), listed, squares)
    assert hits(one) == [(2, "exact+irrigation")]
    both = match_dams(spots(name=names, irrigation=[True, True, True]), listed, squares)
    assert both.audit.table["status"].iloc[0] == "several"


def test_the_address_says_the_municipality(squares) -> None:
    listed = pd.DataFrame({"dam": ["泊"], "municipality": ["室蘭市"]})
    real = spots(name=["泊", "泊"], address=["北海道室蘭市泊1", "小樽市泊"])
    assert hits(match_dams(real, listed, squares)) == [(0, "exact+address")]


def test_just_across_the_border_within_the_limit(squares) -> None:
    real = spots(name=["甲", "乙", "丙", "泊"])
    listed = pd.DataFrame({"port": ["泊"], "municipality": ["函館市"]})
    assert hits(match_ports(real, listed, squares)) == [(3, "exact")]
    far = pd.DataFrame({"port": ["乙"], "municipality": ["函館市"]})
    result = match_ports(real, far, squares, limit_m=7000)
    assert hits(result) == [(1, "exact+near")]
    assert result.audit.table["distance_m"].iloc[0] == pytest.approx(6109, abs=5)
    left = match_ports(real, far, squares)
    assert left.audit.table["note"].iloc[0] == (
        "no such name in or near the municipality; elsewhere: 乙 in 小樽市; unmatched there: 甲, 泊"
    )


def test_a_name_that_is_a_number_is_told_elsewhere_too(squares) -> None:
    listed = pd.DataFrame({"port": [3], "municipality": ["室蘭市"]})
    note = match_ports(spots(name=["3"]), listed, squares).audit.table["note"].iloc[0]
    assert note == "no such name in or near the municipality; elsewhere: 3 in 函館市"


def test_nothing_found_at_all(squares) -> None:
    listed = pd.DataFrame({"port": ["盃", None], "municipality": ["室蘭市", "室蘭市"]})
    result = match_ports(spots(name=["泊"]), listed, squares)
    assert result.audit.table["note"].tolist()[:2] == [
        "no such name in or near the municipality", "no name",
    ]  # fmt: skip
    assert result.layer.geometry.isna().all()
    assert result.layer.crs.to_epsg() == 6668


def test_lists_without_names_or_municipalities_are_refused(squares) -> None:
    with pytest.raises(JoinError, match="which column is the key"):
        match_ports(spots(name=["泊"]), pd.DataFrame({"port": ["泊"]}), squares)
    with pytest.raises(JoinError, match="which column is the key"):
        match_dams(spots(name=["泊"]), pd.DataFrame({"code": ["1203"]}), squares)
    listed = pd.DataFrame({"port": ["泊"], "municipality": ["室蘭市"]})
    with pytest.raises(LayerError, match="it has no column name"):
        match_ports(spots(name=["泊"]).drop(columns="name"), listed, squares)


def test_rules_are_those_of_the_names(ports, report_ports) -> None:
    units = read_municipalities(sample_data() / "municipalities.geojson")
    known = {rule.name for rule in RULES}
    assert {rule.partition("+")[0] for rule in
            match_ports(ports, report_ports, units).audit.rules.index} <= known  # fmt: skip
