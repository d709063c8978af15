"""The reader of municipal boundaries, on real extracts and on everything that may be wrong."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from pyproj import Geod
from shapely.geometry import MultiPolygon, Point, Polygon, box

from hokkaido_gis.codes import check_digit
from hokkaido_gis.crs import area_ha
from hokkaido_gis.datasets import municipality_codes, register
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning
from hokkaido_gis.io.vector import write_vector
from hokkaido_gis.normalise import find_columns, repair_polygons
from hokkaido_gis.readers.municipalities import read_municipalities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N03 = "n03-2021-simplified/n03_hokkaido_2021.geojson"
SOYA = "n03-soya/n03_soya.geojson"
NORTHERN = [code for code, unit in register().items() if unit.kind == "northern village"]
SIDE = 0.125
BOW_TIE = Polygon([(142, 44), (143, 45), (143, 44), (142, 45)])

incomplete = pytest.mark.filterwarnings("ignore:.*municipalities of Hokkaido are not in it")


def square(column: float, row: float) -> Polygon:
    """A unit square of a grid whose corner is at 141° E, 43° N."""
    west, south = 141 + column * SIDE, 43 + row * SIDE
    return box(west, south, west + SIDE, south + SIDE)


def read_quietly(source: Path, **options: Any) -> gpd.GeoDataFrame:
    """Read a layer that holds a few municipalities only; any other warning is an error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*municipalities of Hokkaido are not in it")
        return read_municipalities(source, **options)


