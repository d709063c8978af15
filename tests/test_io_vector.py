"""Vector files: which layer is meant, what is refused, and what comes back as it was written."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import Point

from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, OutputError
from hokkaido_gis.io.vector import Source, read_vector, write_vector

if TYPE_CHECKING:
    from collections.abc import Callable

ENDINGS = [".geojson", ".json", ".gpkg", ".fgb", ".parquet", ".geoparquet"]


def point(**columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[Point(141.5, 43.5)], crs="EPSG:6668")


@pytest.fixture
def two_layers(tmp_path: Path) -> Path:
    path = tmp_path / "grid.gpkg"
    point(kind=["line"]).to_file(path, layer="lines", engine="pyogrio")
    point(kind=["station"]).to_file(path, layer="substations", engine="pyogrio")
    return path


# --- FILE:LAYER ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("layer", "kind"), [("lines", "line"), ("substations", "station")])
def test_layer_is_picked_by_name(two_layers: Path, layer: str, kind: str) -> None:
    assert read_vector(f"{two_layers}:{layer}")["kind"].tolist() == [kind]


def test_several_layers_and_none_named(two_layers: Path) -> None:
    expected = r"grid\.gpkg: it holds 2 layers \(lines, substations\)\. Name one, as .*gpkg:lines"
    with pytest.raises(LayerError, match=expected):
        read_vector(two_layers)


def test_layer_that_is_not_there(two_layers: Path) -> None:
    with pytest.raises(LayerError, match=r"no layer 'dams'; it has lines, substations"):
        read_vector(f"{two_layers}:dams")


@pytest.mark.parametrize(
    "text", [r"C:\data\n03.gpkg", "C:/data/n03.gpkg", "C:n03.gpkg", "n03.gpkg:", ":n03", "n03.gpkg"]
)
def test_colon_that_separates_nothing(text: str) -> None:
    assert Source.parse(text) == Source(Path(text), None)


def test_colon_of_a_drive_and_one_of_a_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("C:/grid.gpkg")
    file.parent.mkdir()
    file.touch()
    assert Source.parse("C:/grid.gpkg") == Source(file, None)
    assert Source.parse("C:/grid.gpkg:lines") == Source(file, "lines")


def test_file_whose_name_has_a_colon(tmp_path: Path) -> None:
    path = tmp_path / "a:b.geojson"
    path.touch()
    assert Source.parse(str(path)) == Source(path, None)


# --- round trips --------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_round_trip(squares: gpd.GeoDataFrame, tmp_path: Path, ending: str) -> None:
    path = write_vector(squares, tmp_path / f"squares{ending}")
    result = read_vector(path)
    by_code = result.set_index("code").loc[squares.index]
    assert path == tmp_path / f"squares{ending}"
    assert result.columns.tolist() == ["code", "name", "geometry"]
    assert result.crs.to_epsg() == 6668
    assert by_code["name"].tolist() == squares["name"].tolist()
    assert by_code.geometry.geom_equals(squares.geometry).all()


@pytest.mark.parametrize("ending", ENDINGS)
def test_writing_leaves_the_layer_as_it_was(
    squares: gpd.GeoDataFrame, tmp_path: Path, ending: str
) -> None:
    before = squares.copy(deep=True)
    write_vector(squares, tmp_path / f"squares{ending}")
    assert_geodataframe_equal(squares, before)


@pytest.mark.parametrize("ending", [".GeoJSON", ".GPKG", ".PARQUET"])
def test_ending_in_capitals(squares: gpd.GeoDataFrame, tmp_path: Path, ending: str) -> None:
    assert len(read_vector(write_vector(squares, tmp_path / f"squares{ending}"))) == 4


def test_projected_layer_keeps_its_crs(squares: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_vector(squares.to_crs(6680), tmp_path / "squares.gpkg")
    assert read_vector(path).crs.to_epsg() == 6680


def test_geojson_that_states_no_crs_is_wgs84(tmp_path: Path) -> None:
    path = tmp_path / "point.geojson"
    path.write_text('{"type": "Point", "coordinates": [141.5, 43.5]}', encoding="utf-8")
    frame = read_vector(path)
    assert frame.crs.to_epsg() == 4326
    assert (frame.geometry.iloc[0].x, frame.geometry.iloc[0].y) == (141.5, 43.5)


@pytest.mark.parametrize(
    ("name", "driver"),
    [("points.shp", "ESRI Shapefile"), ("points.gml", "GML"), ("points.kml", "KML")],
)
def test_reads_what_gdal_reads(tmp_path: Path, name: str, driver: str) -> None:
    # KML keeps a point's name under Name only.
    point(Name=["札幌"]).to_crs(4326).to_file(tmp_path / name, driver=driver, engine="pyogrio")
    frame = read_vector(tmp_path / name)
    columns = {column.lower(): column for column in frame.columns}
    assert frame[columns["name"]].tolist() == ["札幌"]
    assert frame.geometry.iloc[0].distance(Point(141.5, 43.5)) < 1e-9


# --- shapefiles and their encoding --------------------------------------------------------------


@pytest.fixture
def shapefile(tmp_path: Path) -> Callable[..., Path]:
    """A shapefile of two towns, with or without the file that names its encoding."""

    def write(*, encoding: str, stated: bool | str, language: int, zipped: bool) -> Path:
        path = tmp_path / "towns.shp"
        frame = gpd.GeoDataFrame(
            {"名": ["函館市", "ソ表能"]}, geometry=[Point(141, 43), Point(142, 43)], crs="EPSG:6668"
        )
        pyogrio.write_dataframe(frame, path, encoding=encoding)
        if not stated:
            path.with_suffix(".cpg").unlink()
        elif isinstance(stated, str):
            path.with_suffix(".cpg").write_text(stated, encoding="ascii")
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = language  # of the code page: 0 for none, 0x13 for cp932, 0x57 for the system's
        path.with_suffix(".dbf").write_bytes(table)
        if not zipped:
            return path
        with zipfile.ZipFile(tmp_path / "towns.shp.zip", "w") as archive:
            for part in tmp_path.glob("towns.???"):
                archive.write(part, part.name)
        return tmp_path / "towns.shp.zip"

    return write


@pytest.mark.parametrize("zipped", [False, True], ids=["loose", "zipped"])
@pytest.mark.parametrize("language", [0, 0x13, 0x57], ids=["none", "cp932", "system"])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_shapefile_without_cpg(
    shapefile: Callable[..., Path], encoding: str, language: int, zipped: bool
) -> None:
    path = shapefile(encoding=encoding, stated=False, language=language, zipped=zipped)
    assert read_vector(path)["名"].tolist() == ["函館市", "ソ表能"]


@pytest.mark.parametrize("zipped", [False, True], ids=["loose", "zipped"])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_shapefile_with_cpg(shapefile: Callable[..., Path], encoding: str, zipped: bool) -> None:
    path = shapefile(encoding=encoding, stated=True, language=0, zipped=zipped)
    assert read_vector(path)["名"].tolist() == ["函館市", "ソ表能"]


@pytest.mark.parametrize("zipped", [False, True], ids=["loose", "zipped"])
@pytest.mark.parametrize(
    ("encoding", "stated"), [("cp932", "UTF-8"), ("utf-8", "SJIS"), ("utf-8", "CP932")]
)
def test_shapefile_with_a_cpg_that_is_wrong(
    shapefile: Callable[..., Path], encoding: str, stated: str, zipped: bool
) -> None:
    path = shapefile(encoding=encoding, stated=stated, language=0, zipped=zipped)
    expected = rf"{path.name}: its text is {encoding}, not what its \.cpg says\. Correct the \.cpg"
    with pytest.warns(LayerWarning, match=expected):
        frame = read_vector(path, plausible=lambda frame: "函館市" in set(frame.get("名", ())))
    assert frame["名"].tolist() == ["函館市", "ソ表能"]


def test_text_that_never_comes_out_is_read_as_stated(shapefile: Callable[..., Path]) -> None:
    path = shapefile(encoding="cp932", stated=True, language=0, zipped=False)
    frame = read_vector(path, plausible=lambda _: False)
    assert frame["名"].tolist() == ["函館市", "ソ表能"]


# --- zips as downloaded -------------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """A zip of points, each file named with its folder; the point's `of` says which it is."""

    def write(*names: str, encoding: str = "cp932") -> Path:
        with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
            for i, name in enumerate(names):
                home = tmp_path / str(i)
                home.mkdir()
                file = home / Path(name).name
                if file.suffix.lower() in {".shp", ".geojson", ".gml", ".gpkg"}:
                    point(of=[name]).to_file(file, engine="pyogrio", encoding=encoding)
                else:
                    file.write_text("<xml/>", encoding="ascii")
                for part in home.iterdir():
                    archive.write(part, str(Path(name).with_name(part.name)))
        return tmp_path / "download.zip"

    return write


