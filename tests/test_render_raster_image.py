"""Rasters as pictures: as many pixels as are of use, and no more classes than a picture has."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.raster_image import CLEAR, paint_raster
from hokkaido_gis.render.scene import RasterLayer


def layer(columns: int, rows: int = 1, **options: object) -> RasterLayer:
    """Cells of which each is 1 left of the middle and 2 right of it, from 141 E 43 N."""
    values = np.where(np.arange(columns) < columns / 2, 1.0, 2.0) * np.ones((rows, 1))
    side = 1 / columns
    options.setdefault("breaks", (1.5,))
    return RasterLayer(values, (side, 0, 141, 0, -side, 43), "EPSG:4326", title="風速", **options)


@pytest.mark.parametrize(
    ("columns", "pixels"), [(2, 2048), (1000, 2000), (1024, 1024), (4096, 4096), (5000, 4096)]
)
def test_few_cells_are_enlarged_and_many_left_out(columns, pixels):
    painted = paint_raster(layer(columns))
    assert painted.pixels.shape[1] == pixels
    counts = np.bincount(painted.pixels[0], minlength=2)
    assert counts[:2].tolist() == [pixels // 2, pixels // 2]
    west, south, east, north = painted.bounds
    assert (west, east, north) == (141, pytest.approx(142), 43)
    assert south == pytest.approx(43 - painted.pixels.shape[0] / pixels)


def test_picture_is_that_of_the_pixels():
    painted = paint_raster(layer(2))
    picture = Image.open(io.BytesIO(painted.png())).convert("RGBA")
    assert (np.asarray(picture) == painted.rgba).all()


def test_cells_without_value_are_clear():
    values = [[1.0, math.nan], [2.0, 9.0]]
    cells = RasterLayer(values, (0.5, 0, 141, 0, -0.5, 43), "EPSG:4326", breaks=(1.5,), nodata=9.0)
    painted = paint_raster(cells)
    height, width = painted.pixels.shape
    corners = painted.pixels[:: height - 1, :: width - 1]
    assert corners.tolist() == [[0, CLEAR], [1, CLEAR]]
    assert painted.rgba[0, -1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("palette", ["YlGnBu", "RdYlBu"])
def test_most_classes_of_a_palette_all_have_a_pixel_of_their_own(palette):
    most = 253

    def cells(count: int) -> RasterLayer:
        values = np.arange(count, dtype=float)[np.newaxis]
        breaks = tuple((np.arange(count - 1) + 0.5).tolist())
        grid = (0.01, 0, 141, 0, -0.01, 43)
        return RasterLayer(values, grid, "EPSG:4326", breaks=breaks, palette=palette)

    assert most < CLEAR
    assert set(np.unique(paint_raster(cells(most)).pixels)) == set(range(most))
    with pytest.raises(RenderError, match=f"cannot give 256 colours: The maximum .* is {most}"):
        paint_raster(cells(256))