def faults_of(source: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        read_municipalities(source, **options)
    assert str(caught.value).startswith(f"{source}: ")
    return caught.value.faults


# --- the official boundaries --------------------------------------------------------------------


@pytest.fixture(scope="module")
def official(real_data: Callable[[str], Path]) -> gpd.GeoDataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_municipalities(real_data(N03))


def test_official_layer_has_the_179(official: gpd.GeoDataFrame) -> None:
    assert official.index.tolist() == municipality_codes()
    assert official.index.name == "code"
    assert official.columns.tolist() == ["name", "subprefecture", "geometry"]
    assert official.crs.to_epsg() == 6668


def test_official_names_and_subprefectures_are_those_of_the_register(
    official: gpd.GeoDataFrame,
) -> None:
    units = [register()[code] for code in official.index]
    assert official["name"].tolist() == [unit.name for unit in units]
    assert official["subprefecture"].tolist() == [unit.subprefecture for unit in units]


def test_official_polygons_are_valid_and_of_the_published_area(
    official: gpd.GeoDataFrame,
) -> None:
    assert official.is_valid.all()
    assert set(official.geom_type) <= {"Polygon", "MultiPolygon"}
    # 78,421 km2 without the northern islands (国土地理院, 全国都道府県市区町村別面積調).
    assert area_ha(official).sum() / 100 == pytest.approx(78_421, rel=0.005)


def test_wards_are_dissolved_into_sapporo(
    official: gpd.GeoDataFrame, real_data: Callable[[str], Path]
) -> None:
    raw = gpd.read_file(real_data(N03))
    wards = raw[raw["N03_003"] == "札幌市"]
    sapporo = official.loc[["01100"]]
    assert len(wards) == 10
    assert sapporo.geometry.iloc[0].geom_type == "Polygon"
    assert area_ha(sapporo)[0] == pytest.approx(area_ha(wards).sum(), rel=1e-6)


def test_northern_villages_are_kept_with_the_option(
    official: gpd.GeoDataFrame, real_data: Callable[[str], Path]
) -> None:
    everything = read_municipalities(real_data(N03), northern_islands=True)
    assert len(everything) == 185
    assert everything.index.is_monotonic_increasing
    assert everything.index.difference(official.index).tolist() == NORTHERN
    assert everything.loc[["01403", "01696"], "name"].tolist() == ["泊村", "泊村"]


def test_soya_of_728_parts(real_data: Callable[[str], Path]) -> None:
    with pytest.warns(LayerWarning, match="169 of the 179 municipalities .* are not in it: 札幌市"):
        soya = read_municipalities(real_data(SOYA))
    assert soya["name"].to_dict() == {
        "01214": "稚内市",
        "01511": "猿払村",
        "01512": "浜頓別町",
        "01513": "中頓別町",
        "01514": "枝幸町",
        "01516": "豊富町",
        "01517": "礼文町",
        "01518": "利尻町",
        "01519": "利尻富士町",
        "01520": "幌延町",
    }
    assert soya["subprefecture"].unique().tolist() == ["宗谷総合振興局"]
    # 761 km2 (国土地理院, 全国都道府県市区町村別面積調).
    assert area_ha(soya.loc[["01214"]])[0] / 100 == pytest.approx(761.4, rel=0.001)


# --- what layers look like ----------------------------------------------------------------------


@incomplete
@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_own_output_is_read_again(squares: gpd.GeoDataFrame, tmp_path: Path, ending: str) -> None:
    first = read_municipalities(write_vector(squares, tmp_path / f"a{ending}"))
    second = read_municipalities(write_vector(first, tmp_path / f"b{ending}"))
    assert second.index.tolist() == squares.index.tolist()
    assert second["name"].tolist() == squares["name"].tolist()
    assert second.drop(columns="geometry").equals(first.drop(columns="geometry"))
    assert second.geom_equals(squares.geometry).all()


@pytest.mark.parametrize(
    "column", ["code", "CODE", "N03_007", "n03_007", "Ｎ03_007", "市区町村コード", "jis_code"]
)
def test_column_of_codes_by_any_of_its_names(save: Callable[..., Path], column: str) -> None:
    result = read_quietly(save("a.gpkg", [square(0, 0)], **{column: ["01202"]}))
    assert result["name"].to_dict() == {"01202": "函館市"}
    assert result["subprefecture"].tolist() == ["渡島総合振興局"]


@pytest.mark.parametrize(
    "spell",
    [
        str,
        int,
        float,
        lambda code: code[1:],
        lambda code: code + check_digit(code),
        lambda code: int(code + check_digit(code)),
        lambda code: str(int(code + check_digit(code))),
    ],
    ids=["text", "integer", "float", "4 digits", "6 digits", "6 as integer", "6 without zero"],
)
def test_codes_in_any_spelling(save: Callable[..., Path], spell: Callable[[str], object]) -> None:
    codes = ["01202", "01220", "01345"]
    path = save(
        "a.gpkg", [square(i, 0) for i in range(3)], code=[spell(c) for c in reversed(codes)]
    )
    result = read_quietly(path)
    assert result.index.tolist() == codes
    assert result["name"].tolist() == ["函館市", "士別市", "森町"]


def test_parts_of_one_municipality_become_one_row(save: Callable[..., Path]) -> None:
    shapes = [square(0, 0), square(3, 0), square(1, 0)]
    result = read_quietly(save("a.gpkg", shapes, code=["01202"] * 3))
    shape = result.geometry.loc["01202"]
    assert shape.geom_type == "MultiPolygon"
    assert shape.area == pytest.approx(3 * SIDE**2)
    assert len(shape.geoms) == 2  # two squares share a side and are one part now


def test_slivers_between_wards_are_dissolved(save: Callable[..., Path]) -> None:
    shapes = [square(0, 0), square(0.99, 0)]
    path = save("a.gpkg", shapes, code=["01101", "01102"], name=["中央区", "北区"])
    result = read_quietly(path)
    assert result["name"].to_dict() == {"01100": "札幌市"}
    assert result.geometry.iloc[0].area == pytest.approx(1.99 * SIDE**2)


@pytest.mark.parametrize(
    "names",
    [
        {"N03_003": ["横浜市", "横浜市"], "N03_004": ["鶴見区", "神奈川区"]},
        {"N03_003": ["", None], "N03_004": ["横浜市", "横浜市"]},
        {"N03_003": [None, None], "N03_004": ["横浜市", "横浜市"]},
    ],
    ids=["up to 2022", "since 2023, blank", "since 2023"],
)
def test_wards_of_other_cities_in_old_and_new_editions(
    save: Callable[..., Path], names: dict[str, list[str | None]]
) -> None:
    path = save("a.gpkg", [square(0, 0), square(1, 0)], N03_007=["14101", "14102"], **names)
    result = read_municipalities(path)
    assert result["name"].to_dict() == {"14100": "横浜市"}


def test_layer_picked_from_a_file_of_several(squares: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = tmp_path / "base.gpkg"
    squares.iloc[:1].to_file(path, layer="south", engine="pyogrio")
    squares.iloc[1:].to_file(path, layer="rest", engine="pyogrio")
    assert len(read_quietly(f"{path}:rest")) == 3


@pytest.mark.parametrize("crs", ["EPSG:6680", "EPSG:32654", "EPSG:3857"])
def test_projected_layer(squares: gpd.GeoDataFrame, tmp_path: Path, crs: str) -> None:
    path = write_vector(squares.to_crs(crs), tmp_path / "a.gpkg")
    result = read_quietly(path)
    assert result.crs.to_epsg() == 6668
    np.testing.assert_allclose(result.bounds, squares.bounds, rtol=0, atol=1e-7)


# --- what is told -------------------------------------------------------------------------------


def test_missing_municipality_is_told(official: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_vector(official.drop(index="01345"), tmp_path / "a.gpkg")
    expected = r"a\.gpkg: 1 of the 179 municipalities of Hokkaido are not in it: 森町\. Sums with"
    with pytest.warns(LayerWarning, match=expected) as told:
        result = read_municipalities(path)
    assert len(told) == 1
    assert len(result) == 178


def test_layer_of_another_prefecture_misses_nothing(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0, 0)], code=["12203"], name=["市川市"])
    # 12203 alone has two readings; the layer of Chiba names it as 5-digit text of its own.
    assert "may be 12203 or 01220" in faults_of(path)[0]
    path = save(
        "b.gpkg", [square(0, 0), square(1, 0)], code=["12202", "12203"], name=["銚子市", "市川市"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = read_municipalities(path)
    assert result["name"].to_dict() == {"12202": "銚子市", "12203": "市川市"}


@incomplete
def test_tokyo_datum_is_moved_and_told(squares: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_vector(squares.set_crs(4301, allow_override=True), tmp_path / "a.gpkg")
    with pytest.warns(LayerWarning, match=r"a\.gpkg: moved by 40\d\.\d m from Tokyo to JGD2011"):
        result = read_municipalities(path)
    before, after = squares.bounds, result.bounds
    _, _, moved = Geod(ellps="GRS80").inv(before.minx, before.miny, after.minx, after.miny)
    assert moved == pytest.approx(406, abs=5)


@incomplete
def test_crs_of_the_caller_for_a_shapefile_without_prj(
    squares: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "a.shp"
    pyogrio.write_dataframe(squares.reset_index(), path, encoding="utf-8")
    path.with_suffix(".prj").unlink()
    assert "it has no CRS" in faults_of(path)[0]
    with pytest.warns(LayerWarning, match="from Tokyo to JGD2011"):
        read_municipalities(path, crs="EPSG:4301")
    assert read_municipalities(path, crs="EPSG:6668").geom_equals(squares.geometry).all()


@incomplete
def test_bow_tie_is_repaired_and_told(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0, 0), BOW_TIE], code=["01202", "01203"])
    expected = (
        r"a\.gpkg: 1 invalid polygons were repaired: 小樽市 \(Self-intersection\[142.5 44.5\]"
    )
    with pytest.warns(LayerWarning, match=expected):
        result = read_municipalities(path)
    # Two triangles of base 1 and height 1/2.
    assert result.is_valid.all()
    assert result.geometry.loc["01203"].area == pytest.approx(0.5)
    assert result.geometry.loc["01202"].equals(square(0, 0))


@incomplete
@pytest.mark.parametrize("blank", [None, "", " "])
def test_pieces_without_a_code_are_set_aside_and_told(
    save: Callable[..., Path], blank: str | None
) -> None:
    path = save(
        "a.gpkg",
        [square(0, 0), square(2, 0), square(4, 0)],
        N03_007=["01202", blank, blank],
        N03_004=["函館市", "所属未定地", "所属未定地"],
    )
    with pytest.warns(LayerWarning, match=r"2 pieces without a code \(所属未定地\) are set aside"):
        result = read_municipalities(path)
    assert result["name"].to_dict() == {"01202": "函館市"}


# --- what is refused ----------------------------------------------------------------------------


def test_no_crs(save: Callable[..., Path]) -> None:
    path = save("a.parquet", [square(0, 0)], crs=None, code=["01202"])
    (fault,) = faults_of(path)
    assert fault.startswith("it has no CRS (no .prj file?). Its coordinates run from 141, 43 to")
    assert "looks like longitude and latitude" in fault


def test_metres_in_a_geojson_that_states_no_crs(save: Callable[..., Path]) -> None:
    metres = gpd.GeoSeries([square(0, 0)], crs=6668).to_crs(6680).iloc[0]
    path = save("a.geojson", [metres], crs="EPSG:4326", code=["01202"])
    with pytest.raises(CRSError, match=r"in degrees, but its coordinates run from .* like metres"):
        read_municipalities(path)


def test_one_code_on_two_names(save: Callable[..., Path]) -> None:
    path = save(
        "a.gpkg", [square(0, 0), square(1, 0)], code=["01202"] * 2, name=["函館市", "小樽市"]
    )
    (fault,) = faults_of(path)
    assert fault.startswith("code 01202 stands for 函館市 and 小樽市: one of them has the code of")


def test_code_of_a_ward_on_another_municipality(save: Callable[..., Path]) -> None:
    path = save(
        "a.gpkg", [square(0, 0), square(1, 0)], code=["01101", "01102"], name=["中央区", "函館市"]
    )
    (fault,) = faults_of(path)
    assert fault.startswith("code 01100 stands for 函館市 and 札幌市: one of them has the code of")


def test_code_that_belongs_to_another_name(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0, 0)], code=["01202"], name=["森町"])
    assert faults_of(path) == ("code 01202 is 函館市, but the file calls it 森町.",)


@pytest.mark.parametrize("shift", [0, 0.25], ids=["the same", "nearly the same"])
def test_same_polygon_twice(save: Callable[..., Path], shift: float) -> None:
    shapes = [square(0, 0), square(shift, 0), square(3, 0)]
    (fault,) = faults_of(save("a.gpkg", shapes, code=["01202", "01202", "01203"]))
    assert fault.startswith("code 01202 (函館市) has 1 pairs of parts that overlap: the same")


@pytest.mark.parametrize(
    ("shapes", "kinds"),
    [
        ([Point(141, 43), Point(142, 43)], "2 features are Point"),
        ([square(0, 0), Point(141, 43)], "1 features are Point"),
        (
            [square(0, 0).exterior, MultiPolygon([square(0, 0)]), Point(141, 43)],
            "2 features are LineString and Point",
        ),
    ],
)
def test_points_and_lines(save: Callable[..., Path], shapes: list[Any], kinds: str) -> None:
    codes = municipality_codes()[: len(shapes)]
    (fault,) = faults_of(save("a.geojson", shapes, code=codes))
    assert fault == f"{kinds}; boundaries must be polygons."


def test_features_without_geometry(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0, 0), None, Polygon()], code=["01202", "01203", "01204"])
    assert faults_of(path) == ("2 features have no geometry (rows 1, 2).",)


