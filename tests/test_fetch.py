"""Fetching: what a server on this machine serves, breaks off, or gets wrong."""

from __future__ import annotations

import dataclasses
import io
import json
import socket
import stat
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

from hokkaido_gis.errors import LayerWarning, OutputError
from hokkaido_gis.fetch import retrieve, transport
from hokkaido_gis.fetch.archive import unpack
from hokkaido_gis.fetch.cache import cache_folder
from hokkaido_gis.fetch.catalogue import (
    CATALOGUE,
    choose_edition,
    find_data_set,
    list_data_sets,
)
from hokkaido_gis.fetch.convert import POWER_FIELDS, convert_power
from hokkaido_gis.fetch.errors import FetchError, UnreachableError
from hokkaido_gis.fetch.retrieve import FetchSettings, get_data
from hokkaido_gis.fetch.transport import PartFile, Rules, check_address, download
from hokkaido_gis.io.limits import Limits
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.stations import read_stations
from hokkaido_gis.readers.substations import read_substations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N03_FILE = "N03-20250101_01_GML.zip"


@dataclass
class Route:
    """What the server answers to one path."""

    body: bytes = b""
    content_type: str = "application/zip"
    status: int = 200
    etag: str | None = '"v1"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)  # bytes after which each next answer breaks off
    location: str | None = None
    stall: threading.Event | None = None  # nothing is answered before this is set
    announce: bool = True
    hold: threading.Event | None = None  # a broken answer is kept open until this is set
    shifts: list[int] = field(default_factory=list)  # bytes by which each next range is beside


