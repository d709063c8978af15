"""Whether pictures have a font for Japanese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.packages import pip_install
from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.fonts import FONT_NAME, font_path, text_width
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang


def check_font(subject: str, lang: Lang) -> list[Finding]:
    """Find the font and measure a word in it."""
    try:
        path = font_path()
        text_width("北海道", 10)
    except (RenderError, OSError, RuntimeError) as error:
        command = pip_install("--force-reinstall", "matplotlib-fontja")
        advice = say(lang, f"入れ直してください: {command}", f"Install it again: {command}")
        return [Finding("mend", subject, str(error), advice)]
    return [Finding("ok", subject, f"{FONT_NAME} ({path})")]