def test_polygon_without_area(save: Callable[..., Path]) -> None:
    flat = Polygon([(141, 43), (142, 44), (141, 43)])
    path = save("a.gpkg", [square(5, 5), flat], code=["01202", "01203"])
    with pytest.warns(LayerWarning, match="1 invalid polygons were repaired: 小樽市"):
        assert faults_of(path) == ("polygons of 小樽市 cover no area.",)


def test_no_column_of_codes(save: Callable[..., Path]) -> None:
    (fault,) = faults_of(save("a.gpkg", [square(0, 0)], ward=["x"], name=["函館市"]))
    assert fault.startswith("no column of municipality codes (one of code, N03_007, ")
    assert fault.endswith("; it has ward, name.")


@pytest.mark.parametrize("blank", [None, " "])
def test_column_without_any_code(save: Callable[..., Path], blank: str | None) -> None:
    path = save("a.gpkg", [square(0, 0)], code=pd.Series([blank], dtype="str"))
    assert faults_of(path) == ("column 'code' holds no code at all.",)


def test_wrong_check_digits_are_named_with_their_rows(save: Callable[..., Path]) -> None:
    shapes = [square(i, 0) for i in range(3)]
    (fault,) = faults_of(save("a.gpkg", shapes, code=["012024", "012033", "012045"]))
    assert "'012024' has check digit 4 where 5 belongs (row 0)." in fault
    assert "'012045' has check digit 5 where 1 belongs (row 2)." in fault
    assert "012033" not in fault


