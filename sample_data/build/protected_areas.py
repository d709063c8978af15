"""Make protected areas: uneven rounds on mountains and wetlands, with a core under strict rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from catalogue import PROTECTED
from ground import SAMPLE_DIR, noise, read_ground, to_lonlat, to_plane
from layer_files import run_build, write_geojson
from shapely.geometry import Polygon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

# Middle (longitude, latitude), half-axes [km], turn of the first axis from east [degrees], name.
_AREAS: Final = (
    ((142.87, 43.58), (34, 22), 60, "中央高地"),
    ((142.85, 42.55), (42, 11), -55, "南部山脈"),
    ((140.95, 42.85), (20, 12), -35, "西部火山群"),
    ((144.10, 43.45), (22, 15), 25, "東部湖沼群"),
    ((145.10, 44.08), (27, 8), 48, "東端半島"),
    ((144.42, 43.12), (13, 8), 75, "東部湿原"),
    ((141.62, 45.05), (18, 5), 95, "北部砂丘湿原"),
    ((141.24, 45.18), (8, 8), 0, "北部離島"),
    ((140.70, 42.03), (9, 7), 0, "南部湖沼"),
    ((141.50, 43.78), (13, 8), 30, "西部海岸山地"),
    ((143.95, 44.08), (14, 5), -20, "北東湖沼"),
)
_CORE_SHARE: Final = 0.55
_CORNERS: Final = 90


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write the protected areas.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The file written.
    """
    land = read_ground().land
    path = folder / PROTECTED.file
    features = [
        (
            {"id": f"protected-{number:02d}-{zone}", "name": f"{name} (合成)", "category": zone},
            shape,
        )
        for number, (_, _, _, name) in enumerate(_AREAS, 1)
        for zone, shape in _zones(number - 1, land)
        if not shape.is_empty
    ]
    write_geojson(path, PROTECTED, features)
    return [path]


def _zones(number: int, land: BaseGeometry) -> Iterator[tuple[str, BaseGeometry]]:
    """Core and rim of an area, which share their border."""
    core, whole = (
        shapely.intersection(_round(number, share), land, grid_size=1e-4)
        for share in (_CORE_SHARE, 1.0)
    )
    yield "special", shapely.orient_polygons(shapely.normalize(core))
    rim = shapely.difference(whole, core, grid_size=1e-4)
    yield "ordinary", shapely.orient_polygons(shapely.normalize(rim))


def _round(number: int, share: float) -> Polygon:
    """A bent ellipse [degrees]."""
    middle, half_axes, turn, _ = _AREAS[number]
    angles = np.linspace(0.0, 2.0 * np.pi, _CORNERS, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    edge = 1.0 + 0.28 * noise(3.0 * circle + 10.0 * number, 1.6, "protected areas")
    x, y = (circle * edge[:, None] * np.array(half_axes) * share).T
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    plane = np.column_stack([x * cos - y * sin, x * sin + y * cos])
    return Polygon(to_lonlat(plane + to_plane(np.array(middle))))


if __name__ == "__main__":
    sys.exit(run_build(build))
