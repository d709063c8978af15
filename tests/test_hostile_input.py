"""Hostile files: each has the outcome that is listed, asks no server and shows no other file."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hostile_files import CASES, SECRET, Case, Place, attempt, gml, kml, listing, zip_file
from shapely.geometry import Point

from hokkaido_gis.errors import HokkaidoGisError, LayerError
from hokkaido_gis.fetch.archive import unpack
from hokkaido_gis.fetch.errors import FetchError
from hokkaido_gis.io.limits import Limits, current_limits, variable
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.io.vector import read_vector

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).resolve().parents[1] / "hokkaido_gis"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_POST = do_GET  # noqa: N815 (named by the standard library)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", asked
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def place(tmp_path: Path, server: tuple[str, list[str]]) -> Place:
    secret = tmp_path / "elsewhere" / "secret.geojson"
    secret.parent.mkdir()
    frame = gpd.GeoDataFrame({"a": [SECRET]}, geometry=[Point(141, 43)], crs="EPSG:4326")
    frame.to_file(secret)
    folder = tmp_path / "data"
    folder.mkdir()
    server[1].clear()
    return Place(folder, server[0], secret)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_hostile_file_has_its_outcome(
    case: Case, place: Place, server: tuple[str, list[str]]
) -> None:
    around = set(place.folder.parent.rglob("*"))
    shown = message = ""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            shown = attempt(case, place)
        except HokkaidoGisError as error:
            message = str(error)
    assert server[1] == []
    assert SECRET not in shown + message + "".join(str(warning.message) for warning in told)
    assert bool(case.refused) == bool(message)
    assert re.search(case.refused, message)
    assert case.refused or re.search(r"\bx\b|01202|\[\[1\.0", shown)
    made = set(place.folder.parent.rglob("*")) - around
    assert all(path.is_relative_to(place.folder) for path in made)
    assert case.outcome.startswith("refused" if case.refused else "read")


def test_cases_are_told_apart() -> None:
    rows = list(listing())
    assert len({name for _, name, _, _ in rows}) == len(CASES)
    assert all(all(row) for row in rows)


# Limits that a user can raise


def test_limits_are_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert current_limits() == Limits()
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_CELLS", "12")
    assert current_limits() == Limits(max_cells=12)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1e9"])
def test_limit_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_VALUES", text)
    with pytest.raises(HokkaidoGisError, match=r"HOKKAIDO_GIS_MAX_VALUES must be a whole number"):
        current_limits()


def test_raised_limit_lets_a_raster_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    grid = {"crs": "EPSG:4326", "transform": rasterio.Affine(0.1, 0, 141, 0, -0.1, 45)}
    with rasterio.open(
        path, "w", driver="GTiff", width=20, height=10, count=1, dtype="uint8", **grid
    ) as file:
        file.write(np.ones((1, 10, 20), "uint8"))
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_CELLS", "1")
    with pytest.raises(LayerError, match=r"20 by 10 cells.*set HOKKAIDO_GIS_MAX_CELLS"):
        open_band(path)
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_CELLS", "199")
    band = open_band(path)
    with pytest.raises(LayerError, match=r"200 cells would be read at once"):
        band.read()
    assert band.read((141.0, 44.0, 141.95, 45.0)).array.shape == (10, 10)
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_CELLS", "200")
    assert band.read().array.shape == (10, 20)


@pytest.mark.parametrize("ending", [".xlsx", ".parquet"])
def test_raised_limit_lets_a_table_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    path = tmp_path / f"a{ending}"
    table = pd.DataFrame({"code": ["01202", "01203"], "kw": [1, 2]})
    table.to_excel(path, index=False) if ending == ".xlsx" else table.to_parquet(path)
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_VALUES", "3")
    with pytest.raises(HokkaidoGisError, match="HOKKAIDO_GIS_MAX_VALUES"):
        read_table(path)
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_VALUES", "6")
    assert read_table(path).shape == (2, 2)


@pytest.mark.parametrize(
    ("limit", "value"), [("max_files", 1), ("max_unpacked", 100), ("max_ratio", 1)]
)
def test_raised_limit_lets_an_archive_pass(
    place: Place, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    files = {"a.geojson": place.secret.read_bytes() + b" " * 2_000_000, "terms.txt": b"free"}
    path = zip_file(place, "a.zip", files)
    with pytest.raises(LayerError, match="HOKKAIDO_GIS_MAX_RATIO"):
        read_vector(path)
    monkeypatch.setenv("HOKKAIDO_GIS_MAX_RATIO", "10000")
    assert len(read_vector(path)) == 1
    monkeypatch.setenv(variable(limit), str(value))
    with pytest.raises(LayerError, match=variable(limit)):
        read_vector(path)


# What is honest stays readable


def test_layer_beside_a_plain_schema_is_read(place: Place) -> None:
    (place.folder / "a.gml").write_text(gml())
    (place.folder / "a.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="http://www.'
        'opengis.net/gml" schemaLocation="http://schemas.opengis.net/gml/3.1.1/base/gml.xsd"/>'
        "</xs:schema>"
    )
    assert read_vector(place.folder / "a.gml")["name"].tolist() == ["x"]


@pytest.mark.parametrize("crs", ["EPSG:6668", "EPSG:4326", "EPSG:2454"])
def test_geojson_with_a_named_crs_is_read(tmp_path: Path, crs: str) -> None:
    frame = gpd.GeoDataFrame({"crs": ["not this"]}, geometry=[Point(1, 2)], crs=crs)
    frame.to_file(tmp_path / "a.geojson")
    read = read_vector(tmp_path / "a.geojson")
    assert read.crs == crs
    assert read["crs"].tolist() == ["not this"]


def test_kmz_keeps_its_layers_and_what_lies_beside_is_left(place: Place) -> None:
    text = kml(name="札幌").encode()
    path = zip_file(place, "a.kmz", {"doc.kml": text, "files/icon.png": b"\x89PNG"})
    assert read_vector(path)["Name"].tolist() == ["札幌"]


@pytest.mark.parametrize("name", ["a!b.geojson", "a;b.geojson", "a?b.geojson"])
def test_path_that_gdal_would_read_otherwise_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (place.folder / "b.geojson").write_bytes(place.secret.read_bytes())
    path = place.folder / name
    path.write_bytes(place.secret.read_bytes().replace(SECRET.encode(), b"own"))
    monkeypatch.chdir(place.folder)
    with pytest.raises(LayerError, match="rename it"):
        read_vector(path)


def test_file_named_as_an_address_is_that_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    Path("PG:dbname=x.geojson").write_bytes(place.secret.read_bytes())
    assert read_vector("PG:dbname=x.geojson")["a"].tolist() == [SECRET]


@pytest.mark.parametrize("ending", [".shp", ".shx", ".dbf"])
def test_part_that_is_cut_off_is_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "a.shp"
    points = [Point(i, 43) for i in range(20)]
    gpd.GeoDataFrame({"a": range(20)}, geometry=points, crs="EPSG:4326").to_file(path)
    part = path.with_suffix(ending)
    part.write_bytes(part.read_bytes()[:-60])
    with pytest.raises(LayerError, match=rf"its \{ending} is cut off.*Copy all its parts again"):
        read_vector(path)


# The package's own code

_PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
_LOADERS = {"read_pickle", "to_pickle", "read_hdf", "load_pickle"}
_RUNNERS = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_pickle_is_loaded_and_no_text_is_run(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(_found(tree)) == []


def _found(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (n.name for n in names if n.name.partition(".")[0] in _PICKLES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in _PICKLES:
                yield module
            case ast.Attribute(attr=name) if name in _LOADERS:
                yield name
            case ast.keyword(arg="allow_pickle", value=value):
                if not (isinstance(value, ast.Constant) and value.value is False):
                    yield "allow_pickle"
            case ast.Call(func=ast.Name(id=name)) if name in _RUNNERS:
                yield name
            case ast.keyword(arg="shell", value=ast.Constant(value=True)):
                yield "shell=True"


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "pd.read_pickle(p)",
        "np.load(p, allow_pickle=True)", "eval(text)", "subprocess.run(x, shell=True)",
    ],
)  # fmt: skip
def test_search_finds_what_it_looks_for(code: str) -> None:
    assert len(list(_found(ast.parse(code)))) == 1


# What damaged files were found to do


def test_prj_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"a": [1]}, geometry=[Point(141, 43)], crs="EPSG:4326").to_file(path)
    path.with_suffix(".prj").write_bytes(b'GEOGCS[\x80"GCS"]')
    with pytest.raises(LayerError, match=r"its \.prj is no text"):
        read_vector(path)


def test_archive_that_leads_to_before_its_beginning_is_told(place: Place) -> None:
    path = zip_file(place, "a.zip", {"a.txt": b"x"})
    path.write_bytes(path.read_bytes()[1:])
    with pytest.raises(FetchError, match="no sound zip archive"):
        unpack(path, place.folder / "out")
