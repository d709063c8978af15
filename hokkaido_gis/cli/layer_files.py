"""Write a result in the form that the ending of its file asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd


def write_features(frame: gpd.GeoDataFrame, out: Path) -> Path:
    """Write a layer, or its attributes alone where the ending is that of a table."""
    from hokkaido_gis.io.tables import write_table
    from hokkaido_gis.io.vector import write_vector

    if out.suffix.lower() in {".csv", ".xlsx"}:
        return write_table(frame.drop(columns=frame.geometry.name), out)
    return write_vector(frame, out)
