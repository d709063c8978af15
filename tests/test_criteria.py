"""Criteria files: what is read, and every way in which one may be wrong."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from hokkaido_gis.criteria import parse_criteria, read_criteria
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import CriteriaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEST = {"column": "heat", "op": ">=", "threshold": 10}
STUDY: dict[str, Any] = {
    "rank_by": "heat",
    "criterion": [
        {"id": "A", "effect": "positive", "tests": [TEST]},
        {"id": "B", "effect": "negative", "tests": [{**TEST, "column": "plants"}]},
    ],
    "knock_out": [{"criterion": "B", "reach": "neighbours", "within": "bureau"}],
}


def test_sample_study() -> None:
    study = read_criteria(sample_data() / "criteria" / "woody_biomass.toml")
    assert [c.id for c in study.criterion] == ["D-1", "D-2", "D-3", "D-4", "C-1", "C-2"]
    assert [c.effect for c in study.criterion].count("negative") == 1
    assert study.criterion[2].tests[0].threshold == "mean"
    assert study.rank_by == "output_with_neighbours_kw"
    assert (study.candidates.positives, study.candidates.first) == ("most", 1)
    assert study.candidates.second == 2
    assert study.asks_neighbours
    assert study.columns == [
        "output_with_neighbours_kw",
        "competing_plants",
        "distance_from_sapporo_km",
        "forest_stock_and_density_ge_mean",
        "fuel_factories",
        "road_density_and_residue_ge_mean",
        "plants_with_large_boiler",
    ]


def test_defaults_and_columns_without_repeats() -> None:
    study = parse_criteria(STUDY)
    assert study.columns == ["heat", "plants"]
    assert study.descending
    assert study.criterion[0].need == "all"
    assert (study.candidates.positives, study.candidates.second) == ("most", 0)


def test_settings_are_frozen_and_the_input_is_unchanged() -> None:
    settings = copy.deepcopy(STUDY)
    study = parse_criteria(settings)
    assert settings == STUDY
    with pytest.raises(ValueError, match="frozen"):
        study.rank_by = "plants"  # type: ignore[misc]


def misspell(study: dict[str, Any]) -> None:
    study["criterion"][0]["treshold"] = 3


def wrong_operator(study: dict[str, Any]) -> None:
    study["criterion"][0]["tests"] = [{**TEST, "op": "=>"}]


def no_tests(study: dict[str, Any]) -> None:
    study["criterion"][1]["tests"] = []


def no_criteria(study: dict[str, Any]) -> None:
    study["criterion"] = []


def repeat_id(study: dict[str, Any]) -> None:
    study["criterion"][1]["id"] = "A"
    study["knock_out"] = []


def unknown_knock_out(study: dict[str, Any]) -> None:
    study["knock_out"][0]["criterion"] = "Z"


def wrong_threshold(study: dict[str, Any]) -> None:
    study["criterion"][0]["tests"] = [{**TEST, "threshold": "average"}]


def no_rank(study: dict[str, Any]) -> None:
    del study["rank_by"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (misspell, r"study: criterion\.0\.treshold: Extra inputs .*got 3"),
        (wrong_operator, r"criterion\.0\.tests\.0\.op: .*'>='.*got '=>'"),
        (no_tests, r"criterion\.1\.tests: Tuple should have at least 1 item"),
        (no_criteria, r"criterion: Tuple should have at least 1 item"),
        (repeat_id, "criterion id A stands more than once"),
        (unknown_knock_out, "knock_out names criterion Z, which is not there"),
        (wrong_threshold, r"criterion\.0\.tests\.0\.threshold.*'mean' or 'median'.*'average'"),
        (no_rank, "rank_by: Field required"),
    ],
)
def test_one_fault(spoil: Callable[[dict[str, Any]], None], message: str) -> None:
    study = copy.deepcopy(STUDY)
    spoil(study)
    with pytest.raises(CriteriaError, match=message):
        parse_criteria(study, what="study")


def test_several_faults_are_listed_at_once() -> None:
    study = copy.deepcopy(STUDY)
    for spoil in (misspell, wrong_operator, no_tests):
        spoil(study)
    with pytest.raises(
        CriteriaError, match=r"3 faults: \(1\) .*op.*\(2\) .*treshold.*\(3\) .*tests"
    ):
        parse_criteria(study)


def test_several_faults_of_ids_are_listed_at_once() -> None:
    study = copy.deepcopy(STUDY)
    study["criterion"][1]["id"] = "A"
    with pytest.raises(CriteriaError, match=r"id A stands more than once.*names criterion B"):
        parse_criteria(study)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(CriteriaError, match=r"absent\.toml: there is no such file"):
        read_criteria(tmp_path / "absent.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CriteriaError, match="there is no such file"):
        read_criteria(tmp_path)


@pytest.mark.parametrize("content", [b"rank_by = ", "題 = '森'".encode("cp932")])
def test_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(CriteriaError, match=r"study\.toml: it is no TOML in UTF-8"):
        read_criteria(path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.touch()
    with pytest.raises(CriteriaError, match=r"2 faults: .*rank_by.*criterion"):
        read_criteria(path)
