"""Zonal statistics: against exactextract's own, oversampling, and cases worked by hand."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from exactextract import exact_extract
from hypothesis import given
from hypothesis import strategies as st
from rasterio import Affine
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from hokkaido_gis import sample_data
from hokkaido_gis.analysis import zonal
from hokkaido_gis.analysis.zonal import Cells, parse_statistics, statistics_of_cells
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, ModelInputError
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.overlay import add_statistics, open_raster, zonal_stats
from hokkaido_gis.readers.settlements import read_settlements
from hokkaido_gis.readers.wind import read_wind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MSM = "wind-msm-sample/hokkaido_wind_10m_msm.tif"
# Four columns and three rows of 100 m, from (0, 0) to (400, 300) in zone 12 of the plane system.
GRID = Affine(100, 0, 0, 0, -100, 300)
VALUES = [[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, -9999]]
ALL = ("mean", "min", "max", "sum", "count", "median", "stdev", "p90", "share_above_5.5")


@pytest.fixture
def raster(tmp_path: Path) -> Callable[..., Path]:
    """Write bands to a GeoTIFF whose missing values are -9999."""

    def write(
        *bands: Any,
        name: str = "raster.tif",
        units: str | None = None,
        names: tuple[str, ...] = (),
        **profile: Any,
    ) -> Path:
        arrays = np.array(bands or (VALUES,), dtype="float32")
        options = {"crs": "EPSG:6680", "transform": GRID, "nodata": -9999, **profile}
        count, height, width = arrays.shape
        size = {"count": count, "height": height, "width": width}
        path = tmp_path / name
        with rasterio.open(path, "w", driver="GTiff", dtype="float32", **size, **options) as file:
            file.write(arrays)
            for number, told in enumerate(names, 1):
                file.set_band_description(number, told)
            if units:
                file.units = [units] * count
        return path

    return write


def layer(*shapes: Any, crs: Any = "EPSG:6680") -> gpd.GeoDataFrame:
    index = [f"site {i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame(geometry=list(shapes), index=index, crs=crs)


def stats_of(shape: Any, path: Path, *stats: str) -> list[float]:
    """Statistics and coverage of one shape."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return zonal_stats(layer(shape), path, stats=stats or ("mean",)).iloc[0].tolist()


# --- worked by hand -------------------------------------------------------------------------------


def test_fractions_of_cells(raster: Callable[..., Path]) -> None:
    # Half of the cell 5, all of 6, half of 1 and so on: columns 0.5 to 2, rows 0.5 to 2.
    shape = box(50, 100, 200, 250)
    weights = {1: 0.25, 2: 0.5, 5: 0.5, 6: 1.0}
    count = sum(weights.values())
    total = sum(value * weight for value, weight in weights.items())
    found = stats_of(shape, raster(), "mean", "sum", "count", "min", "max", "share_above_4.5")
    expected = [total / count, total, count, 1, 6, (weights[5] + weights[6]) / count, 1]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    ("shape", "mean", "coverage"),
    [
        pytest.param(box(110, 110, 120, 120), 6, 1, id="smaller than a cell"),
        pytest.param(box(90, 110, 110, 120), 5.5, 1, id="across two cells"),
        pytest.param(box(-100, 100, 100, 200), 5, 0.5, id="across the edge"),
        pytest.param(box(200, 0, 400, 100), 11, 0.5, id="half without value"),
        pytest.param(box(310, 10, 390, 90), np.nan, 0, id="wholly without value"),
        pytest.param(box(1000, 1000, 1100, 1100), np.nan, 0, id="outside"),
        pytest.param(box(-1000, -1000, 1400, 1300), 6, 11 / (24 * 23), id="around it all"),
        pytest.param(Polygon(), np.nan, np.nan, id="empty"),
        pytest.param(None, np.nan, np.nan, id="missing"),
        pytest.param(Point(150, 150), 6, 1, id="point"),
        pytest.param(Point(350, 50), np.nan, 0, id="point without value"),
        pytest.param(Point(-1, 50), np.nan, 0, id="point outside"),
        pytest.param(
            shapely.MultiPolygon([box(0, 0, 100, 100), box(200, 0, 300, 100)]), 10, 1, id="parts"
        ),
        pytest.param(
            box(0, 0, 300, 300).difference(box(100, 100, 200, 200)), 6, 1, id="with a hole"
        ),
    ],
)
def test_shapes(raster: Callable[..., Path], shape: Any, mean: float, coverage: float) -> None:
    found = stats_of(shape, raster())
    np.testing.assert_allclose(found, [mean, coverage], rtol=1e-6, atol=1e-6)


