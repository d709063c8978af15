"""Solar power of settlements, ports and dams: the report's figures, totals, and bad layers."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from hokkaido_gis.analysis.stations import nearest_station, station_of
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerWarning, ModelInputError
from hokkaido_gis.potential.solar_sites import (
    USABLE_ROOF,
    solar_of_dams,
    solar_of_ports,
    solar_of_settlements,
    stations_for_sites,
)
from hokkaido_gis.potential.solar_yield import specific_yield
from hokkaido_gis.readers.census import read_abandoned_farmland
from hokkaido_gis.readers.climate import monthly, read_irradiation, read_normals
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.settlements import read_settlements

SAMPLE = Path(sample_data())


def report(name: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLE / "report" / f"{name}.csv", encoding="utf-8-sig")


@pytest.fixture(scope="module")
def stations() -> gpd.GeoDataFrame:
    return read_irradiation(SAMPLE / "stations.geojson")


@pytest.fixture(scope="module")
def air() -> pd.DataFrame:
    return monthly(read_normals(SAMPLE / "stations_normals.csv"), "temperature")


@pytest.fixture(scope="module")
def municipalities() -> gpd.GeoDataFrame:
    return read_municipalities(SAMPLE / "municipalities.geojson")


@pytest.fixture(scope="module")
def own(municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> pd.DataFrame:
    return station_of(municipalities, stations)


@pytest.fixture(scope="module")
def farmland() -> pd.DataFrame:
    """Farmland of all settlements, without those withheld or unknown."""
    table = read_abandoned_farmland(SAMPLE / "settlements_census.csv").settlements
    return table[table["abandoned_ha"].notna()]


def points(file: str, key: str) -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / file, engine="pyogrio").set_index(key)


def flat(frame: pd.DataFrame, kwh_per_kw: float = 1000.0) -> pd.Series:
    return pd.Series(kwh_per_kw, index=frame.index)


# --- settlements ----------------------------------------------------------------------------------


def test_settlements_by_hand() -> None:
    farms = pd.DataFrame({"abandoned_ha": [1.99, 2.0, 0.0, 10.0]}, index=list("abcd"))
    before = farms.copy()
    station = pd.Series(["11016"] * 4, index=farms.index)
    result = solar_of_settlements(farms, flat(farms, 1100.0), station=station)
    assert result["kept"].tolist() == [False, True, False, True]
    assert result["capacity_kw"].tolist() == [0.0, 1000.0, 0.0, 5000.0]
    assert result["annual_kwh"].tolist() == [0.0, 1_100_000.0, 0.0, 5_500_000.0]
    assert result["station"].tolist() == ["11016"] * 4
    assert result.index.equals(farms.index)
    assert_frame_equal(farms, before)


def test_another_density_and_least_area() -> None:
    farms = pd.DataFrame({"ha": [1.0, 3.0]})
    result = solar_of_settlements(farms, flat(farms), area="ha", density=1000.0, least_ha=0.5)
    assert result["capacity_kw"].tolist() == [1000.0, 3000.0]


def test_withheld_farmland_stays_missing_and_is_told() -> None:
    farms = pd.DataFrame(
        {"abandoned_ha": pd.array([5, None, 1], dtype="Float64")}, index=list("abc")
    )
    message = "settlements: 1 of 3 have no area, .* missing: b"
    with pytest.warns(LayerWarning, match=message) as told:
        result = solar_of_settlements(farms, flat(farms))
    assert told[0].filename == __file__  # shown where the library was called
    assert result["kept"].tolist() == [True, pd.NA, False]
    assert result["annual_kwh"].isna().tolist() == [False, True, False]


def test_settlements_without_a_yield_are_told_where_it_matters() -> None:
    farms = pd.DataFrame({"abandoned_ha": [5.0, 5.0, 1.0]}, index=list("abc"))
    with pytest.warns(LayerWarning, match="settlements: 1 of 3 have no yield, .* missing: b"):
        result = solar_of_settlements(farms, pd.Series({"a": 1000.0}))
    assert result["capacity_kw"].tolist() == [2500.0, 2500.0, 0.0]
    assert result["annual_kwh"].fillna(-1).tolist() == [2_500_000.0, -1, 0.0]


def test_totals_of_the_report(farmland: pd.DataFrame) -> None:
    # 報告書 4.1.6, 表 6-1.
    assert farmland["abandoned_ha"].sum() == pytest.approx(11_107, abs=0.5)
    result = solar_of_settlements(farmland, flat(farmland))
    kept = farmland.loc[result["kept"].astype(bool), "abandoned_ha"]
    assert kept.sum() == pytest.approx(8_221.68, abs=1e-6)
    assert result["capacity_kw"].sum() == pytest.approx(4_110_840, abs=1e-3)


@pytest.mark.parametrize(
    ("town", "kw", "kwh_of_1000_kw", "kwh"),
    [("網走市", 23_940, 1_143_900, 27_384_944), ("白糠町", 16_500, 1_162_968, 19_188_988)],
)
def test_settlements_of_survey_sites(town: str, kw: int, kwh_of_1000_kw: int, kwh: int) -> None:
    # 報告書 表 4-6, 4-13, 4-18. The year of 1,000 kW is a sum of twelve months, each rounded to
    # whole kWh; the towns' energy is not that sum times their capacity but agrees within it.
    farms = report("settlements").query("municipality == @town")
    hectares = farms.assign(abandoned_ha=farms["abandoned_farmland_a"] / 100)
    result = solar_of_settlements(hectares, flat(hectares, kwh_of_1000_kw / 1000))
    assert result["capacity_kw"].sum() == pytest.approx(kw)
    assert result["annual_kwh"].sum() == pytest.approx(kwh, abs=12 * 0.5 * kw / 1000)
    assert result["annual_kwh"].sum() == pytest.approx(kwh, rel=1e-6)


def test_the_labels_of_one_survey_site_contradict_its_energy() -> None:
    # 報告書 表 4-5, 4-6, 図 4-39: 浜中町 is printed with 115,956 thousand kWh and was chosen for
    # 1,010 kWh/kW or more; its labels leave less.
    farms = report("settlements").query("municipality == '浜中町'")
    assert farms["abandoned_farmland_a"].sum() == 25_601
    hectares = farms.assign(abandoned_ha=farms["abandoned_farmland_a"] / 100)
    capacity = solar_of_settlements(hectares, flat(hectares))["capacity_kw"].sum()
    assert 115_956_999 / capacity == pytest.approx(906, abs=0.5)
    assert 115_956_999 / capacity < 1010


# --- ports ----------------------------------------------------------------------------------------


def test_ports_by_hand() -> None:
    ports = pd.DataFrame({"plot_area_m2": [120.0, 120.01, 1200.0, 0.0]}, index=list("abcd"))
    result = solar_of_ports(ports, flat(ports))
    assert result["kept"].tolist() == [False, True, True, False]
    assert result["capacity_kw"].round(2).tolist() == [0.0, 10.0, 100.0, 0.0]
    roof = solar_of_ports(ports, flat(ports), usable=USABLE_ROOF)
    assert_series_equal(roof["annual_kwh"], result["annual_kwh"] * 0.08)


def test_ports_and_dams_that_lack_something_are_told() -> None:
    ports = pd.DataFrame({"plot_area_m2": [1200.0, np.nan]}, index=list("ab"))
    with pytest.warns(LayerWarning, match="^ports: 1 of 2 have no area, .* missing: b"):
        of_ports = solar_of_ports(ports, flat(ports))
    with pytest.warns(LayerWarning, match="^dams: 1 of 2 have no yield, .* missing: b"):
        of_dams = solar_of_dams(ports, pd.Series({"a": 1100.0}))
    assert of_ports["annual_kwh"].fillna(-1).tolist() == pytest.approx([100_000.0, -1])
    assert of_dams["annual_kwh"].fillna(-1).tolist() == pytest.approx([11_000.0, -1])


def test_ports_of_the_report() -> None:
    # 報告書 5.1.2: 194 ports, 590,686 m2, 49,224 kW.
    ports = points("ports.geojson", "port_id")
    result = solar_of_ports(ports, flat(ports))
    assert result["kept"].sum() == len(ports) == 194
    assert ports["plot_area_m2"].sum() == 590_686
    assert round(result["capacity_kw"].sum()) == 49_224


def test_energy_of_the_ports_lies_between_what_survives() -> None:
    # 報告書 5.1.2, 表 5-2: 49,115,243 kWh; of most ports only the thousands survive.
    ports = report("ports")
    low = ports["annual_kwh"].fillna(1000 * ports["annual_kwh_thousand_prefix"])
    high = ports["annual_kwh"].fillna(1000 * ports["annual_kwh_thousand_prefix"] + 999)
    assert low.notna().all()
    assert low.sum() <= 49_115_243 <= high.sum()


def test_energy_of_ports_from_their_stations(
    stations: gpd.GeoDataFrame, air: pd.DataFrame, own: pd.DataFrame
) -> None:
    ports = points("ports.geojson", "port_id")
    chosen = stations_for_sites(
        ports["municipality_code"], own, nearest_station(ports, stations)["station_id"]
    )
    yields = chosen["station"].map(specific_yield(stations, air, mounting="roof"))
    result = solar_of_ports(ports, yields, station=chosen["station"])
    # The sample's sun is interpolated between the towns where the report tells it.
    assert result["annual_kwh"].sum() == pytest.approx(49_115_243, rel=0.01)
    # 報告書 表 5-4: 275, 654 and 490 thousand kWh of 2,933, 6,977 and 5,141 m2.
    survey = result["annual_kwh"][ports["plot_area_kind"] == "report"]
    thousands = ports.loc[survey.index, "annual_kwh_thousand_prefix"]
    assert (survey // 1000).astype(int).tolist() == thousands.astype(int).tolist()


# --- dams -----------------------------------------------------------------------------------------


def test_dams_of_the_report(
    stations: gpd.GeoDataFrame, air: pd.DataFrame, own: pd.DataFrame
) -> None:
    # 報告書 表 3-11: 63 of 70 figures survive whole, 687,019 kWh in all.
    dams = points("dams.geojson", "dam_id")
    chosen = stations_for_sites(
        dams["municipality_code"], own, nearest_station(dams, stations)["station_id"]
    )
    yields = chosen["station"].map(specific_yield(stations, air, mounting="roof"))
    result = solar_of_dams(dams, yields)
    printed = dams["solar_10kw_annual_kwh"].dropna()
    assert (len(dams), len(printed), printed.sum()) == (70, 63, 619_616)
    np.testing.assert_allclose(result.loc[printed.index, "annual_kwh"], printed, atol=1.5)
    assert result["annual_kwh"].sum() == pytest.approx(687_019, rel=0.003)
    lost = 687_019 - printed.sum()
    assert printed.min() < lost / (len(dams) - len(printed)) < printed.max()


def test_dams_are_reckoned_as_on_a_roof() -> None:
    # 卯原内 lies in 網走市, whose 30 kW on a roof give 33,796 kWh and 1,000 kW on the ground
    # 1,143,900 kWh (報告書 表 3-11, 4-13, 5-15).
    dam = report("dams").set_index("dam").loc["卯原内", "solar_10kw_annual_kwh"]
    assert dam == pytest.approx(33_796 / 3, abs=1)
    assert abs(dam - 1_143_900 / 100) > 150


def test_any_capacity_at_dams() -> None:
    dams = pd.DataFrame(index=["a", "b"])
    result = solar_of_dams(dams, flat(dams), capacity_kw=30)
    assert result["kept"].tolist() == [True, True]
    assert result["annual_kwh"].tolist() == [30_000.0, 30_000.0]
    assert result["station"].isna().all()
    assert result["station"].dtype == pd.Series(dtype="str").dtype


# --- stations by the report's rule ----------------------------------------------------------------


def test_own_station_where_there_is_one_else_the_nearest() -> None:
    own = pd.DataFrame(
        {
            "station_ids": ["s1", "s2;s3", "s9", None],
            "rule": ["own", "mean of own", "nearest", None],
        },
        index=["01202", "01203", "01204", "01205"],
    )
    towns = pd.Series(["01202", "01203", "01204", "01205", "01205"], index=list("abcde"))
    nearest = pd.Series({"b": "s3", "a": "s8", "c": "s4", "d": "s5", "e": None})
    chosen = stations_for_sites(towns, own, nearest)
    assert chosen["station"].tolist()[:4] == ["s1", "s3", "s4", "s5"]
    assert chosen["station_rule"].tolist()[:4] == ["own", "nearest", "nearest", "nearest"]
    assert chosen.loc["e"].isna().all()
    assert chosen.index.equals(towns.index)


def test_sites_in_unknown_municipalities_are_told() -> None:
    own = pd.DataFrame({"station_ids": ["s1"], "rule": ["own"]}, index=["01202"])
    towns = pd.Series(["01202", "99999"], index=["a", "b"])
    message = r"1 sites are in no municipality .*\(b\)"
    with pytest.warns(LayerWarning, match=message) as told:
        chosen = stations_for_sites(towns, own, pd.Series({"a": "s7", "b": "s8"}))
    assert told[0].filename == __file__
    assert chosen["station"].tolist() == ["s1", "s8"]


def test_a_municipality_given_twice() -> None:
    own = pd.DataFrame({"station_ids": ["s1"] * 2, "rule": ["own"] * 2}, index=["01202"] * 2)
    with pytest.raises(ModelInputError, match="twice for municipalities 01202"):
        stations_for_sites(pd.Series(["01202"]), own, pd.Series(["s1"]))


# --- conservation ---------------------------------------------------------------------------------


def test_totals_agree_over_settlements_municipalities_bureaus_and_the_island(
    farmland: pd.DataFrame,
    municipalities: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    air: pd.DataFrame,
    own: pd.DataFrame,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)  # settlements of towns renumbered
        shapes = read_settlements(SAMPLE / "settlements.fgb")
    places = shapes.loc[farmland.index]
    towns = places["municipality_code"]
    chosen = stations_for_sites(towns, own, nearest_station(places, stations)["station_id"])
    yields = chosen["station"].map(specific_yield(stations, air))
    result = solar_of_settlements(farmland, yields, station=chosen["station"])
    columns = ["capacity_kw", "annual_kwh"]
    by_town = result[columns].groupby(towns).sum().reindex(municipalities.index, fill_value=0.0)
    by_bureau = by_town.groupby(municipalities["subprefecture"]).sum()
    island = result[columns].sum()
    assert len(by_bureau) == 14
    np.testing.assert_allclose(by_town.sum(), island)
    np.testing.assert_allclose(by_bureau.sum(), island)
    mean = island["annual_kwh"] / island["capacity_kw"]
    # 報告書 4.1.6: 4,255,137,709 kWh of 4,110,840 kW.
    assert mean == pytest.approx(4_255_137_709 / 4_110_840, rel=0.05)


# --- bad layers -----------------------------------------------------------------------------------


def farms(*ha: float) -> pd.DataFrame:
    return pd.DataFrame({"abandoned_ha": ha}, index=[f"f{i}" for i in range(len(ha))])


def plots(*m2: float) -> pd.DataFrame:
    return pd.DataFrame({"plot_area_m2": m2}, index=[f"p{i}" for i in range(len(m2))])


@pytest.mark.parametrize(
    ("frame", "kwh_per_kw", "message"),
    [
        (farms(3.0, -2.0), 1000.0, "abandoned_ha of settlements .* row f1: -2"),
        (farms(200.0, 6500.0), 1000.0, "row f1: 6500. Areas in a are divided by 100"),
        (farms(3.0), 1.0, "row f0: 1. It is the energy of 1 kW, not of the plant"),
        (farms(3.0), 1e6, "row f0: 1e\\+06. It is the energy of 1 kW"),
        (pd.DataFrame({"ha": [3.0]}), 1000.0, "no column 'abandoned_ha'; there are ha"),
        (pd.DataFrame({"abandoned_ha": ["x"]}), 1000.0, "row 0: 'x'. An area is a number"),
    ],
)
def test_bad_settlements(frame: pd.DataFrame, kwh_per_kw: float, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        solar_of_settlements(frame, flat(frame, kwh_per_kw))


def test_a_negative_least_area() -> None:
    with pytest.raises(ModelInputError, match=r"^least farmland \[ha\] .* got -1"):
        solar_of_settlements(farms(3.0), flat(farms(3.0)), least_ha=-1.0)


@pytest.mark.parametrize(
    ("frame", "usable", "message"),
    [
        (plots(3000.0, -1.0), 1.0, "plot_area_m2 of ports .* row p1: -1"),
        (plots(0.29, 3000.0), 1.0, "row p0: 0.29. Areas in ha are multiplied by 10,000"),
        (plots(3e6), 1.0, "plots of a port"),
        (plots(3000.0), 8.0, "usable share"),
    ],
)
def test_bad_ports(frame: pd.DataFrame, usable: float, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        solar_of_ports(frame, flat(frame), usable=usable)


def test_layers_that_keep_nothing_ask_for_the_unit() -> None:
    with pytest.warns(LayerWarning, match=r"none has 2 ha or more. Are areas in ha\?") as farmland:
        solar_of_settlements(farms(0.02, 1.0), flat(farms(1, 1)))
    with pytest.warns(LayerWarning, match=r"more than 120 m2. Are areas in m2\?") as roofs:
        solar_of_ports(plots(1.0), flat(plots(1)))
    assert [told[0].filename for told in (farmland, roofs)] == [__file__] * 2


def test_layers_without_any_area_ask_for_nothing() -> None:
    assert solar_of_settlements(farms(0.0), flat(farms(0)))["annual_kwh"].tolist() == [0.0]
    assert solar_of_ports(plots(0.0), flat(plots(0)))["annual_kwh"].tolist() == [0.0]


@pytest.mark.parametrize("kw", [10_000, 0.01, -1, float("nan")])
def test_bad_capacity_at_dams(kw: float) -> None:
    with pytest.raises(ModelInputError, match=r"capacity at a dam .* Is it in kW\?"):
        solar_of_dams(pd.DataFrame(index=["a"]), pd.Series({"a": 1000.0}), capacity_kw=kw)


@pytest.mark.parametrize(
    ("yields", "message"),
    [
        (pd.Series({"11016": 1000.0}), "yields are given for 11016, but sites are f0.*by station"),
        (flat(pd.DataFrame(index=list("abcde"))), "given for a, b, c and 2 more, but sites"),
        (pd.Series([1.0, 2.0], index=["f0", "f0"]), "rows stand more than once"),
        (pd.Series({"f0": "1,100"}), "yields hold no numbers"),
    ],
)
def test_yields_that_are_not_by_site(yields: pd.Series, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        solar_of_settlements(farms(3.0), yields)


def test_empty_layers() -> None:
    nothing = pd.Series([], dtype=float)
    for result in (
        solar_of_settlements(farms(), nothing),
        solar_of_ports(plots(), nothing),
        solar_of_dams(plots(), nothing),
    ):
        assert len(result) == 0
        assert result.columns.tolist() == [
            "kept", "capacity_kw", "specific_yield", "annual_kwh", "station",
        ]  # fmt: skip
