"""Tables of chapter 5: the ports, with what their lost digits leave open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hokkaido_gis.codes import find_code
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.jis_c8907 import Mounting
from hokkaido_gis.report import chapter5
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.words import heading

if TYPE_CHECKING:
    import pandas as pd

    from hokkaido_gis.report.inputs import Inputs

PORTS, PRINTED_KWH = 194, 49_115_243  # 表 5-2 and 6-1


def made(name: str, inputs: Inputs, lang: str = "en") -> Table:
    table = chapter5.RECIPES[name](inputs, lang)
    assert isinstance(table, Table)
    return table


def column(table: Table, name: str, lang: str = "en") -> pd.Series:
    return table.frame[heading(name, lang)]


@pytest.mark.parametrize("name", sorted(chapter5.RECIPES))
def test_tables_speak_both_languages(inputs, name):
    japanese, english = made(name, inputs, "ja"), made(name, inputs)
    number = name.removeprefix("table-")
    assert japanese.title.startswith(f"表{number} ")
    assert english.title.startswith(f"Table {number} ")
    assert japanese.frame.shape == english.frame.shape
    for title in english.frame.columns:
        assert title.isascii() or set(re.findall(r"[^\x00-\x7f]", title)) <= {"²"}
    assert "合成" in japanese.caption
    assert "synthetic" in english.caption


def test_the_194_ports_bound_the_printed_sum(inputs):
    table = made("table-5-2", inputs)
    low, high = column(table, "kwh_low").sum(), column(table, "kwh_high").sum()
    assert len(table.frame) == PORTS
    assert low < PRINTED_KWH < high
    # Each port whose last three digits are lost leaves 999 kWh open.
    lost = (column(table, "kwh_low") < column(table, "kwh_high")).sum()
    assert high - low == 999 * lost
    for number in (low, high, PRINTED_KWH):
        assert f"{number:,.0f}" in table.caption


def test_capacities_and_plots_follow_from_the_energy(inputs):
    table = made("table-5-2", inputs)
    yields = study.yields_of_towns(inputs, Mounting.ROOF)
    per_kw = column(table, "code").map(yields)
    for end in ("low", "high"):
        kw = column(table, f"kwh_{end}") / per_kw
        np.testing.assert_allclose(column(table, f"kw_{end}"), kw, atol=0.051)
        np.testing.assert_allclose(column(table, f"m2_{end}"), kw * 12, atol=0.51)
    # 表 5-1: plots of 120 m2 and less are left out.
    assert (column(table, "m2_high") > 120).all()


def test_energy_is_that_of_the_study_by_municipality(inputs):
    table = made("table-5-2", inputs)
    ports = study.port_energy(inputs)
    sums = ports.groupby("municipality_code")["printed_kwh"].sum(min_count=1).dropna()
    listed = column(table, "kwh_low").groupby(column(table, "code")).sum()
    assert listed.to_dict() == sums.to_dict()


def test_surveyed_ports_worked_by_hand(inputs):
    table = made("table-5-4", inputs)
    frame = table.frame.set_index(heading("port", "en"))
    roof = study.yields_of_towns(inputs, Mounting.ROOF)
    # 表 5-4: 6,977 m2 at 10 kW on 120 m2.
    notoro = frame.loc["能取"]
    kw = 6_977 * 10 / 120
    assert notoro[heading("capacity_kw", "en")] == pytest.approx(kw, abs=0.05)
    kwh = notoro[heading("annual_kwh", "en")]
    assert kwh == pytest.approx(kw * roof[find_code("網走市")], abs=0.51)
    assert 654_000 <= kwh <= 654_999
    share = (0 + 980 / 6_977 + 400 / 5_141 + 700 / 8_097) / 4
    assert frame[heading("usable_share", "en")].mean() == pytest.approx(share, abs=0.001)
    assert f"{share:.1%}" in table.caption
    assert "about 8 %" in table.caption


def test_printed_energy_of_the_surveyed_is_that_of_table_5_2(inputs):
    surveyed, listed = made("table-5-4", inputs).frame, made("table-5-2", inputs).frame
    keys, ends = ["name", "port"], ["kwh_low", "kwh_high"]
    titles = [heading(name, "en") for name in (*keys, *ends)]
    both = surveyed[titles].merge(listed[titles], how="left", indicator=True)
    assert (both["_merge"] == "both").all()


@pytest.mark.parametrize("name", sorted(chapter5.RECIPES))
def test_without_weather_both_messages_say_so(boundaries_alone, name):
    with pytest.raises(MissingInputError, match=r"holds no .*Put a file") as caught:
        made(name, boundaries_alone)
    assert re.search(r"data に.*のファイルがない", caught.value.japanese)
