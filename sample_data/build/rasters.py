"""Make the rasters: height and slope of the made-up relief, and mean wind speed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np
from catalogue import HEIGHT, SLOPE, WIND
from ground import (
    FINE,
    SAMPLE_DIR,
    Lattice,
    distance_km,
    near_line,
    noise,
    read_ground,
    to_plane,
)
from layer_files import Band, run_build, write_geotiff

if TYPE_CHECKING:
    from pathlib import Path

    from ground import Floats, Ground
    from numpy.typing import NDArray

COARSE: Final = Lattice(west=139.2, north=45.7, cell=0.02, columns=365, rows=225)
"""Grid of the wind."""

NO_HEIGHT: Final = -9999
NO_SLOPE: Final = 255
NO_WIND: Final = -9999.0
OFFSHORE_KM: Final = 10.0
"""Distance [km] from the coast up to which there is wind."""

# Windy coasts and capes (longitude, latitude): what they add [m/s], and how far inland [km].
_WINDY: Final = (
    (((141.65, 45.40), (141.94, 45.52), (142.20, 45.20)), 1.5, 16),
    (((141.64, 45.00), (141.66, 44.40), (141.62, 43.95)), 1.1, 13),
    (((140.00, 42.45), (140.05, 41.95), (140.10, 41.45)), 1.3, 13),
    (((143.10, 42.10), (143.25, 41.93), (143.32, 42.20)), 1.4, 13),
    (((145.20, 43.25), (145.82, 43.38)), 1.3, 14),
    (((140.35, 43.33), (140.45, 43.00)), 1.0, 12),
    (((139.75, 42.65), (139.85, 42.50)), 1.2, 10),
    (((140.95, 42.32), (141.10, 42.33)), 0.8, 10),
)
# Sheltered basins: what they take away [m/s], and how far around [km].
_SHELTERED: Final = (
    (((142.40, 43.75), (142.40, 44.30)), 0.9, 20),
    (((142.40, 43.45), (142.38, 43.25)), 0.8, 15),
    (((143.10, 43.10), (143.30, 42.90)), 0.7, 25),
    (((143.70, 43.80), (143.95, 43.80)), 0.7, 16),
    (((141.95, 43.60), (141.85, 43.40)), 0.3, 14),
)


def wind_speed(ground: Ground) -> NDArray[np.float32]:
    """Make the mean wind speed.

    Parameters
    ----------
    ground
        Municipalities and relief.

    Returns
    -------
    speed
        Cells of `COARSE` [m/s], `NO_WIND` far out at sea.
    """
    lon, lat = COARSE.centres()
    lonlat = np.stack([lon, lat], axis=-1)
    plane = to_plane(lonlat)
    coast = distance_km(lonlat, ground.land.boundary)
    on_land = _mean_of_cells((ground.owner >= 0).astype(float)) >= 0.5
    height = _mean_of_cells(np.nan_to_num(ground.height, nan=0.0))
    speed = 4.3 + 2.1 * np.exp(-coast / 7.0) + 1.9 * np.minimum(height / 1000.0, 2.0)
    speed += 0.5 * noise(plane, 22, "wind") + 0.3 * noise(plane, 7, "gusts")
    for line, gain, reach in _WINDY:
        speed += gain * near_line(plane, line, reach)
    for line, loss, reach in _SHELTERED:
        speed -= loss * near_line(plane, line, reach)
    # Over the sea it grows away from the shore instead.
    speed = np.where(on_land, speed, speed + 2.1 * (1.0 - np.exp(-coast / 7.0)) + 0.03 * coast)
    known = on_land | (coast <= OFFSHORE_KM)
    return np.where(known, np.round(np.clip(speed, 2.5, 10.5), 2), NO_WIND).astype(np.float32)


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write the rasters.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The files written.
    """
    ground = read_ground()
    height = np.nan_to_num(ground.height, nan=NO_HEIGHT).astype(np.int16)
    slope = np.nan_to_num(ground.slope, nan=NO_SLOPE).astype(np.uint8)
    paths = [folder / entry.file for entry in (WIND, HEIGHT, SLOPE)]
    speed = Band(wind_speed(ground), "mean wind speed at 80 m (synthetic)", "m/s", NO_WIND)
    write_geotiff(paths[0], WIND, COARSE, speed)
    write_geotiff(paths[1], HEIGHT, FINE, Band(height, "height (synthetic)", "m", NO_HEIGHT))
    write_geotiff(paths[2], SLOPE, FINE, Band(slope, "slope (synthetic)", "degree", NO_SLOPE))
    return paths


def _mean_of_cells(fine: Floats) -> Floats:
    """Mean over the two by two cells of `FINE` in each cell of `COARSE`."""
    blocks = fine.reshape(COARSE.rows, 2, COARSE.columns, 2)
    means: Floats = blocks.mean(axis=(1, 3))
    return means


if __name__ == "__main__":
    sys.exit(run_build(build))
