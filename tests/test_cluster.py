"""Commands over parts by Dask: row for row what one process gives, and workers may be lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from geopandas.testing import assert_geodataframe_equal
from rasterio import Affine
from shapely.geometry import LineString, Point, box

import hokkaido_gis as hg
from hokkaido_gis.analysis.aggregate import explain_sums
from hokkaido_gis.analysis.segment_search import LARGE
from hokkaido_gis.cli import run
from hokkaido_gis.cluster.parts import find_parts, write_part
from hokkaido_gis.cluster.work import WorkersLostError, _result
from hokkaido_gis.errors import (
    HokkaidoGisError,
    JoinError,
    LayerError,
    LayerWarning,
    ModelInputError,
    OutputError,
    TableError,
)
from hokkaido_gis.grid.connect import notes_in_japanese, with_connections
from hokkaido_gis.overlay import add_statistics

distributed = pytest.importorskip("distributed")

SIZES = (1, 0, 37, 2, 60)
"""Rows of the parts: one row, none, and odd numbers."""


@pytest.fixture(scope="module")
def engine():
    """Two worker processes for all tests, as a scheduler that runs already."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False}, silence_logs="CRITICAL",
    ) as cluster:  # fmt: skip
        yield hg.Engine(scheduler=cluster.scheduler_address)


@pytest.fixture
def parcels():
    """A hundred squares; one has no geometry, one no capacity."""
    random = np.random.default_rng(3)
    west, south = random.uniform(141, 145, 100), random.uniform(42, 45, 100)
    shapes = shapely.box(west, south, west + 0.02, south + 0.01)
    shapes[40] = None
    kw = random.uniform(0, 60_000, 100).round()
    kw[70] = np.nan
    return gpd.GeoDataFrame({"farm": [f"F{i}" for i in range(100)], "kw": kw}, geometry=shapes,
                            crs="EPSG:6668")  # fmt: skip


@pytest.fixture
def parts(tmp_path, parcels):
    return in_parts(parcels, tmp_path / "parcels")


def in_parts(layer, folder):
    """Cut a layer into parts of odd sizes, its rows in an order of their own."""
    folder.mkdir()
    order = np.random.default_rng(4).permutation(len(layer))
    ends = np.cumsum(SIZES)
    for number, (size, end) in enumerate(zip(SIZES, ends, strict=True)):
        rows = order[end - size : end]
        write_part(layer.iloc[rows], folder / f"part-{number}.parquet")
    return folder


@pytest.fixture
def lines():
    shapes = [LineString([(x, 42), (x + 0.3, 45)]) for x in (141, 142.5, 144)]
    return gpd.GeoDataFrame({"kv": [66.0, 187.0, 33.0]}, index=["a", "b", "c"], geometry=shapes,
                            crs="EPSG:6668")  # fmt: skip


@pytest.fixture
def substations():
    shapes = [Point(141.5, 43), Point(144.5, 44)]
    return gpd.GeoDataFrame({"kv": [66.0, 187.0]}, index=[7, 8], geometry=shapes, crs="EPSG:6668")


@pytest.fixture
def wind(tmp_path):
    path = tmp_path / "wind.tif"
    values = np.random.default_rng(5).uniform(2, 9, (90, 120)).astype("float32")
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=1, height=90, width=120,
        crs="EPSG:6668", transform=Affine(0.0333, 0, 141, 0, -0.0333, 45), nodata=-1,
    ) as file:  # fmt: skip
        file.write(values, 1)
    return path


