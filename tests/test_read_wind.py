"""The readers of wind, rasters and meshes: on a real extract and on what may be wrong."""

from __future__ import annotations

import warnings
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from rasterio import Affine
from shapely.geometry import Point, Polygon, box

from hokkaido_gis.errors import CRSError, LayerError, LayerWarning
from hokkaido_gis.io.raster import Bounds, band_names, open_band
from hokkaido_gis.readers.wind import read_wind
from hokkaido_gis.readers.wind_classes import read_wind_classes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MSM = "wind-msm-sample/hokkaido_wind_10m_msm.tif"
# 141 to 141.75 degrees east in three columns, 43 to 43.25 north in two rows: cells twice as wide.
GRID = Affine(0.25, 0, 141, 0, -0.125, 43.25)
SPEEDS = [[1.0, 2, 3], [4, 5, 6]]
CELL = box(141, 43, 141.125, 43.125)


@pytest.fixture
def raster(tmp_path: Path) -> Callable[..., Path]:
    """Write bands to a GeoTIFF; the first dimension of `bands` counts them."""

    def write(
        bands: Any = (SPEEDS,),
        *,
        names: tuple[str, ...] = (),
        unit: str = "",
        scale: tuple[float, float] = (1.0, 0.0),
        dtype: str = "float32",
        **profile: Any,
    ) -> Path:
        array = np.array(bands, dtype=dtype)
        options = {"crs": "EPSG:6668", "transform": GRID, **profile}
        path = tmp_path / "wind.tif"
        with (
            warnings.catch_warnings(),
            rasterio.open(
                path,
                "w",
                driver="GTiff",
                count=len(array),
                height=array.shape[1],
                width=array.shape[2],
                dtype=dtype,
                **options,
            ) as dataset,
        ):
            dataset.write(array)
            dataset.scales = [scale[0]] * len(array)
            dataset.offsets = [scale[1]] * len(array)
            for number, name in enumerate(names, 1):
                dataset.set_band_description(number, name)
            if unit:
                dataset.units = [unit] * len(array)
        return path

    return write


def faults_of(call: Callable[..., object], source: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        call(source, **options)
    return caught.value.faults


# --- the real extract -----------------------------------------------------------------------------


def test_msm_extract(real_data: Callable[[str], Path]) -> None:
    path = real_data(MSM)
    assert band_names(path) == ("u_10m", "v_10m", "speed_10m")
    wind = read_wind(path, units="m/s")
    assert wind.raster.description == "speed_10m"
    assert wind.shape == (101, 113)
    assert wind.height_m == 10
    assert wind.units == "m/s"
    assert wind.crs.to_epsg() == 4326
    assert wind.source == str(path)
    bounds = wind.raster.bounds
    np.testing.assert_allclose(bounds, (138.96875, 40.975, 146.03125, 46.025))
    assert (wind.transform.a, wind.transform.e) == (0.0625, -0.05)
    assert np.isfinite(wind.array).all()


def test_speed_is_that_of_the_components(real_data: Callable[[str], Path]) -> None:
    path = real_data(MSM)
    u, v, speed = (read_wind(path, band=i, units="m/s") for i in (1, 2, 3))
    assert [w.component for w in (u, v, speed)] == [True, True, False]
    assert u.array.min() < 0
    np.testing.assert_allclose(np.hypot(u.array, v.array), speed.array, atol=1e-5)


# --- values ---------------------------------------------------------------------------------------


def test_whole_raster(raster: Callable[..., Path]) -> None:
    wind = read_wind(raster(unit="m/s", names=("風速 80m",)))
    np.testing.assert_array_equal(wind.array, SPEEDS)
    assert wind.height_m == 80
    assert wind.source_units == "m/s"
    assert wind.transform == GRID
    assert wind.raster.bounds == Bounds(141, 43, 141.75, 43.25)


def test_object_is_frozen_and_reads_once(raster: Callable[..., Path]) -> None:
    wind = read_wind(raster(unit="m/s"))
    assert wind.array is wind.array
    with pytest.raises(ValueError, match="read-only"):
        wind.array[0, 0] = 9
    with pytest.raises(FrozenInstanceError):
        wind.height_m = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("bounds", "values", "west", "north"),
    [
        ((141.25, 43, 141.5, 43.125), [[5]], 141.25, 43.125),
        ((141.3, 43.05, 141.4, 43.2), [[2], [5]], 141.25, 43.25),
        ((140, 42, 141.1, 44), [[1], [4]], 141, 43.25),
        ((141.6, 43.2, 150, 50), [[3]], 141.5, 43.25),
        ((141.3, 43.05, 141.3, 43.05), [[5]], 141.25, 43.125),
    ],
    ids=["one cell", "two rows", "over the west", "over the corner", "a point"],
)
def test_window_holds_the_cells_that_a_box_touches(
    raster: Callable[..., Path],
    bounds: tuple[float, ...],
    values: list[list[int]],
    west: float,
    north: float,
) -> None:
    grid = read_wind(raster(unit="m/s")).read(bounds)  # type: ignore[arg-type]
    np.testing.assert_array_equal(grid.array, values)
    assert grid.transform == Affine(0.25, 0, west, 0, -0.125, north)
    assert grid.crs.to_epsg() == 6668