@pytest.mark.parametrize(
    "names",
    [
        ["N03-24_01/N03-24_01.shp", "KS-META-N03-24_01.xml"],
        ["深い/フォルダ/表示.shp"],
        ["a.geojson", "a.shp", "a.gml", "a.xml"],
        ["UTF-8/a.shp", "Shift-JIS/a.shp"],
        ["utf8/a.shp", "sjis/a.shp"],
        ["a/b.geojson", "__MACOSX/a/._b.geojson", "readme.txt"],
        ["a.gml"],
        ["A.SHP"],
    ],
)
def test_one_layer_of_a_zip(pack: Callable[..., Path], names: list[str]) -> None:
    frame = read_vector(pack(*names))
    assert frame["of"].tolist() == names[:1]
    assert frame.crs.to_epsg() in {6668, 4326}


def test_zip_of_several_layers(pack: Callable[..., Path]) -> None:
    path = pack("x/dams.shp", "ports.geojson")
    expected = r"it holds 2 layers \(x/dams\.shp, ports\.geojson\)\. Name one, as .*zip:x/dams\.shp"
    with pytest.raises(LayerError, match=expected):
        read_vector(path)
    for name in ("dams", "dams.shp", "x/dams.shp"):
        assert read_vector(f"{path}:{name}")["of"].tolist() == ["x/dams.shp"]
    with pytest.raises(LayerError, match=r"no layer 'lines'; it has x/dams\.shp, ports\.geojson"):
        read_vector(f"{path}:lines")


