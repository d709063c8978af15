"""Open every hostile file of the tests, each in a process of its own: what becomes of it.

    python reliability/hostile.py [--results FOLDER]

The list is that of tests/hostile_files.py, which the tests hold to its outcomes. POSIX only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from keeping import be_kind, keep
from shapely.geometry import Point
from tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

LONGEST = 60.0  # seconds


class Server(ThreadingHTTPServer):
    """A server on this machine that notes what it is asked."""

    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """Note the path, and have nothing."""
        self.server.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_POST = do_GET  # noqa: N815  (named by the standard library)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def measure() -> dict[str, Any]:
    """Open all files, and give a row for each."""
    # Imported here, since the child that is started afresh imports this module as well.
    from hostile_files import CASES  # noqa: PLC0415

    server = Server(("127.0.0.1", 0), _Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = _open_all([case.id for case in CASES], server)
    server.shutdown()
    return {"rows": rows}


def _open_all(names: Sequence[str], server: Server) -> list[dict[str, Any]]:
    context = multiprocessing.get_context("spawn")
    url = f"http://127.0.0.1:{server.server_port}"
    rows: list[dict[str, Any]] = []
    while len(rows) < len(names):
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, url, names[len(rows) :]))
        process.start()
        theirs.close()
        while len(rows) < len(names):
            server.asked.clear()
            try:
                row = ours.recv() if ours.poll(LONGEST) else {"outcome": "**hang**"}
            except EOFError:
                row = {"outcome": "**crash**"}
            rows.append({"id": names[len(rows)], **row, "asked": len(server.asked)})
            if "seconds" not in row:
                break
        process.kill()
        process.join()
    return rows


def _child(parent: Connection, url: str, names: Sequence[str]) -> None:
    """Open files one after the other; a crash or hang ends this process, and another goes on."""
    from hostile_files import CASES, SECRET, Place, attempt  # noqa: PLC0415

    from hokkaido_gis.errors import HokkaidoGisError  # noqa: PLC0415

    warnings.simplefilter("ignore")
    cases = {case.id: case for case in CASES}
    for name in names:
        with tempfile.TemporaryDirectory() as base:
            folder, secret = Path(base, "data"), Path(base, "secret.geojson")
            folder.mkdir()
            frame = gpd.GeoDataFrame({"a": [SECRET]}, geometry=[Point(141, 43)], crs="EPSG:4326")
            frame.to_file(secret)
            before, began = _high_water_mb(), time.monotonic()
            shown = message = ""
            try:
                shown = attempt(cases[name], Place(folder, url, secret))
                outcome = "read"
            except HokkaidoGisError as error:
                outcome, message = "refused", str(error)
            except Exception as error:  # noqa: BLE001  (this is what is looked for)
                outcome = f"**{type(error).__name__}**"
            if SECRET in shown + message:
                outcome += ", **shows another file**"
            parent.send(
                {
                    "group": cases[name].group,
                    "file": cases[name].how,
                    "expected": cases[name].outcome,
                    "outcome": outcome,
                    "seconds": round(time.monotonic() - began, 2),
                    "memory_mb": round(_high_water_mb() - before),
                }
            )


def _high_water_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Open all, print what became of them and keep it; 1 if any was not as expected."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, help="folder to keep them in; none if not")
    chosen = parser.parse_args()
    be_kind()
    result = measure()
    if chosen.results:
        keep("hostile", result, chosen.results)
    print(as_markdown(result["rows"]))
    return int(any(not as_expected(row) for row in result["rows"]))


def as_expected(row: dict[str, Any]) -> bool:
    """Whether a file was refused or read as listed, and no server asked."""
    return not row["asked"] and row.get("expected", "").startswith(row["outcome"])


if __name__ == "__main__":
    sys.exit(main())