def quietly(function, *given, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return function(*given, **options)


@pytest.mark.parametrize("capacity", ["kw", 3000.0, None])
def test_connect(engine, parcels, lines, substations, tmp_path, capacity):
    options = {"max_km": 40.0, "capacity_kw": capacity}
    parts = in_parts(parcels, tmp_path / "parcels")
    out = quietly(
        hg.connect_parts, parts, lines, substations, out=tmp_path / "out", engine=engine, **options
    )
    if capacity is None:
        options["capacity_kw"] = hg.solar_capacity(parcels)
    found = quietly(hg.connect_to_grid, parcels, lines, substations, **options)
    assert_geodataframe_equal(hg.read_parts(out), with_connections(parcels, found))
    assert [part.rows for part in find_parts(out)] == list(SIZES)


def test_connect_with_distribution_lines_as_a_layer(engine, parts, parcels, lines, tmp_path):
    near = lines.set_axis(["d", "e", "f"])
    options = {"capacity_kw": "kw", "distribution": near, "max_km": 30.0}
    out = quietly(hg.connect_parts, parts, lines, out=tmp_path / "out", engine=engine, **options)
    found = quietly(hg.connect_to_grid, parcels, lines, **options)
    assert set(found["connects_to"].dropna()) == {"line", "distribution"}
    assert_geodataframe_equal(hg.read_parts(out), with_connections(parcels, found))


def test_connect_searches_parts_the_way_of_the_whole(engine, lines, tmp_path):
    pytest.importorskip("numba")
    random = np.random.default_rng(6)
    points = shapely.points(random.uniform((141, 42), (145, 45), (34_000, 2)))
    whole = gpd.GeoDataFrame({"kw": np.full(34_000, 2_500.0)}, geometry=points, crs="EPSG:6668")
    # A part alone would be searched without compiled code, and so to other last digits.
    assert len(lines) * len(whole) / 2 < LARGE <= len(lines) * len(whole)
    folder = tmp_path / "parcels"
    folder.mkdir()
    for number in range(2):
        write_part(whole.iloc[17_000 * number :][:17_000], folder / f"part-{number}.parquet")
    out = quietly(hg.connect_parts, folder, lines, out=tmp_path / "out", engine=engine,
                  capacity_kw="kw")  # fmt: skip
    found = with_connections(whole, quietly(hg.connect_to_grid, whole, lines, capacity_kw="kw"))
    assert found["line_km"].gt(0).all()
    pd.testing.assert_frame_equal(
        pd.DataFrame(hg.read_parts(out)), pd.DataFrame(found), check_exact=True
    )


def test_labels_of_several_kinds_cannot_be_written(engine, parts, lines, tmp_path):
    with pytest.raises(OutputError, match=r"line_id.*values of one kind"):
        quietly(hg.connect_parts, parts, lines, out=tmp_path / "out", engine=engine,
                capacity_kw="kw", distribution=lines.set_axis([1, 2, 3]))  # fmt: skip


def test_overlay(engine, parts, parcels, wind, tmp_path):
    stats = ["mean", "max", "p90", "share_above_5.5", "count"]
    out = quietly(hg.overlay_parts, parts, wind, out=tmp_path / "out", stats=stats, engine=engine)
    table = quietly(hg.zonal_stats, parcels, wind, stats=stats)
    assert table["mean"].notna().any()
    assert_geodataframe_equal(hg.read_parts(out), add_statistics(parcels, table))


def test_join_wards_cities_and_whole_numbers(engine, parcels, tmp_path):
    # A ward is joined to its city as the whole layer has it, whatever stands in its part.
    codes = np.resize(["01101", "01202", "01100", "12033", "合計", None], len(parcels))
    layer = parcels.assign(code=codes)
    table = pd.DataFrame(
        {"code": ["011002", "01202", "01203", "01204"], "farms": [5, 6, 7, 8], "kw": 1.0}
    )
    expected = hg.join_table(layer, table)
    joined = hg.join_parts(
        in_parts(layer, tmp_path / "layer"), table, out=tmp_path / "out", engine=engine
    )
    assert_geodataframe_equal(hg.read_parts(joined.folder), expected.layer)
    assert expected.layer["farms"].dtype == "Int64"
    assert joined.summary() == expected.audit.summary()
    assert joined.rows.sum() == len(layer)
    left_over = joined.left_over(left="layer", right="table")
    alone = expected.audit.left_over(left="layer", right="table")
    assert left_over.groupby("side")["rows"].sum()["layer"] == (alone["side"] == "layer").sum()
    assert set(left_over["key"].dropna()) == set(alone["key"].dropna())


@pytest.mark.parametrize("complete", [True, False])
def test_join_by_text(engine, parcels, tmp_path, complete):
    table = pd.DataFrame({"farm": parcels["farm"], "cows": range(100), "milk": True})
    table = table if complete else table.iloc[:50]
    expected = hg.join_table(parcels, table, key="farm")
    joined = hg.join_parts(
        in_parts(parcels, tmp_path / "layer"), table, out=tmp_path / "out", engine=engine,
        key="farm",
    )  # fmt: skip
    assert_geodataframe_equal(hg.read_parts(joined.folder), expected.layer)
    assert joined.summary() == expected.audit.summary()


def test_join_keys_that_most_rows_hold_decide_also_of_many_rows(
    engine, parcels, tmp_path, monkeypatch
):
    monkeypatch.setattr("hokkaido_gis.cluster.join._ROWS_AT_MOST", 10)
    names = ["函館市"] * 95 + ["1202", "1203", "1204", "1205", "1206"]
    layer = parcels.assign(code=names)
    table = pd.DataFrame({"name": ["函館市"], "cows": [3]})
    expected = hg.join_by_municipality(
        layer, table, key="code", right_key="name", validate="many_to_one"
    )
    joined = hg.join_parts(
        in_parts(layer, tmp_path / "layer"), table, out=tmp_path / "out", engine=engine,
        layer_key="code",
    )  # fmt: skip
    assert_geodataframe_equal(hg.read_parts(joined.folder), expected.layer)


def test_join_a_key_in_several_rows_of_the_table_is_refused(engine, parts, tmp_path):
    table = pd.DataFrame({"farm": ["F1", "F1"], "cows": [1, 2]})
    with pytest.raises(JoinError, match="'F1' in rows 0, 1"):
        hg.join_parts(parts, table, out=tmp_path / "out", engine=engine, key="farm")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parcels"]


def test_aggregate(engine, squares, parcels, tmp_path):
    codes = np.resize(["01202", "012033", "01204", "1202"], len(parcels))
    layer = parcels.assign(code=codes, ha=np.random.default_rng(6).uniform(0, 9, 100))
    layer.loc[layer.index[2], "ha"] = np.nan  # of 01204
    adjacency = hg.find_adjacency(squares)
    folder = in_parts(layer, tmp_path / "layer")
    table = hg.aggregate_parts(folder, "ha", adjacency, engine=engine)
    sums = hg.sum_by_municipality(layer, "ha", units=squares.index)
    pd.testing.assert_frame_equal(
        table, explain_sums(sums.rename("ha"), adjacency), check_exact=True
    )
    assert table["known_sum"].notna().all()
    assert np.isnan(table.loc["01204", "value"])
    assert np.isnan(table.loc["01205", "value"])
    assert table.loc["01202", "with_neighbours"] == pytest.approx(
        layer["ha"][layer["code"] != "01204"].sum()
    )
    with pytest.raises(TableError, match="no column 'kwh'"):
        hg.aggregate_parts(folder, "kwh", adjacency, engine=engine)


def slowly(part, path):
    """Say that a part has begun, and take a while over it."""
    (path / f"{part.index[0]}-{os.getpid()}").touch()
    time.sleep(0.3)
    return part.assign(double=part["kw"] * 2)


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends in another way")
def test_a_worker_killed_in_mid_run_costs_its_part_only(engine, parcels, tmp_path):
    folder = hg.write_parts(parcels, tmp_path / "layer", rows_per_part=10)
    begun = tmp_path / "begun"
    begun.mkdir()
    with distributed.Client(engine.scheduler, set_as_default=False) as client:
        before = set(client.run(os.getpid).values())
    killed, over = [], threading.Event()

    def kill_one():
        while not killed and not over.wait(0.02):
            at_work = [int(path.name.split("-")[1]) for path in begun.iterdir()]
            if len(at_work) > 3:
                os.kill(at_work[-1], signal.SIGKILL)
                killed.append(at_work[-1])

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        out = hg.map_parts(folder, slowly, begun, out=tmp_path / "out", engine=engine)
    finally:
        over.set()
        killer.join()
    assert len(before) == 2
    assert set(killed) <= before
    assert_geodataframe_equal(hg.read_parts(out), parcels.assign(double=parcels["kw"] * 2))
    # No part but those under way was worked on again.
    assert 10 <= len(list(begun.iterdir())) <= 12


def broken(part, mark):
    if not mark.exists():
        time.sleep(0.2)
        raise RuntimeError("the power is off")
    (mark.parent / f"again-{part.index[0]}").touch()
    return part


def stop_at_the_last(part, mark):
    if len(part) == 5:
        return broken(part, mark)
    (mark.parent / f"made-{part.index[0]}").touch()
    return part


def test_an_interrupted_run_goes_on_where_it_stopped(engine, parcels, tmp_path):
    layer = parcels.iloc[:95]
    folder = hg.write_parts(layer, tmp_path / "layer", rows_per_part=10)
    mark, out = tmp_path / "mark", tmp_path / "out"
    with pytest.raises(RuntimeError, match="power is off"):
        hg.map_parts(folder, stop_at_the_last, mark, out=out, engine=engine)
    assert not out.exists()
    kept = (tmp_path / ".out.unfinished/made").rglob("*.*")
    made = {path: path.stat().st_mtime_ns for path in kept}
    assert 0 < len(made) <= 18  # parts and their notes
    mark.mkdir()
    hg.map_parts(folder, stop_at_the_last, mark, out=out, engine=engine)
    assert_geodataframe_equal(hg.read_parts(out), layer)
    for path, time_ns in made.items():
        if path.suffix == ".parquet":
            assert (out / path.name).stat().st_mtime_ns == time_ns
    assert sorted(p.name for p in out.iterdir()) == [f"part-{i:06d}.parquet" for i in range(10)]
    assert not (tmp_path / ".out.unfinished").exists()


def test_a_folder_of_one_worker_of_its_own(parcels, wind, tmp_path):
    parcels.to_file(tmp_path / "parcels.gpkg")
    engine = hg.Engine(workers=1, rows_per_part=40, memory_limit="1GB")
    out = quietly(
        hg.overlay_parts, tmp_path / "parcels.gpkg", wind, out=tmp_path / "out", engine=engine
    )
    assert [part.rows for part in find_parts(out)] == [40, 40, 20]
    layer = gpd.read_file(tmp_path / "parcels.gpkg")
    table = quietly(hg.zonal_stats, layer, wind)
    assert_geodataframe_equal(hg.read_parts(out), add_statistics(layer, table))


def test_what_a_worker_notes_is_told_once_and_by_part(engine, parts, wind, tmp_path, lines):
    unknown = lines.assign(kv=[66.0, None, 33.0])
    out = tmp_path / "out"
    with pytest.warns(LayerWarning) as told:
        hg.connect_parts(parts, unknown, out=out, capacity_kw=2000.0, engine=engine)
    assert ["1 of 3 have no voltage" in str(each.message) for each in told] == [True]
    with pytest.warns(LayerWarning) as told:
        hg.overlay_parts(parts, wind, out=out, engine=engine)
    named = [str(each.message) for each in told if "1 have no geometry" in str(each.message)]
    assert [note[:5] for note in named] == ["part-"]


def test_faults_of_a_part_are_told_with_its_rows_and_its_name(engine, parcels, lines, tmp_path):
    layer = parcels.assign(kw=["wide" if i == 33 else "5" for i in range(100)])
    folder = in_parts(layer, tmp_path / "layer")
    with pytest.raises(TableError, match="row 33: 'wide' is no number") as caught:
        hg.connect_parts(folder, lines, out=tmp_path / "out", capacity_kw="kw", engine=engine)
    assert caught.value.__notes__[0].startswith("in part-")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["layer"]


def test_wrong_options_end_the_run_before_the_layer_is_looked_at(engine, lines, wind, tmp_path):
    absent = tmp_path / "absent"
    with pytest.raises(ModelInputError, match="max_km must be more than 0"):
        hg.connect_parts(absent, lines, out=tmp_path / "o", max_km=0, engine=engine)
    with pytest.raises(ModelInputError, match="median"):
        hg.overlay_parts(absent, wind, out=tmp_path / "o", stats=["middle"], engine=engine)
    with pytest.raises(LayerError, match="no such file"):
        hg.overlay_parts(absent, wind, out=tmp_path / "o", engine=engine)
    (tmp_path / "o").write_text("older", encoding="ascii")
    with pytest.raises(OutputError, match="it is a file"):
        hg.overlay_parts(absent, wind, out=tmp_path / "o", engine=engine)


def test_engines_that_cannot_be(monkeypatch, parts, wind, tmp_path):
    with pytest.raises(ModelInputError, match="workers must be 1 or more"):
        hg.Engine(workers=0)
    with pytest.raises(ModelInputError, match="not both"):
        hg.Engine(workers=2, scheduler="tcp://127.0.0.1:1")
    monkeypatch.setattr("hokkaido_gis.cluster.engine._ANSWER_S", 0.5)
    nobody = hg.Engine(scheduler="tcp://127.0.0.1:1")
    with pytest.raises(
        HokkaidoGisError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"
    ):
        hg.overlay_parts(parts, wind, out=tmp_path / "out", engine=nobody)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(HokkaidoGisError, match=r'pip install "hokkaido-gis\[cluster\]"'):
        hg.overlay_parts(parts, wind, out=tmp_path / "out")


def test_parts_open_as_a_frame_of_dask(parcels, parts):
    frame = hg.open_parts(parts)
    assert frame.npartitions == len(SIZES)
    assert frame.crs == parcels.crs
    read = frame.compute(scheduler="synchronous").sort_index()
    assert_geodataframe_equal(read, parcels, check_index_type=False)


def test_many_rows_of_a_part_that_ends_its_workers_are_named(parts):
    class Lost:
        def result(self):
            raise distributed.KilledWorker("part", "worker", 3)

    with pytest.raises(WorkersLostError, match="of 37 rows ended every worker"):
        _result(Lost(), find_parts(parts)[2])


def call(capsys, engine, *words):
    status = run([str(word) for word in words] +
                 ["--engine", "dask", "--scheduler", engine.scheduler])  # fmt: skip
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def test_command_connect(capsys, engine, parts, parcels, lines, tmp_path):
    lines.rename_axis("line_id").reset_index().assign(voltage=lines["kv"].to_numpy() * 1000).drop(
        columns="kv"
    ).to_file(tmp_path / "lines.gpkg")
    words = ("connect", parts, "--lines", tmp_path / "lines.gpkg", "--kw", 2000, "--out",
             tmp_path / "out")  # fmt: skip
    status, said, _ = call(capsys, engine, *words)
    assert (status, said) == (0, f"{tmp_path / 'out'}\n")
    read = quietly(hg.read_lines, tmp_path / "lines.gpkg")
    found = quietly(hg.connect_to_grid, parcels, read, capacity_kw=2000.0)
    found["note"] = notes_in_japanese(found["note"])
    assert_geodataframe_equal(hg.read_parts(tmp_path / "out"), with_connections(parcels, found))
    status, _, err = call(capsys, engine, *words, "--segments", tmp_path / "s.gpkg")
    assert status == 2
    assert "--segments is for layers in memory" in err


def test_command_overlay(capsys, engine, parts, parcels, wind, tmp_path):
    words = ("overlay", parts, wind, "--stats", "mean, p50", "--out", tmp_path / "out")
    assert call(capsys, engine, *words)[:2] == (0, f"{tmp_path / 'out'}\n")
    table = quietly(hg.zonal_stats, parcels, wind, stats=["mean", "p50"])
    assert_geodataframe_equal(hg.read_parts(tmp_path / "out"), add_statistics(parcels, table))


def test_command_join(capsys, engine, parts, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("farm,cows\nF1,10\nF2,\nX,3\n", encoding="utf-8")
    words = ("join", parts, table, "--key", "farm", "--out", tmp_path / "out")
    status, said, err = call(capsys, engine, *words)
    assert status == 0
    assert said.startswith("side,row,rows,key,note\n")
    assert "table,4,0,X,no such key in the layer" in said
    assert "2 of 100 rows of the layer matched (exact 2); 1 rows of the table" in err
    assert hg.read_parts(tmp_path / "out")["cows"].dropna().tolist() == [10]


def test_command_aggregate_agrees_with_sum_rows(capsys, engine, squares, parcels, tmp_path):
    squares.reset_index().to_file(tmp_path / "towns.gpkg")
    layer = parcels.assign(code=np.resize(squares.index, 100), ha=1.5)
    folder = in_parts(layer, tmp_path / "layer")
    layer.drop(columns="geometry").to_csv(tmp_path / "rows.csv", index=False)
    words = ("aggregate", tmp_path / "towns.gpkg", folder, "--value", "ha", "--out")
    assert call(capsys, engine, *words, tmp_path / "parts.csv")[0] == 0
    alone = ("aggregate", tmp_path / "towns.gpkg", tmp_path / "rows.csv", "--value", "ha",
             "--out", tmp_path / "alone.csv")  # fmt: skip
    assert run([*map(str, alone), "-q"]) == 2
    assert run([*map(str, alone), "-q", "--sum-rows"]) == 0
    written = (tmp_path / "parts.csv").read_bytes()
    assert written == (tmp_path / "alone.csv").read_bytes()
    assert pd.read_csv(tmp_path / "parts.csv")["value"].sum() == 150


def test_command_options_of_an_engine_need_one(capsys, parts, wind, tmp_path):
    words = ["overlay", str(parts), str(wind), "--out", str(tmp_path / "out")]
    assert run([*words, "--workers", "2"]) == 2
    assert "--workers belongs to --engine dask" in capsys.readouterr().err
    assert run([*words, "--engine", "dask", "--workers", "0"]) == 2


def test_squares_of_the_window_are_those_of_the_parts(parts, parcels):
    window = (142.0, 42.5, 143.0, 44.0)
    expected = parcels[parcels.intersects(box(*window))]
    assert_geodataframe_equal(hg.read_parts(parts, bbox=window), expected, check_index_type=False)
