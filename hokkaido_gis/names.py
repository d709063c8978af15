"""Names of places and facilities compared by ordered rules, so that a match can say its ground.

The same dam stands in one list as 駒ヶ岳ダム and in another as 駒ケ岳. Each rule undoes one habit
of writing, on top of those before it, and two names match by the first rule that makes them equal.
Nothing is guessed: a name that could mean several others is left unmatched and told.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

# Old forms and variants of kanji that names are written with, each before the form taken for it.
# Source: 常用漢字表 (康煕字典体 in brackets there), 人名用漢字許容字体; 槌/鎚, 渡/亘, 龍 by usage.
_KANJI_PAIRS = (
    "鎚槌 鹽塩 亘渡 澤沢 濱浜 濵浜 嶋島 嶌島 瀧滝 龍竜 邊辺 邉辺 廣広 國国 圓円 櫻桜 藏蔵 惠恵 "
    "峯峰 舘館 曾曽 檜桧 淵渕 﨑崎 嵜崎 髙高 瀨瀬 德徳 榮栄 壽寿 鷗鴎 礒磯 籠篭 萬万 寶宝 豐豊 "
    "黑黒 靑青 圖図 關関 驛駅 鐵鉄 條条 當当 眞真 禮礼 應応 佛仏 區区 學学 縣県 聲声 舊旧 與与 "
    "餘余 獨独 會会 來来 假仮 晝昼 盡尽 劍剣 靜静 淺浅 邨村 埜野 凾函 舩船 麥麦 齊斉 齒歯 體体"
)
_KANJI = str.maketrans({pair[0]: pair[1] for pair in _KANJI_PAIRS.split()})
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ｰ-", "ー"))
_HAN = r"[\u3400-\u9fff々〆]"
_GA = re.compile(f"(?<={_HAN})[ヶケがガヵゕゖ](?={_HAN})")
_NO = re.compile(f"(?<={_HAN})[ノの之](?={_HAN})")
_DIGIT = {kanji: value for value, kanji in enumerate("〇一二三四五六七八九")}
_KANJI_NUMBER = "[〇一二三四五六七八九十]+"
_NUMERAL = re.compile(f"(?<=第){_KANJI_NUMBER}|{_KANJI_NUMBER}(?=丁目|番|号|線|条|区)")
_AZA = re.compile(r"大字|(?<=[町村市])字|^字")
_SMALL = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")
_HIRAGANA = str.maketrans({chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)})
_GENERIC = re.compile(r"(?<=.)(?:ダム|(?<!空)漁?港|港湾|貯水池|溜池|ため池)$")
_BRACKETED = re.compile(r"(?P<name>[^()]+)\((?P<part>[^()]+)\)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One habit of writing undone.

    Parameters
    ----------
    name
        Short name, as audits show it.
    meaning
        What it takes for equal.
    undo
        From a name as the rules before leave it to the name that this rule compares.
    opens_brackets
        Whether a name with a bracketed part also equals its parts written alone.
    """

    name: str
    meaning: str
    undo: Callable[[str], str]
    opens_brackets: bool = False


def _as_written(name: str) -> str:
    return name


