"""Least-cost routes from sites to power lines over a cost surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio import Affine
from rasterio.features import rasterize
from rasterio.transform import rowcol
from shapely.geometry import LineString, Point, box
from skimage.graph import MCP_Geometric

from hokkaido_gis.crs import STORAGE_CRS, geodesic_lengths, move_xy
from hokkaido_gis.errors import LayerError, ModelInputError, name_some
from hokkaido_gis.grid.cost_surface import cells_touched, shapes_on
from hokkaido_gis.units import metres_to_kilometres

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    from shapely.geometry.base import BaseGeometry

    from hokkaido_gis.grid.cost_surface import CostSurface

# Coordinates moved to the surface and back agree to less than this.
_TOUCHING_M = 1e-3


class Route(NamedTuple):
    """A route from a site to a line.

    Attributes
    ----------
    line_id
        Label of the line that it reaches.
    length_km
        Length on the ellipsoid [km]; 0 where the line touches the site.
    cost_million_yen
        Its cost [million yen].
    path
        LineString from the site to the line, EPSG:6668 (JGD2011 longitude and latitude); empty
        where the line touches the site.
    """

    line_id: Hashable
    length_km: float
    cost_million_yen: float
    path: LineString


def route_to_line(site: BaseGeometry, lines: gpd.GeoDataFrame, surface: CostSurface) -> Route:
    """Find the cheapest route from one site to any point of any line.

    Many sites cost one run in `routes_to_lines`.

    Parameters
    ----------
    site
        Point, line or polygon in EPSG:6668 (JGD2011 longitude and latitude).
    lines, surface
        As for `routes_to_lines`.

    Returns
    -------
    Route
        The route.

    Raises
    ------
    LayerError
        If no route leads from the site to a line, with the reason.
    ModelInputError, CRSError
        As `routes_to_lines`.
    """
    sites = gpd.GeoDataFrame(geometry=[site], index=["site"], crs=STORAGE_CRS)
    found = routes_to_lines(sites, lines, surface).iloc[0]
    if found["reason"]:
        raise LayerError("site", [f"no route leads to a line: {found['reason']}."])
    return Route(found["line_id"], found["length_km"], found["cost_million_yen"], found["geometry"])


def routes_to_lines(
    sites: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, surface: CostSurface
) -> gpd.GeoDataFrame:
    """Find the cheapest route from each site to any point of any line.

    The cost from the lines to every cell is found once, over steps between the centres of cells to
    their eight neighbours, each at the mean of both cells' costs; each site then follows its way
    back. A route begins on the site's edge and ends on the line; in between it runs through the
    centres of cells, so that on an even surface it is up to 8.24 % longer than a straight line
    (1/cos 22.5°), and as much as a cell's diagonal at each end.

    Parameters
    ----------
    sites
        Points, lines or polygons with a CRS.
    lines
        Candidate lines with a CRS: choose those of an allowed class beforehand. Parts outside the
        surface, and where no line may pass, are not reached.
    surface
        Cost of a line from cell to cell.

    Returns
    -------
    geopandas.GeoDataFrame
        On the index of `sites`: ``line_id`` (label in `lines`), ``length_km`` [km on the
        ellipsoid], ``cost_million_yen`` (length of each step times the mean cost of its cells),
        ``reason`` why there is no route, empty where there is one, and ``geometry`` (EPSG:6668): a
        LineString from the site to the line, empty where they touch, missing where there is no
        route.

    Raises
    ------
    ModelInputError
        If labels of lines stand more than once.
    CRSError
        If a layer has no CRS.

    References
    ----------
    .. [1] Dijkstra's algorithm, as in `skimage.graph.MCP_Geometric`.
    """
    repeated = list(lines.index[lines.index.duplicated()].unique())
    if repeated:
        raise ModelInputError(
            f"Labels of lines stand more than once: {name_some(repeated)}. Give each line its own."
        )
    search = _Search(lines, surface)
    rows = [search.route(shape) for shape in shapes_on(surface, sites)]
    ids = pd.Series([row.line_id for row in rows], index=sites.index, dtype=lines.index.dtype
                    if all(row.line_id is not None for row in rows) else object)  # fmt: skip
    return gpd.GeoDataFrame(
        {
            "line_id": ids,
            "length_km": [row.length_km for row in rows],
            "cost_million_yen": [row.cost_million_yen for row in rows],
            "reason": pd.array([row.reason for row in rows], dtype="str"),
        },
        geometry=np.array([row.path for row in rows], dtype=object),
        index=sites.index,
        crs=STORAGE_CRS,
    )


class _Row(NamedTuple):
    """A route, or the reason why there is none."""

    line_id: Hashable = None
    length_km: float = np.nan
    cost_million_yen: float = np.nan
    path: LineString | None = None
    reason: str = ""


class _Search:
    """Costs from all lines to every cell of a surface."""

    def __init__(self, lines: gpd.GeoDataFrame, surface: CostSurface) -> None:
        self.surface, self.labels = surface, list(lines.index)
        self.shapes = shapes_on(surface, lines)
        self.tree = shapely.STRtree(self.shapes)
        starts = np.argwhere(cells_touched(surface, lines) & np.isfinite(surface.factor))
        self.reached = len(starts) > 0
        if self.reached:
            self.mcp: Any = MCP_Geometric(surface.factor, sampling=surface.cell_m)
            self.costs: npt.NDArray[np.float64] = self.mcp.find_costs(starts.tolist())[0]

    def route(self, site: BaseGeometry | None) -> _Row:
        """Route of one site, in the CRS of the surface."""
        if site is None or site.is_empty:
            return _Row(reason="the site has no geometry")
        touching = self.tree.query(site, predicate="dwithin", distance=_TOUCHING_M)
        if len(touching):
            return _Row(self.labels[int(touching.min())], 0.0, 0.0, LineString())
        cells = self._cells(site)
        if not len(cells):
            return _Row(reason="the site lies outside the cost surface")
        if not self.reached:
            return _Row(reason="no line lies on the cost surface where a line may pass")
        costs = self.costs[cells[:, 0], cells[:, 1]]
        if not np.isfinite(costs).any():
            forbidden = np.isinf(self.surface.factor[cells[:, 0], cells[:, 1]]).all()
            return _Row(
                reason="the site lies where no line may pass"
                if forbidden
                else "no way leads from the site to a line"
            )
        best = tuple(cells[int(np.argmin(costs))].tolist())
        return self._along(site, np.array(self.mcp.traceback(best))[::-1])

    def _cells(self, site: BaseGeometry) -> npt.NDArray[np.int64]:
        """Rows and columns of the cells that a site lies in."""
        grid, (height, width) = self.surface.transform, self.surface.factor.shape
        west, south, east, north = site.bounds
        rows, columns = rowcol(grid, [west, east], [south, north])
        top, bottom = max(int(min(rows)), 0), min(int(max(rows)), height - 1)
        left, right = max(int(min(columns)), 0), min(int(max(columns)), width - 1)
        if top > bottom or left > right:
            return np.empty((0, 2), dtype=np.int64)
        if isinstance(site, Point):
            return np.array([[top, left]])
        window = rasterize(
            [site],
            out_shape=(bottom - top + 1, right - left + 1),
            transform=Affine(grid.a, 0, grid.c + left * grid.a, 0, grid.e, grid.f + top * grid.e),
            all_touched=True,
            dtype="uint8",
        )
        cells: npt.NDArray[np.int64] = np.argwhere(window) + np.array([top, left])
        return cells

    def _along(self, site: BaseGeometry, cells: npt.NDArray[np.int64]) -> _Row:
        """Route through cells, from the site's edge to the line in the last of them."""
        centres = self._centres(cells)
        line, end = self._arrival(cells[-1], centres[-2] if len(cells) > 1 else site)
        inner = centres[1:-1]
        first = Point(inner[0]) if len(inner) else end
        start = shapely.get_coordinates(shapely.shortest_line(site, first))[0]
        points = np.vstack([start, inner, shapely.get_coordinates(end)])
        factors = self.surface.factor[cells[:, 0], cells[:, 1]]
        factors = factors if len(cells) > 1 else np.repeat(factors, 2)
        lonlat = move_xy(points, self.surface.crs, STORAGE_CRS, "cost surface")
        kilometres = metres_to_kilometres(geodesic_lengths(lonlat[:-1], lonlat[1:]))
        cost = (kilometres * (factors[:-1] + factors[1:]) / 2).sum()
        return _Row(
            self.labels[line],
            float(kilometres.sum()),
            float(cost * self.surface.million_yen_per_km),
            LineString(lonlat),
        )

    def _arrival(
        self, cell: npt.NDArray[np.int64], before: npt.NDArray[np.float64] | BaseGeometry
    ) -> tuple[int, Point]:
        """The line in a cell that is nearest to what comes before, and where it is reached."""
        height, width = self.surface.cell_m
        x, y = self._centres(cell[None])[0]
        square = box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        origin = before if isinstance(before, shapely.Geometry) else Point(before)
        # A line along an edge may miss the cell it was drawn in by rounding.
        near = np.sort(self.tree.query(square, predicate="dwithin", distance=_TOUCHING_M))
        parts = shapely.intersection(self.shapes[near], square.buffer(_TOUCHING_M))
        ways = shapely.shortest_line(origin, parts)
        best = int(np.argmin(shapely.length(ways)))
        return int(near[best]), Point(shapely.get_coordinates(ways[best])[-1])

    def _centres(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        grid = self.surface.transform
        return np.column_stack(
            [grid.c + grid.a * (cells[:, 1] + 0.5), grid.f + grid.e * (cells[:, 0] + 0.5)]
        )
