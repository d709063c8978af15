"""The index page of a run: thumbnails and links by chapter, table 6-1, the ledger, credits."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

import jinja2
import pandas as pd

from hokkaido_gis._version import __version__
from hokkaido_gis.io.cells import unguard_table
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.html_page import source_hash
from hokkaido_gis.report.chapters import chapter_heading
from hokkaido_gis.report.credits import credit_in, terms_in
from hokkaido_gis.report.drawing import THUMBS
from hokkaido_gis.report.layer_files import LAYERS, origin_of
from hokkaido_gis.report.making import BUNDLES
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.making import Making
    from hokkaido_gis.report.outcome import Outcome

_SUMMARY = "table-6-1"
_LABELS = {".kmz": "Google Earth", ".html": "HTML", ".png": "PNG", ".csv": "CSV"}
_BUNDLES = {
    "hokkaido_gis.kmz": ("全図 Google Earth (KMZ)", "All figures for Google Earth (KMZ)"),
    "hokkaido_gis.gpkg": ("全レイヤ QGIS (GeoPackage)", "All layers for QGIS (GeoPackage)"),
    "tables.xlsx": ("全表 (Excel)", "All tables (Excel)"),
}
_STATES = {
    "made": ("作成", "made"),
    "partly made": ("一部作成", "partly made"),
    "not made": ("未作成", "not made"),
    "failed": ("失敗", "failed"),
}
_VERDICTS = {
    "equal": ("一致", "equal"),
    "within rounding": ("丸めの範囲で一致", "within rounding"),
    "input lost": ("入力の一部が失われ確認のみ", "input lost"),
    "differs": ("相違", "differs"),
}
_KINDS = {
    "real": ("実データ", "real"),
    "report": ("報告書の数値", "the report's figures"),
    "synthetic": ("合成", "synthetic"),
    "mixed": ("報告書の数値・位置は合成", "the report's figures on synthetic places"),
    "given": ("指定されたデータ", "as given"),
}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def write_index(
    making: Making, outcomes: Sequence[Outcome], checked: pd.DataFrame, path: Path
) -> Path:
    """Write the index page, which needs no network.

    Parameters
    ----------
    making
        The run.
    outcomes
        What became of each figure and table, chapter by chapter.
    checked
        The ledger of the run, as text.
    path
        Where to write; links are relative to its folder.

    Returns
    -------
    pathlib.Path
        `path`.
    """
    lang = making.lang
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template, style = environment.from_string(_read("index.html")), _read("index.css")
    page = template.render(
        lang=lang,
        say=lambda japanese, english: say(lang, japanese, english),
        style=style,
        policy=_policy(style),
        version=__version__,
        states=_states(outcomes, lang),
        bundles=[(name, say(lang, *_BUNDLES[name])) for name in BUNDLES if name in making.records],
        summary=_summary(making),
        chapters=[
            _chapter(chapter, list(group), checked, lang)
            for chapter, group in groupby(outcomes, key=lambda outcome: outcome.entry.chapter)
        ],
        missing=_missing(outcomes, lang),
        partly=_partly(outcomes, lang),
        older=sum(outcome.is_older for outcome in outcomes),
        place=making.place,
        place_name=making.place.name(lang),
        faults=making.faults,
        verdicts=[say(lang, *words) for words in _VERDICTS.values()],
        counts=_counts(checked),
        checked=len(checked),
        differences=_grouped(checked[checked["verdict"] == "differs"]),
        sources=_sources(making),
    )
    with replace_when_complete(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


def _policy(style: str) -> str:
    """Content-Security-Policy of a page with pictures beside it, one style and no script."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src 'self' file:",
            f"style-src {source_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _read(name: str) -> str:
    return files(__package__).joinpath("web", name).read_text(encoding="utf-8")


def _states(outcomes: Sequence[Outcome], lang: Lang) -> list[tuple[str, str, int]]:
    found: list[str] = [outcome.state for outcome in outcomes]
    return [
        (state.replace(" ", "-"), say(lang, *words), found.count(state))
        for state, words in _STATES.items()
        if state != "failed" or state in found
    ]


def _missing(outcomes: Sequence[Outcome], lang: Lang) -> list[dict[str, object]]:
    """What was not made, under each reason."""
    reasons: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.record is not None and outcome.record.why_not is not None:
            english, japanese = outcome.record.why_not
            reasons.setdefault(say(lang, japanese, english), []).append(outcome)
    return [{"why": why, "outcomes": found} for why, found in reasons.items()]