def test_window_of_a_grid_that_runs_north(raster: Callable[..., Path]) -> None:
    wind = read_wind(raster(unit="m/s", transform=Affine(0.25, 0, 141, 0, 0.125, 43)))
    assert wind.raster.bounds == Bounds(141, 43, 141.75, 43.25)
    grid = wind.read((141.3, 43.01, 141.4, 43.02))
    np.testing.assert_array_equal(grid.array, [[2]])


def test_box_outside_has_no_cells(raster: Callable[..., Path]) -> None:
    assert read_wind(raster(unit="m/s")).read((150, 43, 151, 44)).array.size == 0


def test_box_the_wrong_way_round(raster: Callable[..., Path]) -> None:
    with pytest.raises(LayerError, match="bounds must be west, south, east, north"):
        read_wind(raster(unit="m/s")).read((142, 43, 141, 44))


def test_missing_values_are_no_numbers(raster: Callable[..., Path]) -> None:
    wind = read_wind(raster([[[-9999.0, 2, np.nan]]], unit="m/s", nodata=-9999))
    np.testing.assert_array_equal(wind.array, [[np.nan, 2, np.nan]])


def test_scale_and_offset_after_missing_values(raster: Callable[..., Path]) -> None:
    path = raster([[[0, 10, 255]]], unit="m/s", scale=(0.5, 1.0), nodata=255, dtype="uint8")
    np.testing.assert_array_equal(read_wind(path).array, [[1, 6, np.nan]])


def test_undeclared_mark_of_missing_values_is_refused(raster: Callable[..., Path]) -> None:
    wind = read_wind(raster([[[-9999.0, 2, 500]]], unit="m/s"))
    with pytest.raises(LayerError, match=r"2 of its values .* from -9999 to 500 m/s, expected 0"):
        wind.read()


def test_negative_components_are_wind(raster: Callable[..., Path]) -> None:
    path = raster([[[-5.0]], [[5.0]]], names=("UGRD", "ws10m"), unit="m/s")
    assert read_wind(path, band="ugrd").array.tolist() == [[-5]]
    assert read_wind(path).array.tolist() == [[5]]
    assert read_wind(path).height_m == 10


# --- units, height, band --------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["m/s", "m s-1", "m s**-1", "Ｍ／Ｓ"])
def test_metres_per_second_of_the_file(raster: Callable[..., Path], unit: str) -> None:
    np.testing.assert_array_equal(read_wind(raster(unit=unit)).array, SPEEDS)


@pytest.mark.parametrize("options", [{"unit": "km/h"}, {"unit": "km h-1"}])
def test_kilometres_per_hour_of_the_file(
    raster: Callable[..., Path], options: dict[str, str]
) -> None:
    wind = read_wind(raster([[[36.0, 72]]], **options))
    np.testing.assert_allclose(wind.array, [[10, 20]])
    assert (wind.units, wind.source_units) == ("m/s", "km/h")


def test_unit_stated_by_the_caller(raster: Callable[..., Path]) -> None:
    np.testing.assert_allclose(read_wind(raster([[[36.0]]]), units="km/h").array, [[10]])


def test_unit_that_nobody_states_is_assumed_and_told(raster: Callable[..., Path]) -> None:
    path = raster()
    with pytest.warns(LayerWarning, match=r"it states no unit; m/s are assumed"):
        assert read_wind(path).source_units == "m/s"


