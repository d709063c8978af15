"""Least-cost routes: on even ground, around obstacles by hand, along roads, on the sample."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod
from rasterio import Affine
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box
from skimage.graph import MCP_Geometric

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, ModelInputError
from hokkaido_gis.grid.cost_surface import (
    MILLION_YEN_PER_KM,
    CostSurface,
    cells_touched,
    even_surface,
    follow_corridors,
    multiply_by_class,
    multiply_within,
)
from hokkaido_gis.grid.route import route_to_line, routes_to_lines
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.readers.lines import read_lines

METRIC = CRS.from_epsg(6680)
GEOD = Geod(ellps="GRS80")
OCTILE = 1 / math.cos(math.pi / 8)
"""Most that a way over eight neighbours exceeds the straight line on even ground."""


def surface(factor: list[list[float]] | np.ndarray, *, cell: float = 100.0) -> CostSurface:
    """A grid whose upper left corner is the origin of the plane, at 142.25 E, 44 N."""
    return CostSurface(np.array(factor, dtype=float), Affine(cell, 0, 0, 0, -cell, 0), METRIC)


def on_plane(*shapes: object, index: list[object] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), index=index, crs=METRIC)


def centre(row: int, column: int, cell: float = 100.0) -> Point:
    return Point((column + 0.5) * cell, -(row + 0.5) * cell)


def geodesic_km(shape: LineString) -> float:
    return GEOD.geometry_length(shape) / 1000


def cost_along(path: LineString, ground: CostSurface) -> float:
    """Cost of a path [million yen], taken step by step from the cells of its vertices."""
    xy = gpd.GeoSeries([path], crs=6668).to_crs(ground.crs).get_coordinates().to_numpy()
    inverse = ~ground.transform
    factors = [
        ground.factor[math.floor(inverse.e * y + inverse.f), math.floor(inverse.a * x + inverse.c)]
        for x, y in xy
    ]
    steps = zip(path.coords, path.coords[1:], factors, factors[1:], strict=False)
    return ground.million_yen_per_km * sum(
        geodesic_km(LineString([one, other])) * (f + g) / 2 for one, other, f, g in steps
    )


# --- even ground ----------------------------------------------------------------------------------


def test_straight_along_a_row() -> None:
    lines = on_plane(LineString([(950, 0), (950, -1000)]), index=["east"])
    found = routes_to_lines(on_plane(centre(4, 1)), lines, surface(np.ones((10, 10)))).iloc[0]
    straight = on_plane(LineString([centre(4, 1), (950, -450)])).to_crs(6668).geometry.iloc[0]
    assert found["line_id"] == "east"
    assert found["length_km"] == pytest.approx(geodesic_km(straight), rel=1e-9)
    assert found["length_km"] == pytest.approx(0.8, rel=1e-3)
    assert found["cost_million_yen"] == pytest.approx(MILLION_YEN_PER_KM * found["length_km"])


@given(st.integers(0, 39), st.integers(0, 39), st.integers(0, 39), st.integers(0, 39))
def test_length_is_within_the_octile_bound(r: int, c: int, row: int, column: int) -> None:
    ground = surface(np.ones((40, 40)))
    site, end = centre(r, c), centre(row, column)
    # A line so short that it is one point of the grid.
    lines = on_plane(LineString([end, (end.x, end.y + 0.5)]))
    found = routes_to_lines(on_plane(site), lines, ground).iloc[0]
    if (r, c) == (row, column):
        assert found["length_km"] == 0
        return
    near = on_plane(LineString([site, end])).to_crs(6668).geometry.iloc[0]
    assert geodesic_km(near) - 0.001 <= found["length_km"] <= OCTILE * geodesic_km(near) + 0.001
    down, across = sorted((abs(r - row), abs(c - column)))
    octile = 0.1 * (across - down + math.sqrt(2) * down)
    assert found["length_km"] == pytest.approx(octile, abs=0.001 + 2e-4 * octile)


@given(st.floats(1, 3999), st.floats(1, 3999), st.floats(0.2, 5))
def test_site_anywhere_pays_for_what_it_draws(x: float, y: float, factor: float) -> None:
    ground = surface(np.full((40, 40), factor))
    lines = on_plane(LineString([(0, -1234), (4000, -2345)]))
    found = routes_to_lines(on_plane(Point(x, -y)), lines, ground).iloc[0]
    straight = 0.001 * lines.geometry.iloc[0].distance(Point(x, -y))
    cells = 2 * 0.1 * math.sqrt(2)
    # The line is straight in degrees, and up to a metre off on the plane.
    assert straight * 0.999 <= found["length_km"] + 0.001
    assert found["length_km"] <= OCTILE * straight + cells
    assert found["length_km"] == pytest.approx(geodesic_km(found["geometry"]), rel=1e-9, abs=1e-12)
    assert found["cost_million_yen"] == pytest.approx(12 * factor * found["length_km"])


# --- by hand --------------------------------------------------------------------------------------

WALL = [
    [1, 1, 1, 1, 1],
    [1, 1, math.inf, 1, 1],
    [1, 1, math.inf, 1, 1],
    [1, 1, math.inf, 1, 1],
    [1, 1, math.inf, 1, 1],
]


def test_around_an_obstacle() -> None:
    """Up to (1, 1) with one diagonal, over (0, 2) with two, down to (4, 4) with one."""
    lines = on_plane(LineString([(450, -499), (450, -450)]))
    found = routes_to_lines(on_plane(centre(4, 0)), lines, surface(WALL)).iloc[0]
    by_hand = 0.1 * (2 + math.sqrt(2) + 2 * math.sqrt(2) + 2 + math.sqrt(2))
    assert found["length_km"] == pytest.approx(by_hand, rel=1e-3)
    assert found["cost_million_yen"] == pytest.approx(12 * by_hand, rel=1e-3)
    wall = gpd.GeoSeries([box(201, -499, 299, -101)], crs=METRIC).to_crs(6668).iloc[0]
    assert not found["geometry"].intersects(wall)


def test_dear_ground_is_crossed_when_the_way_round_is_dearer() -> None:
    lines = on_plane(LineString([(450, -499), (450, -451)]))
    dear = np.where(np.isinf(WALL), 3.0, 1.0)
    found = routes_to_lines(on_plane(centre(4, 0)), lines, surface(dear)).iloc[0]
    # Straight on: 1 + 2 + 2 + 1 steps of 100 m.
    assert found["length_km"] == pytest.approx(0.4, rel=1e-3)
    assert found["cost_million_yen"] == pytest.approx(12 * 0.6, rel=1e-3)


def test_longer_way_along_a_road_is_cheaper() -> None:
    ground = surface(np.full((7, 21), 1.0))
    road = on_plane(LineString([(50, -50), (2050, -50)]))
    lines = on_plane(LineString([(2050, -350), (2050, -351)]))
    plain = routes_to_lines(on_plane(centre(3, 0)), lines, ground).iloc[0]
    along = routes_to_lines(
        on_plane(centre(3, 0)), lines, follow_corridors(ground, road, 0.2)
    ).iloc[0]
    assert along["length_km"] > plain["length_km"]
    assert along["cost_million_yen"] < plain["cost_million_yen"]


def test_cheaper_line_is_not_the_nearer_one() -> None:
    dear = np.ones((5, 11))
    dear[:, 6:8] = 9
    lines = on_plane(
        LineString([(50, 0), (50, -500)]), LineString([(850, 0), (850, -500)]), index=["far", "by"]
    )
    found = routes_to_lines(on_plane(centre(2, 5)), lines, surface(dear)).iloc[0]
    assert found["line_id"] == "far"
    assert routes_to_lines(
        on_plane(centre(2, 5)), lines, surface(np.ones((5, 11)))
    )["line_id"].tolist() == ["by"]  # fmt: skip


def test_cells_that_are_not_square() -> None:
    ground = CostSurface(np.ones((10, 10)), Affine(50, 0, 0, 0, -200, 0), METRIC)
    lines = on_plane(LineString([(475, 0), (475, -2000)]))
    found = routes_to_lines(on_plane(Point(25, -900)), lines, ground).iloc[0]
    assert found["length_km"] == pytest.approx(0.45, rel=1e-3)


def test_polygon_begins_at_its_edge_and_lies_on_a_line() -> None:
    lines = on_plane(LineString([(950, 0), (950, -1000)]))
    fields = on_plane(box(120, -480, 330, -310), box(900, -480, 990, -310), index=["a", "b"])
    found = routes_to_lines(fields, lines, surface(np.ones((10, 10))))
    assert found["length_km"].tolist() == pytest.approx([0.62, 0], abs=0.07)
    assert found.loc["b", ["length_km", "cost_million_yen"]].tolist() == [0, 0]
    assert found.geometry["b"].is_empty
    start = gpd.GeoSeries([Point(found.geometry["a"].coords[0])], crs=6668).to_crs(METRIC)
    assert start.iloc[0].distance(fields.geometry["a"]) < 1e-3


# --- where there is no route ----------------------------------------------------------------------


def test_reasons_why_there_is_no_route() -> None:
    factor = np.ones((9, 9))
    factor[3, :6] = factor[:4, 5] = math.inf
    lines = on_plane(LineString([(0, -850), (900, -850)]))
    sites = on_plane(
        centre(0, 0), Point(-500, -50), centre(3, 2), Point(), centre(6, 6),
        index=["walled in", "outside", "forbidden", "nowhere", "free"],
    )  # fmt: skip
    found = routes_to_lines(sites, lines, surface(factor))
    assert found["reason"].to_dict() == {
        "walled in": "no way leads from the site to a line",
        "outside": "the site lies outside the cost surface",
        "forbidden": "the site lies where no line may pass",
        "nowhere": "the site has no geometry",
        "free": "",
    }
    without = found[found["reason"] != ""]
    assert without[["line_id", "length_km", "cost_million_yen", "geometry"]].isna().all(axis=None)
    assert found.index.equals(sites.index)
    assert found.crs.to_epsg() == 6668


def test_no_line_on_the_surface() -> None:
    sites = on_plane(centre(0, 0))
    far = on_plane(LineString([(5000, 0), (6000, 0)]))
    reason = "no line lies on the cost surface where a line may pass"
    assert routes_to_lines(sites, far, surface(WALL))["reason"].tolist() == [reason]
    assert routes_to_lines(sites, far[:0], surface(WALL))["reason"].tolist() == [reason]
    assert routes_to_lines(sites[:0], far, surface(WALL)).empty


def test_one_site_gives_a_route_or_an_error() -> None:
    lines = on_plane(LineString([(450, -499), (450, -451)]), index=[7])
    site = gpd.GeoSeries([centre(4, 0)], crs=METRIC).to_crs(6668).iloc[0]
    route = route_to_line(site, lines, surface(WALL))
    many = routes_to_lines(on_plane(centre(4, 0)), lines, surface(WALL)).iloc[0]
    assert route.line_id == 7
    assert route.length_km == pytest.approx(many["length_km"])
    assert route.path.equals_exact(many["geometry"], 1e-9)
    with pytest.raises(LayerError, match="no route leads to a line: the site lies outside"):
        route_to_line(Point(130, 33), lines, surface(WALL))


def test_lines_of_one_label_are_refused() -> None:
    lines = on_plane(LineString([(0, 0), (9, 9)]), LineString([(0, 0), (9, 9)]), index=["a", "a"])
    with pytest.raises(ModelInputError, match="more than once: a"):
        routes_to_lines(on_plane(centre(0, 0)), lines, surface(WALL))


# --- surfaces -------------------------------------------------------------------------------------


def test_what_no_surface_can_be_is_refused() -> None:
    grid = Affine(100, 0, 0, 0, -100, 0)
    with pytest.raises(ModelInputError, match=r"factors of 2 cells .*base cost"):
        CostSurface(np.array([[1, 0], [np.nan, 1]]), grid, METRIC, 0)
    with pytest.raises(ModelInputError, match="must have rows and columns"):
        CostSurface(np.ones(3), grid, METRIC)
    with pytest.raises(CRSError, match="not in metres"):
        CostSurface(np.ones((2, 2)), grid, CRS.from_epsg(6668))
    with pytest.raises(CRSError, match="rotated"):
        CostSurface(np.ones((2, 2)), Affine(1, 1, 0, 1, -1, 0), METRIC)


def test_even_surface_holds_the_layer_and_its_margin() -> None:
    layer = gpd.GeoDataFrame(geometry=[Point(141, 43), Point(141.5, 43.25)], crs=6668)
    ground = even_surface(layer, cell_m=500, margin_km=2)
    assert (ground.factor == 1).all()
    assert cells_touched(ground, layer).sum() == 2
    width = GEOD.inv(141, 43, 141.5, 43)[2]
    assert 500 * ground.factor.shape[1] == pytest.approx(width + 4000, rel=0.02)
    with pytest.raises(ModelInputError, match="Use larger ones"):
        even_surface(layer, cell_m=1)
    with pytest.raises(ModelInputError, match="cell_m must be above 0"):
        even_surface(layer, cell_m=0)
    with pytest.raises(LayerError, match="no extent"):
        even_surface(gpd.GeoDataFrame(geometry=[Point()], crs=6668))


class Values(NamedTuple):
    """A raster in memory."""

    array: np.ndarray
    transform: Affine
    crs: CRS


def test_classes_of_a_raster_with_finer_and_coarser_cells() -> None:
    ground = surface(np.ones((2, 2)))
    classes = [(10, 1), (20, 2), (30, math.inf)]
    fine = Values(
        np.repeat(np.repeat([[10.0, 10.5], [np.nan, 31]], 4, axis=0), 4, axis=1),
        Affine(25, 0, 0, 0, -25, 0), METRIC,
    )  # fmt: skip
    found = multiply_by_class(ground, fine, classes, missing=5)
    assert found.factor.tolist() == [[1, 2], [5, math.inf]]
    coarse = Values(np.array([[15.0]]), Affine(200, 0, 0, 0, -200, 0), METRIC)
    assert multiply_by_class(ground, coarse, classes).factor.tolist() == [[2, 2], [2, 2]]
    assert (ground.factor == 1).all()
    # The mean over four cells of 0, 0, 0 and 40 degrees is 10.
    mixed = Values(np.tile([[0.0, 0], [0, 40]], (4, 4)), Affine(25, 0, 0, 0, -25, 0), METRIC)
    assert multiply_by_class(ground, mixed, classes).factor.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ModelInputError, match="ascending order"):
        multiply_by_class(ground, fine, [(20, 1), (10, 2)])
    with pytest.raises(ModelInputError, match="must be above 0"):
        multiply_by_class(ground, fine, [(20, 0)])


def test_areas_and_corridors() -> None:
    ground = surface(np.ones((3, 3)))
    lake = on_plane(box(110, -190, 190, -110), box(120, -180, 180, -120))
    assert multiply_within(ground, lake, 4).factor.tolist() == [[1, 1, 1], [1, 4, 1], [1, 1, 1]]
    closed = multiply_within(ground, lake)
    assert math.isinf(closed.factor[1, 1])
    bridge = on_plane(LineString([(10, -150), (290, -150)]))
    assert follow_corridors(closed, bridge, 0.5).factor[1].tolist() == [0.5, 0.5, 0.5]
    assert multiply_within(ground, on_plane(Polygon(), None)).factor.tolist() == [[1.0] * 3] * 3
    with pytest.raises(ModelInputError, match="must be above 0"):
        multiply_within(ground, lake, -1)
    with pytest.raises(ModelInputError, match="finite"):
        follow_corridors(ground, bridge, math.inf)
    with pytest.raises(CRSError, match="no CRS"):
        multiply_within(ground, gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)]))


def test_river_leaves_no_gap_at_corners() -> None:
    ground = multiply_within(
        surface(np.ones((30, 30))), on_plane(LineString([(0, -37), (3000, -2911)]))
    )
    lines = on_plane(LineString([(2950, -50), (2950, -60)]))
    found = routes_to_lines(on_plane(centre(29, 0)), lines, ground)
    assert found["reason"].tolist() == ["no way leads from the site to a line"]


# --- the sample -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> tuple[gpd.GeoDataFrame, CostSurface, CostSurface]:
    """Lines of 66 kV and less in the east, and even and uneven ground around them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        lines = read_lines(sample_data() / "lines.geojson")
    lines = lines[lines["kv"] <= 66].cx[142.5:144.5, 42.8:44.2]
    even = even_surface(lines, cell_m=1000)
    slope = open_band(sample_data() / "slope.tif").read()
    steep = multiply_by_class(even, slope, [(5, 1), (15, 2), (90, 4)])
    protected = gpd.read_file(sample_data() / "protected_areas.geojson")
    return lines, even, multiply_within(steep, protected)


