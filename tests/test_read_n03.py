"""N03 as it is downloaded: every edition, encoding and format, of any prefecture."""

from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import Polygon, box

from hokkaido_gis.errors import LayerError, LayerWarning
from hokkaido_gis.readers.municipalities import come_out, read_municipalities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIDE = 0.125
# prefecture, subprefecture, district or designated city, municipality or ward, code: up to 2023
OLD = {
    "01": [
        ("北海道", "石狩振興局", "札幌市", "中央区", "01101"),
        ("北海道", "石狩振興局", "札幌市", "北区", "01102"),
        ("北海道", "渡島総合振興局", None, "函館市", "01202"),
        ("北海道", "渡島総合振興局", "松前郡", "松前町", "01331"),
        ("北海道", "渡島総合振興局", "松前郡", "松前町", "01331"),
        ("北海道", "根室振興局", "国後郡", "泊村", "01696"),
        ("北海道", None, None, "所属未定地", None),
    ],
    "14": [
        ("神奈川県", None, "横浜市", "鶴見区", "14101"),
        ("神奈川県", None, "川崎市", "川崎区", "14131"),
        ("神奈川県", None, "相模原市", "緑区", "14151"),
        ("神奈川県", None, "横浜市", "緑区", "14113"),
        ("神奈川県", None, None, "横須賀市", "14201"),
        ("神奈川県", None, "三浦郡", "葉山町", "14301"),
    ],
    "13": [
        ("東京都", None, None, "千代田区", "13101"),
        ("東京都", None, None, "八王子市", "13201"),
        ("東京都", "大島支庁", None, "大島町", "13361"),
        ("東京都", None, None, "所属未定地", "13000"),
    ],
    "12": [("千葉県", None, None, "市川市", "12203")],
}
NAMES = {
    "01": {"01100": "札幌市", "01202": "函館市", "01331": "松前町"},
    "14": {
        "14100": "横浜市",
        "14130": "川崎市",
        "14150": "相模原市",
        "14201": "横須賀市",
        "14301": "葉山町",
    },
    "13": {"13101": "千代田区", "13201": "八王子市", "13361": "大島町"},
    "12": {"12203": "市川市"},
}

quiet = pytest.mark.filterwarnings(
    "ignore:.*municipalities of Hokkaido are not in it", "ignore:.*are set aside"
)


def square(column: float) -> Polygon:
    return box(141 + column * SIDE, 43, 141 + (column + 1) * SIDE, 43 + SIDE)


def n03(prefecture: str, edition: int) -> gpd.GeoDataFrame:
    """A small N03 in the true layout of an edition; since 2024 wards have a field of their own."""
    rows: list[tuple[str | None, ...]] = list(OLD[prefecture])
    fields = ["N03_001", "N03_002", "N03_003", "N03_004", "N03_007"]
    if edition >= 2024:
        fields = ["N03_001", "N03_002", "N03_003", "N03_004", "N03_005", "N03_007"]
        rows = [
            (p, s, None, d, n, c) if d and d.endswith("市") else (p, s, d, n, None, c)
            for p, s, d, n, c in OLD[prefecture]
        ]
    columns = {
        name: list(values) for name, values in zip(fields, zip(*rows, strict=True), strict=True)
    }
    shapes = [square(2 * i) for i in range(len(rows))]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:6668")


