"""The whole examination as the command line asks for it: installation, then a folder of data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.installation import check_installation
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.render.scene import Lang


def examine(data: Path | None = None, *, lang: Lang = "ja") -> dict[str, list[Finding]]:
    """Look at the installation, and at a folder of data where one is named.

    Parameters
    ----------
    data
        Folder of layers.
    lang
        Language of the findings.

    Returns
    -------
    dict
        Findings by part, ``installation`` and, where a folder is named, ``data``.
    """
    parts = {"installation": check_installation(lang=lang)}
    if data is not None:
        parts["data"] = _check_data(data, lang)
    return parts


def _check_data(data: Path, lang: Lang) -> list[Finding]:
    try:
        # Loaded when needed, since on a broken installation it cannot be.
        module = import_module("hokkaido_gis.doctor.data_folder")
    except Exception as error:  # noqa: BLE001  (a broken package may raise anything)
        told = f"{type(error).__name__}: {error}"
        found = say(lang, f"データを調べられません ({told})", f"data cannot be looked at ({told})")
        advice = say(
            lang,
            "「インストールの診断」の [要修正] を先に直してください。",
            "Mend the installation first.",
        )
        return [Finding("mend", say(lang, "データフォルダ", "folder of data"), found, advice)]
    findings: list[Finding] = module.check_data_folder(data, lang=lang)
    return findings
