"""What analysis asks of a raster: its values, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pyproj import CRS
    from rasterio import Affine


class CellValues(Protocol):
    """Values with their place, as `RasterBand.read` gives them."""

    @property
    def array(self) -> npt.NDArray[np.float64]:
        """Rows and columns; not a number where there is no value."""

    @property
    def transform(self) -> Affine:
        """From column and row to the coordinates of a cell's corner."""

    @property
    def crs(self) -> CRS:
        """CRS of those coordinates."""
