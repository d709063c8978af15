"""Parts kept of an interrupted run: taken only if whole and of the very same, and by one run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from geopandas.testing import assert_geodataframe_equal
from rasterio import Affine

import hokkaido_gis as hg
from hokkaido_gis.cluster import asked as asked_module
from hokkaido_gis.cluster import work
from hokkaido_gis.cluster.asked import hash_asked
from hokkaido_gis.cluster.folder import set_right
from hokkaido_gis.cluster.kept import find_kept, keep
from hokkaido_gis.cluster.layers import _files_of_part
from hokkaido_gis.cluster.parts import find_parts, write_part
from hokkaido_gis.cluster.work import Task
from hokkaido_gis.errors import LayerError, OutputError
from hokkaido_gis.io.alone import LOCK, RUNNING, one_run_in

distributed = pytest.importorskip("distributed")

STARTS = [0, 2, 4, 6, 8, 10]
"""First row of each part."""


@pytest.fixture(scope="module")
def engine():
    """A worker in this process, so that what is replaced here is replaced there."""
    with distributed.LocalCluster(
        processes=False, n_workers=1, threads_per_worker=1, protocol="tcp", host="127.0.0.1",
        dashboard_address=None, silence_logs="CRITICAL",
    ) as cluster:  # fmt: skip
        yield hg.Engine(scheduler=cluster.scheduler_address, rows_per_part=2)


@pytest.fixture
def points():
    shapes = shapely.points(np.linspace(141, 145, 12), 43)
    return gpd.GeoDataFrame({"kw": range(12)}, geometry=shapes, crs="EPSG:6668")


@pytest.fixture
def parts(points, tmp_path):
    return hg.write_parts(points, tmp_path / "layer", rows_per_part=2)


def doubled(part, home, *_rest):
    """Note which part is worked on."""
    (home / f"{len(list(home.iterdir()))}-{part.index[0]}").mkdir()
    return part.assign(kw=part["kw"] * 2)


@pytest.fixture
def home(tmp_path):
    """Folder in which it is noted what is worked on."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def run(engine, parts, home, tmp_path):
    """Runs over the parts: the first is interrupted, and later ones tell what they work on."""

    def run(layer=None, function=doubled, *shared):
        before = set(home.iterdir())
        hg.map_parts(layer or parts, function, home, *shared, out=tmp_path / "out", engine=engine)
        return sorted(int(path.name.split("-")[1]) for path in set(home.iterdir()) - before)

    return run


@pytest.fixture
def interrupted(run, monkeypatch):
    """The same, after the power went once when all parts were done but not yet in place."""

    def interrupt(_folder):
        raise RuntimeError("the power is off")

    def interrupted(*given):
        with monkeypatch.context() as patch:
            patch.setattr("hokkaido_gis.cluster.map_parts._bring_to_one_kind", interrupt)
            with pytest.raises(RuntimeError, match="power is off"):
                run(*given)
        return run

    return interrupted


def kept_of(tmp_path, pattern):
    return sorted((tmp_path / ".out.unfinished" / "made").rglob(pattern))


def flip(path, place=-20):
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def same_size_and_time(path, content):
    """Give a file another content that its size and time do not show."""
    told = path.stat()
    assert len(content) == told.st_size
    path.write_bytes(content)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


def counted(part):
    """Give whole numbers, but floats where a row has none."""
    return part.assign(count=part["kw"].where(part["kw"] != 4), kw=part["kw"].astype("int32"))


def test_a_column_is_of_one_kind_in_all_parts(engine, parts, points, tmp_path):
    found = hg.read_parts(hg.map_parts(parts, counted, out=tmp_path / "a", engine=engine))
    schemas = [part.schema for part in find_parts(tmp_path / "a")]
    assert {str(schema["count"].dtype) for schema in schemas} == {"float64"}
    assert {str(schema["kw"].dtype) for schema in schemas} == {"int32"}
    assert found["count"].tolist()[3:6] == [3, pytest.approx(np.nan, nan_ok=True), 5]
    assert found["kw"].tolist() == points["kw"].tolist()