def test_index_stays_and_input_is_untouched(raster: Callable[..., Path]) -> None:
    features = layer(box(10, 10, 20, 20), box(110, 110, 120, 120))
    features.index = pd.Index(["b", "b"], name="code")
    before = features.copy()
    table = zonal_stats(features, raster(), stats=("max", "mean"))
    assert table.columns.tolist() == ["max", "mean", "coverage"]
    pd.testing.assert_index_equal(table.index, before.index)
    pd.testing.assert_frame_equal(features, before)
    assert table["mean"].tolist() == [9, 6]


def test_no_features(raster: Callable[..., Path]) -> None:
    table = zonal_stats(layer(), raster())
    assert table.columns.tolist() == ["mean", "coverage"]
    assert len(table) == 0


def test_what_has_no_value_is_told(raster: Callable[..., Path]) -> None:
    features = layer(box(310, 10, 390, 90), box(200, 0, 400, 100), None, Polygon(), box(0, 0, 9, 9))
    with pytest.warns(LayerWarning) as told:
        zonal_stats(features, raster())
    (message,) = [str(warning.message) for warning in told]
    assert "of 5 features, 2 have no geometry and no value: site 2, site 3; 1 lie wholly" in message
    assert "(coverage 0): site 0; 1 lie partly" in message
    assert message.endswith("(coverage below 1): site 1.")


@pytest.mark.parametrize(
    "turned", [Affine(100, 0, 0, 0, 100, 0), Affine(-100, 0, 400, 0, -100, 300)]
)
def test_files_that_begin_in_the_south_or_east(raster: Callable[..., Path], turned: Affine) -> None:
    values = np.array(VALUES)[::-1] if turned.e > 0 else np.array(VALUES)[:, ::-1]
    shape = box(50, 120, 220, 250)
    found = stats_of(shape, raster(values, name="turned.tif", transform=turned), *ALL)
    np.testing.assert_array_equal(found, stats_of(shape, raster(), *ALL))


def test_scale_and_offset_are_applied(raster: Callable[..., Path]) -> None:
    path = raster()
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.5,), (10.0,)
    assert stats_of(box(110, 110, 120, 120), path) == [13, 1]


# --- against other routes -------------------------------------------------------------------------


@pytest.fixture
def blobs() -> gpd.GeoDataFrame:
    """Uneven polygons with fixed seed, from a hundredth of a cell to a hundred cells."""
    random = np.random.default_rng(2013)
    shapes = []
    for size in np.geomspace(10, 1500, 60):
        angles = np.sort(random.uniform(0, 2 * np.pi, 12))
        reach = size * random.uniform(0.4, 1, 12)
        x, y = random.uniform(-500, 5500, 2)
        ring = np.column_stack([x + reach * np.cos(angles), y + reach * np.sin(angles)])
        shapes.append(shapely.make_valid(Polygon(ring)))
    frame = layer(*shapes)
    return frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]