def sites_on(ground: CostSurface, count: int) -> gpd.GeoDataFrame:
    cells = np.argwhere(np.isfinite(ground.factor))
    chosen = cells[np.linspace(0, len(cells) - 1, count).astype(int)]
    grid = ground.transform
    xy = [(grid.c + grid.a * (c + 0.3), grid.f + grid.e * (r + 0.6)) for r, c in chosen]
    points = gpd.GeoSeries(MultiPoint(xy).geoms, crs=ground.crs).to_crs(6668)
    return gpd.GeoDataFrame(geometry=points, crs=6668)


def test_sample_routes_keep_to_what_is_allowed(
    sample: tuple[gpd.GeoDataFrame, CostSurface, CostSurface],
) -> None:
    lines, even, uneven = sample
    assert np.isinf(uneven.factor).any()
    assert set(np.unique(uneven.factor[np.isfinite(uneven.factor)])) == {1, 2, 4}
    sites = sites_on(uneven, 60)
    plain, found = routes_to_lines(sites, lines, even), routes_to_lines(sites, lines, uneven)
    there = found["reason"] == ""
    assert there.sum() > 40
    assert set(found["line_id"][there]) <= set(lines.index)
    ends = gpd.GeoSeries([Point(path.coords[-1]) for path in found.geometry[there]], crs=6668)
    targets = lines.geometry.loc[found["line_id"][there]]
    assert (shapely.distance(ends.to_numpy(), targets.to_numpy()) < 1e-6).all()
    for row in found[there].itertuples():
        assert row.length_km == pytest.approx(geodesic_km(row.geometry), rel=1e-9)
    # Ends may save or cost a cell each; apart from that uneven ground is never cheaper.
    assert (
        found["cost_million_yen"][there] >= plain["cost_million_yen"][there] - 2 * 12 * math.sqrt(2)
    ).all()


