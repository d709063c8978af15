"""All maps of the report as one GeoPackage: each layer once, with the style QGIS opens it in."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio
import shapely

from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.scene import RasterLayer, Scene
from hokkaido_gis.report.package_file import Table, assemble
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hokkaido_gis.render.scene import AnyLayer, Lang, Layer

_FLUSH = "OGR_SQLITE_SYNCHRONOUS"

Look = tuple[str, str]
"""Hash of all that a table of the package and its style stand on, and the title of the layer."""


class Package:
    """Layers of many maps, in which what looks the same and holds the same is one.

    A layer of several maps goes by its title, one of a single map by the map's id and its title.
    Maps whose layers stand in an older package need not be formed for a new one.
    """

    def __init__(self) -> None:
        self._layers: dict[str, AnyLayer] = {}
        self._maps: dict[str, tuple[Look, ...]] = {}

    def add(self, name: str, scene: Scene) -> tuple[Look, ...]:
        """Take in the layers of a map.

        Parameters
        ----------
        name
            Id of the map.
        scene
            The map.

        Returns
        -------
        tuple of Look
            Its layers, for `recall` in a later run.
        """
        looks = tuple((_look(layer), layer.title) for layer in scene.layers)
        for (look, _), layer in zip(looks, scene.layers, strict=True):
            self._layers.setdefault(look, layer)
        self._maps[name] = looks
        return looks

    def recall(self, name: str, looks: tuple[Look, ...]) -> None:
        """Take in a map that was not formed in this run, by what `add` gave for it."""
        self._maps[name] = looks

    def tables(self, order: Sequence[str]) -> dict[str, str]:
        """Name the table of each layer, by its look, in the order of the first map that shows it.

        Parameters
        ----------
        order
            Ids of the maps in the order of the report.
        """
        shown: dict[str, list[tuple[str, str]]] = {}
        for name in order:
            for look, title in self._maps[name]:
                shown.setdefault(look, []).append((name, title))
        found: dict[str, str] = {}
        for look, maps in shown.items():
            name, title = maps[0]
            alone = len({each for each, _ in maps}) == 1
            found[look] = _unique(f"{name} {title}" if alone else title, found.values())
        return found

    def maps_to_form(self, tables: Mapping[str, str], older: Mapping[str, str]) -> list[str]:
        """Maps without which a package cannot be written.

        Parameters
        ----------
        tables
            As `tables` gives them.
        older
            The same of the older package.
        """
        missing = {
            look
            for look, table in tables.items()
            if look not in self._layers and older.get(look) != table
        }
        return [name for name, looks in self._maps.items() if missing & {look for look, _ in looks}]

    def scene(self, tables: Mapping[str, str], lang: Lang) -> Scene:
        """Give the layers that were formed in this run as one scene, titled as their tables."""
        title = say(
            lang, "農山漁村再生可能エネルギー導入可能性等調査", "Renewable energy in rural areas"
        )
        layers = [
            replace(self._layers[look], title=table)
            for look, table in tables.items()
            if look in self._layers
        ]
        return Scene(title, layers, lang=lang)


def write_package(scene: Scene, tables: Sequence[str], path: Path) -> list[Path]:
    """Write the GeoPackage of the layers of a scene and of tables of the package in its place.

    Parameters
    ----------
    scene
        What was formed anew, as `Package.scene` gives it.
    tables
        Tables of the package in their order; those that are no layer of the scene are taken from
        the file that is at `path`.
    path
        The package.

    Returns
    -------
    list of pathlib.Path
        `path` alone.

    Raises
    ------
    OutputError
        If it cannot be written; an older one stays untouched.
    """
    formed = {layer.title for layer in scene.layers}
    with replace_when_complete(path) as temporary:
        new = temporary.with_name("formed.gpkg")
        if formed:
            _write_formed(scene, new)
        sources = [Table(new if name in formed else path, name) for name in tables]
        try:
            assemble(sources, temporary)
        except sqlite3.OperationalError as error:
            raise OSError(str(error)) from error
    return [path]


def _write_formed(scene: Scene, path: Path) -> None:
    # The file is flushed once when it is whole; SQLite would do it several times for each table.
    before = pyogrio.get_gdal_config_option(_FLUSH)
    pyogrio.set_gdal_config_options({_FLUSH: "OFF"})
    try:
        write_gpkg(scene, path)
    finally:
        pyogrio.set_gdal_config_options({_FLUSH: before})


def _unique(title: str, taken: Iterable[str]) -> str:
    """Make a name that no other table has, whatever the case."""
    used = {name.lower() for name in taken}
    number, free = 1, title
    while free.lower() in used:
        number += 1
        free = f"{title} ({number})"
    return free


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