def test_same_name_in_two_folders_is_not_guessed(pack: Callable[..., Path]) -> None:
    path = pack("2021/a.shp", "2024/a.shp")
    with pytest.raises(LayerError, match=r"it holds 2 layers \(2021/a\.shp, 2024/a\.shp\)"):
        read_vector(path)
    with pytest.raises(LayerError, match=r"it holds 2 layers \(2021/a\.shp, 2024/a\.shp\)"):
        read_vector(f"{path}:a")


def test_layer_with_the_column_asked_for(two_layers: Path, tmp_path: Path) -> None:
    frame = gpd.read_file(two_layers, layer="lines").assign(N03_007="01202")
    frame.to_file(two_layers, layer="towns", engine="pyogrio")
    zipped = tmp_path / "layers.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(two_layers, "grid.gpkg")
    for path in (two_layers, zipped):
        assert read_vector(path, having=["code", "n03_007"])["N03_007"].tolist() == ["01202"]
        assert "N03_007" not in read_vector(f"{path}:lines")
        with pytest.raises(LayerError, match="it holds 3 layers"):
            read_vector(path, having=["kind"])


def test_file_of_a_zip_with_the_column_asked_for(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n03.zip", "w") as archive:
        for name, column in [("N03_prefecture", "N03_001"), ("N03", "N03_007")]:
            archive.writestr(f"{name}.geojson", point(**{column: ["x"]}).to_json())
    assert "N03_007" in read_vector(tmp_path / "n03.zip", having=["N03_007"])


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["KS-META-N03.xml", "N03.xml"], r"it holds KS-META-N03\.xml, N03\.xml\. The \.xml of"),
        ([], "it holds nothing"),
    ],
)
def test_zip_without_a_layer(pack: Callable[..., Path], names: list[str], told: str) -> None:
    with pytest.raises(LayerError, match=rf"it holds no layer that is read.*; {told}"):
        read_vector(pack(*names))


def test_zip_that_is_damaged(pack: Callable[..., Path]) -> None:
    path = pack("a.geojson")
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    with pytest.raises(LayerError, match=r"the zip is damaged or locked \(Bad CRC.*Download it"):
        read_vector(path)


