"""Fixtures shared by the tests: real extracts, and layers small enough to work by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, settings

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.report.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Callable

# The same examples on every run and machine, and no failure because a machine is busy; fewer than
# usual, so that the suite stays within minutes. More are asked for by HOKKAIDO_GIS_EXAMPLES.
settings.register_profile(
    "repeatable",
    max_examples=int(os.environ.get("HOKKAIDO_GIS_EXAMPLES", "40")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")

REPOSITORY = Path(__file__).resolve().parents[1]
SIDE = 0.125
"""Side of a unit square [degrees], exact in binary, so that coordinates may be compared exactly."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write the records of tests/golden anew."
    )


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Path of a real extract by its name under the test data; skips where it is not at hand."""
    stated = os.environ.get("HOKKAIDO_GIS_TEST_DATA")
    folder = Path(stated) if stated else REPOSITORY / ".." / "shared" / "data"

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            pytest.skip(f"{name} is not in {folder}; name its folder in HOKKAIDO_GIS_TEST_DATA")
        return path

    return find


@pytest.fixture(scope="session")
def inputs() -> Inputs:
    """What a report of the sample reads; it keeps what it read."""
    return Inputs()


@pytest.fixture(scope="session")
def real_inputs(real_data: Callable[[str], Path]) -> Inputs:
    """What a report of the folder of real layers reads."""
    return Inputs(real_data("dams-w01/hokkaido_dams_w01_14.geojson").parents[1])


@pytest.fixture
def boundaries_alone(tmp_path: Path) -> Inputs:
    """What a report reads of a folder that holds the sample's municipalities and nothing else."""
    data = tmp_path / "data"
    data.mkdir()
    source = sample_data() / "municipalities.geojson"
    (data / source.name).write_bytes(source.read_bytes())
    return Inputs(data)


@pytest.fixture
def squares() -> gpd.GeoDataFrame:
    """Four squares: two share a side, the third touches the second at a corner, one is an island.

    ::

        . . . . D
        . . . . .
        . . C . .
        A B . . .
    """
    codes = ["01202", "01203", "01204", "01205"]
    return gpd.GeoDataFrame(
        {"name": ["函館市", "小樽市", "旭川市", "室蘭市"]},
        index=pd.Index(codes, name="code"),
        geometry=[
            shapely.box(141 + x * SIDE, 43 + y * SIDE, 141 + (x + 1) * SIDE, 43 + (y + 1) * SIDE)
            for x, y in [(0, 0), (1, 0), (2, 1), (4, 3)]
        ],
        crs="EPSG:6668",
    )


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write columns and shapes to a vector file of the given name and return its path."""

    def write(
        file: str, shapes: list[Any], /, *, crs: str | None = "EPSG:6668", **columns: list[Any]
    ) -> Path:
        path = tmp_path / file
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_file(path, engine="pyogrio")
        return path

    return write
