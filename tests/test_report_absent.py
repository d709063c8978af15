"""What a report says where its layers have nothing to show: which folder lacks what."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from hokkaido_gis import datasets
from hokkaido_gis.errors import LayerError, MissingInputError, OutputError
from hokkaido_gis.report import chapter4, chapter5_checks, layer_maps, solar_study, summary_study
from hokkaido_gis.report.chapter2_checks import _counted_twice
from hokkaido_gis.report.making import form
from hokkaido_gis.report.map_frame import in_bureaus
from hokkaido_gis.report.parallel import Answer, Fault, _answer, _try
from hokkaido_gis.report.registry import Entry

ELSEWHERE = SimpleNamespace(is_of_the_report=False)


def inputs(**layers: object) -> SimpleNamespace:
    """A folder of which only these layers are asked for."""
    return SimpleNamespace(folder=Path("data/here"), place=ELSEWHERE, **layers)


def ports(*codes: str, plots: float = np.nan) -> gpd.GeoDataFrame:
    columns = {"name": [f"港{i}" for i in range(len(codes))], "municipality_code": list(codes)}
    shapes = [Point(141, 43)] * len(codes)
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:6668")
    return frame.assign(plot_area_m2=plots)


def test_stations_of_two_tables_that_do_not_meet():
    points = gpd.GeoDataFrame(index=["1", "2"], geometry=[Point(141, 43), Point(142, 43)])
    warm = pd.DataFrame({"m01": [1.0, np.nan]}, index=["3", "2"])
    with pytest.raises(MissingInputError, match="no station has both irradiation and temperature"):
        solar_study.sunny_stations.__wrapped__(inputs(irradiation=points, temperatures=warm))
    warm.loc["1"] = 3.0
    found = solar_study.sunny_stations.__wrapped__(inputs(irradiation=points, temperatures=warm))
    assert found.index.tolist() == ["1"]


def test_no_station_tells_its_snow(monkeypatch):
    climate = pd.DataFrame({"max_snow_cm": [np.nan, np.nan]})
    monkeypatch.setattr(chapter4.study, "town_climate", lambda _: climate)
    with pytest.raises(MissingInputError, match="no station tells its greatest snow depth") as told:
        chapter4.snow_map(inputs(), "ja")
    assert "max_snow_cm" in str(told.value)


def test_no_settlement_of_the_surveyed_town():
    figure, town = next(iter(chapter4._SURVEYED.items()))
    code = chapter4.find_code(town)
    farms = pd.DataFrame({"municipality_code": ["01999", code], "abandoned_ha": [9.0, 1.9]})
    with pytest.raises(MissingInputError, match=f"no settlement of {town} with 2 ha"):
        chapter4.surveyed_map(inputs(settlements=farms), "ja", figure=figure)


def test_ports_outside_of_all_municipalities():
    towns = pd.DataFrame({"subprefecture": ["甲"]}, index=["02201"])
    with pytest.raises(MissingInputError, match="lie in none of its municipalities"):
        layer_maps.example_ports_map(inputs(municipalities=towns, ports=ports("01999")), "ja")


@pytest.mark.parametrize(
    ("plots", "usable", "told"),
    [
        (np.nan, None, "no areas of plots"),
        (layer_maps.LEAST_PLOT_M2, [False, False], ""),
        (layer_maps.LEAST_PLOT_M2 + 1, [True, True], ""),
    ],
)
def test_ports_fit_for_panels_elsewhere_are_those_with_plots(plots, usable, told):
    found, text = layer_maps._usable(inputs(ports=ports("02201", "02202", plots=plots)), "en")
    assert (found if found is None else found.tolist()) == usable
    assert told in text


def test_plots_of_ports_are_summed_where_any_is_known():
    some = ports("02201", "02202", "02203").assign(plot_area_m2=[1000.0, np.nan, 500.0])
    assert chapter5_checks._plots_of_layer(inputs(ports=some)) == 1500
    assert math.isnan(chapter5_checks._plots_of_layer(inputs(ports=ports("02201"))))


def test_ports_without_plots_have_no_solar_power():
    with pytest.raises(MissingInputError, match=r"have no areas of plots \(plot_area_m2\)"):
        summary_study._port_solar_of_layer(inputs(ports=ports("02201")))


def test_folder_without_any_resource(monkeypatch):
    def lacking(_: object) -> pd.DataFrame:
        raise MissingInputError("no farmland.")

    names = ("_farmland_solar", "_farmland_wind", "_dam_solar_of_layer", "_port_solar_of_layer")
    for name in names:
        monkeypatch.setattr(summary_study, name, lacking)
    with pytest.raises(MissingInputError, match="no layers of farmland, dams or ports to sum up"):
        summary_study._of_the_layers(inputs())
    table = pd.DataFrame({"capacity_kw": [1.0]})
    monkeypatch.setattr(summary_study, names[2], lambda _: table)
    assert list(summary_study._of_the_layers(inputs())) == ["dam_solar"]


def test_region_that_the_boundaries_have_not():
    towns = pd.DataFrame({"subprefecture": ["甲", "乙"]}, index=["02201", "02202"])
    assert in_bureaus(inputs(municipalities=towns), ["乙"]).index.tolist() == ["02202"]
    with pytest.raises(MissingInputError, match="no municipality of 丙・丁"):
        in_bureaus(inputs(municipalities=towns), ["丙", "丁"])


def test_figure_without_a_recipe():
    entry = Entry("fig-2-3", "map", "題", "", "", None)
    with pytest.raises(MissingInputError, match="there is no recipe for it yet"):
        form(entry, inputs(), "ja")


def test_installation_without_its_sample(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.resources, "files", lambda _: tmp_path / "hokkaido_gis")
    with pytest.raises(MissingInputError, match=r"not in .*hokkaido_gis\. Install .* --data"):
        datasets.sample_data()
    (tmp_path / "sample_data" / "report").mkdir(parents=True)
    assert datasets.sample_data() == tmp_path / "sample_data"


@pytest.mark.parametrize(
    ("low", "gist", "names"),
    [(70.0, "misprint", "乙"), (30.0, "misprint", "丙"), (0.0, "not explained", "")],
)
def test_printed_sum_that_one_neighbour_twice_explains(monkeypatch, low, gist, names):
    """100,000 is printed; 乙 has 30,000 of its own and 丙 70,000."""
    own = SimpleNamespace(low=pd.Series({"01": 5e3, "02": 30e3, "03": 70e3}))
    monkeypatch.setattr("hokkaido_gis.report.chapter2_checks.study.own_heat", lambda _: own)
    listed = SimpleNamespace(names={"02": "乙", "03": "丙"}, neighbours=lambda _: ["02", "03"])
    heat = SimpleNamespace(low=pd.Series({"01": low * 1e3}))
    told = _counted_twice(inputs(listed_adjacency=listed), "01", 100_000.0, heat)
    assert gist in told[1]
    assert names in told[0]


# Work in several processes


def refuse(error: Exception) -> None:
    raise error


def test_errors_and_warnings_of_work_come_back_as_values():
    def warn() -> int:
        warnings.warn("lost 3 rows", UserWarning, stacklevel=1)
        return 7

    value, notes = _try(warn)
    assert value == 7
    with pytest.warns(UserWarning, match="lost 3 rows"):
        assert _answer("fig", (value, notes)) == Answer("fig", 7)


@pytest.mark.parametrize(
    ("error", "message", "of_output", "of_input"),
    [
        (OutputError("the disk is full"), "the disk is full", True, False),
        (LayerError("a.gpkg", ["no rows."]), "a.gpkg: no rows.", False, True),
        (ZeroDivisionError("by 0"), "ZeroDivisionError: by 0", False, False),
    ],
)
def test_faults_say_whose_they_are(error, message, of_output, of_input):
    outcome = _try(refuse, error)
    answer = _answer("fig", outcome)
    assert answer.value is None
    assert isinstance(answer.fault, Fault)
    assert answer.fault.message == message
    assert (answer.fault.of_output, answer.fault.of_input) == (of_output, of_input)
    assert answer.fault.trace.rstrip().endswith(str(error))
