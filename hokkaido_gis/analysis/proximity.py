"""Distances on the ellipsoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.crs import GRS80, lonlat, require_crs

if TYPE_CHECKING:
    import geopandas as gpd


def distance_to_point(features: gpd.GeoDataFrame, point: tuple[float, float]) -> pd.Series:
    """Distance from one point to a point inside each feature.

    Parameters
    ----------
    features
        Any geometries with a CRS.
    point
        Longitude and latitude [degrees] in the datum of `features`.

    Returns
    -------
    pandas.Series
        Geodesic distances [km] on the index of `features`; missing for empty geometries.

    Raises
    ------
    CRSError
        If the layer has no CRS.
    """
    crs = require_crs(features, "features")
    shapes = features.geometry.to_numpy()
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    inside = shapely.point_on_surface(shapes[known])
    xy = lonlat(crs, np.column_stack([shapely.get_x(inside), shapely.get_y(inside)]))
    lon, lat = np.full(len(xy), point[0]), np.full(len(xy), point[1])
    metres = np.full(len(shapes), np.nan)
    metres[known] = GRS80.inv(lon, lat, xy[:, 0], xy[:, 1])[2]
    return pd.Series(metres / 1000, index=features.index, name="distance_km")
