"""The page around a folium map when it must ask no network for anything.

folium's own page names ten files on other hosts. This one holds Leaflet itself, forbids the rest by
a Content-Security-Policy, and refuses pieces of folium that could not work without a network.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import folium
import jinja2
from branca.element import Element, Figure, Link

from hokkaido_gis.errors import RenderError, name_some
from hokkaido_gis.render.text import credit_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hokkaido_gis.render.scene import Scene

_INLINE = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)


class OfflinePage(Figure):
    """Root of a folium map: heading, map and credit line in one closed file.

    Parameters
    ----------
    scene
        Whose title, caption, credit and language the page has.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(title=scene.title)
        self.header.add_child(
            Element(""), name="meta_http"
        )  # The page declares its encoding itself.
        self.scene = scene

    def render(self, **kwargs: Any) -> str:
        """Write the page; the same map gives the same text.

        Raises
        ------
        RenderError
            If a piece of the map needs files from the network.
        """
        for child in children_of(self):
            child.render(**kwargs)
        self._require_offline()
        header, script = self.header.render(**kwargs), _keep_inside(self.script.render(**kwargs))
        style, leaflet = _style(), _leaflet_script()
        inline = _INLINE.findall(header)
        scripts = [leaflet, *(text for tag, text in inline if tag == "script"), script]
        styles = [style, *(text for tag, text in inline if tag == "style")]
        return load_template("page.html").render(
            scene=self.scene,
            credit=credit_line(self.scene.credit, self.scene.lang),
            policy=_policy(scripts, styles, sorted(set(_tile_hosts(self)))),
            notice=read_web("leaflet-license.txt"),
            style=style,
            leaflet=leaflet,
            header=header,
            html=self.html.render(**kwargs),
            script=script,
        )

    def _require_offline(self) -> None:
        links = [part.url for part in children_of(self.header) if isinstance(part, Link)]
        if links:
            raise RenderError(
                f"A piece of this map asks for {name_some(links)}, which an offline page cannot "
                "hold. Use pieces of folium that need Leaflet alone, or add the scene to a map of "
                "folium's own: to_folium(scene, folium.Map())."
            )
        if re.search(r"(?<![\w$])(\$|jQuery)\(", self.script.render()):
            raise RenderError(
                "A piece of this map, such as folium.Popup, needs jQuery, which an offline page "
                "does not hold. Use folium.Tooltip, or a layer of the scene with its own popup."
            )


def children_of(element: Element) -> list[Element]:
    """List the pieces that stand on a piece of folium."""
    return list(element._children.values())  # noqa: SLF001 (branca has no other way to them)


def _keep_inside(script: str) -> str:
    """Write what would end a script element, in texts of folium's pieces, so that it does not."""
    return re.sub(r"<(?=/script|!--)", r"\\x3c", script, flags=re.IGNORECASE)


@cache
def load_template(name: str) -> jinja2.Template:
    """Load a template of ours, which escapes every text put into it."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.from_string(read_web(name))


def read_web(name: str) -> str:
    """Read a file that becomes part of the page."""
    return files("hokkaido_gis.render").joinpath(f"web/{name}").read_text(encoding="utf-8")


@cache
def _style() -> str:
    """Style sheets of Leaflet and the page, with the images of the former inside."""
    leaflet = re.sub(r"url\(images/([\w.-]+)\)", _image_url, _leaflet("leaflet.css").decode())
    return leaflet.replace("\r\n", "\n") + read_web("page.css")


@cache
def _leaflet_script() -> str:
    """Leaflet, without the link to its source map."""
    leaflet = _leaflet("leaflet.js").decode().replace("\r\n", "\n")
    return leaflet.split("\n//# sourceMappingURL=")[0]


def _image_url(match: re.Match[str]) -> str:
    if match[1].startswith("layers"):
        return "none"  # of Leaflet's layer switch, in whose place the legend stands
    image = base64.b64encode(_leaflet(f"images/{match[1]}")).decode()
    return f"url(data:image/png;base64,{image})"


def _leaflet(name: str) -> bytes:
    return files("js_lib_leaflet").joinpath(f"static/js_lib_leaflet/{name}").read_bytes()


def _policy(scripts: Iterable[str], styles: Iterable[str], hosts: Iterable[str]) -> str:
    """Content-Security-Policy that lets run what we wrote and nothing else.

    Hashes rather than a nonce, since a nonce would make every file different.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(source_hash, scripts))}",
            f"style-src {' '.join(map(source_hash, styles))}",
            " ".join(["img-src data: blob:", *hosts]),
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def source_hash(text: str) -> str:
    """Source of a Content-Security-Policy that lets in one text between tags, and no other."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _tile_hosts(element: Element) -> Iterator[str]:
    """Hosts of the background tiles that someone put on the map."""
    for child in children_of(element):
        if isinstance(child, folium.TileLayer):
            parts = urlsplit(child.tiles.replace("{s}", "*"))
            yield f"{parts.scheme}://{parts.netloc}"
        yield from _tile_hosts(child)
