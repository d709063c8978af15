"""Wind speeds of rasters of any kind."""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.errors import LayerError, LayerWarning
from hokkaido_gis.io.raster import Grid, RasterBand, band_names, open_band
from hokkaido_gis.units import kmh_to_ms

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from pyproj import CRS
    from rasterio import Affine

SpeedUnit = Literal["m/s", "km/h"]

# Units as files write them, without blanks and in lower case.
UNITS: dict[str, SpeedUnit] = {
    "m/s": "m/s", "ms-1": "m/s", "ms**-1": "m/s", "ms^-1": "m/s", "m·s-1": "m/s", "mps": "m/s",
    "[m/s]": "m/s", "meterpersecond": "m/s", "km/h": "km/h", "kmh": "km/h", "kmh-1": "km/h",
    "kmh**-1": "km/h", "kph": "km/h", "[km/h]": "km/h",
}  # fmt: skip

FASTEST_MS = 120.0
"""Faster wind [m/s] has not been measured at the ground: such a value is no speed."""

_HEIGHT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*_?m(?![a-z/])")
_SPEED = re.compile(r"speed|風速|wspd|^ws\d*")
_COMPONENT = re.compile(r"^[uv](?![a-z])|^[uv][-_ ]?(?:wind|grd|comp)")


@dataclass(frozen=True)
class Wind:
    """Wind of a raster [m/s], read when asked for.

    Attributes
    ----------
    raster
        The band it comes from: file, grid and CRS.
    source_units
        Unit in the file; values are given in m/s whatever it is.
    height_m
        Height above ground [m], if known.
    component
        Whether it is an eastward or northward component, which may be negative.
    """

    raster: RasterBand
    source_units: SpeedUnit
    height_m: float | None
    component: bool

    @property
    def units(self) -> str:
        """Unit of all values."""
        return "m/s"

    @property
    def source(self) -> str:
        """The file."""
        return self.raster.source

    @property
    def crs(self) -> CRS:
        """CRS of the file, in which the grid stays."""
        return self.raster.crs

    @property
    def transform(self) -> Affine:
        """From column and row to the coordinates of a cell's corner."""
        return self.raster.transform

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.raster.height, self.raster.width

    @cached_property
    def array(self) -> npt.NDArray[np.float64]:
        """All values [m/s], not a number where there is none; read once, not to be written to."""
        array = self.read().array
        array.flags.writeable = False
        return array

    def read(self, bounds: tuple[float, float, float, float] | None = None) -> Grid:
        """Read the wind, or the cells that a box touches.

        Parameters
        ----------
        bounds
            West, south, east and north in the CRS of the raster; without it the whole is read.

        Returns
        -------
        Grid
            Values [m/s], not a number where there is none, with their own transform.

        Raises
        ------
        LayerError
            If the file cannot be read, or values are no wind speeds, such as a mark of missing
            values that the file does not declare.
        """
        grid = self.raster.read(bounds)
        speeds = kmh_to_ms(grid.array) if self.source_units == "km/h" else grid.array
        lowest = -FASTEST_MS if self.component else 0.0
        wrong = speeds[(speeds < lowest) | (speeds > FASTEST_MS)]
        if len(wrong):
            fault = (
                f"{len(wrong)} of its values are no wind speeds: they run from {wrong.min():g} to "
                f"{wrong.max():g} m/s, expected {lowest:g} to {FASTEST_MS:g}. Declare the mark of "
                "missing values, e.g. with gdal_edit.py -a_nodata, or choose another band."
            )
            raise LayerError(self.source, [fault])
        return grid._replace(array=speeds)


def read_wind(
    source: str | Path,
    *,
    band: int | str | None = None,
    units: SpeedUnit | None = None,
    height_m: float | None = None,
    crs: str | CRS | None = None,
) -> Wind:
    """Read wind from a raster; its values are read when asked for.

    Parameters
    ----------
    source
        Any raster that rasterio opens. Missing values, scale and offset are taken from the file;
        cells need not be square.
    band
        Number, from 1, or description of the band. Without it the only band is taken, or the only
        one whose description speaks of a speed.
    units
        Unit of a file that states none, ``m/s`` or ``km/h``; without it m/s are assumed, which is
        told as a `LayerWarning`.
    height_m
        Height above ground [m]; without it, that in the band's description (``speed_10m``).
    crs
        CRS of a file that states none.

    Returns
    -------
    Wind
        Speeds or components [m/s] in the grid and CRS of the file (not moved to EPSG:6668, since
        resampling would change the values).

    Raises
    ------
    LayerError
        If the file cannot be read or used; all its faults are listed at once.
    """
    raster = open_band(source, band=_speed_band(source) if band is None else band, crs=crs)
    label = unicodedata.normalize("NFKC", raster.description).strip().casefold()
    height = _HEIGHT.search(label)
    return Wind(
        raster=raster,
        source_units=_units(raster, units),
        height_m=height_m if height_m is not None else float(height[1]) if height else None,
        component=bool(_COMPONENT.search(label)),
    )


def _speed_band(source: str | Path) -> int | None:
    """Number of the only band that speaks of a speed, if there is one."""
    names = [unicodedata.normalize("NFKC", name).casefold() for name in band_names(source)]
    speeds = [number for number, name in enumerate(names, 1) if _SPEED.search(name)]
    return speeds[0] if len(speeds) == 1 else None


def _units(raster: RasterBand, stated: SpeedUnit | None) -> SpeedUnit:
    """Unit of the file, else the one stated, else metres per second with a warning."""
    written = unicodedata.normalize("NFKC", raster.unit)
    plain = re.sub(r"\s", "", written).casefold()
    if plain and plain not in UNITS:
        fault = f"its unit is {written!r}; expected m/s or km/h. Convert it first."
        raise LayerError(raster.source, [fault])
    if stated is not None and stated not in UNITS.values():
        fault = f"units={stated!r} is not understood; expected 'm/s' or 'km/h'."
        raise LayerError(raster.source, [fault])
    if plain and stated not in (None, UNITS[plain]):
        fault = f"the file states {written!r}, but units={stated!r} was given. Which is right?"
        raise LayerError(raster.source, [fault])
    if plain:
        return UNITS[plain]
    if stated is None:
        warnings.warn(
            f"{raster.source}: it states no unit; m/s are assumed. Say units='m/s' or 'km/h'.",
            LayerWarning,
            stacklevel=3,
        )
    return stated or "m/s"
