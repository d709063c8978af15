"""Joins by municipality, settlement, text, name and place, each with its audit."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import Geod

from hokkaido_gis.codes import check_digit
from hokkaido_gis.datasets import municipality_codes, register
from hokkaido_gis.errors import CodeError, CRSError, JoinError, TableError
from hokkaido_gis.io.tables import read_table, with_numbers
from hokkaido_gis.join import (
    index_by_municipality,
    join_by_key,
    join_by_municipality,
    join_by_name,
    join_by_place,
    join_by_settlement,
    join_table,
)
from hokkaido_gis.places import nearest_shape, shapes_near

SIDE = 0.125
CODES = ["01202", "01203", "01204", "01205"]


@pytest.fixture
def heat() -> pd.DataFrame:
    """A table of three municipalities and their total, in another order than the layer."""
    return pd.DataFrame(
        {"市町村コード": ["1204", "合計", "1202", "1210"], "熱量": [30, 62, 10, 22]},
        index=[2, 3, 4, 5],
    )


# --- by municipality ------------------------------------------------------------------------------


def test_attributes_onto_geometry_with_an_audit_of_both_sides(squares, heat) -> None:
    result = join_by_municipality(squares, heat)
    assert result.frame["熱量"].tolist() == [10, pd.NA, 30, pd.NA]
    assert result.frame["熱量"].dtype == "Int64"
    assert result.audit.counts.to_dict() == {
        "matched": 2, "several": 0, "left only": 2, "right only": 2, "shared": 0,
    }  # fmt: skip
    assert result.audit.rules.to_dict() == {"code": 2}
    left_over = result.audit.left_over(left="layer", right="table")
    assert left_over.to_numpy().tolist() == [
        ["layer", "01203", "01203", "no such key in the table"],
        ["layer", "01205", "01205", "no such key in the table"],
        ["table", 3, "合計", "'合計' is no code of 4, 5 or 6 digits"],
        ["table", 5, "1210", "no such key in the layer"],
    ]
    assert result.audit.is_one_to_one


def test_the_left_is_left_alone(squares, heat) -> None:
    before = squares.copy()
    result = join_by_municipality(squares, heat)
    assert_frame_equal(pd.DataFrame(squares), pd.DataFrame(before))
    assert_frame_equal(pd.DataFrame(result.layer[before.columns]), pd.DataFrame(before))
    assert result.layer.crs.to_epsg() == 6668


def test_codes_join_names(squares) -> None:
    table = pd.DataFrame({"市町村名": ["旭川市", "北海道函館市", "札幌"], "kw": [1.5, 2.5, 9]})
    result = join_by_municipality(squares, table)
    assert result.frame["kw"].iloc[[0, 2]].tolist() == [2.5, 1.5]
    assert result.audit.rules.to_dict() == {"name": 2}
    assert "did you mean 札幌市" in result.audit.unmatched["note"].iloc[-1]


def test_wards_take_the_row_of_their_city_and_the_reverse() -> None:
    wards = pd.DataFrame({"code": ["01101", "01102", "01202"]})
    city = pd.DataFrame({"code": ["01100", "01202"], "kw": [5, 7]})
    result = join_by_municipality(wards, city, validate="many_to_one")
    assert result.frame["kw"].tolist() == [5, 5, 7]
    assert result.audit.rules.to_dict() == {"ward": 2, "code": 1}
    assert result.audit.shared.to_dict() == {0: 2}
    back = join_by_municipality(city, wards.iloc[[0]].assign(area=3))
    assert back.frame["area"].tolist() == [3, pd.NA]


def test_two_wards_are_not_one_municipality() -> None:
    one, other = pd.DataFrame({"code": ["01101"]}), pd.DataFrame({"code": ["01102"], "kw": [1]})
    assert join_by_municipality(one, other).audit.counts["matched"] == 0


def test_several_wards_onto_one_city_are_refused() -> None:
    wards = pd.DataFrame({"code": ["01101", "01102"], "kw": [1, 2]})
    with pytest.raises(JoinError, match=r"'01100' in rows 0, 1\. Sum or select the rows first"):
        join_by_municipality(pd.DataFrame({"code": ["01100"]}), wards)


def test_a_shared_row_is_refused_unless_it_is_meant(heat) -> None:
    farms = pd.DataFrame({"code": ["01202", "01202"]})
    with pytest.raises(JoinError, match=r"row 4 by 2 rows.*validate='many_to_one'"):
        join_by_municipality(farms, heat)
    assert (
        join_by_municipality(farms, heat, validate="many_to_one").frame["熱量"].tolist() == [10] * 2
    )


def test_all_that_breaks_the_check_is_told_at_once() -> None:
    left = pd.DataFrame({"code": ["01202", "01202", "01203"]})
    right = pd.DataFrame({"code": ["01202", "01203", "01203"]})
    with pytest.raises(JoinError, match=r"2 faults: .*'01203' in rows 1, 2.*row 0 by 2 rows"):
        join_by_municipality(left, right)
    told = join_by_municipality(left, right, validate=None).audit
    assert told.counts.to_dict() == {
        "matched": 2, "several": 1, "left only": 0, "right only": 2, "shared": 1,
    }  # fmt: skip
    assert not told.is_one_to_one
    assert told.unmatched["note"].tolist()[0] == "it stands in 2 rows"


def test_missing_keys_are_told() -> None:
    left = pd.DataFrame({"code": ["01202", None, " "]})
    audit = join_by_municipality(left, pd.DataFrame({"code": ["1202", ""], "kw": [1, 2]})).audit
    assert audit.unmatched["note"].tolist() == ["no key", "no key", "no key"]


def test_a_column_of_which_nothing_can_be_read_is_an_error(squares) -> None:
    with pytest.raises(CodeError, match="'いろは' is no municipality"):
        join_by_municipality(squares, pd.DataFrame({"name": ["いろは"]}))


def test_ambiguous_codes_are_refused(squares) -> None:
    table = pd.DataFrame({"code": [int("01210" + check_digit("01210"))], "kw": [1]})
    with pytest.raises(CodeError, match=r"may be 12.* or 01210 岩見沢市"):
        join_by_municipality(squares, table)
    town = pd.DataFrame({"code": ["01210"]})
    assert join_by_municipality(town, table, form="checked").audit.counts["matched"] == 1


def test_no_key_column_is_an_error_that_names_what_is_there(squares) -> None:
    with pytest.raises(JoinError, match=r"right: which column is the key.*It has kw"):
        join_by_municipality(squares, pd.DataFrame({"kw": [1]}))
    with pytest.raises(TableError, match="no column 'cod'"):
        join_by_municipality(squares, pd.DataFrame({"kw": [1]}), right_key="cod")


def test_columns_of_one_name_get_a_suffix(squares) -> None:
    table = pd.DataFrame({"code": CODES, "name": list("abcd")})
    frame = join_by_municipality(squares, table).frame
    assert frame["name"].tolist() == squares["name"].tolist()
    assert frame["name_right"].tolist() == list("abcd")
    with pytest.raises(JoinError, match="Both sides have columns name_right"):
        join_by_municipality(squares.assign(name_right=1), table)


def test_the_geometry_of_the_right_is_left_out(squares) -> None:
    table = pd.DataFrame({"code": CODES})
    joined = join_by_municipality(table, squares)
    assert "geometry" not in joined.frame
    with pytest.raises(JoinError, match="a layer on the left"):
        _ = joined.layer


def test_kinds_of_columns_survive_missing_rows(squares) -> None:
    table = pd.DataFrame({"code": ["01202"], "n": [2**53 + 1], "yes": [True], "t": ["0120"]})
    row = join_by_municipality(squares, table).frame.iloc[0]
    assert (row["n"], row["yes"], row["t"]) == (2**53 + 1, True, "0120")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_the_audit_can_be_written(squares, heat, tmp_path, ending) -> None:
    path = join_by_municipality(squares, heat).audit.write(tmp_path / f"audit.{ending}")
    written = read_table(path)
    assert len(written) == 6
    assert written["status"].value_counts().to_dict() == {
        "matched": 2, "left only": 2, "right only": 2,
    }  # fmt: skip


ALL_CODES = st.sampled_from(municipality_codes())
FORMS = {
    "4 digits": lambda code: code.lstrip("0"),
    "number": int,
    "5 digits": str,
    "6 digits": lambda code: code + check_digit(code),
    "name": lambda code: register()[code].name,
}


@pytest.mark.parametrize("form", FORMS)
@given(codes=st.lists(ALL_CODES, min_size=1, max_size=6, unique=True))
def test_every_spelling_of_a_code_finds_it(codes, form) -> None:
    table = pd.DataFrame({"code": [FORMS[form](code) for code in codes], "own": codes})
    result = join_by_municipality(pd.DataFrame({"code": codes}), table)
    assert result.frame["own"].tolist() == codes


@given(
    st.lists(ALL_CODES, max_size=8),
    st.lists(ALL_CODES, max_size=8, unique=True),
    st.randoms(use_true_random=False),
)
def test_rows_and_order_of_the_left_are_kept_and_order_does_not_matter(
    mine, theirs, random
) -> None:
    left = pd.DataFrame({"code": mine, "at": range(len(mine))}).astype({"code": "str"})
    right = pd.DataFrame({"code": theirs, "value": range(len(theirs))}).astype({"code": "str"})
    joined = join_by_municipality(left, right, validate="many_to_one").frame
    assert joined.index.equals(left.index)
    assert joined["code"].tolist() == mine
    order, other = list(left.index), list(right.index)
    random.shuffle(order)
    random.shuffle(other)
    again = join_by_municipality(left.loc[order], right.loc[other], validate="many_to_one").frame
    assert again["at"].tolist() == order
    values = dict(zip(theirs, range(len(theirs)), strict=True))
    for frame in (joined, again):
        found = [None if pd.isna(value) else value for value in frame["value"]]
        assert found == [values.get(code) for code in frame["code"]]


# --- by settlement and by text --------------------------------------------------------------------


def test_settlements_join_by_key_in_any_spelling() -> None:
    farms = pd.DataFrame({"key": ["0120602006", "0120602007", "0120602006"]})
    census = pd.DataFrame({"KEY": [120602006, 120602000], "holdings": [4, 9]})
    result = join_by_settlement(farms, census, validate="many_to_one")
    assert result.frame["holdings"].tolist() == [4, pd.NA, 4]
    assert result.audit.rules.to_dict() == {"settlement": 2}
    assert result.audit.unmatched["right_key"].dropna().tolist() == ["0120602000"]


def test_settlement_keys_that_are_none_are_refused() -> None:
    with pytest.raises(CodeError, match="'A-7' "):
        join_by_settlement(
            pd.DataFrame({"key": ["A-7"]}), pd.DataFrame({"key": ["0120602006"], "a": [1]})
        )


def test_real_settlement_codes_join_themselves(real_data) -> None:
    codes = read_table(real_data("farm-settlement-codes/hokkaido_farm_settlement_codes.csv"))
    named = codes.drop_duplicates("key")
    result = join_by_settlement(codes[["key"]], named, validate="many_to_one")
    assert result.audit.counts["matched"] == len(result.frame) == len(codes) == 7797
    with pytest.raises(JoinError, match="keys stand in more than one row"):
        join_by_settlement(named, codes)  # a renamed settlement has a row a name


@pytest.mark.parametrize(
    ("mine", "theirs", "rule"),
    [
        ("A-1", "A-1", "exact"),
        ("Ａ１ ", "A1", "plain"),
        (7.0, "7", "plain"),
        ("0120602006", 120602006, "lost zero"),
        ("A01", "A1", None),
        (None, "", None),
    ],
)
def test_rules_of_text_keys(mine, theirs, rule) -> None:
    left, right = pd.DataFrame({"k": [mine]}), pd.DataFrame({"k": [theirs], "v": [1]})
    audit = join_by_key(left, right, key="k").audit
    assert audit.rules.to_dict() == ({rule: 1} if rule else {})


def test_an_exact_key_comes_before_one_that_lost_its_zero() -> None:
    left = pd.DataFrame({"k": ["07", "7"]})
    right = pd.DataFrame({"id": ["7", "07"], "v": [1, 2]})
    assert join_by_key(left, right, key="k", right_key="id").frame["v"].tolist() == [2, 1]


# --- a table by whatever key ----------------------------------------------------------------------


def test_join_table_finds_the_key(squares, heat) -> None:
    assert join_table(squares, heat).audit.rules.to_dict() == {"code": 2}
    parcels = pd.DataFrame({"KEY": ["0120602006"], "市町村コード": ["01206"]})
    census = pd.DataFrame({"key": ["120602006"], "市町村コード": ["1206"], "n": [4]})
    assert join_table(parcels, census).audit.rules.to_dict() == {"lost zero": 1}


def test_join_table_by_a_named_key() -> None:
    dams = pd.DataFrame({"name": ["東郷", "青山"], "code": ["01229", "01303"]})
    table = pd.DataFrame({"name": ["青山"], "市": ["1303"], "kw": [1229]})
    assert join_table(dams, table, key="name").audit.rules.to_dict() == {"exact": 1}
    assert join_table(dams, table, key="市").audit.rules.to_dict() == {"code": 1}
    by_text = join_table(dams, table.rename(columns={"name": "dam"}), key="dam", layer_key="name")
    assert by_text.frame["kw"].tolist() == [pd.NA, 1229]


def test_numbers_of_a_table_become_numbers_and_codes_stay() -> None:
    table = pd.DataFrame(
        {"code": ["01202", "01203"], "kw": ["1,200", "x"], "t": ["１.5", None], "n": ["a", "1"],
         "id": ["7", "8"], "none": ["-", None]}
    )  # fmt: skip
    typed = with_numbers(table, keep=["id"])
    assert typed["kw"].tolist() == [1200, pd.NA]
    assert typed["t"].iloc[0] == 1.5
    same = ["code", "n", "id", "none"]
    assert_frame_equal(typed[same], table[same])


# --- by name --------------------------------------------------------------------------------------


def test_names_join_within_a_municipality() -> None:
    listed = pd.DataFrame({"port": ["泊", "泊漁港", "本稲府"], "code": ["01403", "01361", "01563"]})
    real = pd.DataFrame(
        {"name": ["泊", "泊", "元稲府"], "muni": ["01361", "01403", "01563"], "lon": [1, 2, 3]}
    )
    result = join_by_name(listed, real, names=("port", "name"), within=("code", "muni"))
    assert result.frame["lon"].tolist() == [2, 1, pd.NA]
    assert result.audit.rules.to_dict() == {"exact": 1, "generic": 1}
    assert result.audit.table["note"].tolist() == ["", "", "no such name", ""]


def test_proposals_stand_in_the_audit_and_are_not_applied() -> None:
    pytest.importorskip("rapidfuzz")
    listed, real = pd.DataFrame({"name": ["本稲府"]}), pd.DataFrame({"name": ["元稲府"]})
    audit = join_by_name(listed, real, propose=True).audit
    assert audit.counts["matched"] == 0
    assert audit.table["note"].iloc[0] == "no such name; similar: 元稲府 (66.7 %)"
    applied = join_by_name(listed, real, aliases={"本稲府": "元稲府"}).audit
    assert applied.rules.to_dict() == {"alias": 1}


# --- by place -------------------------------------------------------------------------------------


def points(*lonlat: tuple[float, float], crs: str = "EPSG:6668") -> gpd.GeoDataFrame:
    lon, lat = zip(*lonlat, strict=True) if lonlat else ((), ())
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=crs)


def test_points_join_the_polygon_they_lie_in(squares) -> None:
    spots = points((141.05, 43.05), (141.2, 43.05), (141 + SIDE, 43.05), (141.05, 43.2))
    result = join_by_place(spots, squares)
    assert result.frame["name"].tolist()[:2] == ["函館市", "小樽市"]
    assert result.audit.table["status"].tolist()[:4] == [
        "matched", "matched", "several", "left only",
    ]  # fmt: skip
    assert result.audit.table["note"].tolist()[2:4] == ["2 are equally near", "it lies in none"]


def test_nearest_within_a_limit_on_the_ellipsoid(squares) -> None:
    """Straight west of a side the nearest point lies on the meridian of that side."""
    spot = points((140.99, 43.0625))
    metres = Geod(ellps="GRS80").inv(140.99, 43.0625, 141, 43.0625)[2]
    result = join_by_place(spot, squares, limit_m=metres + 0.01)
    assert result.audit.table["rule"].iloc[0] == "nearest"
    assert result.audit.table["distance_m"].iloc[0] == pytest.approx(metres, abs=0.001)
    missed = join_by_place(spot, squares, limit_m=metres - 0.01)
    assert missed.audit.counts["matched"] == 0
    assert "none within" in missed.audit.table["note"].iloc[0]


def test_nearest_agrees_with_measuring_every_pair(real_data, squares) -> None:
    ports = gpd.read_file(real_data("fishing-ports/hokkaido_fishing_ports.geojson")).iloc[::7]
    dams = gpd.read_file(real_data("dams-w01/hokkaido_dams_w01_14.geojson"))
    found = nearest_shape(ports, dams)
    geod = Geod(ellps="GRS80")
    for point, position, metres in zip(
        ports.geometry, found["position"], found["distance_m"], strict=True
    ):
        count = len(dams)
        every = geod.inv([point.x] * count, [point.y] * count, dams.geometry.x, dams.geometry.y)[2]
        assert metres == pytest.approx(min(every), abs=0.01)
        assert position == int(np.argmin(every))


def test_layers_of_two_crs_meet(squares) -> None:
    spots = points((141.05, 43.05)).to_crs("EPSG:6680")
    assert join_by_place(spots, squares).frame["name"].tolist() == ["函館市"]
    with pytest.raises(CRSError, match="no CRS"):
        join_by_place(spots.set_crs(None, allow_override=True), squares)


def test_polygons_join_by_a_point_on_them(squares) -> None:
    inner = squares.copy()
    inner.geometry = [shape.buffer(-0.01) for shape in squares.geometry]
    assert join_by_place(inner[["geometry"]], squares).frame["name"].tolist() == [
        "函館市", "小樽市", "旭川市", "室蘭市",
    ]  # fmt: skip


def test_features_without_a_place_match_nothing(squares) -> None:
    spots = gpd.GeoDataFrame(geometry=[None, shapely.Point()], crs="EPSG:6668")
    assert join_by_place(spots, squares, limit_m=1e6).audit.counts["matched"] == 0
    assert len(join_by_place(spots.iloc[:0], squares).frame) == 0


def test_every_shape_near_a_point(squares) -> None:
    corner = points((141 + 2 * SIDE, 43 + SIDE))
    near = shapes_near(corner, squares, limit_m=0)
    assert near["shape"].tolist() == [1, 2]
    assert near["distance_m"].tolist() == [0, 0]


# --- the index of municipalities ------------------------------------------------------------------


def test_index_by_municipality_keeps_rows_and_refuses_repeats(heat) -> None:
    rows = heat.drop(index=3)
    assert index_by_municipality(rows).index.tolist() == ["01204", "01202", "01210"]
    with pytest.raises(JoinError, match="01204 in rows 2, 2"):
        index_by_municipality(pd.concat([rows, rows.iloc[[0]]]))