def test_what_is_whole_is_taken(interrupted, points, tmp_path):
    run = interrupted()
    assert len(kept_of(tmp_path, "*.parquet")) == len(kept_of(tmp_path, "*.notes")) == len(STARTS)
    half = kept_of(tmp_path, "*.parquet")[1].with_name(".part-000001.parquet.a1b2c3d4")
    half.mkdir()  # of a worker that was killed
    assert run() == []
    assert_geodataframe_equal(hg.read_parts(tmp_path / "out"), points.assign(kw=points["kw"] * 2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "layer", "out"]
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".parquet"] * len(STARTS)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize("what", ["*.parquet", "*.notes"])
@pytest.mark.parametrize(
    "damages",
    [
        (flip, partial(flip, place=10), cut_off, lambda path: path.write_bytes(b"")),
        (
            lambda path: path.write_bytes(b'["a note"]'),  # as they once were
            lambda path: path.unlink(),
            lambda path: path.write_bytes(next(path.parent.glob(f"*0{path.suffix}")).read_bytes()),
        ),
    ],
    ids=["bytes", "files"],
)
def test_what_is_damaged_is_made_again(interrupted, points, tmp_path, what, damages):
    run = interrupted()
    for damage, path in zip(damages, kept_of(tmp_path, what)[1:], strict=False):
        damage(path)
    assert run() == STARTS[1 : 1 + len(damages)]
    assert_geodataframe_equal(hg.read_parts(tmp_path / "out"), points.assign(kw=points["kw"] * 2))


def test_of_a_changed_part_nothing_is_taken_though_size_and_time_are_the_same(
    interrupted, points, parts, tmp_path
):
    run = interrupted()
    second = find_parts(parts)[1]
    write_part(second.read().assign(kw=[5, 3]), tmp_path / "other.parquet")
    same_size_and_time(second.path, (tmp_path / "other.parquet").read_bytes())
    assert run() == [2]
    expected = [0, 2, 10, 6, *range(8, 24, 2)]
    assert hg.read_parts(tmp_path / "out")["kw"].tolist() == expected


def test_parts_under_other_names_are_the_same_parts(interrupted, parts, tmp_path):
    run = interrupted()
    parts.rename(tmp_path / "moved")
    assert run(tmp_path / "moved") == []


def test_of_fewer_parts_no_other_is_left(interrupted, points, parts, tmp_path):
    run = interrupted()
    shorter = hg.write_parts(points.iloc[:6], tmp_path / "shorter", rows_per_part=2)
    assert run(shorter) == STARTS[:3]  # the number of all rows may decide how is searched
    assert len(hg.read_parts(tmp_path / "out")) == 6


def doubled_otherwise(part, home, *rest):
    return doubled(part, home, *rest)


def test_of_another_value_or_function_nothing_is_taken(interrupted):
    run = interrupted(None, doubled, 1)
    assert run(None, doubled, 2) == STARTS
    assert hash_asked(doubled_otherwise, (1,)) != hash_asked(doubled, (1,))


def test_of_another_version_nothing_is_taken(interrupted, monkeypatch):
    run = interrupted()
    monkeypatch.setattr(work, "package_version", lambda: "another")
    assert run() == STARTS


def test_a_file_that_has_changed_is_cut_again(interrupted, points, tmp_path):
    path = tmp_path / "points.gpkg"
    points.to_file(path)
    run = interrupted(f"{path}:points")
    points.assign(kw=points["kw"] + 1).to_file(tmp_path / "new.gpkg", layer="points")
    other = (tmp_path / "new.gpkg").read_bytes()
    same_size_and_time(path, other)
    assert run(f"{path}:points") == STARTS
    assert hg.read_parts(tmp_path / "out")["kw"].tolist() == list(range(2, 26, 2))


@pytest.mark.parametrize("damage", [flip, None])
def test_a_file_is_cut_again_where_what_was_cut_is_damaged(interrupted, points, tmp_path, damage):
    """What was made of its parts is taken, since these come out the same."""
    path = tmp_path / "points.gpkg"
    points.to_file(path)
    run = interrupted(path)
    cut = tmp_path / ".out.unfinished" / "layer"
    (cut / "part-000009.parquet").write_bytes((cut / "part-000000.parquet").read_bytes())
    if damage is not None:
        damage(cut / "part-000001.parquet")
    assert run(path) == []
    assert hg.read_parts(tmp_path / "out")["kw"].tolist() == list(range(0, 24, 2))


