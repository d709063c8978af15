"""What a run over parts was asked, as one hash: by content, not by name or time of a file."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from geopandas.array import GeometryArray

from hokkaido_gis.io.journal import hash_input, hash_of, with_side_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# No name of a file is longer anywhere.
_LONGEST_NAME = 4_096


def hash_asked(function: Callable[..., Any], shared: tuple[object, ...]) -> str:
    """Hash over a function and what it is given with every part.

    Parameters
    ----------
    function
        Counts by its name and by the file that it stands in.
    shared
        Values count by their content, layers with their CRS; so do the files named among them, in
        tuples, lists and mappings too.

    Returns
    -------
    str
        The same for the same in any process; never the same twice for what cannot be told apart.

    Raises
    ------
    LayerError
        If a file named cannot be read.
    """
    return hash_of([_tokenize()(function, shared), *_source(function), *_named_files(shared)])


def hash_files(path: Path) -> list[str]:
    """Names and hashes of a file and of those beside it that go by its name."""
    return [f"{side.name} {hash_input(side)}" for side in with_side_files(path)]


@cache
def _tokenize() -> Callable[..., str]:
    """Dask's hash of any value, which alone would take layers of two CRS for one."""
    # First, since older versions of it bring a hash of shapes that is another for each copy.
    import dask_geopandas  # noqa: F401, PLC0415
    from dask.base import normalize_token, tokenize  # noqa: PLC0415

    def shapes_token(shapes: GeometryArray) -> tuple[object, ...]:
        crs = None if shapes.crs is None else shapes.crs.to_wkt()
        return "shapes", crs, normalize_token(shapes.to_numpy())

    def layer_token(layer: gpd.GeoDataFrame) -> tuple[object, ...]:
        return "layer", layer.active_geometry_name, normalize_token(pd.DataFrame(layer))

    for kind, token in ((GeometryArray, shapes_token), (gpd.GeoDataFrame, layer_token)):
        normalize_token.register(kind, token)  # type: ignore[no-untyped-call]
    return lambda *values: str(tokenize(*values))


def _source(function: Callable[..., Any]) -> list[str]:
    """Hash of the file that a function stands in; of no other module that it calls."""
    plain = function.func if isinstance(function, partial) else function
    try:
        file = inspect.getsourcefile(plain if inspect.isroutine(plain) else type(plain))
    except TypeError:  # built in
        return []
    return [hash_input(Path(file))] if file and Path(file).is_file() else []


def _named_files(value: object) -> Iterator[str]:
    """Hashes of the files that are named in a value."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for each in value:
            yield from _named_files(each)
    elif isinstance(value, Path) or (isinstance(value, str) and len(value) < _LONGEST_NAME):
        path = Path(value)
        if "\0" not in str(path) and path.is_file():
            yield from hash_files(path)
