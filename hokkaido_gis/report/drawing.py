"""Write one result in all its formats; nothing is read here, so any process may do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from hokkaido_gis.io.file_names import require_file_name
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.render.charts import Chart, write_chart
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import Scene

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.report.results import Result

THUMBS = "thumbs"
_THUMB_WIDTH, _THUMB_HEIGHT, _THUMB_COLOURS = 480, 360, 96


def write_result(result: Result, folder: Path, name: str) -> list[Path]:
    """Write a map as KMZ, HTML and PNG, a chart as PNG, a table as CSV.

    Parameters
    ----------
    result
        What is written.
    folder
        Folder of results.
    name
        File name without its ending.

    Returns
    -------
    list of pathlib.Path
        Files written.

    Raises
    ------
    OutputError
        If the name is none that a file may have on any system.
    """
    require_file_name(f"{name}.html")
    if isinstance(result, Scene):
        return [
            write_kmz(result, folder / "kmz" / f"{name}.kmz"),
            write_html(result, folder / "html" / f"{name}.html"),
            write_png(result, folder / "png" / f"{name}.png"),
        ]
    if isinstance(result, Chart):
        return [write_chart(result, folder / "png" / f"{name}.png")]
    return [write_table(result.frame, folder / "tables" / f"{name}.csv")]


def write_result_and_thumb(result: Result, folder: Path, name: str) -> list[Path]:
    """Write a result, and a small picture of it for the index page if it is one."""
    paths = write_result(result, folder, name)
    pictures = [path for path in paths if path.suffix == ".png"]
    return [*paths, *(_write_thumb(path, folder / THUMBS / path.name) for path in pictures)]


def _write_thumb(picture: Path, path: Path) -> Path:
    """Write a picture small, in few colours and of one shape: a tall one without its lower part."""
    with Image.open(picture) as source:
        height = round(source.height * _THUMB_WIDTH / source.width)
        small = source.convert("RGB").resize((_THUMB_WIDTH, height), reducing_gap=2.0)
    sheet = Image.new("RGB", (_THUMB_WIDTH, _THUMB_HEIGHT), "white")
    sheet.paste(small, (0, max(0, (_THUMB_HEIGHT - height) // 2)))
    with replace_when_complete(path) as temporary:
        sheet.quantize(_THUMB_COLOURS, method=Image.Quantize.FASTOCTREE).save(temporary)
    return path