def _nfkc(name: str) -> str:
    """Full and half width made one; brackets of either kind become ASCII, blanks are dropped."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


def _variants(name: str) -> str:
    return _GA.sub("ケ", name.translate(_KANJI).translate(_DASHES))


def _numerals(name: str) -> str:
    return _NUMERAL.sub(lambda found: str(_number(found.group())), name)


def _number(kanji: str) -> int:
    """Value of a numeral below 100 in kanji, positional (二五) or with 十 (二十五)."""
    if "十" not in kanji:
        return int("".join(str(_DIGIT[character]) for character in kanji))
    tens, _, ones = kanji.partition("十")
    return 10 * (_DIGIT[tens[-1]] if tens else 1) + (_DIGIT[ones[0]] if ones else 0)


def _aza(name: str) -> str:
    return _AZA.sub("", name)


def _no(name: str) -> str:
    return _NO.sub("ノ", name)


def _kana(name: str) -> str:
    return name.translate(_HIRAGANA).translate(_SMALL)


def _generic(name: str) -> str:
    """Drop the word for the kind at the end, and 市町村 at the end of a bracketed part."""
    bare = _GENERIC.sub("", name)
    found = _BRACKETED.fullmatch(bare)
    if not found:
        return bare
    part = re.sub(r"(?<=.)[市町村]$", "", found["part"])
    return f"{_GENERIC.sub('', found['name'])}({part})"


RULES: tuple[Rule, ...] = (
    Rule("exact", "the same characters", _as_written),
    Rule("nfkc", "full and half width, blanks", _nfkc),
    Rule("variants", "ヶ/ケ/が/ガ between kanji, old and new kanji, dashes", _variants),
    Rule("numerals", "kanji and Arabic numerals after 第 or before 丁目, 号, 線 ...", _numerals),
    Rule("aza", "with and without 字 or 大字", _aza),
    Rule("no", "ノ/の/之 between kanji", _no),
    Rule("kana", "hiragana and katakana, ッ/ツ and other small kana", _kana),
    Rule("generic", "with and without ダム, 漁港, 港 ...; 戸井 and 戸井町 in brackets", _generic),
    Rule(
        "brackets",
        "礼文西(鉄府) and 鉄府 or 礼文西; never 釜谷(戸井) and 釜谷(木古内)",
        _as_written,
        opens_brackets=True,
    ),
)
"""The rules in their order; each applies on top of those before it."""

ALIAS = "alias"
"""Name of the rule for pairs that the caller says are the same."""


def compare_names(one: str, other: str) -> str | None:
    """Name the first rule by which two names are equal.

    Returns
    -------
    str or None
        Name of the rule; None where no rule makes them equal.

    Examples
    --------
    >>> compare_names("駒ヶ岳ダム", "駒ケ岳"), compare_names("上ノ国", "上の国")
    ('generic', 'no')
    >>> compare_names("釜谷(戸井)", "釜谷(木古内)") is None
    True
    """
    for rule in RULES:
        one, other = rule.undo(one), rule.undo(other)
        if one == other or (rule.opens_brackets and _one_opens(one, other)):
            return rule.name
    return None


def _one_opens(one: str, other: str) -> bool:
    return other in _opened(one) or one in _opened(other)


def _opened(name: str) -> tuple[str, ...]:
    """What a name with a bracketed part may be called alone: its name, or that part."""
    found = _BRACKETED.fullmatch(name)
    return (found["name"], found["part"]) if found else ()


class _Side(NamedTuple):
    """One column of names: position, group and present form of those that are there."""

    texts: dict[int, str]
    groups: list[object]

    def after(self, rule: Rule) -> _Side:
        return _Side({i: rule.undo(text) for i, text in self.texts.items()}, self.groups)

    def positions(self, *, opened: bool = False) -> dict[tuple[object, str], list[int]]:
        found = defaultdict(list)
        for i, text in self.texts.items():
            for key in _opened(text) if opened else (text,):
                found[self.groups[i], key].append(i)
        return found


def match_names(
    left: pd.Series,
    right: pd.Series,
    *,
    within: tuple[pd.Series, pd.Series] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Match two columns of names one to one by the rules, strictest first.

    The order of rows does not matter: a rule is applied to all names before the next one is.

    Parameters
    ----------
    left, right
        Names; missing ones match nothing.
    within
        Groups that the names of `left` and `right` belong to, such as codes of municipalities, in
        the order of their rows; only names of one group are compared. A missing group holds none.
    aliases
        Names of `left`, each with the name of `right` that it stands for; applied before the rules.

    Returns
    -------
    pandas.DataFrame
        On the index of `left`: ``position`` (row of `right`, from 0; missing where unmatched),
        ``rule``, ``outcome`` (``matched``; ``several``, the name could mean several or several
        could mean the same; ``taken``, a stricter rule gave its counterpart to another; ``none``;
        ``no name``) and ``candidates`` (rows of `right` that it could mean, a tuple).

    Examples
    --------
    >>> found = match_names(pd.Series(["駒ヶ岳ダム", "泊"]), pd.Series(["泊", "泊", "駒ケ岳"]))
    >>> found[["rule", "outcome", "candidates"]].to_numpy().tolist()
    [['generic', 'matched', (2,)], ['', 'several', (0, 1)]]
    """
    groups = within or (pd.Series(0, index=left.index), pd.Series(0, index=right.index))
    mine, theirs = _side(left, groups[0]), _side(right, groups[1])
    found = _Found()
    found.take(ALIAS, _alias_links(mine, theirs, aliases or {}))
    for rule in RULES:
        mine, theirs = mine.after(rule), theirs.after(rule)
        found.take(rule.name, _links(mine, theirs, rule))
    return _as_table(left, found)


def _side(names: pd.Series, groups: pd.Series) -> _Side:
    grouped = groups.notna().to_numpy()
    texts = {
        i: str(name)
        for i, (name, known) in enumerate(zip(names, grouped, strict=True))
        if known and _is_name(name)
    }
    return _Side(texts, list(groups))


def _is_name(value: object) -> bool:
    return bool(pd.notna(value) and str(value).strip())  # type: ignore[call-overload]


def _links(mine: _Side, theirs: _Side, rule: Rule) -> set[tuple[int, int]]:
    """Every pair that a rule makes equal."""
    links = _equal(mine.positions(), theirs.positions())
    if rule.opens_brackets:
        links |= _equal(mine.positions(opened=True), theirs.positions())
        links |= _equal(mine.positions(), theirs.positions(opened=True))
    return links