@pytest.fixture
def download(tmp_path: Path) -> Callable[..., Path]:
    """A zip as downloaded: metadata, and the layer as shapefile, GeoJSON or both, in a folder."""

    def write(
        frame: gpd.GeoDataFrame,
        *,
        formats: tuple[str, ...] = ("shp",),
        encoding: str = "cp932",
        cpg: str | None = None,
        folder: str = "",
    ) -> Path:
        stem, home = "N03-20240101_01", tmp_path / "unpacked"
        home.mkdir()
        for ending in formats:
            path = home / f"{stem}.{ending}"
            if ending == "xml":
                path.write_text("<ksj:Dataset/>", encoding="utf-8")
                continue
            # The name of a GML layer must be one of XML.
            layer = "boundaries" if ending == "gml" else None
            text = encoding if ending == "shp" else None
            pyogrio.write_dataframe(frame, path, layer=layer, encoding=text)
            path.with_suffix(".cpg").unlink(missing_ok=True)
        if cpg:
            (home / f"{stem}.cpg").write_text(cpg, encoding="ascii")
        (home / f"KS-META-{stem}.xml").write_text("<MD_Metadata/>", encoding="ascii")
        with zipfile.ZipFile(tmp_path / f"{stem}_GML.zip", "w") as archive:
            for part in sorted(home.iterdir()):
                archive.write(part, f"{folder}{part.name}")
        return tmp_path / f"{stem}_GML.zip"

    return write


# --- every edition, prefecture, format and encoding ---------------------------------------------


@quiet
@pytest.mark.parametrize("edition", [2015, 2023, 2024, 2026])
@pytest.mark.parametrize("prefecture", OLD)
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_shapefile_in_a_folder_of_a_zip_without_cpg(
    download: Callable[..., Path], prefecture: str, edition: int, encoding: str
) -> None:
    path = download(n03(prefecture, edition), encoding=encoding, folder="N03-20240101_01_GML/")
    result = read_municipalities(path)
    assert result["name"].to_dict() == NAMES[prefecture]
    assert result.crs.to_epsg() == 6668


@quiet
@pytest.mark.parametrize(
    "formats", [("geojson",), ("gml",), ("shp", "geojson", "xml"), ("shp", "xml"), ("gpkg",)]
)
@pytest.mark.parametrize("edition", [2023, 2024])
def test_formats_of_a_zip(
    download: Callable[..., Path], formats: tuple[str, ...], edition: int
) -> None:
    path = download(n03("01", edition), formats=formats)
    assert read_municipalities(path)["name"].to_dict() == NAMES["01"]


@quiet
@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [("cp932", "CP932"), ("cp932", "SJIS"), ("cp932", "932"), ("utf-8", "UTF-8")],
)
def test_cpg_that_is_right(download: Callable[..., Path], encoding: str, cpg: str) -> None:
    path = download(n03("01", 2024), encoding=encoding, cpg=cpg)
    assert read_municipalities(path)["name"].to_dict() == NAMES["01"]


@quiet
@pytest.mark.parametrize(
    ("encoding", "cpg"), [("cp932", "UTF-8"), ("utf-8", "CP932"), ("cp932", "ISO-8859-1")]
)
def test_cpg_that_is_wrong_is_told(download: Callable[..., Path], encoding: str, cpg: str) -> None:
    path = download(n03("14", 2024), encoding=encoding, cpg=cpg)
    with pytest.warns(LayerWarning, match=f"its text is {encoding}, not what its .cpg says"):
        result = read_municipalities(path)
    assert result["name"].to_dict() == NAMES["14"]


@quiet
def test_codes_that_are_numbers(tmp_path: Path) -> None:
    frame = n03("01", 2024).dropna(subset="N03_007")
    frame.assign(N03_007=frame["N03_007"].astype(int)).to_file(tmp_path / "n03.gpkg")
    assert read_municipalities(tmp_path / "n03.gpkg")["name"].to_dict() == NAMES["01"]


@quiet
def test_prefectures_beside_the_municipalities(download: Callable[..., Path]) -> None:
    path = download(n03("01", 2024), formats=("geojson",))
    with zipfile.ZipFile(path, "a") as archive:
        for level in ("prefecture", "subprefecture"):
            outline = n03("01", 2024)[["N03_001", "N03_002", "geometry"]]
            archive.writestr(f"N03-20240101_01_{level}.geojson", outline.to_json())
    assert read_municipalities(path)["name"].to_dict() == NAMES["01"]


