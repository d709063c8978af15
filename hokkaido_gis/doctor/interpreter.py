"""Which Python runs, and whether its console can show Japanese."""

from __future__ import annotations

import os
import platform
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

OLDEST_PYTHON = (3, 11)
"""Oldest Python that the package runs on, as its metadata says."""

# A word that needs Japanese letters, and one whose second letter cp932 has not got.
_JAPANESE, _WIDER = "良 要修正", "m²"


def check_python(subject: str, lang: Lang) -> list[Finding]:
    """Look at the version of Python, its width in bits, and whether it is an environment's own."""
    version, bits = platform.python_version(), struct.calcsize("P") * 8
    found = f"{version}, {bits} bit, {sys.executable}"
    if sys.version_info < OLDEST_PYTHON or bits < 64:
        advice = say(
            lang,
            "python.org の Windows installer (64-bit) で 3.11 以上を入れ、.venv "
            "を作り直してください。",
            "Install a 64-bit Python of 3.11 or later from python.org and make .venv anew.",
        )
        return [Finding("mend", subject, found, advice)]
    if "WindowsApps" in Path(sys.base_prefix).parts:
        advice = say(
            lang,
            "Microsoft Store 版の Python です。動きますが、"
            "ファイルの置き場所が特殊になることがあります。困ったときは python.org "
            "のインストーラで入れ直してください。",
            "This is the Python of the Microsoft Store, which puts some files elsewhere. If that "
            "troubles you, install the one of python.org.",
        )
        return [Finding("note", subject, found, advice)]
    if sys.prefix == sys.base_prefix:
        advice = say(
            lang,
            "専用の環境 (.venv) ではありません。ほかの道具のパッケージと版がぶつかることがあります"
            "。py -m venv .venv で専用の環境を作ることをおすすめします。",
            "It is no environment of its own, so versions may clash with other tools'. Making one "
            "(python -m venv .venv) is advisable.",
        )
        return [Finding("note", subject, found, advice)]
    return [Finding("ok", subject, found)]


def check_console(subject: str, lang: Lang) -> list[Finding]:
    """Look at whether the standard output can carry what commands print."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    utf8 = sys.flags.utf8_mode or os.environ.get("PYTHONUTF8", "")
    found = f"{encoding}" + (f", PYTHONUTF8={utf8}" if utf8 else "")
    if not _can_show(_JAPANESE, encoding):
        advice = say(
            lang,
            '日本語を表示できません。PowerShell なら $env:PYTHONUTF8 = "1" と chcp 65001 '
            "を実行してから、もう一度お試しください。",
            'It cannot show Japanese. In PowerShell run $env:PYTHONUTF8 = "1" and chcp 65001 '
            "first.",
        )
        return [Finding("note", subject, found, advice)]
    if not _can_show(_WIDER, encoding):
        advice = say(
            lang,
            "日本語は表示できますが、m² などの一部の文字は \\xb2 のように表示されます。"
            'ファイルの中身には影響しません。気になるときは $env:PYTHONUTF8 = "1" '
            "を実行してください。",
            "Japanese shows, but letters such as that of square metres come out as \\xb2. Files "
            'are not touched by this. $env:PYTHONUTF8 = "1" avoids it.',
        )
        return [Finding("ok", subject, found, advice)]
    return [Finding("ok", subject, found)]


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
