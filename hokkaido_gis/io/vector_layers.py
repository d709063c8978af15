"""Which layers a vector file holds, and what GDAL says when it cannot read one."""

from __future__ import annotations

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


def has_column(path: Path, layer: str | None, wanted: Sequence[str]) -> bool:
    """Whether a layer has one of some columns, whatever their case."""
    try:
        fields = pyogrio.read_info(path, layer=layer, encoding="utf-8")["fields"]
    except UNREADABLE:
        return False
    return bool({str(f).casefold() for f in fields} & {name.casefold() for name in wanted})


def several_layers(shown: Path, names: list[str]) -> LayerError:
    """Tell that one of several layers is to be named."""
    told = name_some(names)
    return LayerError(
        str(shown), [f"it holds {len(names)} layers ({told}). Name one, as {shown}:{names[0]}."]
    )


def first_sentence(error: Exception) -> str:
    """Shorten what a library says to its first sentence."""
    return str(error).split(";")[0].strip().rstrip(".")
