"""Siting: marks, knock-outs and ranks by hand, and the published answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from hokkaido_gis.analysis.adjacency import Adjacency, adjacency_from_lists
from hokkaido_gis.criteria import Comparison, Criteria, parse_criteria
from hokkaido_gis.errors import CriteriaError
from hokkaido_gis.siting import evaluate_siting, explain_siting, margin, threshold


@pytest.fixture
def towns() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["甲町", "乙町", "丙町", "丁町"],
            "zone": ["east", "east", "west", "west"],
            "heat": [40.0, 30.0, 20.0, 10.0],
            "roads": [4.0, 8.0, np.nan, 0.0],
            "plants": [0, 1, 0, 0],
        },
        index=pd.Index(["a", "b", "c", "d"], name="code"),
    )


@pytest.fixture
def chain() -> Adjacency:
    """甲町 - 乙町 - 丙町 - 丁町 in a row."""
    names = pd.Series({"a": "甲町", "b": "乙町", "c": "丙町", "d": "丁町"})
    lists = pd.Series(
        {"a": ["乙町"], "b": ["甲町", "丙町"], "c": ["乙町", "丁町"], "d": ["丙町"]}
    )  # fmt: skip
    return adjacency_from_lists(names, lists)


def compare(column: str, op: str, limit: float | str) -> dict[str, Any]:
    return {"column": column, "op": op, "threshold": limit}


def study(*criteria: dict[str, Any], **settings: Any) -> Criteria:
    return parse_criteria({"rank_by": "heat", "criterion": criteria, **settings})


def criterion(*tests: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"id": "A", "effect": "positive", "tests": tests, **settings}


HEAT = criterion(compare("heat", ">=", 20))
PLANTS = criterion(compare("plants", ">=", 1), id="B", effect="negative")


def test_table_by_hand(towns: pd.DataFrame) -> None:
    result = evaluate_siting(
        towns, study(HEAT, PLANTS, knock_out=[{"criterion": "B"}], candidates={"second": 1})
    )
    expected = pd.DataFrame(
        {
            "name": towns["name"],
            "A": ["positive", "positive", "positive", "neutral"],
            "B": ["neutral", "negative", "neutral", "neutral"],
            "positives": [1, 1, 1, 0],
            "negatives": [0, 1, 0, 0],
            "knocked_out_by": ["", "B", "", ""],
            "rank": pd.array([1, None, 2, None], dtype="Int64"),
            "candidate": ["first", "", "second", ""],
        },
        index=towns.index,
    )
    assert_frame_equal(result, expected, check_dtype=False)


def test_input_is_unchanged_and_the_order_of_rows_kept(towns: pd.DataFrame) -> None:
    turned = towns.iloc[[2, 0, 3, 1]]
    before = turned.copy(deep=True)
    result = evaluate_siting(turned, study(HEAT))
    assert_frame_equal(turned, before)
    assert result.index.equals(turned.index)
    assert_frame_equal(result.loc[towns.index], evaluate_siting(towns, study(HEAT)))


@pytest.mark.parametrize(
    ("op", "marked"),
    [
        (">=", ["a", "b"]),
        (">", ["a"]),
        ("<=", ["b", "c", "d"]),
        ("<", ["c", "d"]),
        ("==", ["b"]),
        ("!=", ["a", "c", "d"]),
    ],
)
def test_operators(towns: pd.DataFrame, op: str, marked: list[str]) -> None:
    marks = evaluate_siting(towns, study(criterion(compare("heat", op, 30))))["A"]
    assert marks.index[marks == "positive"].tolist() == marked


@pytest.mark.parametrize(
    ("limit", "value"), [("mean", 4.0), ("median", 4.0), (3, 3.0)], ids=["mean", "median", "number"]
)
def test_thresholds_leave_missing_values_out(
    towns: pd.DataFrame, limit: float | str, value: float
) -> None:
    assert threshold(towns, Comparison(column="roads", op=">=", threshold=limit)) == value


def test_mean_and_median_differ(towns: pd.DataFrame) -> None:
    skewed = towns.assign(heat=[100.0, 30.0, 20.0, 10.0])
    mean, median = (
        threshold(skewed, Comparison(column="heat", op=">=", threshold=kind))
        for kind in ("mean", "median")
    )
    assert (mean, median) == (40.0, 25.0)


@pytest.mark.parametrize(
    ("need", "marks"),
    [
        # c has no roads: with 20 of heat that leaves "all" open, and settles "any".
        ("all", ["positive", "positive", "unknown", "neutral"]),
        ("any", ["positive", "positive", "positive", "neutral"]),
    ],
)
def test_missing_indicators(towns: pd.DataFrame, need: str, marks: list[str]) -> None:
    tests = [compare("heat", ">=", 20), compare("roads", ">=", "mean")]
    assert evaluate_siting(towns, study(criterion(*tests, need=need)))["A"].tolist() == marks


@pytest.mark.parametrize(("need", "mark"), [("all", "neutral"), ("any", "unknown")])
def test_missing_indicator_beside_a_failing_one(towns: pd.DataFrame, need: str, mark: str) -> None:
    tests = [compare("heat", ">=", 99), compare("roads", ">=", 1)]
    assert evaluate_siting(towns, study(criterion(*tests, need=need))).loc["c", "A"] == mark


@pytest.mark.parametrize(
    ("knock_out", "reasons"),
    [
        ({"criterion": "B"}, ["", "B", "", ""]),
        ({"criterion": "B", "reach": "neighbours"}, ["B (乙町)", "B", "B (乙町)", ""]),
        (
            {"criterion": "B", "reach": "neighbours", "within": "zone"},
            ["B (乙町)", "B", "", ""],
        ),
        ({"criterion": "B", "tests": [compare("heat", "<", 20)]}, ["", "", "", "B"]),
    ],
    ids=["own", "neighbours", "neighbours within a zone", "tests of its own"],
)
def test_knock_outs(
    towns: pd.DataFrame, chain: Adjacency, knock_out: dict[str, Any], reasons: list[str]
) -> None:
    result = evaluate_siting(towns, study(HEAT, PLANTS, knock_out=[knock_out]), adjacency=chain)
    assert result["knocked_out_by"].tolist() == reasons
    assert result["rank"].isna()[result["knocked_out_by"] != ""].all()


def test_several_reasons_are_joined(towns: pd.DataFrame, chain: Adjacency) -> None:
    outs = [{"criterion": "B", "reach": "neighbours"},
            {"criterion": "A", "tests": [compare("heat", ">", 35)]}]  # fmt: skip
    result = evaluate_siting(towns, study(HEAT, PLANTS, knock_out=outs), adjacency=chain)
    assert result.loc["a", "knocked_out_by"] == "B (乙町), A"


def test_neighbours_outside_the_table_are_passed_over(
    towns: pd.DataFrame, chain: Adjacency
) -> None:
    out = {"criterion": "B", "reach": "neighbours"}
    result = evaluate_siting(
        towns.drop("c"), study(HEAT, PLANTS, knock_out=[out]), adjacency=chain
    )  # fmt: skip
    assert result["knocked_out_by"].tolist() == ["B (乙町)", "B", ""]


@pytest.mark.parametrize(
    ("descending", "ranks"), [(True, [1, 1, 3, None]), (False, [2, 2, 1, None])]
)
def test_equal_values_share_the_better_rank(
    towns: pd.DataFrame, descending: bool, ranks: list[int | None]
) -> None:
    tied = towns.assign(heat=[30.0, 30.0, 20.0, 10.0])
    result = evaluate_siting(
        tied, study(HEAT, descending=descending, candidates={"first": 1, "second": 2})
    )
    assert result["rank"].tolist() == [pd.NA if r is None else r for r in ranks]
    places = {1: "first", 2: "second", 3: "second"}
    assert result["candidate"].tolist() == [places.get(rank or 0, "") for rank in ranks]


@pytest.mark.parametrize(("positives", "ranked"), [("most", ["a"]), (1, ["a", "b"]), (3, [])])
def test_who_is_a_candidate(towns: pd.DataFrame, positives: int | str, ranked: list[str]) -> None:
    marks = (HEAT | criterion(compare("heat", ">=", 30)), HEAT | {"id": "B"} | criterion(
        compare("heat", ">=", 40)) | {"id": "B"})  # fmt: skip
    rank = evaluate_siting(towns, study(*marks, candidates={"positives": positives}))["rank"]
    assert rank.dropna().index.tolist() == ranked


@pytest.mark.parametrize(
    ("op", "margins"),
    [
        (">=", [15, 5, -5, -15]),
        (">", [15, 5, -5, -15]),
        ("<=", [-15, -5, 5, 15]),
        ("<", [-15, -5, 5, 15]),
        ("==", [-15, -5, -5, -15]),
        ("!=", [15, 5, 5, 15]),
    ],
)
def test_margins(towns: pd.DataFrame, op: str, margins: list[float]) -> None:
    test = Comparison(column="heat", op=op, threshold="mean")  # type: ignore[arg-type]
    assert margin(towns, test).tolist() == margins


def test_explanation_has_a_row_for_every_unit_and_test(towns: pd.DataFrame) -> None:
    both = criterion(compare("heat", ">=", 20), compare("roads", "<", "mean") | {"unit": "m/ha"})
    table = explain_siting(towns, study(both))
    assert table["code"].tolist() == ["a", "a", "b", "b", "c", "c", "d", "d"]
    assert table["indicator"].tolist() == ["heat", "roads"] * 4
    assert table["threshold"].tolist() == [20.0, 4.0] * 4
    assert table["margin"].fillna(-99).tolist() == [20, 0, 10, -4, 0, -99, -10, 4]
    assert table["unit"].tolist() == ["", "m/ha"] * 4
    assert table["mark"].tolist() == [
        "neutral", "neutral", "neutral", "neutral", "unknown", "unknown", "neutral", "neutral",
    ]  # fmt: skip


def test_adjacency_is_asked_for(towns: pd.DataFrame) -> None:
    out = {"criterion": "A", "reach": "neighbours"}
    with pytest.raises(CriteriaError, match=r"Criterion A knocks out neighbours too.*--boundaries"):
        evaluate_siting(towns, study(HEAT, knock_out=[out]))


def test_codes_outside_the_boundaries(towns: pd.DataFrame, chain: Adjacency) -> None:
    out = {"criterion": "A", "reach": "neighbours"}
    strange = towns.rename(index={"a": "x"})
    with pytest.raises(CriteriaError, match="1 codes of the table are not in the boundaries: x"):
        evaluate_siting(strange, study(HEAT, knock_out=[out]), adjacency=chain)


@pytest.mark.parametrize("evaluate", [evaluate_siting, explain_siting])
def test_all_faults_are_listed(towns: pd.DataFrame, evaluate: Any) -> None:
    wrong = pd.concat([towns, towns.loc[["a"]]])
    asked = study(
        criterion(compare("absent", ">", 1), compare("name", "==", 1)),
        knock_out=[{"criterion": "A", "within": "bureau"}],
    )
    with pytest.raises(CriteriaError, match="Siting: 3 faults") as caught:
        evaluate(wrong, asked)
    message = str(caught.value)
    assert "(1) the table has no column absent, bureau; it has name, zone, heat" in message
    assert "(2) columns to be compared must hold numbers; name do not." in message
    assert "(3) codes stand more than once: a." in message


@pytest.fixture(scope="module")
def answer() -> pd.DataFrame:
    """The study of the report, on names."""
    from hokkaido_gis.report.biomass_study import siting_answer  # noqa: PLC0415
    from hokkaido_gis.report.inputs import Inputs  # noqa: PLC0415

    return siting_answer(Inputs()).set_index("name")


def test_six_towns_have_four_positives(answer: pd.DataFrame) -> None:
    assert len(answer) == 179
    assert answer["positives"].max() == 4
    assert set(answer.index[answer["positives"] == 4]) == {
        "旭川市", "北見市", "芦別市", "美瑛町", "足寄町", "浦幌町",
    }  # fmt: skip


def test_published_answer(answer: pd.DataFrame) -> None:
    ranked = answer.dropna(subset="rank").sort_values("rank")
    assert ranked["rank"].tolist() == [1, 2, 3, 4]
    assert ranked.index.tolist() == ["北見市", "足寄町", "芦別市", "浦幌町"]
    assert ranked["candidate"].tolist() == ["first", "second", "second", ""]
    assert answer.loc["旭川市", "knocked_out_by"] == "D-2"
    assert answer.loc["美瑛町", "knocked_out_by"] == "D-2 (旭川市)"


def test_units_without_names_bear_their_codes(towns: pd.DataFrame) -> None:
    unnamed = towns.drop(columns="name")
    assert evaluate_siting(unnamed, study(HEAT))["name"].to_dict() == {c: c for c in "abcd"}
    assert evaluate_siting(towns, study(HEAT))["name"].to_dict() == towns["name"].to_dict()
