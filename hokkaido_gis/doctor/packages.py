"""Packages that this one needs: there, recent enough, and loading."""

from __future__ import annotations

import os
import shlex
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import TYPE_CHECKING

from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.requirements import Requirement

    from hokkaido_gis.render.scene import Lang

PACKAGE = "hokkaido-gis"
# Packages with compiled parts, which are what fails to load on a machine where they are installed.
_COMPILED = (
    "numpy", "pandas", "pyarrow", "shapely", "pyproj", "pyogrio", "geopandas", "rasterio",
    "exactextract", "scipy", "skimage", "matplotlib", "PIL", "lxml.etree", "pydantic",
)  # fmt: skip
_DISTRIBUTIONS = {"PIL": "pillow", "skimage": "scikit-image", "lxml.etree": "lxml"}
# Extras for users; the others are for those who work on the package.
_GOOD_FOR = {
    "fast": (
        "送電線までの距離を大量に計算するときに速くなります",
        "makes very many distances to lines fast",
    ),
    "fuzzy": (
        "綴りの違う地名・施設名に、似た名前の候補を出せます",
        "proposes similar names where names do not match",
    ),
    "graph": (
        "隣接関係を libpysal に渡して空間統計に使えます",
        "hands neighbours on to libpysal for spatial statistics",
    ),
}


def pip_install(*words: str) -> str:
    """Command line that installs into the environment that is running, to be copied as it is."""
    if os.name == "nt":
        # PowerShell would take > for a redirection.
        quoted = [f'"{word}"' if {*word} & {*"<>= ~!"} else word for word in words]
        return f'& "{sys.executable}" -m pip install {" ".join(quoted)}'
    return shlex.join([sys.executable, "-m", "pip", "install", *words])


def check_versions(subject: str, lang: Lang) -> list[Finding]:
    """Compare the versions of packages with those that the metadata of this one ask for."""
    try:
        needed = list(_requirements(""))
        own = version(PACKAGE)
    except PackageNotFoundError:
        found = say(lang, f"{PACKAGE} が登録されていません", f"{PACKAGE} is not registered")
        advice = say(
            lang,
            f"展開したフォルダの中で入れ直してください: {pip_install('.')}",
            f"In its folder, install again: {pip_install('.')}",
        )
        return [Finding("mend", subject, found, advice)]
    faults = []
    for need in needed:
        have = _version(need.name)
        if have is None:
            faults.append(
                _fault(
                    need, say(lang, f"{need.name} がありません", f"{need.name} is missing"), lang
                )
            )
        elif not need.specifier.contains(have, prereleases=True):
            found = say(
                lang,
                f"{need.name} が {have} です ({need.specifier} が必要)",
                f"{need.name} is {have} ({need.specifier} is needed)",
            )
            faults.append(_fault(need, found, lang))
    if faults:
        return [Finding("mend", subject, found, advice) for found, advice in faults]
    found = say(
        lang,
        f"{PACKAGE} {own}。必要な {len(needed)} 個がそろっています",
        f"{PACKAGE} {own}; all {len(needed)} that it needs are there",
    )
    return [Finding("ok", subject, found)]


def check_loading(subject: str, lang: Lang) -> list[Finding]:
    """Load the packages with compiled parts, which may fail although they are installed."""
    findings = []
    for name in _COMPILED:
        try:
            import_module(name)
        except Exception as error:  # noqa: BLE001  (a broken package may raise anything)
            package = _DISTRIBUTIONS.get(name, name)
            again = pip_install("--force-reinstall", package)
            found = f"{package}: {type(error).__name__}: {error}"
            advice = say(
                lang,
                f"入れ直してください: {again}\nWindows で「DLL load failed」と出て直らないときは、"
                "Microsoft Visual C++ 再頒布可能パッケージ (x64) を入れてください。",
                f"Install it again: {again}\n"
                "If Windows goes on saying 'DLL load failed', install the Microsoft Visual C++ "
                "Redistributable (x64).",
            )
            findings.append(Finding("mend", subject, found, advice))
    if findings:
        return findings
    found = say(lang, f"{len(_COMPILED)} 個とも読み込めます", f"all {len(_COMPILED)} load")
    return [Finding("ok", subject, found)]


def check_extras(subject: str, lang: Lang) -> list[Finding]:
    """Look at which optional packages are there; what each is good for."""
    findings = []
    for extra in metadata(PACKAGE).get_all("Provides-Extra") or []:
        if extra not in _GOOD_FOR:
            continue
        needed = list(_requirements(extra))
        names = ", ".join(need.name for need in needed)
        good_for = say(lang, *_GOOD_FOR[extra])
        absent = [need for need in needed if _version(need.name) is None]
        old = [
            need
            for need in needed
            if need not in absent and not need.specifier.contains(version(need.name))
        ]
        if not absent and not old:
            findings.append(Finding("ok", subject, f"{names}: {good_for}"))
            continue
        command = pip_install(*(f"{need.name}{need.specifier}" for need in absent + old))
        if old:
            told = say(lang, "古すぎます", "too old")
            findings.append(Finding("note", subject, f"{names}: {told}", command))
        else:
            told = say(lang, "ありません。なくても動きます", "not there, which is no fault")
            advice = say(lang, f"入れると{good_for}: {command}", f"It {good_for}: {command}")
            findings.append(Finding("ok", subject, f"{names}: {told}", advice))
    return findings


def _requirements(extra: str) -> Iterator[Requirement]:
    """What the metadata ask for on this machine: always, or only with an extra."""
    # Loaded here, so that the rest of the checks does without it.
    requirement = import_module("packaging.requirements").Requirement
    for text in requires(PACKAGE) or []:
        need = requirement(text)
        always = need.marker is None or need.marker.evaluate({"extra": ""})
        if (not extra and always) or (
            extra and not always and need.marker.evaluate({"extra": extra})
        ):
            yield need


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _fault(need: Requirement, found: str, lang: Lang) -> tuple[str, str]:
    command = pip_install(f"{need.name}{need.specifier}")
    return found, say(lang, f"入れてください: {command}", f"Install it: {command}")
