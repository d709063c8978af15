"""The index page of a run: thumbnails and links, what was not made and why, the ledger."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2

from hokkaido_gis._version import __version__
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.run import Outcome

_LABELS = {".kmz": "Google Earth (KMZ)", ".html": "HTML", ".png": "PNG", ".csv": "CSV"}
_VERDICTS = {
    "equal": ("一致", "equal"),
    "within rounding": ("丸めの範囲で一致", "within rounding"),
    "input lost": ("入力の一部が失われ確認のみ", "input lost"),
    "differs": ("相違", "differs"),
}


def write_index(outcomes: Sequence[Outcome], checked: pd.DataFrame, path: Path, lang: Lang) -> Path:
    """Write the index page, which needs no network.

    Parameters
    ----------
    outcomes
        What became of each figure and table.
    checked
        The ledger of the run.
    path
        Where to write; links are relative to its folder.
    lang
        Language of the page.

    Returns
    -------
    pathlib.Path
        `path`.
    """
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_read("index.html"))
    made = [outcome for outcome in outcomes if outcome.paths]
    page = template.render(
        lang=lang,
        say=lambda japanese, english: say(lang, japanese, english),
        style=_read("index.css"),
        version=__version__,
        pictures=[_card(o, path.parent) for o in made if o.entry.kind != "table"],
        tables=[_card(o, path.parent) for o in made if o.entry.kind == "table"],
        missing=[outcome for outcome in outcomes if not outcome.paths],
        total=len(outcomes),
        verdicts=_counts(checked, lang),
        differences=_grouped(checked[checked["verdict"] == "differs"]),
        checked=len(checked),
    )
    with replace_when_complete(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


def _read(name: str) -> str:
    return files(__package__).joinpath("web", name).read_text(encoding="utf-8")


def _card(outcome: Outcome, folder: Path) -> dict[str, object]:
    """Give what the page shows of one result: links, and a picture if there is one."""
    links = [
        (_LABELS.get(path.suffix, path.suffix), path.relative_to(folder).as_posix())
        for path in outcome.paths
    ]
    return {
        "id": outcome.entry.id,
        "title": outcome.title,
        "caption": outcome.caption,
        "links": links,
        "picture": next((link for _, link in links if link.endswith(".png")), None),
    }


def _counts(checked: pd.DataFrame, lang: Lang) -> list[tuple[str, int]]:
    counts = checked["verdict"].value_counts()
    return [
        (say(lang, *words), int(counts.get(verdict, 0))) for verdict, words in _VERDICTS.items()
    ]


def _grouped(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Ledger rows as text; those of one figure with one cause as one, under the first of them."""
    groups = [group for _, group in rows.groupby(["id", "cause"], sort=False)]
    return [
        {str(column): _text(value) for column, value in group.iloc[0].items()}
        | {"more": len(group) - 1}
        for group in groups
    ]


def _text(value: object) -> str:
    if isinstance(value, float | int):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
    return str(value)
