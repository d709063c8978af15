"""All maps of the report as one GeoPackage: each layer once, with the style QGIS opens it in."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio
import shapely

from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.scene import RasterLayer, Scene
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.render.scene import AnyLayer, Lang, Layer

_FLUSH = "OGR_SQLITE_SYNCHRONOUS"


class Package:
    """Layers of many maps, in which what looks the same and holds the same is one.

    A layer of several maps goes by its title, one of a single map by the map's id and its title.
    """

    def __init__(self) -> None:
        self._layers: dict[str, AnyLayer] = {}
        self._maps: dict[str, list[str]] = {}

    def add(self, name: str, scene: Scene) -> None:
        """Take in the layers of a map.

        Parameters
        ----------
        name
            Id of the map.
        scene
            The map.
        """
        for layer in scene.layers:
            look = _look(layer)
            self._layers.setdefault(look, layer)
            self._maps.setdefault(look, []).append(name)

    def scene(self, order: list[str], lang: Lang) -> Scene:
        """Give all layers as one scene, by the first map that shows them.

        Parameters
        ----------
        order
            Ids of the maps in the order of the report.
        lang
            Language of the title.

        Returns
        -------
        Scene
            Layers titled as the tables of the package.
        """
        place = {name: position for position, name in enumerate(order)}
        looks = sorted(self._layers, key=lambda look: min(place[name] for name in self._maps[look]))
        title = say(
            lang, "農山漁村再生可能エネルギー導入可能性等調査", "Renewable energy in rural areas"
        )
        return Scene(title, [self._titled(look, place) for look in looks], lang=lang)

    def _titled(self, look: str, place: dict[str, int]) -> AnyLayer:
        layer, maps = self._layers[look], set(self._maps[look])
        if len(maps) > 1:
            return layer
        return replace(layer, title=f"{min(maps, key=place.__getitem__)} {layer.title}")


def write_package(scene: Scene, path: Path) -> list[Path]:
    """Write the GeoPackage of a scene as `Package` gives it."""
    # The file is flushed once when it is whole; SQLite would do it several times for each table.
    before = pyogrio.get_gdal_config_option(_FLUSH)
    pyogrio.set_gdal_config_options({_FLUSH: "OFF"})
    try:
        return [write_gpkg(scene, path)]
    finally:
        pyogrio.set_gdal_config_options({_FLUSH: before})


def _look(layer: AnyLayer) -> str:
    """Hash of all that a table of the package and its style stand on."""
    found = hashlib.sha256(layer.title.encode())
    if isinstance(layer, RasterLayer):
        found.update(repr(replace(layer, values=[[0]])).encode())
        found.update(layer.numbers.tobytes())
    else:
        _add_features(found, layer)
    return found.hexdigest()


def _add_features(found: hashlib._Hash, layer: Layer) -> None:
    drawn = (layer.style, layer.name, layer.label, layer.popup, layer.label_style)
    found.update(repr((drawn, str(layer.frame.crs), list(layer.table.columns))).encode())
    shapes = layer.frame.geometry.to_numpy()
    found.update(shapely.get_coordinates(shapes).tobytes())
    found.update(shapely.get_num_coordinates(shapes).tobytes())
    found.update(shapely.get_type_id(shapes).tobytes())
    table = layer.table.astype("str")
    found.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
