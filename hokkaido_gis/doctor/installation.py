"""Whether an installation is whole: Python, packages, map libraries, console, folders."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.packages import pip_install
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from hokkaido_gis.render.scene import Lang


class Check(NamedTuple):
    """A check and what it is called; it is loaded when it runs, since loading may be what fails."""

    japanese: str
    english: str
    module: str
    function: str


CHECKS = (
    Check("Python", "Python", "interpreter", "check_python"),
    Check("画面の文字", "console", "interpreter", "check_console"),
    Check("パッケージの版", "versions of packages", "packages", "check_versions"),
    Check("パッケージの読み込み", "loading of packages", "packages", "check_loading"),
    Check("追加のパッケージ", "optional packages", "packages", "check_extras"),
    Check("地図ファイルの形式 (GDAL)", "file formats (GDAL)", "formats", "check_formats"),
    Check("座標系の辞書 (PROJ)", "coordinate systems (PROJ)", "projections", "check_proj"),
    Check("測地系の変換", "change of datum", "projections", "check_datum"),
    Check("日本語フォント", "Japanese font", "font", "check_font"),
    Check("フォルダ", "folders", "folders", "check_folders"),
    Check("日本語の名前と長いパス", "Japanese and long paths", "folders", "check_paths"),
    Check("サンプルデータ", "sample data", "folders", "check_sample"),
)
"""What `check_installation` looks at, in order."""


def check_installation(*, lang: Lang = "ja") -> list[Finding]:
    """Look at everything that an installation of this package needs.

    Each check stands alone, so that a package that cannot be loaded is a finding and not the end.
    Nothing is installed or changed; what is written goes to temporary files.

    Parameters
    ----------
    lang
        Language of the findings.

    Returns
    -------
    list of Finding
        At least one for each of `CHECKS`, in their order.
    """
    return [finding for check in CHECKS for finding in _attempt(check, lang)]


def _attempt(check: Check, lang: Lang) -> list[Finding]:
    subject = say(lang, check.japanese, check.english)
    try:
        module = import_module(f"{__package__}.{check.module}")
        run: Callable[[str, Lang], list[Finding]] = getattr(module, check.function)
        return run(subject, lang)
    except Exception as error:  # noqa: BLE001  (whatever breaks a check is what it has found)
        told = f"{type(error).__name__}: {error}"
        return [
            Finding(
                "mend",
                subject,
                say(lang, f"調べられませんでした ({told})", f"it could not be looked at ({told})"),
                say(
                    lang,
                    "ほかの [要修正] を先に直してください。直らなければ、"
                    "展開したフォルダの中で入れ直してください: "
                    f"{pip_install('--force-reinstall', '.')}",
                    "Mend what else is marked first. If this stays, install again, in the folder "
                    f"that holds pyproject.toml: {pip_install('--force-reinstall', '.')}",
                ),
            )
        ]
