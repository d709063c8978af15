"""Layers cut into parts: nothing lost, read by window and column, refused where they do not fit."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

import hokkaido_gis as hg
from hokkaido_gis.analysis.sums import add_up, partial_sums
from hokkaido_gis.cluster.hilbert import centres, hilbert_order
from hokkaido_gis.cluster.parts import find_parts
from hokkaido_gis.errors import CRSError, LayerError, ModelInputError, OutputError
from hokkaido_gis.io.vector import read_vector

COORDINATE = st.floats(-180, 180) | st.just(np.nan)


def parcels(count: int = 300, *, seed: int = 1) -> gpd.GeoDataFrame:
    """Squares with attributes of every kind, some of them missing."""
    random = np.random.default_rng(seed)
    west, south = random.uniform(140, 145, count), random.uniform(42, 45, count)
    rows = np.arange(count)
    return gpd.GeoDataFrame(
        {
            "name": [f"農地{row}" for row in rows],
            "whole": rows,
            "holed": np.where(rows == count // 2, np.nan, rows),
            "flag": rows % 3 == 0,
            "day": pd.Timestamp("2013-03-01") + pd.to_timedelta(rows, "D"),
        },
        geometry=shapely.box(west, south, west + 0.01, south + 0.01),
        crs="EPSG:6668",
    )


@given(st.lists(st.tuples(COORDINATE, COORDINATE)))
def test_the_hilbert_order_has_every_row_once_and_the_unplaced_last(points):
    xy = np.array(points, dtype=float).reshape(-1, 2)
    order = hilbert_order(xy)
    assert sorted(order) == list(range(len(xy)))
    unplaced = ~np.isfinite(xy[order]).all(axis=1)
    assert not (unplaced[:-1] & ~unplaced[1:]).any()


def test_neighbours_on_the_curve_are_near():
    xy = centres(parcels(2000).geometry.to_numpy())
    along, anyhow = (np.hypot(*np.diff(xy[o], axis=0).T) for o in (hilbert_order(xy), slice(None)))
    assert along.mean() < anyhow.mean() / 10


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "parquet", "geojson", "shp"])
@pytest.mark.parametrize("rows", [1000, 300, 77])
def test_every_format_comes_back_as_it_is_read(tmp_path, ending, rows):
    path = tmp_path / f"parcels.{ending}"
    layer = parcels()
    if ending == "parquet":
        layer.to_parquet(path)
    elif ending == "shp":  # knows no times of day
        layer.drop(columns="day").to_file(path, engine="pyogrio", encoding="utf-8")
    else:
        layer.to_file(path, engine="pyogrio")
    folder = hg.write_parts(path, tmp_path / "parts", rows_per_part=rows)
    assert len(find_parts(folder)) == -(-300 // rows)
    assert_geodataframe_equal(hg.read_parts(folder), read_vector(path))


def test_a_stream_and_a_frame_are_cut_alike(tmp_path, monkeypatch):
    monkeypatch.setattr("hokkaido_gis.cluster.stream._BATCH", 50)
    layer = parcels()
    layer.to_parquet(tmp_path / "parcels.parquet")
    streamed = hg.write_parts(tmp_path / "parcels.parquet", tmp_path / "one", rows_per_part=70)
    whole = hg.write_parts(layer, tmp_path / "other", rows_per_part=70)
    for one, other in zip(find_parts(streamed), find_parts(whole), strict=True):
        # A missing number makes floats of a column everywhere, wherever it lies.
        assert_geodataframe_equal(one.read(), other.read())
    assert not list(tmp_path.glob(".*"))


def test_whole_numbers_with_a_gap_are_of_one_kind_in_every_part(tmp_path):
    layer = parcels().assign(gap=pd.array([None, *range(1, 300)], dtype="Int64"))
    layer.to_file(tmp_path / "parcels.gpkg")
    hg.write_parts(tmp_path / "parcels.gpkg", tmp_path / "parts", rows_per_part=50)
    kinds = {part.read()["gap"].dtype for part in find_parts(tmp_path / "parts")}
    assert kinds == {read_vector(tmp_path / "parcels.gpkg")["gap"].dtype}


def test_rows_without_a_place_are_kept(tmp_path):
    layer = gpd.GeoDataFrame(
        {"id": [1, 2, 3]}, geometry=[Point(), Point(143, 43), None], crs="EPSG:6668"
    )
    back = hg.read_parts(hg.write_parts(layer, tmp_path / "parts", rows_per_part=1))
    assert_geodataframe_equal(back, layer)


def test_labels_become_a_column(tmp_path, squares):
    back = hg.read_parts(hg.write_parts(squares, tmp_path / "named"))
    assert_geodataframe_equal(back, squares.reset_index())
    unnamed = squares.rename_axis(None)
    back = hg.read_parts(hg.write_parts(unnamed, tmp_path / "unnamed"))
    assert back["label"].tolist() == squares.index.tolist()


@pytest.mark.parametrize("rows", [1000, 20])
def test_a_window_and_columns_are_those_of_the_whole(tmp_path, rows):
    layer = parcels()
    folder = hg.write_parts(layer, tmp_path / "parts", rows_per_part=rows)
    window = (141.0, 42.5, 142.0, 43.5)
    expected = layer[layer.intersects(box(*window))]
    assert 0 < len(expected) < len(layer)
    assert_geodataframe_equal(
        hg.read_parts(folder, bbox=window, columns=["name"]), expected[["name", "geometry"]],
        check_like=False,
    )  # fmt: skip
    nothing = hg.read_parts(folder, bbox=(0, 0, 1, 1))
    assert (len(nothing), nothing.crs, list(nothing)) == (0, layer.crs, list(layer))


def test_parts_made_elsewhere_are_numbered_in_the_order_of_their_names(tmp_path):
    layer, folder = parcels(10), tmp_path / "parts"
    folder.mkdir()
    layer.iloc[:4].to_parquet(folder / "a.parquet")
    layer.iloc[:0].to_parquet(folder / "b.parquet")
    layer.iloc[4:].to_parquet(folder / "c.parquet")
    assert_geodataframe_equal(hg.read_parts(folder), layer)


def test_parts_that_do_not_fit_together_are_all_named(tmp_path):
    layer = parcels(3)
    layer.to_parquet(tmp_path / "a.parquet")
    layer.drop(columns="name").to_parquet(tmp_path / "b.parquet")
    layer.to_crs("EPSG:6680").to_parquet(tmp_path / "c.parquet")
    with pytest.raises(LayerError, match=r"b\.parquet have other columns.*c\.parquet.*other CRS"):
        find_parts(tmp_path)


def test_a_layer_without_crs_gets_the_one_stated(tmp_path):
    layer = parcels(3).set_crs(None, allow_override=True)
    for source in ("frame", "stream"):
        layer.to_parquet(tmp_path / "bare.parquet")
        given = layer if source == "frame" else tmp_path / "bare.parquet"
        folder = hg.write_parts(given, tmp_path / source, crs="EPSG:6668")
        assert hg.read_parts(folder).crs == "EPSG:6668"
    with pytest.raises(CRSError, match="no known CRS"):
        hg.write_parts(layer, tmp_path / "wrong", crs="EPSG:1")
    assert not (tmp_path / "wrong").exists()


def test_what_cannot_be_cut_or_read_is_refused(tmp_path):
    layer = parcels(3)
    with pytest.raises(ModelInputError, match="rows_per_part must be 1 or more"):
        hg.write_parts(layer, tmp_path / "parts", rows_per_part=0)
    with pytest.raises(LayerError, match="no such file"):
        hg.write_parts(tmp_path / "absent.gpkg", tmp_path / "parts")
    with pytest.raises(LayerError, match="source_row"):
        hg.write_parts(layer.assign(source_row=1), tmp_path / "parts")
    with pytest.raises(LayerError, match="no such folder"):
        hg.read_parts(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayerError, match="holds no parts"):
        hg.read_parts(tmp_path / "empty")
    (tmp_path / "empty" / "a.parquet").write_text("no Parquet", encoding="ascii")
    with pytest.raises(LayerError, match=r"a\.parquet is no Parquet file"):
        hg.read_parts(tmp_path / "empty")
    folder = hg.write_parts(layer, tmp_path / "whole")
    with pytest.raises(LayerError, match="no column 'kw'; it has name"):
        hg.read_parts(folder, columns=["kw"])
    layer.iloc[:0].to_parquet(tmp_path / "nothing.parquet")
    with pytest.raises(LayerError, match="holds no features"):
        hg.write_parts(tmp_path / "nothing.parquet", tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


def test_only_parts_are_replaced(tmp_path):
    folder = hg.write_parts(parcels(3), tmp_path / "parts")
    assert len(hg.read_parts(hg.write_parts(parcels(2), folder))) == 2
    (folder / "notes.txt").write_text("mine", encoding="ascii")
    with pytest.raises(OutputError, match=r"holds notes\.txt, which are no parts"):
        hg.write_parts(parcels(1), folder)
    (tmp_path / "file").write_text("mine", encoding="ascii")
    with pytest.raises(OutputError, match="it is a file"):
        hg.write_parts(parcels(1), tmp_path / "file")
    assert len(list(folder.iterdir())) == 2


def test_containing_area_first_of_several_missing_outside_and_both_are_told():
    areas = gpd.GeoDataFrame(
        index=pd.Index(["A", "B"], name="key"),
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)],
        crs="EPSG:6668",
    )
    places = [Point(0.5, 0.5), Point(1, 0.5), Point(3, 3), None, box(0.9, 0, 1.9, 1)]
    features = gpd.GeoDataFrame(index=list("pqrst"), geometry=places, crs="EPSG:6668")
    with pytest.warns(
        hg.errors.LayerWarning,
        match=r"1 have no geometry: s; 1 lie in no area: r; 1 lie in several.*: q",
    ):
        found = hg.containing_area(features, areas)
    assert found.dropna().to_dict() == {"p": "A", "q": "A", "t": "B"}
    assert (list(found.index), found.name) == (list("pqrst"), "key")


def test_containing_area_whole_numbers_stay_whole_and_parts_agree_with_the_whole():
    west, south = np.meshgrid(np.arange(140, 146), np.arange(42, 46))
    areas = gpd.GeoDataFrame(
        geometry=shapely.box(west, south, west + 1, south + 1).ravel(), crs="EPSG:6668"
    )
    features = parcels()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hg.errors.LayerWarning)
        whole = hg.containing_area(features, areas)
        parts = [hg.containing_area(features.iloc[i : i + 70], areas) for i in
                 range(0, 300, 70)]  # fmt: skip
    assert whole.dtype == "Int64"
    pd.testing.assert_series_equal(pd.concat(parts), whole)
    by_hand = features.representative_point()
    row = np.floor(by_hand.y) - 42
    assert whole.tolist() == (row * 6 + np.floor(by_hand.x) - 140).astype(int).tolist()


def test_containing_area_labels_given_twice_are_refused():
    areas = gpd.GeoDataFrame(
        index=["A", "A"], geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs="EPSG:6668"
    )
    with pytest.raises(LayerError, match="given twice"):
        hg.containing_area(parcels(1), areas)


def test_sum_by_municipality_spellings_wards_and_missing_parts():
    rows = pd.DataFrame(
        {"code": ["01101", "011002", "012025", "01202", "01203"], "ha": [1, 2, 3, None, 4.5]}
    )
    sums = hg.sum_by_municipality(rows, "ha", units=["01100", "01202", "01203"])
    assert sums.dropna().to_dict() == {"01100": 3, "01203": 4.5}
    assert np.isnan(sums["01202"])
    names = pd.DataFrame({"市町村名": ["函館市", "小樽市", "函館市"], "ha": [1, 2, 4]})
    assert hg.sum_by_municipality(names, "ha").to_dict() == {"01202": 5, "01203": 2}


@settings(max_examples=50)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1), st.randoms())
def test_sum_by_municipality_order_and_parts_do_not_matter(values, random):
    rows = pd.DataFrame({"code": "01202", "ha": values})
    shuffled = rows.iloc[random.sample(range(len(rows)), len(rows))]
    cut = random.randrange(len(rows) + 1)
    parts = [partial_sums(part["ha"], part["code"]) for part in
             (shuffled.iloc[:cut], shuffled.iloc[cut:])]  # fmt: skip
    assert add_up(parts).to_dict() == hg.sum_by_municipality(rows, "ha").to_dict()


def test_sum_by_municipality_what_cannot_be_summed_is_named():
    rows = pd.DataFrame({"code": ["01202", "01203"], "ha": [1, np.inf]})
    with pytest.raises(hg.errors.TableError, match="rows 1: infinite"):
        hg.sum_by_municipality(rows, "ha")
    with pytest.raises(hg.errors.TableError, match="no column 'kw'"):
        hg.sum_by_municipality(rows, "kw")
    with pytest.raises(hg.errors.CodeError, match="99999"):
        hg.sum_by_municipality(rows.assign(code=["01202", "99999"], ha=1), "ha")


def test_lines_are_cut_too(tmp_path):
    lines = gpd.GeoDataFrame(
        geometry=[LineString([(143, 43), (144, 44)]), LineString([(141, 43), (141, 44)])],
        crs="EPSG:6668",
    )
    assert_geodataframe_equal(hg.read_parts(hg.write_parts(lines, tmp_path / "parts")), lines)
