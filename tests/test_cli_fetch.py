"""``hokkaido-gis fetch``: what it prints where, and its exit status."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hokkaido_gis.cli import run
from hokkaido_gis.fetch import retrieve, transport
from hokkaido_gis.fetch.catalogue import CATALOGUE

STATION = {
    "type": "C", "elems": "11112010", "lat": [45, 31.2], "lon": [141, 56.1], "alt": 26,
    "kjName": "宗谷岬", "knName": "ソウヤミサキ", "enName": "Cape Soya",
}  # fmt: skip


@pytest.fixture
def stations(monkeypatch):
    """Serve the table of AMeDAS stations on this machine; gives the number of requests."""
    body = json.dumps({"11001": STATION}).encode()
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/amedastable.json"
        entry = dataclasses.replace(CATALOGUE["amedas"], address=address)
        monkeypatch.setitem(CATALOGUE, "amedas", entry)
        allowing = partial(retrieve.FetchSettings, _loopback=True, _pause=0)
        monkeypatch.setattr(retrieve, "FetchSettings", allowing)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield requests
        server.shutdown()
        thread.join()


def call(capsys, *words):
    """Run the command line and give its status, standard output and standard error."""
    status = run(["fetch", *(str(word) for word in words)])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(("lang", "publisher"), [("ja", "気象庁"), ("en", "Japan Meteorological")])
def test_list_is_a_table_on_stdout(capsys, lang, publisher):
    status, out, err = call(capsys, "--list", "--lang", lang)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (status, err) == (0, "")
    assert list(rows[0]) == ["name", "title", "publisher", "terms"]
    (amedas,) = [row for row in rows if row["name"] == "amedas"]
    assert amedas["publisher"].startswith(publisher)


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_paths_on_stdout_and_terms_on_stderr(capsys, tmp_path, stations, quiet):
    status, out, err = call(capsys, "AMEDAS", "--cache", tmp_path, *quiet)
    path = tmp_path / "amedas" / "amedastable" / "hokkaido_amedas_stations.csv"
    assert (status, out) == (0, f"{path}\n")
    assert path.is_file()
    assert "気象庁ホームページ利用規約" in err
    assert CATALOGUE["amedas"].credit in err
    assert "%" not in err  # no progress bar, for this is no terminal


def test_environment_names_the_cache_and_the_second_call_uses_it(
    capsys, tmp_path, stations, monkeypatch
):
    monkeypatch.setenv("HOKKAIDO_GIS_CACHE", str(tmp_path))
    first = call(capsys, "amedas", "--lang", "en")
    assert first == call(capsys, "amedas", "--lang", "en")
    assert first[0] == 0
    assert "JMA website" in first[2]
    assert len(stations) == 1


def test_refresh_asks_again(capsys, tmp_path, stations):
    for words in ([], ["--refresh"]):
        assert call(capsys, "amedas", "--cache", tmp_path, *words)[0] == 0
    assert len(stations) == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "--list"),
        (["n04"], "Choose from"),
        (["amedas", "n03", "--year", "1999"], "one edition"),
        (["n03", "--prefecture", "99"], "from 01 to 47"),
        (["settlement-census"], "by hand"),
    ],
)
def test_wrong_options_are_told_before_any_request(capsys, tmp_path, stations, words, reason):
    status, out, err = call(capsys, *words, "--cache", tmp_path)
    assert (status, out) == (2, "")
    assert reason in err
    assert "Traceback" not in err
    assert stations == []


def test_interrupt_is_told_and_leaves_the_part(capsys, tmp_path, stations, monkeypatch):
    pieces = iter([b'{"11001"'])

    def interrupted(response, rules):
        try:
            return next(pieces)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(transport, "_read", interrupted)
    status, out, err = call(capsys, "amedas", "--cache", tmp_path)
    assert (status, out) == (1, "")
    assert "run the same command again" in err
    assert (tmp_path / "amedas" / "amedastable.json.part").read_bytes() == b'{"11001"'
