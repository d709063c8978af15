"""Which area of a layer, such as a settlement, each feature lies in."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.analysis.nearest import require_labels
from hokkaido_gis.errors import LayerWarning, name_some
from hokkaido_gis.places import shapes_near

if TYPE_CHECKING:
    import geopandas as gpd


def containing_area(features: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """Label of the area that a point of each feature lies in.

    Of a polygon or line the point is one on it, near its middle, so that a parcel drawn a little
    over the border of its settlement is still of that settlement.

    Parameters
    ----------
    features
        Points, lines or polygons with a CRS.
    areas
        Polygons with a CRS, on an index of labels such as codes of settlements.

    Returns
    -------
    pandas.Series
        Labels on the index of `features`, named as the index of `areas`; missing where the point
        lies in no area, and for features without geometry. A point in several areas, or on their
        common border, is of the first of them in the order of `areas`. Both cases are counted in a
        `LayerWarning`.

    Raises
    ------
    LayerError
        If labels of areas are given twice.
    CRSError
        If a layer has no CRS, or no known way leads from it to JGD2011.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely.geometry import Point, box
    >>> areas = gpd.GeoDataFrame(index=["A", "B"], geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)],
    ...                          crs=6668)
    >>> parcels = gpd.GeoDataFrame(geometry=[box(0.8, 0, 1.1, 1), Point(1.5, 0.5)], crs=6668)
    >>> containing_area(parcels, areas).tolist()
    ['A', 'B']
    """
    require_labels(areas, "areas")
    pairs = shapes_near(features, areas, limit_m=0)
    first = pairs.drop_duplicates("point")
    position = np.full(len(features), -1, dtype=np.intp)
    position[first["point"].to_numpy(dtype=np.intp)] = first["shape"].to_numpy(dtype=np.intp)
    several = pairs.loc[pairs["point"].duplicated(), "point"].unique()
    _tell(features, position, several)
    index = areas.index
    # Whole numbers stay whole beside missing ones.
    labels = index.astype("Int64") if pd.api.types.is_integer_dtype(index.dtype) else index
    taken = labels.array.take(position, allow_fill=True)
    return pd.Series(taken, index=features.index, name=areas.index.name)


def _tell(
    features: gpd.GeoDataFrame,
    position: np.ndarray[tuple[int], np.dtype[np.intp]],
    several: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> None:
    """Warn of features in no area, and in several."""
    shapes = features.geometry.to_numpy()
    unplaced = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    told = [
        f"{len(rows)} {what}: {name_some(list(features.index[rows]))}"
        for what, rows in (
            ("have no geometry", np.flatnonzero(unplaced)),
            ("lie in no area", np.flatnonzero((position < 0) & ~unplaced)),
            ("lie in several, of which the first is taken", several),
        )
        if len(rows)
    ]
    if told:
        message = f"features: of {len(features)}, {'; '.join(told)}."
        warnings.warn(message, LayerWarning, stacklevel=3)
