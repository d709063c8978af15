"""A raster layer as a picture: its cells moved to the CRS of a map, in their classes' colours.

Classes are moved, not values, and each pixel takes the class of the one cell it lies in: no colour
stands on a map that is not in its legend.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from PIL import Image
from pyproj import CRS
from rasterio._err import CPLE_BaseError
from rasterio.warp import Resampling, calculate_default_transform, reproject

from hokkaido_gis.datum import gdal_operation
from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.classes import Resolved, resolve

if TYPE_CHECKING:
    import numpy.typing as npt

    from hokkaido_gis.render.scene import Bounds, Lang, RasterLayer

CLEAR = 255
"""Stands for no class in the pixels of a painted raster; no palette gives so many colours."""
# Viewers smooth what they enlarge, so that few cells are given many pixels each.
_SIDE_LEAST, _SIDE_MOST = 1024, 4096


@dataclass(frozen=True, eq=False, slots=True)
class PaintedRaster:
    """A raster on the pixels of a map.

    Attributes
    ----------
    pixels
        By row from the north and column from the west, the position of a class in
        ``resolved.classes``, or `CLEAR`.
    bounds
        West, south, east, north of the pixels in the CRS that was asked for.
    resolved
        Classes of the layer, for the legend.
    opacity
        Of the whole, 0 (clear) to 1 (solid); `rgba` and `png` leave it to who shows them.
    """

    pixels: npt.NDArray[np.uint8]
    bounds: Bounds
    resolved: Resolved
    opacity: float

    @property
    def rgba(self) -> npt.NDArray[np.uint8]:
        """Solid colours, shape (rows, columns, 4); clear pixels have an alpha of 0."""
        colours = np.zeros((256, 4), dtype=np.uint8)
        colours[: len(self.resolved.classes), :3] = self._colours()
        colours[: len(self.resolved.classes), 3] = 255
        return colours[self.pixels]

    def png(self) -> bytes:
        """Encode the pixels in their few colours; the same pixels give the same bytes."""
        palette = np.zeros((256, 3), dtype=np.uint8)
        palette[: len(self.resolved.classes)] = self._colours()
        image = Image.frombytes("P", self.pixels.shape[::-1], self.pixels.tobytes())
        image.putpalette(palette.tobytes())
        buffer = io.BytesIO()
        image.save(buffer, "PNG", transparency=CLEAR, optimize=False)
        return buffer.getvalue()

    def _colours(self) -> npt.NDArray[np.uint8]:
        fills = [bytes.fromhex(line.symbol.fill[1:]) for line in self.resolved.classes]
        return np.frombuffer(b"".join(fills), dtype=np.uint8).reshape(-1, 3)


def paint_raster(layer: RasterLayer, crs: Any = "EPSG:4326", lang: Lang = "ja") -> PaintedRaster:
    """Move a raster to the CRS of a map and colour its cells.

    Parameters
    ----------
    layer
        What is painted.
    crs
        CRS of the map: WGS84 for Google Earth, EPSG:3857 for web maps, whose pictures are stretched
        in that projection, or the one of a printed map.
    lang
        Language of the legend.

    Returns
    -------
    PaintedRaster
        A picture of at most 4096 pixels across and down; of larger rasters cells are left out.

    Raises
    ------
    RenderError
        If the raster cannot be classified, or does not lie where `crs` has coordinates.
    """
    resolved = resolve(layer, lang)
    rows, columns = np.shape(layer.values)
    cells = np.where(resolved.index < 0, CLEAR, resolved.index).astype(np.uint8)
    cells = cells.reshape(rows, columns)
    source_grid = rasterio.Affine(*layer.transform)
    map_crs = CRS.from_user_input(crs)
    operation = gdal_operation(layer.crs, map_crs, layer.title or "raster")
    source, target = _rasterio_crs(layer.crs), _rasterio_crs(map_crs)
    try:
        with warnings.catch_warnings():
            # rasterio multiplies transforms in a way that their own library gives up.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            grid, width, height = calculate_default_transform(
                source, target, columns, rows, *_corners(source_grid, rows, columns), **operation
            )
    except (rasterio.errors.RasterioError, CPLE_BaseError) as error:
        raise RenderError(
            f"Raster {layer.title!r} cannot be moved to the map ({error}). Check that its CRS is "
            "the one its transform was measured in."
        ) from error
    factor = _enlargement(max(width, height))
    width, height = max(1, round(width * factor)), max(1, round(height * factor))
    grid = rasterio.Affine(grid.a / factor, 0.0, grid.c, 0.0, grid.e / factor, grid.f)
    pixels = np.full((height, width), CLEAR, dtype=np.uint8)
    reproject(
        cells,
        pixels,
        src_transform=source_grid,
        src_crs=source,
        src_nodata=CLEAR,
        dst_transform=grid,
        dst_crs=target,
        dst_nodata=CLEAR,
        resampling=Resampling.nearest,
        tolerance=0.0,
        **operation,
    )
    bounds = (grid.c, grid.f + height * grid.e, grid.c + width * grid.a, grid.f)
    return PaintedRaster(pixels, bounds, resolved, layer.opacity)


def _rasterio_crs(crs: CRS) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_wkt(crs.to_wkt())


def _corners(grid: rasterio.Affine, rows: int, columns: int) -> Bounds:
    """Left, bottom, right, top of a grid, which may be turned."""
    a, b, c, d, e, f = tuple(grid)[:6]
    x = [c, c + a * columns, c + b * rows, c + a * columns + b * rows]
    y = [f, f + d * columns, f + e * rows, f + d * columns + e * rows]
    return min(x), min(y), max(x), max(y)


def _enlargement(side: int) -> float:
    """Pixels for one cell: a whole number where there are few cells, a fraction where too many."""
    if side > _SIDE_MOST:
        return _SIDE_MOST / side
    return math.floor(max(1.0, 2 * _SIDE_LEAST / side)) if side < _SIDE_LEAST else 1.0
