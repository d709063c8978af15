"""Run a notebook cell by cell as Jupyter would, without a network, and write what it shows.

``python notebook_cells.py NOTEBOOK RESULT.json``: of each cell of code what it printed, the kinds
of its outputs, and the text and HTML of its last value.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

# What a kernel of Jupyter sets: figures become pictures in the notebook.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def refuse(*_args: Any, **_options: Any) -> Any:
    raise OSError("a notebook asked for the network")


def main(notebook: Path, result: Path) -> None:
    """Run the cells of code, stopping at the first that fails."""
    socket.getaddrinfo = socket.socket.connect = socket.socket.connect_ex = refuse
    pd.set_option("display.width", 1000, "display.max_columns", 50)
    shell = InteractiveShell.instance()
    shown = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        with capture_output() as caught:
            done = shell.run_cell("".join(cell["source"]))
        done.raise_error()
        value = {} if done.result is None else shell.display_formatter.format(done.result)[0]
        kinds = {kind for output in caught.outputs for kind in output.data} | set(value)
        shown.append(
            {
                "printed": caught.stdout,
                "kinds": sorted(kinds),
                "text": value.get("text/plain", ""),
                "html": value.get("text/html", ""),
            }
        )
    result.write_text(json.dumps(shown, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
