"""One wrong byte in what an earlier run has kept: it is noticed, and the results are right."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from test_fetch import (  # noqa: F401  (fixtures)
    N03_FILE,
    n03,
    offer,
    server,
    settings,
    told,
)
from test_report_run import contents, listing, square

from hokkaido_gis.fetch.errors import FetchError
from hokkaido_gis.fetch.retrieve import get_data
from hokkaido_gis.io.alone import RUNNING
from hokkaido_gis.report import making
from hokkaido_gis.report.ledger import COLUMNS
from hokkaido_gis.report.registry import Entry
from hokkaido_gis.report.rerun import JOURNAL, Journal
from hokkaido_gis.report.run import run_report

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.report.place import Place

pytestmark = pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")


def flip(path: Path, place: int) -> None:
    """Change one bit of a byte."""
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    codes = ["01202", "01203"]
    boxes = [shapely.box(141 + x, 43, 142 + x, 44) for x in range(2)]
    frame = gpd.GeoDataFrame({"code": codes}, geometry=boxes, crs="EPSG:6668")
    frame.to_file(folder / "municipalities.geojson")
    table = pd.DataFrame({"code": codes, "population": [5, 6]})
    table.to_csv(folder / "population.csv", index=False)
    return folder


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of a map and a table."""

    def chosen(*, place: Place, **_: object) -> list[Entry]:
        recipes = {"fig-2-3": square, "table-3-3": listing}
        return [Entry(name, "map", name, "", "", recipe) for name, recipe in recipes.items()]

    monkeypatch.setattr("hokkaido_gis.report.run.select", chosen)
    row = dict.fromkeys(COLUMNS, "") | {"id": "fig-2-3", "verdict": "equal"}
    monkeypatch.setattr(making, "ledger", lambda *_, **__: pd.DataFrame([row]))


def test_a_wrong_byte_in_any_file_of_the_report_is_mended(data, tmp_path):
    out = tmp_path / "out"
    run_report(data, out)
    sound = contents(out)
    chance = random.Random(0)  # noqa: S311  (places, no secrets)
    kept = [name for name, content in sound.items() if content]
    assert {name.rpartition(".")[2] for name in kept} >= {"kmz", "html", "png", "csv", "gpkg"}
    for name in kept:
        flip(out / name, chance.randrange(len(sound[name])))
        assert contents(out) != sound
        run_report(data, out)
        assert contents(out) == sound, name


def test_no_wrong_byte_in_the_journal_is_believed(data, tmp_path):
    out = tmp_path / "out"
    run_report(data, out)
    sound = (out / JOURNAL).read_bytes()
    records = Journal(out)._records
    assert set(records) >= {"fig-2-3", "table-3-3", "ledger.csv"}
    for place in range(0, len(sound), 7):
        flip(out / JOURNAL, place)
        found = Journal(out)._records
        assert all(record == records[name] for name, record in found.items())
        assert len(found) < len(records)
        (out / JOURNAL).write_bytes(sound)


def test_an_older_or_foreign_journal_counts_for_nothing(tmp_path):
    (tmp_path / JOURNAL).write_bytes(b'{"name":"fig-2-3","key":"x"}\n[]\n\n["", 1]\nnull\n')
    (tmp_path / RUNNING).write_bytes(b"{")
    assert Journal(tmp_path)._records == {}


@pytest.mark.parametrize("part", ["archive", "unpacked", "record"])
def test_a_wrong_byte_in_the_cache_of_fetched_files_is_noticed(
    offer,  # noqa: F811
    n03,  # noqa: F811
    settings,  # noqa: F811
    part,
):
    entry = offer("n03", n03)
    (layer,) = get_data(entry, settings=settings)
    sound = layer.read_bytes()
    archive = settings.cache / "n03" / N03_FILE
    record = archive.with_name(f"{N03_FILE}.json")
    path = {"archive": archive, "unpacked": layer, "record": record}[part]
    whole = path.read_bytes()
    chance = random.Random(1)  # noqa: S311  (places, no secrets)
    for _ in range(6):
        flip(path, chance.randrange(len(whole)))
        if part == "archive":
            with pytest.raises(FetchError, match=r"no longer the file .* download it anew"):
                get_data(entry, settings=settings)
        try:
            assert get_data(entry, settings=settings) == [layer]
        except FetchError as error:
            assert part == "record"
            assert any(said in str(error) for said in ("cannot be read", "no longer the file"))  # noqa: PT017
            archive.write_bytes(n03)
        record.unlink() if part == "record" else None
        assert get_data(entry, settings=settings) == [layer]
        assert layer.read_bytes() == sound
