"""Names compared by ordered rules, and matched one to one without a guess."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.names import ALIAS, RULES, compare_names, match_names, propose_names


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ("東郷", "東郷", "exact"),
        ("雨煙内(再)", "雨煙内（再）", "nfkc"),
        ("ｳﾄﾛ", "ウトロ", "nfkc"),
        ("上 磯", "上磯", "nfkc"),
        ("駒ヶ岳", "駒ケ岳", "variants"),
        ("自由が丘", "自由ヶ丘", "variants"),
        ("三ガ森", "三ヶ森", "variants"),
        ("桧山", "檜山", "variants"),
        ("大槌", "大鎚", "variants"),
        ("鹽谷", "塩谷", "variants"),
        ("亘島", "渡島", "variants"),
        ("瀧の澤", "滝の沢", "variants"),
        ("クオ−ベツ", "クオーベツ", "variants"),
        ("三の沢第一", "三の沢第1", "numerals"),
        ("天神二丁目", "天神２丁目", "numerals"),
        ("四十三線", "43線", "numerals"),
        ("第二十号", "第20号", "numerals"),
        ("十号", "10号", "numerals"),
        ("二五号", "25号", "numerals"),
        ("大字声問", "声問", "aza"),
        ("岩内町字発足", "岩内町発足", "aza"),
        ("上ノ国", "上の国", "no"),
        ("千代之浦", "千代ノ浦", "no"),
        ("ヌツパの沢", "ヌッパの沢", "kana"),
        ("ぽんべつ", "ポンベツ", "kana"),
        ("駒ケ岳ダム", "駒ヶ岳", "generic"),
        ("志海苔漁港", "志海苔", "generic"),
        ("函館港", "函館", "generic"),
        ("釜谷(戸井町)", "釜谷（戸井）", "generic"),
        ("釜谷漁港(戸井)", "釜谷(戸井)", "generic"),
        ("礼文西(鉄府)", "鉄府", "brackets"),
        ("釜谷", "釜谷(戸井)", "brackets"),
        ("釜谷(戸井)", "釜谷(木古内)", None),
        ("杵臼(再)", "杵臼(元)", None),
        ("日進甲", "日進乙", None),
        ("第一", "第二", None),
        ("函館空港", "函館", None),
        ("港", "", None),
        ("ノ", "の", "kana"),
    ],
)
def test_first_rule_that_makes_two_names_equal(one: str, other: str, rule: str | None) -> None:
    assert compare_names(one, other) == rule
    assert compare_names(other, one) == rule


def test_rules_have_short_names_of_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert ALIAS not in names
    assert max(map(len, names)) <= 10


def match(left: list, right: list, **options) -> list[tuple]:
    found = match_names(pd.Series(left), pd.Series(right), **options)
    return [
        (None if pd.isna(position) else position, rule, outcome)
        for position, rule, outcome, _ in found.itertuples(index=False)
    ]


def test_a_stricter_rule_comes_first_whatever_the_order_of_rows() -> None:
    assert match(["駒ヶ岳ダム", "駒ヶ岳"], ["駒ヶ岳", "駒ケ岳ダム"]) == [
        (1, "variants", "matched"),
        (0, "exact", "matched"),
    ]


def test_a_name_that_could_mean_several_is_left_and_told() -> None:
    found = match_names(pd.Series(["泊", "盃"]), pd.Series(["泊", "盃", "泊"]))
    assert found["outcome"].tolist() == ["several", "matched"]
    assert found["candidates"].tolist() == [(0, 2), (1,)]
    assert pd.isna(found["position"].iloc[0])


def test_two_that_could_mean_the_same_are_both_left() -> None:
    assert match(["泊", "泊"], ["泊"]) == [(None, "", "several"), (None, "", "several")]


def test_a_later_rule_does_not_settle_what_was_ambiguous() -> None:
    assert match(["泊", "泊港"], ["泊", "泊"])[0] == (None, "", "several")
    assert match(["泊", "泊港"], ["泊", "泊"])[1] == (None, "", "several")


def test_a_counterpart_that_is_taken_is_told() -> None:
    assert match(["泊", "泊港"], ["泊"]) == [(0, "exact", "matched"), (None, "", "taken")]


def test_elimination_is_no_evidence() -> None:
    """釜谷 is not 釜谷(木古内) because 釜谷(戸井) is given to another."""
    assert match(["釜谷", "釜谷(戸井)"], ["釜谷(戸井)", "釜谷(木古内)"]) == [
        (None, "", "several"),
        (0, "exact", "matched"),
    ]


def test_names_are_compared_within_their_group_only() -> None:
    within = (pd.Series(["01403", "01361", None]), pd.Series(["01361", "01403", "01403"]))
    assert match(["泊", "泊", "盃"], ["泊", "泊", "盃"], within=within) == [
        (1, "exact", "matched"),
        (0, "exact", "matched"),
        (None, "", "none"),
    ]


def test_aliases_are_applied_when_asked() -> None:
    assert match(["ウトロ"], ["宇登呂"]) == [(None, "", "none")]
    assert match(["ウトロ"], ["宇登呂"], aliases={"ｳﾄﾛ": "宇登呂"}) == [(0, ALIAS, "matched")]


def test_missing_names_match_nothing() -> None:
    assert match(["泊", None, " "], [None, "泊", " "]) == [
        (1, "exact", "matched"),
        (None, "", "no name"),
        (None, "", "no name"),
    ]


def test_no_rows_at_all() -> None:
    empty = pd.Series([], dtype="str")
    assert match_names(empty, pd.Series(["泊"])).empty
    assert match(["泊"], []) == [(None, "", "none")]


def test_labels_of_the_left_are_kept_and_may_repeat() -> None:
    found = match_names(pd.Series(["盃", "泊"], index=[7, 7]), pd.Series(["泊", "盃"]))
    assert found.index.tolist() == [7, 7]
    assert found["position"].tolist() == [1, 0]


NAMES = st.sampled_from(
    ["泊", "泊港", "泊(檜山)", "泊(後志)", "泊町", "駒ヶ岳", "駒ケ岳ダム", "上ノ国", "上の国",
     "鉄府", "礼文西(鉄府)", "第一", "第1", "第１号"]
)  # fmt: skip


@given(st.lists(NAMES, max_size=7), st.lists(NAMES, max_size=7), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(left, right, random) -> None:
    def pairs(mine, theirs):
        """Matches as labels, which travel with the rows."""
        found = match_names(mine, theirs)
        return {
            (label, None if pd.isna(p) else theirs.index[p], rule, outcome)
            for label, p, rule, outcome in zip(
                found.index, found["position"], found["rule"], found["outcome"], strict=True
            )
        }

    mine, theirs = pd.Series(left, dtype="str"), pd.Series(right, dtype="str")
    order, other = list(mine.index), list(theirs.index)
    random.shuffle(order)
    random.shuffle(other)
    assert pairs(mine, theirs) == pairs(mine.loc[order], theirs.loc[other])


@given(st.lists(NAMES, max_size=7), st.lists(NAMES, max_size=7))
def test_matches_are_one_to_one_and_equal_by_their_rule(left, right) -> None:
    found = match_names(pd.Series(left, dtype="str"), pd.Series(right, dtype="str"))
    matched = found.dropna(subset="position")
    assert matched["position"].is_unique
    for i, row in matched.iterrows():
        assert compare_names(left[i], right[row["position"]]) == row["rule"]


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    assert compare_names(one, one) == "exact"
    assert compare_names(one, other) == compare_names(other, one)


def test_similar_names_are_proposed_within_their_group() -> None:
    pytest.importorskip("rapidfuzz")
    proposed = propose_names(
        pd.Series(["本稲府", "沢木"], index=["a", "b"]),
        pd.Series(["元稲府", "本稲府", "雄武"], index=[5, 6, 7]),
        within=(pd.Series(["01563", "01563"]), pd.Series(["01563", "01564", "01563"])),
    )
    assert proposed.loc["a"] == ((5, "元稲府", 66.7),)
    assert proposed.loc["b"] == ()


def test_proposals_without_rapidfuzz_say_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    with pytest.raises(ImportError, match=r"hokkaido-gis\[fuzzy\]"):
        propose_names(pd.Series(["泊"]), pd.Series(["盃"]))
