"""Findings: what was looked at, how it stands, what to do; and their text for people."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.errors import OutputError
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hokkaido_gis.render.scene import Lang

Level = Literal["ok", "note", "mend"]
LEVELS: tuple[Level, ...] = ("ok", "note", "mend")
"""Levels, the gravest last."""

_MARKS: dict[Level, tuple[str, str]] = {
    "ok": ("良", "ok"),
    "note": ("注意", "note"),
    "mend": ("要修正", "mend"),
}
_TITLES = {
    "installation": ("インストールの診断", "Installation"),
    "data": ("データの診断", "Data"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    level
        ``ok``, ``note`` (works, but should be known) or ``mend`` (something will not work).
    subject
        What was looked at.
    found
        How it stands.
    advice
        What to do about it; empty where there is nothing to do.
    """

    level: Level
    subject: str
    found: str
    advice: str = ""


def must_mend(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings has to be mended."""
    return any(finding.level == "mend" for finding in findings)


def findings_text(
    parts: Mapping[str, Sequence[Finding]], *, lang: Lang = "ja", only_mend: bool = False
) -> str:
    """Write findings line by line, needing no alignment, the gravest last.

    What has to be done thus stands at the end, which is what a console shows.

    Parameters
    ----------
    parts
        Findings by part, ``installation`` and ``data``.
    lang
        Language of the headings.
    only_mend
        Leave out what needs no mending.

    Returns
    -------
    str
        Lines ending in a newline.
    """
    lines: list[str] = []
    for part, findings in parts.items():
        shown = [finding for finding in findings if finding.level == "mend" or not only_mend]
        shown.sort(key=lambda finding: LEVELS.index(finding.level))
        if shown:
            told = [line for finding in shown for line in _lines(finding, lang)]
            lines += [f"■ {say(lang, *_TITLES[part])}", "", *told, ""]
    lines.append(_summary([f for findings in parts.values() for f in findings], lang))
    return "\n".join(lines) + "\n"


def write_findings(
    parts: Mapping[str, Sequence[Finding]], path: str | Path, *, lang: Lang = "ja"
) -> Path:
    """Write findings to a file that may be handed on: the user's home folder is shortened to ``~``.

    Parameters
    ----------
    parts
        Findings by part.
    path
        File to write, ``.txt`` or ``.csv``; both are UTF-8 with a byte-order mark, which Excel and
        Windows' Notepad need.
    lang
        Language of the headings.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    OutputError
        If the ending is another, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in (".txt", ".csv"):
        raise OutputError(
            f"Cannot write {target}: findings are written as .txt or .csv; this ends in "
            f"{target.suffix!r}."
        )
    with (
        replace_when_complete(target) as temporary,
        temporary.open("w", encoding="utf-8-sig", newline="") as file,
    ):
        if target.suffix.lower() == ".txt":
            file.write(without_home(findings_text(parts, lang=lang)))
        else:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(
                say(lang, "診断,判定,項目,結果,対処", "part,level,subject,found,advice").split(",")
            )
            for part, findings in parts.items():
                rows.writerows(
                    [without_home(cell) for cell in _cells(part, finding, lang)]
                    for finding in findings
                )
    return target


def without_home(text: str) -> str:
    """Shorten the user's home folder to ``~`` wherever it stands in a text."""
    home = Path.home()
    if home == Path(home.anchor):
        return text
    ways = "|".join(re.escape(way) for way in (str(home), home.as_posix(), repr(str(home))[1:-1]))
    # Names of files on Windows are the same in any case; a longer name is another folder.
    return re.sub(
        rf"(?:{ways})(?![\w.-])", "~", text, flags=re.IGNORECASE if os.name == "nt" else 0
    )


def _lines(finding: Finding, lang: Lang) -> list[str]:
    mark = say(lang, *_MARKS[finding.level])
    first, *rest = f"[{mark}] {finding.subject}: {finding.found}".split("\n")
    lines = [first, *(f"    {line}" for line in rest)]
    if finding.advice:
        told, *more = finding.advice.split("\n")
        lines += [f"    {say(lang, '→', '->')} {told}", *(f"       {line}" for line in more)]
    return lines


def _summary(findings: Sequence[Finding], lang: Lang) -> str:
    count = {level: sum(f.level == level for f in findings) for level in LEVELS}
    if count["mend"]:
        end = say(
            lang,
            "[要修正] の項目を上から順に直して、もう一度実行してください。",
            "Mend what is marked [mend], from the top, and run this again.",
        )
    else:
        end = say(lang, "直すべきところはありません。", "Nothing has to be mended.")
    return say(
        lang,
        f"結果: 要修正 {count['mend']}、注意 {count['note']}、良 {count['ok']}。{end}",
        f"Result: {count['mend']} to mend, {count['note']} to note, {count['ok']} ok. {end}",
    )


def _cells(part: str, finding: Finding, lang: Lang) -> list[str]:
    mark = say(lang, *_MARKS[finding.level])
    return [say(lang, *_TITLES[part]), mark, finding.subject, finding.found, finding.advice]