def _partly(outcomes: Sequence[Outcome], lang: Lang) -> list[dict[str, object]]:
    """What was made in part, under what of the report it lacks."""
    reasons: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.state == "partly made":
            gap = outcome.record.gap if outcome.record else None
            lost = say(lang, "照合する数値の入力の一部", "inputs of some of its figures")
            what = lost if gap is None else say(lang, gap.what_ja, gap.what_en)
            reasons.setdefault(what, []).append(outcome)
    return [
        {"why": why, "outcomes": [(o.entry.id, _share(o, lang)) for o in found]}
        for why, found in reasons.items()
    ]


def _share(outcome: Outcome, lang: Lang) -> str:
    """How much of the report's figure is there, as a count where it can be counted."""
    gap = outcome.record.gap if outcome.record else None
    if gap is None or gap.shown is None or gap.whole is None:
        return ""
    return say(lang, f"{gap.shown:,}/{gap.whole:,}", f"{gap.shown:,} of {gap.whole:,}")


def _chapter(
    chapter: int, outcomes: list[Outcome], checked: pd.DataFrame, lang: Lang
) -> dict[str, object]:
    ids = [outcome.entry.id for outcome in outcomes]
    cards = [_card(outcome, lang) for outcome in outcomes if outcome.record and outcome.is_made]
    return {
        "number": chapter,
        "heading": chapter_heading(chapter, lang),
        "pictures": [card for card in cards if card["picture"]],
        "tables": [card for card in cards if not card["picture"]],
        "total": len(outcomes),
        "counts": _counts(checked[checked["id"].isin(ids)]),
    }


def _card(outcome: Outcome, lang: Lang) -> dict[str, object]:
    """Give what the page shows of one result: links, and a picture if there is one."""
    paths = list(outcome.record.outputs) if outcome.record else []
    links = [
        (_LABELS.get(f".{path.rpartition('.')[2]}", path), path)
        for path in paths
        if not path.startswith(f"{THUMBS}/")
    ]
    return {
        "id": outcome.entry.id,
        "title": outcome.title,
        "caption": outcome.record.caption if outcome.record else "",
        "state": outcome.state.replace(" ", "-"),
        "said": say(lang, *_STATES[outcome.state]),
        "share": _share(outcome, lang),
        "older": outcome.is_older,
        "synthetic": outcome.is_synthetic,
        "links": links,
        "first": next((path for _, path in links if path.endswith(".html")), links[0][1]),
        "picture": next((path for path in paths if path.startswith(f"{THUMBS}/")), None),
    }


def _summary(making: Making) -> dict[str, object] | None:
    """Table 6-1 as it stands in its file."""
    record = making.records.get(_SUMMARY)
    if record is None or not record.columns:
        return None
    (path,) = record.outputs
    table = pd.read_csv(
        making.folder / path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    head, *rows = unguard_table(table).to_numpy().tolist()
    return {
        "title": record.title,
        "caption": record.caption,
        "head": list(zip(head, record.columns, strict=True)),
        "rows": [
            [(_text(value), kind) for value, kind in zip(row, record.columns, strict=True)]
            for row in rows
        ],
    }


def _counts(checked: pd.DataFrame) -> list[int]:
    counts = checked["verdict"].value_counts()
    return [int(counts.get(verdict, 0)) for verdict in _VERDICTS]


def _grouped(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Ledger rows as text; those of one figure with one cause as one, under the first of them."""
    groups = [group for _, group in rows.groupby(["id", "cause"], sort=False)]
    return [
        {str(column): _text(value) for column, value in group.iloc[0].items()}
        | {"more": len(group) - 1}
        for group in groups
    ]


def _sources(making: Making) -> list[dict[str, str]]:
    """Layers of the run with their credits and terms; files of one source as one row."""
    lang = making.lang
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for layer, file in making.files():
        origin = origin_of(file)
        wanted = LAYERS.get(layer)
        words = (wanted.title_ja, wanted.title) if wanted else ("報告書の表", "the report's tables")
        title = say(lang, *words)
        key = (title, origin.kind, origin.credit, origin.terms)
        rows.setdefault(key, []).append(file.name)
    return [
        {
            "title": title,
            "kind": say(lang, *_KINDS[kind]),
            "credit": credit_in(lang, credit),
            "terms": terms_in(lang, terms),
            "files": ", ".join(names),
        }
        for (title, kind, credit, terms), names in rows.items()
    ]


def _text(value: str) -> str:
    """Give a number with separators of thousands, other text as it is."""
    if not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() else f"{number:,}"