class Server:
    """A web server on loopback, the routes it knows and the requests it got."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            do_POST = do_GET  # noqa: N815 (named by the standard library)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def ranges(self) -> list[str | None]:
        """The ranges that were asked for, one a request."""
        return [headers.get("Range") for _, _, headers, _ in self.requests]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        sent = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.requests.append((handler.command, handler.path, dict(handler.headers), sent))
        route = self.routes.get(handler.path, Route(status=404))
        if route.stall:
            route.stall.wait(10)
        start = self._start(handler, route)
        if start is not None and start >= len(route.body):
            handler.send_error(416)
            return
        handler.send_response(206 if start is not None else route.status)
        body = route.body[start or 0 :]
        if start is not None:
            size = len(route.body)
            told = start + (route.shifts.pop(0) if route.shifts else 0)
            handler.send_header("Content-Range", f"bytes {told}-{size - 1}/{size}")
        if route.announce:
            handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Type", route.content_type)
        if route.etag:
            handler.send_header("ETag", route.etag)
        if route.location:
            handler.send_header("Location", route.location)
        handler.end_headers()
        handler.wfile.write(body[: route.cuts.pop(0)] if route.cuts else body)
        if route.hold:
            route.hold.wait(10)
        handler.close_connection = True

    @staticmethod
    def _start(handler: BaseHTTPRequestHandler, route: Route) -> int | None:
        wanted = handler.headers.get("Range")
        if not (wanted and route.ranges and handler.headers.get("If-Range") == route.etag):
            return None
        return int(wanted.removeprefix("bytes=").removesuffix("-"))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def settings(tmp_path, told) -> FetchSettings:
    return FetchSettings(
        cache=tmp_path / "cache", tell=told.append, lang="en", _loopback=True, _pause=0
    )


@pytest.fixture
def offer(server) -> Callable[..., object]:
    """Serve the file of a data set, and give its entry with the address on this machine."""

    def place(name: str, body: bytes, **options: object):
        real = CATALOGUE[name]
        path = "/" + choose_edition(real).file_name
        options.setdefault("content_type", f"application/{real.kind}")
        server.routes[path] = Route(body, **options)
        changes = {"address": server.url + path, "timeout": 5.0, "years": (), "max_bytes": 10**7}
        return dataclasses.replace(real, **changes)

    return place


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def n03(squares) -> bytes:
    """An archive of N03 as MLIT lays it out since 2024, with four municipalities."""
    frame = gpd.GeoDataFrame(
        {
            "N03_001": "北海道",
            "N03_002": "渡島総合振興局",
            "N03_003": None,
            "N03_004": squares["name"],
            "N03_005": None,
            "N03_007": squares.index,
        },
        geometry=squares.geometry,
    )
    layer = frame.to_json(drop_id=True, to_wgs84=False).encode()
    return zipped(
        {
            "N03-20250101_01.geojson": layer,
            "N03-20250101_01_prefecture.geojson": layer,
            "N03-20250101_01.shp": b"not read, since GeoJSON comes first",
            "KS-META-N03-20250101_01.xml": b"<xml/>" + bytes(range(256)) * 40,
            "UTF-8/readme.txt": "行政区域".encode(),
        }
    )


def leftovers(folder: Path) -> list[str]:
    """Names in a folder that are neither file, record nor what was made of it."""
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".") or ".part" in p.name)


# The way it should go


def test_n03_is_fetched_unpacked_and_read(offer, n03, settings, server, told):
    (path,) = get_data(offer("n03", n03), settings=settings)
    assert path == settings.cache / "n03" / "N03-20250101_01_GML" / "N03-20250101_01.geojson"
    with pytest.warns(LayerWarning, match="are not in it"):
        towns = read_municipalities(path)
    assert list(towns.index) == ["01202", "01203", "01204", "01205"]
    assert towns.loc["01202", "name"] == "函館市"
    assert "CC BY 4.0" in told[0]
    assert told[-1].endswith(CATALOGUE["n03"].credit)
    (request,) = server.requests
    assert request[2]["User-Agent"].startswith("hokkaido-gis/")


def test_record_beside_the_file(offer, n03, settings):
    get_data(offer("n03", n03), settings=settings)
    file = settings.cache / "n03" / N03_FILE
    record = json.loads(file.with_name(N03_FILE + ".json").read_text(encoding="utf-8"))
    assert file.read_bytes() == n03
    assert (record["bytes"], record["origin"]) == (len(n03), "downloaded")
    assert len(record["sha256"]) == 64
    assert "N03-20250101_01_GML/N03-20250101_01.geojson" in record["files"]
    assert leftovers(file.parent) == []


def test_second_call_makes_no_request(offer, n03, settings, server):
    entry = offer("n03", n03)
    first = get_data(entry, settings=settings)
    assert get_data(entry, settings=settings) == first
    assert len(server.requests) == 1


def test_what_was_unpacked_and_then_changed_is_made_anew(offer, n03, settings, server):
    entry = offer("n03", n03)
    (path,) = get_data(entry, settings=settings)
    before = path.read_bytes()
    path.write_text("{}")
    assert get_data(entry, settings=settings) == [path]
    assert path.read_bytes() == before
    kept = path.parent.with_name(path.parent.name + ".older") / path.name
    assert kept.read_text() == "{}"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("w01", "W01-14_GML/W01-14-g_Dam.shp"),
        ("w01", "W01-14_GML\\UTF-8\\W01-14-g_Dam.geojson"),
        ("c09", "C09-06_FishingPort.shp"),
        ("settlements", "MA0001_2020_2020_01/ma0001_2020_2020_01.shp"),
    ],
)
def test_layer_is_found_in_the_archive(offer, settings, name, inner):
    others = {"C09-06_FishingPortBoundary.shp": b"lines", "meta.xml": b"x"}
    files = others if name != "settlements" else {"meta.xml": b"x"}
    (path,) = get_data(offer(name, zipped({**files, inner: b"layer"})), settings=settings)
    assert path.name == inner.replace("\\", "/").rpartition("/")[2]
    assert path.read_bytes() == b"layer"


def test_utf8_is_preferred_where_a_layer_comes_in_two_encodings(offer, settings):
    name = "W01-14-g_Dam.geojson"
    body = zipped({f"UTF-8/{name}": b"utf-8", f"Shift-JIS/{name}": b"cp932"})
    (path,) = get_data(offer("w01", body), settings=settings)
    assert path.read_bytes() == b"utf-8"


def test_archive_without_the_layer_is_told(offer, settings):
    with pytest.raises(FetchError, match=r"holds other\.shp.*read_dams.*refused"):
        get_data(offer("w01", zipped({"other.shp": b"x"})), settings=settings)


def test_file_put_there_by_hand_is_taken(offer, n03, settings, server):
    entry = offer("n03", b"")
    file = settings.cache / "n03" / N03_FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(n03)
    (path,) = get_data(entry, settings=settings)
    record = json.loads(file.with_name(N03_FILE + ".json").read_text(encoding="utf-8"))
    assert path.is_file()
    assert record["origin"] == "by hand"
    assert server.requests == []


def test_wrong_file_put_there_by_hand_stays_where_it_is(offer, settings):
    entry = offer("n03", b"")
    file = settings.cache / "n03" / N03_FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"plain text")
    with pytest.raises(FetchError, match="replace it"):
        get_data(entry, settings=settings)
    assert file.read_bytes() == b"plain text"


def test_archive_without_the_layer_put_there_by_hand_stays_where_it_is(offer, settings):
    entry = offer("w01", b"")
    file = settings.cache / "w01" / choose_edition(CATALOGUE["w01"]).file_name
    file.parent.mkdir(parents=True)
    file.write_bytes(zipped({"other.shp": b"x"}))
    with pytest.raises(FetchError, match=r"holds other\.shp") as caught:
        get_data(entry, settings=settings)
    assert "set aside" not in str(caught.value)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_cache_folder_is_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("HOKKAIDO_GIS_CACHE", str(tmp_path / "a"))
    assert cache_folder() == tmp_path / "a"
    assert cache_folder(tmp_path / "b") == tmp_path / "b"
    monkeypatch.delenv("HOKKAIDO_GIS_CACHE")
    assert cache_folder().name == "hokkaido-gis"


def test_cache_that_cannot_be_written_is_told(offer, n03, settings, tmp_path):
    (tmp_path / "file").write_text("x")
    blocked = dataclasses.replace(settings, cache=tmp_path / "file")
    with pytest.raises(OutputError, match="--cache"):
        get_data(offer("n03", n03), settings=blocked)


# Connections that break off


def test_broken_download_goes_on_where_it_stopped(offer, n03, settings, server):
    (path,) = get_data(offer("n03", n03, cuts=[100, 300]), settings=settings)
    assert server.ranges == [None, "bytes=100-", "bytes=400-"]
    assert path.parent.with_name(N03_FILE).read_bytes() == n03


def test_server_without_ranges_sends_the_whole_again(offer, n03, settings, server):
    (path,) = get_data(offer("n03", n03, cuts=[100], ranges=False), settings=settings)
    assert server.ranges == [None, "bytes=100-"]
    assert path.parent.with_name(N03_FILE).read_bytes() == n03


def test_without_a_version_nothing_is_continued(offer, n03, settings, server):
    get_data(offer("n03", n03, cuts=[100], etag=None), settings=settings)
    assert server.ranges == [None, None]


def test_next_call_goes_on_after_giving_up(offer, n03, settings, server):
    entry = offer("n03", n03, cuts=[100, 10, 10])
    with pytest.raises(UnreachableError, match=r"broke off 3 times.*after 120 bytes"):
        get_data(entry, settings=settings)
    part = settings.cache / "n03" / (N03_FILE + ".part")
    assert part.read_bytes() == n03[:120]
    get_data(entry, settings=settings)
    assert server.ranges[-1] == "bytes=120-"
    assert not part.exists()


def test_file_that_changed_meanwhile_is_taken_whole(offer, n03, settings, server):
    entry = offer("n03", b"x" * len(n03), cuts=[100, 0, 0])
    with pytest.raises(UnreachableError):
        get_data(entry, settings=settings)
    server.routes["/" + N03_FILE] = Route(n03, etag='"v2"')
    (path,) = get_data(entry, settings=settings)
    assert path.parent.with_name(N03_FILE).read_bytes() == n03


def test_part_longer_than_the_file_is_thrown_away(offer, n03, settings, server):
    entry = offer("n03", n03, cuts=[100, 0, 0])
    with pytest.raises(UnreachableError):
        get_data(entry, settings=settings)
    part = settings.cache / "n03" / (N03_FILE + ".part")
    part.write_bytes(n03 + b"more")
    get_data(entry, settings=settings)
    assert server.ranges[-2:] == [f"bytes={len(n03) + 4}-", None]


def test_interrupt_leaves_a_part_that_is_continued(offer, n03, settings, server, told, monkeypatch):
    entry = offer("n03", n03)
    read = transport._read
    pieces = iter([200])

    def interrupted(response, rules):
        try:
            return response.read(next(pieces))
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(transport, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get_data(entry, settings=settings)
    part = settings.cache / "n03" / (N03_FILE + ".part")
    assert part.read_bytes() == n03[:200]
    assert "run the same command again" in told[-1]
    monkeypatch.setattr(transport, "_read", read)
    get_data(entry, settings=settings)
    assert server.ranges == [None, "bytes=200-"]


def test_interrupt_after_the_download_needs_no_second_one(
    offer, n03, settings, server, monkeypatch
):
    def interrupted(*_):
        raise KeyboardInterrupt

    entry = offer("n03", n03)
    with monkeypatch.context() as patch:
        patch.setitem(retrieve._CONVERTERS, "unpack", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get_data(entry, settings=settings)
    (path,) = get_data(entry, settings=settings)
    assert path.is_file()
    assert len(server.requests) == 1
    assert leftovers(settings.cache / "n03") == []


def test_part_that_is_whole_needs_no_request(server, tmp_path):
    server.routes["/a.zip"] = Route(b"abc")
    part = PartFile(tmp_path / "a.part")
    rules = Rules(hosts=(), max_bytes=10, loopback=True, timeout=5)
    download(server.url + "/a.zip", part, rules)
    download(server.url + "/a.zip", part, rules)
    assert part.path.read_bytes() == b"abc"
    assert server.ranges == [None]


def test_other_range_than_the_one_asked_for_is_not_added(offer, n03, settings, server):
    (path,) = get_data(offer("n03", n03, cuts=[100], shifts=[1]), settings=settings)
    assert server.ranges == [None, "bytes=100-", None]
    assert path.parent.with_name(N03_FILE).read_bytes() == n03


def test_server_that_keeps_sending_other_ranges_is_left(offer, n03, settings):
    entry = offer("n03", n03, cuts=[100, 10**6, 100], shifts=[-1, -1])
    with pytest.raises(UnreachableError, match="after 100 bytes"):
        get_data(entry, settings=settings)


def test_connection_that_falls_silent_is_left(offer, n03, settings, server):
    hold = threading.Event()
    entry = dataclasses.replace(offer("n03", n03, cuts=[100, 10, 10], hold=hold), timeout=0.2)
    with pytest.raises(UnreachableError, match=r"after 120 bytes \(no answer within 0\.2 seconds"):
        get_data(entry, settings=settings)
    hold.set()


def test_answer_of_unknown_length_is_taken(offer, n03, settings):
    (path,) = get_data(offer("n03", n03, announce=False), settings=settings)
    assert path.is_file()


class Terminal(io.StringIO):
    """Takes text as a terminal does."""

    def isatty(self) -> bool:
        """Be a terminal."""
        return True


@pytest.mark.parametrize(("kind", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_progress_is_for_terminals(offer, n03, settings, monkeypatch, kind, shown):
    stream = kind()
    monkeypatch.setattr("sys.stderr", stream)
    get_data(offer("n03", n03), settings=dataclasses.replace(settings, progress=True))
    assert ("100%" in stream.getvalue()) is shown


# Checksums


def test_damaged_file_is_refused_set_aside_and_fetched_anew(offer, n03, settings, server):
    entry = offer("n03", n03)
    get_data(entry, settings=settings)
    file = settings.cache / "n03" / N03_FILE
    file.write_bytes(n03[:-1] + b"?")
    with pytest.raises(FetchError, match=r"checksum differs.*damaged"):
        get_data(entry, settings=settings)
    assert not file.exists()
    assert file.with_name(N03_FILE + ".damaged").is_file()
    get_data(entry, settings=settings)
    assert file.read_bytes() == n03
    assert len(server.requests) == 2


def test_other_file_at_the_second_download_is_refused(offer, n03, settings, server):
    entry = offer("n03", n03)
    get_data(entry, settings=settings)
    file = settings.cache / "n03" / N03_FILE
    file.unlink()
    other = zipped({"N03-20250101_01.geojson": b"{}"})
    server.routes["/" + N03_FILE] = Route(other)
    with pytest.raises(FetchError, match="--refresh"):
        get_data(entry, settings=settings)
    assert not file.exists()
    assert file.with_name(N03_FILE + ".different").read_bytes() == other
    (path,) = get_data(entry, settings=dataclasses.replace(settings, refresh=True))
    assert path.read_bytes() == b"{}"


def test_refresh_that_fails_leaves_the_older_files(offer, n03, settings, server):
    entry = offer("n03", n03)
    (path,) = get_data(entry, settings=settings)
    before = path.read_bytes()
    server.routes["/" + N03_FILE] = Route(zipped({"other.txt": b"x"}))
    with pytest.raises(FetchError, match=r"other\.txt"):
        get_data(entry, settings=dataclasses.replace(settings, refresh=True))
    assert get_data(entry, settings=settings) == [path]
    assert path.read_bytes() == before


def test_refresh_replaces_what_was_made(offer, n03, settings, server):
    entry = offer("n03", n03)
    get_data(entry, settings=settings)
    server.routes["/" + N03_FILE] = Route(zipped({"N03-20250101_01.shp": b"new"}))
    (path,) = get_data(entry, settings=dataclasses.replace(settings, refresh=True))
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["N03-20250101_01.shp"]
    assert not path.parent.with_name(path.parent.name + ".older").exists()


def test_record_that_cannot_be_read_is_told(offer, n03, settings):
    entry = offer("n03", n03)
    get_data(entry, settings=settings)
    (settings.cache / "n03" / (N03_FILE + ".json")).write_text("{")
    with pytest.raises(FetchError, match="Delete both"):
        get_data(entry, settings=settings)


# What comes instead of the file

PAGE = "<!DOCTYPE html><html><head><title>アクセス\n制限</title></head></html>"


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [("text/html; charset=utf-8", "utf-8"), ("application/zip", "utf-8"), ("text/html", "cp932")],
)
def test_page_instead_of_the_archive_is_noticed(offer, settings, content_type, encoding):
    entry = offer("n03", PAGE.encode(encoding), content_type=content_type)
    with pytest.raises(UnreachableError, match=r"a web page \('アクセス 制限'\).*put it here as"):
        get_data(entry, settings=settings)
    assert [p for p in settings.cache.rglob("*") if p.name != "n03"] == []


def test_page_without_a_title_is_noticed(offer, settings):
    with pytest.raises(UnreachableError, match="sent a web page instead of the file"):
        get_data(offer("n03", b"<p>Sorry</p>", content_type="text/html"), settings=settings)


def test_other_content_is_noticed(offer, settings):
    with pytest.raises(FetchError, match=r"no zip file: it begins with b'%PDF"):
        get_data(offer("n03", b"%PDF-1.7"), settings=settings)


@pytest.mark.parametrize(
    ("status", "hint"),
    [(404, "may have moved"), (429, "wait some minutes"), (407, "HTTPS_PROXY"), (500, "500")],
)
def test_refusal_of_the_server_is_explained(offer, settings, status, hint):
    with pytest.raises(UnreachableError, match=hint) as caught:
        get_data(offer("n03", b"", status=status), settings=settings)
    assert str(settings.cache / "n03" / N03_FILE) in str(caught.value)


def test_closed_network_says_what_to_download_and_where_to_put_it(offer, settings):
    entry = offer("n03", b"")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/{N03_FILE}"
    closed = dataclasses.replace(entry, address=address)
    with pytest.raises(UnreachableError) as caught:
        get_data(closed, settings=settings)
    message = str(caught.value)
    assert "cannot be reached" in message
    assert f"download {address}" in message
    assert str(settings.cache / "n03" / N03_FILE) in message


def test_server_that_does_not_answer_is_left(offer, settings):
    stall = threading.Event()
    entry = dataclasses.replace(offer("n03", b"", stall=stall), timeout=0.2)
    with pytest.raises(UnreachableError, match=r"no answer within 0\.2 seconds"):
        get_data(entry, settings=settings)
    stall.set()


# What is not allowed


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://nlftp.mlit.go.jp/a.zip", "only https"),
        ("ftp://nlftp.mlit.go.jp/a.zip", "only https"),
        ("file:///etc/passwd", "only https"),
        ("https://example.org/a.zip", "published at nlftp"),
        ("https://nlftp.mlit.go.jp.example.org/a.zip", "published at nlftp"),
        ("https://nlftp.mlit.go.jp@example.org/a.zip", "published at nlftp"),
        ("https://nlftp.mlit.go.jp:8443/a.zip", "published at nlftp"),
        ("http://127.0.0.1/a.zip", "only https"),
    ],
)
def test_address_elsewhere_is_refused(url, reason):
    rules = Rules(hosts=("nlftp.mlit.go.jp",), max_bytes=1)
    with pytest.raises(FetchError, match=reason):
        check_address(url, rules)


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "nlftp.mlit.go.jp", "127.evil.example"])
def test_plain_http_for_tests_is_for_loopback_only(host):
    with pytest.raises(FetchError, match="only https"):
        check_address(f"http://{host}/a.zip", Rules(hosts=(host,), max_bytes=1, loopback=True))


def test_plain_http_is_refused_without_the_private_parameter(offer, n03, settings, server):
    with pytest.raises(FetchError, match="only https"):
        get_data(offer("n03", n03), settings=dataclasses.replace(settings, _loopback=False))
    assert server.requests == []


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://example.org/a.zip", "published at nlftp"),
        ("http://localhost:1/a.zip", "only https"),
        ("ftp://127.0.0.1/a.zip", "only https"),
    ],
)
def test_redirect_elsewhere_is_refused(offer, settings, location, reason):
    with pytest.raises(FetchError, match=reason):
        get_data(offer("n03", b"", status=302, location=location), settings=settings)


def test_redirect_on_the_same_host_is_followed(offer, n03, settings, server):
    entry = offer("n03", b"", status=302, location="/moved.zip")
    server.routes["/moved.zip"] = Route(n03)
    assert get_data(entry, settings=settings)[0].is_file()


@pytest.mark.parametrize("announce", [True, False])
def test_file_that_is_too_large_is_refused(offer, n03, settings, announce):
    entry = dataclasses.replace(offer("n03", n03, announce=announce), max_bytes=len(n03) - 1)
    with pytest.raises(FetchError, match="larger than"):
        get_data(entry, settings=settings)
    assert list(settings.cache.rglob("*.part*")) == []


def test_part_file_that_cannot_be_written_is_told(server, tmp_path):
    server.routes["/a.zip"] = Route(b"abc")
    (tmp_path / "file").write_text("x")
    rules = Rules(hosts=(), max_bytes=10, loopback=True)
    with pytest.raises(OutputError, match="Cannot write"):
        download(server.url + "/a.zip", PartFile(tmp_path / "file" / "a.part"), rules)


# Archives


@pytest.fixture
def archive(tmp_path):
    def write(files: dict[str, bytes]) -> Path:
        path = tmp_path / "a.zip"
        path.write_bytes(zipped(files))
        return path

    return write


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "a/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt", "a\x01b"],
)
def test_entry_outside_the_folder_is_refused(archive, tmp_path, name):
    folder = tmp_path / "out"
    with pytest.raises(FetchError, match="outside its folder"):
        unpack(archive({"good.txt": b"x", name: b"x"}), folder)
    assert not folder.exists()
    assert not (tmp_path / "evil.txt").exists()


def test_archive_with_entry_outside_is_refused_when_fetched(offer, settings, tmp_path):
    body = zipped({"N03-20250101_01.geojson": b"{}", "../../evil.txt": b"x"})
    with pytest.raises(FetchError, match=r"outside its folder.*\.refused"):
        get_data(offer("n03", body), settings=settings)
    assert list(tmp_path.rglob("evil.txt")) == []
    assert not (settings.cache / "n03" / N03_FILE).exists()


def test_bomb_by_ratio_is_refused(archive, tmp_path):
    with pytest.raises(FetchError, match=r"would grow \d+-fold to 3,000,000 bytes"):
        unpack(archive({"zeros.shp": bytes(3_000_000)}), tmp_path / "out")


def test_limits_on_size_and_count_are_all_told(archive, tmp_path):
    path = archive({"a": b"x" * 60, "b": b"y" * 60, "c": b""})
    with pytest.raises(FetchError, match=r"2 faults: .*3 entries.*120 bytes"):
        unpack(path, tmp_path / "out", Limits(max_files=2, max_unpacked=100))


def test_folder_that_cannot_be_written_is_no_fault_of_the_archive(archive, tmp_path):
    folder = tmp_path / "out"
    folder.write_text("x")
    with pytest.raises(FileExistsError):
        unpack(archive({"a.shp": b"x"}), folder)
    assert folder.read_text() == "x"


def test_link_is_refused(tmp_path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(entry, "/etc/passwd")
    with pytest.raises(FetchError, match="links"):
        unpack(path, tmp_path / "out")


def test_names_that_meet_on_windows_are_refused(archive, tmp_path):
    with pytest.raises(FetchError, match="come twice"):
        unpack(archive({"a.shp": b"x", "A.shp": b"y"}), tmp_path / "out")


def test_damaged_archive_is_told(archive, tmp_path):
    path = archive({"a.txt": b"some text that is long enough to be damaged" * 9})
    content = bytearray(path.read_bytes())
    content[45] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FetchError, match="no sound zip archive"):
        unpack(path, tmp_path / "out")


def test_names_in_shift_jis_are_understood(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("XXXX.txt", b"x")
    path.write_bytes(path.read_bytes().replace(b"XXXX", "説明".encode("cp932")))
    (written,) = unpack(path, tmp_path / "out")
    assert written.name == "説明.txt"


# Overpass


def way(number: int, power: str, *points: tuple[float, float], **tags: str) -> dict[str, object]:
    return {
        "type": "way",
        "id": number,
        "tags": {"power": power, **tags},
        "geometry": [{"lon": x, "lat": y} for x, y in points],
    }


RING = [(142, 43), (142.01, 43), (142.01, 43.01), (142, 43)]
POWER_ELEMENTS = [
    way(
        1, "line", (141, 43), (142, 43), voltage="187000;66000", name="道央幹線", cables="6",
        operator="北海道電力ネットワーク", circuits="2", frequency="50",
    ),
    way(2, "cable", (141, 42), (141, 41.5), voltage="250000"),
    way(3, "minor_line", *RING),
    way(4, "substation", *RING, name="西当別変電所", voltage="275000", substation="transmission"),
    {"type": "node", "id": 5, "lat": 43.5, "lon": 142.5, "tags": {"power": "substation"}},
    {
        "type": "relation",
        "id": 6,
        "tags": {"power": "substation", "type": "multipolygon"},
        "members": [
            {"type": "way", "role": "outer", "geometry": way(0, "", *RING[:3])["geometry"]},
            {"type": "way", "role": "outer", "geometry": way(0, "", *RING[2:])["geometry"]},
        ],
    },
]  # fmt: skip


def overpass(elements: list[object], **more: object) -> bytes:
    return json.dumps({"version": 0.6, **more, "elements": elements}).encode()


def test_power_is_asked_by_post_converted_and_readable(offer, settings, server):
    entry = offer("osm-power", overpass(POWER_ELEMENTS))
    lines_path, substations_path = get_data(entry, settings=settings)
    lines = read_vector(lines_path).set_index("id")
    substations = read_vector(substations_path).set_index("id")
    assert list(lines.index) == ["way/1", "way/2", "way/3"]
    assert set(POWER_FIELDS) <= set(lines.columns)
    assert lines.crs == "EPSG:4326"
    assert set(lines.geom_type) == {"LineString"}
    assert lines.loc["way/1", list(POWER_FIELDS[:7])].tolist() == [
        "line", "187000;66000", "道央幹線", "北海道電力ネットワーク", "2", "50", "6",
    ]  # fmt: skip
    assert lines["voltage"].isna().tolist() == [False, False, True]
    assert substations.geom_type.to_dict() == {
        "way/4": "Polygon", "node/5": "Point", "relation/6": "Polygon",
    }  # fmt: skip
    ((method, _, headers, sent),) = server.requests
    assert method == "POST"
    assert "Range" not in headers
    assert sent.startswith(b"data=%5Bout%3Ajson%5D")


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")  # unknown voltages
def test_power_is_what_the_readers_understand(offer, settings):
    paths = get_data(offer("osm-power", overpass(POWER_ELEMENTS)), settings=settings)
    lines, substations = read_lines(paths[0]), read_substations(paths[1])
    first = lines.loc["way/1"]
    assert (first["name"], first["kv"], first["voltages"]) == ("道央幹線", 187, "187;66")
    assert lines["kind"].tolist() == ["line", "cable", "minor_line"]
    assert lines["is_hvdc"].tolist() == [False, True, False]
    assert substations.loc["way/4", ["kind", "kv"]].tolist() == ["transmission", 275]


def test_elements_without_complete_shape_are_told(offer, settings):
    broken = [
        way(7, "line", (141, 43)),
        way(8, "substation", (141, 43), (142, 43)),
        {**way(9, "line"), "geometry": [None, {"lon": 1, "lat": 2}]},
        {"type": "relation", "id": 10, "tags": {"power": "substation"}, "members": []},
        {"type": "node", "id": 11, "tags": {"power": "tower"}},
    ]
    entry = offer("osm-power", overpass(POWER_ELEMENTS + broken))
    with pytest.warns(LayerWarning, match="4 elements .* way/7, way/8, way/9, relation/10"):
        lines_path, _ = get_data(entry, settings=settings)
    assert len(read_vector(lines_path)) == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (overpass(POWER_ELEMENTS, remark="runtime error: Query timed out"), "Query timed out"),
        (overpass([]), "hokkaido_power_lines, hokkaido_substations"),
        (overpass(POWER_ELEMENTS[:3]), "nothing for hokkaido_substations"),
        (b'{"elements": [', "no complete JSON"),
        (b"[]", "no answer of the Overpass API"),
    ],
)
def test_incomplete_answer_of_overpass_is_refused(offer, settings, answer, reason):
    with pytest.raises(FetchError, match=reason):
        get_data(offer("osm-power", answer), settings=settings)
    assert not (settings.cache / "osm-power" / "osm-power").exists()


def test_broken_answer_to_a_query_is_asked_for_anew(offer, settings, server):
    get_data(offer("osm-power", overpass(POWER_ELEMENTS), cuts=[50]), settings=settings)
    assert server.ranges == [None, None]


def test_query_is_not_sent_on_to_another_address(offer, settings):
    entry = offer("osm-power", b"", status=302, location="/elsewhere")
    with pytest.raises(FetchError, match="sends queries on"):
        get_data(entry, settings=settings)


def test_query_can_be_run_in_a_browser(offer, settings):
    with pytest.raises(UnreachableError, match=r"osm-power\.json\?data=%5Bout%3Ajson%5D"):
        get_data(offer("osm-power", b"", status=504), settings=settings)


# AMeDAS

STATION = {
    "type": "C", "elems": "11112010", "lat": [45, 31.2], "lon": [141, 56.1], "alt": 26,
    "kjName": "宗谷岬", "knName": "ソウヤミサキ", "enName": "Cape Soya",
}  # fmt: skip


def test_station_table_becomes_decimal_degrees(offer, settings):
    table = {"44132": {**STATION, "kjName": "東京"}, "11016": STATION, "11001": STATION}
    (path,) = get_data(offer("amedas", json.dumps(table).encode()), settings=settings)
    stations = read_table(path)
    assert stations["id"].tolist() == ["11001", "11016"]
    assert pd.to_numeric(stations["lat"]).tolist() == [45.52, 45.52]
    assert pd.to_numeric(stations["lon"]).tolist() == [141.935, 141.935]
    first = stations.iloc[0]
    assert (first["kjName"], first["alt_m"], first["elems"]) == ("宗谷岬", "26", "11112010")
    place = read_stations(path).loc["11001"]
    assert (place["name"], place.geometry.x, place.geometry.y) == ("宗谷岬", 141.935, 45.52)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"11001": {**STATION, "lat": [45, 61]}}, "no degrees and minutes"),
        ({"11001": {**STATION, "lat": 45.52}}, "station 11001: TypeError"),
        ({"11001": {"lat": [45, 1]}}, "KeyError 'lon'"),
        ({"44132": STATION}, "no station of Hokkaido"),
        ([1], "not JMA's table"),
        ({"11001": 5}, "not JMA's table"),
    ],
)
def test_other_table_is_refused(offer, settings, table, reason):
    with pytest.raises(FetchError, match=reason):
        get_data(offer("amedas", json.dumps(table).encode()), settings=settings)


# The catalogue


@pytest.mark.parametrize("name", CATALOGUE)
def test_entry_is_complete(name):
    entry = find_data_set(name.upper())
    for words in (entry.title, entry.publisher, entry.terms):
        assert words.to("ja")
        assert words.to("en")
    assert entry.credit
    assert entry.page.startswith("https://")
    if not entry.address:
        assert entry.by_hand is not None
        return
    edition = choose_edition(entry)
    assert edition.file_name
    check_address(edition.url, Rules(hosts=entry.hosts, max_bytes=1))


def test_addresses_of_n03():
    base = "https://nlftp.mlit.go.jp/ksj/gml/data/N03/"
    n03 = CATALOGUE["n03"]
    assert choose_edition(n03).url == base + "N03-2025/N03-20250101_01_GML.zip"
    tokyo = choose_edition(n03, year=2024, prefecture="13")
    assert tokyo.url == base + "N03-2024/N03-20240101_13_GML.zip"
    assert choose_edition(n03, prefecture="1").url == choose_edition(n03).url


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("n03", {"year": 1999}, "years 2020 to 2026, not for 1999"),
        ("n03", {"prefecture": "48"}, "from 01 to 47"),
        ("n03", {"prefecture": "北海道", "year": 1}, "2 faults"),
        ("w01", {"year": 2014}, "one edition"),
        ("w01", {"prefecture": "01"}, "not cut by prefecture"),
    ],
)
def test_edition_that_there_is_not_is_refused(name, options, reason):
    with pytest.raises(FetchError, match=reason):
        choose_edition(find_data_set(name), **options)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(FetchError, match=r"'n04'.*amedas, c09, n03"):
        find_data_set("n04")


def test_table_of_the_catalogue():
    table = list_data_sets("en")
    assert list(table.columns) == ["name", "title", "publisher", "terms"]
    assert table["name"].tolist() == list(CATALOGUE)


def test_data_set_got_by_hand(settings):
    folder = settings.cache / "settlement-census"
    with pytest.raises(FetchError, match="must be got by hand") as caught:
        get_data("settlement-census", settings=settings)
    assert str(folder) in str(caught.value)
    (folder / "SA1009_2020_2020_01.xlsx").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    assert get_data("settlement-census", settings=settings) == [folder / "SA1009_2020_2020_01.xlsx"]


# What is broken or tampered with


@pytest.mark.parametrize("name", ["../../secret.txt", "/etc/passwd", "C:\\secret.txt"])
def test_record_that_names_a_file_elsewhere_is_told(offer, n03, settings, name):
    entry = offer("n03", n03)
    get_data(entry, settings=settings)
    path = settings.cache / "n03" / (N03_FILE + ".json")
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"files": {name: "0" * 64}}), encoding="utf-8")
    with pytest.raises(FetchError, match=r"outside its folder.*Delete both"):
        get_data(entry, settings=settings)


@pytest.mark.parametrize(
    "content",
    ['{"elements": [1]}', '{"elements": [{"tags": []}]}', '{"elements": ' + "[" * 100_000,
     '{"elements": [{"type": "node", "id": 1, "tags": {"power": "substation"}, "lat": "x"}]}',
     '{"elements": [{"type": "way", "tags": {"power": "line"}, "geometry": [{"lat": 1}]}]}'],
    ids=["number", "tags", "deep", "latitude", "longitude"],
)  # fmt: skip
def test_answer_that_is_not_as_known_is_told(tmp_path, content):
    answer = tmp_path / "power.json"
    answer.write_text(content, encoding="utf-8")
    with pytest.raises(FetchError, match=r"power\.json is no"):
        convert_power(answer, tmp_path)


def test_server_that_drips_is_left(server, tmp_path):
    server.routes["/a.zip"] = Route(b"abc")
    rules = Rules(
        hosts=(), max_bytes=10, attempts=2, pause=0, deadline=-1.0, loopback=True, timeout=5
    )
    with pytest.raises(UnreachableError, match="took longer than -1 seconds"):
        download(server.url + "/a.zip", PartFile(tmp_path / "a.part"), rules)


def test_content_that_is_packed_on_the_way_is_not_asked_for(offer, n03, settings, server):
    get_data(offer("n03", n03), settings=settings)
    ((_, _, headers, _),) = server.requests
    assert headers["Accept-Encoding"] == "identity"


def test_every_data_set_is_at_hosts_of_its_publisher_over_https():
    for data_set in CATALOGUE.values():
        if not data_set.address:
            continue
        rules = Rules(hosts=data_set.hosts, max_bytes=data_set.max_bytes)
        check_address(choose_edition(data_set).url, rules)
        assert 0 < data_set.max_bytes <= 10**9
        assert 0 < data_set.timeout <= 600
