"""The Japanese font of pictures: found without running its package, or asked for by name."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

from hokkaido_gis.errors import RenderError
from hokkaido_gis.render import fonts
from hokkaido_gis.render.fonts import drawable, drawing_style, font_path, text_width

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Look for the font anew, in these folders of its package."""

    def look(*folders: Path, installed: bool = True) -> Path:
        package = ModuleSpec("matplotlib_fontja", None, is_package=True)
        package.submodule_search_locations = [str(folder) for folder in folders]
        found = package if installed else None
        monkeypatch.setattr(fonts, "find_spec", {"matplotlib_fontja": found}.__getitem__)
        return font_path.__wrapped__()

    return look


def test_font_is_that_of_the_package():
    assert font_path().name == "ipaexg.ttf"
    assert font_path().is_file()


def test_folders_of_the_package_are_looked_through(search, tmp_path):
    font = tmp_path / "second" / "fonts" / "ipaexg.ttf"
    font.parent.mkdir(parents=True)
    font.touch()
    assert search(tmp_path / "first", tmp_path / "second") == font


def test_absent_font_is_asked_for(search, tmp_path):
    with pytest.raises(RenderError, match="pip install matplotlib-fontja"):
        search(installed=False)
    with pytest.raises(RenderError, match="IPAexGothic was not found"):
        search(tmp_path)


def test_what_no_font_has_is_a_geta():
    assert drawable("礼文 \n町\U0010ffff ≤ µ") == "礼文 町〓 ≤ µ"


def test_width_goes_with_the_size():
    assert text_width("礼文町", 10) == pytest.approx(30, rel=0.05)  # full width: a square each
    assert text_width("礼文町", 20) == pytest.approx(2 * text_width("礼文町", 10))


def test_settings_of_the_caller_come_back():
    with mpl.rc_context({"font.size": 33.0}):
        before = dict(mpl.rcParams)
        with drawing_style():
            assert mpl.rcParams["font.family"][0] == "IPAexGothic"
            assert mpl.rcParams["font.size"] != 33
        assert dict(mpl.rcParams) == before