def test_sample_costs_are_those_of_the_cells(
    sample: tuple[gpd.GeoDataFrame, CostSurface, CostSurface],
) -> None:
    """Two other ways to the cost: the drawn path cell by cell, and the search's own sum."""
    lines, _, uneven = sample
    found = routes_to_lines(sites_on(uneven, 60), lines, uneven)
    found = found[(found["reason"] == "") & (found["length_km"] > 0)]
    search = MCP_Geometric(uneven.factor, sampling=uneven.cell_m)
    starts = np.argwhere(cells_touched(uneven, lines) & np.isfinite(uneven.factor))
    sums, _ = search.find_costs(starts.tolist())
    inverse = ~uneven.transform
    for row in found.itertuples():
        inner = LineString(row.geometry.coords[:-1]) if len(row.geometry.coords) > 2 else None
        if inner is not None:
            assert cost_along(inner, uneven) <= row.cost_million_yen + 1e-9
        start = gpd.GeoSeries([Point(row.geometry.coords[0])], crs=6668).to_crs(uneven.crs).iloc[0]
        cell = (
            math.floor(inverse.e * start.y + inverse.f),
            math.floor(inverse.a * start.x + inverse.c),
        )
        summed = sums[cell] / 1000 * uneven.million_yen_per_km
        # A cell's diagonal at each end at the dearest factor, and 0.02 % of the plane.
        ends = 2 * math.sqrt(2) * 4 * uneven.million_yen_per_km
        assert row.cost_million_yen == pytest.approx(summed, abs=ends, rel=2e-4)


def test_many_sites_at_once_are_each_as_if_alone(
    sample: tuple[gpd.GeoDataFrame, CostSurface, CostSurface],
) -> None:
    lines, _, uneven = sample
    sites = sites_on(uneven, 4)
    together = routes_to_lines(sites, lines, uneven)
    alone = pd.concat([routes_to_lines(sites.iloc[[i]], lines, uneven) for i in range(4)])
    pd.testing.assert_frame_equal(
        pd.DataFrame(together).drop(columns="geometry"),
        pd.DataFrame(alone).drop(columns="geometry"),
    )
    assert together.geometry.geom_equals_exact(alone.geometry, 0).all()
