"""The whole report as one Google Earth file: chapters as folders, maps as links to their own KML.

Google Earth reads a linked document when its box is ticked, so that the tree opens at once however
heavy the maps are. Each keeps a folder of the archive, where its own links to pictures lead.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.kml_geometry import escape_html, escape_xml
from hokkaido_gis.report.chapters import chapter_heading
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hokkaido_gis.render.scene import Lang


@dataclass(frozen=True, slots=True)
class Leaf:
    """A figure of the tree.

    Attributes
    ----------
    name
        Id of the figure.
    chapter
        Folder it stands in.
    title, caption
        As a reader sees them.
    file
        KMZ of a map, or PNG of a chart.
    """

    name: str
    chapter: int
    title: str
    caption: str
    file: Path


def write_tree(leaves: Sequence[Leaf], path: Path, lang: Lang) -> list[Path]:
    """Write one KMZ of many figures, all hidden until they are asked for.

    Parameters
    ----------
    leaves
        Figures in their order, those of a chapter together.
    path
        Where to write.
    lang
        Language of the headings.

    Returns
    -------
    list of pathlib.Path
        `path` alone.

    Raises
    ------
    OutputError
        If the file cannot be written; an older one stays untouched.
    """
    with (
        replace_when_complete(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        # Google Earth opens the first document of the archive.
        _add(archive, "doc.kml", _document(leaves, lang).encode())
        for leaf in leaves:
            for name, content in _contents(leaf):
                _add(archive, name, content)
    return [path]


def _contents(leaf: Leaf) -> Iterator[tuple[str, bytes]]:
    if leaf.file.suffix != ".kmz":
        yield f"{leaf.name}/{leaf.file.name}", leaf.file.read_bytes()
        return
    with zipfile.ZipFile(leaf.file) as packed:
        for name in packed.namelist():
            yield f"{leaf.name}/{name}", packed.read(name)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # of 1980, so that equal reports are equal files
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    is_packed = name.endswith((".png", ".jpg"))
    entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _document(leaves: Sequence[Leaf], lang: Lang) -> str:
    name = say(
        lang, "農山漁村再生可能エネルギー導入可能性等調査", "Renewable energy in rural areas"
    )
    hint = say(
        lang,
        "図の名前の左の箱に印を付けると、その図が読み込まれます。",
        "Tick the box beside a figure to load it.",
    )
    start = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
        f"<name>{escape_xml(name)}</name><open>1</open>"
        f'<Snippet maxLines="2">{escape_xml(hint)}</Snippet>\n'
    )
    parts = [start]
    for chapter, figures in groupby(leaves, key=lambda leaf: leaf.chapter):
        heading = escape_xml(chapter_heading(chapter, lang))
        # A folder shows its box ticked as long as it is not told that it starts hidden.
        parts.append(
            f'<Folder id="chapter-{chapter}"><name>{heading}</name>'
            "<visibility>0</visibility><open>0</open>\n"
        )
        parts.extend(
            _link(leaf) if leaf.file.suffix == ".kmz" else _sheet(leaf) for leaf in figures
        )
        parts.append("</Folder>\n")
    return "".join([*parts, "</Document></kml>\n"])


def _about(leaf: Leaf) -> str:
    return (
        f"<name>{escape_xml(leaf.title)}</name><visibility>0</visibility>"
        '<Snippet maxLines="0"></Snippet>'
        f"<description><![CDATA[<p>{escape_html(leaf.caption)}</p>]]></description>"
    )


def _link(leaf: Leaf) -> str:
    return (
        f'<NetworkLink id="{leaf.name}">{_about(leaf)}<flyToView>1</flyToView>'
        f"<Link><href>{leaf.name}/doc.kml</href></Link></NetworkLink>\n"
    )


def _sheet(leaf: Leaf) -> str:
    """Hang a chart in the middle of the screen, eight tenths of it high."""
    return (
        f'<ScreenOverlay id="{leaf.name}">{_about(leaf)}'
        f"<Icon><href>{leaf.name}/{leaf.file.name}</href></Icon>"
        '<overlayXY x="0.5" y="0.5" xunits="fraction" yunits="fraction"/>'
        '<screenXY x="0.5" y="0.5" xunits="fraction" yunits="fraction"/>'
        '<size x="0" y="0.8" xunits="fraction" yunits="fraction"/></ScreenOverlay>\n'
    )
