"""The Japanese font of pictures, and the drawing style they share, without touching global state.

IPAexGothic comes with the package `matplotlib_fontja`. Importing that package would change the
caller's matplotlib settings, so only its font file is used.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.style
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import TextToPath

from hokkaido_gis.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterator

FONT_NAME = "IPAexGothic"
INK = "#262626"
FAINT_INK = "#595959"

_GETA = "〓"  # what Japanese printers set for a character their fonts lack
# DejaVu Sans, which travels with matplotlib, lends what IPAexGothic lacks (such as ≤ and µ).
_FAMILY = [FONT_NAME, "DejaVu Sans"]
_STYLE = {
    "font.family": _FAMILY,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a caption is a dollar sign
    "text.hinting": "no_hinting",  # hinted letters are up to 4 % wider than measured
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8c8c8c",
    "axes.linewidth": 0.6,
    "xtick.color": "#8c8c8c",
    "xtick.labelcolor": INK,
    "ytick.color": "#8c8c8c",
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.5,
    # Element ids and glyphs of SVG files must not change from run to run.
    "svg.hashsalt": "hokkaido_gis",
    "svg.fonttype": "path",
}


@cache
def font_path() -> Path:
    """Return the path of the IPAexGothic font file.

    Raises
    ------
    RenderError
        If the package that carries it is not installed.
    """
    # find_spec locates the package and does not run it; importlib.resources would.
    package = find_spec("matplotlib_fontja")
    folders = (package.submodule_search_locations or ()) if package else ()
    for folder in folders:
        path = Path(folder) / "fonts" / "ipaexg.ttf"
        if path.is_file():
            return path
    raise RenderError(
        "The Japanese font IPAexGothic was not found. "
        "Install it with: pip install matplotlib-fontja"
    )


@contextmanager
def drawing_style() -> Iterator[None]:
    """Draw with matplotlib's defaults, the Japanese font and fixed ids while the block runs.

    The caller's settings neither shape the picture nor are changed by it. The font is made known to
    matplotlib by name, which alters no text that does not ask for it.
    """
    _register_font()
    with matplotlib.style.context(["default", _STYLE]):
        yield


@cache
def _register_font() -> None:
    fontManager.addfont(font_path())


def drawable(text: str) -> str:
    """Replace what the fonts of pictures lack by 〓, and any white space by single blanks."""
    return "".join(c if ord(c) in _glyphs() else _GETA for c in " ".join(text.split()))


@cache
def _glyphs() -> frozenset[int]:
    """Code points that the drawing style's fonts can draw."""
    spare = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return frozenset().union(*(FT2Font(str(p)).get_charmap() for p in (font_path(), spare)))


def text_width(text: str, size: float) -> float:
    """Width of one line of text in the Japanese font.

    Parameters
    ----------
    text
        One line.
    size
        Font size [pt].

    Returns
    -------
    float
        Width [pt].
    """
    return _width_at_one_point(text) * size


@cache
def _width_at_one_point(text: str) -> float:
    _register_font()
    reference = 100.0
    font = FontProperties(family=_FAMILY, size=reference)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width) / reference