@pytest.fixture
def field(raster: Callable[..., Path]) -> Path:
    """50 x 50 cells of 100 m with waves, noise and missing patches."""
    random = np.random.default_rng(7)
    row, column = np.mgrid[0:50, 0:50]
    values = 6 + 2 * np.sin(row / 7) * np.cos(column / 5) + random.normal(0, 0.5, row.shape)
    values[(row // 10 + column // 10) % 7 == 3] = -9999
    return raster(values, name="field.tif", transform=Affine(100, 0, 0, 0, -100, 5000))


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
@pytest.mark.parametrize("strategy", ["feature-sequential", "raster-sequential"])
def test_agrees_with_exactextract(field: Path, blobs: gpd.GeoDataFrame, strategy: str) -> None:
    names = ["mean", "min", "max", "sum", "count", "median", "stdev", "quantile(q=0.9)"]
    theirs = exact_extract(str(field), blobs, names, output="pandas", strategy=strategy)
    ours = zonal_stats(blobs, field, stats=ALL)
    expected = theirs.astype(float)
    expected.loc[expected["count"] == 0, "sum"] = np.nan  # a sum of nothing is not known to be 0
    found = ours[list(ALL[:-1])].to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_agrees_with_oversampling(field: Path, blobs: gpd.GeoDataFrame) -> None:
    found = zonal_stats(blobs, field, stats=("mean", "share_above_5.5"))
    with rasterio.open(field) as file:
        cells = file.read(1, masked=True).astype(float).filled(np.nan)
    for name, shape in blobs.geometry.items():
        west, south, east, north = shape.bounds
        step = min(100 / 50, (east - west) / 400)
        x, y = np.meshgrid(
            np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
        )
        inside = shapely.contains_xy(shape, x, y)
        column, row = np.floor(x[inside] / 100), np.floor((5000 - y[inside]) / 100)
        there = (column >= 0) & (column < 50) & (row >= 0) & (row < 50)
        values = np.full(len(column), np.nan)
        values[there] = cells[row[there].astype(int), column[there].astype(int)]
        known = np.isfinite(values)
        assert found.loc[name, "coverage"] == pytest.approx(known.mean(), abs=2e-3)
        if known.any():
            assert found.loc[name, "mean"] == pytest.approx(values[known].mean(), rel=1e-3)
            share = (values[known] > 5.5).mean()
            assert found.loc[name, "share_above_5.5"] == pytest.approx(share, abs=4e-3)


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_tiles_and_pieces_change_nothing(
    field: Path, blobs: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = zonal_stats(blobs, field, stats=ALL)
    monkeypatch.setattr(zonal, "_TILES", (7,))
    monkeypatch.setattr(zonal, "_LONGEST", 9)
    monkeypatch.setattr(zonal, "_MOST_CELLS", 50)
    pieces = zonal_stats(blobs, field, stats=ALL)
    pd.testing.assert_frame_equal(pieces, whole, rtol=1e-9)


@pytest.mark.parametrize(
    "shape", [box(2674.5, 4240.3, 2878.6, 4241.9), box(3047.8, 1579.1, 3059.1, 1584.3),
              box(1000, 1000, 1300, 1300)],
)  # fmt: skip
def test_a_tile_is_read_once(field: Path, shape: Polygon) -> None:
    """Though exactextract asks for more cells than lie under the shape."""
    band, read = open_band(field), []

    def count(area: tuple[float, float, float, float]) -> Any:
        values = band.read(area).array
        read.append(values.size)
        return values

    cells = Cells(
        west=0, north=5000, dx=100, dy=100, columns=50, rows=50, geographic=False, read=count
    )
    asked = parse_statistics(["mean", "p90", "share_above_5.5"])
    statistics_of_cells(np.array([shape], dtype=object), cells, asked)
    assert len(read) == 1
    assert read[0] <= 36


def test_memory_does_not_grow_with_the_raster() -> None:
    """Ten thousand million cells, of which no more than a tile is held, or a piece of a shape."""
    read = []

    def ones(area: tuple[float, float, float, float]) -> Any:
        values = np.ones((round(area[3] - area[1] + 0.5), round(area[2] - area[0] + 0.5)))
        read.append(values.size)
        return values

    side = 100_000
    cells = Cells(
        west=0, north=side, dx=1, dy=1, columns=side, rows=side, geographic=False, read=ones
    )
    corners = np.random.default_rng(2013).uniform(0, side - 1000, (500, 2))
    sizes = np.geomspace(1, 900, len(corners))
    small = [box(x, y, x + size, y + size / 9) for (x, y), size in zip(corners, sizes, strict=True)]
    shapes = np.array([*small, box(10, 10, 5010.5, 2010)], dtype=object)
    found, coverage = statistics_of_cells(shapes, cells, parse_statistics(["mean", "count"]))
    assert max(read) <= 3100**2
    np.testing.assert_allclose(found[:, 1], shapely.area(shapes), rtol=1e-6)
    assert (found[:, 0] == 1).all()
    assert (coverage == 1).all()


@given(
    value=st.floats(-50, 50, width=32),
    corner=st.tuples(st.floats(0, 350), st.floats(0, 250)),
    size=st.floats(1, 49),
)
def test_of_one_value_everywhere(value: float, corner: tuple[float, float], size: float) -> None:
    cells = Cells(
        west=0, north=300, dx=100, dy=100, columns=4, rows=3, geographic=False,
        read=lambda area: np.full(
            (round((area[3] - area[1]) / 100 + 0.5), round((area[2] - area[0]) / 100 + 0.5)), value
        ),
    )  # fmt: skip
    shapes = np.array([box(*corner, corner[0] + size, corner[1] + size)], dtype=object)
    found, coverage = statistics_of_cells(
        shapes, cells, parse_statistics(["mean", "min", "max", "median", "p10"])
    )
    np.testing.assert_allclose(found, value, atol=1e-6)
    assert coverage.tolist() == [1]


# --- coordinate reference systems -----------------------------------------------------------------


def test_degrees_and_metres_give_the_same_mean(raster: Callable[..., Path]) -> None:
    """A polygon two degrees high, on rasters of one field in degrees and in metres."""
    degrees = Affine(0.02, 0, 140.5, 0, -0.02, 45.5)
    row, column = np.mgrid[0:200, 0:200]
    lon, lat = degrees @ (column + 0.5, row + 0.5)

    def speed(lon: Any, lat: Any) -> Any:
        return 3 + 1.5 * (lat - 41.5) + 0.5 * np.sin(lon * 3)

    in_degrees = raster(speed(lon, lat), name="deg.tif", transform=degrees, crs="EPSG:6668")
    metres = Affine(1000, 0, -180_000, 0, -1000, 170_000)
    row, column = np.mgrid[0:400, 0:360]
    place = gpd.GeoSeries.from_xy(
        *(c.ravel() for c in metres @ (column + 0.5, row + 0.5)), crs=6680
    )
    there = place.to_crs(6668)
    values = speed(there.x.to_numpy(), there.y.to_numpy()).reshape(row.shape)
    in_metres = raster(values, name="m.tif", transform=metres)
    tall = Polygon([(141.0, 42.3), (143.5, 42.1), (142.23, 44.61)])
    features = layer(tall, box(141.5, 42.5, 142.5, 44.5), crs="EPSG:6668")
    one = zonal_stats(features, in_degrees, stats=("mean", "median", "share_above_5.5"))
    other = zonal_stats(features, in_metres, stats=("mean", "median", "share_above_5.5"))
    np.testing.assert_allclose(one["mean"], other["mean"], rtol=1e-3)
    np.testing.assert_allclose(one["median"], other["median"], rtol=5e-3)
    np.testing.assert_allclose(one["share_above_5.5"], other["share_above_5.5"], rtol=5e-3)
    assert (one["coverage"] == 1).all()
    plain = exact_extract(str(in_degrees), features, ["mean"], output="pandas")["mean"]
    # Cells that shrink with latitude weigh too much where they are taken as equal.
    assert (plain.to_numpy() > 1.001 * one["mean"]).all()


def test_edges_stay_where_they_were(raster: Callable[..., Path]) -> None:
    """The southern side of the box is a parallel, which a straight edge in metres would cut."""
    shape = box(140.5, 43.0, 144.0, 43.5)
    path = raster(
        np.repeat(np.arange(400.0), 400).reshape(400, 400),
        transform=Affine(1000, 0, -200_000, 0, -1000, 200_000),
    )
    dense = shapely.segmentize(shape, 0.001)
    found = [stats_of_lonlat(each, path) for each in (shape, dense)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)
    coarse = layer(shape, crs="EPSG:6668").to_crs(6680)
    assert abs(zonal_stats(coarse, path)["mean"].iloc[0] - found[1]) > 0.3


def stats_of_lonlat(shape: Any, path: Path) -> float:
    return float(zonal_stats(layer(shape, crs="EPSG:6668"), path)["mean"].iloc[0])


def test_tokyo_datum_is_moved_and_told(raster: Callable[..., Path]) -> None:
    path = raster(transform=Affine(0.01, 0, 141, 0, -0.01, 43.03), crs="EPSG:6668")
    shape = layer(box(141.0102, 43.0102, 141.0198, 43.0198), crs="EPSG:4301")
    with pytest.warns(LayerWarning, match="moved by"):
        found = zonal_stats(shape, path)
    assert found["mean"].iloc[0] != 6  # in JGD2011 degrees it would lie within the cell of 6
    assert found["coverage"].iloc[0] == 1


def test_unknown_datum_of_a_raster_is_told(raster: Callable[..., Path]) -> None:
    crs = "+proj=laea +lat_0=43 +lon_0=142 +ellps=GRS80 +units=m"
    shape = layer(Point(142.0015, 43.0015), crs="EPSG:6668")
    with pytest.warns(LayerWarning, match="datum of the raster's CRS .* JGD2011 is assumed"):
        assert zonal_stats(shape, raster(crs=crs))["mean"].iloc[0] == 6


def test_features_without_crs(raster: Callable[..., Path]) -> None:
    with pytest.raises(CRSError, match="features: it has no CRS"):
        zonal_stats(layer(box(0, 0, 9, 9), crs=None), raster())


# --- kinds of rasters -----------------------------------------------------------------------------


def test_kmh_of_a_file_is_told_and_converted(raster: Callable[..., Path]) -> None:
    path = raster(units="km/h")
    features = layer(box(110, 110, 120, 120))
    with pytest.warns(LayerWarning, match="its unit is km/h; statistics are of its values in m/s"):
        found = zonal_stats(features, path)
    assert found["mean"].iloc[0] == pytest.approx(6 / 3.6)
    assert zonal_stats(features, read_wind(path))["mean"].iloc[0] == pytest.approx(6 / 3.6)


def test_kmh_that_the_user_states(raster: Callable[..., Path]) -> None:
    found = zonal_stats(layer(Point(150, 150)), open_raster(raster(), units="km/h"))
    assert found["mean"].iloc[0] == pytest.approx(6 / 3.6)


def test_values_that_are_no_wind(raster: Callable[..., Path]) -> None:
    path = raster(units="m/s", nodata=None)
    with pytest.raises(LayerError, match="no wind speeds: they run from -9999"):
        zonal_stats(layer(box(210, 10, 390, 90)), path)


def test_speed_of_several_bands(raster: Callable[..., Path]) -> None:
    path = raster(VALUES, np.array(VALUES) * 2, names=("u", "speed"), units="m/s")
    features = layer(Point(150, 150))
    assert zonal_stats(features, path)["mean"].tolist() == [12]
    assert zonal_stats(features, path, band="u")["mean"].tolist() == [6]
    assert zonal_stats(features, open_band(path, band=2))["mean"].tolist() == [12]


def test_several_bands_of_no_speed(raster: Callable[..., Path]) -> None:
    path = raster(VALUES, VALUES, names=("red", "green"))
    with pytest.raises(LayerError, match=r"it has 2 bands .* Name one with band"):
        zonal_stats(layer(Point(150, 150)), path)


def test_raster_without_crs(raster: Callable[..., Path]) -> None:
    path = raster(crs=None)
    with pytest.raises(LayerError, match="it has no CRS"):
        zonal_stats(layer(Point(150, 150)), path)
    assert zonal_stats(layer(Point(150, 150)), path, crs="EPSG:6680")["mean"].tolist() == [6]


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [LineString([(0, 0), (9, 9)]), MultiPoint([(0, 0), (9, 9)]),
     shapely.GeometryCollection([Point(0, 0)])],
)  # fmt: skip
def test_what_has_no_area(raster: Callable[..., Path], shape: Any) -> None:
    features = layer(box(0, 0, 9, 9), shape)
    with pytest.raises(LayerError, match=rf"1 features .* \(row site 1: {shape.geom_type}\)"):
        zonal_stats(features, raster())


def test_bow_ties_are_repaired_and_told(raster: Callable[..., Path]) -> None:
    bow_tie = Polygon([(100, 100), (200, 200), (200, 100), (100, 200)])
    with pytest.warns(LayerWarning, match="1 invalid polygons were repaired: site 0"):
        found = zonal_stats(layer(bow_tie), raster(), stats=("mean", "count"))
    np.testing.assert_allclose(found.iloc[0], [6, 0.5, 1])


@pytest.mark.parametrize(
    ("stats", "message"),
    [
        (("mode",), "'mode' is no statistic; use mean, min"),
        (("p101",), "'p101' is no statistic"),
        (("mean", "mean"), "'mean' is given twice"),
        ((), "name at least one, such as mean"),
        (("a", "b"), "2 faults"),
    ],
)
def test_statistics_that_are_not_known(
    raster: Callable[..., Path], stats: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ModelInputError, match=message):
        zonal_stats(layer(Point(0, 0)), raster(), stats=stats)


def test_statistics_beside_columns(raster: Callable[..., Path]) -> None:
    features = layer(Point(150, 150)).assign(name="farm")
    table = zonal_stats(features, raster())
    both = add_statistics(features, table)
    assert both.columns.tolist() == ["geometry", "name", "mean", "coverage"]
    assert "mean" not in features.columns
    with pytest.raises(LayerError, match="columns mean, coverage already"):
        add_statistics(both, table)


# --- real layers ----------------------------------------------------------------------------------


def test_sample_settlements() -> None:
    settlements = read_settlements(sample_data() / "settlements.fgb")
    found = zonal_stats(settlements, sample_data() / "wind.tif", stats=("min", "mean", "max"))
    assert (found["coverage"] > 0).all()
    assert (found["min"] <= found["mean"] + 1e-6).all()
    assert (found["mean"] <= found["max"] + 1e-6).all()
    whole = read_wind(sample_data() / "wind.tif").array
    assert found["min"].min() >= np.nanmin(whole)
    assert found["max"].max() <= np.nanmax(whole)


def test_wind_of_the_msm(real_data: Callable[[str], Path]) -> None:
    wind = read_wind(real_data(MSM), units="m/s")
    settlements = read_settlements(sample_data() / "settlements.fgb").iloc[:200]
    found = zonal_stats(settlements, wind)
    plain = exact_extract(
        rasterio.open(real_data(MSM)), settlements.to_crs(4326), ["mean"], output="pandas"
    )
    # Within a settlement cells are of one size, to a fraction of a per mille.
    np.testing.assert_allclose(found["mean"], plain["band_3_mean"].astype(float), rtol=2e-3)
