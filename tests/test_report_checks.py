"""The ledger of chapters 3 to 6: what agrees, what differs and why, on the sample and elsewhere."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import hokkaido_gis as hg
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.report import (
    chapter3_checks,
    chapter4_checks,
    chapter4_tables,
    chapter5_checks,
    chapter6_checks,
)
from hokkaido_gis.report.chapter4_checks import _OfRounded
from hokkaido_gis.report.comparison import known, numbered, why
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.kept import kept
from hokkaido_gis.report.ledger import ledger
from hokkaido_gis.report.registry import registry

VERDICTS = ["equal", "within rounding", "input lost", "differs"]
CHAPTERS = {
    3: chapter3_checks.checks,
    4: chapter4_checks.checks,
    5: chapter5_checks.checks,
    6: chapter6_checks.checks,
}


@pytest.fixture(scope="module")
def checked(inputs: Inputs) -> pd.DataFrame:
    return pd.concat([ledger(inputs, chapter=n, lang="en") for n in CHAPTERS], ignore_index=True)


def row(checked: pd.DataFrame, figure: str, words: str) -> pd.Series:
    rows = checked[(checked["id"] == figure) & checked["quantity"].str.contains(words, regex=False)]
    assert len(rows) == 1, f"{len(rows)} rows of {figure} are about {words!r}"
    return rows.iloc[0]


# --- the ledger as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chapter", "counts"),
    [(3, [19, 141, 2, 3]), (4, [46, 8, 3, 20]), (5, [33, 29, 4, 3]), (6, [8, 3, 4, 2])],
)
def test_verdicts_by_chapter(checked, chapter, counts):
    rows = checked[checked["id"].str.split("-").str[1] == str(chapter)]
    found = rows["verdict"].value_counts().reindex(VERDICTS, fill_value=0)
    assert found.tolist() == counts


def test_chapters_stand_together_in_the_whole_ledger(inputs, checked):
    whole = ledger(inputs, lang="en")
    tail = whole[whole["id"].isin(checked["id"])]
    pd.testing.assert_frame_equal(tail.reset_index(drop=True), checked)


def test_every_row_is_about_a_figure_of_its_chapter(inputs):
    for chapter, checks in CHAPTERS.items():
        ids = {check.id for check in checks(inputs)}
        assert ids <= set(registry())
        assert {registry()[name].chapter for name in ids} == {chapter}


def test_no_figure_is_checked_twice_in_one_place(checked):
    assert not checked.duplicated(["id", "quantity"]).any()


def test_words_come_in_both_languages(inputs):
    for checks in CHAPTERS.values():
        for check in checks(inputs):
            assert all(check.quantity)
            assert all(check.cause) or not any(check.cause), check.quantity


def test_what_differs_or_is_lost_says_why(checked):
    rows = checked[checked["verdict"].isin(["differs", "input lost"])]
    assert (rows["cause"] != "").all()
    kinds = checked.loc[checked["verdict"] == "differs", "cause"].str.partition(":")[0]
    assert set(kinds) == {"data", "rounding", "misprint", "rule"}


def test_whole_numbers_stay_whole(checked):
    kwh = row(checked, "fig-4-48", "energy in a year")["published"]
    assert isinstance(kwh, int)
    assert kwh == 18_941_764_118


# --- single figures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "words", "published", "verdict"),
    [
        ("table-3-3", "青山 output", 1_229, "within rounding"),
        ("table-3-3", "東郷 energy at 33 %", 1_998, "within rounding"),
        ("table-3-4", "羽幌二股 energy", 1_000, "equal"),
        ("fig-3-1", "500 kW or less", 64, "differs"),
        ("table-3-5", "sum of the 70 dams at 33 %", 93_104, "input lost"),
        ("fig-3-6", "case II income of 12 months", 47_290, "within rounding"),
        ("fig-3-6", "case I: months", "1 2", "differs"),
        ("table-3-10", "case III construction with tax [1,000 yen] (text", 770_520, "equal"),
        ("table-3-11", "卯原内", 11_266, "within rounding"),
        ("table-3-11", "at all 70 dams", 687_019, "differs"),
        ("table-3-11", "63 dams as printed", 687_019, "input lost"),
        ("fig-4-1", "all abandoned farmland", 11_107, "equal"),
        ("fig-4-1", "settlements with 2 ha", 8_222, "within rounding"),
        ("fig-4-19", "capacity [kW]", 4_110_840, "equal"),
        ("fig-4-19", "energy in a year", 4_255_137_709, "differs"),
        ("table-4-6", "網走市 capacity", 23_940, "equal"),
        ("table-4-6", "白糠町 capacity", 16_500, "equal"),
        ("table-4-6", "浜中町", 115_956_000, "differs"),
        ("table-4-13", "last three digits", 900, "equal"),
        ("table-4-18", "last three digits", 968, "equal"),
        ("table-4-13", "CO2", 554.8, "equal"),
        ("table-4-13", "on a roof", 0.985, "within rounding"),
        ("table-4-16", "payback", 9, "equal"),
        ("table-4-16", "profit", 1_976, "equal"),
        ("table-4-21", "profit", 2_056, "equal"),
        ("table-4-17", "effect on the region [10,000 yen]", 33_956, "equal"),
        ("fig-4-48", "capacity", 8_221_680, "equal"),
        ("fig-4-48", "energy", 18_941_764_118, "within rounding"),
        ("table-5-2", "capacity of all ports", 49_224, "within rounding"),
        ("table-5-2", "printed by port", 49_115_243, "input lost"),
        ("table-5-4", "能取 energy", 654_000, "equal"),
        ("table-5-4", "茂辺地 energy", 656_000, "differs"),
        ("table-5-4", "usable roof", 8, "within rounding"),
        ("table-5-15", "sum of the printed months", 33_796, "equal"),
        ("table-5-20", "sum of the printed months", 34_326, "equal"),
        ("table-5-18", "profit", 40, "equal"),
        ("table-5-23", "payback", 12, "equal"),
        ("table-6-1", "hydro at 33 %", 93_104_000, "input lost"),
        ("table-6-2", "sum at 15%", 1_000, "equal"),
    ],
)
def test_published_figures(checked, figure, words, published, verdict):
    found = row(checked, figure, words)
    assert (found["published"], found["verdict"]) == (published, verdict)


def test_every_dam_with_both_generations_and_every_output(checked):
    tables = checked[checked["id"].isin(["table-3-3", "table-3-4", "table-3-5"])]
    both = tables[tables["quantity"].str.contains("energy at 33 % [MWh]", regex=False)]
    outputs = tables[tables["quantity"].str.endswith("output [kW]")]
    # 羽幌二股 has its thousands alone.
    assert (len(both), len(outputs)) == (31 + 1, 11)
    assert set(both["verdict"]) | set(outputs["verdict"]) == {"equal", "within rounding"}


def test_all_63_dams_with_sun_are_within_one_kilowatt_hour(checked):
    dams = checked[checked["quantity"].str.endswith("energy of 10 kW [kWh]")]
    assert len(dams) == 63
    assert dams["published"].sum() == 619_616
    assert (dams["verdict"] == "within rounding").all()
    assert dams["cause"].str.contains("worked out from the report's energies").all()


def test_case_2_has_all_twelve_months(checked):
    months = checked[
        (checked["id"] == "fig-3-6")
        & checked["quantity"].str.match(
            r"case II income of \d+ months of operation \[1,000 yen/yr\]$"
        )
    ]
    assert len(months) == 12
    assert (months["difference"].astype(float).abs() <= 1).all()
    assert months["cause"].str.contains("fitted").all()


@pytest.mark.parametrize(("town", "kwh"), [("網走市", 27_384_944), ("白糠町", 19_188_988)])
def test_towns_lie_within_the_rounding_of_twelve_months(checked, town, kwh):
    rows = checked[
        (checked["id"] == "table-4-6") & checked["quantity"].str.startswith(f"{town} energy")
    ]
    assert (rows["published"] == kwh).all()
    assert rows["verdict"].tolist() == ["within rounding", "differs"]
    low, high = (float(end.replace(",", "")) for end in rows["computed"].iloc[0].split("–"))
    assert low < kwh < high
    assert (high - low) / kwh < 2e-5


def test_printed_ground_and_roof_leap_as_the_cause_says(inputs):
    """Months of 1,000 kW and of 30 kW as printed; the formula alone gives 1.015 to 1.017."""
    roof, ground = inputs.report("monthly_30kw"), inputs.report("monthly_1000kw")
    ports = {"網走市": "能取漁港", "白糠町": "白糠漁港"}
    on_roof = {
        (r["site"], r["month"]): float(r["kwh"]) / 30 * 1000 for r in roof.to_dict("records")
    }
    ratios = [
        float(r["kwh"]) / on_roof[ports[r["site"]], r["month"]] for r in ground.to_dict("records")
    ]
    small = [ratio for ratio in ratios if ratio < 1.015]
    large = [ratio for ratio in ratios if ratio >= 1.015]
    assert (len(small), len(large)) == (5, 9)
    assert (round(min(small), 3), round(max(small), 3)) == (1.010, 1.011)
    assert (round(min(large), 3), round(max(large), 3)) == (1.019, 1.023)


def test_lost_dams_with_the_sun_of_their_towns_reach_the_printed_sum():
    """Of 上湯内 ...010 and of 余市 9,xxx are left: 10,010 asks for 9,684."""
    same_town = 9_415 + 9_542 + 9_570 + 9_135 + 10_047
    left = chapter3_checks.SOLAR_KWH - 619_616 - same_town
    low, high = chapter3_checks.SOLAR_LEFT[42]
    assert low <= left - 10_010 <= high


def test_published_figures_are_the_same_wherever_they_stand():
    for case in (chapter4_checks.ABASHIRI, chapter4_checks.SHIRANUKA):
        kwh, kw = chapter4_tables.SURVEYED[case.town]
        assert kwh / kw == pytest.approx(case.business.generation_kwh / 1000, rel=1e-5)
    assert chapter4_checks.SOLAR_KW == chapter4_checks.WIND_KW / 2
    assert chapter5_checks.PLOTS_M2 % 1000 == chapter6_checks.PLOTS_ENDING
    assert chapter5_checks.CAPACITY_KW // 1000 == chapter6_checks.PORT_THOUSAND_KW


# --- other folders --------------------------------------------------------------------------------


def test_a_folder_of_boundaries_still_checks_what_needs_no_layer(boundaries_alone):
    found = {n: ledger(boundaries_alone, chapter=n, lang="en") for n in CHAPTERS}
    for chapter, table in found.items():
        assert (table["verdict"] == "equal").any(), chapter
        missing = table[table["cause"].str.startswith("data: a layer")]
        assert (missing["verdict"] == "input lost").all()
        assert (missing["computed"] == "").all()
    dams = found[3][found[3]["quantity"].str.endswith("energy of 10 kW [kWh]")]
    assert (dams["verdict"] == "input lost").all()
    assert row(found[4], "fig-4-1", "all abandoned farmland")["verdict"] == "input lost"
    assert row(found[4], "table-4-16", "payback")["verdict"] == "equal"
    assert row(found[6], "table-6-1", "farmland, wind [kWh]")["verdict"] == "input lost"


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_real_layers_give_the_same_rows_with_causes_of_their_own(real_data, checked):
    folder = real_data("dams-w01/hokkaido_dams_w01_14.geojson").parents[1]
    real = Inputs(folder)
    found = pd.concat([ledger(real, chapter=n, lang="en") for n in CHAPTERS], ignore_index=True)
    assert found[["id", "quantity", "published"]].equals(checked[["id", "quantity", "published"]])
    assert not found["cause"].str.contains("sample").any()
    differing = found[found["verdict"] == "differs"]
    assert (differing["cause"] != "").all()
    assert row(found, "table-3-11", "at all 70 dams")["cause"].startswith("data: computed from")
    # What stands on the print alone is the same everywhere.
    printed_only = checked["cause"].eq("") & checked["verdict"].eq("equal")
    assert (found.loc[printed_only, "verdict"] == "equal").all()


# --- parts ----------------------------------------------------------------------------------------


def test_known_takes_only_missing_layers_for_missing():
    def lacking() -> float:
        raise MissingInputError("no layer")

    assert math.isnan(known(lacking))
    assert known(lambda: 2) == 2.0
    with pytest.raises(ZeroDivisionError):
        known(lambda: 1 / 0)


def test_why_tells_the_sample_from_other_layers(inputs, boundaries_alone):
    words = ("標本", "sample")
    assert why(inputs, 1.0, "census", words) == words
    assert "耕作放棄地" in why(inputs, math.nan, "census", words)[0]
    (boundaries_alone.folder / "census.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "another edition" in why(boundaries_alone, 1.0, "census", words)[1]


def test_numbered_gives_numbers_with_values():
    assert list(numbered(pd.Series([1, 2.5], index=["3", "4"]))) == [(3, 1.0), (4, 2.5)]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (90.0, 110.0, "within rounding"),
        (101.5, 110.0, "differs"),
        (100.0, 100.0, "equal"),
        (math.nan, math.nan, "input lost"),
    ],
)
def test_bounds_that_rounding_leaves_are_no_loss(low, high, verdict):
    assert _OfRounded("x", ("", ""), 100.0, low, high).verdict == verdict


def test_bounds_of_the_dams_that_are_lost():
    printed = pd.Series({1: 10.0, 2: math.nan, 3: 12.0, 16: math.nan})
    towns = pd.Series({1: "a", 2: "a", 3: "a", 16: "b"})
    low, high = chapter3_checks._left(printed, towns)
    assert (low, high) == (10 + 10 + 12 + 9_000, 10 + 12 + 12 + 9_999)


def test_results_are_kept_as_long_as_their_inputs():
    calls: list[Inputs] = []

    @kept
    def count(inputs: Inputs) -> int:
        """Count."""
        calls.append(inputs)
        return len(calls)

    first, second = hg.Inputs(), hg.Inputs()
    assert [count(first), count(first), count(second), count(first)] == [1, 1, 2, 1]
    assert calls == [first, second]
    assert count.__doc__ == "Count."


def test_what_raises_is_not_kept():
    answers = iter([MissingInputError("not yet"), 5])

    @kept
    def later(inputs: Inputs) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    one = hg.Inputs()
    with pytest.raises(MissingInputError, match="not yet"):
        later(one)
    assert later(one) == 5