def test_shapefile_of_a_zip_without_its_other_parts(pack: Callable[..., Path]) -> None:
    path = pack("a.shp")
    with zipfile.ZipFile(path) as archive:
        shape = archive.read("a.shp")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.shp", shape)
    with pytest.raises(LayerError, match=r"cannot be read as a vector file .*layer\.shx") as caught:
        read_vector(path)
    assert "/layer.shx" not in str(caught.value)


def test_text_that_looks_like_utf8_until_it_is_looked_at(tmp_path: Path) -> None:
    # Arrow does not check what GDAL hands on, so that these bytes fail only when used.
    path = tmp_path / "towns.shp"
    frame = point(KEY=["0120602006"], 町=["釧路市"], 名=["富士見"])
    pyogrio.write_dataframe(frame, path, encoding="cp932")
    path.with_suffix(".cpg").unlink()
    assert read_vector(path)["町"].tolist() == ["釧路市"]


def test_shapefile_without_prj_has_no_crs_until_one_is_named(
    shapefile: Callable[..., Path],
) -> None:
    path = shapefile(encoding="utf-8", stated=True, language=0, zipped=False)
    path.with_suffix(".prj").unlink()
    assert read_vector(path).crs is None
    assert read_vector(path, crs="EPSG:4301").crs.to_epsg() == 4301


# --- CRS of the caller --------------------------------------------------------------------------


def test_stated_crs_is_kept(squares: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_vector(squares, tmp_path / "squares.gpkg")
    assert read_vector(path, crs="EPSG:4301").crs.to_epsg() == 6668


@pytest.mark.parametrize("crs", ["EPSG:99999", "Tokyo datum"])
def test_unknown_crs_of_the_caller(save: Callable[..., Path], crs: str) -> None:
    path = save("point.parquet", [Point(141, 43)], crs=None)
    with pytest.raises(CRSError, match=rf"point\.parquet: crs='{crs}' is no known CRS; e\.g\."):
        read_vector(path, crs=crs)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["absent.gpkg", "absent.gpkg:lines", ""])
def test_absent_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(LayerError, match=r"there is no such file\. Check the path"):
        read_vector(f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    "name", ["t.geojson", "t.gpkg", "t.shp", "t.fgb", "t.kml", "t.parquet", "t.txt", "t.shp.zip"]
)
@pytest.mark.parametrize("content", [b"", b"no map at all\n" * 9], ids=["empty", "text"])
def test_file_that_is_no_vector_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    expected = rf"{name}: it cannot be read as a vector file \(.+\)\. Use GeoJSON, GeoPackage"
    with pytest.raises(LayerError, match=expected):
        read_vector(tmp_path / name)


def test_truncated_file(squares: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_vector(squares, tmp_path / "t.geojson")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(LayerError, match="cannot be read as a vector file"):
        read_vector(path)


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".parquet"])
def test_layer_without_features(squares: gpd.GeoDataFrame, tmp_path: Path, ending: str) -> None:
    path = write_vector(squares.iloc[:0], tmp_path / f"t{ending}")
    with pytest.raises(LayerError, match=r"it holds no features\. Was the export"):
        read_vector(path)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.gpkg", "t.geojson"])
def test_table_without_geometry(tmp_path: Path, name: str) -> None:
    path, table = tmp_path / name, pd.DataFrame({"code": ["01202"]})
    match path.suffix:
        case ".csv":
            table.to_csv(path)
        case ".parquet":
            table.to_parquet(path)
        case ".gpkg":
            pyogrio.write_dataframe(table, path)
        case ".geojson":
            point(code=["01202"]).set_geometry([None], crs="EPSG:6668").to_file(path)
    with pytest.raises(LayerError, match="it holds a table without geometry; a map layer is need"):
        read_vector(path)


@pytest.mark.parametrize("name", ["t.shp", "t.xlsx", "t"])
def test_ending_that_is_not_written(squares: gpd.GeoDataFrame, tmp_path: Path, name: str) -> None:
    expected = r"unknown ending '.*'\. Use one of \.fgb, \.geojson, \.geoparquet, \.gpkg"
    with pytest.raises(OutputError, match=expected):
        write_vector(squares, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
