"""Which layers a vector file holds, and what GDAL says when it cannot read one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from hokkaido_gis.errors import LayerError, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Text in another encoding than stated comes out as an error of Arrow or of Python itself.
UNREADABLE = (
    DataSourceError, DataLayerError, pa.ArrowException, UnicodeDecodeError, OSError, OverflowError,
)  # fmt: skip
_END = 16  # bytes, which hold the closing brackets of a GeoJSON


def has_column(path: Path, layer: str | None, wanted: Sequence[str]) -> bool:
    """Whether a layer has one of some columns, whatever their case."""
    try:
        fields = pyogrio.read_info(path, layer=layer, encoding="utf-8")["fields"]
    except UNREADABLE:
        return False
    return bool({str(f).casefold() for f in fields} & {name.casefold() for name in wanted})


def require_whole(path: Path, layer: str | None, count: int) -> None:
    """Check that a file that GDAL just wrote holds all features, and a GeoPackage its index.

    GDAL writes the ends of files when it closes them, after which nobody is told what the disk did
    not take.

    Parameters
    ----------
    path
        File.
    layer
        Its layer; the only one where ``None``.
    count
        Features that were written.

    Raises
    ------
    OSError
        If anything is missing.
    """
    if path.suffix.lower() in {".geojson", ".json"}:  # read again it would take too long
        with path.open("rb") as file:
            file.seek(-min(_END, path.stat().st_size), os.SEEK_END)
            if not file.read().endswith(b"]\n}\n"):
                raise OSError("it was not taken whole")
        return
    try:
        info = pyogrio.read_info(path, layer=layer)
        found = pyogrio.read_dataframe(
            path, layer=layer, columns=[], read_geometry=False, fid_as_index=True, use_arrow=True
        )
    except (DataSourceError, DataLayerError, pa.ArrowException, OSError) as error:
        raise OSError("it was not taken whole") from error
    is_indexed = info["driver"] != "GPKG" or info["capabilities"]["fast_spatial_filter"]
    if len(found) != count or not is_indexed:
        raise OSError("it was not taken whole")


def several_layers(shown: Path, names: list[str]) -> LayerError:
    """Tell that one of several layers is to be named."""
    told = name_some(names)
    return LayerError(
        str(shown), [f"it holds {len(names)} layers ({told}). Name one, as {shown}:{names[0]}."]
    )


def first_sentence(error: Exception) -> str:
    """Shorten what a library says to its first sentence."""
    return str(error).split(";")[0].strip().rstrip(".")
