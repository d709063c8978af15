"""How much of the report's figures there is, as numbers; credits and terms in both languages."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.report.completeness import Gap, find_gap
from hokkaido_gis.report.credits import credit_in, terms_in
from hokkaido_gis.report.outcome import Outcome
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.rerun import Record

if TYPE_CHECKING:
    from hokkaido_gis.report.inputs import Inputs


@pytest.fixture(scope="module")
def gaps(inputs: Inputs) -> dict[str, Gap | None]:
    return {name: find_gap(name, inputs) for name in registry()}


def test_counts_are_those_of_the_transcribed_tables(inputs, gaps):
    dams, ports = inputs.report("dams"), inputs.report("ports")
    known = dams["annual_mwh_at_55pct"].notna() | dams["annual_mwh_at_33pct"].notna()
    assert (gaps["fig-3-1"].shown, gaps["fig-3-1"].whole) == (known.sum(), 70)
    sheets = [gaps[f"table-3-{number}"] for number in (3, 4, 5)]
    assert sum(sheet.shown for sheet in sheets) == known.sum()
    assert sum(sheet.whole for sheet in sheets) == 70
    assert gaps["table-5-2"].shown == to_numbers(ports["annual_kwh"]).notna().sum()
    heat = inputs.report("biomass")["own_heat_gj"]
    assert gaps["table-2-26"].shown >= heat.notna().sum()
    assert gaps["table-2-26"].whole == 179
    assert gaps["fig-2-6"].whole == 80


def test_shares_lie_between_none_and_all(gaps):
    shares = [gap.share for gap in gaps.values() if gap is not None and gap.share is not None]
    assert shares
    assert all(0 <= share < 1 for share in shares)
    assert Gap("桁", "digits").share is None


def test_what_survives_whole_has_no_gap(gaps):
    assert gaps["table-2-4"] is None  # each plant's company survives
    assert gaps["table-2-6"] is not None
    assert gaps["fig-4-1"] is gaps["table-2-17"] is None


@pytest.mark.parametrize(
    ("record", "lost", "state", "share"),
    [
        (None, 0, "failed", 0.0),
        (Record("x", "k", why_not=("no", "無")), 0, "not made", 0.0),
        (Record("x", "k", gap=Gap("桁", "digits", 1, 4)), 0, "partly made", 0.25),
        (Record("x", "k"), 2, "partly made", None),
        # Words of a caption no longer decide.
        (Record("x", "k", caption="失われた"), 0, "made", 1.0),
    ],
)
def test_state_and_share_follow_from_the_record_and_the_ledger(record, lost, state, share):
    outcome = Outcome(registry()["fig-4-1"], record, lost=lost)
    assert (outcome.state, outcome.share) == (state, share)


def test_every_credit_and_term_of_the_catalogue_is_in_both_languages():
    text = (sample_data() / "layers.toml").read_text(encoding="utf-8")
    for layer in tomllib.loads(text)["layer"]:
        assert terms_in("en", layer["terms"]) == layer["terms"]
        assert not terms_in("ja", layer["terms"]).isascii()
        assert credit_in("ja", layer["credit"]) == layer["credit"]
        assert credit_in("en", layer["credit"]).isascii()


def test_what_a_user_writes_stays_as_it_is():
    assert terms_in("ja", "CC BY 4.0") == "CC BY 4.0"
    assert credit_in("en", "青森県の図; b.gpkg") == "青森県の図; b.gpkg"