def _equal(
    mine: Mapping[tuple[object, str], Sequence[int]],
    theirs: Mapping[tuple[object, str], Sequence[int]],
) -> set[tuple[int, int]]:
    return {(i, j) for key in mine.keys() & theirs.keys() for i in mine[key] for j in theirs[key]}


def _alias_links(mine: _Side, theirs: _Side, aliases: Mapping[str, str]) -> set[tuple[int, int]]:
    meant = {_nfkc(name): _nfkc(other) for name, other in aliases.items()}
    renamed = {i: meant.get(_nfkc(text)) for i, text in mine.texts.items()}
    known = _Side({i: text for i, text in renamed.items() if text is not None}, mine.groups)
    plain = _Side({j: _nfkc(text) for j, text in theirs.texts.items()}, theirs.groups)
    return _equal(known.positions(), plain.positions())


class _Found:
    """What is settled so far: pairs with their rule, and what the other names could mean."""

    def __init__(self) -> None:
        self.pairs: dict[int, tuple[int, str]] = {}
        self.candidates: dict[int, tuple[int, ...]] = {}
        self.contested: set[int] = set()

    def take(self, rule: str, links: Iterable[tuple[int, int]]) -> None:
        """Settle what one rule links: a pair that stands alone matches, all others are told."""
        of_left, of_right = defaultdict(set), defaultdict(set)
        for i, j in links:
            if i not in self.pairs:
                of_left[i].add(j)
                of_right[j].add(i)
        # A counterpart that a stricter rule gave away, or that several could mean, is not free.
        bound = self.contested | {j for j, _ in self.pairs.values()}
        for i, rights in of_left.items():
            if i in self.candidates:
                continue
            first, *more = sorted(rights)
            if more or first in bound or len(of_right[first]) > 1:
                self.candidates[i] = (first, *more)
            else:
                self.pairs[i] = (first, rule)
        self.contested |= {j for rights in self.candidates.values() for j in rights}


def _as_table(left: pd.Series, found: _Found) -> pd.DataFrame:
    given = {position for position, _ in found.pairs.values()}
    rows = [_row(i, found, given, named=_is_name(name)) for i, name in enumerate(left)]
    columns = ["position", "rule", "outcome", "candidates"]
    table = pd.DataFrame(rows, columns=columns, index=left.index)
    return table.astype({"position": "Int64", "rule": "str", "outcome": "str"})


def _row(
    i: int, found: _Found, given: set[int], *, named: bool
) -> tuple[int | None, str, str, tuple[int, ...]]:
    if i in found.pairs:
        position, rule = found.pairs[i]
        return position, rule, "matched", (position,)
    candidates = found.candidates.get(i, ())
    if len(candidates) == 1 and candidates[0] in given:
        return None, "", "taken", candidates
    if candidates:
        return None, "", "several", candidates
    return None, "", "none" if named else "no name", ()


def propose_names(
    left: pd.Series,
    right: pd.Series,
    *,
    within: tuple[pd.Series, pd.Series] | None = None,
    most: int = 3,
    least: float = 50.0,
) -> pd.Series:
    """Propose similar names for someone to decide on; nothing is matched by them.

    Parameters
    ----------
    left, right
        Names.
    within
        Groups as for `match_names`.
    most
        Number of proposals a name.
    least
        Least similarity [%], by edits that turn one name into the other.

    Returns
    -------
    pandas.Series
        For each row of `left` a tuple of ``(label in right, name, similarity [%])``, most similar
        ones first.

    Raises
    ------
    ImportError
        If rapidfuzz is not installed.
    """
    try:
        from rapidfuzz import fuzz, process  # noqa: PLC0415
    except ImportError as error:
        raise ImportError(
            "Proposals of similar names need rapidfuzz: pip install 'hokkaido-gis[fuzzy]'."
        ) from error
    groups = within or (pd.Series(0, index=left.index), pd.Series(0, index=right.index))
    mine, theirs = _side(left, groups[0]), _side(right, groups[1])
    for rule in RULES:
        mine, theirs = mine.after(rule), theirs.after(rule)
    written = right.tolist()
    proposals: list[tuple[tuple[Hashable, str, float], ...]] = [() for _ in range(len(left))]
    for i, text in mine.texts.items():
        choices = {j: t for j, t in theirs.texts.items() if theirs.groups[j] == mine.groups[i]}
        near = process.extract(text, choices, scorer=fuzz.ratio, limit=most, score_cutoff=least)
        proposals[i] = tuple((right.index[j], written[j], round(score, 1)) for _, score, j in near)
    return pd.Series(proposals, index=left.index, name="proposals", dtype=object)