def test_units_that_are_refused(raster: Callable[..., Path]) -> None:
    path = raster(unit="kt")
    assert faults_of(read_wind, path) == (
        "its unit is 'kt'; expected m/s or km/h. Convert it first.",
    )
    path = raster(unit="km/h")
    assert "Which is right?" in faults_of(read_wind, path, units="m/s")[0]
    assert "expected 'm/s' or 'km/h'" in faults_of(read_wind, raster(), units="mph")[0]


@pytest.mark.parametrize(
    ("name", "height"),
    [("speed_10m", 10), ("wind speed 80 m", 80), ("speed", None), ("2.5m/s class speed", None)],
)
def test_height_in_the_description(
    raster: Callable[..., Path], name: str, height: float | None
) -> None:
    assert read_wind(raster(unit="m/s", names=(name,))).height_m == height


def test_height_stated_by_the_caller(raster: Callable[..., Path]) -> None:
    assert read_wind(raster(unit="m/s", names=("speed_10m",)), height_m=70).height_m == 70


def test_band_must_be_clear(raster: Callable[..., Path]) -> None:
    path = raster([SPEEDS, SPEEDS], names=("speed_10m", "speed_80m"), unit="m/s")
    has = "it has 2 bands (1 speed_10m, 2 speed_80m)"
    assert faults_of(read_wind, path) == (
        f"{has}. Name one with band, by its number or its description.",
    )
    for band in (0, 3, "speed"):
        assert faults_of(read_wind, path, band=band) == (
            f"{has}, and band={band!r} is not one of them.",
        )
    assert read_wind(path, band="SPEED_80m").raster.band == 2


def test_bands_of_one_name_are_not_told_apart(raster: Callable[..., Path]) -> None:
    path = raster([SPEEDS, SPEEDS], names=("speed", "speed"), unit="m/s")
    assert "band='speed' is not one of them" in faults_of(read_wind, path, band="speed")[0]


# --- files that are refused -----------------------------------------------------------------------


def test_absent_file_and_no_raster(tmp_path: Path) -> None:
    assert "there is no such file" in faults_of(open_band, tmp_path / "absent.tif")[0]
    path = tmp_path / "a.tif"
    path.write_text("no raster")
    assert "it cannot be read as a raster" in faults_of(read_wind, path)[0]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_all_faults_are_listed_at_once(raster: Callable[..., Path]) -> None:
    path = raster([SPEEDS, SPEEDS], crs=None, transform=Affine.identity())
    faults = faults_of(read_wind, path)
    expected = ["it has 2 bands (1, 2)", "it has no place on earth", "it has no CRS"]
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))


def test_rotated_grid(raster: Callable[..., Path]) -> None:
    path = raster(transform=Affine(0.25, 0.1, 141, 0.1, -0.125, 43.25))
    assert "its grid is rotated" in faults_of(read_wind, path)[0]


def test_crs_of_a_file_without_one_may_be_given(raster: Callable[..., Path]) -> None:
    path = raster(crs=None, unit="m/s")
    assert read_wind(path, crs="EPSG:4612").crs.to_epsg() == 4612
    with pytest.raises(CRSError, match="no known CRS"):
        read_wind(path, crs="EPSG:1")


def test_file_that_has_gone_or_is_cut_short(raster: Callable[..., Path]) -> None:
    speeds = np.random.default_rng(1).uniform(0, 20, (1, 200, 200))
    path = raster(speeds, unit="m/s", compress="deflate")
    wind = read_wind(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LayerError, match="cannot be read"):
        wind.read()
    path.unlink()
    with pytest.raises(LayerError, match="there is no such file"):
        wind.read()


# --- meshes of classes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("6.0-6.5", 6, 6.5),
        ("6.0～6.5m/s", 6, 6.5),
        ("６．０〜６．５", 6, 6.5),
        ("6.0以上6.5未満", 6, 6.5),
        ("6.0 m/s以上 6.5 m/s未満", 6, 6.5),
        ("8.5以上", 8.5, np.nan),
        (">= 8.5", 8.5, np.nan),
        ("8.5-", 8.5, np.nan),
        ("8.5～", 8.5, np.nan),
        ("5.0未満", 0, 5),
        ("< 5", 0, 5),
        ("～5.0m/s", 0, 5),
        ("6.5", 6.5, 6.5),
        ("36-54 km/h", 10, 15),
    ],
)
def test_class_as_written(save: Callable[..., Path], text: str, low: float, high: float) -> None:
    cells = read_wind_classes(save("a.geojson", [CELL], 風速階級=[text]))
    np.testing.assert_allclose(cells[["speed_low", "speed_high"]].to_numpy(), [[low, high]])


