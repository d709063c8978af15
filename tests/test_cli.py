"""The command line: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import io
import subprocess
import sys

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Polygon

from hokkaido_gis import __version__
from hokkaido_gis.cli import run
from hokkaido_gis.datasets import sample_data

# Files without a CRS are what some tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided")

AROUND_YOTEI = ["01395", "01396", "01398", "01399", "01400"]


@pytest.fixture
def boundaries(tmp_path):
    """The five towns that meet on the summit of 羊蹄山."""
    towns = gpd.read_file(sample_data() / "municipalities.geojson")
    path = tmp_path / "towns.geojson"
    towns[towns["code"].isin(AROUND_YOTEI)].to_file(path)
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "heat.csv"
    path.write_text(
        '市町村コード,市町村名,熱量\n1395,ニセコ町,"1,000"\n1396,真狩村,200\n1398,喜茂別町,30\n'
        "1399,京極町,４\n1400,倶知安町,x\n",
        encoding="cp932",
    )
    return path


def call(capsys, *words):
    """Run the command line and give its status, standard output and standard error."""
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_adjacency_of_five_towns_on_one_summit(capsys, boundaries, tmp_path):
    out = tmp_path / "pairs.csv"
    status, said, _ = call(capsys, "adjacency", boundaries, "--out", out)
    pairs = pd.read_csv(out, dtype={"code": str, "neighbour_code": str})
    assert (status, said) == (0, f"{out}\n")
    assert list(pairs.columns) == [
        "code", "name", "neighbour_code", "neighbour_name", "contact", "border_m", "gap_m",
    ]  # fmt: skip
    assert len(pairs) == 10
    assert (pairs["code"] < pairs["neighbour_code"]).all()
    assert pairs["contact"].value_counts().to_dict() == {"border": 5, "point": 5}
    assert (pairs.loc[pairs["contact"] == "point", "border_m"] == 0).all()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_output_format_follows_the_ending(capsys, boundaries, tmp_path, ending):
    out = tmp_path / f"pairs.{ending}"
    assert call(capsys, "adjacency", boundaries, "--out", out)[0] == 0
    read = {"csv": pd.read_csv, "xlsx": pd.read_excel, "parquet": pd.read_parquet}[ending]
    assert len(read(out)) == 10


def test_aggregate_shows_what_is_missing(capsys, boundaries, table, tmp_path):
    out = tmp_path / "sums.csv"
    words = ("aggregate", boundaries, table, "--value", "熱量", "--out", out)
    status, said, _ = call(capsys, *words)
    sums = pd.read_csv(out, dtype={"code": str}).set_index("name")
    assert (status, said) == (0, f"{out}\n")
    assert list(sums.columns[:4]) == ["code", "value", "with_neighbours", "neighbours"]
    assert sums["with_neighbours"].isna().all()  # all touch 倶知安町, whose value is withheld
    assert (sums["missing"] == "倶知安町").all()
    assert (sums["known_sum"] == 1234).all()
    assert (sums["neighbours"] == 4).all()


def test_siting_from_files(capsys, tmp_path):
    towns = tmp_path / "towns.csv"
    towns.write_text("code,name,kw\n01202,函館市,5\n01203,小樽市,20\n", encoding="utf-8")
    criteria = tmp_path / "criteria.toml"
    criteria.write_text(
        'rank_by = "kw"\n[[criterion]]\nid = "A"\neffect = "positive"\n'
        'tests = [{column = "kw", op = ">=", threshold = 10}]\n',
        encoding="utf-8",
    )
    out, why = tmp_path / "answer.csv", tmp_path / "why.csv"
    status, said, _ = call(
        capsys, "siting", towns, "--criteria", criteria, "--out", out, "--explain", why
    )
    answer = pd.read_csv(out, dtype={"code": str}).set_index("code")
    assert (status, said) == (0, f"{out}\n{why}\n")
    assert answer["A"].to_dict() == {"01202": "neutral", "01203": "positive"}
    assert answer.loc["01203", "rank"] == 1
    assert pd.read_csv(why)["margin"].tolist() == [-5, 10]
    why.unlink()
    status, said, _ = call(capsys, "siting", towns, "--criteria", criteria, "--out", out)
    assert (status, said) == (0, f"{out}\n")
    assert not why.exists()


def test_list_is_the_registry(capsys):
    status, said, _ = call(capsys, "list")
    listed = pd.read_csv(io.StringIO(said))
    assert status == 0
    assert list(listed.columns) == ["id", "kind", "title", "layer", "region"]
    assert listed["kind"].value_counts().to_dict() == {
        "map": 73, "table": 57, "chart": 23, "diagram": 1,
    }  # fmt: skip


def test_check_prints_the_ledger(capsys):
    status, said, err = call(capsys, "check", "--chapter", "2", "--lang", "en")
    checked = pd.read_csv(io.StringIO(said))
    assert status == 0
    assert list(checked.columns) == [
        "id", "quantity", "published", "computed", "difference", "verdict", "cause",
    ]  # fmt: skip
    assert set(checked["verdict"]) == {"equal", "within rounding", "differs", "input lost"}
    assert err == ""


def test_figure_prints_its_paths(capsys, tmp_path):
    status, said, err = call(capsys, "figure", "table-2-17", "--out", tmp_path, "-q")
    assert (status, said, err) == (0, f"{tmp_path / 'tables' / 'table-2-17.csv'}\n", "")


@pytest.mark.parametrize("words", [["--version"], ["check", "--version"]])
def test_version(capsys, words):
    status, said, _ = call(capsys, *words)
    assert (status, said) == (0, f"hokkaido-gis, version {__version__}\n")


@pytest.mark.parametrize("words", [["--help"], ["adjacency", "--help"], ["report", "-h"]])
def test_help(capsys, words):
    status, said, _ = call(capsys, *words)
    assert status == 0
    assert said.startswith("Usage: hokkaido-gis")


def _squares(codes, names=None, crs="EPSG:6668"):
    shapes = [
        Polygon([(141 + i, 43), (142 + i, 43), (142 + i, 44), (141 + i, 44)])
        for i in range(len(codes))
    ]
    return gpd.GeoDataFrame({"code": codes, "name": names or codes}, geometry=shapes, crs=crs)


def _write(frame, path):
    frame.to_file(path)
    return path


BAD_BOUNDARIES = {
    "no CRS": (
        lambda p: _write(_squares(["01202", "01203"], crs=None), p / "bad.fgb"),
        ["it has no CRS", "looks like longitude and latitude", "--crs"],
    ),
    "one code, two names": (
        lambda p: _write(_squares(["01202", "01202"], ["函館市", "小樽市"]), p / "bad.geojson"),
        ["code 01202 stands for", "函館市", "小樽市"],
    ),
    "no codes": (
        lambda p: _write(_squares(["01202"]).drop(columns="code"), p / "bad.geojson"),
        ["no column of municipality codes", "N03_007"],
    ),
    "empty": (
        lambda p: _write(_squares([]), p / "bad.geojson"),
        ["it holds no features"],
    ),
    "not a vector file": (
        lambda p: (p / "bad.geojson").write_text("hello") and p / "bad.geojson",
        ["cannot be read as a vector file", "GeoPackage"],
    ),
    "absent": (lambda p: p / "nowhere.shp", ["there is no such file"]),
    "wrong check digit": (
        lambda p: _write(_squares(["012024"]), p / "bad.geojson"),
        ["'012024' has check digit 4 where 5 belongs"],
    ),
}


@pytest.mark.parametrize("case", BAD_BOUNDARIES)
def test_bad_boundaries_get_one_line_and_status_2(capsys, tmp_path, case):
    make, expected = BAD_BOUNDARIES[case]
    out = tmp_path / "pairs.csv"
    out.write_text("older", encoding="utf-8")
    status, said, err = call(capsys, "adjacency", make(tmp_path), "--out", out)
    assert (status, said) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    for words in expected:
        assert words in err
    assert out.read_text(encoding="utf-8") == "older"


def test_crs_can_be_stated(capsys, tmp_path):
    source = _write(
        _squares(["01202", "01203"], ["函館市", "小樽市"], crs=None), tmp_path / "a.fgb"
    )
    out = tmp_path / "pairs.csv"
    status, _, err = call(capsys, "adjacency", source, "--crs", "EPSG:6668", "--out", out)
    assert status == 0
    assert len(pd.read_csv(out)) == 1
    assert "note: " in err
    assert "177 of the 179 municipalities of Hokkaido are not in it" in err


def test_tokyo_datum_is_moved_and_told(capsys, boundaries, tmp_path):
    towns = gpd.read_file(boundaries).to_crs("EPSG:6668").set_crs("EPSG:4301", allow_override=True)
    old = _write(towns, tmp_path / "old.fgb")
    status, _, err = call(capsys, "adjacency", old, "--out", tmp_path / "pairs.csv")
    assert status == 0
    assert "moved by 40" in err
    assert "Tokyo to JGD2000" in err


def test_invalid_polygon_is_repaired_and_told(capsys, tmp_path):
    towns = _squares(["01202", "01203"], ["函館市", "小樽市"])
    towns.loc[1, "geometry"] = Polygon([(142, 43), (143, 44), (143, 43), (142, 44)])
    source = _write(towns, tmp_path / "bow.fgb")
    status, _, err = call(capsys, "adjacency", source, "--out", tmp_path / "pairs.csv")
    assert status == 0
    assert "1 invalid polygons were repaired: 小樽市 (Self-intersection" in err


BAD_TABLES = {
    "unknown code": ("市町村コード,熱量\n1202,1\n", ["01202", "have a value but no polygon"]),
    "unknown name": ("市町村名,熱量\nニセコ,1\n", ["'ニセコ' is no municipality", "ニセコ町"]),
    "repeated": ("市町村コード,熱量\n1395,1\n01395,2\n", ["more than one row", "rows 2, 3"]),
    "no column": ("市町村コード,面積\n1395,1\n", ["it has no column '熱量'", "面積"]),
    "no number": ("市町村コード,熱量\n1395,多い\n", ["row 2: '多い' is no number"]),
    "no key": ("a,熱量\n1395,1\n", ["which column is the key of a row", "--key"]),
    "ambiguous": ("code,熱量\n12203,1\n", ["'12203' may be 12203 or 01220 士別市", "row 2"]),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables_get_one_line_and_status_2(capsys, boundaries, tmp_path, case):
    text, expected = BAD_TABLES[case]
    table, out = tmp_path / "bad.csv", tmp_path / "sums.csv"
    table.write_text(text, encoding="cp932")
    words = ("aggregate", boundaries, table, "--value", "熱量", "--out", out, "-q")
    status, said, err = call(capsys, *words)
    assert (status, said) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    for part in expected:
        assert part in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["adjacency"], "Missing argument 'BOUNDARIES'"),
        (["nonsense"], "No such command 'nonsense'"),
        (["report", "--chapter", "two"], "'two' is not a valid integer"),
        (["report", "--chapter", "9"], "There is no chapter 9; there are 2, 3, 4, 5, 6, 7"),
        (["check", "--chapter", "9"], "There is no chapter 9; there are 2, 3, 4, 5, 6, 7"),
        (["figure", "fig-9-9"], "There is no figure or table 'fig-9-9'"),
        (["report", "--data", "nowhere"], "nowhere is no folder"),
        (["figure", "fig-3-3"], "fig-3-3: The irrigation flows"),
        (["figure", "fig-2-3", "--municipality", "釧路"], "'釧路' is no municipality of Hokkaido"),
    ],
)
def test_wrong_options_give_status_2(capsys, words, expected):
    status, said, err = call(capsys, *words)
    assert (status, said) == (2, "")
    assert expected in err


def test_a_fault_of_ours_gives_status_1_and_no_traceback_unless_asked(capsys, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("broken inside")

    monkeypatch.setattr("hokkaido_gis.report.registry.registry", broken)
    status, _, err = call(capsys, "list")
    assert status == 1
    assert err == (
        "fault of hokkaido-gis: RuntimeError: broken inside (run again with -v for the traceback)\n"
    )
    status, _, err = call(capsys, "list", "-v")
    assert status == 1
    assert "Traceback" in err


def test_what_the_system_refuses_is_no_fault_of_ours(capsys, monkeypatch):
    def broken(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hokkaido_gis.report.registry.registry", broken)
    status, _, err = call(capsys, "list")
    assert status == 2
    assert err.startswith("error: The system said: [Errno 28] No space left on device. Check that")
    assert len(err.splitlines()) == 1
    assert "Traceback" in call(capsys, "list", "-v")[2]


def test_a_stream_that_cannot_be_set_up_is_written_to_as_it_is(monkeypatch):
    class Plain:
        """What a notebook or a test puts in the place of a stream."""

        def __init__(self):
            self.said = ""

        def write(self, text):
            self.said += text

        def flush(self):
            pass

    out = Plain()
    monkeypatch.setattr("sys.stdout", out)
    assert run(["--version"]) == 0
    assert __version__ in out.said


def test_interrupt_is_told_plainly(capsys, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hokkaido_gis.report.registry.registry", interrupted)
    status, _, err = call(capsys, "list")
    assert status == 1
    assert err.strip().startswith("Stopped.")


def test_module_runs_and_help_loads_nothing_heavy():
    code = (
        "import sys; from hokkaido_gis.cli import run; run(['--help']);"
        "heavy = {'geopandas', 'pandas', 'matplotlib', 'shapely'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "hokkaido_gis", "--version"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("hokkaido-gis, version")


def test_a_cp932_console_does_not_break_the_output():
    done = subprocess.run(
        [sys.executable, "-m", "hokkaido_gis", "list"],
        check=True, capture_output=True, env={"PYTHONIOENCODING": "cp932", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert "木質バイオマス発電の有望立地" in done.stdout.decode("cp932")