def test_layers_and_files_count_by_their_content(points, tmp_path):
    file = tmp_path / "speeds.csv"
    file.write_text("5.5", encoding="ascii")
    moved = points.set_crs("EPSG:4301", allow_override=True)
    labelled = points.assign(other=points.geometry)
    different = [
        (points,), (moved,), (points.assign(kw=1),), ([points, {"lines": moved}],),
        ([points, {"lines": points}],), (labelled,), (labelled.set_geometry("other"),),
        (str(file),), (file,), ("a\0b",), (5.5,), ("5.5",), (np.float32(5.5),), (None,), (),
    ]  # fmt: skip
    hashes = [hash_asked(doubled, each) for each in different]
    assert len(set(hashes)) == len(different)
    assert hash_asked(doubled, (points.copy(),)) == hashes[0]
    for given in ((file,), ({"speeds": str(file)},), ([(file,)],)):
        before = hash_asked(doubled, given)
        same_size_and_time(file, b"5.6")
        between = hash_asked(doubled, given)
        (tmp_path / "speeds.csv.txt").write_text("km/h", encoding="ascii")
        beside = hash_asked(doubled, given)
        (tmp_path / "speeds.csv.txt").unlink()
        same_size_and_time(file, b"5.5")
        assert len({before, between, beside}) == 2 + (beside != between)
        assert before == hash_asked(doubled, given)


def test_a_function_counts_by_the_file_that_it_stands_in(tmp_path, monkeypatch):
    module = tmp_path / "own.py"
    monkeypatch.setattr(asked_module.inspect, "getsourcefile", lambda _: str(module))
    module.write_text("1", encoding="ascii")
    before = hash_asked(doubled, ())
    module.write_text("2", encoding="ascii")
    assert hash_asked(doubled, ()) != before
    assert hash_asked(partial(doubled, home=1), ()) != hash_asked(partial(doubled, home=2), ())
    monkeypatch.undo()
    assert hash_asked(len, ()) == hash_asked(len, ())


@pytest.fixture
def wind(tmp_path):
    path = tmp_path / "wind.tif"
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=1, height=4, width=10,
        crs="EPSG:6668", transform=Affine(0.5, 0, 140.75, 0, -0.5, 44),
    ) as file:  # fmt: skip
        file.write(np.full((4, 10), 5, "float32"), 1)
    return path