def test_two_editions_in_one_zip(tmp_path: Path) -> None:
    path = tmp_path / "n03.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for edition in (2023, 2024):
            archive.writestr(f"N03-{edition}.geojson", n03("14", edition).to_json())
    with pytest.raises(LayerError, match=r"holds 2 layers \(N03-2023\.geojson, N03-2024\.geojson"):
        read_municipalities(path)
    assert len(read_municipalities(f"{path}:N03-2024")) == 5


# --- what is set aside, dissolved and named -----------------------------------------------------


def test_pieces_without_municipality_and_northern_villages(download: Callable[..., Path]) -> None:
    path = download(n03("01", 2024))
    with pytest.warns(LayerWarning) as told:
        result = read_municipalities(path)
    messages = [str(warning.message) for warning in told]
    assert "1 pieces without a code (所属未定地) are set aside" in messages[0]
    assert "176 of the 179 municipalities of Hokkaido are not in it" in messages[1]
    assert "01696" not in result.index
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "01696" in read_municipalities(path, northern_islands=True).index


@quiet
def test_parts_and_wards_are_dissolved(download: Callable[..., Path]) -> None:
    result = read_municipalities(download(n03("01", 2024)))
    assert {code: shape.area / SIDE**2 for code, shape in result.geometry.items()} == {
        "01100": 2.0,
        "01202": 1.0,
        "01331": 2.0,
    }


def test_subprefectures_are_those_of_the_file_elsewhere(download: Callable[..., Path]) -> None:
    with pytest.warns(LayerWarning, match="1 pieces without a code"):
        result = read_municipalities(download(n03("13", 2024)))
    assert result["subprefecture"].isna().tolist() == [True, True, False]
    assert result["subprefecture"].iloc[2] == "大島支庁"


@pytest.mark.parametrize(
    "names",
    [
        ["鶴見区", "神奈川区"],
        ["横浜市鶴見区", "横浜市神奈川区"],
        ["横浜市", "横浜市"],
        [None, None],
    ],
)
def test_city_of_wards_without_the_field_of_cities(
    save: Callable[..., Path], names: list[str | None]
) -> None:
    path = save("a.gpkg", [square(0), square(1)], code=["14101", "14102"], name=names)
    assert read_municipalities(path)["name"].to_dict() == {"14100": "横浜市"}


def test_wards_of_two_cities_under_one_code(save: Callable[..., Path]) -> None:
    path = save(
        "a.gpkg", [square(0), square(1)], N03_007=["14101", "14102"], N03_003=["横浜市", "川崎市"],
        N03_004=["鶴見区", "川崎区"],
    )  # fmt: skip
    with pytest.raises(LayerError, match="code 14100 stands for 川崎市 and 横浜市"):
        read_municipalities(path)


# --- text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["蜃ｽ鬢ｨ蟶", "”Ÿ\x8aÙŽs", "è\x87½"])
def test_names_that_did_not_come_out(save: Callable[..., Path], name: str) -> None:
    path = save("a.gpkg", [square(0)], N03_007=["14201"], N03_004=[name])
    with pytest.raises(LayerError, match=r"column 'N03_004' holds no names of munici.*\.cpg file"):
        read_municipalities(path)


@pytest.mark.parametrize(
    ("names", "fine"),
    [
        (["函館市", "松前町", "所属未定地"], True),
        (["Hakodate", "Otaru"], True),
        ([None, "所属未定地"], True),
        ([], True),
        (["蜃ｽ鬢ｨ蟶", "譚ｾ蜑咲伴"], False),
    ],
)
def test_whether_names_come_out(names: list[Any], fine: bool) -> None:
    assert come_out(pd.Series(names, dtype="str")) is fine


@quiet
def test_real_layer_as_a_zipped_shapefile(
    real_data: Callable[[str], Path], download: Callable[..., Path]
) -> None:
    source = real_data("n03-2021-simplified/n03_hokkaido_2021.geojson")
    expected = read_municipalities(source)
    result = read_municipalities(download(gpd.read_file(source), folder="N03-21_01_210101/"))
    assert result[["name", "subprefecture"]].equals(expected[["name", "subprefecture"]])
    assert len(result) == 179