def test_mesh_with_numbers(save: Callable[..., Path]) -> None:
    path = save(
        "a.gpkg", [CELL] * 3, mesh=["a", "b", "c"], 下限=[6.0, None, 8.5], 上限=[6.5, 5, None]
    )
    cells = read_wind_classes(path)
    assert cells.index.tolist() == ["a", "b", "c"]
    assert cells.index.name == "cell_id"
    assert cells.columns.tolist() == ["speed_low", "speed_high", "geometry"]
    np.testing.assert_array_equal(cells["speed_low"], [6, 0, 8.5])
    np.testing.assert_array_equal(cells["speed_high"], [6.5, 5, np.nan])
    assert cells.crs.to_epsg() == 6668


def test_mesh_in_kilometres_per_hour(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [CELL], low=[36.0], high=[54.0])
    cells = read_wind_classes(path, units="km/h")
    np.testing.assert_allclose(cells[["speed_low", "speed_high"]].to_numpy(), [[10, 15]])


def test_class_column_of_its_own_name(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [CELL], FUSOKU=["6.0-6.5"])
    cells = read_wind_classes(path, columns={"speed_class": "FUSOKU"})
    assert cells["speed_low"].tolist() == [6]


def test_cells_set_aside_and_repaired_are_told(save: Callable[..., Path]) -> None:
    bow_tie = Polygon([(142, 44), (143, 45), (143, 44), (142, 45)])
    path = save(
        "a.geojson", [CELL, CELL, None, bow_tie], id=list("abcd"), speed=["6-7", "", "6-7", "7-8"]
    )
    with pytest.warns(LayerWarning) as told:
        cells = read_wind_classes(path)
    assert cells.index.tolist() == ["a", "d"]
    messages = [str(each.message).removeprefix(f"{path}: ") for each in told]
    assert messages[:2] == [
        "1 of 4 cells have no wind class and are set aside: b.",
        "1 of 4 cells have no geometry and are set aside: c.",
    ]
    assert messages[2].startswith("1 invalid polygons were repaired")


def test_all_faults_of_a_mesh_are_listed_at_once(save: Callable[..., Path]) -> None:
    path = save("a.parquet", [Point(141, 43)] * 2, crs=None, speed=["strong", "6-7"])
    faults = faults_of(read_wind_classes, path, columns={"cell_id": "mesh3"})
    expected = ["no column 'mesh3'", "it has no CRS", "2 features are Point", "(row 0: 'strong')"]
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"speed": ["7-6"]}, "1 wind classes are impossible (row 0: 7 to 6)"),
        ({"speed": ["600-650"]}, "1 wind classes are impossible (row 0: 600 to 650)"),
        ({"speed": [" "]}, "no cell has a wind class."),
        ({"colour": ["red"]}, "no column of wind classes"),
        ({"low": ["calm"], "high": ["7"]}, "column 'low': row 0: 'calm' is no number."),
    ],
)
def test_classes_that_are_refused(
    save: Callable[..., Path], columns: dict[str, list[str]], fault: str
) -> None:
    (found,) = faults_of(read_wind_classes, save("a.geojson", [CELL], **columns))
    assert found.startswith(fault)


def test_class_that_is_null_is_missing_and_the_others_stay(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [CELL, CELL], id=["a", "b"], speed=[None, "6-7"])
    with pytest.warns(LayerWarning, match="1 of 2 cells have no wind class and are set aside: a"):
        cells = read_wind_classes(path)
    assert cells.index.tolist() == ["b"]
    assert cells[["speed_low", "speed_high"]].to_numpy().tolist() == [[6, 7]]


def test_cells_that_have_either_a_class_or_a_place_are_refused(save: Callable[..., Path]) -> None:
    path = save("a.geojson", [CELL, None], id=["a", "b"], speed=["", "6-7"])
    with pytest.warns(LayerWarning, match="cells have no"):
        (fault,) = faults_of(read_wind_classes, path)
    assert fault == "no cell has both a wind class and a geometry."