def test_of_another_raster_of_the_name_nothing_is_taken(engine, parts, wind, tmp_path, monkeypatch):
    """The raster is named, and only its path goes to the workers."""
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("hokkaido_gis.cluster.map_parts.put_in_place", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            hg.overlay_parts(parts, wind, out=out, engine=engine)
    with rasterio.open(wind, "r+") as file:
        file.write(np.full((4, 10), 7, "float32"), 1)
    hg.overlay_parts(parts, wind, out=out, engine=engine)
    assert hg.read_parts(out)["mean"].tolist() == [7] * 12


def test_a_part_of_a_raster_file_is_known_by_its_file(wind):
    assert _files_of_part(str(wind)) == ()
    assert _files_of_part(f"GTIFF_DIR:1:{wind}") == (str(wind),)


def test_parts_that_cannot_be_read_are_told_as_such(parts, tmp_path):
    task = Task(find_parts(parts)[1], tmp_path / "made" / "part-000001.parquet")
    task.part.path.unlink()
    with pytest.raises(LayerError, match=r"part-000001\.parquet: it cannot be read \(No such file"):
        task.run(doubled, ())


def test_notes_are_read_only_as_they_were_written(tmp_path):
    file, path = tmp_path / "a.parquet", tmp_path / "a.notes"
    file.write_bytes(b"whole")
    kept = keep(path, "key", [file], ["a note", "札幌"])
    assert find_kept(path, "key", tmp_path) == kept
    assert kept.notes == ("a note", "札幌")
    assert find_kept(path, "other", tmp_path) is None
    assert find_kept(tmp_path / "b.notes", "key", tmp_path) is None
    sound = path.read_bytes()
    for place in range(0, len(sound), 5):
        path.write_bytes(sound[:place])
        assert find_kept(path, "key", tmp_path) is None
        path.write_bytes(sound)
        flip(path, place)
        assert find_kept(path, "key", tmp_path) is None
    path.write_bytes(sound)
    file.write_bytes(b"while")
    assert find_kept(path, "key", tmp_path) is None


@pytest.mark.parametrize(
    ("there", "stands"), [({"older"}, "older"), ({"older", "out"}, "out"), ({"out"}, "out")]
)
def test_a_run_killed_while_it_put_its_folder_in_place_is_set_right(tmp_path, there, stands):
    home, target = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    for name in there:
        folder = target if name == "out" else home / name
        folder.mkdir()
        (folder / name).touch()
    set_right(home, target)
    assert [path.name for path in target.iterdir()] == [stands]
    assert list(home.iterdir()) == []


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import hokkaido_gis as hg
from test_cluster_kept_parts import doubled_until_told
layer, home, out = map(Path, sys.argv[3:])
hg.map_parts(layer, doubled_until_told, home, out=out, engine=hg.Engine(scheduler=sys.argv[2]))
"""


def doubled_until_told(part, home):
    """Wait with the part that is begun last until it is told that the power is on."""
    begun = len(list(home.iterdir()))
    (home / f"{begun}-{part.index[0]}").mkdir()
    while begun == len(STARTS) - 1 and not (home / "on").exists():
        time.sleep(0.01)
    return part.assign(kw=part["kw"] * 2)


@pytest.mark.skipif(sys.platform == "win32", reason="processes end in another way")
def test_a_second_run_is_told_of_the_first_and_goes_on_when_that_is_killed(
    engine, run, parts, points, home, tmp_path
):
    out = tmp_path / "out"
    words = [str(Path(__file__).parent), engine.scheduler, str(parts), str(home), str(out)]
    with subprocess.Popen([sys.executable, "-c", SCRIPT, *words]) as first:
        while len(list(home.iterdir())) < len(STARTS):
            assert first.poll() is None
            time.sleep(0.01)
        unfinished = sorted((tmp_path / ".out.unfinished").rglob("*"))
        with pytest.raises(OutputError, match=rf"into \S*out: process {first.pid} on .* Wait"):
            run(parts, doubled_until_told)
        assert sorted((tmp_path / ".out.unfinished").rglob("*")) == unfinished
        assert not out.exists()
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert (tmp_path / ".out.unfinished" / LOCK).exists()
    (home / "on").mkdir()
    # Its worker goes on with the part under way, which is then taken too.
    assert run(parts, doubled_until_told) == []
    assert_geodataframe_equal(hg.read_parts(out), points.assign(kw=points["kw"] * 2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "layer", "out"]


def test_runs_to_folders_apart_do_not_hinder_each_other(run, tmp_path):
    with one_run_in(tmp_path / ".other.unfinished"):
        assert run() == STARTS


@pytest.mark.parametrize("deep", ["out", "a/b/out"])
def test_a_block_that_leaves_nothing_leaves_no_trace(tmp_path, deep):
    with one_run_in(tmp_path / deep):
        assert {path.name for path in (tmp_path / deep).iterdir()} == {LOCK, RUNNING}
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_and_what_was_made_stays_and_no_lock(tmp_path):
    (tmp_path / "mine.txt").touch()
    (tmp_path / LOCK).touch()  # of a run that was killed
    with one_run_in(tmp_path):
        (tmp_path / "made.txt").touch()
    assert {path.name for path in tmp_path.iterdir()} == {"mine.txt", "made.txt"}
    (tmp_path / "file" / "under").parent.touch()
    with pytest.raises(OutputError, match="Cannot write in"), one_run_in(tmp_path / "file" / "a"):
        pytest.fail("a file is no folder")