def test_only_northern_villages(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0, 0)], code=["01696"], name=["泊村"])
    assert faults_of(path) == (
        "it holds only villages of the northern islands; northern_islands=True keeps them.",
    )
    assert read_municipalities(path, northern_islands=True)["name"].to_dict() == {"01696": "泊村"}


def test_several_faults_come_in_one_error(save: Callable[..., Path]) -> None:
    path = save(
        "a.parquet",
        [square(0, 0), Point(141, 43), None],
        crs=None,
        code=["012024", "01203", "01204"],
    )
    no_crs, kinds, empty, codes = faults_of(path)
    assert "it has no CRS" in no_crs
    assert "1 features are Point" in kinds
    assert "1 features have no geometry (rows 2)" in empty
    assert "'012024' has check digit 4 where 5 belongs (row 0)" in codes


def test_several_faults_of_the_municipalities_come_in_one_error(save: Callable[..., Path]) -> None:
    path = save(
        "a.gpkg",
        [square(0, 0), square(0, 0), square(2, 0)],
        code=["01202", "01202", "01203"],
        name=["函館市", "函館市", "森町"],
    )
    with pytest.raises(
        LayerError, match=r"2 faults: \(1\) code 01203 is 小樽市.* \(2\) code 01202"
    ):
        read_municipalities(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no map", "it cannot be read as a vector file"),
        (b"", "it cannot be read as a vector file"),
        (b'{"type": "FeatureCollection", "features": []}', "it holds no features"),
    ],
    ids=["no vector file", "empty file", "no features"],
)
def test_files_that_hold_no_layer(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    with pytest.raises(LayerError, match=message):
        read_municipalities(path)


# --- steps of their own -------------------------------------------------------------------------


def test_columns_are_found_in_order_of_preference() -> None:
    table = pd.DataFrame(columns=["N03_007", "Ｃode ", "名前"])
    wanted = {"code": ("code", "N03_007"), "name": ("name", "名前"), "area": ("area",)}
    assert find_columns(table, wanted) == {"code": "Ｃode ", "name": "名前"}


def test_valid_polygons_are_handed_on_untouched(squares: gpd.GeoDataFrame) -> None:
    assert repair_polygons(squares, squares["name"], "x") is squares


def test_repair_changes_a_copy(squares: gpd.GeoDataFrame) -> None:
    squares.geometry = [square(0, 0), BOW_TIE, square(2, 1), square(4, 3)]
    before = squares.copy(deep=True)
    with pytest.warns(LayerWarning, match="x: 1 invalid polygons were repaired: 小樽市"):
        repaired = repair_polygons(squares, squares["name"], "x")
    assert squares.geometry.iloc[1].equals_exact(before.geometry.iloc[1])
    assert repaired.is_valid.all()
    assert repaired.index.equals(squares.index)


def test_a_code_that_is_not_in_the_register_is_told(tmp_path: Path) -> None:
    towns = gpd.GeoDataFrame(
        {"code": ["01299", "01203"], "name": ["函館市", "小樽市"]},
        geometry=[box(140, 41, 141, 42), box(141, 42, 142, 43)],
        crs="EPSG:6668",
    )
    towns.to_file(tmp_path / "towns.fgb")
    with pytest.warns(LayerWarning) as told:
        assert list(read_municipalities(tmp_path / "towns.fgb").index) == ["01203", "01299"]
    first = str(told[0].message)
    assert "1 codes are not in the register" in first
    assert "01299 函館市 (the register has 函館市 as 01202)" in first
